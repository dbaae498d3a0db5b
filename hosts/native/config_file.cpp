#include "config_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <ostream>

#include "base/sha256.h"
#include "config/defaults.h"
#include "config/load.h"
#include "config/secrets.h"
#include "read_file.h"
#include "yaml_source.h"

namespace signalbox::native {

using config::LoadTerms;
using config::Problem;
using config::Source;

namespace {

// `path`, where a relative one begins at the folder of `file`: a server's working folder is its starter's affair.
std::string beside(const std::string& file, const std::string& path) {
  return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::optional<std::string> read_text(const std::string& path, std::string& problem) {
  if (path.empty()) return std::string(config::default_text);
  return read_file(path, config::text_bytes_max, problem);
}

Source read_source(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) {
    Source json = config::read_json_tree(text);
    if (json.reach == config::Reach::whole) return json;
    // YAML's flow style begins alike; if it is that no more than JSON, the JSON reader has said it best.
    Source yaml = read_yaml_tree(text);
    return yaml.reach == config::Reach::whole ? yaml : json;
  }
  return read_yaml_tree(text);
}

LoadedConfig load_config_text(std::string_view text, std::string file, const Environment& environment,
                              const Capabilities& capabilities) {
  auto secrets = std::make_shared<Secrets>();
  const auto keep = [&](config::CredentialText one) { secrets->keep(std::move(one)); };
  Source source = read_source(text);
  LoadTerms terms{capabilities, environment, environment, {keep, base::sha256}};
  // No host but this one reads YAML; the JSON that run_config makes of it has names in the place of secrets.
  if (config::read_json_tree(text).reach != config::Reach::whole) terms.capabilities.literal_secrets = true;
  config::Loaded read = config::load(source, terms);
  LoadedConfig loaded;
  loaded.status = read.problems.empty() ? LoadStatus::ok : LoadStatus::problems;
  loaded.file = std::move(file);
  loaded.secrets = std::move(secrets);
  loaded.problems = std::move(read.problems);
  loaded.warnings = std::move(read.warnings);
  if (loaded.status != LoadStatus::ok) return loaded;
  if (std::string& path = read.config.server.state_file; !path.empty()) path = beside(loaded.file, path);
  loaded.config = std::make_shared<const Config>(std::move(read.config));
  return loaded;
}

LoadedConfig load_config(const std::string& path, const Environment& environment, const Capabilities& capabilities) {
  const std::string file = path.empty() ? "embedded default" : path == "-" ? "standard input" : path;
  std::string problem;
  std::optional<std::string> text = read_text(path, problem);
  if (!text) {
    LoadedConfig loaded;
    loaded.file = file;
    loaded.secrets = std::make_shared<const Secrets>();
    loaded.problems.push_back({std::move(problem), {}, {}});
    return loaded;
  }
  LoadedConfig loaded = load_config_text(*text, file, environment, capabilities);
  config::wipe(*text);
  return loaded;
}

std::string summary(const Config& config) {
  const auto count = [](size_t number, const char* one) {
    return std::to_string(number) + " " + one + (number == 1 ? "" : "s");
  };
  return count(config.providers.size(), "provider") + ", " + count(config.models.size(), "model") + ", " +
         count(config.routes.size(), "route") + ", " + count(config.warnings.size(), "warning");
}

void print_problems(std::ostream& out, const LoadedConfig& loaded) {
  // Problems without a place have no ':' after a number, so the file's name needs a space of its own.
  const auto where = [&](const Problem& each) { return loaded.file + (each.place.line == 0 ? ": " : ":"); };
  for (const Problem& each : loaded.problems) out << where(each) << sentence(each) << '\n';
  for (const Problem& each : loaded.warnings) {
    Problem marked = each;
    marked.message = "warning: " + marked.message;
    out << where(each) << sentence(marked) << '\n';
  }
}

}  // namespace signalbox::native
