#include "config/target.h"

#include <cstddef>
#include <string>

#include "base/text.h"

namespace signalbox {

ModelLimits Provider::limits_of(std::string_view upstream_model) const {
  for (const ModelLimits& each : known_models)
    if (base::matches(each.match, upstream_model)) return each;
  return {};
}

const LaneFlags& Provider::flags_of(std::string_view upstream_model) const {
  for (const ModelFlags& each : model_flags)
    if (base::matches(each.match, upstream_model)) return each.flags;
  return flags;
}

std::string_view name_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::priority: return "priority";
    case Strategy::round_robin: return "round_robin";
    case Strategy::weighted: return "weighted";
    case Strategy::random: return "random";
    case Strategy::least_busy: return "least_busy";
    case Strategy::fastest: return "fastest";
    case Strategy::cheapest: return "cheapest";
    case Strategy::quota: return "quota";
  }
  return {};
}

}  // namespace signalbox

namespace signalbox::config {

Target target_of(const Config& config, uint32_t entry) {
  const Model& model = config.models[entry];
  return {model.provider, model.upstream_model, model.flags, model.context_tokens_max, model.output_tokens_max,
          entry,          model.takes};
}

std::optional<Target> find_target(const Config& config, std::string_view text) {
  for (size_t i = 0; i < config.models.size(); ++i) {
    const Model& model = config.models[i];
    if (model.name != text) continue;
    if (model.provider >= config.providers.size()) return std::nullopt;
    return target_of(config, uint32_t(i));
  }
  const size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const std::string_view model = text.substr(slash + 1);
  if (model.empty() || (model != "*" && model.find('*') != model.npos)) return std::nullopt;
  for (size_t i = 0; i < config.providers.size(); ++i) {
    if (config.providers[i].name != text.substr(0, slash)) continue;
    const Provider& provider = config.providers[i];
    Target target{uint32_t(i), {}, provider.flags};
    target.takes = provider.takes;
    if (model == "*") return target;
    const ModelLimits known = provider.limits_of(model);
    target.upstream_model = std::string(model);
    target.flags = provider.flags_of(model);
    target.context_tokens_max = known.context_tokens_max;
    target.output_tokens_max = known.output_tokens_max;
    return target;
  }
  return std::nullopt;
}

}  // namespace signalbox::config
