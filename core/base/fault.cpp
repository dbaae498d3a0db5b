// The one table of faults (translation.md section 12).
#include "signalbox/fault.h"

#include <cstddef>

namespace signalbox {
namespace {

constexpr auto client = FaultSource::client;
constexpr auto upstream = FaultSource::upstream;
constexpr auto gateway = FaultSource::gateway;
constexpr auto never = RetryClass::never;
constexpr auto next_lane = RetryClass::next_lane;

constexpr FaultRow rows[] = {
    {FaultKind::none, "none", gateway, 200, never, ""},
    {FaultKind::bad_request, "bad_request", client, 400, never, "The request is not valid."},
    {FaultKind::bad_json, "bad_json", client, 400, never, "The request body is not valid JSON."},
    {FaultKind::duplicate_fact, "duplicate_fact", client, 400, never,
     "The request body names a member twice that routing depends on."},
    {FaultKind::unauthenticated, "unauthenticated", client, 401, never,
     "A client key is required: send it as x-api-key, as Authorization: Bearer, or as x-signalbox-key."},
    {FaultKind::forbidden, "forbidden", client, 403, never, "This is not allowed from here."},
    {FaultKind::not_found, "not_found", client, 404, never, "There is nothing at this path."},
    {FaultKind::model_unknown, "model_unknown", client, 404, never, "No route takes this model."},
    {FaultKind::method_not_allowed, "method_not_allowed", client, 405, never, "This path does not take this method."},
    {FaultKind::request_too_large, "request_too_large", client, 413, never,
     "The request body is larger than this gateway accepts."},
    {FaultKind::head_too_large, "head_too_large", client, 431, never,
     "The request's headers are larger than this gateway accepts."},
    {FaultKind::unsupported_coding, "unsupported_coding", client, 415, never,
     "This content-encoding cannot be decoded here; send the body as it is."},
    {FaultKind::request_timeout, "request_timeout", client, 408, never, "The request came too slowly."},
    {FaultKind::client_gone, "client_gone", client, 499, never, "The client left."},
    {FaultKind::upstream_resolve, "upstream_resolve", upstream, 502, next_lane,
     "The upstream's host name could not be resolved."},
    {FaultKind::upstream_connect, "upstream_connect", upstream, 502, next_lane,
     "The upstream could not be connected to."},
    {FaultKind::upstream_tls, "upstream_tls", upstream, 502, next_lane,
     "The upstream's TLS certificate or handshake was refused."},
    {FaultKind::upstream_connect_timeout, "upstream_connect_timeout", upstream, 504, next_lane,
     "The upstream did not accept a connection in time."},
    {FaultKind::upstream_first_byte_timeout, "upstream_first_byte_timeout", upstream, 504, next_lane,
     "The upstream did not begin its answer in time."},
    {FaultKind::upstream_idle_timeout, "upstream_idle_timeout", upstream, 504, next_lane,
     "The upstream fell silent in the middle of its answer."},
    {FaultKind::upstream_total_timeout, "upstream_total_timeout", upstream, 504, next_lane,
     "The upstream did not finish its answer in time."},
    {FaultKind::upstream_reset, "upstream_reset", upstream, 502, next_lane,
     "The upstream closed the connection before its answer was complete."},
    {FaultKind::upstream_protocol, "upstream_protocol", upstream, 502, next_lane,
     "The upstream's answer is not valid HTTP."},
    {FaultKind::upstream_head_too_large, "upstream_head_too_large", upstream, 502, next_lane,
     "The upstream's headers are larger than this gateway accepts."},
    {FaultKind::upstream_bad_type, "upstream_bad_type", upstream, 502, next_lane,
     "The upstream answered with a content type that its dialect does not have."},
    {FaultKind::upstream_cut, "upstream_cut", upstream, 502, next_lane,
     "The upstream's stream ended before the answer was complete."},
    {FaultKind::upstream_frame_too_large, "upstream_frame_too_large", upstream, 502, next_lane,
     "One event of the upstream's stream is larger than this gateway accepts."},
    {FaultKind::upstream_error_event, "upstream_error_event", upstream, 502, next_lane,
     "The upstream reported an error inside its answer."},
    {FaultKind::upstream_status, "upstream_status", upstream, 502, next_lane,
     "The upstream answered with an error status."},
    {FaultKind::no_lane, "no_lane", gateway, 503, never, "The route has no enabled target."},
    {FaultKind::no_client_key, "no_client_key", gateway, 503, never,
     "Only the mock answers until server.client_keys has a key: this host cannot see who asks."},
    {FaultKind::not_supported, "not_supported", gateway, 501, never,
     "This gateway does not yet translate between these two dialects."},
    {FaultKind::overloaded, "overloaded", gateway, 503, never, "The gateway is at one of its bounds; try again."},
    {FaultKind::internal, "internal", gateway, 500, never, "The gateway broke one of its own rules; please report it."},
};

constexpr bool in_order() {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i)
    if (size_t(rows[i].kind) != i) return false;
  return sizeof rows / sizeof rows[0] == size_t(FaultKind::count_);
}
static_assert(in_order(), "one row for each kind, in the order of the enum");

}  // namespace

const FaultRow& row(FaultKind kind) {
  size_t i = size_t(kind);
  return rows[i < size_t(FaultKind::count_) ? i : size_t(FaultKind::internal)];
}

}  // namespace signalbox
