#include "routing/takes.h"

#include "base/text.h"

namespace signalbox::routing {
namespace {

// The estimate leans to the high side: what is only above the bound by that much may still fit.
constexpr int64_t surely_percent = 75;

}  // namespace

FactSet asked_by(std::span<const Lane* const> lanes) {
  FactSet asked = 0;
  const auto ask = [&](bool about, Fact fact) {
    if (about) asked = FactSet(asked | bit_of(fact));
  };
  bool without_images = false, with_images = false;
  for (const Lane* each : lanes) {
    const Takes& takes = each->takes;
    ask(takes.images == Presence::absent || takes.documents == Presence::absent, Fact::media);
    ask(takes.tools == Presence::absent, Fact::tools);
    ask(takes.tokens_max > 0, Fact::tokens);
    const bool blind = !each->flags.vision && takes.images == Presence::either;
    (blind ? without_images : with_images) = true;
  }
  // Where none sees, all are alike, and the loss is named.
  ask(without_images && with_images, Fact::media);
  return asked;
}

int64_t tokens_least(std::span<const Lane* const> lanes) {
  int64_t least = 0;
  for (const Lane* each : lanes)
    if (each->takes.tokens_max > 0 && (least == 0 || each->takes.tokens_max < least)) least = each->takes.tokens_max;
  return least;
}

TakingResult taking_of(const Lane& lane, const TaskFacts& known) {
  const Takes& takes = lane.takes;
  if (known.images && takes.images == Presence::absent) return {Taking::no, "images"};
  if (known.documents && takes.documents == Presence::absent) return {Taking::no, "documents"};
  if (known.tools && takes.tools == Presence::absent) return {Taking::no, "tools"};
  if (takes.tokens_max > 0 && known.tokens > takes.tokens_max) {
    // No more than the body has bytes: far from any overflow.
    const bool surely = known.tokens * surely_percent / 100 > takes.tokens_max;
    return {surely ? Taking::no : Taking::partly, "tokens"};
  }
  if (known.images && !lane.flags.vision && takes.images == Presence::either) return {Taking::partly, "images"};
  return {};
}

Fault cannot_take(const Config& config, const Lane& lane, const TakingResult& result, const TaskFacts& known) {
  if (result.what == "tokens") {
    // Anthropic's words, by which clients know that they must make a session shorter (translation.md section 12).
    Fault fault{FaultKind::upstream_context_overflow, "prompt is too long: "};
    base::append_decimal(fault.detail, known.tokens);
    fault.detail += " tokens > ";
    base::append_decimal(fault.detail, lane.takes.tokens_max);
    fault.detail += " maximum";
    return fault;
  }
  Fault fault{FaultKind::cannot_take, "The request has "};
  fault.detail += result.what;
  fault.detail += ", and no target of its route takes them: model \"";
  fault.detail += lane.upstream_model;
  fault.detail += "\" of provider \"";
  fault.detail += config.providers[lane.provider].name;
  fault.detail += "\" says so in the configuration (takes.";
  fault.detail += result.what;
  fault.detail += ").";
  return fault;
}

}  // namespace signalbox::routing
