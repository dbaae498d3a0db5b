// The corpus of Responses answers (tests/corpora/responses_streams): NAME.sse as a server sent it, NAME.deltas what it
// means, NAME.json the same answer whole, where there is one. And what answers of all dialects become for Responses
// clients.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>

#include "answer_player.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_responses/openai_responses.h"
#include "responses_answer.h"

using namespace signalbox;
using namespace signalbox::testing;
using canonical::Form;

namespace {

const char* folder = "responses_streams";
const Play to_deltas{dialects::openai_responses_row};

Play to_responses(const dialects::DialectRow& upstream, Form form) {
  return {upstream, &dialects::openai_responses_row, form};
}

void check_for_clients(const dialects::DialectRow& upstream, const std::string& stream) {
  const Played streamed = to_responses(upstream, Form::streamed).stream(stream);
  const Played whole = to_responses(upstream, Form::whole).stream(stream);
  const ResponsesAnswer answer = responses_answer_of_stream(streamed.bytes);
  CHECK(answer.wrong == "");
  CHECK(failed(streamed.deltas) == (answer.status == "failed"));
  CHECK(whole.bytes == (answer.status == "failed" ? "" : answer.response));
  if (!whole.bytes.empty()) CHECK(responses_answer_of_whole(whole.bytes).wrong == "");
}

}  // namespace

TEST_CASE("responses corpus: every stream becomes the deltas beside it, however its bytes are cut") {
  const auto paths = corpus(folder, ".sse");
  REQUIRE(paths.size() >= 70);
  std::mt19937 random(20);
  for (const std::string& path : paths) {
    INFO(path);
    const std::string stream = text_of(path);
    const Played uncut = to_deltas.stream(stream);
    CHECK(said(uncut) == text_of(beside(path, ".deltas")));
    CHECK(uncut.deltas.find("WRONG") == std::string::npos);
    const Play to_chat{dialects::openai_responses_row, &dialects::openai_chat_row};
    const Played chat = to_chat.stream(stream);
    for (int round = 0; round < 4; ++round) {
      const Played cut = to_chat.stream(stream, random_cuts(stream, random));
      CHECK(said(cut) == said(chat));
      CHECK(cut.bytes == chat.bytes);
    }
    CHECK(said(to_deltas.bytewise(stream)) == said(uncut));
  }
}

TEST_CASE("responses corpus: whole answers become what their streams become (StreamAndNonStreamParity)") {
  const auto paths = corpus(folder, ".json");
  REQUIRE(paths.size() >= 36);
  for (const std::string& path : paths) {
    INFO(path);
    const std::string stream = text_of(beside(path, ".sse"));
    CHECK(said(to_deltas.whole(text_of(path))) == said(to_deltas.stream(stream)));
    const Play whole = to_responses(dialects::openai_responses_row, Form::whole);
    CHECK(whole.whole(text_of(path)).bytes == whole.stream(stream).bytes);
  }
}

TEST_CASE(
    "responses corpus: streams of every dialect are ones that Responses clients can read, and equal the whole form") {
  size_t count = 0;
  auto check = [&](const char* from, const dialects::DialectRow& upstream) {
    for (const std::string& path : corpus(from, ".sse")) {
      INFO(path);
      check_for_clients(upstream, text_of(path));
      ++count;
    }
  };
  check("anthropic_streams", dialects::anthropic_row);
  check("chat_streams", dialects::openai_chat_row);
  check(folder, dialects::openai_responses_row);
  CHECK(count > 160);
}

TEST_CASE("responses corpus: a stream cut behind any event is an error, or ends as it ended anyway") {
  for (const std::string& path : corpus(folder, ".sse")) {
    INFO(path);
    const std::string stream = text_of(path);
    const std::string all = to_deltas.stream(stream).deltas;
    for (size_t at = stream.find("\n\n"); at != stream.npos; at = stream.find("\n\n", at + 1)) {
      const std::string begin = stream.substr(0, at + 2);
      INFO(begin);
      const std::string deltas = to_deltas.stream(begin).deltas;
      CHECK((failed(deltas) || deltas == all));
      check_for_clients(dialects::openai_responses_row, begin);
    }
  }
}

TEST_CASE("responses corpus: decoded and encoded again, answers mean the same") {
  for (const std::string& path : corpus(folder, ".sse")) {
    INFO(path);
    const Played there = to_responses(dialects::openai_responses_row, Form::streamed).stream(text_of(path));
    if (failed(there.deltas)) continue;
    const Played back = to_deltas.stream(there.bytes);
    auto blocks = [](std::string deltas) {
      deltas.erase(0, deltas.find('\n') + 1);
      deltas.erase(std::min(deltas.find("usage"), deltas.find("stopped")));
      // Arguments that there are none of are {}.
      if (const size_t at = deltas.find(" \"\"\n"); at != deltas.npos) deltas.replace(at, 3, " \"{}\"");
      return deltas;
    };
    INFO(there.bytes);
    // Reasoning without a state gets one, so that it is known as nobody's own.
    const size_t thought = ("\n" + there.deltas).find("\nthinking ");
    const bool stateless =
        thought != std::string::npos &&
        there.deltas.substr(thought, there.deltas.find('\n', thought) - thought).find(" state ") == std::string::npos;
    if (!stateless) CHECK(blocks(back.deltas) == blocks(there.deltas));
  }
}

TEST_CASE("responses: an item may have any number of parts, and none is lost") {
  std::string texts, summaries, text, summary;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "<" + std::to_string(i) + ">";
    texts += (i ? "," : "") + (R"({"type":"output_text","text":")" + name + "\"}");
    summaries += (i ? "," : "") + (R"({"type":"summary_text","text":")" + name + "\"}");
    text += name;
    summary += (i ? R"(\n\n)" : "") + name;
  }
  const std::string output = R"([{"type":"reasoning","id":"rs_1","summary":[)" + summaries +
                             R"(]},{"type":"message","id":"msg_1","content":[)" + texts + "]}]";
  const std::string response = R"({"id":"resp_1","status":"completed","output":)" + output + "}";
  const std::string deltas =
      "begin resp_1\nthinking \"" + summary + "\"\ntext \"" + text + "\"\nstopped end_turn\nend\n";
  CHECK(said(to_deltas.whole(response)) == deltas);
  std::string stream;
  for (int i = 0; i < 200; ++i)
    stream +=
        R"(data: {"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":)" +
        std::to_string(i) + R"(,"delta":"<)" + std::to_string(i) + ">\"}\n\n";
  for (int i = 0; i < 200; ++i)
    stream += R"(data: {"type":"response.output_text.done","item_id":"msg_1","output_index":1,"content_index":)" +
              std::to_string(i) + R"(,"text":"<)" + std::to_string(i) + ">\"}\n\n";
  stream += R"(data: {"type":"response.completed","response":)" + response + "}\n\n";
  CHECK(said(to_deltas.stream(stream)) == "begin \n" + deltas.substr(deltas.find('\n') + 1));
}

TEST_CASE("responses: the last event's items are told by their ids first, then by their order") {
  const auto message = [](const char* id, const char* text) {
    return R"({"type":"message","id":")" + std::string(id) + R"(","content":[{"type":"output_text","text":")" + text +
           "\"}]}";
  };
  const auto call = [](const char* id, const char* call_id) {
    return R"({"type":"function_call","id":")" + std::string(id) + R"(","call_id":")" + call_id +
           R"(","name":"f","arguments":"{}"})";
  };
  const auto ended = [](const std::string& items) {
    return R"(data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[)" + items +
           "]}}\n\n";
  };
  const std::string text = R"(data: {"type":"response.output_text.delta","item_id":"msg_2","delta":"b"})"
                           "\n\n";
  const std::string end = "stopped end_turn\nend\n";
  CHECK(said(to_deltas.stream(text + ended(message("msg_1", "a") + "," + message("msg_2", "b")))) ==
        "begin \ntext \"b\"\ntext \"a\"\n" + end);
  CHECK(said(to_deltas.stream(text + ended(message("other_1", "b") + "," + message("other_2", "c")))) ==
        "begin \ntext \"b\"\ntext \"c\"\n" + end);
  // Of calls, the id that their results will name is one too.
  const std::string second = R"(data: {"type":"response.output_item.done","item":)" + call("fc_2", "call_2") + "}\n\n";
  CHECK(said(to_deltas.stream(second + ended(call("a", "call_1") + "," + call("b", "call_2")))) ==
        "begin \ntool_call call_2 f \"{}\"\ntool_call call_1 f \"{}\"\nstopped tool_use\nend\n");
  // Items of one id are as many as there are.
  CHECK(said(to_deltas.stream(ended(message("msg", "a") + "," + message("msg", "b")))) ==
        "begin r\ntext \"a\"\ntext \"b\"\n" + end);
}

TEST_CASE("responses: what the pieces of a part lack of the whole is said behind them") {
  const auto event = [](const std::string& type, const std::string& members) {
    return "data: {\"type\":\"response." + type + "\"," + members + "}\n\n";
  };
  const auto ended = [&](const std::string& item) {
    return event("completed", R"("response":{"status":"completed","output":[)" + item + "]}");
  };
  const auto message = [](const std::string& text) {
    return R"({"type":"message","id":"m","content":[{"type":"output_text","text":")" + text + "\"}]}";
  };
  const auto all = [](const std::string& what) { return "begin \n" + what + "stopped end_turn\nend\n"; };
  const std::string piece = event("output_text.delta", R"("item_id":"m","delta":"Hel")");
  const std::string done = event("output_text.done", R"("item_id":"m","text":"Hello")");
  const std::string hello = all("text \"Hello\"\n");
  CHECK(said(to_deltas.stream(piece + done + done + ended(message("Hello")))) == hello);
  CHECK(said(to_deltas.stream(piece + ended(message("Hello")))) == hello);
  CHECK(said(to_deltas.stream(piece + done + ended(message("Hello you")))) == all("text \"Hello you\"\n"));
  // What does not begin so says nothing new, nor does what is shorter.
  CHECK(said(to_deltas.stream(piece + ended(message("Hallo")))) == all("text \"Hel\"\n"));
  CHECK(said(to_deltas.stream(piece + ended(message("He")))) == all("text \"Hel\"\n"));
  // Behind what another item said it would be out of place.
  const std::string other = event("output_text.delta", R"("item_id":"n","delta":"x")");
  CHECK(said(to_deltas.stream(piece + other + ended(message("Hello")))) == all("text \"Hel\"\ntext \"x\"\n"));

  const std::string thought = event("reasoning_summary_text.delta", R"("item_id":"r","summary_index":0,"delta":"a")") +
                              event("reasoning_summary_text.delta", R"("item_id":"r","summary_index":1,"delta":"b")");
  const std::string reasoning =
      R"({"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"bc"}]})";
  CHECK(said(to_deltas.stream(thought + ended(reasoning))) == all("thinking \"a\\n\\nbc\"\n"));

  const std::string begun = event(
      "output_item.added", R"("item":{"type":"custom_tool_call","id":"c","call_id":"c1","name":"patch","input":""})");
  const std::string input = event("custom_tool_call_input.delta", R"("item_id":"c","delta":"Hel")") +
                            event("custom_tool_call_input.done", R"("item_id":"c","input":"Hello")");
  CHECK(said(to_deltas.stream(begun + input + ended(""))) ==
        "begin \ntool_call c1 patch \"{\\\"input\\\":\\\"Hello\\\"}\"\nstopped tool_use\nend\n");
}
