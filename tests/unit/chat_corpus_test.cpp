// Plays every stream of tests/corpora/chat_streams: whole, byte by byte and at random cuts. Beside each
// stream stand the deltas it must become (.deltas) and for some the same answer whole (.json). What lanes
// are told stands in the stream's first comment: ": flags think_tags".
#include <catch2/catch.hpp>

#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "anthropic_stream_checker.h"
#include "corpus_check.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/openai_chat/openai_chat.h"

using namespace signalbox;
using namespace signalbox::testing;

namespace {

bool has_flag(const std::string& stream, const std::string& flag) {
  const std::string first = stream.substr(0, stream.find('\n'));
  return first.find(": flags ") == 0 && first.find(flag) != first.npos;
}

Play play_of(const std::string& stream, canonical::Form form = canonical::Form::streamed) {
  Play play{dialects::openai_chat_row, &dialects::anthropic_row, form};
  play.flags.think_tags = has_flag(stream, "think_tags");
  play.flags.repair_tool_json = has_flag(stream, "repair_tool_json");
  return play;
}

}  // namespace

TEST_CASE("chat corpus: every stream becomes the deltas beside it, however its bytes are cut") {
  const auto paths = corpus("chat_streams", ".sse");
  REQUIRE(paths.size() > 60);
  std::mt19937 random(20);
  for (const std::string& path : paths) check_stream_of_corpus(play_of(text_of(path)), path, 20, random);
}

TEST_CASE("chat corpus: every stream is one that Anthropic's clients can read, and equals the whole form") {
  for (const std::string& path : corpus("chat_streams", ".sse")) {
    INFO(path);
    const std::string stream = text_of(path);
    const Played streamed = play_of(stream).stream(stream);
    const AnthropicAnswer answer = check_anthropic_stream(streamed.bytes);
    CHECK(answer.all_problems().empty());
    CHECK(answer.failed ==
          (streamed.deltas.find("\nfailed ") != std::string::npos || streamed.deltas.rfind("failed ", 0) == 0));
    const Played whole = play_of(stream, canonical::Form::whole).stream(stream);
    if (answer.failed) {
      CHECK(whole.bytes.empty());
      continue;
    }
    const AnthropicAnswer message = read_anthropic_message(whole.bytes);
    CHECK(message.all_problems().empty());
    CHECK(message.same_content(answer));
  }
}

TEST_CASE("chat corpus: whole answers become what their streams become (StreamAndNonStreamParity)") {
  size_t count = 0;
  for (const std::string& path : corpus("chat_streams", ".json")) {
    INFO(path);
    const std::string stream = text_of(beside(path, ".sse"));
    for (const auto form : {canonical::Form::streamed, canonical::Form::whole}) {
      const Play play = play_of(stream, form);
      const Played from_stream = play.stream(stream);
      const Played from_whole = play.whole(text_of(path));
      CHECK(said(from_whole) == said(from_stream));
      if (form == canonical::Form::whole) {
        CHECK(from_whole.bytes == from_stream.bytes);
      } else {
        const AnthropicAnswer answer = check_anthropic_stream(from_whole.bytes);
        CHECK(answer.all_problems().empty());
        CHECK(answer.same_content(check_anthropic_stream(from_stream.bytes)));
      }
    }
    ++count;
  }
  CHECK(count > 12);
}

TEST_CASE("chat corpus: a stream cut behind any frame ends as an error or as it ended anyway") {
  for (const std::string& path : corpus("chat_streams", ".sse")) {
    INFO(path);
    const std::string stream = text_of(path);
    const Play play = play_of(stream);
    for (size_t at = stream.find("\n\n"); at != stream.npos; at = stream.find("\n\n", at + 1)) {
      const Played cut = play.stream(stream.substr(0, at + 2));
      INFO(at);
      const AnthropicAnswer answer = check_anthropic_stream(cut.bytes);
      CHECK(answer.all_problems().empty());
      const bool finished = stream.substr(0, at).find("\"finish_reason\":\"") != std::string::npos;
      if (!finished) CHECK(answer.failed);
    }
  }
}
