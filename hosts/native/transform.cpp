#include "transform.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "commands.h"
#include "config/problem.h"
#include "config/target.h"
#include "read_file.h"
#include "signalbox/transform.h"

namespace signalbox::native {
namespace {

struct Name {
  std::string_view name;
  Dialect dialect;
};

// The names of configurations, and what people call them for short.
constexpr Name names[] = {
    {"anthropic", Dialect::anthropic},        {"messages", Dialect::anthropic},
    {"openai_chat", Dialect::openai_chat},    {"openai", Dialect::openai_chat},
    {"chat", Dialect::openai_chat},           {"openai_responses", Dialect::openai_responses},
    {"responses", Dialect::openai_responses}, {"gemini", Dialect::gemini},
};

std::optional<Dialect> find_dialect(std::string_view option, const std::string& asked, std::ostream& err) {
  std::vector<std::string_view> known;
  for (const Name& each : names) {
    if (base::equals_ignoring_case(each.name, asked)) return each.dialect;
    known.push_back(each.name);
  }
  err << "signalbox: " << option << " wants a dialect";
  if (!asked.empty()) err << ", not " << config::quoted(asked) << config::did_you_mean(asked, known);
  err << ": anthropic, openai (which is openai_chat), openai_responses or gemini\n";
  return std::nullopt;
}

int wrong_options(std::ostream& err, std::string_view sentence) {
  err << "signalbox: " << sentence << '\n';
  return exit_usage;
}

// A configuration of nothing but one provider that does what its dialect's documentation says.
Config plain_config(Dialect dialect) {
  Config config;
  Provider provider;
  provider.name = name_of(dialect);
  provider.dialect = dialect;
  config.providers.push_back(std::move(provider));
  return config;
}

// What `--target` names may be any of these.
std::vector<std::string_view> target_names(const Config& config) {
  std::vector<std::string_view> found;
  for (const Model& model : config.models) found.push_back(model.name);
  for (const Provider& provider : config.providers) found.push_back(provider.name);
  return found;
}

}  // namespace

int run_transform(const TransformOptions& options, std::ostream& out, std::ostream& err,
                  const Environment& environment) {
  const std::optional<Dialect> from = find_dialect("--from", options.from, err);
  if (!from) return exit_usage;
  if (options.config_path.empty() != options.target.empty())
    return wrong_options(err, "--config and --target go together: --config FILE --target provider/model");
  if (options.config_path == "-" && options.request_path == "-")
    return wrong_options(err, "standard input is the request; name the configuration's file");
  std::optional<Dialect> to;
  if (!options.to.empty() || options.target.empty()) {
    to = find_dialect("--to", options.to, err);
    if (!to) return exit_usage;
  }

  std::optional<Config> config;
  Target target;
  if (options.target.empty()) {
    config = plain_config(*to);
  } else {
    const LoadedConfig loaded = load_config(options.config_path, environment);
    if (loaded.status != LoadStatus::ok) {
      print_problems(err, loaded);
      return int(loaded.status);
    }
    config = *loaded.config;
    const std::optional<Target> found = config::find_target(*config, options.target);
    if (!found) {
      err << "signalbox: --target wants a model of the configuration or provider/model, not "
          << config::quoted(options.target) << config::did_you_mean(options.target, target_names(*config)) << '\n';
      return exit_usage;
    }
    target = *found;
    const Provider& provider = config->providers[target.provider];
    if (to && *to != provider.dialect) {
      err << "signalbox: --to says " << name_of(*to) << ", and provider " << config::quoted(provider.name) << " speaks "
          << name_of(provider.dialect) << "; leave --to out\n";
      return exit_usage;
    }
  }
  if (!options.model.empty() && options.model != target.upstream_model) {
    const Provider& provider = config->providers[target.provider];
    const ModelLimits known = provider.limits_of(options.model);
    // A models entry's flags are the user's word; those of any other target are the preset's for its own model.
    const bool entry = std::any_of(config->models.begin(), config->models.end(),
                                   [&](const Model& model) { return model.name == options.target; });
    const LaneFlags flags = entry ? target.flags : provider.flags_of(options.model);
    target = {target.provider, options.model, flags, known.context_tokens_max, known.output_tokens_max};
  }

  std::string problem;
  const std::optional<std::string> body = read_file(options.request_path, transform_bytes_max, problem);
  const std::string_view request =
      options.request_path == "-" ? "standard input" : std::string_view(options.request_path);
  if (!body) {
    err << "signalbox: " << request << ' ' << problem << '\n';
    return exit_usage;
  }
  if (body->size() > transform_bytes_max) {
    err << "signalbox: " << request << " is larger than " << (transform_bytes_max >> 20) << " MiB\n";
    return exit_usage;
  }
  const Transformed result = transform(*body, *from, *config, target);
  if (result.fault) {
    err << "signalbox: " << request << ": " << result.fault.message() << '\n';
    return exit_problems;
  }
  for (const std::string& path : result.losses) err << "lost: " << path << '\n';
  out << result.body << '\n';
  return exit_ok;
}

}  // namespace signalbox::native
