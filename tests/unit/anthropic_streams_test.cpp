// The corpus of Messages answers (tests/corpora/anthropic_streams): NAME.sse as a server sent it,
// NAME.deltas what it means, NAME.whole.json the same answer whole, where there is one.
#include <catch2/catch.hpp>

#include <string>

#include "answer_player.h"
#include "chat_answer.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/openai_chat/openai_chat.h"

using namespace signalbox;
using canonical::Form;
using signalbox::testing::ChatAnswer;
using signalbox::testing::Play;
using signalbox::testing::Played;

namespace {

const char* folder = "anthropic_streams";
const Play to_deltas{dialects::anthropic_row};
const Play to_chat{dialects::anthropic_row, &dialects::openai_chat_row};
const Play to_whole_chat{dialects::anthropic_row, &dialects::openai_chat_row, Form::whole};
const Play to_messages{dialects::anthropic_row, &dialects::anthropic_row};
const Play to_whole_messages{dialects::anthropic_row, &dialects::anthropic_row, Form::whole};

// From the second line on: the answer's own id is its encoder's to give.
std::string less_the_begin(const std::string& deltas) { return deltas.substr(deltas.find('\n') + 1); }

}  // namespace

TEST_CASE("anthropic streams: every stream of the corpus means what stands beside it") {
  const auto paths = testing::corpus(folder, ".sse");
  REQUIRE(paths.size() >= 24);
  for (const std::string& path : paths) {
    INFO(path);
    CHECK(to_deltas.stream(testing::text_of(path)).deltas == testing::text_of(testing::beside(path, ".deltas")));
  }
}

TEST_CASE("anthropic streams: however the bytes are cut, deltas and chunks are the same") {
  for (const std::string& path : testing::corpus(folder, ".sse")) {
    INFO(path);
    const std::string text = testing::text_of(path);
    const Played uncut = to_chat.stream(text);
    const Played bytewise = to_chat.bytewise(text);
    CHECK(bytewise.deltas == uncut.deltas);
    CHECK(bytewise.bytes == uncut.bytes);
    CHECK(bytewise.losses.joined() == uncut.losses.joined());
    bool same = true;
    for (size_t at = 1; at < text.size() && same; ++at) {
      const Played halves = to_chat.stream(text, {at});
      same = halves.deltas == uncut.deltas && halves.bytes == uncut.bytes;
      if (!same) FAIL_CHECK("cut at " << at);
    }
  }
}

TEST_CASE("anthropic streams: a whole answer and the stream of it are equal in every form (StreamAndNonStreamParity)") {
  const auto paths = testing::corpus(folder, ".whole.json");
  REQUIRE(paths.size() >= 6);
  for (const std::string& path : paths) {
    INFO(path);
    const std::string whole = testing::text_of(path);
    const std::string stream = testing::text_of(path.substr(0, path.rfind(".whole.json")) + ".sse");
    const ChatAnswer answer = testing::chat_answer_of_stream(to_chat.stream(stream).bytes);
    CHECK(answer.wrong == "");
    CHECK(to_deltas.whole(whole).deltas == to_deltas.stream(stream).deltas);
    CHECK(to_whole_chat.whole(whole).bytes == to_whole_chat.stream(stream).bytes);
    CHECK(testing::chat_answer_of_whole(to_whole_chat.whole(whole).bytes).wrong == "");
    CHECK(testing::chat_answer_of_whole(to_whole_chat.whole(whole).bytes) == answer);
    CHECK(testing::chat_answer_of_stream(to_chat.whole(whole).bytes) == answer);
  }
}

TEST_CASE("anthropic streams: Chat clients get streams that their SDKs take, or an error and no [DONE]") {
  for (const std::string& path : testing::corpus(folder, ".sse")) {
    INFO(path);
    const Played played = to_chat.stream(testing::text_of(path));
    const ChatAnswer answer = testing::chat_answer_of_stream(played.bytes);
    INFO(played.bytes);
    CHECK(answer.wrong == "");
    CHECK(testing::failed(played.deltas) == !answer.error.empty());
    CHECK(testing::failed(played.deltas) == to_whole_chat.stream(testing::text_of(path)).bytes.empty());
  }
}

TEST_CASE("anthropic streams: truncated after every event they end as errors (truncated streams at every event)") {
  for (const std::string& path : testing::corpus(folder, ".sse")) {
    if (path.find("crlf") != path.npos) continue;
    const std::string text = testing::text_of(path);
    for (size_t at = text.find("\n\n"); at != text.npos; at = text.find("\n\n", at + 2)) {
      const std::string begin = text.substr(0, at + 2);
      if (begin.find("\"message_stop\"") != begin.npos) break;
      INFO(begin);
      const Played played = to_chat.stream(begin);
      CHECK(testing::failed(played.deltas));
      CHECK(played.bytes.find("[DONE]") == std::string::npos);
      CHECK(played.bytes.find("\"error\":{") != std::string::npos);
    }
  }
}

TEST_CASE("anthropic streams: decoded and encoded again they mean the same") {
  for (const std::string& path : testing::corpus(folder, ".sse")) {
    INFO(path);
    const std::string text = testing::text_of(path);
    const Played there = to_messages.stream(text);
    if (testing::failed(there.deltas)) {
      CHECK(there.bytes.find("event: error\n") != std::string::npos);
      CHECK(there.bytes.find("message_stop") == std::string::npos);
      continue;
    }
    const Played back = to_deltas.stream(there.bytes);
    CHECK(less_the_begin(back.deltas).find("failed") == std::string::npos);
    // A whole answer's input is an object: {} where there are no arguments, and where they were cut short.
    const std::string whole = less_the_begin(to_deltas.whole(to_whole_messages.stream(text).bytes).deltas);
    std::string streamed = less_the_begin(back.deltas);
    for (const std::string_view none : {" \"{}\"\n", R"( "{\"text\":\"lo")"
                                                     "\n"})
      if (const size_t at = streamed.find(none); at != streamed.npos) streamed.replace(at, none.size(), " \"\"\n");
    CHECK(whole == streamed);
    CHECK(back.losses.empty());
    auto blocks = [](const std::string& deltas) {
      const std::string rest = less_the_begin(deltas);
      return rest.substr(0, rest.find("usage "));
    };
    CHECK(blocks(back.deltas) == blocks(there.deltas));
    CHECK(back.deltas.substr(back.deltas.find("stopped")) == there.deltas.substr(there.deltas.find("stopped")));
  }
}
