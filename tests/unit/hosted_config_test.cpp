// Configurations whose secrets stay outside the core.
#include <algorithm>
#include <catch2/catch.hpp>

#include "base/sha256.h"
#include "config/secrets.h"
#include "hosts/capabilities.h"
#include "wasm/hosted_config.h"

using namespace signalbox;
using namespace signalbox::bindings;

namespace {

constexpr std::string_view text = R"({
  "server": {"client_keys": [{"name": "anna", "key": "${ANNA}"}]},
  "providers": {
    "a": {"dialect": "anthropic", "base_url": "https://${A_HOST}", "key": "${A_KEY}"},
    "b": {"dialect": "openai_chat", "base_url": "https://b.example/v1", "credentials": [{"name": "one", "key": "${A_KEY}"}]}
  }
})";

HostedConfig read(std::string_view config, const std::vector<Variable>& variables) {
  return read_hosted(config, variables, hosts::javascript);
}

std::string hex(std::string_view secret) { return config::digest_text(base::sha256(secret)).substr(7); }

std::vector<Variable> answers() {
  std::vector<Variable> variables = variables_of(text);
  for (Variable& each : variables) {
    each.state = VariableState::set;
    if (each.use == VariableUse::plain) each.value = "a.example";
    if (each.use == VariableUse::client_key) each.value = hex("key-of-anna");
  }
  return variables;
}

Variable& named(std::vector<Variable>& variables, std::string_view name) {
  return *std::find_if(variables.begin(), variables.end(), [&](const Variable& each) { return each.name == name; });
}

bool holds(const std::vector<config::Problem>& problems, std::string_view sentence) {
  return std::any_of(problems.begin(), problems.end(), [&](const config::Problem& each) {
    return config::sentence(each).find(sentence) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("hosted configuration: names each use of each variable once") {
  std::vector<Variable> variables = variables_of(text);
  CHECK(variables.size() == 3);
  CHECK(named(variables, "A_KEY").use == VariableUse::credential);
  CHECK(named(variables, "ANNA").use == VariableUse::client_key);
  CHECK(named(variables, "A_HOST").use == VariableUse::plain);
  CHECK(variables_of("no JSON at all").empty());
}

TEST_CASE("hosted configuration: plain variables are expanded, client keys are digests, credentials are names") {
  const HostedConfig hosted = read(text, answers());
  CHECK(hosted.problems.empty());
  CHECK(hosted.config->providers[0].base_url == "https://a.example");
  REQUIRE(hosted.config->server.client_keys.size() == 1);
  CHECK(hosted.config->server.client_keys[0].digest == base::sha256("key-of-anna"));
  REQUIRE(hosted.credentials.size() == 2);
  CHECK(hosted.credentials[0].provider == "a");
  CHECK(hosted.credentials[0].credential == "default");
  CHECK(hosted.credentials[0].variable == "A_KEY");
  CHECK(hosted.credentials[1].credential == "one");
}

TEST_CASE("hosted configuration: one variable may be a client key and a credential") {
  std::vector<Variable> variables = answers();
  const std::string both = R"({"server": {"client_keys": [{"name": "x", "key": "${A_KEY}"}]}, "providers": {
    "a": {"dialect": "anthropic", "base_url": "https://a.example", "key": "${A_KEY}"}}})";
  std::vector<Variable> asked = variables_of(both);
  REQUIRE(asked.size() == 2);
  for (Variable& each : asked) each.state = VariableState::set;
  std::find_if(asked.begin(), asked.end(), [](const Variable& each) {
    return each.use == VariableUse::client_key;
  })->value = hex("shared");
  const HostedConfig hosted = read(both, asked);
  CHECK(hosted.problems.empty());
  CHECK(hosted.config->server.client_keys[0].digest == base::sha256("shared"));
  REQUIRE(hosted.credentials.size() == 1);
  CHECK(hosted.credentials[0].variable == "A_KEY");
}

TEST_CASE("hosted configuration: a missing, empty or unusable secret is a problem that names its place") {
  std::vector<Variable> variables = answers();
  named(variables, "A_KEY").state = VariableState::unset;
  HostedConfig hosted = read(text, variables);
  CHECK(hosted.problems.size() == 2);
  CHECK(holds(hosted.problems, "the variable A_KEY is not set"));

  named(variables, "A_KEY").state = VariableState::empty;
  CHECK(holds(read(text, variables).problems, "providers.a.key: the variable A_KEY is empty"));

  named(variables, "A_KEY").state = VariableState::unprintable;
  CHECK(holds(read(text, variables).problems, "did it come from a file with a newline at its end?"));
}

TEST_CASE("hosted configuration: secrets that stand in the text are problems, and are not repeated") {
  const HostedConfig hosted = read(R"({"server": {"client_keys": [{"name": "x", "key": "sbk-literal-1"}]},
    "providers": {"a": {"dialect": "anthropic", "base_url": "https://a.example", "key": "sk-literal-2"}}})",
                                   {});
  CHECK(hosted.problems.size() == 2);
  CHECK(holds(hosted.problems, "must be ${NAME}, the name of one of this host's secrets, or sha256:<hex>"));
  CHECK_FALSE(holds(hosted.problems, "literal"));
  for (const std::string& warning : hosted.config->warnings) CHECK(warning.find("literal") == std::string::npos);
}

TEST_CASE("hosted configuration: a digest in the text serves as it stands") {
  const HostedConfig hosted = read(R"({"server": {"client_keys": [{"name": "x", "key": "sha256:)" + hex("abc") +
                                       R"("}]}, "providers": {"m": {"builtin": "mock"}}})",
                                   {});
  CHECK(hosted.problems.empty());
  CHECK(hosted.config->server.client_keys[0].digest == base::sha256("abc"));
}

TEST_CASE("hosted configuration: what this kind of host cannot do is a problem") {
  const HostedConfig hosted = read(R"({"providers": {"a": {"dialect": "anthropic",
    "base_url": "https://a.example", "passthrough": true, "proxy": "http://proxy.example:3128"}}})",
                                   {});
  CHECK(holds(hosted.problems, "providers.a.proxy: this host cannot send through a proxy"));
}

TEST_CASE("hosted configuration: with problems it serves nobody, counts them, and keeps its admin keys") {
  const HostedConfig hosted = read(R"({"server": {"admin_keys": [{"name": "x", "key": "sha256:)" + hex("abc") + R"("}]},
    "providers": {"a": {"dialect": "nobody's"}}, "routs": []})",
                                   {});
  CHECK(hosted.problems.size() >= 2);
  CHECK(hosted.config->problems.size() == hosted.problems.size());
  CHECK(hosted.config->server.admin_keys.size() == 1);
  CHECK(hosted.config->routes.empty());
  CHECK(hosted.config->providers.empty());
  CHECK(read("{", {}).problems.size() == 1);
}

TEST_CASE("hosted configuration: without a client key a host that cannot see who asks warns, unless all is the mock") {
  const std::string_view mock = R"("m": {"builtin": "mock"})";
  const std::string_view upstream =
      R"("a": {"dialect": "anthropic", "base_url": "https://a.example", "passthrough": true})";
  const auto warned = [](std::string_view providers, std::string_view server, const Capabilities& can) {
    const std::string config = "{" + std::string(server) + R"("providers": {)" + std::string(providers) + "}}";
    const HostedConfig hosted = read_hosted(config, variables_of(config), can);
    return holds(hosted.warnings, "server.client_keys: this host cannot see who asks");
  };
  CHECK(warned(upstream, "", hosts::wasi));
  CHECK(warned(upstream, "", hosts::javascript));
  CHECK(warned(upstream, "", hosts::cloudflare_worker));
  CHECK_FALSE(warned(upstream, "", hosts::native));
  CHECK_FALSE(warned(mock, "", hosts::wasi));
  // Also one that is not set here, as where a configuration is printed for another host.
  CHECK_FALSE(warned(upstream, R"("server": {"client_keys": [{"name": "x", "key": "${X}"}]}, )", hosts::wasi));
}

TEST_CASE("hosted configuration: none is the embedded default") {
  const HostedConfig hosted = read(" \n", {});
  CHECK(hosted.problems.empty());
  REQUIRE(hosted.config->providers.size() == 1);
  CHECK(hosted.config->providers[0].mock);
}

TEST_CASE("hosted configuration: what the host does otherwise is a warning, seen on /readyz") {
  Capabilities can;
  can.state_file = false;
  can.request_bytes_max = 4096;
  const std::string rest = R"("providers":{"m":{"builtin":"mock"}},"routes":[{"match":"*","targets":["m/*"]}]})";
  const HostedConfig hosted =
      read_hosted(R"({"server":{"state_file":"s","limits":{"request_bytes_max":4097}},)" + rest, {}, can);
  CHECK(hosted.problems.empty());
  CHECK(holds(hosted.warnings, "server.state_file: this host keeps its state in a place of its own"));
  CHECK(holds(hosted.warnings, "server.limits.request_bytes_max: this host holds request bodies of at most 4096"));
  CHECK(hosted.config->warnings.size() == 2);
  // The default bound is nobody's wish.
  CHECK(read_hosted("{" + rest, {}, can).config->warnings.empty());
  const std::string probes = R"({"probes":{"every_ms":5000},)" + rest;
  CHECK(holds(read_hosted(probes, {}, can).warnings, "probes.every_ms: this host does nothing between requests"));
  can.runs_probes = true;
  CHECK(read_hosted(probes, {}, can).config->warnings.empty());
}
