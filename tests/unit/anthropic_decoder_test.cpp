// What the decoder makes of answers of the Messages API, in order and out of it.
#include <catch2/catch.hpp>

#include <string>

#include "answer_player.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/block_sequencer.h"

using namespace signalbox;
using signalbox::testing::Play;
using signalbox::testing::Played;

namespace {

const Play messages{dialects::anthropic_row};

std::string event(const std::string& data) {
  const size_t at = data.find("\"type\":\"") + 8;
  return "event: " + data.substr(at, data.find('"', at) - at) + "\ndata: " + data + "\n\n";
}

std::string start() {
  return event(
      R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"usage":{"input_tokens":3,"output_tokens":1}}})");
}
std::string block(int index, const std::string& content_block) {
  return event(R"({"type":"content_block_start","index":)" + std::to_string(index) + R"(,"content_block":)" +
               content_block + "}");
}
std::string piece(int index, const std::string& delta) {
  return event(R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" + delta + "}");
}
std::string stop(int index) { return event(R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}"); }
std::string ended(const std::string& reason) {
  return event(R"({"type":"message_delta","delta":{"stop_reason":")" + reason +
               R"(","stop_sequence":null},"usage":{"output_tokens":9}})") +
         event(R"({"type":"message_stop"})");
}
std::string text(int index, const std::string& words) {
  return block(index, R"({"type":"text","text":""})") +
         piece(index, R"({"type":"text_delta","text":")" + words + "\"}") + stop(index);
}
const std::string call = R"({"type":"tool_use","id":"toolu_1","name":"Bash","input":{}})";
std::string arguments(int index, const std::string& partial) {
  return piece(index, R"({"type":"input_json_delta","partial_json":")" + partial + "\"}");
}

std::string deltas(const std::string& stream) { return messages.stream(stream).deltas; }

// The blocks of a stream that ends well.
std::string blocks(const std::string& stream, const std::string& reason = "end_turn") {
  std::string all = deltas(start() + stream + ended(reason));
  const std::string begin = "begin msg_1\n";
  INFO(all);
  REQUIRE(all.compare(0, begin.size(), begin) == 0);
  const size_t at = all.find("usage input 3 output 9\nstopped ");
  REQUIRE(at != all.npos);
  return all.substr(begin.size(), at - begin.size());
}

std::string last_line(const std::string& stream) {
  const std::string all = deltas(stream);
  return all.substr(all.rfind('\n', all.size() - 2) + 1);
}

constexpr const char* broken = "failed upstream_broken: The upstream sent ";

}  // namespace

TEST_CASE("anthropic decoder: text, thinking and calls in the order of the stream") {
  CHECK(deltas(start() + event(R"({"type":"ping"})") + block(0, R"({"type":"thinking","thinking":"","signature":""})") +
               piece(0, R"({"type":"thinking_delta","thinking":"h"})") +
               piece(0, R"({"type":"thinking_delta","thinking":"m"})") +
               piece(0, R"({"type":"signature_delta","signature":"EqQB"})") + stop(0) +
               block(1, R"({"type":"redacted_thinking","data":"EmwK"})") + stop(1) + text(2, R"(a\"\u00e9)") +
               block(3, call) + arguments(3, "") + arguments(3, R"({\"x\")") + arguments(3, ":1}") + stop(3) +
               ended("tool_use")) ==
        "begin msg_1\n"
        "thinking \"hm\" state \"EqQB\" of anthropic\n"
        "redacted_thinking \"\" state \"EmwK\" of anthropic\n"
        "text \"a\\\"\\u00e9\"\n"
        "tool_call toolu_1 Bash \"{\\\"x\\\":1}\"\n"
        "usage input 3 output 9\n"
        "stopped tool_use\n"
        "end\n");
}

TEST_CASE("anthropic decoder: usage of both ends is merged, later non-null figures win") {
  CHECK(deltas(
            event(R"({"type":"message_start","message":{"id":"m","usage":{"input_tokens":9,)"
                  R"("cache_read_input_tokens":4,"cache_creation_input_tokens":2,"output_tokens":1}}})") +
            event(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":null,)"
                  R"("cache_read_input_tokens":5,"output_tokens":42,"output_tokens_details":{"thinking_tokens":7}}})") +
            event(R"({"type":"message_stop"})")) ==
        "begin m\nusage input 9 output 42 cache_read 5 cache_creation 2 reasoning 7\nstopped end_turn\nend\n");
}

TEST_CASE("anthropic decoder: reasons to stop") {
  struct Case {
    const char* said;
    const char* meant;
  };
  for (const Case& c : {Case{"end_turn", "end_turn"},
                        {"max_tokens", "max_tokens"},
                        {"refusal", "refusal"},
                        {"pause_turn", "pause_turn"},
                        {"stop_sequence", "stop_sequence"},
                        {"model_context_window_exceeded", "model_context_window_exceeded"},
                        {"tool_use", "end_turn"},
                        {"new_reason", "end_turn"}}) {
    INFO(c.said);
    CHECK(deltas(start() + text(0, "a") + ended(c.said)).find("\nstopped " + std::string(c.meant) + "\nend\n") !=
          std::string::npos);
  }
  for (const char* said : {"end_turn", "tool_use", "new_reason"}) {
    INFO(said);
    CHECK(deltas(start() + block(0, call) + stop(0) + ended(said)).find("\nstopped tool_use\nend\n") !=
          std::string::npos);
  }
  CHECK(last_line(start() + text(0, "a") +
                  event(R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"E\"ND"}})") +
                  event(R"({"type":"message_stop"})")) == "end\n");
  CHECK(deltas(start() +
               event(R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"E\"ND"}})") +
               event(R"({"type":"message_stop"})"))
            .find("stopped stop_sequence \"E\\\"ND\"\n") != std::string::npos);
}

TEST_CASE("anthropic decoder: an end without a reason, and reasons that repeat") {
  CHECK(deltas(start() + text(0, "a") + event(R"({"type":"message_stop"})")) ==
        "begin msg_1\ntext \"a\"\nusage input 3 output 1\nstopped end_turn\nend\n");
  CHECK(deltas(start() + text(0, "a") +
               event(R"({"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":4}})") +
               ended("end_turn"))
            .find("usage input 3 output 9\nstopped max_tokens\nend\n") != std::string::npos);
  // Blocks behind the reason are still the answer's.
  CHECK(deltas(start() + event(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})") + text(0, "a") +
               event(R"({"type":"message_stop"})"))
            .find("text \"a\"\nusage input 3 output 1\nstopped end_turn") != std::string::npos);
}

TEST_CASE("anthropic decoder: frames without an event line say their type in their data") {
  std::string bare;
  for (const std::string& data : testing::data_of(start() + text(0, "a") + ended("end_turn")))
    bare += "data: " + data + "\n\n";
  CHECK(deltas(bare) == deltas(start() + text(0, "a") + ended("end_turn")));
  CHECK(deltas("data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n") ==
        "failed upstream_overloaded: busy\n");
}

TEST_CASE("anthropic decoder: members in any order, escaped names, and what nobody knows") {
  CHECK(blocks("event: content_block_start\ndata: "
               "{\"content_block\":{\"text\":\"\",\"x\":[{}],\"type\":\"text\"},\"index\":0}\n\n"
               "event: content_block_delta\ndata: {\"delta\":{\"text\":\"a\",\"type\":\"text_delta\"},"
               "\"type\":\"content_block_delta\",\"index\":0}\n\n"
               "event: content_block_delta\ndata: {\"ind\\u0065x\":0,\"d\\u0065lta\":{\"t\\u0065xt\":\"b\","
               "\"typ\\u0065\":\"text_d\\u0065lta\"},\"type\":\"content_block_delta\"}\n\n"
               ": a comment\n\nevent: vendor_news\ndata: no json\n\nevent: content_block_stop\n"
               "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n") == "text \"ab\"\n");
}

TEST_CASE("anthropic decoder: what a block begins with counts") {
  CHECK(blocks(block(0, R"({"type":"text","text":"a"})") + piece(0, R"({"type":"text_delta","text":"b"})") + stop(0) +
               block(1, R"({"type":"thinking","thinking":"c","signature":"S"})") + stop(1)) ==
        "text \"ab\"\nthinking \"c\" state \"S\" of anthropic\n");
  const std::string whole = R"({"type":"tool_use","id":"t","name":"N","input":{"a": "\"b"}})";
  CHECK(blocks(block(0, whole) + stop(0), "tool_use") == R"(tool_call t N "{\"a\": \"\\\"b\"}")"
                                                         "\n");
  // Deltas of the same input replace it, as in the SDKs.
  CHECK(blocks(block(0, whole) + arguments(0, R"({\"c\":1})") + stop(0), "tool_use") == R"(tool_call t N "{\"c\":1}")"
                                                                                        "\n");
}

TEST_CASE("anthropic decoder: the last of several signatures counts, as in the SDKs") {
  CHECK(blocks(block(0, R"({"type":"thinking","thinking":"","signature":"A"})") +
               piece(0, R"({"type":"signature_delta","signature":"B"})") +
               piece(0, R"({"type":"signature_delta","signature":"C"})") + stop(0)) ==
        "thinking \"\" state \"C\" of anthropic\n");
}

TEST_CASE("anthropic decoder: arguments of calls") {
  auto of = [](const std::string& pieces) { return blocks(block(0, call) + pieces + stop(0), "tool_use"); };
  CHECK(of("") == "tool_call toolu_1 Bash \"\"\n");
  CHECK(of(arguments(0, "") + arguments(0, " ")) == "tool_call toolu_1 Bash \"\"\n");
  CHECK(of(arguments(0, "{}")) == "tool_call toolu_1 Bash \"{}\"\n");
  CHECK(of(arguments(0, " ") + arguments(0, R"({\"n\":12345678901234567890.10})")) ==
        R"(tool_call toolu_1 Bash " {\"n\":12345678901234567890.10}")"
        "\n");
  CHECK(of(arguments(0, R"(\"{\\\"x\\\":1}\")")) == R"(tool_call toolu_1 Bash "{\"x\":1}")"
                                                    "\n");
  // A pair of surrogates in two pieces is one letter again.
  CHECK(of(arguments(0, R"({\"x\":\"\ud83d)") + arguments(0, R"(\ude00\"})")) ==
        R"(tool_call toolu_1 Bash "{\"x\":\"\ud83d\ude00\"}")"
        "\n");
}

TEST_CASE(
    "anthropic decoder: arguments that are no object are an error "
    "(completed_function_call_invalid_arguments_is_error)") {
  for (const char* wrong : {R"({\"x\":)", "[1]", "7", "x", R"({\"x\":1} {})", R"({'x':1})"}) {
    INFO(wrong);
    const std::string stream = start() + block(0, call) + arguments(0, wrong) + stop(0);
    CHECK(last_line(stream + ended("tool_use")).find(broken) == 0);
  }
  CHECK(last_line(start() + block(0, R"({"type":"tool_use","id":"t","name":"N","input":[1]})") + stop(0) +
                  ended("tool_use"))
            .find(broken) == 0);
  // What is no object from the start is known to be wrong when its block ends, and is never said to be empty.
  CHECK(deltas(start() + block(0, call) + arguments(0, "[1]") + stop(0)) ==
        "begin msg_1\ntool_call toolu_1 Bash \"...\nusage input 3 output 1\n" + std::string(broken) +
            "a tool call whose arguments are no JSON object.\n");
  // Where the answer was cut short they are what they are.
  CHECK(deltas(start() + block(0, call) + arguments(0, R"({\"x\":)") + stop(0) + ended("max_tokens"))
            .find("tool_call toolu_1 Bash \"{\\\"x\\\":\"\nusage input 3 output 9\nstopped max_tokens\nend\n") !=
        std::string::npos);
}

TEST_CASE("anthropic decoder: repair_tool_json mends arguments, and only then") {
  Play mending{dialects::anthropic_row};
  mending.flags.repair_tool_json = true;
  const std::string stream =
      start() + block(0, call) + arguments(0, R"({\"x\":)") + arguments(0, "1,}") + stop(0) + ended("tool_use");
  CHECK(mending.stream(stream).deltas.find("tool_call toolu_1 Bash \"{\\\"x\\\":1}\"\n") != std::string::npos);
  CHECK(last_line(stream).find(broken) == 0);
}

TEST_CASE("anthropic decoder: more arguments than are held are a fault") {
  Play narrow{dialects::anthropic_row};
  narrow.arguments_bytes_max = 20;
  const std::string one = block(0, call) + arguments(0, R"({\"x\":1})") + stop(0);
  const std::string two = block(1, call) + arguments(1, R"({\"x\":1234})") + stop(1);
  CHECK(narrow.stream(start() + one + ended("tool_use")).deltas.find("failed") == std::string::npos);
  CHECK(narrow.stream(start() + one + two + ended("tool_use")).deltas.find("failed upstream_broken") !=
        std::string::npos);
}

TEST_CASE("anthropic decoder: an answer has as many calls as one of any other dialect, and no more") {
  std::string most;
  for (size_t i = 0; i < canonical::BlockSequencer::calls_max; ++i) most += block(int(i), call) + stop(int(i));
  const int next = int(canonical::BlockSequencer::calls_max);
  CHECK(last_line(start() + most + ended("tool_use")).find("failed") == std::string::npos);
  CHECK(last_line(start() + most + text(next, "x") + ended("tool_use")).find("failed") == std::string::npos);
  CHECK(last_line(start() + most + block(next, call) + stop(next) + ended("tool_use")) ==
        std::string(broken) + "too many tool calls.\n");
}

TEST_CASE("anthropic decoder: what the client's dialects cannot say is named as lost") {
  Played played = messages.stream(
      start() + block(0, R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}})") +
      arguments(0, R"({\"query\":\"x\"})") + stop(0) +
      block(1, R"({"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]})") + stop(1) +
      block(2, R"({"type":"text","text":""})") + piece(2, R"({"type":"text_delta","text":"a"})") +
      piece(2, R"({"type":"citations_delta","citation":{"type":"web_search_result_location"}})") +
      piece(2, R"({"type":"new_delta"})") + stop(2) + ended("end_turn"));
  CHECK(played.deltas ==
        "begin msg_1\nsearch srvtoolu_1 \"x\" []\ntext \"a\"\nusage input 3 output 9\nstopped end_turn\nend\n");
  CHECK(played.losses.joined() == "citations;content.new_delta");
}

TEST_CASE("anthropic decoder: a search is its call and its result") {
  const std::string called =
      block(0, R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}})") +
      arguments(0, R"({\"query\":)") + arguments(0, R"( \"x\"})") + stop(0);
  const auto found = [&](const std::string& content) {
    return messages
        .stream(start() + called +
                block(1, R"({"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":)" + content + "}") +
                stop(1) + ended("end_turn"))
        .deltas;
  };
  CHECK(found(R"([{"type":"web_search_result","url":"u","title":"t","page_age":null},{"url":7},8])")
            .find("search srvtoolu_1 \"x\" [{\"url\":\"u\",\"title\":\"t\"}]\n") != std::string::npos);
  CHECK(found(R"({"type":"web_search_tool_result_error","error_code":"unavailable"})")
            .find("search srvtoolu_1 \"x\" [] failed\n") != std::string::npos);
  // Its result never comes, and another tool of Anthropic's own is none.
  CHECK(messages.stream(start() + called + ended("end_turn")).deltas.find("search srvtoolu_1 \"x\" []\n") !=
        std::string::npos);
  const Played other =
      messages.stream(start() + block(0, R"({"type":"server_tool_use","id":"s","name":"code_execution","input":{}})") +
                      stop(0) + ended("end_turn"));
  CHECK(other.losses.joined() == "content.server_tool_use");
}

TEST_CASE("anthropic decoder: blocks out of order have a defined result") {
  const std::string a = block(0, R"({"type":"text","text":""})") + piece(0, R"({"type":"text_delta","text":"a"})");
  // Never closed: ends where the next begins, or the message.
  CHECK(blocks(a + text(1, "b")) == "text \"a\"\ntext \"b\"\n");
  CHECK(blocks(a) == "text \"a\"\n");
  CHECK(blocks(a + stop(0) + stop(0) + stop(7)) == "text \"a\"\n");
  CHECK(blocks(a + a) == "text \"a\"\ntext \"a\"\n");
  CHECK(blocks(text(5, "a") + text(2, "b")) == "text \"a\"\ntext \"b\"\n");
  for (const std::string& wrong :
       {piece(0, R"({"type":"text_delta","text":"a"})"), a + piece(1, R"({"type":"text_delta","text":"a"})"),
        a + stop(0) + piece(0, R"({"type":"text_delta","text":"a"})"),
        a + text(1, "b") + piece(0, R"({"type":"text_delta","text":"a"})"),
        a + piece(0, R"({"type":"thinking_delta","thinking":"a"})"), a + arguments(0, "{}"),
        block(0, call) + piece(0, R"({"type":"text_delta","text":"a"})"),
        block(0, R"({"type":"tool_use","id":"t","input":{}})"), block(0, "7"), block(0, "[]"),
        std::string("event: content_block_delta\ndata: {\"type\":\"content_blo\n\n"),
        std::string("data: <html>\n\n")}) {
    INFO(wrong);
    CHECK(last_line(start() + wrong + ended("end_turn")).find(broken) == 0);
  }
}

TEST_CASE("anthropic decoder: a stream that starts twice or ends twice") {
  CHECK(blocks(start() + text(0, "a")) == "text \"a\"\n");  // nothing had been said
  CHECK(last_line(start() + text(0, "a") + start() + text(0, "b") + ended("end_turn")).find(broken) == 0);
  CHECK(deltas(start() + text(0, "a") + ended("end_turn") + ended("end_turn") + start() + text(0, "b")) ==
        deltas(start() + text(0, "a") + ended("end_turn")));
  CHECK(deltas(start() + text(0, "a") + ended("end_turn") + event(R"({"type":"error","error":{}})")) ==
        deltas(start() + text(0, "a") + ended("end_turn")));
  // Without a start the answer has no id.
  CHECK(deltas(text(0, "a") + ended("end_turn")) == "begin \ntext \"a\"\nusage output 9\nstopped end_turn\nend\n");
}

TEST_CASE(
    "anthropic decoder: a stream that ends at any event before message_stop is cut "
    "(stream_end_without_finish_reason_does_not_emit_success_terminal_events)") {
  const std::string whole = start() + text(0, "a") + block(1, call) + arguments(1, "{}") + stop(1) + ended("tool_use");
  for (size_t at = whole.find("\n\n"); at + 2 < whole.size(); at = whole.find("\n\n", at + 2)) {
    INFO(whole.substr(0, at));
    CHECK(last_line(whole.substr(0, at + 2)).find("failed upstream_cut: ") == 0);
  }
  CHECK(last_line("").find("failed upstream_cut: ") == 0);
  for (size_t at = 0; at < whole.size(); ++at) {
    const std::string last = last_line(whole.substr(0, at));
    INFO(whole.substr(0, at) << "\n" << last);
    // The last event is whole without its blank line.
    CHECK((last.find("failed upstream_cut: ") == 0 || last.find(broken) == 0 || at + 2 >= whole.size()));
  }
}

TEST_CASE("anthropic decoder: an error inside a 200 is the upstream's (error frames inside a 200 unread)") {
  CHECK(
      deltas(start() + event(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded \"x\""}})")) ==
      "begin msg_1\nusage input 3 output 1\nfailed upstream_overloaded: Overloaded \"x\"\n");
  CHECK(deltas(start() + text(0, "a") +
               event(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})") + text(1, "b") +
               ended("end_turn")) ==
        "begin msg_1\ntext \"a\"\nusage input 3 output 1\nfailed upstream_rate_limited: slow\n");
  CHECK(messages.whole(R"({"type":"error","error":{"type":"api_error","message":"no"}})").deltas ==
        "failed upstream_error: no\n");
}

TEST_CASE("anthropic decoder: an error never repeats the key that an upstream refused") {
  const std::string error =
      R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key sk-ant-abc"}})";
  const std::string told = deltas(event(error));
  CHECK(told.find("failed upstream_credential_refused: ") == 0);
  CHECK(told.find("sk-ant") == told.npos);
  CHECK(messages.whole(error).deltas == told);
}

TEST_CASE("anthropic decoder: of an error's words the beginning is enough") {
  const std::string error =
      R"({"type":"error","error":{"type":"api_error","message":")" + std::string(5000, 'm') + "\"}}";
  const std::string begins = "failed upstream_error: " + std::string(1000, 'm') + "\n";
  CHECK(deltas(event(error)) == begins);
  CHECK(messages.whole(error).deltas == begins);
}

TEST_CASE("anthropic decoder: whole answers") {
  CHECK(
      messages
          .whole(R"({"id":"msg_\u0031","type":"message","role":"assistant","model":"m","content":[)"
                 R"({"type":"thinking","thinking":"hm","signature":"EqQB"},{"type":"redacted_thinking","data":"EmwK"},)"
                 R"({"type":"text","text":"a\"","citations":null},)"
                 R"({"type":"tool_use","id":"toolu_1","name":"Bash","input":{"x":1}},)"
                 R"({"type":"tool_use","id":"toolu_2","name":"Now","input":{ }}],)"
                 R"("stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":9}})")
          .deltas ==
      "begin msg_1\n"
      "thinking \"hm\" state \"EqQB\" of anthropic\n"
      "redacted_thinking \"\" state \"EmwK\" of anthropic\n"
      "text \"a\\\"\"\n"
      "tool_call toolu_1 Bash \"{\\\"x\\\":1}\"\n"
      "tool_call toolu_2 Now \"\"\n"
      "usage input 3 output 9\nstopped tool_use\nend\n");
  CHECK(messages.whole(R"({"id":"m","content":[],"stop_reason":"end_turn"})").deltas ==
        "begin m\nstopped end_turn\nend\n");
  CHECK(messages.whole(R"({"content":[{"type":"text","text":"a","citations":[{}]}]})").losses.joined() == "citations");
  for (const char* wrong : {"", "[]", "<html>", R"({"id":"m"})", R"({"content":"a"})", R"({"content":[7]})",
                            R"({"content":[]} x)", R"({"content":[{"type":"tool_use","id":"a"}]})"}) {
    INFO(wrong);
    CHECK(messages.whole(wrong).deltas.find(broken) != std::string::npos);
  }
}

TEST_CASE("anthropic decoder: numbers that make no sense are no figures") {
  CHECK(messages
            .whole(R"({"id":"m","content":[],"usage":{"input_tokens":-5,"output_tokens":1e3,)"
                   R"("cache_read_input_tokens":99999999999999999999,"cache_creation_input_tokens":"7"}})")
            .deltas == "begin m\nusage\nstopped end_turn\nend\n");
}
