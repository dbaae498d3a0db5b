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
constexpr auto larger_lane = RetryClass::larger_lane;
constexpr auto none = Cooling::none;
constexpr auto hiccup = Cooling::hiccup;
constexpr auto hopeless = Repeating::hopeless;

constexpr FaultRow rows[] = {
    {FaultKind::none, "none", gateway, 200, never, none, ""},
    {FaultKind::bad_request, "bad_request", client, 400, never, none, "The request is not valid."},
    {FaultKind::bad_json, "bad_json", client, 400, never, none, "The request's body is not valid JSON."},
    {FaultKind::duplicate_fact, "duplicate_fact", client, 400, never, none,
     "The request's body names a member twice that routing depends on."},
    {FaultKind::unauthenticated, "unauthenticated", client, 401, never, none,
     "A client key is required: send it as x-api-key, x-goog-api-key, x-signalbox-key, or as Authorization: Bearer.",
     hopeless},
    {FaultKind::forbidden, "forbidden", client, 403, never, none, "This is not allowed from here."},
    {FaultKind::not_found, "not_found", client, 404, never, none, "There is nothing at this path."},
    {FaultKind::model_unknown, "model_unknown", client, 404, never, none, "No route takes this model."},
    {FaultKind::method_not_allowed, "method_not_allowed", client, 405, never, none,
     "This path does not take this method."},
    // RFC 6455 section 4.2.2 leaves the status open. Codex goes on over HTTP at once for a 426, and after any other asks
    // for WebSocket five times more.
    {FaultKind::websocket, "websocket", client, 426, never, none,
     "WebSocket is not spoken here: send the request as HTTP POST, and set supports_websockets = false where the "
     "client has it."},
    {FaultKind::request_too_large, "request_too_large", client, 413, never, none,
     "The request's body is larger than this gateway accepts."},
    {FaultKind::head_too_large, "head_too_large", client, 431, never, none,
     "The request's headers are larger than this gateway accepts."},
    {FaultKind::unsupported_coding, "unsupported_coding", client, 415, never, none,
     "The request's content-encoding cannot be decoded here; send the body as it is."},
    {FaultKind::bad_coding, "bad_coding", client, 400, never, none,
     "The request's body cannot be decoded: it is not what its content-encoding says."},
    {FaultKind::request_timeout, "request_timeout", client, 408, never, none, "The request came too slowly."},
    {FaultKind::client_gone, "client_gone", client, 499, never, none, "The client left."},
    {FaultKind::previous_response_not_found, "previous_response_not_found", client, 400, never, none,
     "The request names a history that is not kept here; send all of it."},
    {FaultKind::client_limited, "client_limited", client, 429, never, none,
     "This client has used up one of its limits at this gateway."},
    {FaultKind::translation_loss, "translation_loss", client, 400, next_lane, none,
     "The upstream's dialect cannot carry all of this request, and this route rejects what would be lost."},
    {FaultKind::cannot_take, "cannot_take", client, 400, never, none,
     "The request has what no target of its route takes."},
    {FaultKind::upstream_resolve, "upstream_resolve", upstream, 502, next_lane, hiccup,
     "The upstream's host name could not be resolved."},
    {FaultKind::upstream_connect, "upstream_connect", upstream, 502, next_lane, hiccup,
     "The upstream could not be connected to."},
    {FaultKind::upstream_tls, "upstream_tls", upstream, 502, next_lane, hiccup,
     "The upstream's TLS certificate or handshake was refused."},
    {FaultKind::upstream_connect_timeout, "upstream_connect_timeout", upstream, 504, next_lane, hiccup,
     "The upstream did not accept a connection in time."},
    {FaultKind::upstream_first_byte_timeout, "upstream_first_byte_timeout", upstream, 504, next_lane, hiccup,
     "The upstream did not begin its answer in time."},
    {FaultKind::upstream_idle_timeout, "upstream_idle_timeout", upstream, 504, next_lane, hiccup,
     "The upstream fell silent in the middle of its answer."},
    {FaultKind::upstream_total_timeout, "upstream_total_timeout", upstream, 504, never, hiccup,
     "The upstream did not finish its answer in time."},
    {FaultKind::upstream_reset, "upstream_reset", upstream, 502, next_lane, hiccup,
     "The upstream closed the connection before its answer was complete."},
    {FaultKind::upstream_protocol, "upstream_protocol", upstream, 502, next_lane, hiccup,
     "The upstream's answer is not valid HTTP."},
    {FaultKind::upstream_head_too_large, "upstream_head_too_large", upstream, 502, next_lane, hiccup,
     "The upstream's headers are larger than this gateway accepts."},
    {FaultKind::upstream_bad_type, "upstream_bad_type", upstream, 502, next_lane, hiccup,
     "The upstream answered with a content type that its dialect does not have.", hopeless},
    {FaultKind::upstream_cut, "upstream_cut", upstream, 502, next_lane, hiccup,
     "The upstream's stream ended before the answer was complete."},
    {FaultKind::upstream_frame_too_large, "upstream_frame_too_large", upstream, 502, next_lane, hiccup,
     "One event of the upstream's stream is larger than this gateway accepts."},
    {FaultKind::upstream_answer_too_large, "upstream_answer_too_large", upstream, 502, next_lane, none,
     "The upstream's answer is larger than this gateway holds (server.limits.frame_bytes_max)."},
    {FaultKind::upstream_empty, "upstream_empty", upstream, 502, next_lane, none,
     "The upstream answered without any content."},
    {FaultKind::upstream_broken, "upstream_broken", upstream, 502, next_lane, hiccup,
     "The upstream's answer is not what its dialect allows."},
    {FaultKind::upstream_rate_limited, "upstream_rate_limited", upstream, 429, next_lane, Cooling::limited,
     "The upstream takes no more requests for now."},
    {FaultKind::upstream_exhausted, "upstream_exhausted", upstream, 429, next_lane, Cooling::exhausted,
     "The upstream's quota or balance is used up."},
    {FaultKind::upstream_credential_refused, "upstream_credential_refused", upstream, 502, next_lane, Cooling::refused,
     "The upstream refused the credential.", hopeless},
    {FaultKind::upstream_model_missing, "upstream_model_missing", upstream, 404, next_lane, Cooling::model_missing,
     "The upstream does not have the model."},
    {FaultKind::upstream_overloaded, "upstream_overloaded", upstream, 529, next_lane, hiccup,
     "The upstream is overloaded."},
    {FaultKind::upstream_error, "upstream_error", upstream, 502, next_lane, hiccup,
     "The upstream reported a fault of its own."},
    {FaultKind::upstream_context_overflow, "upstream_context_overflow", client, 400, larger_lane, none,
     "The conversation is longer than the model's context."},
    {FaultKind::upstream_too_large, "upstream_too_large", client, 413, next_lane, none,
     "The request's body is larger than the upstream accepts."},
    {FaultKind::upstream_rejected, "upstream_rejected", client, 400, never, none,
     "The upstream finds the request wrong."},
    {FaultKind::upstream_in_doubt, "upstream_in_doubt", upstream, 400, next_lane, Cooling::doubtful,
     "The upstream refused the request, in words that may speak of itself."},
    {FaultKind::upstream_model_in_doubt, "upstream_model_in_doubt", upstream, 404, next_lane, Cooling::doubtful,
     "The upstream does not have the model, as its words have it."},
    {FaultKind::upstream_unpaid, "upstream_unpaid", upstream, 429, next_lane, Cooling::doubtful,
     "The upstream wants to be paid, for this request or for any."},
    {FaultKind::upstream_forbidden, "upstream_forbidden", upstream, 502, next_lane, Cooling::doubtful,
     "The upstream forbids this, to this credential or to anybody.", hopeless},
    {FaultKind::upstream_overflow_in_doubt, "upstream_overflow_in_doubt", client, 400, next_lane, none,
     "The conversation is longer than the model's context, as the upstream's words have it."},
    {FaultKind::upstream_redirect, "upstream_redirect", upstream, 502, next_lane, hiccup,
     "The upstream answered with a redirect; redirects are not followed, because a credential would follow them.",
     hopeless},
    {FaultKind::no_lane, "no_lane", gateway, 503, never, none, "The route has no enabled target.", hopeless},
    {FaultKind::no_client_key, "no_client_key", gateway, 503, never, none,
     "Only the mock answers until server.client_keys has a key: this host cannot see who asks.", hopeless},
    {FaultKind::config_unusable, "config_unusable", gateway, 503, never, none,
     "This gateway's configuration has problems; see its log, or GET /readyz with an admin key.", hopeless},
    {FaultKind::not_supported, "not_supported", gateway, 501, never, none,
     "This gateway does not yet translate between these two dialects.", hopeless},
    {FaultKind::overloaded, "overloaded", gateway, 503, never, none, "The gateway is at one of its bounds; try again."},
    {FaultKind::lanes_full, "lanes_full", gateway, 529, never, none,
     "Every lane of this route has as many requests as it may have at a time; try again."},
    {FaultKind::internal, "internal", gateway, 500, never, none,
     "The gateway broke one of its own rules; please report it."},
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
