// How long a lane is put behind the others.
#include <catch2/catch.hpp>

#include "routing/cooldown.h"

using namespace signalbox;
using namespace signalbox::routing;

namespace {
constexpr int64_t noon = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT, RFC 9110's own example
}

TEST_CASE("retry-after is read in every form", "[cooldown]") {
  auto ask = [](std::string_view name, std::string_view value) {
    Header header{name, value};
    return retry_after_ms({&header, 1}, noon);
  };
  CHECK(ask("retry-after", "7") == 7'000);
  CHECK(ask("Retry-After", " 7 ") == 7'000);
  CHECK(ask("retry-after-ms", "250") == 250);
  CHECK(ask("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT") == 10'000);
  CHECK(ask("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT") == 0);
  CHECK(ask("retry-after", "999999999999") == retry_after_ms_max);
  CHECK(ask("retry-after", "soon") == -1);
  CHECK(ask("retry-after", "Sun, 06 Foo 1994 08:49:47 GMT") == -1);
  CHECK(ask("x-other", "7") == -1);
}

TEST_CASE("a client's own fault or credential cools nothing", "[cooldown]") {
  for (int status : {400, 413, 422}) CHECK(cool_ms_for_status(status, {}, CredentialOwner::ours, noon) == 0);
  for (int status : {401, 402, 403, 429}) {
    CHECK(cool_ms_for_status(status, {}, CredentialOwner::client, noon) == 0);
    CHECK(cool_ms_for_status(status, {}, CredentialOwner::ours, noon) > 0);
  }
  CHECK(cool_ms_for_status(503, {}, CredentialOwner::client, noon) > 0);
}

TEST_CASE("what the upstream asks for outranks our guess", "[cooldown]") {
  Header header{"retry-after", "61"};
  CHECK(cool_ms_for_status(429, {&header, 1}, CredentialOwner::ours, noon) == 61'000);
  CHECK(cool_ms_for_status(529, {&header, 1}, CredentialOwner::ours, noon) == 61'000);
}

TEST_CASE("only the upstream's faults cool its lane", "[cooldown]") {
  CHECK(cool_ms_for_fault(FaultKind::upstream_reset) > 0);
  CHECK(cool_ms_for_fault(FaultKind::client_gone) == 0);
  CHECK(cool_ms_for_fault(FaultKind::internal) == 0);
}
