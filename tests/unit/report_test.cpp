// What the line of an exchange says of itself: the level that a log is filtered by.
#include <catch2/catch.hpp>
#include <string>

#include "json/walk.h"
#include "signalbox/report.h"

using namespace signalbox;

TEST_CASE("report: the level in the line is the one that it is filtered by") {
  const auto told = [](FaultKind kind) {
    Report report;
    report.fault = {kind, {}};
    std::string line;
    write_json_line(line, report);
    CHECK(json::member(line, "level") == '"' + std::string(name_of(level_of(report))) + '"');
    return level_of(report);
  };
  CHECK(told(FaultKind::none) == LogLevel::info);
  CHECK(told(FaultKind::unauthenticated) == LogLevel::warn);
  CHECK(told(FaultKind::upstream_reset) == LogLevel::warn);
  CHECK(told(FaultKind::internal) == LogLevel::error);
}
