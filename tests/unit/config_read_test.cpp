// Reading a configuration: every kind of problem with its exact place, all of them at once.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "config/defaults.h"
#include "config/json_source.h"
#include "config/read.h"
#include "config/resolve.h"
#include "config/secrets.h"

using namespace signalbox;
using namespace signalbox::config;

namespace {

std::vector<std::string> sentences(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& each : problems) out.push_back(sentence(each));
  return out;
}

std::vector<std::string> problems_of(std::string_view text) { return sentences(read_json(text).problems); }

using Strings = std::vector<std::string>;

// One provider that is right, so that only the part under test can be wrong.
std::string with_server(std::string_view server) {
  return "{\"server\":{" + std::string(server) + "},\"providers\":{\"m\":{\"builtin\":\"mock\"}}}";
}
std::string with_provider(std::string_view provider) {
  return "{\"providers\":{\"a\":{" + std::string(provider) + "}}}";
}
std::string with_routes(std::string_view routes) {
  return "{\"providers\":{\"mock\":{\"builtin\":\"mock\"}},\"models\":{\"sonnet\":{\"provider\":\"mock\",\"upstream_"
         "model\":\"s\"}},\n"
         "\"routes\":[" +
         std::string(routes) + "]}";
}
constexpr std::string_view good = R"("dialect":"anthropic","base_url":"https://a.example","key":"${K}")";

}  // namespace

TEST_CASE("config: the embedded default is a mock that takes every model") {
  REQUIRE(problems_of(default_text).empty());
  const Config config = default_config();
  REQUIRE(config.providers.size() == 1);
  CHECK(config.providers[0].mock);
  CHECK(config.providers[0].name == "mock");
  REQUIRE(config.server.listen.size() == 1);
  CHECK(config.server.listen[0] == default_listen);
  REQUIRE(config.routes.size() == 2);
  CHECK(config.routes[0].match == "mock");  // for the catalogue
  CHECK(config.routes[1].match == "*");
  REQUIRE(config.routes[1].targets.size() == 1);
  CHECK(config.routes[1].targets[0].upstream_model.empty());
}

TEST_CASE("config: every key arrives where it belongs") {
  const ReadResult result = read_json(R"({
    "server": {"listen": ["127.0.0.1:1", "[::1]:2"], "hosts": ["gateway.lan"], "origins": ["https://ui.example"],
      "client_keys": [{"name": "laptop", "key": "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F"}],
      "limits": {"request_bytes_max": 4096}, "log_level": "off", "threads": 3, "drain_ms": 7,
      "state_file": "var/state"},
    "providers": {
      "off": {"dialect": "gemini", "base_url": "https://g.example", "passthrough": true, "enabled": false},
      "a": {"dialect": "openai_chat", "base_url": "http://localhost:11434/v1/", "credentials": [{"name": "main", "key": "${A}"}, {"name": "spare", "key": "${B}"}],
        "headers": {"x-extra": "value"}, "proxy": "http://127.0.0.1:3128", "ca_file": "/etc/x.pem",
        "timeouts": {"connect_ms": 1, "first_byte_ms": 2, "idle_ms": 3, "total_ms": 4}, "flags": {"count_tokens": false}}},
    "models": {
      "plain": {"provider": "a", "upstream_model": "p"},
      "own": {"provider": "a", "upstream_model": "o", "context_tokens_max": 200000, "output_tokens_max": 64000, "flags": {"count_tokens": true}}},
    "routes": [{"match": "claude-*", "targets": ["own", "plain", "a/b/c", "a/*", "off/*"], "accounting": "off"}]})");
  REQUIRE(sentences(result.problems) == Strings{});
  CHECK(sentences(result.warnings) == Strings{});
  CHECK(result.config.warnings == sentences(result.warnings));
  const Config& c = result.config;
  CHECK(c.server.listen == Strings{"127.0.0.1:1", "[::1]:2"});
  REQUIRE(c.server.client_keys.size() == 1);
  CHECK(c.server.client_keys[0].name == "laptop");
  CHECK(c.server.client_keys[0].digest[0] == 0x00);
  CHECK(c.server.client_keys[0].digest[31] == 0x1f);
  CHECK(c.server.limits.request_bytes_max == 4096);
  CHECK(c.server.limits.frame_bytes_max == Limits{}.frame_bytes_max);
  CHECK(c.server.log_level == LogLevel::off);
  CHECK(c.server.threads == 3);
  CHECK(c.server.drain_ms == 7);
  CHECK(c.server.state_file == "var/state");
  REQUIRE(c.providers.size() == 2);
  CHECK_FALSE(c.providers[0].enabled);
  CHECK(c.providers[0].passthrough);
  const Provider& a = c.providers[1];
  CHECK(a.dialect == Dialect::openai_chat);
  CHECK(a.base_url == "http://localhost:11434/v1/");
  CHECK(a.credentials == std::vector<Credential>{"main", "spare"});
  REQUIRE(a.headers.size() == 1);
  CHECK(a.headers[0].value == "value");
  CHECK(a.proxy == "http://127.0.0.1:3128");
  CHECK(a.ca_file == "/etc/x.pem");
  CHECK(a.timeouts.total_ms == 4);
  CHECK_FALSE(a.flags.count_tokens);
  REQUIRE(c.models.size() == 2);
  CHECK_FALSE(c.models[0].flags.count_tokens);
  CHECK(c.models[1].flags.count_tokens);
  CHECK(c.models[1].context_tokens_max == 200000);
  REQUIRE(c.routes.size() == 3);  // with those of the models entries
  CHECK(c.routes[2].accounting == Accounting::off);
  REQUIRE(c.routes[2].targets.size() == 5);
  CHECK(c.routes[2].targets[0].provider == 1);
  CHECK(c.routes[2].targets[0].flags.count_tokens);
  CHECK(c.routes[2].targets[2].upstream_model == "b/c");
  CHECK(c.routes[2].targets[3].upstream_model.empty());
  CHECK(c.routes[2].targets[4].provider == 0);
}

TEST_CASE("config: slips of a first file are told as what they are") {
  CHECK(problems_of(with_server("\"listen\":9000")) ==
        Strings{"1:21: server.listen: must be an address and a port, as in 127.0.0.1:8484 or [::1]:8484, in quotes"});
  CHECK(problems_of("{\"providers\":null}") == Strings{"1:14: providers: is required, and has no value"});
  CHECK(problems_of("{\"providers\":{\"a b\":{\"builtin\":\"mock\"}}}") ==
        Strings{"1:15: providers.a b: the name must be 1 to 64 letters, digits, '.', '_' and '-'"});
}

TEST_CASE("config: many problems come at once, in the order of the file") {
  CHECK(
      problems_of(
          "{\n"
          " \"server\": {\"listn\": \"127.0.0.1:1\", \"threads\": \"four\", \"log_level\": \"inof\"},\n"
          " \"providers\": {\"a\": {\"dialect\": \"antropic\", \"base_url\": \"ftp://x\", \"api_key\": \"k\"},\n"
          "  \"b\": 3},\n"
          " \"models\": {\"m\": {\"provider\": \"aa\", \"upstream_model\": 4}},\n"
          " \"routes\": [{\"match\": \"*\", \"targets\": [\"mm\", \"c/x\"]}, {}]\n"
          "}") ==
      Strings{
          R"(2:13: server.listn: unknown key (did you mean "listen"?))",
          R"(2:48: server.threads: must be a number, not a string)",
          R"(2:69: server.log_level: must be one of debug, info, warn, error, off (did you mean "info"?))",
          R"(3:16: providers.a: has no credential: give key or credentials, or passthrough: true, or credentials: [] if the provider needs none)",
          R"(3:33: providers.a.dialect: must be one of anthropic, openai_chat, openai_responses, gemini (did you mean "anthropic"?))",
          R"(3:57: providers.a.base_url: must begin with http:// or https://)",
          R"(3:68: providers.a.api_key: unknown key (did you mean "key"?))",
          R"(4:8: providers.b: must be a mapping, not a number)",
          R"(5:31: models.m.provider: there is no provider "aa" (did you mean "a"?))",
          R"(5:55: models.m.upstream_model: must be a string, not a number; put it in quotes)",
          R"(6:40: routes[0].targets[0]: there is no model "mm" (did you mean "m"?))",
          R"(6:46: routes[0].targets[1]: there is no model "c/x" and no provider "c" (did you mean "a/x"?))",
          R"(6:55: routes[1]: the key "targets" is missing)",
          R"(6:55: routes[1]: the key "match" is missing, or a name for rules, tasks and tags to call it by)"});
}

TEST_CASE("config: text that is no JSON, or says a thing twice") {
  CHECK(problems_of("") == Strings{"1:1: this is not JSON: the text ends where a value is due"});
  for (const char* other :
       {"server:\n  listen: 1", "# a comment", "/config/signalbox.yaml", "- a", "\"quoted\": key"}) {
    INFO(other);
    const Strings problems = problems_of(other);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("the JSON that `signalbox config FILE` prints") != std::string::npos);
  }
  CHECK(problems_of("{,}").front().find("signalbox config") == std::string::npos);
  CHECK(problems_of("{\n  \"providers\": {,}}").size() == 1);
  CHECK(problems_of("{\n  \"providers\": {,}}").front().substr(0, 35) == "2:17: providers: this is not JSON: ");
  CHECK(
      problems_of(
          "{\"providers\":{\"m\":{\"builtin\":\"mock\"}},\n \"providers\": {\"x\":[{}]},\"server\":{\"thread\":1}}") ==
      Strings{R"(2:2: providers: the key "providers" stands here a second time; the first is at line 1, column 2)",
              R"(2:36: server.thread: unknown key (did you mean "threads"?))"});
  CHECK(problems_of("[1]") == Strings{"1:1: must be a mapping, not a list"});
  CHECK(problems_of("{}") == Strings{R"(1:1: the key "providers" is missing)"});
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "[";
  CHECK(problems_of(deep).size() >= 1);
  CHECK(problems_of(std::string(text_bytes_max + 1, ' ')).front() == "1:1: the text is larger than 4194304 bytes");
}

TEST_CASE("config: bounds and kinds of single values") {
  CHECK(problems_of(with_server(R"("threads":257)")) == Strings{"1:22: server.threads: must be between 0 and 256"});
  CHECK(problems_of(with_server(R"("threads":-1)")) == Strings{"1:22: server.threads: must be between 0 and 256"});
  CHECK(problems_of(with_server(R"("threads":1.5)")) ==
        Strings{"1:22: server.threads: must be a whole number in plain digits"});
  CHECK(problems_of(with_server(R"("threads":99999999999999999999)")) ==
        Strings{"1:22: server.threads: must be a whole number in plain digits"});
  CHECK(problems_of(with_server(R"("threads":null)")) ==
        Strings{"1:22: server.threads: has no value; give it one, or leave the key out"});
  CHECK(problems_of(with_server(R"("limits":{"request_bytes_max":1})")) ==
        Strings{"1:42: server.limits.request_bytes_max: must be between 1024 and 1073741824"});
  CHECK(problems_of(with_provider(std::string(good) + R"(,"enabled":"yes")")) ==
        Strings{R"(1:96: providers.a.enabled: must be true or false (did you mean "true"?))"});
  CHECK(problems_of(with_server(R"("hosts":["http://x"])")).size() == 1);
  CHECK(problems_of(with_server(R"("origins":["*"])")) ==
        Strings{"1:23: server.origins[0]: must name one origin; every web page in the world is too many"});
}

TEST_CASE("config: a choice of on and off takes what YAML 1.1 makes of it") {
  const ReadResult off = read_json(with_routes(R"({"match":"*","targets":["mock/*"],"accounting":false})"));
  CHECK(off.problems.empty());
  CHECK(off.config.routes.at(0).accounting == Accounting::off);
  CHECK(read_json(with_routes(R"({"match":"*","targets":["mock/*"],"accounting":true})")).problems.empty());
  CHECK(problems_of(with_provider(R"("builtin":"mock","dialect":true)"))
            .front()
            .find("must be a string, not true or false") != std::string::npos);
}

TEST_CASE("config: yes and no are told what they mean") {
  const auto hint = [](std::string_view said) {
    const Strings told =
        problems_of(with_routes(R"({"match":"*","targets":["mock/*"],"accounting":")" + std::string(said) + "\"}"));
    REQUIRE(told.size() == 1);
    const size_t at = told[0].find("(did");
    return at == std::string::npos ? std::string() : told[0].substr(at);
  };
  for (std::string_view each : {"no", "No", "NO", "n", "false"}) CHECK(hint(each) == R"((did you mean "off"?))");
  for (std::string_view each : {"yes", "Yes", "YES", "y", "True"}) CHECK(hint(each) == R"((did you mean "on"?))");
  CHECK(hint("onn") == R"((did you mean "on"?))");
  const auto enabled = [](std::string_view said) {
    return problems_of(with_provider(std::string(good) + R"(,"enabled":")" + std::string(said) + "\"")).front();
  };
  CHECK(enabled("No").find(R"((did you mean "false"?))") != std::string::npos);
  CHECK(enabled("YES").find(R"((did you mean "true"?))") != std::string::npos);
}

TEST_CASE("config: base URLs") {
  for (const char* url : {"https://a.example", "http://127.0.0.1:8080/", "https://a.example/v1", "https://[::1]:1/x",
                          "HTTPS://A.example"}) {
    INFO(url);
    CHECK(problems_of(with_provider(R"("dialect":"gemini","key":"${K}","base_url":")" + std::string(url) + "\""))
              .empty());
  }
  for (const char* url :
       {"", "a.example", "ftp://a", "https://", "https:///v1", "https://u:p@a", "https://a?x=1", "https://a#x",
        "https://a b", "https://a:99999", "https://a:", "https://a\\u0000b", "https://[::1"}) {
    INFO(url);
    CHECK(problems_of(with_provider(R"("dialect":"gemini","key":"${K}","base_url":")" + std::string(url) + "\""))
              .size() == 1);
  }
}

TEST_CASE("config: extra headers") {
  const auto with_header = [](std::string_view header) {
    return problems_of(with_provider(std::string(good) + ",\"headers\":{" + std::string(header) + "}"));
  };
  CHECK(with_header(R"("X-Extra":"a b")").empty());
  CHECK(with_header(R"("Host":"x")") ==
        Strings{"1:97: providers.a.headers.Host: is a header that the gateway sets itself"});
  for (const char* name :
       {"content-length", "Transfer-Encoding", "connection", "x-signalbox-key", "accept-encoding", "a b", "", "x:"}) {
    INFO(name);
    CHECK(with_header("\"" + std::string(name) + "\":\"x\"").size() == 1);
  }
  CHECK(with_header(R"("Authorization":"Bearer x")").front().find("carries a credential") != std::string::npos);
  for (const char* value : {"a\\r\\nb", "a\\nb", "a\\u0000b", " a"}) {
    INFO(value);
    CHECK(with_header("\"x\":\"" + std::string(value) + "\"").size() == 1);
  }
  CHECK(with_header("\"x-a\":\"1\",\n\"X-A\":\"2\"") ==
        Strings{"2:1: providers.a.headers.X-A: is the same header as at line 1"});
}

TEST_CASE("config: what a provider needs, and what does not go together") {
  CHECK(problems_of(with_provider("")) == Strings{R"(1:15: providers.a: the key "dialect" is missing)",
                                                  R"(1:15: providers.a: the key "base_url" is missing)",
                                                  "1:15: providers.a: has no credential: give key or credentials, or "
                                                  "passthrough: true, or credentials: [] if the provider needs none"});
  CHECK(problems_of(with_provider(R"("dialect":"gemini","base_url":"http://a","credentials":[])")).empty());
  CHECK(problems_of(with_provider(R"("dialect":"gemini","base_url":"http://a","passthrough":true)")).empty());
  CHECK(read_json(with_provider(good)).config.providers.at(0).credentials == std::vector<Credential>{"default"});
  CHECK(problems_of(with_provider(std::string(good) + R"(,"passthrough":true)")).front().find("give one of the two") !=
        std::string::npos);
  CHECK(problems_of(with_provider(std::string(good) + R"(,"credentials":[])"))
            .front()
            .find("stands beside credentials") != std::string::npos);
  CHECK(problems_of(with_provider(R"("builtin":"mock","base_url":"http://a")")) ==
        Strings{"1:37: providers.a.base_url: does not go with a built-in provider"});
  CHECK(problems_of(with_provider(R"("builtin":"mok")")).front().find("(did you mean \"mock\"?)") != std::string::npos);
  CHECK(
      problems_of(
          with_provider(
              R"("dialect":"gemini","base_url":"http://a","credentials":[{"name":"x","key":"${A}"},{"name":"x","key":"${B}"}])"))
          .front()
          .find("the name \"x\" is taken already") != std::string::npos);
  CHECK(problems_of(R"({"providers":{"a/b":{"builtin":"mock"}}})").front().substr(0, 19) == "1:15: providers.a/b");
  CHECK(problems_of(R"({"providers":{}})").size() == 1);
}

TEST_CASE("config: an open address needs client keys") {
  for (const char* listen : {"127.0.0.1:0", "127.9.9.9:80", "localhost:80", "[::1]:80"}) {
    INFO(listen);
    CHECK(problems_of(with_server("\"listen\":\"" + std::string(listen) + "\"")).empty());
  }
  for (const char* listen : {"0.0.0.0:80", "[::]:80", "192.168.1.2:80", "127.example.com:80", "gateway.lan:80"}) {
    INFO(listen);
    CHECK(problems_of(with_server("\"listen\":[\"127.0.0.1:1\",\"" + std::string(listen) + "\"]")).size() == 1);
  }
  for (const char* listen : {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "http://a:80"}) {
    INFO(listen);
    CHECK(problems_of(with_server("\"listen\":\"" + std::string(listen) + "\"")).size() == 1);
  }
  CHECK(problems_of(with_server("\"listen\":\"0.0.0.0:80\"")) ==
        Strings{
            "1:21: server.listen: is open to others, so that server.client_keys is required; or listen on 127.0.0.1"});
  const std::string key = R"("client_keys":[{"name":"n","key":"sha256:)" + std::string(64, 'a') + "\"}]";
  CHECK(problems_of(with_server("\"listen\":\"0.0.0.0:80\"," + key)).empty());
}

TEST_CASE("config: targets") {
  const auto with_target = [](std::string_view target) {
    return problems_of(with_routes("{\"match\":\"*\",\"targets\":[\"" + std::string(target) + "\"]}"));
  };
  CHECK(with_target("sonnet").empty());
  CHECK(with_target("mock/a/b").empty());
  CHECK(with_target("sonet") ==
        Strings{R"(2:35: routes[0].targets[0]: there is no model "sonet" (did you mean "sonnet"?))"});
  CHECK(with_target("mock") ==
        Strings{R"(2:35: routes[0].targets[0]: there is no model "mock" (did you mean "mock/*"?))"});
  CHECK(with_target("mock/").size() == 1);
  CHECK(with_target("mock/a*").size() == 1);
  CHECK(problems_of(with_routes(R"({"match":"*","targets":[]})")) ==
        Strings{"2:34: routes[0].targets: names no target"});
  CHECK(problems_of(with_routes("")).size() == 1);
}

TEST_CASE("config: a target without its provider is told how to be written") {
  const auto with = [](std::string_view providers, std::string_view target) {
    const ReadResult result =
        read_json("{\"providers\":{" + std::string(providers) + "},\n\"routes\":[{\"match\":\"*\",\"targets\":[\"" +
                  std::string(target) + "\"]}]}");
    // No provider is said to be unused: the target may have meant it.
    CHECK(result.warnings.empty());
    return sentences(result.problems);
  };
  const std::string one = R"("up":{"builtin":"mock"})";
  CHECK(with(one, "qwen3-coder") ==
        Strings{R"(2:35: routes[0].targets[0]: there is no model "qwen3-coder" (did you mean "up/qwen3-coder"?))"});
  CHECK(with(one, "qwen/qwen3") ==
        Strings{R"(2:35: routes[0].targets[0]: there is no model "qwen/qwen3" and no provider "qwen" )"
                R"((did you mean "up/qwen/qwen3"?))"});
  CHECK(with(one, "*") == Strings{R"(2:35: routes[0].targets[0]: there is no model "*" (did you mean "up/*"?))"});
  // That would be no target either.
  CHECK(with(one, "qwen*") == Strings{R"(2:35: routes[0].targets[0]: there is no model "qwen*"; a target is a name )"
                                      R"(under models, or provider/model, the provider being "up")"});
  CHECK(with(one + R"(,"b":{"builtin":"mock"},"c":{"builtin":"mock"})", "qwen3-coder") ==
        Strings{R"(2:35: routes[0].targets[0]: there is no model "qwen3-coder"; a target is a name under models, )"
                R"(or provider/model, the provider being "up", "b" or "c")"});
}

TEST_CASE("config: what a route, failover and the flags of a lane say arrives") {
  const ReadResult result = read_json(R"({
    "failover": {"attempts_max": 2, "retry_wait_ms_max": 0, "gate_ms": 3, "gate_bytes_max": 4096, "gate_frames_max": 5,
      "keep_alive_ms": 6, "retry_budget_percent": 7},
    "providers": {"a": {"dialect": "openai_chat", "base_url": "https://a.example", "key": "${A}", "flags": {
      "count_tokens": false, "max_tokens_field": "max_completion_tokens", "output_tokens_default": 7, "system_role": "developer", "system_anywhere": false,
      "vision": false, "documents": true, "tool_choice": "none", "parallel_tools": false, "tool_id_style": "mistral",
      "needs_reasoning_content": true, "reasoning_field": "reasoning", "think_tags": true, "effort_style": "enable_thinking", "effort_levels": ["low", "max"],
      "cache_control": true, "prompt_cache_key": true, "stream_options": false, "strict_alternation": true,
      "temperature_fixed": true, "top_k": true, "prefill": true, "structured_output": "none", "strip_billing": true,
      "repair_tool_json": true}}},
    "models": {"m": {"provider": "a", "upstream_model": "x", "context_tokens_max": 9000, "output_tokens_max": 800,
      "flags": {"vision": true, "effort_levels": ["none"]}}},
    "routes": [{"match": "m", "targets": ["m", "a/y"], "on_loss": "reject", "echo_model": "upstream", "commit": "head"},
      {"match": "*", "targets": ["a/*"]}]})");
  REQUIRE(sentences(result.problems) == Strings{});
  REQUIRE(sentences(result.warnings) == Strings{});
  const Config& c = result.config;
  CHECK(c.failover.attempts_max == 2);
  CHECK(c.failover.retry_wait_ms_max == 0);
  CHECK(c.failover.gate_ms == 3);
  CHECK(c.failover.gate_bytes_max == 4096);
  CHECK(c.failover.gate_frames_max == 5);
  CHECK(c.failover.keep_alive_ms == 6);
  CHECK(c.failover.retry_budget_percent == 7);
  const LaneFlags& f = c.providers.at(0).flags;
  CHECK_FALSE(f.count_tokens);
  CHECK(f.max_tokens_field == MaxTokensField::max_completion_tokens);
  CHECK(f.output_tokens_default == 7);
  CHECK(f.system_role == SystemRole::developer);
  CHECK_FALSE(f.system_anywhere);
  CHECK_FALSE(f.vision);
  CHECK(f.documents);
  CHECK(f.tool_choice == ToolChoiceSupport::none);
  CHECK_FALSE(f.parallel_tools);
  CHECK(f.tool_id_style == ToolIdStyle::mistral);
  CHECK(f.needs_reasoning_content);
  CHECK(f.reasoning_field == ReasoningField::reasoning);
  CHECK(f.think_tags);
  CHECK(f.effort_style == EffortStyle::enable_thinking);
  CHECK(f.effort_levels == (1 << 2 | 1 << 6));
  CHECK(f.cache_control);
  CHECK(f.prompt_cache_key);
  CHECK_FALSE(f.stream_options);
  CHECK(f.strict_alternation);
  CHECK(f.temperature_fixed);
  CHECK(f.top_k);
  CHECK(f.prefill);
  CHECK(f.structured_output == StructuredOutput::none);
  CHECK(f.strip_billing);
  CHECK(f.repair_tool_json);
  const Route& route = c.routes.at(0);
  CHECK(route.on_loss == OnLoss::reject);
  CHECK(route.echo_model == EchoModel::upstream);
  CHECK(route.commit == Commit::head);
  CHECK(c.routes.at(1).on_loss == OnLoss::report);
  CHECK(c.routes.at(1).echo_model == EchoModel::client);
  CHECK(c.routes.at(1).commit == Commit::first_content);
  // A models entry: its own sizes, its flags over those of the provider.
  const Target& own = route.targets.at(0);
  CHECK(own.context_tokens_max == 9000);
  CHECK(own.output_tokens_max == 800);
  CHECK(own.flags.vision);
  CHECK(own.flags.effort_levels == 1);
  CHECK(own.flags.tool_id_style == ToolIdStyle::mistral);
  const Target& plain = route.targets.at(1);
  CHECK(plain.context_tokens_max == 0);
  CHECK(plain.output_tokens_max == 0);
  CHECK_FALSE(plain.flags.vision);
}

TEST_CASE("config: a list of choices says which word it does not know") {
  const auto with_levels = [](std::string_view levels) {
    return problems_of(with_provider(std::string(good) + ",\"flags\":{\"effort_levels\":" + std::string(levels) + "}"));
  };
  CHECK(with_levels(R"(["low","high","low"])").empty());
  CHECK(with_levels(R"(["low","hihg"])") ==
        Strings{R"(1:118: providers.a.flags.effort_levels[1]: must be one of none, minimal, low, medium, high, xhigh, )"
                R"(max (did you mean "high"?))"});
  CHECK(with_levels("[]") == Strings{"1:111: providers.a.flags.effort_levels: names none"});
  CHECK(with_levels("\"low\"") == Strings{"1:111: providers.a.flags.effort_levels: must be a list, not a string"});
  CHECK(with_levels("[1]") ==
        Strings{"1:112: providers.a.flags.effort_levels[0]: must be a string, not a number; put it in quotes"});
  CHECK(with_levels(R"(["low","low","low","low","low","low","low","low"])") ==
        Strings{"1:111: providers.a.flags.effort_levels: has more than 7 entries"});
}

TEST_CASE("config: warnings are no problems") {
  const ReadResult result =
      read_json(R"({"providers":{"m":{"builtin":"mock"},"n":{"builtin":"mock"},"o":{"builtin":"mock","enabled":false}},
"routes":[{"match":"claude-*","targets":["m/*","m/*"]},
{"match":"claude-haiku-*","targets":["m/*"]},
{"match":"x","targets":["o/*"]}]})");
  CHECK(result.problems.empty());
  const Strings expected{
      R"(1:38: providers.n: no route names this provider)",
      R"(2:48: routes[0].targets[1]: stands in this route already)",
      R"(3:10: routes[1].match: this route never serves: routes[0], "claude-*", takes all of it first)",
      R"(4:24: routes[2].targets: no provider of these is enabled, so that this route serves nothing)"};
  CHECK(sentences(result.warnings) == expected);
  CHECK(result.config.warnings == expected);
}

TEST_CASE("config: without routes every enabled provider is asked, in the order of the file") {
  const ReadResult result = read_json(
      R"({"providers":{"z":{"builtin":"mock"},"off":{"builtin":"mock","enabled":false},"a":{"builtin":"mock"}}})");
  REQUIRE(result.problems.empty());
  REQUIRE(result.config.routes.size() == 1);
  REQUIRE(result.config.routes[0].targets.size() == 2);
  CHECK(result.config.routes[0].targets[0].provider == 0);
  CHECK(result.config.routes[0].targets[1].provider == 2);
}

TEST_CASE("config: a models entry is served by its own name, whatever the patterns take") {
  const auto lines = [](const std::string& rest) {
    const ReadResult result =
        read_json(R"({"providers":{"m":{"builtin":"mock"},"n":{"builtin":"mock"}},)" + rest + "}");
    CHECK(sentences(result.problems).empty());
    Strings found;
    for (const Route& route : result.config.routes) {
      found.push_back(route.match + ":");
      for (const Target& each : route.targets)
        found.back() += " " + result.config.providers[each.provider].name + "/" + each.upstream_model;
      if (route.on_loss == OnLoss::reject) found.back() += " reject";
    }
    return found;
  };
  const std::string models =
      R"("models":{"s":{"provider":"n","upstream_model":"x"},"t":{"provider":"m","upstream_model":"y"}})";
  CHECK(lines(models) == Strings{"s: n/x", "t: m/y", "*: m/ n/"});
  // Literally named, that route stays the only one.
  CHECK(lines(models + R"(,"routes":[{"match":"s","targets":["t"]}])") == Strings{"t: m/y", "s: m/y"});
  // The route that takes the name lends its options, and its other targets where the entry is one of them.
  CHECK(lines(models + R"(,"routes":[{"match":"*","targets":["t","s","m/z"],"on_loss":"reject"}])") ==
        Strings{"s: n/x m/y m/z reject", "t: m/y n/x m/z reject", "*: m/y n/x m/z reject"});
  CHECK(lines(models + R"(,"routes":[{"match":"s*","targets":["m/*"],"on_loss":"reject"}])") ==
        Strings{"s: n/x reject", "t: m/y", "s*: m/ reject"});
  // So that its provider is one that is used.
  CHECK(read_json(R"({"providers":{"m":{"builtin":"mock"},"n":{"builtin":"mock"}},)" + models +
                  R"(,"routes":[{"match":"*","targets":["m/*"]}]})")
            .warnings.empty());
}

TEST_CASE("config: which pattern leaves nothing to another") {
  CHECK(covers("*", "anything*"));
  CHECK(covers("claude-*", "claude-*-haiku"));
  CHECK(covers("*a*", "bab"));
  CHECK(covers("**", "*"));
  CHECK_FALSE(covers("claude-*-x", "claude-*"));
  CHECK_FALSE(covers("a", "*"));
  CHECK_FALSE(covers("a", "ab"));
  CHECK_FALSE(covers("a*b", "a*"));
}

TEST_CASE("config: suggestions") {
  const std::vector<std::string_view> known{"key", "base_url", "timeouts", "credentials"};
  CHECK(nearest("baseUrl", known) == "base_url");
  CHECK(nearest("timeout", known) == "timeouts");
  CHECK(nearest("api_key", known) == "key");
  CHECK(nearest("credentails", known) == "credentials");
  CHECK(nearest("zzzzzz", known).empty());
  CHECK(nearest("openai", {"anthropic", "openai_responses", "openai_chat", "gemini"}) == "openai_chat");
  CHECK(quoted("a\x1b[0m\"") == R"("a\x1b[0m\"")");
}

TEST_CASE("config: a rule does one thing, has what it needs, and leaves model and stream alone") {
  const auto problems = [](std::string_view rule) {
    return problems_of(with_provider(std::string(good) + ",\n\"rewrite\":[" + std::string(rule) + "]"));
  };
  CHECK(problems(R"({"set":"a.0.*.b-c","value":null},{"default":"a","value":{"b":[1]}},{"delete":"tools.*.strict"},)"
                 R"({"rename":"a.b","to":"model","when":{"model":"gpt-*"}})") == Strings{});
  const auto starts = [&](std::string_view rule, std::string_view beginning) {
    const Strings found = problems(rule);
    REQUIRE(found.size() == 1);
    CAPTURE(found[0]);
    CHECK(found[0].find(beginning) != std::string::npos);
    CHECK(found[0].compare(0, 2, "2:") == 0);
  };
  starts(R"({"value":1})", "providers.a.rewrite[0]: must have one of set, default, delete and rename");
  starts(R"({"set":"a","delete":"b","value":1})", "rewrite[0].delete: stands beside set");
  starts(R"({"set":"a"})", R"(rewrite[0].set: wants the key "value" beside it)");
  starts(R"({"rename":"a"})", R"(rewrite[0].rename: wants the key "to" beside it)");
  starts(R"({"delete":"a","value":1})", "rewrite[0].value: does not go with delete");
  starts(R"({"rename":"a","to":"stream"})", "rewrite[0].to: must not be stream");
  starts(R"({"rename":"a.*","to":"b"})", "rewrite[0].rename: must end with the name");
  starts(R"({"rename":"x.a","to":"a"})", "rewrite[0].to: is the name that it has");
  starts(R"({"delete":"model"})", "rewrite[0].delete: must not name the model");
  starts(R"({"set":"stream.x","value":1})", "rewrite[0].set: must not name stream");
  starts(R"({"delete":"*.a"})", "rewrite[0].delete: must begin with a name");
  starts(R"({"delete":"a..b"})", "rewrite[0].delete: must be a path");
  starts(R"({"delete":"a","unless":1})", "rewrite[0].unless: unknown key");
}

TEST_CASE("config: what stands in a rule's value is read with its variables") {
  Source source =
      read_json_tree(with_provider(std::string(good) + R"(,"rewrite":[{"set":"a","value":{"b":["${X}"]}}])"));
  expand(source.tree, [](std::string_view) { return std::optional<std::string>("it\"s"); });
  const ReadResult result = read(source.tree);
  REQUIRE(sentences(result.problems) == Strings{});
  CHECK(result.config.providers[0].rewrite[0].value == R"({"b":["it\"s"]})");
}
