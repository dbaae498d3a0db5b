#include "exchange/unwanted.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "dialects/member_removal.h"
#include "exchange/decision.h"
#include "http/header_list.h"

namespace signalbox::exchange {
namespace {

// "tools[0].custom.strict" and "tools.*.custom.strict" as "tools.custom.strict".
std::string without_places(std::string_view path) {
  std::string named;
  while (!path.empty()) {
    const std::string_view part = dialects::take_part(path);
    if (part == "*" || base::parse_decimal(part)) continue;
    if (!named.empty()) named += '.';
    named += part;
  }
  return named;
}

}  // namespace

std::string_view refuser(const routing::Lane& lane, const dialects::DialectRow& dialect,
                         std::span<const Header> headers, Arena& arena) {
  std::string_view key = lane.key;
  if (dialect.feature_header.empty()) return key;
  for (const Header& header : headers)
    if (http::equals_ignoring_case(header.name, dialect.feature_header))
      key = arena.concat({key, "\n", http::trim(header.value)});
  return key;
}

dialects::Unwanted unwanted_by(const routing::Lane& lane, const Route& route, const dialects::DialectRow& dialect,
                               std::span<const Header> headers, const routing::Refusals& refusals,
                               const dialects::Refusal& refusal, int64_t now_monotonic_ms, Arena& arena) {
  if (!dialect.removals || route.on_loss == OnLoss::reject) return {};
  std::span<const std::string_view> remembered;
  if (refusals.lane_count() > 0)
    remembered = refusals.of(refuser(lane, dialect, headers, arena), now_monotonic_ms, arena);
  const std::span<std::string_view> members =
      arena.array<std::string_view>(remembered.size() + refusal.members.size() + refusal.everywhere.size());
  auto end = std::copy(remembered.begin(), remembered.end(), members.begin());
  end = std::copy(refusal.members.begin(), refusal.members.end(), end);
  std::copy(refusal.everywhere.begin(), refusal.everywhere.end(), end);
  return {refusal.thinking, members, refusal.blank_texts};
}

void add_losses(std::span<const dialects::Edit> edits, const dialects::Unwanted& unwanted, canonical::Losses& losses) {
  const auto& members = unwanted.members;
  for (const dialects::Edit& edit : edits) {
    if (std::find(members.begin(), members.end(), edit.path) != members.end()) losses.add(without_places(edit.path));
    // What else goes is thinking, wherever a dialect has it, and texts without a word, which are no loss.
    else if (edit.path != "model" && edit.path != tag_path && edit.path != dialects::blank_text_path)
      losses.add("messages.thinking");
  }
}

}  // namespace signalbox::exchange
