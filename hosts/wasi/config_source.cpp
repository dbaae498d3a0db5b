#include "config_source.h"

#include "base/sha256.h"
#include "config/defaults.h"
#include "config/json_source.h"
#include "config/load.h"
#include "config/secrets.h"
#include "surroundings.h"

namespace signalbox::wasi {

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
  Text found{std::string(config_folder) + "/" + std::string(config_file), {}, {}};
  found.text = folder->read(config_file, config::text_bytes_max, &found.problem);
  return found;
}

// "/config/signalbox.json:3:7: ..."; what has no place needs a space of its own.
std::string line(const std::string& source, const config::Problem& problem) {
  return source + (problem.place.line == 0 ? ": " : ":") + config::sentence(problem);
}

}  // namespace

LoadedConfig load_config(const Environment& environment, const Capabilities& capabilities) {
  LoadedConfig loaded;
  auto secrets = std::make_unique<Secrets>();
  Text text = find_text(environment);

  config::Loaded read;
  if (!text.text) {
    read.problems.push_back({std::move(text.problem), {}, {}});
  } else {
    config::Source source = config::read_json_tree(*text.text);
    const config::Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
      const auto variable = environment.find(name);
      if (variable == environment.end()) return std::nullopt;
      return variable->second;
    };
    const auto keep = [&](config::CredentialText one) { secrets->keep(std::move(one)); };
    read = config::load(source, {capabilities, lookup, lookup, {keep, base::sha256}});
    config::wipe(*text.text);
  }
  for (const config::Problem& each : read.problems) loaded.problems.push_back(line(text.source, each));
  for (const config::Problem& each : read.warnings) loaded.warnings.push_back(line(text.source, each));
  loaded.config = config::config_or_unusable(read);
  loaded.secrets = std::move(secrets);
  return loaded;
}

}  // namespace signalbox::wasi
