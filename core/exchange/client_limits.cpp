// How much a client may ask: who it is, what it takes of its limits, what it is told of them, and what it has cost.
//
// In this order: the lists of addresses, before anything else is looked at; the address's limits, before the client
// key, so that whoever tries keys pays for each; the key's; one of all places; and the tokens, once the body is there.
// What has been taken before a later one refuses stays taken until the end, which comes at once, but for a request in a
// bucket or a window: knocking costs.
#include <algorithm>

#include "base/address.h"
#include "base/text.h"
#include "exchange/machine.h"
#include "json/writer.h"
#include "limits/client_address.h"
#include "tokens/estimate.h"

namespace signalbox::exchange {
namespace {

// A full gateway is asked again as soon as SDKs would by themselves.
constexpr int64_t busy_retry_ms = 1000;

bool is_watched(const http::Endpoint& endpoint) {
  switch (endpoint.operation) {
    case Operation::options:
    case Operation::healthz:
    case Operation::readyz:
    case Operation::state:
    case Operation::metrics:
    case Operation::reset:
    case Operation::probe:
    case Operation::enable:
    case Operation::disable:
    case Operation::select:
    case Operation::explain: return false;  // who watches must see also what is busy
    default: return true;
  }
}

std::string_view name_of(ClientLimit limit) {
  switch (limit) {
    case ClientLimit::none: break;
    case ClientLimit::rate: return "requests_per_minute";
    case ClientLimit::concurrency: return "concurrent_max";
    case ClientLimit::window_requests: return "window_requests_max";
    case ClientLimit::window_tokens: return "window_tokens_max";
  }
  return "none";
}

const ClientLimits& limits_of(const Server& server, std::string_view key) {
  for (const ClientKey& each : server.client_keys)
    if (each.name == key && each.own_limits) return each.limits;
  return server.clients.each_key;
}

// Without the end of its sentence.
Fault used_up(const ClientLedger::Standing& standing, std::string_view whose) {
  Fault fault{FaultKind::client_limited, {}};
  switch (standing.of) {
    case ClientLimit::none:
    case ClientLimit::rate: fault.detail = "Too many requests of this client in a short time"; break;
    case ClientLimit::concurrency: fault.detail = "This client has too many requests open at once"; break;
    case ClientLimit::window_requests: fault.detail = "This client has used up its requests for this while"; break;
    case ClientLimit::window_tokens: fault.detail = "This client has used up its tokens for this while"; break;
  }
  fault.detail += " (";
  fault.detail += whose;
  fault.detail += ".";
  fault.detail += name_of(standing.of);
  fault.detail += ")";
  return fault;
}

Fault too_long_for(const ClientLedger::Standing& lacking, int64_t tokens) {
  Fault fault{FaultKind::client_limited, "This request has about "};
  base::append_decimal(fault.detail, tokens);
  fault.detail += " tokens; of this client's ";
  base::append_decimal(fault.detail, lacking.limit);
  fault.detail += " (window_tokens_max) ";
  base::append_decimal(fault.detail, lacking.remaining);
  fault.detail += tokens > lacking.limit ? " are left, and it is too long for all of them." : " are left.";
  return fault;
}

Fault not_from_there() {
  return {FaultKind::forbidden, "Requests from this address are not taken (server.clients.allow and deny)."};
}

}  // namespace

Machine::Limited::~Limited() {
  // A request that nobody has settled was dropped by its host: it has cost what was expected of it.
  ledger.settle(of_address, of_address.reserved_tokens);
  ledger.settle(of_key, of_key.reserved_tokens);
  if (entered) ledger.leave();
}

bool Machine::is_limited() const {
  return config_->server.clients.in_use() || config_->server.limits.exchanges_max > 0;
}

// The lists, a place among all, and the limits of the address.
Fault Machine::limit_address(const ClientHead& head) {
  const Clients& clients = config_->server.clients;
  Address from;
  if (clients.by_address) {
    from = limits::client_address(head.headers, head.address, gateway_.capabilities(), clients);
    // What cannot be known cannot be on the list of those who may.
    if (limits::any_contains(clients.denied, from) ||
        (!clients.allowed.empty() && !(from.known() && limits::any_contains(clients.allowed, from))))
      return not_from_there();
  }
  if (!is_watched(endpoint_)) return {};
  limited_ = std::make_unique<Limited>(gateway_.ledger());
  if (const int64_t most = config_->server.limits.exchanges_max; most > 0) {
    limited_->entered = limited_->ledger.enter(most);
    if (!limited_->entered)
      return {FaultKind::overloaded, "The gateway has as many requests open as it takes (server.limits.exchanges_max).",
              busy_retry_ms};
  }
  if (!clients.each_address.any() || !from.known()) return {};
  const auto taken = limited_->ledger.take({{}, base::client_part(from)}, clients.each_address, head.random, now_);
  limited_->shown = taken.standing;
  if (!taken.share.held()) return refused_by(taken.standing, taken.retry_ms, "server.clients.each_address");
  limited_->of_address = taken.share;
  return {};
}

// The limits of the key that report_ names.
Fault Machine::limit_key() {
  if (!limited_ || report_.client_key.empty() || !config_->server.clients.by_key) return {};
  const ClientLimits& limits = limits_of(config_->server, report_.client_key);
  if (!limits.any()) return {};
  const auto taken = limited_->ledger.take({report_.client_key, {}}, limits, head_.random, now_);
  if (!taken.share.held()) {
    limited_->shown = taken.standing;
    return refused_by(
        taken.standing, taken.retry_ms,
        &limits == &config_->server.clients.each_key ? "server.clients.each_key" : "server.client_keys[].limits");
  }
  limited_->of_key = taken.share;
  limited_->key_limits = &limits;
  // Both stand for the same request: the client is told of the one that ends sooner.
  const auto& shown = limited_->shown;
  if (shown.of == ClientLimit::none ||
      double(taken.standing.remaining) * double(shown.limit) < double(shown.remaining) * double(taken.standing.limit))
    limited_->shown = taken.standing;
  return {};
}

// What the request will cost at least is set aside before it is asked for: our own count of what it says. What the
// answer will say nobody knows.
Fault Machine::limit_tokens() {
  const ClientLimits& each_address = config_->server.clients.each_address;
  const bool of_address = limited_->of_address.held() && each_address.window_tokens_max > 0;
  const bool of_key = limited_->of_key.held() && limited_->key_limits->window_tokens_max > 0;
  if ((!of_address && !of_key) || counting()) return {};
  const int64_t tokens = tokens::estimate_tokens(body_);
  ClientLedger::Standing lacking;
  if (of_address) lacking = limited_->ledger.reserve(limited_->of_address, each_address, tokens, now_);
  if (of_key && lacking.of == ClientLimit::none)
    lacking = limited_->ledger.reserve(limited_->of_key, *limited_->key_limits, tokens, now_);
  if (lacking.of == ClientLimit::none) return {};
  limited_->shown = lacking;
  Fault fault = too_long_for(lacking, tokens);
  fault.retry_after_ms = lacking.reset_ms;
  return fault;
}

Fault Machine::refused_by(const ClientLedger::Standing& standing, int64_t retry_ms, std::string_view whose) {
  Fault fault = used_up(standing, whose);
  fault.detail += "; try again in ";
  base::append_decimal(fault.detail, std::max<int64_t>(1, base::seconds_up(retry_ms)));
  fault.detail += " s.";
  fault.retry_after_ms = retry_ms;
  return fault;
}
size_t Machine::add_limit_headers(std::span<Header> headers, size_t filled) {
  const ClientLedger::Standing& shown = limited_->shown;
  if (shown.of == ClientLimit::none) return filled;
  const auto add = [&](std::string_view name, int64_t number) {
    std::string text;
    base::append_decimal(text, number);
    headers[filled++] = {name, arena_.copy(text)};
  };
  add("x-signalbox-ratelimit-limit", shown.limit);
  add("x-signalbox-ratelimit-remaining", shown.remaining);
  add("x-signalbox-ratelimit-reset", base::seconds_up(shown.reset_ms));
  return filled;
}

// What the answer has cost by its own words: all but what came out of a cache, as the providers' own limits count. A
// client that has seen an answer without such words pays what was set aside; one that has seen none pays nothing.
void Machine::settle_limits() {
  const Usage& usage = report_.usage;
  const int64_t reserved = std::max(limited_->of_address.reserved_tokens, limited_->of_key.reserved_tokens);
  int64_t cost = committed_ == Committed::content ? reserved : 0;
  // Who follows pays nothing: the call is paid by the one that made it, for the same key.
  if (counting() || !report_.followed.empty()) cost = 0;
  else if (!report_.estimated && (usage.input_tokens >= 0 || usage.output_tokens >= 0)) {
    // An upstream may count what it likes; no sum of three overflows below this.
    auto sane = [](int64_t count) { return std::clamp<int64_t>(count, 0, INT64_MAX / 8); };
    cost = sane(usage.input_tokens) + sane(usage.output_tokens) + sane(usage.cache_creation_tokens);
  }
  limited_->ledger.settle(limited_->of_address, cost);
  limited_->ledger.settle(limited_->of_key, cost);
  limited_.reset();
}

// For explain: the limits that hold for a client of this key (a configured name) and address, and what is left. A fault
// where a request of `tokens` would be refused for them.
Fault Machine::write_limits(json::Writer& w, std::string_view key, std::string_view address, int64_t tokens) const {
  Fault would;
  const Server& server = config_->server;
  const Clients& clients = server.clients;
  const auto parsed = base::parse_address(address);
  const Address from =
      parsed ? *parsed : limits::client_address(head_.headers, head_.address, gateway_.capabilities(), clients);
  w.key("limits").begin_object();
  if (!clients.denied.empty() || !clients.allowed.empty()) {
    const bool refused = limits::any_contains(clients.denied, from) ||
                         (!clients.allowed.empty() && !(from.known() && limits::any_contains(clients.allowed, from)));
    w.key("address").string(refused ? "refused" : "let in");
    if (refused) would = not_from_there();
  }
  const auto write = [&](const ClientLedger::Client& client, const ClientLimits& limits, std::string_view whose) {
    std::array<ClientLedger::Standing, 4> standings;
    const size_t count = gateway_.ledger().look(client, limits, now_, standings);
    w.begin_array();
    for (size_t i = 0; i < count; ++i) {
      const ClientLedger::Standing& each = standings[i];
      if (!would && each.remaining <= 0) {
        would = used_up(each, whose);
        would.detail += ".";
      }
      if (!would && each.of == ClientLimit::window_tokens && tokens > each.remaining)
        would = too_long_for(each, tokens);
      w.begin_object().key("limit").string(name_of(each.of)).key("of").number(each.limit);
      w.key("remaining").number(each.remaining).key("reset_ms").number(each.reset_ms).end_object();
    }
    w.end_array();
  };
  if (clients.each_address.any() && from.known()) {
    w.key("of_address");
    write({{}, base::client_part(from)}, clients.each_address, "server.clients.each_address");
  }
  for (const ClientKey& each : server.client_keys) {
    if (each.name != key) continue;
    w.key("of_key");
    write({key, {}}, each.own_limits ? each.limits : clients.each_key,
          each.own_limits ? "server.client_keys[].limits" : "server.clients.each_key");
    break;
  }
  w.end_object();
  return would;
}

}  // namespace signalbox::exchange
