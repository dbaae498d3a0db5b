// What becomes of a body that is passed on when a row's edits are made, and what a row takes for a refusal: for the tests of
// all rows.
#pragma once

#include <catch2/catch.hpp>

#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "dialects/dialect.h"

namespace signalbox::testing {

// `body` with `edits` made. They must stand within it, in order, and not overlap.
inline std::string edited(const std::string& body, std::span<const dialects::Edit> edits) {
  std::string out;
  size_t at = 0;
  for (const dialects::Edit& edit : edits) {
    REQUIRE(edit.begin >= at);
    REQUIRE(edit.end >= edit.begin);
    REQUIRE(edit.end <= body.size());
    out.append(body, at, edit.begin - at);
    out += edit.text;
    at = edit.end;
  }
  return out.append(body, at);
}

// What `row` leaves of `body`: without what is of other vendors, and without what is `unwanted`.
inline std::string left_by(const dialects::DialectRow& row, const std::string& body,
                           const dialects::Unwanted& unwanted = {}) {
  Arena arena;
  return edited(body, row.removals(body, unwanted, arena));
}

// Whether `row` takes an answer with `status` and `message` for one that refuses the thinking in `body`.
inline bool thinking_refused(const dialects::DialectRow& row, int status, std::string_view message,
                             std::string_view body = "{}") {
  Arena arena;
  routing::UpstreamError error;
  error.status = status;
  error.message = message;
  return row.read_refusal(body, error, arena).thinking;
}

}  // namespace signalbox::testing
