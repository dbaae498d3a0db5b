// Configuration files: YAML and JSON say the same, places are right, secrets stay out of everything.
#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include <unistd.h>

#include "base/sha256.h"
#include "config/schema.h"
#include "config/secrets.h"
#include "config_commands.h"
#include "config_file.h"
#include "source_tree.h"
#include "yaml_source.h"

using namespace signalbox;
using namespace signalbox::native;

namespace {

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

LoadedConfig load(std::string_view text, std::map<std::string, std::string> variables = {}) {
  return load_config_text(text, "f.yaml", environment(std::move(variables)));
}

std::string said(const LoadedConfig& loaded) {
  std::ostringstream out;
  print_problems(out, loaded);
  return out.str();
}

std::string problems_of(std::string_view text) { return said(load(text)); }

std::string with_line_ends(std::string_view text, std::string_view end) {
  std::string ended;
  for (char c : text) c == '\n' ? void(ended += end) : ended.push_back(c);
  return ended;
}

// A file of its own for each test, gone afterwards.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) {
    char name[] = "/tmp/signalbox-config-XXXXXX";
    const int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    path_ = name;
    REQUIRE(write(fd, text.data(), text.size()) == ssize_t(text.size()));
    close(fd);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr std::string_view yaml_sample = R"(# a comment
server:
  listen: 127.0.0.1:0
  client_keys: [{name: laptop, key: "${CLIENT}"}]
  log_level: off
  threads: ${THREADS}
providers:
  a:
    dialect: anthropic
    base_url: https://${HOST}
    key: ${KEY}
    headers: &headers {x-extra: "1"}
  b:
    dialect: anthropic
    base_url: http://localhost:1/v1
    credentials: [{name: main, key: literal-4711}]
    headers: *headers
models:
  sonnet: {provider: a, upstream_model: s}
routes:
  - match: claude-*
    targets: [sonnet, b/*]
    accounting: off
)";
constexpr std::string_view json_sample = R"({
"server": {"listen": ["127.0.0.1:0"], "client_keys": [{"name": "laptop", "key": "${CLIENT}"}], "log_level": "off", "threads": "${THREADS}"},
"providers": {
  "a": {"dialect": "anthropic", "base_url": "https://${HOST}", "key": "${KEY}", "headers": {"x-extra": "1"}},
  "b": {"dialect": "anthropic", "base_url": "http://localhost:1/v1", "credentials": [{"name": "main", "key": "literal-4711"}], "headers": {"x-extra": "1"}}},
"models": {"sonnet": {"provider": "a", "upstream_model": "s"}},
"routes": [{"match": "claude-*", "targets": ["sonnet", "b/*"], "accounting": "off"}]})";
const std::map<std::string, std::string> variables{
    {"CLIENT", "client-4711"}, {"THREADS", "2"}, {"HOST", "h"}, {"KEY", "key-4711"}};

}  // namespace

TEST_CASE("config file: YAML and JSON give the same configuration") {
  for (const std::string& text : {std::string(yaml_sample), with_line_ends(yaml_sample, "\r\n"),
                                  with_line_ends(yaml_sample, "\r"), std::string(json_sample)}) {
    INFO(text);
    const LoadedConfig loaded = load(text, variables);
    REQUIRE(said(loaded).empty());
    REQUIRE(loaded.status == LoadStatus::ok);
    const Config& c = *loaded.config;
    CHECK(c.server.listen == std::vector<std::string>{"127.0.0.1:0"});
    CHECK(c.server.log_level == LogLevel::off);
    CHECK(c.server.threads == 2);
    REQUIRE(c.server.client_keys.size() == 1);
    CHECK(c.server.client_keys[0].digest == base::sha256("client-4711"));
    REQUIRE(c.providers.size() == 2);
    CHECK(c.providers[0].base_url == "https://h");
    CHECK(c.providers[0].credentials == std::vector<Credential>{"default"});
    REQUIRE(c.providers[1].headers.size() == 1);
    CHECK(c.providers[1].headers[0].name == "x-extra");
    REQUIRE(c.routes.size() == 2);  // the first is the models entry's own
    CHECK(c.routes[1].targets.size() == 2);
    CHECK(c.routes[1].accounting == Accounting::off);
    CHECK(loaded.secrets->find("a", "default") == "key-4711");
    CHECK(loaded.secrets->find("b", "main") == "literal-4711");
    CHECK_FALSE(loaded.secrets->find("b", "other").has_value());
  }
}

TEST_CASE("config file: problems of YAML with file, line, column and key") {
  CHECK(problems_of("server:\n  listn: 127.0.0.1:1\n  threads: 010\nproviders:\n  a:\n    dialect: antropic\n    "
                    "base_url: https://a\n    key: ${NOT_SET}\n") ==
        "f.yaml:2:3: server.listn: unknown key (did you mean \"listen\"?)\n"
        "f.yaml:3:12: server.threads: must be a number, not a string\n"
        "f.yaml:6:14: providers.a.dialect: must be one of anthropic, openai_chat, openai_responses, gemini (did you "
        "mean \"anthropic\"?)\n"
        "f.yaml:8:10: providers.a.key: the variable NOT_SET is not set\n");
  CHECK(problems_of("providers:\n  m: {builtin: mock}\nproviders:\n  n: {x: [1, {y: 2}]}\n") ==
        "f.yaml:3:1: providers: the key \"providers\" stands here a second time; the first is at line 1, column 1\n");
  CHECK(problems_of("providers:\n  m:\n    builtin: mock\n    enabled: yes\n") ==
        "f.yaml:4:14: providers.m.enabled: must be true or false (did you mean \"true\"?)\n");
  CHECK(problems_of("providers:\n  m:\n") ==
        "f.yaml:2:3: providers.m: has no value; give it one, or leave the key out\n");
  CHECK(problems_of("") == "f.yaml:1:1: the configuration is empty\n");
  CHECK(problems_of("# nothing\n") == "f.yaml:1:1: the configuration is empty\n");
}

TEST_CASE("config file: what YAML can do and a configuration cannot") {
  const auto has = [](std::string_view text, std::string_view place, std::string_view words) {
    const std::string problems = problems_of(text);
    INFO(text << "\n" << problems);
    CHECK(problems.find("f.yaml:" + std::string(place)) == 0);
    CHECK(problems.find(words) != std::string::npos);
  };
  has("providers:\n\tm: {builtin: mock}\n", "2:", "there is a tab");
  has("providers:\n  a: {key: ${X}}\n", "2:", "in quotes inside { }");
  has("routes:\n  - match: *\n", "2:", "must stand in quotes");
  has("a: &x {b: 1}\nc:\n  <<: *x\n", "3:3", "merge keys");
  has("a: !secret b\n", "1:4", "tags");
  has("a: 1\n---\nb: 1\n", "", "second document");
  has("a: &x [*x]\n", "1:8", "alias");
  has("a: *nothing\n", "1:4", "not YAML");
  has("? [a]\n: b\n", "1:3", "a key must be a plain word");
  has("a: 'open", "", "not YAML");
}

TEST_CASE("config file: aliases of aliases end at a bound") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ",") + below + " ";
    bomb += "]\n";
  }
  CHECK(problems_of(bomb).find("stands for too much") != std::string::npos);
  std::string bytes = "a: &a " + std::string(1 << 20, 'x') + "\nb: [*a, *a, *a, *a, *a, *a]\n";
  CHECK(problems_of(bytes).find("stands for too much") != std::string::npos);
  CHECK(problems_of("a: " + std::string(100, '[') + std::string(100, ']')).find("too deep") != std::string::npos);
  CHECK(problems_of("a: " + std::string(100'000, '[')).size() > 0);
}

TEST_CASE("config file: broken JSON is told as JSON, and flow YAML is not") {
  CHECK(problems_of("{\"providers\":{\"m\":{\"builtin\":\"mock\"}},}").empty());
  CHECK(problems_of("{\"providers\": tru").find("f.yaml:1:15: providers: this is not JSON") == std::string::npos);
  CHECK(problems_of("{\"providers\": \"\x01").find("this is not JSON") != std::string::npos);
  CHECK(problems_of("{providers: {m: {builtin: mock}}}").empty());
}

TEST_CASE("config file: no secret in any message") {
  const std::string text =
      "server:\n  client_keys: [{name: n, key: \"se cret-4711\"}, {name: n, key: sha256:4711}]\n"
      "providers:\n  a: {dialect: x, base_url: \"https://u:4711@h\", key: \"4711-changeme\", credentials: [{name: "
      "4711x, key: [\"4711\"]}], "
      "proxy: \"http://u:4711@p\", headers: {authorization: \"Bearer 4711\"}}\n";
  const LoadedConfig loaded = load(text);
  CHECK(loaded.problems.size() >= 8);
  CHECK(loaded.config == nullptr);
  CHECK(said(loaded).find("4711") == std::string::npos);
}

TEST_CASE("config file: a key that looks like a variable is a warning, here and to /readyz") {
  const LoadedConfig loaded =
      load("providers:\n  a: {dialect: anthropic, base_url: \"https://a.example\", key: \"$K\"}\n");
  REQUIRE(loaded.status == LoadStatus::ok);
  CHECK(said(loaded) == "f.yaml:2:63: providers.a.key: warning: looks like a variable; write ${K}\n");
  CHECK(loaded.config->warnings.size() == 1);
}

TEST_CASE("config file: check says good, bad or unreadable") {
  std::ostringstream out, err;
  CHECK(run_check("", out, err) == 0);
  CHECK(out.str() ==
        "embedded default: good: 1 provider, 0 models, 2 routes, 0 warnings\n"
        "  mock: anthropic, the built-in mock\n");
  CHECK(err.str().empty());
  const TemporaryFile bad("providers: {}\nsrver: {}\n");
  CHECK(run_check(bad.path(), out, err) == 1);
  CHECK(err.str().find(bad.path() + ":2:1: srver: unknown key (did you mean \"server\"?)\n") != std::string::npos);
  err.str("");
  CHECK(run_check("/nowhere/at/all.yaml", out, err) == 2);
  CHECK(err.str() == "/nowhere/at/all.yaml: cannot be opened: No such file or directory\n");
  err.str("");
  CHECK(run_check("/", out, err) == 2);
}

TEST_CASE("config file: check and config say what another host cannot do, and what it does otherwise") {
  const TemporaryFile through_proxy(
      "providers:\n"
      "  a: {dialect: anthropic, base_url: \"https://a.example\", key: \"${A}\", proxy: \"http://127.0.0.1:1\"}\n"
      "routes: [{match: \"*\", targets: [a/*]}]\n");
  const Environment set = environment({{"A", "key-4711"}});
  std::ostringstream out, err;
  CHECK(run_check(through_proxy.path(), out, err, set) == 0);
  CHECK(err.str().empty());
  for (const Capabilities& can : {hosts::wasi, hosts::cloudflare_worker}) {
    err.str("");
    CHECK(run_check(through_proxy.path(), out, err, set, can) == 1);
    CHECK(err.str() == through_proxy.path() + ":2:78: providers.a.proxy: this host cannot send through a proxy\n" +
                           through_proxy.path() +
                           ": server.client_keys: warning: this host cannot see who asks, so without a key here only "
                           "the mock answers; add one\n");
  }
  std::ostringstream printed;
  CHECK(run_config(through_proxy.path(), printed, err, set, hosts::wasi) == 1);
  CHECK(printed.str().empty());

  const TemporaryFile beside(
      "server: {state_file: here.state, limits: {request_bytes_max: 25000000}}\n"
      "providers: {mock: {builtin: mock}}\n"
      "routes: [{match: \"*\", targets: [mock/*]}]\n");
  err.str("");
  CHECK(run_check(beside.path(), out, err) == 0);
  CHECK(err.str().empty());
  CHECK(run_config(beside.path(), printed, err, set, hosts::cloudflare_worker) == 0);
  CHECK(err.str() == beside.path() +
                         ":1:22: server.state_file: warning: this host keeps its state in a place of its own or "
                         "nowhere, and writes no file\n" +
                         beside.path() +
                         ":1:62: server.limits.request_bytes_max: warning: this host holds request bodies of at most "
                         "16777216 bytes, and that is what counts\n");
  CHECK(printed.str().find("here.state") != std::string::npos);
}

TEST_CASE("config file: a secret in JSON is a problem for a host that is deployed with it, one in YAML is none") {
  const TemporaryFile json(
      R"({"server":{"client_keys":[{"name":"n","key":"client-4711"}]},"providers":{"a":{"dialect":"anthropic",)"
      R"("base_url":"https://a.example","key":"key-4711"}},"routes":[{"match":"*","targets":["a/*"]}]})");
  const TemporaryFile yaml(
      "server: {client_keys: [{name: n, key: client-4711}]}\n"
      "providers: {a: {dialect: anthropic, base_url: \"https://a.example\", key: key-4711}}\n"
      "routes: [{match: \"*\", targets: [a/*]}]\n");
  std::ostringstream out, err;
  CHECK(run_check(json.path(), out, err, environment({}), hosts::cloudflare_worker) == 1);
  CHECK(err.str().find("providers.a.key: must be ${NAME}, the name of one of this host's secrets\n") !=
        std::string::npos);
  CHECK(err.str().find("server.client_keys[0].key: must be ${NAME}") != std::string::npos);
  CHECK(err.str().find("4711") == std::string::npos);
  CHECK(run_check(json.path(), out, err, environment({}), hosts::wasi) == 0);
  CHECK(run_check(yaml.path(), out, err, environment({}), hosts::cloudflare_worker) == 0);
  for (const TemporaryFile* file : {&json, &yaml}) {
    std::ostringstream printed;
    REQUIRE(run_config(file->path(), printed, err, environment({}), hosts::cloudflare_worker) == 0);
    const TemporaryFile deployed(printed.str());
    CHECK(run_check(deployed.path(), out, err, environment({{"SIGNALBOX_A_DEFAULT", "key-4711"}}),
                    hosts::cloudflare_worker) == 0);
  }
}

TEST_CASE("config file: a preset and a key are a provider, and check says what holds in the end") {
  const TemporaryFile file(
      "providers:\n"
      "  deepseek: {preset: deepseek, key: \"${DEEPSEEK_API_KEY}\"}\n"
      "  local: {preset: olama}\n"
      "routes:\n"
      "  - {match: \"*\", targets: [deepseek/deepseek-chat]}\n");
  std::ostringstream out, err;
  CHECK(run_check(file.path(), out, err, environment({{"DEEPSEEK_API_KEY", "key-4711"}})) == 1);
  CHECK(out.str().empty());
  const TemporaryFile good(
      "providers:\n"
      "  deepseek: {preset: deepseek, key: \"${DEEPSEEK_API_KEY}\"}\n"
      "  local: {preset: ollama, flags: {vision: true, effort_levels: [none, low]}, enabled: false}\n"
      "  plan: {preset: anthropic, passthrough: true, flags: {output_tokens_default: 4096}, enabled: false}\n"
      "  mock: {builtin: mock, enabled: false}\n"
      "routes:\n"
      "  - {match: \"*\", targets: [deepseek/deepseek-chat]}\n");
  err.str("");
  CHECK(run_check(good.path(), out, err, environment({{"DEEPSEEK_API_KEY", "key-4711"}})) == 0);
  CHECK(err.str().empty());
  CHECK(out.str() ==
        good.path() +
            ": good: 4 providers, 0 models, 1 route, 0 warnings\n"
            R"(  deepseek: openai_chat at https://api.deepseek.com, flags {"vision":false,"tool_choice":"auto_only",)"
            R"("parallel_tools":false,"needs_reasoning_content":true,"effort_style":"thinking_effort",)"
            R"("effort_levels":["low","medium","high","xhigh","max"],)"
            R"("structured_output":"json_object","strip_billing":true})"
            "\n"
            R"(  local: openai_chat at http://127.0.0.1:11434/v1, flags {"tool_choice":"none","parallel_tools":false,)"
            R"("effort_style":"none","effort_levels":["none","low"],"strip_billing":true}, not enabled)"
            "\n"
            R"(  plan: anthropic at https://api.anthropic.com, with the client's own credential, flags )"
            R"({"effort_style":"adaptive","temperature_fixed":true}, not enabled)"
            "\n  mock: anthropic, the built-in mock, not enabled\n");
  // For other hosts the preset stays a preset, and the variable a variable.
  std::ostringstream printed;
  REQUIRE(run_config(good.path(), printed, err, environment({})) == 0);
  CHECK(printed.str().find("\"preset\": \"deepseek\"") != std::string::npos);
  CHECK(printed.str().find("\"${DEEPSEEK_API_KEY}\"") != std::string::npos);
  CHECK(printed.str().find("needs_reasoning_content") == std::string::npos);
}

TEST_CASE("config file: the printed configuration keeps variables and loses secrets") {
  const TemporaryFile file(yaml_sample);
  std::ostringstream out, err;
  REQUIRE(run_config(file.path(), out, err, environment({})) == 0);
  CHECK(out.str().find("4711") == std::string::npos);
  CHECK(err.str() ==
        file.path() +
            ":16:37: providers.b.credentials[0].key: the secret is not printed; SIGNALBOX_B_MAIN stands for it\n");
  for (const char* kept :
       {"\"${CLIENT}\"", "\"${THREADS}\"", "\"https://${HOST}\"", "\"${KEY}\"", "\"${SIGNALBOX_B_MAIN}\""}) {
    INFO(kept);
    CHECK(out.str().find(kept) != std::string::npos);
  }
  auto all = variables;
  all["SIGNALBOX_B_MAIN"] = "literal-4711";
  const LoadedConfig again = load(out.str(), all);
  CHECK(said(again).empty());
  REQUIRE(again.status == LoadStatus::ok);
  CHECK(again.config->providers[1].credentials == std::vector<Credential>{"main"});

  const TemporaryFile client("server: {client_keys: [{name: n, key: own-4711}]}\nproviders: {m: {builtin: mock}}\n");
  out.str("");
  CHECK(run_config(client.path(), out, err, environment({})) == 0);
  CHECK(out.str().find("sha256:") != std::string::npos);
  CHECK(out.str().find("4711") == std::string::npos);

  const TemporaryFile unknown("providers: {m: {builtin: mock, api_key: own-4711}}\n");
  out.str("");
  err.str("");
  CHECK(run_config(unknown.path(), out, err, environment({})) == 1);
  CHECK(out.str().empty());
  CHECK(err.str().find("4711") == std::string::npos);
}

TEST_CASE("config file: a client key made with a variable is printed as what it is then, or not at all") {
  const TemporaryFile file(
      "server: {client_keys: [{name: n, key: \"pre-${X}\"}]}\n"
      "providers: {m: {builtin: mock}}\n");
  std::ostringstream out, err;
  REQUIRE(run_config(file.path(), out, err, environment({{"X", "4711"}})) == 0);
  CHECK(out.str().find(config::digest_text(base::sha256("pre-4711"))) != std::string::npos);
  CHECK(err.str().empty());
  out.str("");
  CHECK(run_config(file.path(), out, err, environment({})) == 1);
  CHECK(out.str().empty());
  CHECK(err.str() == file.path() +
                         ":1:39: server.client_keys[0].key: is made with a variable that is not set here, so its "
                         "sha256 cannot be printed; set it, or write the whole key as one ${NAME}\n");
}

TEST_CASE("config file: a shell's default is a problem of a printed configuration too, wherever it stands") {
  const TemporaryFile file(
      "providers: {a: {preset: anthropic, base_url: \"https://${A:-a.example}\", key: \"${K}\"}}\n");
  std::ostringstream out, err;
  CHECK(run_config(file.path(), out, err, environment({})) == 1);
  CHECK(out.str().empty());
  CHECK(err.str().find("defaults (:-) are not supported; write ${A}") != std::string::npos);
}

TEST_CASE("config file: a relative state file begins at the configuration's folder, and check looks at it") {
  const auto state_file = [](const std::string& file, const std::string& path) {
    return load_config_text("server: {state_file: " + path + "}\nproviders: {m: {builtin: mock}}\n", file,
                            environment({}))
        .config->server.state_file;
  };
  CHECK(state_file("/etc/signalbox/a.yaml", "state") == "/etc/signalbox/state");
  CHECK(state_file("/etc/signalbox/a.yaml", "../lib/state") == "/etc/lib/state");
  CHECK(state_file("/etc/signalbox/a.yaml", "/var/lib/state") == "/var/lib/state");
  CHECK(state_file("conf/a.yaml", "state") == "conf/state");
  CHECK(state_file("a.yaml", "state") == "state");

  const TemporaryFile other("export EDITOR=vi\n");
  const TemporaryFile file("server: {state_file: " + other.path() + "}\nproviders: {m: {builtin: mock}}\n");
  std::ostringstream out, err;
  CHECK(run_check(file.path(), out, err, environment({})) == 0);
  CHECK(err.str().find("server.state_file: warning: nothing would be kept in " + other.path() + ": it is no state") !=
        std::string::npos);
}

TEST_CASE("config file: without a file the embedded default is printed, and loads") {
  std::ostringstream out, err;
  CHECK(run_config("", out, err) == 0);
  CHECK(load(out.str()).status == LoadStatus::ok);
}

TEST_CASE("config file: schema prints both forms and refuses others") {
  std::ostringstream out, err;
  CHECK(run_schema("json", out, err) == 0);
  CHECK(out.str() == config::json_schema());
  out.str("");
  CHECK(run_schema("markdown", out, err) == 0);
  CHECK(out.str() == config::reference_page());
  CHECK(run_schema("xml", out, err) == 1);
}

TEST_CASE("config file: the example is good, and the reference page is current") {
  const std::string root = SIGNALBOX_ROOT;
  const LoadedConfig loaded =
      load_config(root + "/config.example.yaml", environment({{"ANTHROPIC_API_KEY", "a"},
                                                              {"OPENROUTER_API_KEY", "b"},
                                                              {"DEEPSEEK_API_KEY", "c"},
                                                              {"SIGNALBOX_KEY", "a-client-key"}}));
  CHECK(said(loaded).empty());
  CHECK(loaded.status == LoadStatus::ok);
  std::string problem;
  // Regenerate with: signalbox schema --format markdown > docs/configuration.md
  CHECK(read_text(root + "/docs/configuration.md", problem).value_or("") == config::reference_page());
}

TEST_CASE("config file: every configuration of the guides is good as it stands") {
  const std::string root = SIGNALBOX_ROOT;
  size_t tried = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root + "/docs/guides")) {
    std::string problem;
    const std::string page = read_text(entry.path().string(), problem).value_or("");
    constexpr std::string_view begin = "```yaml\n", end = "```\n";
    for (size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
      at += begin.size();
      const std::string text = page.substr(at, page.find(end, at) - at);
      INFO(text);
      const LoadedConfig loaded = load(text, {{"DEEPSEEK_API_KEY", "a"}, {"OPENROUTER_API_KEY", "b"}});
      CHECK(said(loaded).empty());
      CHECK(loaded.status == LoadStatus::ok);
      ++tried;
    }
  }
  CHECK(tried >= 4);
}
