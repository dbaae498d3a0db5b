// What Chat upstreams answer, rule by rule; whole streams stand in tests/corpora/chat_streams.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "answer_player.h"
#include "dialects/openai_chat/chunk.h"
#include "dialects/openai_chat/finish.h"
#include "dialects/openai_chat/openai_chat.h"

using namespace signalbox;
using namespace signalbox::testing;

namespace {

const Play play{dialects::openai_chat_row};

std::string data(const std::string& json) { return "data: " + json + "\n\n"; }
std::string content(const std::string& text) { return data(R"({"choices":[{"delta":{"content":")" + text + "\"}}]}"); }
std::string finish(const std::string& word) {
  return data(R"({"choices":[{"delta":{},"finish_reason":")" + word + "\"}]}");
}
const std::string done = "data: [DONE]\n\n";

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The line that says why the answer stopped.
std::string stopped(const std::string& stream) {
  const std::string text = play.stream(stream).deltas;
  const size_t at = text.find("stopped ");
  return at == text.npos ? text : text.substr(at + 8, text.find('\n', at) - at - 8);
}

std::string whole(const std::string& body) { return play.whole(body).deltas; }

}  // namespace

TEST_CASE("chat decoder: finish reasons, by section 9 and as the wild has them") {
  const std::string call =
      data(R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"B","arguments":"{}"}}]}}]})");
  const std::pair<const char*, const char*> without_call[] = {
      {"stop", "end_turn"},
      {"end_turn", "end_turn"},
      {"eos", "end_turn"},
      {"STOP", "end_turn"},
      {"tool_calls", "end_turn"},
      {"function_call", "end_turn"},
      {"tool_use", "end_turn"},
      {"length", "max_tokens"},
      {"max_tokens", "max_tokens"},
      {"MAX_TOKENS", "max_tokens"},
      {"content_filter", "refusal"},
      {"safety", "refusal"},
      {"model_length", "model_context_window_exceeded"},
      {"what", "end_turn"},
  };
  for (const auto& [word, reason] : without_call) {
    INFO(word);
    CHECK(stopped(content("x") + finish(word) + done) == reason);
  }
  for (const char* word : {"stop", "tool_calls", "function_call", "tool_use", "end_turn", "what"}) {
    INFO(word);
    CHECK(stopped(call + finish(word) + done) == "tool_use");
  }
  CHECK(stopped(call + finish("length") + done) == "max_tokens");
  for (const char* word : {"error", "abort", "network_error", "malformed_function_call"}) {
    INFO(word);
    CHECK(stopped(content("x") + finish(word) + done).find("failed upstream_error") != std::string::npos);
  }
  CHECK(play.stream(content("x") + finish("what") + done).losses.joined() == "finish_reason");
  CHECK(play.stream(content("x") + finish("stop") + done).losses.empty());
}

TEST_CASE("chat decoder: duplicate finish_reason gives one stop (cc-switch)") {
  const std::string text = play.stream(content("x") + finish("stop") + finish("stop") + done).deltas;
  CHECK(text == "begin \ntext \"x\"\nstopped end_turn\nend\n");
  CHECK(stopped(content("x") + finish("length") + finish("stop") + done) == "max_tokens");
  CHECK(stopped(content("x") + finish("stop") + finish("length") + done) == "max_tokens");
}

TEST_CASE("chat decoder: content behind finish_reason is content") {
  CHECK(play.stream(finish("stop") + content("x") + done).deltas == "begin \ntext \"x\"\nstopped end_turn\nend\n");
}

TEST_CASE("chat decoder: a matched stop is named, and only for stop") {
  const auto with = [](const std::string& member) {
    return stopped(content("x") + data(R"({"choices":[{"delta":{},"finish_reason":"stop",)" + member + "}]}") + done);
  };
  CHECK(with(R"("stop_reason":"END\n")") == R"(stop_sequence "END\n")");
  CHECK(with(R"("matched_stop":"###")") == R"(stop_sequence "###")");
  CHECK(with(R"("stop_reason":null)") == "end_turn");
  CHECK(with(R"("matched_stop":2)") == "end_turn");
  CHECK(stopped(data(R"({"choices":[{"delta":{"content":"x"},"finish_reason":"length","stop_reason":"E"}]})") + done) ==
        "max_tokens");
}

TEST_CASE(
    "chat decoder: without finish_reason nothing is a success "
    "(stream_end_without_finish_reason_does_not_emit_success_terminal_events)") {
  for (const std::string& stream :
       {content("x"), content("x") + done, std::string(), done, data("{}"), data(R"({"choices":[]})"),
        data(R"({"choices":null})"), data(R"({"choices":[{"delta":null,"finish_reason":null}]})"),
        data(R"({"choices":[{}]})"), data(R"({"choices":[null]})"),
        data(R"({"choices":[{"delta":{"tool_calls":null}}]})")}) {
    INFO(stream);
    CHECK(play.stream(stream).deltas.find("failed upstream_cut") != std::string::npos);
  }
}

TEST_CASE(
    "chat decoder: a stream that ends behind its finish_reason is whole "
    "(finalizes_after_finish_when_done_is_missing)") {
  CHECK(ends_with(play.stream(content("x") + finish("stop")).deltas, "end\n"));
  CHECK(ends_with(play.stream(content("x") + R"(data: {"choices":[{"delta":{},"finish_reason":"stop"}]})").deltas,
                  "end\n"));
}

TEST_CASE("chat decoder: DONE counts with blanks around it, and what follows is not read") {
  CHECK(ends_with(play.stream(content("x") + finish("stop") + "data:  [DONE] \n\n" + content("y")).deltas,
                  "text \"x\"\nstopped end_turn\nend\n"));
}

TEST_CASE("chat decoder: frames that are no chunk are a fault") {
  for (const char* bad : {"nonsense", "[]", "7", "\"x\"", "null", "{\"choices\":[}", "{} {}", "{\"a\":1}x"}) {
    INFO(bad);
    CHECK(play.stream(content("x") + data(bad) + finish("stop") + done).deltas.find("failed upstream_broken") !=
          std::string::npos);
  }
  CHECK(ends_with(play.stream(content("x") + "data: \n\n" + ": c\n\nevent: ping\n\n" + finish("stop") + done).deltas,
                  "end\n"));
}

TEST_CASE("chat decoder: errors inside a 200 are errors, whatever their form") {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"error":{"message":"m","type":"insufficient_quota"}})", "upstream_exhausted: m"},
      {R"({"error":{"message":"m","code":"context_length_exceeded"}})", "upstream_context_overflow: m"},
      {R"({"error":{"message":"m"}})", "upstream_error: m"},
      {R"({"error":"m"})", "upstream_error: m"},
      {R"({"object":"error","message":"m","type":"InternalServerError","code":500})", "upstream_error: m"},
      {R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})", "upstream_overloaded: m"},
  };
  for (const auto& [error, kind] : cases) {
    INFO(error);
    CHECK(play.stream(data(error)).deltas == "failed " + std::string(kind) + "\n");
    CHECK(whole(error) == "failed " + std::string(kind) + "\n");
    CHECK(ends_with(play.stream(content("x") + data(error) + finish("stop") + done).deltas,
                    "text \"x...\nfailed " + std::string(kind) + "\n"));
  }
}

TEST_CASE("chat decoder: an error never repeats the key that an upstream refused") {
  const std::string error =
      R"({"error":{"message":"Incorrect API key provided: sk-abc","type":"invalid_request_error","code":"invalid_api_key"}})";
  const std::string text = play.stream(data(error)).deltas;
  CHECK(text.find("upstream_credential_refused") != text.npos);
  CHECK(text.find("sk-abc") == text.npos);
}

TEST_CASE("chat decoder: error members that say nothing are none") {
  for (const char* error : {"null", "{}", "\"\"", "false"}) {
    INFO(error);
    CHECK(ends_with(play.stream(data(R"({"error":)" + std::string(error) +
                                     R"(,"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]})") +
                                done)
                        .deltas,
                    "end\n"));
  }
}

TEST_CASE("chat decoder: whole answers that are no completion are a fault") {
  CHECK(whole("").find("failed upstream_empty") == 0);
  CHECK(whole(" \n").find("failed upstream_empty") == 0);
  for (const char* body :
       {"<html>", "[]", "{}", R"({"choices":[]})", R"({"choices":{}})", R"({"ok":true})", R"({"choices":[{"index":0)",
        R"({"choices":[{"index":1,"message":{"content":"x"}}]})", R"({"message":"no such route"})"}) {
    INFO(body);
    CHECK(whole(body).find("failed upstream_broken") == 0);
  }
}

TEST_CASE("chat decoder: whole answers in all their forms") {
  const auto of = [](const std::string& message, const std::string& more = "\"finish_reason\":\"stop\"") {
    return whole(R"({"id":"c","choices":[{"message":)" + message + "," + more + "}]}");
  };
  CHECK(of(R"({"content":"a"})") == "begin c\ntext \"a\"\nstopped end_turn\nend\n");
  CHECK(of(R"({"content":null})") == "begin c\nstopped end_turn\nend\n");
  CHECK(of(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})") ==
        "begin c\ntext \"ab\"\nstopped end_turn\nend\n");
  CHECK(of(R"({"content":[{"type":"refusal","refusal":"no"}]})") == "begin c\nrefusal \"no\"\nstopped refusal\nend\n");
  CHECK(of(R"({"content":null,"refusal":"no"})") == "begin c\nrefusal \"no\"\nstopped refusal\nend\n");
  CHECK(of(R"({"content":"a","reasoning":"r"})") == "begin c\nthinking \"r\"\ntext \"a\"\nstopped end_turn\nend\n");
  CHECK(of(R"({"content":"a","reasoning_content":"r","reasoning":"r"})") ==
        "begin c\nthinking \"r\"\ntext \"a\"\nstopped end_turn\nend\n");
  // Calls without ids and with one index are as many as they are.
  CHECK(
      of(R"({"tool_calls":[{"function":{"name":"A","arguments":"{}"}},{"index":0,"function":{"name":"A","arguments":"{}"}}]})") ==
      "begin c\ntool_call  A \"{}\"\ntool_call  A \"{}\"\nstopped tool_use\nend\n");
  CHECK(of(R"({"function_call":{"name":"A","arguments":"{}"}})", R"("finish_reason":"function_call")") ==
        "begin c\ntool_call  A \"{}\"\nstopped tool_use\nend\n");
}

TEST_CASE("chat decoder: a signature beside a call is Gemini's state, and stands before the call") {
  const auto call = [](const std::string& id, const std::string& more) {
    return R"({"index":)" + id + R"(,"id":"c)" + id +
           R"(","type":"function","function":{"name":"A","arguments":"{}"})" + more + "}";
  };
  const std::string calls =
      "[" + call("0", R"(,"extra_content":{"google":{"thought_signature":"Eq+/1="}})") + "," + call("1", "") + "]";
  const std::string said =
      "thinking \"hm\" state \"call:Eq+/1=\" of gemini\ntool_call c0 A \"{}\"\ntool_call c1 A \"{}\"\nstopped "
      "tool_use\nend\n";
  CHECK(whole(R"({"id":"c","choices":[{"message":{"reasoning_content":"hm","tool_calls":)" + calls +
              R"(},"finish_reason":"tool_calls"}]})") == "begin c\n" + said);
  const std::string reasoning = data(R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})");
  const std::string delta = data(R"({"choices":[{"delta":{"tool_calls":)" + calls + "}}]}");
  CHECK(play.stream(reasoning + delta + finish("tool_calls") + done).deltas == "begin \n" + said);
  // Behind the call's beginning it has no place any more.
  const Played late = play.stream(data(R"({"choices":[{"delta":{"tool_calls":[)" + call("0", "") + "]}}]}") +
                                  data(R"({"choices":[{"delta":{"tool_calls":[{"index":0,"extra_content":)"
                                       R"({"google":{"thought_signature":"Eq"}}}]}}]})") +
                                  finish("tool_calls") + done);
  CHECK(late.deltas == "begin \ntool_call c0 A \"{}\"\nstopped tool_use\nend\n");
  CHECK(late.losses.joined() == "tool_calls.extra_content");
}

TEST_CASE("chat decoder: a whole answer without finish_reason is whole all the same, and that is noted") {
  const Played played = play.whole(R"({"choices":[{"message":{"content":"a"}}]})");
  CHECK(ends_with(played.deltas, "stopped end_turn\nend\n"));
  CHECK(played.losses.joined() == "finish_reason");
}

TEST_CASE("chat decoder: of several choices the first is taken, wherever it stands (n > 1)") {
  const Played played = play.whole(
      R"({"choices":[{"index":1,"message":{"content":"b","tool_calls":[{"function":{"name":"X","arguments":"{}"}}]}},{"index":0,"message":{"content":"a"},"finish_reason":"stop"},{"index":2,"message":{"content":"c"}}]})");
  CHECK(played.deltas == "begin \ntext \"a\"\nstopped end_turn\nend\n");
  CHECK(played.losses.joined() == "choices");
}

TEST_CASE("chat decoder: members may stand in any order") {
  CHECK(
      play.stream(
              data(
                  R"({"usage":{"prompt_tokens":3,"completion_tokens":2},"choices":[{"finish_reason":"tool_calls","delta":{"tool_calls":[{"function":{"arguments":"{}","name":"A"},"id":"a","index":0}],"content":"t","reasoning":"r"},"index":0}],"id":"z"})") +
              done)
          .deltas ==
      "begin z\nthinking \"r\"\ntext \"t\"\ntool_call a A \"{}\"\nusage input 3 output 2\nstopped tool_use\nend\n");
}

TEST_CASE(
    "chat decoder: usage in the last chunk, in its own, repeated, missing, and clamped "
    "(clamps_input_when_cache_exceeds_prompt)") {
  const auto usage = [](const std::string& json) {
    const std::string text =
        play.stream(content("x") + finish("stop") + data(R"({"choices":[],"usage":)" + json + "}") + done).deltas;
    const size_t at = text.find("usage");
    return at == text.npos ? "" : text.substr(at, text.find('\n', at) - at);
  };
  CHECK(usage(R"({"prompt_tokens":10,"completion_tokens":3})") == "usage input 10 output 3");
  CHECK(
      usage(
          R"({"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":5},"completion_tokens_details":{"reasoning_tokens":2}})") ==
      "usage input 1 output 3 cache_read 4 cache_creation 5 reasoning 2");
  CHECK(usage(R"({"prompt_tokens":10,"prompt_cache_hit_tokens":4,"completion_tokens":3})") ==
        "usage input 6 output 3 cache_read 4");
  CHECK(usage(R"({"prompt_tokens":10,"cached_tokens":40,"completion_tokens":3})") ==
        "usage input 0 output 3 cache_read 40");
  CHECK(usage("null").empty());
}

TEST_CASE("chat decoder: an answer ends once") {
  canonical::ToolNames names;
  canonical::Losses losses;
  LaneFlags flags;
  canonical::Deltas out;
  const auto decoder = dialects::openai_chat_row.make_decoder({flags, names, losses});
  decoder->feed({{}, R"({"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]})", 0, true}, out);
  CHECK(out.items().size() == 3);  // begin, block, fragment: live
  decoder->finish(out);
  const size_t size = out.items().size();
  decoder->finish(out);
  decoder->feed({{}, R"({"error":{"message":"m"}})", 0, true}, out);
  CHECK(out.items().size() == size);
}

TEST_CASE("chat decoder: arguments that are too long in all are a fault") {
  Play small = play;
  small.arguments_bytes_max = 300;
  std::string stream = data(
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"A","arguments":"{\"x\":\""}}]}}]})");
  for (int i = 0; i < 40; ++i) {
    stream += data(R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"0123456789"}}]}}]})");
  }
  CHECK(small.stream(stream).deltas.find("failed upstream_broken") != std::string::npos);
  CHECK(play.stream(stream).deltas.find("failed upstream_cut") != std::string::npos);
}

TEST_CASE("chat decoder: a truncated stream is an error at every chunk (section 17, case 6)") {
  std::string stream =
      data(R"({"id":"c","choices":[{"delta":{"role":"assistant","content":""}}]})") +
      data(R"({"choices":[{"delta":{"reasoning_content":"r"}}]})") + content("x") +
      data(
          R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"A","arguments":"{\"x\""}}]}}]})") +
      data(R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]})");
  for (size_t at = 0; at <= stream.size(); ++at) {
    INFO(at);
    const std::string text = play.stream(stream.substr(0, at)).deltas;
    CHECK(text.find("failed upstream_") != text.npos);
    CHECK(text.find("stopped") == text.npos);
  }
}

TEST_CASE("chat decoder: calls in one chunk are not collected beyond what an answer may have") {
  const auto pieces = [](size_t count) {
    std::string all = "{}";
    for (size_t i = 1; i < count; ++i) all += ",{}";
    return R"({"choices":[{"delta":{"tool_calls":[)" + all + R"(]},"finish_reason":null}]})";
  };
  dialects::openai_chat::Chunk chunk;
  dialects::openai_chat::ChunkReader chunks;
  const std::string most = pieces(dialects::openai_chat::pieces_max), more = pieces(100'000);
  CHECK(chunks.read(most, chunk) == dialects::openai_chat::ChunkRead::whole);
  CHECK_FALSE(chunk.too_many_calls);
  CHECK(chunks.read(more, chunk) == dialects::openai_chat::ChunkRead::whole);
  CHECK(chunk.too_many_calls);
  CHECK(chunk.calls.size() == dialects::openai_chat::pieces_max);
  CHECK(chunk.calls.capacity() <= 2 * dialects::openai_chat::pieces_max);
  CHECK(ends_with(play.stream(data(more)).deltas, "failed upstream_broken: The answer has too many tool calls.\n"));
}

TEST_CASE("chat decoder: what a chunk is does not depend on the chunks before it") {
  using dialects::openai_chat::Chunk;
  using dialects::openai_chat::ChunkReader;
  const std::string_view texts[] = {
      R"({"id":"a","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"x"}}]})",
      R"({"id":"a","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"y"}}],"usage":{"a":1}})",
      R"({"id":"a","object":"chat.completion.chunk","choices":[]})",
      R"({"id":"a","object":"chat.completion.chunk","choices":null,"id":"b"})",
      R"({"id":"a","object":"chat.completion.chunk","choices":[{"delta":{"content":"z"}}],"choices":[]})",
      R"({"id":"a","object":"chat.completion.chunk","choices"})",
      R"({"id":"a","object":"chat.completion.chunk","choices":[{"delta)",
      R"({"id":"a","object":"chat.completion.chunk","choices":[{"delta":{}}])",
      R"({"id":"a","object":"chat.completion.chunk","choices":[{"delta":{}}]} x)",
      R"({"id":"a","object":"chat.completion.chunk","choicest":1})",
      R"({"id":"a","object":"chat.completion.chunk")",
      R"({"choices":[{"delta":{"content":"first"}}],"id":"late"})",
      R"({"choices":[{"delta":{"content":"again"}}]})",
      R"({"usage":{"completion_tokens":1},"choices":[{"delta":{}}]})",
      R"({"usage":{"completion_tokens":1},"choices":[{"delta":{}}],"usage":null})",
      R"({"error":{"message":"no"},"choices":[{"delta":{}}]})",
      R"({"object":"error","choices":[{"delta":{}}]})",
      R"({"id":null,"choices":[{"delta":{"role":"assistant"}}]})",
      R"({"id":"\u0061","choices":[{"delta":{"role":"assistant"}}]})",
  };
  const auto told = [](ChunkReader& reader, std::string_view text) {
    const std::string copy(text);  // views must be into the text that was read
    Chunk chunk;
    const auto read = reader.read(copy, chunk);
    const auto place = [&](std::string_view view) {
      return view.empty() ? std::string("-")
                          : std::to_string(view.data() - copy.data()) + "+" + std::to_string(view.size());
    };
    return std::to_string(int(read)) + " id " + place(chunk.id.inside) + " text " + place(chunk.text.inside) +
           " usage " + place(chunk.usage) + " error " + place(chunk.error) + (chunk.choices ? " choices" : "") +
           (chunk.choice ? " choice" : "") + (chunk.others ? " others" : "");
  };
  for (const std::string_view before : texts) {
    for (const std::string_view text : texts) {
      INFO(before << " then " << text);
      ChunkReader alone, after;
      told(after, before);
      const std::string wanted = told(alone, text);
      CHECK(told(after, text) == wanted);
      CHECK(told(after, text) == wanted);
    }
  }
}
