// Requests and attempts in the host's metrics, where it has any (signalbox/metrics.h; docs/metrics.md).
#include <utility>

#include "exchange/machine.h"

namespace signalbox::exchange {
namespace {

RequestOutcome outcome_of(FaultKind kind, Committed committed) {
  switch (kind) {
    case FaultKind::none: return RequestOutcome::ok;
    case FaultKind::client_gone: return RequestOutcome::client_left;
    case FaultKind::upstream_context_overflow:
    case FaultKind::upstream_overflow_in_doubt:
    case FaultKind::upstream_too_large:
    case FaultKind::upstream_rejected:
    case FaultKind::upstream_in_doubt: return RequestOutcome::rejected;
    default: break;
  }
  if (committed == Committed::content && row(kind).source == FaultSource::upstream) return RequestOutcome::broken;
  return row(kind).source == FaultSource::upstream ? RequestOutcome::failed : RequestOutcome::refused;
}

}  // namespace

// A request that ends, or that its host drops.
void Machine::count_request() {
  if (!counted_in_) return;
  Metrics& metrics = *std::exchange(counted_in_, nullptr);
  EndedRequest ended;
  if (const Route* route = decision_.plan.route) ended.route = route->label();
  ended.provider = report_.provider;
  ended.fault = finished() ? report_.fault.kind : FaultKind::client_gone;
  ended.outcome = outcome_of(ended.fault, committed_);
  if (attempt_.content_ms >= 0) ended.first_content_ms = attempt_.content_ms - began_.monotonic_ms;
  ended.total_ms = now_.monotonic_ms - began_.monotonic_ms;
  if (!report_.estimated) ended.usage = report_.usage;
  metrics.end(ended);
}

void Machine::count_attempt(const routing::Outcome& outcome) {
  Metrics* const metrics = gateway_.metrics();
  if (!metrics) return;
  AttemptResult result = AttemptResult::withdrawn;
  switch (outcome.end) {
    case routing::AttemptEnd::answered: result = AttemptResult::answered; break;
    case routing::AttemptEnd::failed:
    case routing::AttemptEnd::broken: result = AttemptResult::failed; break;
    case routing::AttemptEnd::client_left: result = AttemptResult::client_left; break;
    case routing::AttemptEnd::withdrawn: break;
  }
  metrics->end_attempt(config_->providers[outcome.lane.provider].name, result, outcome.kind);
}

// Prometheus' text format. Where nothing is counted there is nothing at this path.
void Machine::reply_metrics() {
  Metrics* const metrics = gateway_.metrics();
  if (!metrics)
    return refuse({FaultKind::not_found, "This host counts nothing over its requests; the native one does."});
  std::string body;
  metrics->write(body, gateway_, now_);
  reply(200, "text/plain; version=0.0.4; charset=utf-8", body);
}

}  // namespace signalbox::exchange
