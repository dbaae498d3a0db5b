// The hub alone on inputs of any size, for counting what it costs: linear means that four times the input costs
// four times the instructions. No socket and no clock: every run executes the same.
//
//   growth             the names of all shapes
//   growth SHAPE N     makes an input of N parts, and takes it through readers and writers, or decoders and encoders
//
// tests/growth/run counts. A shape belongs here when a loop over it could hold another one.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/envelope.h"
#include "dialects/gemini/gemini.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_responses/openai_responses.h"

using namespace signalbox;

namespace {

using Text = std::string;
using Made = Text (*)(size_t n);

// `part`, with each '#' replaced by the ordinal, n times with commas between.
Text list(size_t n, std::string_view part) {
  Text out;
  for (size_t i = 0; i < n; ++i) {
    if (i > 0) out += ',';
    for (const char c : part) c == '#' ? out += std::to_string(i) : out += c;
  }
  return out;
}

Text ask(const Text& members) {
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}])" + members + "}";
}
Text history(const Text& messages) { return R"({"model":"m","max_tokens":9,"messages":[)" + messages + "]}"; }
Text tools(const Text& each) { return ask(",\"tools\":[" + each + "]"); }
Text schema(const Text& members) { return tools(R"({"name":"t","input_schema":{)" + members + "}}"); }
Text in_turn(const Text& calls, const Text& results) {
  return history(R"({"role":"assistant","content":[)" + calls + R"(]},{"role":"user","content":[)" + results + "]}");
}
Text input(const Text& items) { return R"({"model":"m","input":[)" + items + "]}"; }
Text contents(const Text& list) { return R"({"contents":[)" + list + "]}"; }
// An envelope of n thinkings.
Text thinkings(size_t n) {
  Text out;
  canonical::append_carried(out,
                            std::vector<canonical::Thinking>(n, {{"h"}, {Dialect::anthropic, "00000000", {}}, false}));
  return out;
}
constexpr std::string_view call = R"({"type":"tool_use","id":"c#","name":"t","input":{}})";
constexpr std::string_view result = R"({"type":"tool_result","tool_use_id":"c#","content":"r"})";

// ---- requests

struct RequestShape {
  std::string_view name;
  const dialects::DialectRow& from;
  Made make;
};
const dialects::DialectRow& messages = dialects::anthropic_row;
const dialects::DialectRow& chat = dialects::openai_chat_row;
const dialects::DialectRow& responses = dialects::openai_responses_row;
const dialects::DialectRow& gemini = dialects::gemini_row;

const RequestShape requests[] = {
    {"messages", messages,
     [](size_t n) { return history(list(n, R"({"role":"user","content":"x#"},{"role":"assistant","content":"y"})")); }},
    {"blocks", messages,
     [](size_t n) {
       return history(R"({"role":"user","content":[)" + list(n, R"({"type":"text","text":"x\n#"})") + "]}");
     }},
    {"reminders", messages,
     [](size_t n) { return history(list(n, R"({"role":"user","content":"x"},{"role":"system","content":"s#"})")); }},
    {"system", messages,
     [](size_t n) {
       return ask(",\"system\":[" + list(n, R"({"type":"text","text":"s#","cache_control":{"type":"ephemeral"}})") +
                  "]");
     }},
    {"stop_sequences", messages, [](size_t n) { return ask(",\"stop_sequences\":[" + list(n, "\"s#\"") + "]"); }},
    {"unknown_members", messages, [](size_t n) { return ask("," + list(n, "\"unknown#\":1")); }},
    {"calls", messages, [](size_t n) { return in_turn(list(n, call), list(n, result)); }},
    {"calls_backwards", messages,
     [](size_t n) {
       Text turns;
       for (size_t i = n; i-- > 0;)
         turns += (turns.empty() ? "" : ",") + Text(R"({"type":"tool_result","tool_use_id":"c)") + std::to_string(i) +
                  R"(","content":"r"})";
       return in_turn(list(n, call), turns);
     }},
    {"calls_of_one_id", messages,
     [](size_t n) {
       return in_turn(list(n, R"({"type":"tool_use","id":"c","name":"t","input":{}})"),
                      list(n, R"({"type":"tool_result","tool_use_id":"c","content":"r"})"));
     }},
    {"orphans", messages, [](size_t n) { return history(R"({"role":"user","content":[)" + list(n, result) + "]}"); }},
    {"images_of_results", messages,
     [](size_t n) {
       return in_turn(
           list(n, call),
           list(
               n,
               R"({"type":"tool_result","tool_use_id":"c#","content":[{"type":"image","source":{"type":"url","url":"u"}}]})"));
     }},
    {"documents", messages,
     [](size_t n) {
       return history(
           R"({"role":"user","content":[)" +
           list(
               n,
               R"({"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"url","url":"u"}}]}})") +
           "]}");
     }},
    {"thinking", messages,
     [](size_t n) {
       return history(R"({"role":"assistant","content":[)" +
                      list(n, R"({"type":"thinking","thinking":"t","signature":"sb1.openai_chat.00000000.YWJj"})") +
                      R"(]},{"role":"user","content":"x"})");
     }},
    {"blanks_at_the_end", messages,
     [](size_t n) {
       Text blanks;
       for (size_t i = 0; i < n; ++i) blanks += "\\n ";
       return history(R"({"role":"user","content":"x"},{"role":"assistant","content":"y)" + blanks + "\"}");
     }},
    {"tools", messages, [](size_t n) { return tools(list(n, R"({"name":"t#","input_schema":{"type":"object"}})")); }},
    {"tools_of_one_name", messages, [](size_t n) { return tools(list(n, R"({"name":"t"})")); }},
    {"tools_repeated", messages,
     [](size_t n) {
       Text all;
       for (size_t i = n; i-- > 0;) all += R"({"name":"t)" + std::to_string(1'000'000 + i) + "\"},";
       return tools(all + R"({"name":"t1000000"})");
     }},
    {"tool_names_refused", messages, [](size_t n) { return tools(list(n, R"({"name":"t.#"})")); }},
    {"server_tools", messages, [](size_t n) { return tools(list(n, R"({"type":"search#_20250101","name":"s#"})")); }},
    {"schema_properties", messages,
     [](size_t n) {
       return schema(R"("anyOf":[{"properties":{)" + list(n, "\"p#\":{}") + R"(},"required":[)" + list(n, "\"p#\"") +
                     "]}]");
     }},
    {"schema_same_property", messages,
     [](size_t n) { return schema(R"("anyOf":[],"properties":{)" + list(n, "\"p\":#") + "}"); }},
    {"schema_required_again", messages,
     [](size_t n) { return schema(R"("anyOf":[],)" + list(n, R"("required":["p#"],"anyOf":[])")); }},
    {"schema_references", messages,
     [](size_t n) {
       return schema(R"("anyOf":[)" + list(64, R"({"$ref":"#/$defs/a"})") + R"(],"$defs":{"a":{"properties":{)" +
                     list(n, "\"p#\":{}") + "}}}");
     }},
    {"schema_definitions", messages,
     [](size_t n) {
       return schema(R"("anyOf":[)" + list(64, R"({"$ref":"#/$defs/a0"})") + R"(],"$defs":{)" +
                     list(n, R"("a#":{"$ref":"#/$defs/a#"})") + "}");
     }},
    {"chat_messages", chat,
     [](size_t n) { return history(list(n, R"({"role":"user","content":"x#"},{"role":"assistant","content":"y"})")); }},
    {"chat_calls_without_ids", chat,
     [](size_t n) {
       return history(R"({"role":"assistant","tool_calls":[)" +
                      list(n, R"({"function":{"name":"t","arguments":"{}"}})") + "]}," +
                      list(n, R"({"role":"tool","name":"t","content":"r"})"));
     }},
    {"chat_calls_of_no_name", chat,
     [](size_t n) {
       return history(R"({"role":"assistant","tool_calls":[)" +
                      list(n, R"({"function":{"name":"t#","arguments":"{}"}})") + "]}," +
                      list(n, R"({"role":"tool","content":"r"})"));
     }},
    {"chat_parts", chat,
     [](size_t n) {
       return history(
           R"({"role":"user","content":[)" +
           list(n,
                R"({"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}})") +
           "]}");
     }},
    {"schema_plain_properties", messages,
     [](size_t n) {
       return schema(R"("type":"object","properties":{)" + list(n, R"("p#":{"type":"string"})") + R"(},"required":[)" +
                     list(n, "\"p#\"") + "]");
     }},
    {"responses_items", responses,
     [](size_t n) { return input(list(n, R"({"role":"user","content":"x#"},{"role":"assistant","content":"y"})")); }},
    {"responses_calls", responses,
     [](size_t n) {
       return input(list(n, R"({"type":"function_call","call_id":"c#","name":"t","arguments":"{}"})") + "," +
                    list(n, R"({"type":"function_call_output","call_id":"c#","output":"r"})"));
     }},
    {"responses_thinkings", responses,
     [](size_t n) {
       return input(R"({"type":"reasoning","summary":[],"encrypted_content":")" + thinkings(n) +
                    R"("},{"role":"assistant","content":"y"},{"role":"user","content":"x"})");
     }},
    {"gemini_contents", gemini,
     [](size_t n) {
       return contents(list(n, R"({"role":"user","parts":[{"text":"x#"}]},{"role":"model","parts":[{"text":"y"}]})"));
     }},
    {"gemini_pieces", gemini,
     [](size_t n) {
       return contents(list(n, R"({"role":"model","parts":[{"text":"h","thought":true},{"text":"x"}]})"));
     }},
    {"gemini_calls_without_ids", gemini,
     [](size_t n) {
       return contents(R"({"role":"model","parts":[)" + list(n, R"({"functionCall":{"name":"t"}})") +
                       R"(]},{"role":"user","parts":[)" + list(n, R"({"functionResponse":{"name":"t"}})") + "]}");
     }},
    {"gemini_thinkings", gemini,
     [](size_t n) {
       return contents(R"({"role":"model","parts":[{"text":"h","thought":true},)" + list(n, R"({"text":"x"})") +
                       R"(,{"functionCall":{"name":"t"},"thoughtSignature":")" + thinkings(n) +
                       R"("}]},{"role":"user","parts":[{"functionResponse":{"name":"t"}}]})");
     }},
};

size_t translate(const RequestShape& shape, const Text& body) {
  Arena arena;
  canonical::Losses losses;
  const canonical::ReadResult read = shape.from.read_request(body, arena, losses);
  if (read.fault) {
    std::fprintf(stderr, "growth: %s: %s\n", Text(shape.name).c_str(), read.fault.detail.c_str());
    std::exit(1);
  }
  size_t bytes = 0;
  LaneFlags flags;
  flags.schema_dialect = SchemaDialect::openapi;
  for (const dialects::DialectRow* to : {&messages, &chat, &responses, &gemini}) {
    canonical::ToolNames names;
    Text out;
    to->write_request(
        read.request,
        {.model = "m", .flags = flags, .scope = "00000000", .arena = arena, .names = names, .losses = losses}, out);
    bytes += out.size();
  }
  if (!shape.from.removals) return bytes;
  constexpr std::string_view members[] = {"tools.*.custom.strict", "messages.*.content.*.cache_control", "unknown0"};
  return bytes + shape.from.removals(body, {true, members}, arena).size();
}

// ---- answers

struct AnswerShape {
  std::string_view name;
  const dialects::DialectRow& from;
  bool think_tags;
  // The frames before, the i-th of n, and those behind.
  std::vector<Text> before;
  Text (*frame)(size_t i);
  std::vector<Text> behind;
};

Text chunk(const Text& delta) { return R"({"id":"c","choices":[{"index":0,"delta":{)" + delta + "}}]}"; }
Text piece_of_call(size_t index, const Text& function) {
  return chunk(R"("tool_calls":[{"index":)" + std::to_string(index) + R"(,"id":"c)" + std::to_string(index) +
               R"(","function":{)" + function + "}}]");
}
const Text finish = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
const std::vector<Text> chat_end = {finish, "[DONE]"};
const std::vector<Text> messages_end = {R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})",
                                        R"({"type":"message_stop"})"};
const Text responses_end = R"({"type":"response.completed","response":{"status":"completed","output":[]}})";

const AnswerShape answers[] = {
    {"chat_text", chat, false, {}, [](size_t) { return chunk(R"("content":"word ")"); }, chat_end},
    {"chat_think_tags",
     chat,
     true,
     {},
     [](size_t i) { return chunk(i % 2 == 0 ? R"("content":"<thi")" : R"("content":"nk>x</think>")"); },
     chat_end},
    {"chat_less_than", chat, true, {}, [](size_t) { return chunk(R"("content":"<<<<<th<th")"); }, chat_end},
    {"chat_arguments",
     chat,
     false,
     {piece_of_call(0, R"("name":"t","arguments":"{\"a\":\"")")},
     [](size_t) { return piece_of_call(0, R"("arguments":"xxxx")"); },
     {piece_of_call(0, R"("arguments":"\"}")"), finish, "[DONE]"}},
    {"chat_calls_waiting",
     chat,
     false,
     {piece_of_call(0, R"("name":"t","arguments":"{")"), piece_of_call(1, R"("name":"t","arguments":"{\"a\":\"")")},
     [](size_t) { return piece_of_call(1, R"("arguments":"xxxx")"); },
     {piece_of_call(1, R"("arguments":"\"}")"), piece_of_call(0, R"("arguments":"}")"), finish, "[DONE]"}},
    {"chat_text_waiting",
     chat,
     false,
     {piece_of_call(0, R"("name":"t","arguments":"{")")},
     [](size_t i) { return chunk(i % 2 == 0 ? R"("content":"x")" : R"("reasoning_content":"x")"); },
     {piece_of_call(0, R"("arguments":"}")"), finish, "[DONE]"}},
    {"messages_text",
     messages,
     false,
     {R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"},
     [](size_t) {
       return Text(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word"}})");
     },
     messages_end},
    {"messages_blocks",
     messages,
     false,
     {},
     [](size_t i) {
       return R"({"type":"content_block_start","index":)" + std::to_string(i) +
              R"(,"content_block":{"type":"text","text":"x"}})";
     },
     messages_end},
    {"messages_losses",
     messages,
     false,
     {},
     [](size_t i) {
       return R"({"type":"content_block_start","index":)" + std::to_string(i) + R"(,"content_block":{"type":"x)" +
              std::to_string(i) + "\"}}";
     },
     messages_end},
    {"messages_arguments",
     messages,
     false,
     {R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":"t","input":{}}})",
      R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\""}})"},
     [](size_t) {
       return Text(
           R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"xxxx"}})");
     },
     {R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"}"}})",
      messages_end[0], messages_end[1]}},
    {"responses_text",
     responses,
     false,
     {},
     [](size_t i) {
       return R"({"type":"response.output_text.delta","item_id":"m","output_index":0,"delta":"word","sequence_number":)" +
              std::to_string(i) + "}";
     },
     {responses_end}},
    {"responses_arguments",
     responses,
     false,
     {R"({"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"f","call_id":"c","name":"t"}})",
      R"({"type":"response.function_call_arguments.delta","item_id":"f","output_index":0,"delta":"{\"a\":\""})"},
     [](size_t) {
       return Text(
           R"({"type":"response.function_call_arguments.delta","item_id":"f","output_index":0,"delta":"xxxx"})");
     },
     {R"({"type":"response.function_call_arguments.delta","item_id":"f","output_index":0,"delta":"\"}"})",
      responses_end}},
    {"gemini_text",
     gemini,
     false,
     {},
     [](size_t) { return Text(R"({"candidates":[{"content":{"parts":[{"text":"word"}]}}]})"); },
     {R"({"candidates":[{"finishReason":"STOP"}]})"}},
    {"gemini_thoughts",
     gemini,
     false,
     {},
     [](size_t i) {
       return R"({"candidates":[{"content":{"parts":[{"text":"h","thought":true},{"text":"","thoughtSignature":"c)" +
              std::to_string(i) + R"("}]}}]})";
     },
     {R"({"candidates":[{"finishReason":"STOP"}]})"}},
};

size_t answer(const AnswerShape& shape, size_t n) {
  size_t bytes = 0;
  for (const dialects::DialectRow* client : {&messages, &chat, &responses, &gemini}) {
    for (const canonical::Form form : {canonical::Form::streamed, canonical::Form::whole}) {
      LaneFlags flags;
      flags.think_tags = shape.think_tags;
      canonical::ToolNames names;
      canonical::Losses losses;
      const auto decoder = shape.from.make_decoder({.flags = flags, .names = names, .losses = losses});
      const auto encoder =
          client->make_encoder({.model = "m", .request_id = "req_1", .scope = "00000000", .losses = losses}, form);
      canonical::Deltas deltas;
      Text out;
      bool failed = false;
      const auto say = [&] {
        for (const canonical::Delta& delta : deltas.items()) {
          encoder->encode(delta, out);
          failed = failed || std::get_if<canonical::AnswerFailed>(&delta);
        }
        bytes += out.size();
        deltas.clear();
        out.clear();
      };
      const auto feed = [&](const Text& data) {
        sse::Frame frame;
        frame.data = data;
        frame.has_data = true;
        decoder->feed(frame, deltas);
        say();
      };
      for (const Text& frame : shape.before) feed(frame);
      for (size_t i = 0; i < n; ++i) feed(shape.frame(i));
      for (const Text& frame : shape.behind) feed(frame);
      decoder->finish(deltas);
      say();
      if (failed) {
        std::fprintf(stderr, "growth: %s: the answer failed\n", Text(shape.name).c_str());
        std::exit(1);
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  const size_t n = argc > 2 ? size_t(std::atol(argv[2])) : 0;
  size_t bytes = 0;
  for (const RequestShape& shape : requests) {
    if (argc == 1) std::printf("%s\n", Text(shape.name).c_str());
    if (shape.name == wanted) bytes = translate(shape, shape.make(n));
  }
  for (const AnswerShape& shape : answers) {
    if (argc == 1) std::printf("%s\n", Text(shape.name).c_str());
    if (shape.name == wanted) bytes = answer(shape, n);
  }
  return argc == 1 || bytes > 0 ? 0 : 1;
}
