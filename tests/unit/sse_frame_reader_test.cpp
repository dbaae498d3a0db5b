// Every case is played whole, byte by byte, at every cut, and with or without releasing each frame.
#include <catch2/catch.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "sse/frame_reader.h"

using signalbox::sse::Frame;
using signalbox::sse::FrameReader;

namespace {

struct Got {
  std::string event;
  std::string data;
  bool has_data = true;
  bool operator==(const Got& other) const {
    return event == other.event && data == other.data && has_data == other.has_data;
  }
};

std::ostream& operator<<(std::ostream& out, const Got& got) {
  return out << "{" << got.event << "|" << got.data << (got.has_data ? "}" : "|no data}");
}

enum class Release : uint8_t { frames, nothing };

struct Played {
  std::vector<Got> frames;
  bool too_large = false;
};

// Plays `text` in pieces that end at `cuts` (ascending) and at its end.
Played play(const std::string& text, const std::vector<size_t>& cuts, Release release, size_t frame_bytes_max) {
  FrameReader reader(frame_bytes_max);
  Played played;
  size_t gone = 0;  // bytes released
  Frame frame;
  const auto show = [&](size_t until, bool last) {
    // A window of its own each time, of exactly its size: nothing may point into the last one.
    const size_t bytes = until - gone;
    const std::unique_ptr<char[]> memory(new char[bytes]);
    std::memcpy(memory.get(), text.data() + gone, bytes);
    reader.feed({memory.get(), bytes});
    std::vector<Frame> views;
    size_t end = 0;
    const auto take = [&] {
      CHECK(frame.end >= end);
      CHECK(frame.end <= bytes);
      end = frame.end;
      views.push_back(frame);
    };
    while (reader.next(frame)) take();
    if (last && reader.finish(frame)) take();
    if (last) CHECK_FALSE(reader.finish(frame));
    // Looked at only now: views stay good until the next feed.
    for (const Frame& view : views)
      played.frames.push_back({std::string(view.event), std::string(view.data), view.has_data});
    if (release == Release::frames) {
      reader.released(end);
      gone += end;
    }
  };
  for (const size_t cut : cuts) show(cut, false);
  show(text.size(), true);
  played.too_large = reader.too_large();
  return played;
}

std::vector<Got> frames_of(const std::string& text, size_t frame_bytes_max = 10'000) {
  const Played whole = play(text, {}, Release::frames, frame_bytes_max);
  std::vector<size_t> every;
  for (size_t i = 0; i < text.size(); ++i) every.push_back(i);
  for (const Release release : {Release::frames, Release::nothing}) {
    INFO(text);
    const Played bytes = play(text, every, release, frame_bytes_max);
    CHECK(bytes.frames == whole.frames);
    CHECK(bytes.too_large == whole.too_large);
    for (const size_t cut : every) {
      INFO("cut at " << cut);
      const Played cut_once = play(text, {cut}, release, frame_bytes_max);
      CHECK(cut_once.frames == whole.frames);
      CHECK(cut_once.too_large == whole.too_large);
    }
  }
  return whole.frames;
}

using List = std::vector<Got>;

}  // namespace

TEST_CASE("sse: the common case", "[sse]") {
  CHECK(frames_of("event: message_start\ndata: {\"a\":1}\n\nevent: ping\ndata: {}\n\n") ==
        List{{"message_start", "{\"a\":1}"}, {"ping", "{}"}});
  CHECK(frames_of("data: {\"text\":\"\xe6\x97\xa5\xf0\x9f\x98\x80\"}\n\ndata: [DONE]\n\n") ==
        List{{"", "{\"text\":\"\xe6\x97\xa5\xf0\x9f\x98\x80\"}"}, {"", "[DONE]"}});
  CHECK(frames_of("") == List{});
}

TEST_CASE("sse: all line ends, mixed too", "[sse]") {
  const List expected = {{"a", "1"}, {"b", "2"}};
  CHECK(frames_of("event:a\r\ndata:1\r\n\r\nevent:b\r\ndata:2\r\n\r\n") == expected);
  CHECK(frames_of("event:a\rdata:1\r\revent:b\rdata:2\r\r") == expected);
  CHECK(frames_of("event:a\r\ndata:1\n\revent:b\rdata:2\r\n\n") == expected);
  CHECK(frames_of("data:1\r\n\r\n\r\ndata:2\r\r\n\ndata:3\n\n") ==
        List{{"", "1"}, {"", "", false}, {"", "2"}, {"", "", false}, {"", "3"}});
}

TEST_CASE("sse: data of several lines is joined", "[sse]") {
  CHECK(frames_of("data: a\ndata:b\ndata\ndata: \ndata:  c\n\n") == List{{"", "a\nb\n\n\n c"}});
  CHECK(frames_of("data: a\r\n: comment\r\nevent: e\r\ndata: b\r\nid: 7\r\n\r\ndata: x\r\ndata: y\r\n\r\n") ==
        List{{"e", "a\nb"}, {"", "x\ny"}});
  CHECK(frames_of("data\rdata\r\r") == List{{"", "\n"}});
}

TEST_CASE("sse: fields", "[sse]") {
  CHECK(frames_of("data\n\n") == List{{"", ""}});
  CHECK(frames_of("data:\n\n") == List{{"", ""}});
  CHECK(frames_of("data: \n\n") == List{{"", ""}});
  CHECK(frames_of("data:  x \n\n") == List{{"", " x "}});
  CHECK(frames_of("data:a:b\n\n") == List{{"", "a:b"}});
  CHECK(frames_of("event: a\nevent: b\ndata: 1\n\n") == List{{"b", "1"}});
  CHECK(frames_of("event: a\nevent\ndata: 1\n\n") == List{{"", "1"}});
  CHECK(frames_of("event: a\n\n") == List{{"a", "", false}});
  CHECK(frames_of("id: 1\nretry: 5\nfoo: bar\nfoo\ndatax: 1\nDATA: 1\n data: 1\ndata : 1\nevents: 1\n\n") ==
        List{{"", "", false}});
}

TEST_CASE("sse: comments and empty frames are frames", "[sse]") {
  CHECK(frames_of(": keepalive\n\n") == List{{"", "", false}});
  CHECK(frames_of(":\n\n\ndata: 1\n\n") == List{{"", "", false}, {"", "", false}, {"", "1"}});
  CHECK(frames_of(":data: 1\n\n") == List{{"", "", false}});
}

TEST_CASE("sse: a byte order mark is ignored at the very start only", "[sse]") {
  CHECK(frames_of("\xef\xbb\xbf"
                  "data: 1\n\ndata: 2\n\n") == List{{"", "1"}, {"", "2"}});
  CHECK(frames_of("\xef\xbb\xbf\n\xef\xbb\xbf"
                  "data: 2\n\n") == List{{"", "", false}, {"", "", false}});
  CHECK(frames_of("\xef\xbb\xbf"
                  "data: 1\ndata: 2\n\n") == List{{"", "1\n2"}});
  CHECK(frames_of("data: 1\n\xef\xbb\xbf"
                  "data: 2\n\n") == List{{"", "1"}});
}

TEST_CASE("sse: the last event without its blank line", "[sse]") {
  CHECK(frames_of("data: 1\n\nevent: e\ndata: 2\n") == List{{"", "1"}, {"e", "2"}});
  CHECK(frames_of("data: 1\n\nevent: e\ndata: 2") == List{{"", "1"}, {"e", "2"}});
  CHECK(frames_of("data: 2\r\ndata: 3\r\n") == List{{"", "2\n3"}});
  CHECK(frames_of("data: 2\rdata: 3") == List{{"", "2\n3"}});
  CHECK(frames_of("\xef\xbb\xbf"
                  "data") == List{{"", ""}});
  CHECK(frames_of("event: end") == List{{"end", "", false}});
  CHECK(frames_of("data: 1\n\n: bye\n") == List{{"", "1"}});
  CHECK(frames_of("data: 1\r\n\r\n") == List{{"", "1"}});
  CHECK(frames_of("dat") == List{});
}

TEST_CASE("sse: long lines and NUL bytes", "[sse]") {
  const std::string data = std::string(300, 'x') + std::string(1, '\0') + std::string(20, 'y');
  CHECK(frames_of("data: " + data + "\n\n") == List{{"", data}});
}

TEST_CASE("sse: a frame over the bound, however it was cut", "[sse]") {
  const std::string ok = "data: 1\n";  // 8 bytes before the blank line
  CHECK(frames_of(ok + "\n" + ok + "\n", 8) == List{{"", "1"}, {"", "1"}});
  CHECK(frames_of(ok + "\n" + ok + "\n", 7) == List{});
  CHECK(frames_of(ok + "\r" + ok + "\r\n", 8) == List{{"", "1"}, {"", "1"}});
  CHECK(frames_of("data: 1\r\r\ndata: 2\n\n", 8) == List{{"", "1"}, {"", "2"}});
  CHECK(frames_of("data: 1\r\n\r\ndata: 2\r\n\r\n", 9) == List{{"", "1"}, {"", "2"}});
  CHECK(frames_of(ok + "\n" + "data: 12\n\n" + ok + "\n", 8) == List{{"", "1"}});
  CHECK(frames_of(ok + "\ndata: endless", 8) == List{{"", "1"}});

  FrameReader reader(8);
  Frame frame;
  reader.feed("data: 123");
  CHECK_FALSE(reader.next(frame));
  CHECK(reader.too_large());
  reader.feed("data: 123\n\n");
  CHECK_FALSE(reader.next(frame));
  CHECK_FALSE(reader.finish(frame));
  CHECK(reader.too_large());
}

TEST_CASE("sse: where frames end", "[sse]") {
  FrameReader reader(100);
  Frame frame;
  const std::string text = "data: 1\r\n\r\ndata: 2\n\n:\n\ndata: 3";
  reader.feed(text);
  REQUIRE(reader.next(frame));
  CHECK(frame.end == 11);
  CHECK(frame.data.data() == text.data() + 6);
  reader.released(frame.end);
  REQUIRE(reader.next(frame));
  CHECK(frame.end == 9);
  CHECK(frame.data == "2");
  REQUIRE(reader.next(frame));
  CHECK(frame.end == 12);
  CHECK_FALSE(reader.next(frame));
  REQUIRE(reader.finish(frame));
  CHECK(frame.end == 19);
}

TEST_CASE("sse: a host that breaks the contract harms nobody", "[sse]") {
  FrameReader reader(100);
  Frame frame;
  const std::string text = "event: long_name\ndata: 1234567890\n";
  reader.feed(text);
  CHECK_FALSE(reader.next(frame));
  reader.released(30);
  reader.feed(std::string_view(text).substr(30));
  CHECK_FALSE(reader.next(frame));
  CHECK_FALSE(reader.finish(frame));
  reader.released(1000);
  reader.feed("data: 1\n");
  CHECK_FALSE(reader.next(frame));
  reader.feed("da");
  CHECK_FALSE(reader.next(frame));
}

TEST_CASE("sse: the second half of a line end belongs to what is whole", "[sse]") {
  FrameReader reader(1 << 20);
  Frame frame;
  reader.feed("data: 1\r\n\r");
  REQUIRE(reader.next(frame));
  REQUIRE_FALSE(reader.next(frame));
  CHECK(reader.unfinished_at() == 10);
  reader.released(10);
  reader.feed("\n");
  REQUIRE_FALSE(reader.next(frame));
  CHECK(reader.unfinished_at() == 1);
  reader.released(1);
  reader.feed("event: a\nda");
  REQUIRE_FALSE(reader.next(frame));
  CHECK(reader.unfinished_at() == 0);
  reader.feed("event: a\ndata: 2\n\n");
  REQUIRE(reader.next(frame));
  CHECK(frame.event == "a");
  CHECK(frame.data == "2");
}
