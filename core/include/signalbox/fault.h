// Everything that can go wrong, as values. One table row per kind: its name in logs, the HTTP status a
// client sees, whether another attempt makes sense, and the sentence said when nothing better is known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox {

// Whose fault it is: decides who suffers for it. A client's own fault never harms a lane.
enum class FaultSource : uint8_t { client, upstream, gateway };

// Whether and where another attempt makes sense, before the content commit (translation.md section 12).
enum class RetryClass : uint8_t {
  never,        // every lane would say the same
  next_lane,    // another lane may do better; the same one may after a pause that it asked for
  larger_lane,  // only a lane with a larger context may do better
};

// How long the lane goes behind the others for it (routing/cooldown.h has the times).
enum class Cooling : uint8_t {
  none,
  hiccup,     // the next request may well succeed
  limited,    // a limit that says nothing of its length
  exhausted,  // no money, no quota
  refused,    // our credential is not accepted
  model_missing,
  doubtful,  // one request may be the reason, or have put the sentence into its mouth
};

// Whether a client that sends the same request again may fare better. SDKs and agents repeat a 401 or a 5xx by
// themselves, for minutes and in silence; x-should-retry: false keeps them from it.
enum class Repeating : uint8_t { may_help, hopeless };

enum class FaultKind : uint8_t {
  none,
  // the client's
  bad_request,      // a request that is understood to be wrong
  bad_json,         // not JSON, or not UTF-8; the detail names the offset
  duplicate_fact,   // a fact that routing reads stands twice
  unauthenticated,  // no client key, or a wrong one
  forbidden,        // a foreign Host or Origin, or an endpoint that needs the admin key
  not_found,        // no such path
  model_unknown,    // no route takes this model
  method_not_allowed,
  websocket,  // a client that asks for WebSocket, which is not spoken here
  request_too_large,
  head_too_large,
  unsupported_coding,  // a Content-Encoding this host cannot decode
  bad_coding,          // a body that is not what its Content-Encoding says
  request_timeout,     // head or body came too slowly
  client_gone,
  previous_response_not_found,  // it names a history that an upstream keeps, and no lane leads to one of that dialect
  client_limited,               // it has used up one of its limits (server.clients, server.client_keys[].limits)
  translation_loss,             // the route says reject, and the upstream's dialect cannot carry all of the request
  cannot_take,                  // no target of the route takes what the request has, by the configuration
  // the upstream's
  upstream_resolve,
  upstream_connect,
  upstream_tls,
  upstream_connect_timeout,
  upstream_first_byte_timeout,
  upstream_idle_timeout,
  upstream_total_timeout,
  upstream_reset,     // the connection broke before the answer was whole
  upstream_protocol,  // bytes that are no HTTP, impossible framing
  upstream_head_too_large,
  upstream_bad_type,          // a 200 whose content type is none the dialect has
  upstream_cut,               // the stream ended without its terminal event
  upstream_frame_too_large,   // one event over frame_bytes_max
  upstream_answer_too_large,  // a whole answer that is more than we hold to put it into other words
  upstream_empty,             // a success without any content
  upstream_broken,            // an answer that is not what its dialect allows
  // what an upstream says of itself, in its status or inside an answer (routing/verdict.h)
  upstream_rate_limited,
  upstream_exhausted,           // no quota, no money
  upstream_credential_refused,  // 401 or 403 to a credential of ours
  upstream_model_missing,
  upstream_overloaded,
  upstream_error,              // any other fault of its own
  upstream_context_overflow,   // the conversation is longer than the model's context
  upstream_too_large,          // the body is larger than it takes
  upstream_rejected,           // it finds the request wrong, as any other would
  upstream_in_doubt,           // it does, with a sentence that speaks of its own trouble or quotes the request
  upstream_model_in_doubt,     // likewise, and the sentence speaks of a model that is not there
  upstream_unpaid,             // it wants money, for this request or for any
  upstream_forbidden,          // it does not allow this to this credential, or to anybody
  upstream_overflow_in_doubt,  // it speaks of the context's length in a sentence, under a status that does not
  upstream_redirect,
  // ours
  no_lane,          // the route has no enabled target
  no_client_key,    // nobody can tell who asks, so nobody's credentials are spent
  config_unusable,  // the configuration has problems, and this host cannot refuse to start
  not_supported,    // a configured pair of dialects that is not built yet
  overloaded,       // a bound of ours is reached
  lanes_full,       // every lane is at its bound (concurrent_max)
  internal,         // a broken invariant
  count_,
};

struct FaultRow {
  FaultKind kind;
  std::string_view name;
  FaultSource source;
  int status;
  RetryClass retry;
  Cooling cooling;
  std::string_view message;
  Repeating repeating = Repeating::may_help;
};

// The row of `kind`; total over all kinds.
const FaultRow& row(FaultKind kind);

// One thing that went wrong. `detail` is a sentence for the asker and never holds a secret; when it
// is empty the row's message speaks.
struct Fault {
  FaultKind kind = FaultKind::none;
  std::string detail;
  int64_t retry_after_ms = -1;  // when the same request may be answered; -1: nothing is said of it

  explicit operator bool() const { return kind != FaultKind::none; }
  std::string_view message() const { return detail.empty() ? row(kind).message : std::string_view(detail); }
};

}  // namespace signalbox
