// How long a lane is put behind the others.
#include <catch2/catch.hpp>

#include "routing/cooldown.h"

using namespace signalbox;
using namespace signalbox::routing;

namespace {
constexpr int64_t noon = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT, RFC 9110's own example

int64_t cool_for(int status, CredentialOwner owner, int64_t asked_ms = -1) {
  UpstreamError error;
  error.status = status;
  return cool_ms(kind_of(error, owner, ModelNamed::by_configuration), owner, asked_ms);
}
}  // namespace

TEST_CASE("retry-after is read in every form", "[cooldown]") {
  auto ask = [](std::string_view name, std::string_view value) {
    Header header{name, value};
    return retry_after_ms({&header, 1}, noon);
  };
  CHECK(ask("retry-after", "7") == 7'000);
  CHECK(ask("Retry-After", " 7 ") == 7'000);
  CHECK(ask("retry-after-ms", "250") == 250);
  CHECK(ask("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT") == 10'000);
  CHECK(ask("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT") == 0);
  CHECK(ask("retry-after", "Sun, 06 Nov 1994 08:49:36 GMT") == -1);
  CHECK(ask("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT") == -1);
  CHECK(ask("retry-after", "0") == 0);
  CHECK(ask("retry-after", "-5") == -1);
  CHECK(ask("retry-after", "-0.5") == -1);
  CHECK(ask("retry-after-ms", "-250") == -1);
  CHECK(ask("retry-after", "999999999999") == retry_after_ms_max);
  CHECK(ask("retry-after", "soon") == -1);
  CHECK(ask("retry-after", "Sun, 06 Foo 1994 08:49:47 GMT") == -1);
  CHECK(ask("x-other", "7") == -1);
}

TEST_CASE("retry-after may have a fraction, which no standard knows and some send", "[cooldown]") {
  auto ask = [](std::string_view value) {
    Header header{"retry-after", value};
    return retry_after_ms({&header, 1}, noon);
  };
  CHECK(ask("1.25") == 1'250);
  CHECK(ask("0.5") == 500);
  CHECK(ask("20.0") == 20'000);
  CHECK(ask("1.98765") == 1'987);
  CHECK(ask("3.") == 3'000);
  CHECK(ask("999999999999.9") == retry_after_ms_max);
  CHECK(ask(".") == -1);
}

TEST_CASE("a client's own fault or credential cools nothing", "[cooldown]") {
  for (int status : {400, 413, 422}) CHECK(cool_for(status, CredentialOwner::ours) == 0);
  for (int status : {401, 402, 403, 429}) {
    CHECK(cool_for(status, CredentialOwner::client) == 0);
    CHECK(cool_for(status, CredentialOwner::ours) > 0);
  }
  CHECK(cool_for(503, CredentialOwner::client) > 0);
}

TEST_CASE("what the upstream asks for outranks our guess", "[cooldown]") {
  CHECK(cool_for(429, CredentialOwner::ours, 61'000) == 61'000);
  CHECK(cool_for(529, CredentialOwner::ours, 61'000) == 61'000);
  CHECK(cool_for(500, CredentialOwner::ours, 100) == 100);
  CHECK(cool_for(429, CredentialOwner::ours, 0) == 0);
  CHECK(cool_for(402, CredentialOwner::ours, 600'000) == 600'000);
  CHECK(cool_for(429, CredentialOwner::ours, INT64_MAX) == retry_after_ms_max);
}

TEST_CASE("what only a person can mend cools for long, whatever the upstream asks", "[cooldown]") {
  for (int status : {401, 404}) {
    CHECK(cool_for(status, CredentialOwner::ours) >= 600'000);
    CHECK(cool_for(status, CredentialOwner::ours, 1) >= 15'000);
  }
  CHECK(cool_for(401, CredentialOwner::ours, 1) == cool_for(401, CredentialOwner::ours));
  CHECK(cool_for(404, CredentialOwner::ours, 1) == cool_for(404, CredentialOwner::ours));
  const UpstreamError no_money{402, "billing_error", {}, {}};
  CHECK(cool_ms(kind_of(no_money, CredentialOwner::ours, ModelNamed::by_configuration), CredentialOwner::ours, -1) ==
        3'600'000);
  CHECK(cool_for(429, CredentialOwner::ours) > cool_for(529, CredentialOwner::ours));
}

TEST_CASE("what one request may be the reason for cools for a moment", "[cooldown]") {
  for (int status : {402, 403}) CHECK(cool_for(status, CredentialOwner::ours) == 5'000);
  CHECK(cool_for(403, CredentialOwner::ours, 600'000) == 5'000);
  CHECK(cool_for(402, CredentialOwner::ours, 1) == 5'000);
}

TEST_CASE("where no credential is configured a 401 cools for a moment", "[cooldown]") {
  CHECK(cool_for(401, CredentialOwner::nobody) == 5'000);
  CHECK(cool_for(401, CredentialOwner::nobody, 600'000) == 5'000);
  CHECK(cool_for(429, CredentialOwner::nobody) == cool_for(429, CredentialOwner::ours));
}

TEST_CASE("a model that a configuration names wrongly cools its lane for every client", "[cooldown]") {
  CHECK(cool_for(404, CredentialOwner::client) == cool_for(404, CredentialOwner::ours));
}

TEST_CASE("only the upstream's faults cool its lane", "[cooldown]") {
  CHECK(cool_ms(FaultKind::upstream_reset, CredentialOwner::ours, -1) > 0);
  CHECK(cool_ms(FaultKind::client_gone, CredentialOwner::ours, -1) == 0);
  CHECK(cool_ms(FaultKind::internal, CredentialOwner::ours, -1) == 0);
  for (size_t i = 0; i < size_t(FaultKind::count_); ++i) {
    const FaultRow& each = row(FaultKind(i));
    if (each.source != FaultSource::upstream) CHECK(cool_ms(each.kind, CredentialOwner::ours, 60'000) == 0);
  }
}

TEST_CASE("x-should-retry: false is about the lane that says it", "[cooldown]") {
  auto ask = [](std::string_view name, std::string_view value) {
    Header header{name, value};
    return wants_no_second_attempt({&header, 1});
  };
  CHECK(ask("x-should-retry", "false"));
  CHECK(ask("X-Should-Retry", " False "));
  CHECK_FALSE(ask("x-should-retry", "true"));
  CHECK_FALSE(ask("x-should-retry", ""));
  CHECK_FALSE(ask("retry-after", "false"));
  CHECK_FALSE(wants_no_second_attempt({}));
}
