// What lanes will not take of requests in their own dialect: remembered from their refusals, taken out, and
// named as lost.
#pragma once

#include <span>
#include <string_view>

#include "base/arena.h"
#include "dialects/canonical/losses.h"
#include "dialects/dialect.h"
#include "routing/plan.h"
#include "routing/refusals.h"
#include "signalbox/config.h"
#include "signalbox/header.h"

namespace signalbox::exchange {

// Whose refusals are alike, as routing::Refusals knows them: a lane, asked with the same features in
// `headers`, the client's. In `arena`.
std::string_view refuser(const routing::Lane& lane, const dialects::DialectRow& dialect,
                         std::span<const Header> headers, Arena& arena);

// What is remembered of `lane`, and what has just been refused; `refusal` is empty before anything was. A
// route that rejects losses takes nothing out: there the upstream says itself what it refuses. In `arena`.
dialects::Unwanted unwanted_by(const routing::Lane& lane, const Route& route, const dialects::DialectRow& dialect,
                               std::span<const Header> headers, const routing::Refusals& refusals,
                               const dialects::Refusal& refusal, int64_t now_monotonic_ms, Arena& arena);

// Names in `losses` what `edits` take out, because it is in `unwanted` or another vendor's: by path, without places in
// arrays. Blank texts are no loss.
void add_losses(std::span<const dialects::Edit> edits, const dialects::Unwanted& unwanted, canonical::Losses& losses);

}  // namespace signalbox::exchange
