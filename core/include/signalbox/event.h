// What a host tells an Exchange. One event at a time, in the order in which it happened; the host
// performs every effect of one event before it tells the next, and never re-enters.
//
// Two windows carry the bodies. A window belongs to the host, is contiguous, and shows everything
// the core has not let go of yet, oldest byte first: the core never copies a body to look at it.
//   request window   grows with each ClientBody, until ReleaseRequest
//   answer window    grows with each UpstreamBody, shrinks with each ReleaseBody
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "signalbox/address.h"
#include "signalbox/fault.h"
#include "signalbox/header.h"

namespace signalbox {

// Where a client's connection comes from, as far as the host can tell.
// `host`: there is no connection, the host itself asks.
enum class PeerScope : uint8_t { loopback, remote, unknown, host };

// The client's request line and headers; first event of every exchange, exactly once.
// The views stay valid until the host has performed ReleaseRequest or Finish.
struct ClientHead {
  std::string_view method;  // as sent
  std::string_view target;  // origin form: path and query as sent
  std::span<const Header> headers;
  int64_t body_bytes = -1;  // what the client announced; -1 when it did not say
  PeerScope peer = PeerScope::unknown;
  std::array<uint8_t, 16> random{};  // the exchange's only randomness
  Address address{};                 // the connection's other end; not known where the host is not told
};

// More of the request's body. `window` is the whole body so far and may stand elsewhere in memory
// than the last time, until `last`; from then on it stays where it is until ReleaseRequest. A
// request without a body is told as one empty, last event.
struct ClientBody {
  std::string_view window;
  bool last = false;
};

// The client's connection is gone; whatever is sent now nobody reads. An exchange whose answer others follow may go on
// all the same: where no Finish comes of this, the host goes on performing and telling, and sends nothing.
struct ClientGone {};

// The request's body cannot be read to its end: impossible framing, a coding that does not hold, or it came too
// slowly. The client still listens and gets an answer. `detail` is a sentence for it; when empty, the fault's row speaks.
struct ClientFailed {
  FaultKind kind = FaultKind::bad_request;
  std::string_view detail = {};
};

// The client has taken so much of what it was sent that more may follow (AwaitTaking).
struct ClientTaking {};

// The attempt's request, body included, has been handed to the transport to the last byte.
struct UpstreamSent {
  uint32_t attempt = 0;
};

// The attempt's final status and headers (1xx answers are not told). Views until the next event.
struct UpstreamHead {
  uint32_t attempt = 0;
  int status = 0;
  std::span<const Header> headers;
};

// More of the attempt's answer. `window` is everything not yet released, and its last `fresh_bytes`
// were not there the last time. A view until the next event.
struct UpstreamBody {
  uint32_t attempt = 0;
  std::string_view window;
  size_t fresh_bytes = 0;
};

// The attempt's answer is complete by the transport's own rules (length reached, last chunk, END_STREAM,
// or a close where nothing else delimits). Not told in pass mode.
// `window` is what has not been released, a view until the next event, with anything that came together
// with the end; the answer to this event is the last chance to release it.
struct UpstreamEnd {
  uint32_t attempt = 0;
  std::string_view window;
};

// The attempt failed below HTTP or was cut by its transport; nothing of it follows. `detail` is a sentence for the client
// and the log; when empty, the fault's row speaks. A view until the event has been handled.
struct UpstreamFailed {
  uint32_t attempt = 0;
  FaultKind kind = FaultKind::upstream_reset;
  std::string_view detail = {};
};

// Pass mode only: the platform's pipe has ended. `complete` is false when the upstream was cut.
struct UpstreamPiped {
  uint32_t attempt = 0;
  uint64_t bytes = 0;
  bool complete = true;
};

// The instant asked for by `Step::wake_at_ms` has come. Early or late is harmless.
struct Woken {};

// What came of AskPlace, once for each that had options.
struct PlaceTold {
  static constexpr uint32_t full = UINT32_MAX;       // no option had room, for as long as it was waited for
  static constexpr uint32_t alone = UINT32_MAX - 1;  // the owner was not to be had: this gateway goes by what it knows
  uint32_t option = full;
};

using Event = std::variant<ClientHead, ClientBody, ClientGone, ClientFailed, ClientTaking, UpstreamSent, UpstreamHead,
                           UpstreamBody, UpstreamEnd, UpstreamFailed, UpstreamPiped, Woken, PlaceTold>;

}  // namespace signalbox
