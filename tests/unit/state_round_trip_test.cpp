// The state of reasoning on its way: an upstream gives it out, a client of any dialect keeps it in its history, and the
// next request takes it back to that upstream, and to no other (translation.md section 5, "Signature provenance").
#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/envelope.h"
#include "dialects/dialect.h"
#include "json/walk.h"
#include "signalbox/transform.h"

using namespace signalbox;
using namespace signalbox::canonical;

namespace {

constexpr Dialect dialects_all[] = {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses,
                                    Dialect::gemini};
constexpr std::string_view scope = "0a1b2c3d";

// What an upstream wants back before the first and before the second of two calls: as deltas have it, and as it stands
// in the upstream's own body.
struct States {
  Dialect vendor;
  BlockKind kind;
  const char* said[2];
  const char* in_body[2];
};

const States states_all[] = {
    {Dialect::anthropic,
     BlockKind::thinking,
     {"EqQBCkYIBRgCKkA1", "EqQBCkYIBRgCKkA2"},
     {R"("signature":"EqQBCkYIBRgCKkA1")", R"("signature":"EqQBCkYIBRgCKkA2")"}},
    {Dialect::anthropic,
     BlockKind::redacted_thinking,
     {"EqQBCkYIBRgCKkA1", "EqQBCkYIBRgCKkA2"},
     {R"("data":"EqQBCkYIBRgCKkA1")", R"("data":"EqQBCkYIBRgCKkA2")"}},
    {Dialect::openai_responses,
     BlockKind::thinking,
     {R"({\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"gAAAAAB1\"})",
      R"({\"id\":\"rs_2\",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"gAAAAAB2\"})"},
     {R"({"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"gAAAAAB1"})",
      R"({"id":"rs_2","type":"reasoning","summary":[],"encrypted_content":"gAAAAAB2"})"}},
    {Dialect::gemini,
     BlockKind::redacted_thinking,
     {"call:CpwBAVSoXO51", "call:CpwBAVSoXO52"},
     {R"("thoughtSignature":"CpwBAVSoXO51")", R"("thoughtSignature":"CpwBAVSoXO52")"}}};

// The whole answer as a client of `client` gets it: reasoning and a call, twice.
std::string answer_for(Dialect client, const States& states) {
  Losses losses;
  const EncodeContext context{"m", "req_0123456789abcdef", scope, states.vendor, 7, 1'700'000'000'000, true, losses};
  const auto encoder = dialects::row_of(client).make_encoder(context, Form::whole);
  std::string bytes;
  const auto say = [&](const Delta& delta) { encoder->encode(delta, bytes); };
  say(AnswerBegin{"msg_1"});
  for (int i = 0; i < 2; ++i) {
    say(BlockBegin{states.kind, {}, {}});
    if (states.kind == BlockKind::thinking) say(Fragment{{"Let me see."}});
    say(BlockEnd{{states.vendor, {}, {states.said[i]}}});
    say(BlockBegin{BlockKind::tool_call, i == 0 ? "call_1" : "call_2", "Bash"});
    say(Fragment{{"{}"}});
    say(BlockEnd{});
  }
  say(UsageSeen{{10, 9, -1, -1, -1}});
  say(Stopped{StopReason::tool_use, {}});
  say(AnswerEnd{});
  CHECK(losses.joined() == "");
  return bytes;
}

std::string_view first_of(std::string_view list) {
  std::string_view first;
  json::each_element(list, [&](std::string_view element) {
    if (first.empty()) first = element;
  });
  return first;
}

// The client's next request, with the answer in its history as its SDK puts it there, and the results of the calls.
std::string next_request(Dialect client, const std::string& answer) {
  std::string body;
  if (client == Dialect::anthropic) {
    body =
        R"({"model":"m","max_tokens":4096,"messages":[{"role":"user","content":"go"},{"role":"assistant","content":)";
    body += json::member(answer, "content");
    body += R"(},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"a"},)";
    body += R"({"type":"tool_result","tool_use_id":"call_2","content":"b"}]}]})";
  } else if (client == Dialect::openai_chat) {
    body = R"({"model":"m","messages":[{"role":"user","content":"go"},)";
    body += json::member(first_of(json::member(answer, "choices")), "message");
    body += R"(,{"role":"tool","tool_call_id":"call_1","content":"a"},)";
    body += R"({"role":"tool","tool_call_id":"call_2","content":"b"}]})";
  } else if (client == Dialect::openai_responses) {
    const std::string_view output = json::member(answer, "output");
    body = R"({"model":"m","input":[{"role":"user","content":"go"},)";
    body += output.substr(1, output.size() - 2);
    body += R"(,{"type":"function_call_output","call_id":"call_1","output":"a"},)";
    body += R"({"type":"function_call_output","call_id":"call_2","output":"b"}]})";
  } else {
    body = R"({"contents":[{"role":"user","parts":[{"text":"go"}]},)";
    body += json::member(first_of(json::member(answer, "candidates")), "content");
    body += R"(,{"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"Bash","response":{"output":"a"}}},)";
    body += R"({"functionResponse":{"id":"call_2","name":"Bash","response":{"output":"b"}}}]}]})";
  }
  return body;
}

std::string written_for(Dialect upstream, const std::string& body, Dialect client, std::string_view account) {
  Arena arena;
  Losses losses;
  const ReadResult read = dialects::row_of(client).read_request(body, arena, losses);
  CHECK(read.fault.detail == "");
  const LaneFlags flags;
  ToolNames names;
  std::string out;
  dialects::row_of(upstream).write_request(read.request, {"m", flags, 0, account, arena, names, losses}, out);
  CHECK(json::is_whole_object(out));
  return out;
}

}  // namespace

TEST_CASE("state: what an upstream gave comes back to it from a client of any dialect, and to nobody else") {
  for (const States& states : states_all) {
    for (const Dialect client : dialects_all) {
      INFO(name_of(states.vendor) << " by " << name_of(client));
      const std::string request = next_request(client, answer_for(client, states));
      INFO(request);
      for (const Dialect upstream : dialects_all) {
        const std::string body = written_for(upstream, request, client, scope);
        INFO(name_of(upstream) << ": " << body);
        CHECK(body.find("sb1.") == std::string::npos);
        const size_t first = body.find(states.in_body[0]), second = body.find(states.in_body[1]);
        if (upstream != states.vendor) {
          CHECK(first == std::string::npos);
          CHECK(second == std::string::npos);
          continue;
        }
        REQUIRE(first != std::string::npos);
        REQUIRE(second != std::string::npos);
        CHECK(first < second);
        CHECK(body.find(states.in_body[0], first + 1) == std::string::npos);
        CHECK(body.find(states.in_body[1], second + 1) == std::string::npos);
        // In its place: the first stands with the first call, the second with the second.
        const size_t call = body.find("call_2");
        CHECK(first < call);
        const bool on_the_call = upstream == Dialect::gemini;
        CHECK((on_the_call ? second > call : second < call));
      }
    }
  }
}

// OpenAI binds it to the account (translation.md section 5).
TEST_CASE("state: of another account OpenAI's goes to no lane") {
  const States& states = states_all[2];
  for (const Dialect client : dialects_all) {
    if (client == Dialect::openai_responses) continue;  // its own, bare, is the client's to know
    INFO(name_of(client));
    const std::string request = next_request(client, answer_for(client, states));
    CHECK(written_for(states.vendor, request, client, scope).find("gAAAAAB1") != std::string::npos);
    CHECK(written_for(states.vendor, request, client, "ffffffff").find("gAAAAAB1") == std::string::npos);
  }
}

// Most who speak Chat are not Google.
TEST_CASE("state: a signature of Gemini's that says nobody's name goes to nobody who speaks Chat") {
  const std::string request = R"({"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[)"
                              R"({"functionCall":{"name":"Bash","args":{}},"thoughtSignature":"CpwBAVSoXO51"}]},)"
                              R"({"role":"user","parts":[{"functionResponse":{"name":"Bash","response":{}}}]}]})";
  CHECK(written_for(Dialect::gemini, request, Dialect::gemini, scope).find("CpwBAVSoXO51") != std::string::npos);
  CHECK(written_for(Dialect::openai_chat, request, Dialect::gemini, scope).find("CpwBAVSoXO51") == std::string::npos);
}

// Google's endpoint that speaks Chat gives out what its other one does; OpenAI's is bound to the account.
TEST_CASE("state: the vendor is the host, whichever of its credentials asked") {
  struct Vendor {
    Dialect upstream;
    const States& states;
    const char* sent;
    bool by_account;
  };
  const Vendor vendors[] = {{Dialect::anthropic, states_all[0], "EqQBCkYIBRgCKkA1", false},
                            {Dialect::openai_responses, states_all[2], "gAAAAAB1", true},
                            {Dialect::gemini, states_all[3], R"("thoughtSignature":"CpwBAVSoXO51")", false},
                            {Dialect::openai_chat, states_all[3], R"("thought_signature":"CpwBAVSoXO51")", false}};
  struct Case {
    const char* provider;
    const char* credential;
    bool at_home;
  };
  const Case cases[] = {{"own", "one", true},    {"own", "two", true},   {"too", "", true},
                        {"other", "one", false}, {"near", "one", false}, {"own", "gone", false}};
  for (const Vendor& vendor : vendors) {
    Config config;
    const auto add = [&](const char* name, const char* base_url, std::vector<Credential> credentials) {
      Provider& provider = config.providers.emplace_back();
      provider.name = name;
      provider.dialect = vendor.upstream;
      provider.base_url = base_url;
      provider.credentials = std::move(credentials);
    };
    add("own", "https://own.example", {"one", "two"});
    add("too", "https://OWN.example:443/v1", {});
    add("other", "https://other.example", {"one"});
    add("near", "https://own.example:8443", {"one"});
    for (const Case& made_by : cases) {
      INFO(name_of(vendor.upstream) << ", " << made_by.provider << "/" << made_by.credential);
      Arena arena;
      std::string envelope;
      append_envelope(
          envelope,
          {vendor.states.vendor, scope_of(made_by.provider, made_by.credential, arena), {vendor.states.said[0]}});
      const bool of_responses = vendor.upstream == Dialect::openai_responses;
      const Dialect client = of_responses ? Dialect::anthropic : Dialect::openai_responses;
      std::string body =
          of_responses
              ? R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"go"},{"role":"assistant","content":[)"
                R"({"type":"thinking","thinking":"h","signature":")" +
                    envelope + R"("},{"type":"tool_use","id":"call_1","name":"Bash","input":{}}]},)" +
                    R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"a"}]}]})"
              : R"({"model":"m","input":[{"role":"user","content":"go"},{"type":"reasoning","summary":[],)"
                R"("encrypted_content":")" +
                    envelope + R"("},{"type":"function_call","call_id":"call_1","name":"Bash","arguments":"{}"},)" +
                    R"({"type":"function_call_output","call_id":"call_1","output":"a"}]})";
      Target target;
      target.upstream_model = "m";
      for (target.provider = 0; target.provider < 2; ++target.provider) {
        const Transformed sent = transform(body, client, config, target);
        INFO(sent.body);
        REQUIRE_FALSE(sent.fault);
        const bool asked_by_it = made_by.provider == config.providers[target.provider].name &&
                                 (target.provider == 1 || made_by.credential == std::string_view("one"));
        const bool at_home = vendor.by_account ? asked_by_it : made_by.at_home;
        CHECK((sent.body.find(vendor.sent) != std::string::npos) == at_home);
        CHECK((sent.losses == std::vector<std::string>{"messages.thinking"}) != at_home);
      }
    }
  }
}
