// A client's body that is read as a canonical request: what the tests of all readers have in common.
#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "dialects/canonical/parts.h"
#include "dialects/dialect.h"
#include "json/walk.h"

namespace signalbox::testing {

// Owns what the request's views need: it is read where it stands, and neither copied nor moved.
struct ReadBody {
  std::string body;
  Arena arena;
  canonical::Losses losses;
  canonical::ReadResult result;

  ReadBody(const dialects::DialectRow& row, std::string text)
      : body(std::move(text)), result(row.read_request(body, arena, losses)) {}
  ReadBody(const ReadBody&) = delete;
  ReadBody& operator=(const ReadBody&) = delete;

  // The request, which must have been understood.
  const canonical::Request& request() const {
    INFO(result.fault.detail);
    REQUIRE_FALSE(result.fault);
    return result.request;
  }
  std::string lost() const { return losses.joined(); }

  // `member` of the body that `row` makes of it for a lane with `flags`.
  std::string written(const dialects::DialectRow& row, const LaneFlags& flags, std::string_view member) {
    canonical::ToolNames names;
    canonical::Losses ignored;
    std::string out;
    row.write_request(request(), {"up", flags, 0, "0a1b2c3d", arena, names, ignored}, out);
    return std::string(json::member(out, member));
  }
};

}  // namespace signalbox::testing
