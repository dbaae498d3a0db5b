// Any text as a configuration: read, explained, expanded and read again, without a crash and without a
// Config that says it is whole when it has problems; also as hosts read it whose secrets stay outside.
#include <cstdint>
#include <string_view>

#include "base/sha256.h"
#include "config/json_source.h"
#include "config/load.h"
#include "config/read.h"
#include "config/secrets.h"
#include "hosts/capabilities.h"
#include "wasm/hosted_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace signalbox::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ReadResult direct = read_json(text);
  for (const Problem& problem : direct.problems) {
    if (sentence(problem).empty()) __builtin_trap();
  }
  if (direct.problems.empty()) {
    if (direct.config.providers.empty() || direct.config.routes.empty()) __builtin_trap();
    for (const auto& route : direct.config.routes) {
      for (const auto& target : route.targets) {
        if (target.provider >= direct.config.providers.size()) __builtin_trap();
      }
    }
  }
  Source source = read_json_tree(text);
  const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() == 1) return "7";
    return std::nullopt;
  };
  load(source, {signalbox::Capabilities{}, lookup, lookup, {[](CredentialText) {}, signalbox::base::sha256}});

  using namespace signalbox::bindings;
  std::vector<Variable> variables = variables_of(text);
  for (size_t i = 0; i < variables.size(); ++i) {
    variables[i].state = VariableState(i % 4);
    variables[i].value = variables[i].use == VariableUse::client_key ? std::string(64, 'a') : variables[i].name;
  }
  const HostedConfig hosted = read_hosted(text, variables, signalbox::hosts::javascript);
  if (!hosted.config) __builtin_trap();
  for (const CredentialVariable& each : hosted.credentials)
    if (each.variable.empty()) __builtin_trap();
  return 0;
}
