// What a request becomes on its way to an upstream that speaks Responses. Requests are written as Messages
// bodies, which most clients here send, but for what those have no words for.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/parts.h"
#include "dialects/openai_responses/openai_responses.h"
#include "json/walk.h"
#include "json/writer.h"

using namespace signalbox;
using namespace signalbox::canonical;

namespace {

struct Written {
  std::string body;
  std::string losses;

  std::string member(std::string_view name) const { return std::string(json::member(body, name)); }
  std::string input() const { return member("input"); }
};

constexpr std::string_view scope = "0a1b2c3d";

Written written(const Request& request, const LaneFlags& flags = {}, int64_t output_tokens_max = 0) {
  Arena arena;
  Losses losses;
  ToolNames names;
  Written out;
  dialects::openai_responses::write_request(request, {"up", flags, output_tokens_max, scope, arena, names, losses},
                                            out.body);
  CAPTURE(out.body);
  REQUIRE(json::is_whole_object(out.body));
  out.losses = losses.joined();
  return out;
}

Written of_messages(std::string_view asked, const LaneFlags& flags = {}) {
  Arena arena;
  Losses ignored;
  const ReadResult read = dialects::anthropic_row.read_request(asked, arena, ignored);
  INFO(read.fault.detail);
  REQUIRE_FALSE(read.fault);
  return written(read.request, flags);
}

// A body with `members` (each with its comma before) and one plain message.
Written asking(std::string_view members, const LaneFlags& flags = {}) {
  return of_messages(
      R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}])" + std::string(members) + "}",
      flags);
}

Written saying(std::string_view messages, const LaneFlags& flags = {}) {
  return of_messages(R"({"model":"m","max_tokens":100,"messages":)" + std::string(messages) + "}", flags);
}

// A request with one plain message, for what a Messages body cannot say.
struct Plain {
  Block block{Text{{"hi"}}, {}};
  Message message{Role::user, {&block, 1}};
  Request request;
  Plain() { request.messages = {&message, 1}; }
};

std::string user_item(std::string_view text) {
  return R"({"type":"message","role":"user","content":[{"type":"input_text","text":")" + std::string(text) + "\"}]}";
}
std::string assistant_item(std::string_view text) {
  return R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":")" + std::string(text) +
         "\"}]}";
}

// A signature as this gateway gave it to the client.
std::string envelope(std::string_view item, std::string_view from = scope, Dialect vendor = Dialect::openai_responses) {
  std::string escaped, out;
  json::escape(item, escaped);
  append_envelope(out, {vendor, from, {escaped}});
  return out;
}

std::string thinking(std::string_view text, const std::string& signature) {
  return R"({"type":"thinking","thinking":")" + std::string(text) + R"(","signature":")" + signature + "\"}";
}

const std::string reasoning = R"({"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"a \"b\""}],)"
                              R"("encrypted_content":"gAAAA"})";

}  // namespace

TEST_CASE("responses writer: the members stand in one order, and the input is the last", "[responses_writer]") {
  CHECK(asking(R"(,"stream":true,"system":"s","temperature":0.7,"top_p":0.9)").body ==
        R"({"model":"up","stream":true,"store":false,"include":["reasoning.encrypted_content"],)"
        R"("max_output_tokens":100,"temperature":0.7,"top_p":0.9,"instructions":"s","input":[)" +
            user_item("hi") + "]}");
}

TEST_CASE("responses writer: system texts are the instructions, or an item where the lane wants one",
          "[responses_writer]") {
  const std::string system = R"(,"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}])";
  CHECK(asking(system).member("instructions") == R"("a\n\nb")");
  LaneFlags flags;
  flags.system_role = SystemRole::developer;
  CHECK(asking(system, flags).member("instructions").empty());
  CHECK(asking(system, flags).input() ==
        R"([{"type":"message","role":"developer","content":[{"type":"input_text","text":"a"},)"
        R"({"type":"input_text","text":"b"}]},)" +
            user_item("hi") + "]");
  flags.system_role = SystemRole::user;
  CHECK(asking(R"(,"system":"a")", flags).input() ==
        "[" + user_item(R"(<system-reminder>\na\n</system-reminder>)") + "," + user_item("hi") + "]");
  // Nothing else is said: an input must be there.
  Block block{Text{{"only"}}, {}};
  Request request;
  request.system = {&block, 1};
  CHECK(written(request).input() ==
        R"([{"type":"message","role":"developer","content":[{"type":"input_text","text":"only"}]}])");
  const std::string billing = R"(,"system":[{"type":"text","text":"x-anthropic-billing-header: cch=1;"},)"
                              R"({"type":"text","text":"b"}])";
  flags = {};
  flags.strip_billing = true;
  CHECK(asking(billing, flags).member("instructions") == R"("b")");
}

TEST_CASE("responses writer: a system message in the middle is a developer item", "[responses_writer]") {
  const std::string messages = R"([{"role":"user","content":"a"},{"role":"system","content":"s"},)"
                               R"({"role":"user","content":"b"}])";
  CHECK(saying(messages).input() == "[" + user_item("a") +
                                        R"(,{"type":"message","role":"developer","content":[)"
                                        R"({"type":"input_text","text":"s"}]},)" +
                                        user_item("b") + "]");
  LaneFlags flags;
  flags.system_anywhere = false;
  CHECK(saying(messages, flags).input() == "[" + user_item("a") + "," +
                                               user_item(R"(<system-reminder>\ns\n</system-reminder>)") + "," +
                                               user_item("b") + "]");
}

TEST_CASE("responses writer: items keep the order of blocks", "[responses_writer]") {
  CHECK(saying(R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"text","text":"x"},)"
               R"({"type":"tool_use","id":"t1","name":"Bash","input":{"a": 1}},{"type":"text","text":"y"},)"
               R"({"type":"tool_use","id":"t2","name":"Read","input":{}}]},{"role":"user","content":[)"
               R"({"type":"tool_result","tool_use_id":"t2","content":"r2"},{"type":"text","text":"b"},)"
               R"({"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{"type":"text","text":"e"},)"
               R"({"type":"text","text":"f"}]}]}])")
            .input() == "[" + user_item("a") + "," + assistant_item("x") +
                            R"(,{"type":"function_call","call_id":"t1","name":"Bash","arguments":"{\"a\": 1}"},)" +
                            assistant_item("y") +
                            R"(,{"type":"function_call","call_id":"t2","name":"Read","arguments":"{}"},)"
                            R"({"type":"function_call_output","call_id":"t1","output":"[error] e\nf"},)"
                            R"({"type":"function_call_output","call_id":"t2","output":"r2"},)" +
                            user_item("b") + "]");
}

TEST_CASE("responses writer: texts of one run are parts of one message, and a cut text is one part",
          "[responses_writer]") {
  CHECK(saying(R"([{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"},)"
               R"({"type":"text","text":"b","citations":[{"type":"web"}]},{"type":"text","text":"c"}]},)"
               R"({"role":"user","content":"z"}])")
            .input() == "[" + user_item("q") + "," + assistant_item("abc") + "," + user_item("z") + "]");
  CHECK(saying(R"([{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"},)"
               R"({"type":"text","text":"b"}]},{"role":"user","content":"z"}])")
            .input() == "[" + user_item("q") +
                            R"(,{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"},)"
                            R"({"type":"output_text","text":"b"}]},)" +
                            user_item("z") + "]");
}

TEST_CASE("responses writer: media are parts, also within a result", "[responses_writer]") {
  const std::string image = R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}})";
  const std::string image_part = R"({"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"auto"})";
  CHECK(saying(R"([{"role":"user","content":[)" + image +
               R"(,{"type":"document","title":"t","source":{"type":"base64",)"
               R"("media_type":"application/pdf","data":"BB=="}},{"type":"document","source":{"type":"url",)"
               R"("url":"https://a/b.pdf"}}]}])")
            .input() ==
        R"([{"type":"message","role":"user","content":[)" + image_part +
            R"(,{"type":"input_file","filename":"t.pdf","file_data":"data:application/pdf;base64,BB=="},)"
            R"({"type":"input_file","file_url":"https://a/b.pdf"}]}])");
  const Written named = saying(
      R"([{"role":"user","content":[{"type":"document","title":"T","context":"C","source":{"type":"url","url":"https://a/b.pdf"}}]}])");
  CHECK(named.losses == "messages.document.context;messages.document.title");
  const std::string result =
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"R",)"
      R"("input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":[)" +
      image + "]}]}]";
  CHECK(saying(result).input().find(R"("output":[{"type":"input_text","text":"[error]"},)" + image_part + "]") !=
        std::string::npos);
  LaneFlags flags;
  flags.vision = false;
  const Written blind = saying(result, flags);
  CHECK(blind.input().find(R"("output":"[error] [image omitted: model has no vision]")") != std::string::npos);
  CHECK(blind.losses == "messages.image");
}

TEST_CASE("responses writer: its own reasoning goes back in its place, as it was", "[responses_writer]") {
  const std::string call = R"({"type":"tool_use","id":"t","name":"B","input":{}})";
  const std::string rest = R"(]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}])";
  const std::string before = R"([{"role":"user","content":"a"},{"role":"assistant","content":[)";
  const std::string call_item = R"({"type":"function_call","call_id":"t","name":"B","arguments":"{}"})";
  const auto between = [&](const Written& out) {
    const std::string input = out.input();
    const size_t begin = input.find(user_item("a")) + user_item("a").size();
    return input.substr(begin, input.find(R"(,{"type":"function_call_output")") - begin);
  };
  const Written own = saying(before + thinking("x", envelope(reasoning)) + "," + call + rest);
  CHECK(between(own) == "," + reasoning + "," + call_item);
  CHECK(own.losses.empty());
  CHECK(between(saying(before + R"({"type":"redacted_thinking","data":")" + envelope(reasoning) + "\"}," + call +
                       rest)) == "," + reasoning + "," + call_item);

  SECTION("two, a text between them") {
    CHECK(between(saying(before + thinking("x", envelope(reasoning)) + R"(,{"type":"text","text":"o"},)" +
                         thinking("y", envelope(reasoning)) + "," + call + rest)) ==
          "," + reasoning + "," + assistant_item("o") + "," + reasoning + "," + call_item);
  }
  SECTION("not another account's, another vendor's or Anthropic's own") {
    for (const std::string& signature :
         {envelope(reasoning, "ffffffff"), envelope("x", scope, Dialect::gemini), std::string("EqQB")}) {
      const Written out = saying(before + thinking("x", signature) + "," + call + rest);
      CHECK(between(out) == "," + call_item);
      CHECK(out.losses == "messages.thinking");
    }
  }
  SECTION("not one that the upstream would refuse") {
    for (const std::string item :
         {R"({"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":""})",
          R"({"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":null})",
          R"({"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"sb1.anthropic.0a1b2c3d.AAAA"})",
          R"({"id":"rs_1","type":"reasoning","summary":[]})", R"({"type":"message","encrypted_content":"a"})",
          R"({"type":"reasoning","encrypted_content":"a")", "[]"}) {
      const Written out = saying(before + thinking("x", envelope(item)) + "," + call + rest);
      CHECK(between(out) == "," + call_item);
      CHECK(out.losses == "messages.thinking");
    }
  }
  SECTION("not where nothing of its turn follows it") {
    const Written out = saying(before + thinking("x", envelope(reasoning)) + "," + call + "," +
                               thinking("y", envelope(reasoning)) + rest);
    CHECK(between(out) == "," + reasoning + "," + call_item);
    CHECK(out.losses == "messages.thinking");
  }
}

TEST_CASE("responses writer: a prefill needs a lane that continues it", "[responses_writer]") {
  const std::string messages = R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"}])";
  CHECK(saying(messages).input() == "[" + user_item("a") + "]");
  CHECK(saying(messages).losses == "messages.prefill");
  LaneFlags flags;
  flags.prefill = true;
  CHECK(saying(messages, flags).input() == "[" + user_item("a") + "," + assistant_item("b") + "]");
  CHECK(saying(messages, flags).losses.empty());
}

TEST_CASE("responses writer: tools are flat, and strict only where the schema is", "[responses_writer]") {
  const std::string closed = R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],)"
                             R"("additionalProperties":false})";
  CHECK(asking(R"(,"tools":[{"name":"A","description":"d","input_schema":{"type":"object","properties":{}},)"
               R"("cache_control":{"type":"ephemeral"}},{"name":"B","strict":true,"input_schema":)" +
               closed + "}]")
            .member("tools") ==
        R"([{"type":"function","name":"A","description":"d","parameters":{"type":"object","properties":{}},)"
        R"("strict":false},{"type":"function","name":"B","parameters":)" +
            closed + R"(,"strict":true}])");
  const Written loose = asking(R"(,"tools":[{"name":"B","strict":true,"input_schema":{"type":"object",)"
                               R"("properties":{"a":{"type":"string"}}}}])");
  CHECK(loose.member("tools").find(R"("strict":false)") != std::string::npos);
  CHECK(loose.losses == "tools.strict");
}

TEST_CASE("responses writer: the choice of tools", "[responses_writer]") {
  const auto choice = [](std::string_view said, const LaneFlags& flags = {}) {
    return asking(R"(,"tools":[{"name":"A","input_schema":{}}],"tool_choice":)" + std::string(said), flags);
  };
  CHECK(choice(R"({"type":"auto"})").member("tool_choice") == R"("auto")");
  CHECK(choice(R"({"type":"any"})").member("tool_choice") == R"("required")");
  CHECK(choice(R"({"type":"none"})").member("tool_choice") == R"("none")");
  CHECK(choice(R"({"type":"tool","name":"A"})").member("tool_choice") == R"({"type":"function","name":"A"})");
  CHECK(choice(R"({"type":"auto","disable_parallel_tool_use":true})").member("parallel_tool_calls") == "false");
  LaneFlags flags;
  flags.tool_choice = ToolChoiceSupport::auto_only;
  CHECK(choice(R"({"type":"any"})", flags).member("tool_choice") == R"("auto")");
  CHECK(choice(R"({"type":"any"})", flags).losses == "tool_choice");
  CHECK(asking(R"(,"tool_choice":{"type":"auto"})").member("tool_choice").empty());
}

TEST_CASE("responses writer: the search of the web is the provider's own", "[responses_writer]") {
  Plain plain;
  ServerTool search;
  search.allowed_domains = R"(["a.org"])";
  search.user_location = R"({"type":"approximate","city":"Rome"})";
  search.uses_max = 3;
  plain.request.server_tools = {&search, 1};
  const Written out = written(plain.request);
  CHECK(out.member("tools") == R"([{"type":"web_search","filters":{"allowed_domains":["a.org"]},)"
                               R"("user_location":{"type":"approximate","city":"Rome"}}])");
  CHECK(out.member("include") == R"(["reasoning.encrypted_content","web_search_call.action.sources"])");
  CHECK(out.member("max_tool_calls") == "3");
  CHECK(out.losses.empty());

  SECTION("a model that does not reason is asked for its sources alone") {
    LaneFlags flags;
    flags.effort_style = EffortStyle::none;
    CHECK(written(plain.request, flags).member("include") == R"(["web_search_call.action.sources"])");
  }
  SECTION("named, it is the only one that can be meant") {
    plain.request.tool_choice = {ToolChoice::Mode::named, "web_search"};
    CHECK(written(plain.request).member("tool_choice") == R"("required")");
    CHECK(written(plain.request).losses.empty());
    Tool other;
    other.name = "A";
    plain.request.tools = {&other, 1};
    CHECK(written(plain.request).member("tool_choice") == R"("auto")");
    CHECK(written(plain.request).losses == "tool_choice");
    other.name = "web_search";  // a function of the client's own
    CHECK(written(plain.request).member("tool_choice") == R"({"type":"function","name":"web_search"})");
  }
  SECTION("it is left out where it may not search everywhere, and nobody is asked for its sources") {
    search.blocked_domains = R"(["b.org"])";
    const Written none = written(plain.request);
    CHECK(none.member("tools").empty());
    CHECK(none.member("max_tool_calls").empty());
    CHECK(none.member("include") == R"(["reasoning.encrypted_content"])");
    CHECK(none.losses == "tools.web_search.blocked_domains");
    search.blocked_domains = "[]";
    CHECK(written(plain.request).losses.empty());
  }
  SECTION("what else runs on servers is lost") {
    search.kind = ServerTool::Kind::web_fetch;
    CHECK(written(plain.request).losses == "tools.web_fetch");
    search.kind = ServerTool::Kind::code_execution;
    CHECK(written(plain.request).losses == "tools.code_execution");
  }
}

TEST_CASE("responses writer: the bound of an answer is at least what OpenAI takes", "[responses_writer]") {
  Plain plain;
  CHECK(written(plain.request).member("max_output_tokens").empty());
  plain.request.max_tokens = 1;
  CHECK(written(plain.request).member("max_output_tokens") == "16");
  CHECK(written(plain.request).losses == "max_tokens");
  plain.request.max_tokens = 16;
  CHECK(written(plain.request).losses.empty());
  plain.request.max_tokens = 100'000;
  CHECK(written(plain.request, {}, 8192).member("max_output_tokens") == "8192");
}

TEST_CASE("responses writer: reasoning is an effort, and a summary for who wants to read one", "[responses_writer]") {
  Plain plain;
  CHECK(written(plain.request).member("reasoning").empty());
  plain.request.reasoning.effort = Effort::high;
  CHECK(written(plain.request).member("reasoning") == R"({"effort":"high","summary":"auto"})");
  plain.request.reasoning.shown = false;
  CHECK(written(plain.request).member("reasoning") == R"({"effort":"high"})");
  plain.request.reasoning = {Effort::unset, 31999, {}};
  CHECK(written(plain.request).member("reasoning") == R"({"effort":"xhigh","summary":"auto"})");
  LaneFlags flags;
  flags.effort_levels = 1 << 2 | 1 << 3 | 1 << 4;  // low, medium, high
  CHECK(written(plain.request, flags).member("reasoning") == R"({"effort":"high","summary":"auto"})");
  plain.request.reasoning = {Effort::none, -1, {}};
  CHECK(written(plain.request).member("reasoning") == R"({"effort":"none"})");
  // A model that does not reason is asked for nothing of it.
  flags.effort_style = EffortStyle::none;
  CHECK(written(plain.request, flags).losses.empty());
  plain.request.reasoning.effort = Effort::high;
  const Written dull = written(plain.request, flags);
  CHECK(dull.member("reasoning").empty());
  CHECK(dull.member("include").empty());
  CHECK(dull.losses == "reasoning");
}

TEST_CASE("responses writer: the form of the answer and its verbosity", "[responses_writer]") {
  Plain plain;
  plain.request.verbosity = {"low"};
  CHECK(written(plain.request).member("text") == R"({"verbosity":"low"})");
  plain.request.format.kind = OutputFormat::Kind::json_schema;
  plain.request.format.schema = R"({"type":"object","properties":{},"additionalProperties":false,"required":[]})";
  CHECK(written(plain.request).member("text") ==
        R"({"format":{"type":"json_schema","name":"output","schema":{"type":"object","properties":{},)"
        R"("additionalProperties":false,"required":[]},"strict":true},"verbosity":"low"})");
  plain.request.format.kind = OutputFormat::Kind::json_object;
  CHECK(written(plain.request).member("text") == R"({"format":{"type":"json_object"},"verbosity":"low"})");
  LaneFlags flags;
  flags.structured_output = StructuredOutput::none;
  const Written words = written(plain.request, flags);
  CHECK(words.member("text") == R"({"verbosity":"low"})");
  CHECK(words.member("instructions") == R"("Answer with one JSON object and nothing else.")");
  CHECK(words.losses == "response_format");
}

TEST_CASE("responses writer: what the dialect has no member for is named", "[responses_writer]") {
  Plain plain;
  const Escaped stop[] = {{"END"}};
  plain.request.top_k = "40";
  plain.request.stop = stop;
  plain.request.seed = "7";
  plain.request.presence_penalty = "0.5";
  plain.request.frequency_penalty = "-0.5";
  CHECK(written(plain.request).losses == "top_k;stop_sequences;seed;presence_penalty;frequency_penalty");
  plain.request = Plain().request;
  plain.request.messages = {&plain.message, 1};
  plain.request.presence_penalty = "0.0";
  plain.request.frequency_penalty = "0";
  CHECK(written(plain.request).losses.empty());
}

TEST_CASE("responses writer: sessions and tiers", "[responses_writer]") {
  Plain plain;
  plain.request.session = "s-1";
  plain.request.service_tier = {"standard_only"};
  CHECK(written(plain.request).member("prompt_cache_key").empty());
  CHECK(written(plain.request).member("service_tier") == R"("default")");
  LaneFlags flags;
  flags.prompt_cache_key = true;
  const std::string key = written(plain.request, flags).member("prompt_cache_key");
  CHECK(key.substr(0, 4) == "\"sb-");
  CHECK(key == written(plain.request, flags).member("prompt_cache_key"));
  CHECK(key.find("s-1") == std::string::npos);
}

TEST_CASE("responses writer: ids that are too long become others, the same in call and result", "[responses_writer]") {
  const std::string id(70, 'x'), taken(64, 'y');
  const auto asked = [](const std::string& one) {
    return R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":")" + one +
           R"(","name":"B","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":")" + one +
           R"(","content":"r"}]}])";
  };
  const std::string input = saying(asked(id)).input();
  CHECK(input.find(id) == std::string::npos);
  const size_t call = input.find(R"("call_id":"call_)"), result = input.rfind(R"("call_id":"call_)");
  REQUIRE(call != std::string::npos);
  CHECK(call != result);
  CHECK(input.substr(call, 40) == input.substr(result, 40));
  CHECK(saying(asked(taken)).input().find(taken) != std::string::npos);
}
