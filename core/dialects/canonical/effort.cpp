#include "dialects/canonical/effort.h"

#include <cstddef>

namespace signalbox::canonical {
namespace {

struct Rung {
  std::string_view word;
  int64_t budget_tokens;      // what is asked for
  int64_t budget_tokens_max;  // the largest budget that still means this rung
};

// In the order of Effort, which begins with unset.
constexpr Rung rungs[] = {
    {"", -1, -1},           {"none", 0, 0},         {"minimal", 1024, 512},  {"low", 2048, 2048},
    {"medium", 8192, 8192}, {"high", 24576, 24576}, {"xhigh", 32768, 40000}, {"max", 63999, INT64_MAX},
};
static_assert(sizeof rungs / sizeof rungs[0] == size_t(Effort::max) + 1);

bool is_known(size_t rung, uint8_t levels) { return (levels >> (rung - 1) & 1) != 0; }

}  // namespace

std::string_view word_of(Effort effort) { return rungs[size_t(effort)].word; }

Effort effort_of(Escaped word) {
  for (size_t rung = size_t(Effort::none); rung <= size_t(Effort::max); ++rung)
    if (json::equals(word, rungs[rung].word)) return Effort(rung);
  return Effort::unset;
}

Effort effort_of(int64_t budget_tokens) {
  size_t rung = 0;
  while (budget_tokens > rungs[rung].budget_tokens_max) ++rung;
  return Effort(rung);
}

Effort effort_of(const Reasoning& reasoning) {
  return reasoning.effort != Effort::unset ? reasoning.effort : effort_of(reasoning.budget_tokens);
}

int64_t budget_of(const Reasoning& reasoning) {
  return reasoning.effort != Effort::unset ? rungs[size_t(reasoning.effort)].budget_tokens : reasoning.budget_tokens;
}

Effort clamped(Effort effort, uint8_t levels) {
  if (effort == Effort::unset) return effort;
  const auto lowest = size_t(effort == Effort::none ? Effort::none : Effort::minimal);
  for (size_t rung = size_t(effort); rung >= lowest; --rung)
    if (is_known(rung, levels)) return Effort(rung);
  for (size_t rung = size_t(effort) + 1; rung <= size_t(Effort::max); ++rung)
    if (is_known(rung, levels)) return Effort(rung);
  return Effort::unset;
}

}  // namespace signalbox::canonical
