#include "routing/thinking_suffix.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "routing/plan.h"

namespace signalbox::routing {
namespace {

// In the order of canonical::Effort, which begins with unset.
constexpr std::string_view efforts[] = {"", "none", "minimal", "low", "medium", "high", "xhigh", "max"};
constexpr uint8_t high = 5;
// No model thinks that long; more is a name.
constexpr int64_t budget_tokens_max = 10'000'000;

ThinkingSaid thinking_of(std::string_view word) {
  if (word == "auto" || word == "-1") return {high, -1};
  for (size_t i = 1; i < std::size(efforts); ++i)
    if (word == efforts[i]) return {uint8_t(i), -1};
  const std::optional<int64_t> budget = base::parse_decimal(word);
  if (!budget || *budget < 0 || *budget > budget_tokens_max) return {};
  return {0, *budget};
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Whether the user means `whole` as it stands: a pattern takes it that would not take `bare`, or a model is called so.
bool is_configured(const Config& config, std::string_view whole, std::string_view bare) {
  return std::any_of(config.routes.begin(), config.routes.end(),
                     [&](const Route& route) {
                       return base::matches(route.match, whole) && !base::matches(route.match, bare);
                     }) ||
         std::any_of(config.models.begin(), config.models.end(), [&](const Model& model) {
           return ends_with(model.upstream_model, ")") && ends_with(whole, model.upstream_model);
         });
}

}  // namespace

SuffixedName without_thinking(const Config& config, std::string_view client_model) {
  const SuffixedName as_it_is{client_model, {}};
  if (config.thinking_suffix == ThinkingSuffix::off) return as_it_is;
  const std::string_view whole = without_local_suffix(client_model);
  const size_t open = whole.rfind('(');
  if (!ends_with(whole, ")") || open == whole.npos || open == 0) return as_it_is;
  const std::string_view bare = whole.substr(0, open);
  const ThinkingSaid said = thinking_of(whole.substr(open + 1, whole.size() - open - 2));
  if (!said.any() || is_configured(config, whole, bare)) return as_it_is;
  return {bare, said};
}

}  // namespace signalbox::routing
