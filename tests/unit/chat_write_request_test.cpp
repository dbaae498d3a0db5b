// What a request becomes on its way to an upstream that speaks Chat Completions. Requests are written as
// Messages bodies, which most clients here send.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/parts.h"
#include "dialects/openai_chat/openai_chat.h"
#include "json/walk.h"

using namespace signalbox;

namespace {

struct Chat {
  std::string body;
  std::string losses;

  std::string member(std::string_view name) const { return std::string(json::member(body, name)); }
  std::string messages() const { return member("messages"); }
};

// What a model takes, and what the prompt takes of that; 0: not known.
struct Room {
  int64_t output_tokens_max = 0;
  int64_t context_tokens_max = 0;
  int64_t input_tokens_estimate = 0;
};

Chat chat_of(std::string_view asked, const LaneFlags& flags, const Room& room) {
  Arena arena;
  canonical::Losses read_losses, losses;
  const canonical::ReadResult read = dialects::anthropic_row.read_request(asked, arena, read_losses);
  INFO(read.fault.detail);
  REQUIRE_FALSE(read.fault);
  canonical::ToolNames names;
  Chat chat;
  dialects::openai_chat_row.write_request(read.request,
                                          {"up", flags, room.output_tokens_max, "scope", arena, names, losses,
                                           room.context_tokens_max, room.input_tokens_estimate},
                                          chat.body);
  CAPTURE(chat.body);
  REQUIRE(json::is_whole_object(chat.body));
  chat.losses = losses.joined();
  return chat;
}

Chat chat_of(std::string_view asked, const LaneFlags& flags = {}, int64_t output_tokens_max = 0) {
  return chat_of(asked, flags, Room{output_tokens_max});
}

// A body with `members` (each with its comma before) and one plain message.
std::string asking(std::string_view members) {
  return R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}])" + std::string(members) + "}";
}

std::string saying(std::string_view messages) {
  return R"({"model":"m","max_tokens":100,"messages":)" + std::string(messages) + "}";
}

LaneFlags with(void (*change)(LaneFlags&)) {
  LaneFlags flags;
  change(flags);
  return flags;
}

constexpr std::string_view one_tool = R"(,"tools":[{"name":"T","input_schema":{"type":"object","properties":{}}}])";

}  // namespace

TEST_CASE("chat writer: a plain request", "[chat_writer]") {
  const Chat chat =
      chat_of(asking(R"(,"system":"be brief","temperature":0.7,"top_p":0.95,"stop_sequences":["\n\n","x"])"));
  CHECK(chat.body == R"({"model":"up","max_tokens":100,"temperature":0.7,"top_p":0.95,"stop":["\n\n","x"],)"
                     R"("messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]})");
  CHECK(chat.losses == "");
}

TEST_CASE("chat writer: the bound on the answer is the model's own at most, in the member it knows", "[chat_writer]") {
  CHECK(chat_of(asking(""), {}, 50).member("max_tokens") == "50");
  CHECK(chat_of(asking(""), {}, 5000).member("max_tokens") == "100");
  const Chat chat =
      chat_of(asking(""), with([](LaneFlags& f) { f.max_tokens_field = MaxTokensField::max_completion_tokens; }));
  CHECK(chat.member("max_completion_tokens") == "100");
  CHECK(chat.member("max_tokens") == "");
}

TEST_CASE("chat writer: prompt and answer together fit into the context (CCR #895)", "[chat_writer]") {
  const std::string asked = R"({"model":"m","max_tokens":32000,"messages":[{"role":"user","content":"hi"}]})";
  const auto bound = [&](const Room& room) {
    const Chat chat = chat_of(asked, {}, room);
    CHECK(chat.losses == "");
    return chat.member("max_tokens");
  };
  CHECK(bound({0, 128'000, 100'000}) == "28000");
  CHECK(bound({0, 128'000, 96'000}) == "32000");
  CHECK(bound({0, 128'000, 96'001}) == "31999");
  CHECK(bound({0, 1'000'000, 100'000}) == "32000");  // never raised
  CHECK(bound({8'192, 128'000, 100'000}) == "8192");
  CHECK(bound({8'192, 128'000, 122'000}) == "6000");
  // A context that is full is for the upstream to say.
  CHECK(bound({0, 128'000, 126'976}) == "1024");
  CHECK(bound({0, 128'000, 126'977}) == "32000");
  CHECK(bound({8'192, 128'000, 128'000}) == "8192");
  CHECK(bound({0, 128'000, 500'000}) == "32000");
  CHECK(bound({0, 0, 500'000}) == "32000");
  // Who asked for little gets it, and who asked for nothing is not answered with a bound.
  CHECK(chat_of(asking(""), {}, Room{0, 128'000, 126'976}).member("max_tokens") == "100");
  const Chat unbounded =
      chat_of(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})", {}, Room{0, 4'000, 10});
  CHECK(unbounded.member("max_tokens") == "");
}

TEST_CASE("chat writer: numbers keep every digit (PreservesNumberPrecision)", "[chat_writer]") {
  const Chat chat = chat_of(
      R"({"model":"m","max_tokens":1,"temperature":0.30000000000000004,"messages":[{"role":"user","content":"a"},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"T","input":{"n":9007199254740993,"f":1.10}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}]})");
  CHECK(chat.member("temperature") == "0.30000000000000004");
  CHECK(chat.messages().find(R"("arguments":"{\"n\":9007199254740993,\"f\":1.10}")") != std::string::npos);
}

TEST_CASE("chat writer: system texts are one message, joined by a blank line", "[chat_writer]") {
  const std::string body = asking(
      R"(,"system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}])");
  CHECK(chat_of(body).messages() == R"([{"role":"system","content":"a\n\nb"},{"role":"user","content":"hi"}])");
  CHECK(chat_of(body, with([](LaneFlags& f) { f.system_role = SystemRole::developer; })).messages() ==
        R"([{"role":"developer","content":"a\n\nb"},{"role":"user","content":"hi"}])");
  CHECK(
      chat_of(body, with([](LaneFlags& f) { f.system_role = SystemRole::user; })).messages() ==
      R"([{"role":"user","content":"<system-reminder>\na\n\nb\n</system-reminder>"},{"role":"user","content":"hi"}])");
}

TEST_CASE("chat writer: cache_control goes on only where the lane takes it (no_cache_control_leak_to_openai)",
          "[chat_writer]") {
  const std::string body =
      R"({"model":"m","max_tokens":1,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],)"
      R"("tools":[{"name":"T","input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral"}}],)"
      R"("messages":[{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"T","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r","cache_control":{"type":"ephemeral"}}]}]})";
  CHECK(chat_of(body).body.find("cache_control") == std::string::npos);
  CHECK(chat_of(body).losses == "");
  const Chat kept = chat_of(body, with([](LaneFlags& f) { f.cache_control = true; }));
  CHECK(
      kept.messages() ==
      R"([{"role":"system","content":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}]},)"
      R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"T","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"t1","content":[{"type":"text","text":"r","cache_control":{"type":"ephemeral"}}]}])");
  CHECK(kept.member("tools") ==
        R"([{"type":"function","function":{"name":"T","parameters":{"type":"object","properties":{}}},)"
        R"("cache_control":{"type":"ephemeral"}}])");
}

TEST_CASE("chat writer: a leading billing line is left out of the prompt", "[chat_writer]") {
  const std::string body = asking(
      R"(,"system":[{"type":"text","text":"x-anthropic-billing-header: cch=1;"},{"type":"text","text":"x-anthropic-billing-header: second"}])");
  const LaneFlags strip = with([](LaneFlags& f) { f.strip_billing = true; });
  CHECK(chat_of(body, strip).messages() ==
        R"([{"role":"system","content":"x-anthropic-billing-header: second"},{"role":"user","content":"hi"}])");
  CHECK(chat_of(body).messages().find("cch=1") != std::string::npos);
  CHECK(chat_of(asking(R"(,"system":"x-anthropic-billing-header: cch=1;\nYou are")"), strip).messages() ==
        R"([{"role":"system","content":"You are"},{"role":"user","content":"hi"}])");
  CHECK(chat_of(asking(R"(,"system":"x-anthropic-billing-header: cch=1;")"), strip).messages() ==
        R"([{"role":"user","content":"hi"}])");
}

TEST_CASE("chat writer: a system message in the middle (ConvertsMessageSystemRoleToUserContent)", "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"a"},{"role":"system","content":"note"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
  CHECK(chat_of(body).messages() == R"([{"role":"user","content":"a"},{"role":"system","content":"note"},)"
                                    R"({"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
  LaneFlags flags = with([](LaneFlags& f) { f.system_anywhere = false; });
  CHECK(chat_of(body, flags).messages() ==
        R"([{"role":"user","content":"a"},{"role":"user","content":"<system-reminder>\nnote\n</system-reminder>"},)"
        R"({"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
  flags.strict_alternation = true;
  CHECK(chat_of(body, flags).messages() ==
        R"([{"role":"user","content":"a\n\n<system-reminder>\nnote\n</system-reminder>"},)"
        R"({"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
}

TEST_CASE("chat writer: strict alternation begins with the user and has no two of one role", "[chat_writer]") {
  const LaneFlags flags = with([](LaneFlags& f) {
    f.strict_alternation = true;
    f.system_role = SystemRole::user;
  });
  CHECK(chat_of(asking(R"(,"system":"s")"), flags).messages() ==
        R"([{"role":"user","content":"<system-reminder>\ns\n</system-reminder>\n\nhi"}])");
  CHECK(
      chat_of(saying(R"([{"role":"assistant","content":"a"},{"role":"user","content":"b"}])"), flags).messages() ==
      R"x([{"role":"user","content":"(the conversation begins here)"},{"role":"assistant","content":"a"},{"role":"user","content":"b"}])x");
}

TEST_CASE(
    "chat writer: results come before the text beside them (SHTUCodeProxy, MergesToolResultWithAdjacentUserContent)",
    "[chat_writer]") {
  const Chat chat = chat_of(saying(
      R"([{"role":"user","content":"go"},)"
      R"({"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"t1","name":"A","input":{"p":"x\n"}},)"
      R"({"type":"tool_use","id":"t2","name":"B","input":{}}]},)"
      R"({"role":"user","content":[{"type":"text","text":"and then"},)"
      R"({"type":"tool_result","tool_use_id":"t2","is_error":true,"content":"no"},)"
      R"({"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"l1"},{"type":"text","text":"l2"}]}]}])"));
  CHECK(chat.messages() == R"([{"role":"user","content":"go"},)"
                           R"({"role":"assistant","content":"I look.","tool_calls":[)"
                           R"({"id":"t1","type":"function","function":{"name":"A","arguments":"{\"p\":\"x\\n\"}"}},)"
                           R"({"id":"t2","type":"function","function":{"name":"B","arguments":"{}"}}]},)"
                           R"({"role":"tool","tool_call_id":"t1","content":"l1\nl2"},)"
                           R"({"role":"tool","tool_call_id":"t2","content":"[error] no"},)"
                           R"({"role":"user","content":"and then"}])");
  CHECK(chat.losses == "");
}

TEST_CASE("chat writer: text after a call joins the text before it (free-claude-code #206)", "[chat_writer]") {
  const Chat chat = chat_of(saying(
      R"([{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},)"
      R"({"type":"tool_use","id":"t1","name":"A","input":{}},{"type":"text","text":"c"}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}])"));
  CHECK(chat.messages() ==
        R"([{"role":"user","content":"go"},{"role":"assistant","content":"a\n\nb\n\nc","tool_calls":[)"
        R"({"id":"t1","type":"function","function":{"name":"A","arguments":"{}"}}]},)"
        R"({"role":"tool","tool_call_id":"t1","content":"ok"}])");
}

TEST_CASE("chat writer: images", "[chat_writer]") {
  const std::string body =
      saying(R"([{"role":"user","content":[{"type":"text","text":"see"},)"
             R"({"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}},)"
             R"({"type":"image","source":{"type":"url","url":"https://x/y.png"}}]}])");
  const Chat chat = chat_of(body);
  CHECK(chat.messages() == R"([{"role":"user","content":[{"type":"text","text":"see"},)"
                           R"({"type":"image_url","image_url":{"url":"data:image/jpeg;base64,AAAA"}},)"
                           R"({"type":"image_url","image_url":{"url":"https://x/y.png"}}]}])");
  CHECK(chat.losses == "");
  const Chat blind = chat_of(body, with([](LaneFlags& f) { f.vision = false; }));
  CHECK(
      blind.messages() ==
      R"([{"role":"user","content":"see\n\n[image omitted: model has no vision]\n\n[image omitted: model has no vision]"}])");
  CHECK(blind.losses == "messages.image");
}

TEST_CASE("chat writer: images in tool results follow all results of the batch (LightLLM #1407)", "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"A","input":{}},)"
      R"({"type":"tool_use","id":"t2","name":"A","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"one"},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]},)"
      R"({"type":"tool_result","tool_use_id":"t2","content":[)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"BB=="}}]},{"type":"text","text":"so?"}]}])");
  const std::string messages = chat_of(body).messages();
  CHECK(
      messages.substr(messages.find(R"({"role":"tool")")) ==
      R"({"role":"tool","tool_call_id":"t1","content":"one\n[image #1 below]"},)"
      R"({"role":"tool","tool_call_id":"t2","content":"[image #2 below]"},)"
      R"({"role":"user","content":[{"type":"text","text":"[image #1]"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},)"
      R"({"type":"text","text":"[image #2]"},{"type":"image_url","image_url":{"url":"data:image/png;base64,BB=="}},)"
      R"({"type":"text","text":"so?"}]}])");
  const Chat blind = chat_of(body, with([](LaneFlags& f) { f.vision = false; }));
  CHECK(blind.messages().find(R"("content":"one\n[image omitted: model has no vision]")") != std::string::npos);
  CHECK(blind.losses == "messages.image");
}

TEST_CASE("chat writer: documents", "[chat_writer]") {
  const std::string pdf = saying(
      R"([{"role":"user","content":[{"type":"document","title":"Plan","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}]}])");
  const Chat chat = chat_of(pdf, with([](LaneFlags& f) { f.documents = true; }));
  CHECK(
      chat.messages() ==
      R"([{"role":"user","content":[{"type":"file","file":{"filename":"Plan.pdf","file_data":"data:application/pdf;base64,JVBE"}}]}])");
  CHECK(chat.losses == "");
  CHECK(chat_of(pdf).messages() == R"([{"role":"user","content":"[document omitted: Plan]"}])");
  CHECK(chat_of(pdf).losses == "messages.document");
  const Chat text = chat_of(saying(
      R"([{"role":"user","content":[{"type":"document","title":"N","source":{"type":"text","media_type":"text/plain","data":"a\nb"}},)"
      R"({"type":"document","source":{"type":"content","content":[{"type":"text","text":"p"},{"type":"text","text":"q"}]}}]}])"));
  CHECK(
      text.messages() ==
      R"([{"role":"user","content":"<document title=\"N\">\na\nb\n</document>\n\n<document>\np\n\nq\n</document>"}])");
  CHECK(text.losses == "");
  CHECK(chat_of(
            saying(
                R"([{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://x/a.pdf"}}]}])"),
            with([](LaneFlags& f) { f.documents = true; }))
            .losses == "messages.document");
}

TEST_CASE("chat writer: ids that the target refuses become the same hash in call and result", "[chat_writer]") {
  const auto ids = [](const std::string& id, const LaneFlags& flags) {
    const std::string messages =
        chat_of(
            saying(R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":")" + id +
                   R"(","name":"T","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":")" +
                   id + R"(","content":"r"}]}])"),
            flags)
            .messages();
    const auto after = [&](std::string_view mark) {
      const size_t begin = messages.find(mark) + mark.size();
      return messages.substr(begin, messages.find('"', begin) - begin);
    };
    CHECK(after("\"id\":\"") == after("\"tool_call_id\":\""));
    return after("\"id\":\"");
  };
  CHECK(ids("toolu_01abcDEF", {}) == "toolu_01abcDEF");
  const std::string hashed = ids(std::string(41, 'x'), {});
  CHECK(hashed.size() == 29);
  CHECK(hashed.substr(0, 5) == "call_");
  const LaneFlags mistral = with([](LaneFlags& f) { f.tool_id_style = ToolIdStyle::mistral; });
  CHECK(ids("aB3dE6gH9", mistral) == "aB3dE6gH9");
  for (const char* id : {"toolu_01abcDEF", "abc", "ab_cdefgh"}) {
    const std::string nine = ids(id, mistral);
    CAPTURE(id, nine);
    CHECK(nine.size() == 9);
    CHECK(nine.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == nine.npos);
  }
  CHECK(ids("toolu_1", mistral) != ids("toolu_2", mistral));
}

TEST_CASE("chat writer: tools lose what Chat does not know (input_examples, CLIProxyAPI #263)", "[chat_writer]") {
  const Chat chat = chat_of(asking(
      R"(,"tools":[{"name":"Read","description":"reads \"it\"","input_schema":{"type":"object","properties":{"p":{"type":"string"}},"required":["p"]},)"
      R"("input_examples":[{"p":"x"}],"defer_loading":true,"eager_input_streaming":true,"allowed_callers":["direct"]}])"));
  CHECK(chat.member("tools") ==
        R"([{"type":"function","function":{"name":"Read","description":"reads \"it\"",)"
        R"("parameters":{"type":"object","properties":{"p":{"type":"string"}},"required":["p"]}}}])");
}

TEST_CASE("chat writer: a tool is strict only where its schema is, since OpenAI refuses others", "[chat_writer]") {
  const auto tool = [](std::string_view schema) {
    return chat_of(asking(R"(,"tools":[{"name":"T","strict":true,"input_schema":)" + std::string(schema) + "}]"));
  };
  const Chat strict = tool(R"({"type":"object","properties":{},"additionalProperties":false})");
  CHECK(strict.member("tools").find(R"("strict":true)") != std::string::npos);
  CHECK(strict.losses == "");
  const Chat loose = tool(R"({"type":"object","properties":{"a":{}}})");
  CHECK(loose.member("tools").find("strict") == std::string::npos);
  CHECK(loose.losses == "tools.strict");
  CHECK(tool(R"({"anyOf":[{"properties":{"a":{}}}]})").losses == "tools.input_schema;tools.strict");
}

TEST_CASE("chat writer: an MCP name over 64 bytes goes out short everywhere", "[chat_writer]") {
  const std::string name = "mcp__" + std::string(70, 'n');
  const Chat chat = chat_of(
      R"({"model":"m","max_tokens":1,"tools":[{"name":")" + name +
      R"(","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":")" + name +
      R"("},"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":")" +
      name + R"(","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}]})");
  CHECK(chat.body.find(name) == std::string::npos);
  const std::string_view mark = "\"name\":\"";
  std::string first;
  int count = 0;
  for (size_t at = chat.body.find(mark); at != std::string::npos; at = chat.body.find(mark, at + 1), ++count) {
    const std::string sent =
        chat.body.substr(at + mark.size(), chat.body.find('"', at + mark.size()) - at - mark.size());
    if (first.empty()) first = sent;
    CHECK(sent == first);
    CHECK(sent.size() == 64);
  }
  CHECK(count == 3);
}

TEST_CASE("chat writer: tool choice: any is required, never auto", "[chat_writer]") {
  const auto choice = [](std::string_view asked, const LaneFlags& flags = {}) {
    const Chat chat = chat_of(asking(std::string(one_tool) + R"(,"tool_choice":)" + std::string(asked)), flags);
    return chat.member("tool_choice") + " " + chat.losses;
  };
  CHECK(choice(R"({"type":"auto"})") == "\"auto\" ");
  CHECK(choice(R"({"type":"any"})") == "\"required\" ");
  CHECK(choice(R"({"type":"none"})") == "\"none\" ");
  CHECK(choice(R"({"type":"tool","name":"T"})") == R"({"type":"function","function":{"name":"T"}} )");
  const LaneFlags auto_only = with([](LaneFlags& f) { f.tool_choice = ToolChoiceSupport::auto_only; });
  CHECK(choice(R"({"type":"any"})", auto_only) == "\"auto\" tool_choice");
  CHECK(choice(R"({"type":"auto"})", auto_only) == "\"auto\" ");
  CHECK(choice(R"({"type":"none"})", auto_only) == "\"none\" ");  // it forces nothing
  const LaneFlags none = with([](LaneFlags& f) { f.tool_choice = ToolChoiceSupport::none; });
  CHECK(choice(R"({"type":"tool","name":"T"})", none) == " tool_choice");
  CHECK(choice(R"({"type":"auto"})", none) == " ");
}

TEST_CASE("chat writer: without tools no choice either (CliRelay #739)", "[chat_writer]") {
  const Chat chat = chat_of(asking(R"(,"tools":[],"tool_choice":{"type":"any","disable_parallel_tool_use":true})"));
  CHECK(chat.member("tools") == "");
  CHECK(chat.member("tool_choice") == "");
  CHECK(chat.member("parallel_tool_calls") == "");
}

TEST_CASE("chat writer: parallel calls are forbidden where the lane can be told", "[chat_writer]") {
  const std::string body =
      asking(std::string(one_tool) + R"(,"tool_choice":{"type":"auto","disable_parallel_tool_use":true})");
  CHECK(chat_of(body).member("parallel_tool_calls") == "false");
  const Chat chat = chat_of(body, with([](LaneFlags& f) { f.parallel_tools = false; }));
  CHECK(chat.member("parallel_tool_calls") == "");
  CHECK(chat.losses == "parallel_tool_calls");
}

TEST_CASE("chat writer: effort in each style", "[chat_writer]") {
  const std::string high = asking(R"(,"thinking":{"type":"adaptive"},"output_config":{"effort":"max"})");
  const std::string budget =
      R"({"model":"m","max_tokens":32000,"messages":[{"role":"user","content":"a"}],"thinking":{"type":"enabled","budget_tokens":10000}})";
  const std::string off = asking(R"(,"thinking":{"type":"disabled"})");
  const auto style = [](EffortStyle asked, uint8_t levels = 0xff) {
    LaneFlags flags;
    flags.effort_style = asked;
    flags.effort_levels = levels;
    return flags;
  };
  CHECK(chat_of(high, style(EffortStyle::reasoning_effort)).member("reasoning_effort") == "\"max\"");
  CHECK(chat_of(high, style(EffortStyle::reasoning_effort, 0b00011100)).member("reasoning_effort") == "\"high\"");
  CHECK(chat_of(budget, style(EffortStyle::reasoning_effort)).member("reasoning_effort") == "\"high\"");
  CHECK(chat_of(off, style(EffortStyle::reasoning_effort)).member("reasoning_effort") == "\"none\"");
  CHECK(chat_of(high, style(EffortStyle::reasoning)).member("reasoning") == R"({"effort":"max"})");
  CHECK(chat_of(budget, style(EffortStyle::reasoning)).member("reasoning") == R"({"max_tokens":10000})");
  CHECK(chat_of(budget, style(EffortStyle::reasoning), 8000).member("reasoning") == R"({"effort":"high"})");
  CHECK(chat_of(high, style(EffortStyle::thinking)).member("thinking") == R"({"type":"enabled"})");
  CHECK(chat_of(high, style(EffortStyle::thinking)).member("reasoning_effort") == "");
  CHECK(chat_of(off, style(EffortStyle::thinking)).member("thinking") == R"({"type":"disabled"})");
  CHECK(chat_of(budget, style(EffortStyle::enable_thinking)).member("enable_thinking") == "true");
  CHECK(chat_of(budget, style(EffortStyle::enable_thinking)).member("thinking_budget") == "10000");
  CHECK(chat_of(high, style(EffortStyle::enable_thinking)).member("thinking_budget") == "63999");
  CHECK(chat_of(off, style(EffortStyle::enable_thinking)).member("enable_thinking") == "false");
  CHECK(chat_of(off, style(EffortStyle::enable_thinking)).member("thinking_budget") == "");  // CCR #1378
  const Chat none = chat_of(high, style(EffortStyle::none));
  CHECK(none.member("reasoning_effort") == "");
  CHECK(none.losses == "reasoning");
  CHECK(chat_of(off, style(EffortStyle::none)).losses == "");
  CHECK(chat_of(asking("")).member("reasoning_effort") == "");
}

TEST_CASE(
    "chat writer: a switch for thinking says no rung, and with effort beside it never a contradiction (CCR #1378)",
    "[chat_writer]") {
  const auto asked = [](const std::string& effort) {
    return asking(R"(,"thinking":{"type":"adaptive"},"output_config":{"effort":")" + effort + "\"}");
  };
  const std::string off = asking(R"(,"thinking":{"type":"disabled"})");
  LaneFlags flags;
  flags.effort_style = EffortStyle::thinking;
  // On is as much as the model thinks by itself, which is what asking for thinking alone means.
  CHECK(chat_of(asking(R"(,"thinking":{"type":"adaptive"})"), flags).losses == "");
  CHECK(chat_of(asked("high"), flags).losses == "");
  for (const char* effort : {"minimal", "low", "medium", "xhigh", "max"}) {
    const Chat chat = chat_of(asked(effort), flags);
    CHECK(chat.losses == "reasoning.effort");
    CHECK(chat.member("thinking") == R"({"type":"enabled"})");
    CHECK(chat.member("reasoning_effort") == "");
  }
  CHECK(chat_of(off, flags).losses == "");

  flags.effort_style = EffortStyle::thinking_effort;
  flags.effort_levels = 0b1111100;
  const std::pair<const char*, const char*> words[] = {{"minimal", "\"low\""},   {"low", "\"low\""},
                                                       {"medium", "\"medium\""}, {"high", "\"high\""},
                                                       {"xhigh", "\"xhigh\""},   {"max", "\"max\""}};
  for (const auto& [effort, word] : words) {
    const Chat chat = chat_of(asked(effort), flags);
    CHECK(chat.losses == "");
    CHECK(chat.member("thinking") == R"({"type":"enabled"})");
    CHECK(chat.member("reasoning_effort") == word);
  }
  for (const uint8_t levels : {uint8_t(0b1111100), uint8_t(0xff)}) {
    flags.effort_levels = levels;
    const Chat chat = chat_of(off, flags);
    CHECK(chat.member("thinking") == R"({"type":"disabled"})");
    CHECK(chat.member("reasoning_effort") == "");
    CHECK(chat.losses == "");
  }
  flags.effort_levels = 0b1;
  CHECK(chat_of(asked("low"), flags).member("thinking") == R"({"type":"enabled"})");
  CHECK(chat_of(asked("low"), flags).member("reasoning_effort") == "");
  CHECK(chat_of(asked("low"), flags).losses == "reasoning.effort");
  CHECK(chat_of(asking(""), flags).member("thinking") == "");
}

TEST_CASE("chat writer: temperature and top_p go where they are refused", "[chat_writer]") {
  const LaneFlags fixed = with([](LaneFlags& f) { f.temperature_fixed = true; });
  const Chat chat = chat_of(asking(R"(,"temperature":0.5,"top_p":0.9)"), fixed);
  CHECK(chat.member("temperature") == "");
  CHECK(chat.member("top_p") == "");
  CHECK(chat.losses == "temperature;top_p");
  CHECK(chat_of(asking(R"(,"temperature":1)"), fixed).losses == "");  // the default: nothing is lost
  const Chat thinking = chat_of(asking(R"(,"temperature":0.5,"output_config":{"effort":"high"})"));
  CHECK(thinking.member("temperature") == "");
  CHECK(thinking.losses == "temperature");
  CHECK(chat_of(asking(R"(,"temperature":0.5,"thinking":{"type":"disabled"})")).member("temperature") == "0.5");
}

TEST_CASE("chat writer: top_k, stop, stream and service tier", "[chat_writer]") {
  CHECK(chat_of(asking(R"(,"top_k":40)")).losses == "top_k");
  const Chat top_k = chat_of(asking(R"(,"top_k":40)"), with([](LaneFlags& f) { f.top_k = true; }));
  CHECK(top_k.member("top_k") == "40");
  CHECK(top_k.losses == "");
  const Chat stop =
      chat_of(asking(R"(,"stop_sequences":["1","2","3","4","5"])"));  // stop_sequences_clamped_per_vendor_cap
  CHECK(stop.member("stop") == R"(["1","2","3","4"])");
  CHECK(stop.losses == "stop_sequences");
  CHECK(chat_of(asking("")).member("stream") == "");
  CHECK(chat_of(asking(R"(,"stream":true)")).member("stream_options") == R"({"include_usage":true})");
  const Chat without = chat_of(asking(R"(,"stream":true)"), with([](LaneFlags& f) { f.stream_options = false; }));
  CHECK(without.member("stream") == "true");
  CHECK(without.member("stream_options") == "");
  CHECK(chat_of(asking(R"(,"service_tier":"standard_only")")).member("service_tier") == "\"default\"");
  CHECK(chat_of(asking(R"(,"service_tier":"auto")")).member("service_tier") == "\"auto\"");
}

TEST_CASE("chat writer: who asks is never said, and a session only as a hash", "[chat_writer]") {
  const std::string body = asking(R"(,"metadata":{"user_id":"{\"device_id\":\"device-7\",\"session_id\":\"s-77\"}"})");
  CHECK(chat_of(body).body.find("device-7") == std::string::npos);
  CHECK(chat_of(body).member("prompt_cache_key") == "");
  const LaneFlags flags = with([](LaneFlags& f) { f.prompt_cache_key = true; });
  const Chat chat = chat_of(body, flags);
  CHECK(chat.body.find("device-7") == std::string::npos);
  CHECK(chat.body.find("s-77") == std::string::npos);
  CHECK(chat.member("prompt_cache_key").size() == 2 + 3 + 32);
  CHECK(chat.member("prompt_cache_key") == chat_of(body, flags).member("prompt_cache_key"));
}

TEST_CASE("chat writer: structured output (CLIProxyAPI #5280)", "[chat_writer]") {
  const std::string strict =
      R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})";
  const std::string loose = R"({"type":"object","properties":{"a":{"type":"string"}}})";
  const auto body = [](const std::string& schema) {
    return asking(R"(,"output_config":{"format":{"type":"json_schema","schema":)" + schema + "}}");
  };
  CHECK(chat_of(body(strict)).member("response_format") ==
        R"({"type":"json_schema","json_schema":{"name":"output","schema":)" + strict + R"(,"strict":true}})");
  CHECK(chat_of(body(loose)).member("response_format") ==
        R"({"type":"json_schema","json_schema":{"name":"output","schema":)" + loose + "}}");
  CHECK(chat_of(body(loose)).losses == "");
  const Chat object =
      chat_of(body(loose), with([](LaneFlags& f) { f.structured_output = StructuredOutput::json_object; }));
  CHECK(object.member("response_format") == R"({"type":"json_object"})");
  CHECK(object.losses == "response_format");
  CHECK(object.messages().find(R"(JSON schema: {\"type\":\"object\")") != std::string::npos);
  const Chat none = chat_of(body(loose), with([](LaneFlags& f) { f.structured_output = StructuredOutput::none; }));
  CHECK(none.member("response_format") == "");
  CHECK(none.losses == "response_format");
  CHECK(none.messages().find(R"(JSON schema: {\"type\":\"object\")") != std::string::npos);
}

TEST_CASE("chat writer: thinking goes, or goes back as reasoning_content where that is demanded", "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"},)"
      R"({"type":"text","text":"t"},{"type":"tool_use","id":"t1","name":"T","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r"}]},)"
      R"({"role":"assistant","content":"done"},{"role":"user","content":"b"}])");
  const Chat dropped = chat_of(body);
  CHECK(dropped.body.find("hm") == std::string::npos);
  CHECK(dropped.body.find("reasoning_content") == std::string::npos);
  CHECK(dropped.body.find("EqQB") == std::string::npos);
  CHECK(dropped.losses == "messages.thinking");
  const Chat kept = chat_of(body, with([](LaneFlags& f) { f.needs_reasoning_content = true; }));
  CHECK(kept.messages().find(R"({"role":"assistant","content":"t","reasoning_content":"hm","tool_calls")") !=
        std::string::npos);
  // cc-switch injects_placeholder_reasoning_content_when_missing
  CHECK(kept.messages().find(R"({"role":"assistant","content":"done","reasoning_content":" "})") != std::string::npos);
  CHECK(kept.body.find("EqQB") == std::string::npos);
  CHECK(kept.losses == "");
}

TEST_CASE("chat writer: an assistant message of foreign thinking alone is left out", "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"redacted_thinking","data":"EqQB"}]},{"role":"user","content":"b"}])");
  CHECK(chat_of(body).messages() == R"([{"role":"user","content":"a"},{"role":"user","content":"b"}])");
  CHECK(chat_of(body).losses == "messages.redacted_thinking");
  CHECK(chat_of(body, with([](LaneFlags& f) { f.strict_alternation = true; })).messages() ==
        R"([{"role":"user","content":"a\n\nb"}])");
}

TEST_CASE("chat writer: something stands between results and the user's words where both may not meet",
          "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"T","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r"},{"type":"text","text":"b"}]}])");
  CHECK(chat_of(body).messages().find(R"("content":"r"},{"role":"user","content":"b"})") != std::string::npos);
  const LaneFlags strict = with([](LaneFlags& f) { f.strict_alternation = true; });
  CHECK(
      chat_of(body, strict)
          .messages()
          .find(R"x("content":"r"},{"role":"assistant","content":"(results read)"},{"role":"user","content":"b"})x") !=
      std::string::npos);
}

TEST_CASE("chat writer: a last word of the assistant's is kept only by lanes that continue it", "[chat_writer]") {
  const std::string body = saying(R"([{"role":"user","content":"a"},{"role":"assistant","content":"{"}])");
  CHECK(chat_of(body).messages() == R"([{"role":"user","content":"a"}])");
  CHECK(chat_of(body).losses == "messages.prefill");
  const Chat kept = chat_of(body, with([](LaneFlags& f) { f.prefill = true; }));
  CHECK(kept.messages() == R"([{"role":"user","content":"a"},{"role":"assistant","content":"{"}])");
  CHECK(kept.losses == "");
}

TEST_CASE("chat writer: the same request is the same bytes, and a further turn leaves what was there",
          "[chat_writer]") {
  const std::string turns[] = {
      R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]})",
      R"(,{"role":"assistant","content":[{"type":"text","text":"b"},{"type":"tool_use","id":"a.1","name":"x.y","input":{}}]})"
      R"(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a.1","content":[{"type":"image","source":{"type":"url","url":"u"}}]},{"type":"text","text":"c"}]})",
      R"(,{"role":"assistant","content":"d"},{"role":"user","content":"e"})"};
  std::string messages, before;
  for (const std::string& turn : turns) {
    messages += turn;
    const std::string body =
        R"({"model":"m","max_tokens":9,"stream":true,"system":"s","tools":[{"name":"x.y","input_schema":{}}],"messages":[)" +
        messages + "]}";
    const std::string chat = chat_of(body).body;
    CHECK(chat == chat_of(body).body);
    REQUIRE(chat.substr(chat.size() - 2) == "]}");
    CHECK(chat.substr(0, before.size()) == before);
    before = chat.substr(0, chat.size() - 2);
  }
}
