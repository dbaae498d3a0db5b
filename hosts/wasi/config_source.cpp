#include "config_source.h"

#include "base/sha256.h"
#include "config/defaults.h"
#include "config/host_fit.h"
#include "config/json_source.h"
#include "config/read.h"
#include "config/secrets.h"
#include "surroundings.h"

namespace signalbox::wasi {

using config::Problem;

namespace {

// The text, or why there is none.
struct Text {
  std::string source;
  std::optional<std::string> text;
  std::string problem;
};

Text find_text(const Environment& environment) {
  if (const auto variable = environment.find(config_variable); variable != environment.end())
    return {std::string(config_variable), variable->second, {}};
  const std::optional<Folder> folder = Folder::find(config_folder);
  if (!folder) return {"embedded default", std::string(config::default_text), {}};
  Text found{std::string(config_folder) + "/" + std::string(config_file),
             folder->read(config_file, config::text_bytes_max),
             {}};
  if (!found.text) found.problem = "the file is missing, cannot be read, or is too large for a configuration";
  return found;
}

}  // namespace

Secrets::~Secrets() {
  for (auto& [names, value] : values_) config::wipe(value);
}

void Secrets::keep(std::string provider, std::string credential, std::string value) {
  values_[{std::move(provider), std::move(credential)}] = std::move(value);
}

std::optional<std::string_view> Secrets::find(std::string_view provider, std::string_view credential) const {
  const auto found = values_.find({std::string(provider), std::string(credential)});
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

LoadedConfig load_config(const Environment& environment, const Capabilities& capabilities) {
  LoadedConfig loaded;
  auto secrets = std::make_unique<Secrets>();
  Text text = find_text(environment);
  loaded.source = std::move(text.source);

  std::vector<Problem> problems;
  const auto add = [&](std::vector<Problem> more) {
    for (Problem& each : more) problems.push_back(std::move(each));
  };
  config::ReadResult result;
  if (!text.text) {
    problems.push_back({std::move(text.problem), {}, {}});
  } else {
    config::Source source = config::read_json_tree(*text.text);
    add(std::move(source.problems));
    if (source.reach == config::Reach::whole) {
      const config::Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
        const auto variable = environment.find(name);
        if (variable == environment.end()) return std::nullopt;
        return variable->second;
      };
      add(config::expand(source.tree, lookup));
      config::SecretProblems found = config::take_secrets(
          source.tree, lookup,
          {[&](config::CredentialText one) {
             secrets->keep(std::move(one.provider), std::move(one.credential), std::move(one.value));
           },
           base::sha256});
      add(std::move(found.unset));
      add(std::move(found.wrong));
      result = config::read(source.tree);
      add(std::move(result.problems));
      config::HostFit fit = config::beyond(capabilities, result.config);
      add(std::move(fit.problems));
      for (const Problem& each : fit.warnings) result.config.warnings.push_back(config::sentence(each));
      for (const Problem& each : found.doubtful) result.config.warnings.push_back(config::sentence(each));
    }
    config::wipe(*text.text);
  }
  config::sort_by_place(problems);
  for (const Problem& each : problems) loaded.problems.push_back(config::sentence(each));
  loaded.config = std::make_shared<const Config>(problems.empty() ? std::move(result.config)
                                                                  : config::unusable(result.config.server, problems));
  loaded.secrets = std::move(secrets);
  return loaded;
}

}  // namespace signalbox::wasi
