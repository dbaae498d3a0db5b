// Edits of Messages bodies that stay Messages bodies: foreign state, and what a 400 named.
#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"
#include "edited.h"
#include "json/reader.h"
#include "json/walk.h"

using namespace signalbox;
using namespace signalbox::testing;
using dialects::anthropic_row;

namespace {

bool is_json(std::string_view text) {
  json::Reader reader(text);
  return reader.skip_value() && reader.next() == json::Token::end;
}

std::string without_foreign(const std::string& body) { return left_by(anthropic_row, body); }

std::string after_refusal(const std::string& body, std::string_view message, int status = 400) {
  Arena arena;
  routing::UpstreamError error;
  error.status = status;
  error.message = message;
  const dialects::Refusal refusal = anthropic_row.read_refusal(body, error, arena);
  const dialects::Unwanted unwanted{refusal.thinking, refusal.members, refusal.blank_texts};
  return edited(body, anthropic_row.removals(body, unwanted, arena));
}

const std::string foreign = R"({"type":"thinking","thinking":"f","signature":"sb1.openai_responses.0a1b2c3d.eyJ9"})";
const std::string foreign_redacted = R"({"data":"sb1.gemini.0a1b2c3d.eyJ9","type":"redacted_thinking"})";
const std::string native = R"({"type":"thinking","thinking":"n","signature":"EtQ="})";
const std::string text = R"({"type":"text","text":"a, \"sb1.x\" [ ] }"})";
const std::string blank = R"({"text":"\n\u0020 ","type":"text"})";
const std::string call = R"({"type":"tool_use","id":"t","name":"a","input":{}})";
const std::string result = R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]})";

std::string assistant(const std::string& blocks) {
  return R"({"role" : "assistant", "content" : [ )" + blocks + " ] }";
}
std::string body(const std::string& messages, const std::string& more = {}) {
  return R"({ "model":"m", "messages":[)" + messages + "]" + more + " }";
}

}  // namespace

TEST_CASE("foreign state: a body without an envelope is left alone", "[anthropic]") {
  for (const std::string& untouched :
       {body(assistant(native + "," + text)), std::string("{}"), std::string("not JSON \"sb1."),
        body(R"({"role":"user","content":"sb1.x.y.z"})"), body(R"({"role":"user","content":[)" + foreign + "]}")})
    CHECK(without_foreign(untouched) == untouched);
}

TEST_CASE("foreign state: blocks go with one comma, everything else stays (A to R to A mid-conversation)",
          "[anthropic]") {
  const std::string user = R"({"role":"user","content":"q"})";
  const auto left = [&](const std::string& blocks) { return without_foreign(body(user + "," + assistant(blocks))); };
  const auto whole = [&](const std::string& blocks) { return body(user + "," + assistant(blocks)); };
  CHECK(left(foreign + " , " + text) == whole(text));
  CHECK(left(text + " , " + foreign) == whole(text));
  CHECK(left(text + "," + foreign + "," + native) == whole(text + "," + native));
  CHECK(left(foreign + "," + foreign_redacted + ",\n" + text + "," + foreign + "," + foreign_redacted) == whole(text));
  CHECK(left(foreign + "," + text + "," + foreign + "," + call) == whole(text + "," + call));
}

TEST_CASE("foreign state: a message of nothing else goes whole", "[anthropic]") {
  const std::string user = R"({"role":"user","content":"q"})";
  CHECK(without_foreign(body(user + "," + assistant(foreign) + "," + user)) == body(user + "," + user));
  CHECK(without_foreign(body(assistant(foreign) + " , " + user)) == body(user));
  CHECK(without_foreign(body(user + "," + assistant(foreign))) == body(user));
  CHECK(without_foreign(body(" " + assistant(foreign) + "," + assistant(foreign_redacted) + " ")) == body("  "));
}

TEST_CASE("foreign state: an open tool loop that loses its thinking goes on without, with a budget only",
          "[anthropic]") {
  const std::string on = R"(,"thinking":{"type":"enabled","budget_tokens":2048})",
                    off = R"(,"thinking":{"type":"disabled"})";
  const std::string lost = assistant(foreign + "," + call), left = assistant(call);
  CHECK(without_foreign(body(lost + "," + result, on)) == body(left + "," + result, off));
  // Wherever the member stands.
  CHECK(without_foreign(R"({"thinking" : {"type":"enabled","budget_tokens":2048},"messages":[)" + lost + "," + result +
                        "]}") == R"({"thinking" : {"type":"disabled"},"messages":[)" + left + "," + result + "]}");
  const std::string adaptive = R"(,"thinking":{"type":"adaptive"})";
  CHECK(without_foreign(body(lost + "," + result, adaptive)) == body(left + "," + result, adaptive));
  // No loop is open, or its thinking is still there.
  const std::string user = R"({"role":"user","content":"q"})";
  CHECK(without_foreign(body(lost + "," + result + "," + assistant(text) + "," + user, on)) ==
        body(left + "," + result + "," + assistant(text) + "," + user, on));
  CHECK(without_foreign(body(assistant(native + "," + foreign + "," + call) + "," + result, on)) ==
        body(assistant(native + "," + call) + "," + result, on));
}

TEST_CASE("foreign state: where thinking is put off, it is not cleared from the context either", "[anthropic]") {
  const std::string on = R"(,"thinking":{"type":"enabled","budget_tokens":2048})",
                    off = R"(,"thinking":{"type":"disabled"})";
  const std::string clear = R"({"type":"clear_thinking_20251015","keep":"all"})",
                    other = R"({"type":"clear_tool_uses_20250919"})";
  const auto managed = [](const std::string& edits) { return R"(,"context_management":{"edits":[)" + edits + "]}"; };
  const std::string lost = assistant(foreign + "," + call) + "," + result, left = assistant(call) + "," + result;
  CHECK(without_foreign(body(lost, on + managed(clear))) == body(left, off));
  CHECK(without_foreign(body(lost, managed(clear + "," + clear) + on)) == body(left, off));
  CHECK(without_foreign(body(lost, on + managed(clear + " , " + other))) == body(left, off + managed(other)));
  CHECK(without_foreign(body(lost, on + managed(other + " , " + clear))) == body(left, off + managed(other)));
  CHECK(without_foreign(body(lost, on + managed(""))) == body(left, off + managed("")));
  CHECK(without_foreign(R"({"context_management" : {"edits":[)" + clear + R"(]} , "messages":[)" + lost + "]" + on +
                        "}") == R"({"messages":[)" + left + "]" + off + "}");
  // Beside another member that goes.
  const std::string_view no_speed = "speed: Extra inputs are not permitted";
  CHECK(after_refusal(body(lost, on + managed(clear) + R"(,"speed":1,"x":2)"), no_speed) ==
        body(left, off + R"(,"x":2)"));
  CHECK(after_refusal(body(lost, R"(,"speed":1)" + managed(clear) + on), no_speed) == body(left, off));
  // Where thinking stays on, or is not ours to put off, nothing changes.
  const std::string adaptive = R"(,"thinking":{"type":"adaptive"})" + managed(clear);
  CHECK(without_foreign(body(lost, adaptive)) == body(left, adaptive));
  CHECK(without_foreign(body(lost, off + managed(clear))) == body(left, off + managed(clear)));
  // Whose own fault it is is asked once more without, and nothing is learnt.
  const std::string_view words = "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive";
  CHECK(after_refusal(body(left, off + managed(clear)), words) == body(left, off));
  Arena arena;
  routing::UpstreamError error;
  error.status = 400;
  error.message = words;
  CHECK(anthropic_row.read_refusal(body(left, off + managed(clear)), error, arena).everywhere.empty());
}

TEST_CASE("refusal: all thinking goes where the history's is refused (CLIProxyAPI #2172)", "[anthropic]") {
  const std::string on = R"(,"thinking":{"type":"enabled","budget_tokens":2048})",
                    off = R"(,"thinking":{"type":"disabled"})";
  const std::string user = R"({"role":"user","content":"q"})";
  const std::string redacted = R"({"type":"redacted_thinking","data":"EmR"})";
  const std::string before = body(user + "," + assistant(native + "," + redacted + "," + call) + "," + result, on);
  const std::string after = body(user + "," + assistant(call) + "," + result, off);
  for (std::string_view message : {"messages.1.content.0: Invalid `signature` in `thinking` block",
                                   "messages.1: Invalid `data` in `redacted_thinking` block",
                                   "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
                                   "`tool_use`. When `thinking` is enabled, ...",
                                   "a final `assistant` message must start with a thinking block",
                                   "messages.1.content.0.thinking.signature: Field required",
                                   "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest "
                                   "assistant message cannot be modified."})
    CHECK(after_refusal(before, message) == after);
  // Without an open loop, thinking stays on.
  CHECK(after_refusal(body(user + "," + assistant(native + "," + text) + "," + user, on),
                      "Invalid signature in thinking block") == body(user + "," + assistant(text) + "," + user, on));
  // A loop that never had thinking cannot begin to think.
  CHECK(after_refusal(body(user + "," + assistant(call) + "," + result, on),
                      "Expected `thinking`, but found `tool_use`") ==
        body(user + "," + assistant(call) + "," + result, off));
}

TEST_CASE("refusal: texts of nothing but blanks go where they are refused (claude-code #23440)", "[anthropic]") {
  const std::string user = R"({"role":"user","content":"q"})", empty = R"({"type":"text","text":""})";
  const auto left = [](const std::string& before) {
    const std::string_view words[] = {"messages: text content blocks must contain non-whitespace text",
                                      "messages.1.content.0: Text content blocks must be non-empty"};
    CHECK(after_refusal(before, words[0]) == after_refusal(before, words[1]));
    CHECK(after_refusal(before, "messages: text content blocks must be short") == without_foreign(before));
    CHECK(after_refusal(before, words[0], 500) == without_foreign(before));
    return after_refusal(before, words[0]);
  };
  // In messages: with one comma, a message of nothing else whole, thinking as it was.
  CHECK(left(body(user + "," + assistant(native + " , " + blank + "," + call) + "," + result)) ==
        body(user + "," + assistant(native + "," + call) + "," + result));
  CHECK(left(body(user + "," + assistant(blank + "," + empty) + ", " + user)) == body(user + ", " + user));
  CHECK(left(body(user + R"(,{"role":"assistant","content":" \n"},)" + user)) == body(user + "," + user));
  CHECK(left(body(user + "," + assistant(text))) == body(user + "," + assistant(text)));
  // In results of tools, which stay.
  const auto results = [](const std::string& content, const std::string& more) {
    return R"({"role":"user","content":[{"type":"tool_result","content":)" + content + more + "}]}";
  };
  CHECK(left(body(results("[" + text + "," + blank + "]", ""))) == body(results("[" + text + "]", "")));
  CHECK(left(body(results("[" + blank + "]", ""))) == body(results(R"("")", "")));
  CHECK(left(body(results(R"(" ")", R"(,"is_error":true)"))) == body(results(R"("error")", R"(,"is_error":true)")));
  // In the system prompt.
  CHECK(left(body(user, R"(,"system":[)" + blank + "," + text + "]")) == body(user, R"(,"system":[)" + text + "]"));
  CHECK(left(body(user, R"(,"system":[)" + blank + "]")) == body(user, R"(,"system":[])"));
  CHECK(left(body(user, R"(,"system":"\n")")) == body(user, R"(,"system":[])"));
  // Together with foreign state, which goes in any case.
  CHECK(left(body(user + "," + assistant(foreign + "," + blank) + "," + user)) == body(user + "," + user));
  CHECK(left(body(user + "," + assistant(blank + "," + foreign + "," + text) + "," + user)) ==
        body(user + "," + assistant(text) + "," + user));
  // Who refuses nothing gets the client's bytes.
  CHECK(without_foreign(body(user + "," + assistant(blank))) == body(user + "," + assistant(blank)));
}

TEST_CASE("refusal: an extra input goes, wherever it is named (litellm #26240, 9router #1468)", "[anthropic]") {
  const std::string no = ": Extra inputs are not permitted";
  CHECK(after_refusal(R"({"model":"m","context_management":{"edits":[]},"messages":[]})", "context_management" + no) ==
        R"({"model":"m","messages":[]})");
  CHECK(after_refusal(R"({"speed":1 , "model":"m"})", "invalid: \"speed" + no) == R"({"model":"m"})");
  CHECK(after_refusal(R"({"model":"m", "speed" : 1 })", "speed" + no) == R"({"model":"m" })");
  CHECK(after_refusal(R"({"speed":1})", "speed" + no) == "{}");
  CHECK(after_refusal(R"({"speed":1,"a":2,"sp\u0065ed":3})", "speed" + no) == R"({"a":2})");
  const std::string tools = R"({"tools":[{"name":"a","input_examples":[{}]},{"name":"b","input_examples":[{}]}]})";
  CHECK(after_refusal(tools, "tools.1.custom.input_examples" + no) ==
        R"({"tools":[{"name":"a","input_examples":[{}]},{"name":"b"}]})");
  const std::string marked =
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]})";
  CHECK(
      after_refusal(marked, "messages.0.content.0.text.cache_control.ephemeral.ttl" + no) ==
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}]})");
}

TEST_CASE("refusal: what is needed, absent or not known is left alone", "[anthropic]") {
  const std::string whole = R"({"model":"m","max_tokens":1,"tools":[{}],"messages":[]})";
  for (std::string_view message :
       {"messages: Extra inputs are not permitted", "model: Extra inputs are not permitted",
        "absent: Extra inputs are not permitted", ": Extra inputs are not permitted",
        "tools.0: Extra inputs are not permitted", "tools.9.x: Extra inputs are not permitted",
        "model.x.y: Extra inputs are not permitted", "prompt is too long", "max_tokens: Field required", ""})
    CHECK(after_refusal(whole, message) == whole);
  CHECK(after_refusal(R"({"speed":1})", "speed: Extra inputs are not permitted", 500) == R"({"speed":1})");
}

TEST_CASE("refusal: an upstream cannot have the client's words or its tools left out", "[anthropic]") {
  const std::string whole =
      R"({"model":"m","max_tokens":1,"stream":true,"system":[{"type":"text","text":"s"}],"tools":[{"name":"a",)"
      R"("description":"d","input_schema":{}}],"messages":[{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"image","source":{"type":"url","url":"u"}},{"type":"tool_result","tool_use_id":"t","content":"r"}]},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t","name":"a","input":{}}]}]})";
  for (std::string_view path : {"model",
                                "max_tokens",
                                "stream",
                                "system",
                                "tools",
                                "messages",
                                "messages.0",
                                "messages.0.role",
                                "messages.0.content",
                                "messages.*.content",
                                "messages.0.content.0.text.text",
                                "messages.0.content.0.text.type",
                                "messages.0.content.1.image.source",
                                "messages.0.content.1.image.source.url.url",
                                "messages.0.content.2.tool_result.content",
                                "messages.0.content.2.tool_result.tool_use_id",
                                "messages.1.content.0.tool_use.id",
                                "messages.*.content.*.tool_use.name",
                                "messages.1.content.0.input",
                                "system.0.text",
                                "tools.0.custom.name",
                                "tools.*.custom.input_schema",
                                "tools.0.description"}) {
    INFO(path);
    Arena arena;
    CHECK(anthropic_row.removals(whole, {false, {&path, 1}}, arena).empty());
    CHECK(after_refusal(whole, std::string(path) + ": Extra inputs are not permitted") == whole);
  }
}

TEST_CASE("refusal: an upstream cannot reach into arguments, schemas and media", "[anthropic]") {
  const std::string no = ": Extra inputs are not permitted";
  const std::string whole =
      R"({"model":"m","output_config":{"format":{"type":"json_schema","schema":{"x":1}}},"tools":[{"name":"a",)"
      R"("input_examples":[{"cmd":"ls"}],"input_schema":{"type":"object","properties":{"cmd":{"x":1}},"required":["cmd"]}}],)"
      R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"u","x":1}},)"
      R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"document","source":{"type":"content","content":)"
      R"([{"type":"text","text":"a","x":1}]}}]}]},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"a",)"
      R"("input":{"cmd":"ls","cache_control":1,"type":"x"}},{"type":"x","data":{"x":1},"text":{"x":1},"arguments":{"x":1}}]}]})";
  for (std::string_view path : {"messages.1.content.0.input.cmd",
                                "messages.1.content.0.tool_use.input.cmd",
                                "messages.*.content.*.tool_use.input.cache_control",
                                "messages.1.content.0.input.cache_control",
                                "messages.1.content.0.input.type",
                                "messages.1.content.1.data.x",
                                "messages.1.content.1.text.x",
                                "messages.1.content.1.arguments.x",
                                "messages.0.content.0.source.x",
                                "messages.0.content.0.image.source.url.x",
                                "messages.0.content.1.tool_result.content.0.document.source.content.content.0.text.x",
                                "messages.0.content.1.content.0.source.content.0.x",
                                "tools.0.input_schema.required",
                                "tools.0.input_schema.properties",
                                "tools.0.input_schema.properties.cmd",
                                "tools.*.custom.input_schema.properties.cmd",
                                "tools.0.custom.input_schema.properties.cmd.x",
                                "tools.0.input_examples.0.cmd",
                                "output_config.format.schema.x",
                                "output_config.format.json_schema.schema.x"}) {
    INFO(path);
    Arena arena;
    CHECK(anthropic_row.removals(whole, {false, {&path, 1}}, arena).empty());
    CHECK(after_refusal(whole, std::string(path) + no) == whole);
    routing::UpstreamError error;
    error.status = 400;
    const std::string message = std::string(path) + no;
    error.message = message;
    CHECK(anthropic_row.read_refusal(whole, error, arena).everywhere.empty());
  }
}

TEST_CASE("refusal: paths longer than any in a body name nothing, and two neighbours are two types at most",
          "[anthropic]") {
  const std::string no = ": Extra inputs are not permitted";
  const std::string deep =
      R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text",)"
      R"("text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}]})";
  const std::string bare =
      R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text",)"
      R"("text":"a","cache_control":{"type":"ephemeral"}}]}]}]})";
  CHECK(after_refusal(deep, "messages.0.content.0.tool_result.content.0.text.cache_control.ephemeral.ttl" + no) ==
        bare);
  const std::string flat = R"({"model":"m","speed":1})";
  CHECK(after_refusal(flat, "a.b.speed" + no) == R"({"model":"m"})");
  CHECK(after_refusal(flat, "a.b.c.speed" + no) == flat);
}

TEST_CASE("refusal: planted paths and many small members cost time and memory in proportion", "[anthropic]") {
  std::string all = R"({"model":"m")";
  for (int i = 0; i < 300'000; ++i) all += R"(,"x":1,"y":1)";
  all += "}";
  Arena arena;
  const std::vector<std::string_view> paths = {"x", "y"};
  const auto edits = anthropic_row.removals(all, {false, paths}, arena);
  CHECK(edits.size() == 100'000);
  CHECK(is_json(edited(all, edits)));
  CHECK(arena.held_bytes() < 2 * all.size());
}

TEST_CASE("foreign state: among very many blocks and messages each envelope goes", "[anthropic]") {
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "{},";
  const std::string blocks = assistant(many + foreign + "," + text), left = assistant(many + text);
  CHECK(without_foreign(body(many + blocks + "," + many + assistant(foreign) + ",7,{}")) ==
        body(many + left + "," + many + "7,{}"));
}

TEST_CASE("refusal: what is remembered holds for every place of the same type", "[anthropic]") {
  const auto without = [](const std::string& body, std::vector<std::string_view> members) {
    Arena arena;
    return edited(body, anthropic_row.removals(body, {false, members}, arena));
  };
  const std::string content =
      R"([{"type":"text","text":"a","id":1,"x":1},{"type":"tool_use","id":"t","name":"n","input":{},"x":2}])";
  const std::string bare =
      R"([{"type":"text","text":"a","x":1},{"type":"tool_use","id":"t","name":"n","input":{},"x":2}])";
  const std::string message = R"({"role":"user","content":)";
  CHECK(without(body(message + content + "}," + message + content + "}"), {"messages.*.content.*.text.id"}) ==
        body(message + bare + "}," + message + bare + "}"));
  CHECK(without(R"({"tools":[{"name":"a","x":1},{"type":"custom","x":1},{"type":"bash_20250124","x":1}],"x":1})",
                {"tools.*.custom.x"}) ==
        R"({"tools":[{"name":"a"},{"type":"custom"},{"type":"bash_20250124","x":1}],"x":1})");
  // Neighbours, the first and the last, and one inside of another.
  const std::string all = R"({ "a":1 , "b":{"c":2} , "d":3 })";
  CHECK(without(all, {"a", "b"}) == R"({ "d":3 })");
  CHECK(without(all, {"b", "d"}) == R"({ "a":1 })");
  CHECK(without(all, {"d", "a"}) == R"({ "b":{"c":2} })");
  CHECK(without(all, {"a", "b.c", "b", "d"}) == R"({  })");
  CHECK(without(all, {"b.c"}) == R"({ "a":1 , "b":{} , "d":3 })");
  CHECK(without(all, {"c", "*.c", "b.*.c", "b.c.d"}) == all);
}

TEST_CASE("refusal: nothing is remembered of words that a client may have chosen", "[anthropic]") {
  const std::string no = ": Extra inputs are not permitted";
  const auto remembered = [](std::string_view body, const std::string& message, int status = 400) {
    Arena arena;
    routing::UpstreamError error;
    error.status = status;
    error.message = message;
    const auto everywhere = anthropic_row.read_refusal(body, error, arena).everywhere;
    return everywhere.empty() ? std::string() : std::string(everywhere.front());
  };
  const std::string_view plain = R"({"model":"m","thinking":{},"speed":1,"tools":[{"strict":true}],"messages":[]})";
  CHECK(remembered(plain, "speed" + no) == "speed");
  CHECK(remembered(plain, "tools.0.custom.strict" + no) == "tools.*.custom.strict");
  CHECK(remembered(plain, "speed" + no, 422).empty());
  CHECK(remembered(plain, "absent" + no).empty());
  CHECK(remembered(plain, "messages" + no).empty());
  // Names that a client has made up so that the message speaks of another member.
  CHECK(remembered(plain, "x thinking" + no).empty());
  CHECK(remembered(plain, "\xc3\xa4.thinking" + no).empty());
  CHECK(remembered(plain, "thinking" + no + no).empty());
  const std::string_view dotted = R"({"tools":[{"strict":true}],"tools.0.strict":1})";
  CHECK(remembered(dotted, "tools.0.strict" + no).empty());
  CHECK(after_refusal(std::string(dotted), "tools.0.strict" + no) == R"({"tools":[{"strict":true}]})");
  // A signature is one history's.
  CHECK(remembered(plain, "Invalid signature in thinking block").empty());
}

TEST_CASE("refusal: foreign state goes together with what was refused, and no two edits overlap", "[anthropic]") {
  const std::string no = ": Extra inputs are not permitted";
  const std::string user = R"({"role":"user","content":"q"})";
  const std::string open = R"(,"thinking":{"type":"enabled","budget_tokens":2048,"x":1},"speed":1)";
  const std::string before = body(user + "," + assistant(foreign + "," + call) + "," + result, open);
  const std::string left = user + "," + assistant(call) + "," + result;
  CHECK(after_refusal(before, "speed" + no) == body(left, R"(,"thinking":{"type":"disabled"})"));
  CHECK(after_refusal(before, "thinking.x" + no) == body(left, R"(,"thinking":{"type":"disabled"},"speed":1)"));
  CHECK(after_refusal(before, "thinking" + no) == body(left, R"(,"speed":1)"));
  CHECK(after_refusal(before, "messages.1.content.0.thinking.signature" + no) == without_foreign(before));
}

TEST_CASE("edits: whatever a valid body looks like, what is left is valid", "[anthropic]") {
  // Bodies of a fixed generator: same seed, same bodies.
  uint64_t state = 42;
  const auto below = [&](uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  };
  const auto space = [&] { return std::string(below(3), below(2) ? ' ' : '\n'); };
  const std::string blocks[] = {
      foreign,
      foreign_redacted,
      native,
      text,
      call,
      "7",
      "null",
      "[]",
      "{}",
      foreign,
      R"({"type":"tool_result","tool_use_id":"t"})",
      blank,
      R"({"type":"tool_result","tool_use_id":"t","content":[ )" + blank + " , " + blank + "]}",
      R"({"type":"tool_result","tool_use_id":"t","content":[)" + text + "," + blank + "]}"};
  const auto list = [&](auto&& one) {
    std::string all;
    for (uint64_t n = below(6), i = 0; i < n; ++i) all += (i ? space() + "," : space()) + space() + one();
    return "[" + all + space() + "]";
  };
  const std::string edits[] = {R"({"type":"clear_thinking_20251015"})",
                               R"({"keep":1,"type":"clear_thinking_20251015"})",
                               R"({"type":"clear_tool_uses_20250919"})", "7"};
  const auto message = [&]() -> std::string {
    const std::string role = "\"role\":" + std::string(below(3) ? "\"assistant\"" : "\"user\"");
    const std::string content =
        "\"content\":" + (below(8) ? list([&] { return blocks[below(std::size(blocks))]; }) : "\"sb1.\"");
    return "{" + (below(2) ? role + "," + space() + content : content + space() + "," + role) + space() + "}";
  };
  for (int i = 0; i < 4000; ++i) {
    std::string all = "{";
    const std::string members[] = {"\"messages\":" + list(message),
                                   R"("thinking":{"type":"enabled","budget_tokens":1})",
                                   R"("speed":1)",
                                   "\"messages\":" + list(message),
                                   R"("context_management":{"edits":)" + list([&] { return edits[below(4)]; }) + "}",
                                   "\"system\":" + list([&] { return below(2) ? blank : text; })};
    for (uint64_t first = below(6), n = 1 + below(6), m = 0; m < n; ++m)
      all += (m ? "," : "") + space() + members[(first + m) % 6] + space();
    all += "}";
    INFO(all);
    REQUIRE(is_json(all));
    const std::string left = without_foreign(all);
    INFO(left);
    CHECK(is_json(left));
    Arena arena;
    for (std::string_view refusal :
         {"Invalid signature in thinking block", "messages: text content blocks must contain non-whitespace text",
          "`clear_thinking_20251015` strategy requires `thinking` to be on",
          "context_management: Extra inputs are not permitted", "speed: Extra inputs are not permitted",
          "thinking: Extra inputs are not permitted", "messages.1.content: Extra inputs are not permitted",
          "messages.0.content.0.signature: Extra inputs are not permitted"})
      CHECK(is_json(after_refusal(all, refusal)));
    const std::string filled = after_refusal(all, "text content blocks must be non-empty");
    CHECK(after_refusal(filled, "text content blocks must be non-empty") == filled);
    // Nothing foreign of the assistant's is left, and nothing else went.
    CHECK(anthropic_row.removals(left, {}, arena).empty());
  }
}
