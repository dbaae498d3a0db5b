#include "http/content_coding.h"

#include <catch2/catch.hpp>

using namespace signalbox;

TEST_CASE("accept-encoding: a coding is taken when it is named, and not with nought", "[http]") {
  const auto takes = [](std::string_view value, std::string_view coding) {
    const Header headers[] = {{"host", "gzip"}, {"Accept-Encoding", value}};
    return http::takes(headers, coding);
  };
  CHECK(takes("gzip", "gzip"));
  CHECK(takes("br, GZip ;q=0.5 , deflate", "gzip"));
  CHECK(takes("gzip;q=1", "GZIP"));
  CHECK_FALSE(takes("gzip;q=0", "gzip"));
  CHECK_FALSE(takes("gzip; q=0.000, br", "gzip"));
  CHECK_FALSE(takes("x-gzip, br", "gzip"));
  CHECK_FALSE(takes("", "gzip"));
  CHECK_FALSE(http::takes({}, "gzip"));
}
