#include "wasm/hosted_config.h"

#include "base/text.h"
#include "config/defaults.h"
#include "config/json_source.h"
#include "config/load.h"
#include "config/rules.h"
#include "config/secrets.h"
#include "config/walk.h"

namespace signalbox::bindings {
namespace {

using config::FieldKind;

const Variable* find(const std::vector<Variable>& variables, std::string_view name, VariableUse use) {
  for (const Variable& each : variables)
    if (each.name == name && each.use == use) return &each;
  return nullptr;
}

void add(std::vector<Variable>& variables, std::string_view name, VariableUse use) {
  if (!find(variables, name, use)) variables.push_back({std::string(name), use, VariableState::unset, {}});
}

// What stands for a secret while the configuration is read: a word that is found again.
constexpr std::string_view stand_in = "variable-";

bool parse_hex(std::string_view text, Sha256& digest) {
  const auto nibble = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (text.size() != 2 * digest.size()) return false;
  for (size_t i = 0; i < digest.size(); ++i) {
    const int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    digest[i] = uint8_t(16 * high + low);
  }
  return true;
}

}  // namespace

std::vector<Variable> variables_of(std::string_view text) {
  std::vector<Variable> variables;
  config::Source source = config::read_json_tree(text);
  if (source.reach == config::Reach::broken) return variables;
  for (const config::CredentialText& each : config::credential_variables(source.tree))
    add(variables, each.value, VariableUse::credential);
  for (const auto& [id, field] : config::described_scalars(source.tree)) {
    std::string_view name;
    if (field->kind == FieldKind::client_key && config::is_variable(source.tree[id].text, name))
      add(variables, name, VariableUse::client_key);
  }
  config::expand(source.tree, [&](std::string_view name) -> std::optional<std::string> {
    add(variables, name, VariableUse::plain);
    return std::nullopt;
  });
  return variables;
}

HostedConfig read_hosted(std::string_view text, const std::vector<Variable>& variables,
                         const Capabilities& capabilities) {
  HostedConfig hosted;
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) text = config::default_text;
  config::Source source = config::read_json_tree(text);
  const auto plain = [&](std::string_view name) -> std::optional<std::string> {
    const Variable* found = find(variables, name, VariableUse::plain);
    if (!found || found->state == VariableState::unset) return std::nullopt;
    return found->value;
  };
  // The reader sees "variable-3" in the place of the third, or what is as wrong as the secret itself. A variable
  // that is asked for as both kinds of secret is found as the one that has a digest.
  const auto secret = [&](std::string_view name) -> std::optional<std::string> {
    const Variable* found = find(variables, name, VariableUse::client_key);
    if (!found) found = find(variables, name, VariableUse::credential);
    if (!found || found->state == VariableState::unset) return std::nullopt;
    if (found->state == VariableState::empty) return std::string();
    if (found->state == VariableState::unprintable) return std::string("\n");
    std::string word(stand_in);
    base::append_decimal(word, found - variables.data());
    return word;
  };
  const auto meant = [&](std::string_view word) -> const Variable* {
    if (word.substr(0, stand_in.size()) != stand_in) return nullptr;
    const auto index = base::parse_decimal(word.substr(stand_in.size()));
    return index && size_t(*index) < variables.size() ? &variables[size_t(*index)] : nullptr;
  };
  const auto keep = [&](config::CredentialText one) {
    if (const Variable* variable = meant(one.value))
      hosted.credentials.push_back({std::move(one.provider), std::move(one.credential), variable->name});
  };
  const auto digest_of = [&](std::string_view word) {
    Sha256 digest{};
    if (const Variable* variable = meant(word)) parse_hex(variable->value, digest);
    return digest;
  };
  config::Loaded loaded = config::load(source, {capabilities, plain, secret, {keep, digest_of}});
  hosted.config = config::config_or_unusable(loaded);
  hosted.problems = std::move(loaded.problems);
  hosted.warnings = std::move(loaded.warnings);
  return hosted;
}

}  // namespace signalbox::bindings
