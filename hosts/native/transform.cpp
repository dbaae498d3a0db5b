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
#include "loss_table.h"
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

// Why --target `asked` names nothing of the configuration.
std::string fault_of_target(const Config& config, std::string_view asked) {
  std::vector<std::string_view> models, providers;
  for (const Model& model : config.models) models.push_back(model.name);
  for (const Provider& provider : config.providers) providers.push_back(provider.name);
  const size_t slash = asked.find('/');
  const std::string provider(asked.substr(0, slash));
  const bool known = std::find(providers.begin(), providers.end(), provider) != providers.end();
  if (known) return "--target " + config::quoted(asked) + " is a provider without a model: " + provider + "/MODEL";
  if (slash != asked.npos)
    return "--target: there is no provider " + config::quoted(provider) + "; there is " + config::any_of(providers);
  return "--target wants a model of the configuration or provider/model, not " + config::quoted(asked) +
         config::did_you_mean(asked, models);
}

bool is_recorded_stream(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text.substr(0, 5) == "data:" || text.substr(0, 6) == "event:" || text.substr(0, 1) == ":";
}

}  // namespace

int run_transform(const TransformOptions& options, std::ostream& out, std::ostream& err,
                  const Environment& environment) {
  if (options.table) {
    out << loss_table();
    return exit_ok;
  }
  if (!options.form.empty() && !options.answer) return wrong_options(err, "--form is an answer's: it wants --answer");
  if (!options.model.empty() && options.answer)
    return wrong_options(err, "--model is a request's, and does not go with --answer");
  // The dialect that the target speaks is known by the target: of a request it is --to, of an answer --from.
  std::optional<Dialect> from, to;
  if (!options.from.empty() || options.target.empty() || !options.answer) {
    from = find_dialect("--from", options.from, err);
    if (!from) return exit_usage;
  }
  if (options.config_path.empty() != options.target.empty())
    return wrong_options(err, "--config and --target go together: --config FILE --target provider/model");
  if (options.config_path == "-" && options.request_path == "-")
    return wrong_options(err, "standard input is the request; name the configuration's file");
  if (!options.to.empty() || options.target.empty() || options.answer) {
    to = find_dialect("--to", options.to, err);
    if (!to) return exit_usage;
  }

  std::optional<Config> config;
  Target target;
  if (options.target.empty()) {
    config = plain_config(options.answer ? *from : *to);
  } else {
    const LoadedConfig loaded = load_config(options.config_path, environment);
    if (loaded.status != LoadStatus::ok) {
      print_problems(err, loaded);
      return int(loaded.status);
    }
    config = *loaded.config;
    const std::optional<Target> found = config::find_target(*config, options.target);
    if (!found) {
      return wrong_options(err, fault_of_target(*config, options.target));
    }
    target = *found;
    const Provider& provider = config->providers[target.provider];
    const std::string_view option = options.answer ? "--from" : "--to";
    const std::optional<Dialect>& said = options.answer ? from : to;
    if (said && *said != provider.dialect) {
      err << "signalbox: " << option << " says " << name_of(*said) << ", and provider " << config::quoted(provider.name)
          << " speaks " << name_of(provider.dialect) << "; leave " << option << " out\n";
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
    const uint32_t rules = entry ? target.entry : Target::no_entry;
    target = {target.provider, options.model, flags, known.context_tokens_max, known.output_tokens_max, rules};
  }

  if (!options.answer && *from == Dialect::gemini && target.upstream_model.empty())
    return wrong_options(err, "a request of gemini names its model in the path and not in the body: say --model NAME");

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
  AnswerForm form = AnswerForm::as_it_came;
  if (!options.form.empty()) form = options.form == "stream" ? AnswerForm::streamed : AnswerForm::whole;
  const Transformed result =
      options.answer ? transform_answer(*body, *config, target, *to, form) : transform(*body, *from, *config, target);
  for (const std::string& path : result.losses) err << "lost: " << path << '\n';
  if (!result.recognised)
    err << "signalbox: " << request << ": nothing here is an answer of "
        << name_of(config->providers[target.provider].dialect) << "; is " << (from ? "--from" : "--target")
        << " right?\n";
  else if (result.fault)
    err << "signalbox: " << request << ": " << result.fault.message()
        << (!options.answer && is_recorded_stream(*body) ? " (a recorded answer wants --answer)\n" : "\n");
  out << result.body;
  if (!result.body.empty() && result.body.back() != '\n') out << '\n';
  return result.fault ? exit_problems : exit_ok;
}

}  // namespace signalbox::native
