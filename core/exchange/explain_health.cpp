#include "exchange/explain_health.h"

#include "routing/cooldown.h"

namespace signalbox::exchange {
namespace {

struct ClassRow {
  json::Name name;
  FaultKind kind;
};

// One of each class that behaves like no other.
constexpr ClassRow classes[] = {
    {"status_401", FaultKind::upstream_credential_refused},     {"status_402", FaultKind::upstream_unpaid},
    {"status_429", FaultKind::upstream_rate_limited},           {"status_500", FaultKind::upstream_error},
    {"timeout", FaultKind::upstream_first_byte_timeout},        {"unreachable", FaultKind::upstream_connect},
    {"context_overflow", FaultKind::upstream_context_overflow}, {"status_400", FaultKind::upstream_rejected},
};

std::string_view name_of(RetryClass retry) {
  switch (retry) {
    case RetryClass::never: return "answer";
    case RetryClass::next_lane: return "next_lane";
    case RetryClass::larger_lane: return "larger_lane";
  }
  return "answer";
}

}  // namespace

void write_health(json::Writer& w, const routing::Lane& lane, const Failures& failures, routing::CredentialOwner owner,
                  Unreachable unreachable, int64_t now_unix_ms) {
  const bool cooling = lane.cooled_until_unix_ms > now_unix_ms;
  w.key("standing")
      .string(cooling                          ? "cooling"
              : lane.cooled_until_unix_ms != 0 ? "probing"
              : lane.half_open                 ? "half_open"
                                               : "ready");
  if (cooling) w.key("why").string(routing::name_of(lane.why)).key("suffers").string(routing::name_of(lane.scope));
  w.key("on_failure").begin_object();
  for (const ClassRow& each : classes) {
    // A refusal of the client's own credential is its own to mend (routing/verdict.cpp).
    const bool clients =
        each.kind == FaultKind::upstream_credential_refused && owner == routing::CredentialOwner::client;
    const FaultKind kind = clients ? FaultKind::upstream_rejected : each.kind;
    const routing::Suffering suffering = routing::suffering_of(kind, owner, unreachable);
    int64_t cool_ms = routing::cool_ms(kind, owner, -1);
    if (cool_ms > 0 && suffering.is_users) cool_ms = failures.cool_ms;
    w.key(each.name).begin_object().key("then").string(name_of(row(kind).retry));
    if (cool_ms > 0) w.key("suffers").string(routing::name_of(suffering.scope)).key("for_ms").number(cool_ms);
    w.end_object();
  }
  w.end_object();
}

}  // namespace signalbox::exchange
