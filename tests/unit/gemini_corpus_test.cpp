// Plays every stream of tests/corpora/gemini_streams: whole, byte by byte and at random cuts. Beside each stream
// stand the deltas it must become (.deltas) and for some the same answer whole (.json). And what the other corpora
// become for a client of Gemini.
#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

#include "anthropic_stream_checker.h"
#include "chat_answer.h"
#include "corpus_check.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/gemini/gemini.h"
#include "dialects/openai_chat/openai_chat.h"
#include "gemini_answer.h"

using namespace signalbox;
using namespace signalbox::testing;
using canonical::Form;
using dialects::gemini_row;

namespace {

// What `stream` becomes for a client of Gemini is valid, and the same in both forms.
void check_gemini_client(const dialects::DialectRow& upstream, const std::string& stream) {
  const Played streamed = Play{upstream, &gemini_row}.stream(stream);
  const GeminiAnswer answer = gemini_answer_of_stream(streamed.bytes);
  CHECK(answer.wrong.empty());
  if (!answer.wrong.empty()) FAIL_CHECK(answer.wrong);
  CHECK(answer.error.empty() != failed(streamed.deltas));
  const Played whole = Play{upstream, &gemini_row, Form::whole}.stream(stream);
  CHECK(whole.losses.joined() == streamed.losses.joined());
  if (!answer.error.empty()) {
    CHECK(whole.bytes.empty());
    return;
  }
  const GeminiAnswer other = gemini_answer_of_whole(whole.bytes);
  if (!other.wrong.empty()) FAIL_CHECK(other.wrong);
  CHECK(other == answer);
}

}  // namespace

TEST_CASE("gemini corpus: every stream becomes the deltas beside it, however its bytes are cut") {
  const auto paths = corpus("gemini_streams", ".sse");
  REQUIRE(paths.size() >= 40);
  std::mt19937 random(20);
  const Play play{gemini_row, &dialects::anthropic_row};
  for (const std::string& path : paths) check_stream_of_corpus(play, path, 10, random);
}

TEST_CASE("gemini corpus: whole answers become what their streams become (StreamAndNonStreamParity)") {
  size_t count = 0;
  for (const std::string& path : corpus("gemini_streams", ".json")) {
    INFO(path);
    const std::string stream = text_of(beside(path, ".sse"));
    for (const auto form : {Form::streamed, Form::whole}) {
      const Play play{gemini_row, &dialects::anthropic_row, form};
      const Played from_stream = play.stream(stream);
      const Played from_whole = play.whole(text_of(path));
      CHECK(said(from_whole) == said(from_stream));
      if (form == Form::whole) CHECK(from_whole.bytes == from_stream.bytes);
    }
    ++count;
  }
  CHECK(count >= 12);
}

TEST_CASE("gemini corpus: every stream is one that clients of Anthropic and Chat can read") {
  for (const std::string& path : corpus("gemini_streams", ".sse")) {
    INFO(path);
    const std::string stream = text_of(path);
    const Played messages = Play{gemini_row, &dialects::anthropic_row}.stream(stream);
    const AnthropicAnswer answer = check_anthropic_stream(messages.bytes);
    CHECK(answer.all_problems().empty());
    CHECK(answer.failed == failed(messages.deltas));
    const ChatAnswer chat = chat_answer_of_stream(Play{gemini_row, &dialects::openai_chat_row}.stream(stream).bytes);
    CHECK(chat.wrong.empty());
  }
}

TEST_CASE("gemini corpus: a stream cut behind any frame ends as an error unless it had finished") {
  for (const std::string& path : corpus("gemini_streams", ".sse")) {
    INFO(path);
    const std::string stream = text_of(path);
    const Play play{gemini_row, &dialects::anthropic_row};
    for (const char* end : {"\r\n\r\n", "\n\n"}) {
      for (size_t at = stream.find(end); at != stream.npos; at = stream.find(end, at + 1)) {
        const Played cut = play.stream(stream.substr(0, at) + end);
        INFO(at);
        CHECK(check_anthropic_stream(cut.bytes).all_problems().empty());
        const std::string seen = stream.substr(0, at);
        const bool may_end = seen.find("\"finishReason\"") != seen.npos || seen.find("\"blockReason\"") != seen.npos;
        if (!may_end) CHECK(failed(cut.deltas));
      }
    }
  }
}

TEST_CASE("gemini clients: what the corpora of all dialects become is valid, and equals the whole form") {
  const struct {
    const dialects::DialectRow& row;
    const char* folder;
  } upstreams[] = {{dialects::anthropic_row, "anthropic_streams"},
                   {dialects::openai_chat_row, "chat_streams"},
                   {gemini_row, "gemini_streams"}};
  for (const auto& upstream : upstreams) {
    for (const std::string& path : corpus(upstream.folder, ".sse")) {
      INFO(path);
      check_gemini_client(upstream.row, text_of(path));
    }
  }
}

// What Gemini says to its own client in another form keeps its signatures as they were, each on a part of its kind.
TEST_CASE("gemini corpus: for Gemini's own clients the answer means the same") {
  for (const std::string& path : corpus("gemini_streams", ".json")) {
    INFO(path);
    const Played streamed = Play{gemini_row, &gemini_row}.whole(text_of(path));
    // What was not said is said now: counts that are unknown, arguments that there are none of.
    const bool says_all = streamed.deltas.find(" output ") != std::string::npos &&
                          streamed.deltas.find("tool_call  Now \"\"") == std::string::npos;
    if (failed(streamed.deltas) || !says_all) continue;
    const Played again = Play{gemini_row}.stream(streamed.bytes);
    // Calls have ids now; nothing else is new.
    const auto less_ids = [](std::string text) {
      for (size_t at = text.find("\ntool_call "); at != text.npos; at = text.find("\ntool_call ", at + 1)) {
        const size_t id = at + 11, end = text.find(' ', id);
        text.erase(id, end - id);
      }
      return text.substr(text.find('\n') + 1);
    };
    CHECK(less_ids(again.deltas) == less_ids(streamed.deltas));
  }
}
