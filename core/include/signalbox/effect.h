// What an Exchange asks of its host. A batch is performed whole and in order before the next event, of this exchange or
// of any other of the same gateway: exchanges may send their clients the same bytes.
// Unless a line says otherwise, a view is valid until the host has performed the effect or tells the
// next event, whichever is first.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "signalbox/capabilities.h"
#include "signalbox/config.h"
#include "signalbox/header.h"
#include "signalbox/report.h"

namespace signalbox {

// How an answer's body reaches the client, chosen with its head.
//   pass     the platform's own pipe carries it, window included; the core sees UpstreamPiped only
//   observe  the host's own buffer goes out, as many bytes as ReleaseBody says
//   rewrite  what goes out is what SendClientBody carries; ReleaseBody only lets go
// Answers the core makes itself (errors, the mock, catalogues) are rewrite, and so is a head that goes out
// before any lane has answered: the bytes of the one that does may follow it. A host acts on `pass`; what the
// other two mean each ReleaseBody and SendClientBody says again.
enum class BodyMode : uint8_t { pass, observe, rewrite };

// The header in which an upstream wants its secret; behind "Bearer " where the place is bearer.
constexpr std::string_view header_of(CredentialPlace place) {
  constexpr std::string_view names[] = {"", "x-api-key", "authorization", "x-goog-api-key", "api-key"};
  return names[size_t(place)];
}

// Which of the host's secrets an attempt carries. The secret itself never enters the core: the host looks it up.
struct CredentialUse {
  CredentialPlace place = CredentialPlace::none;
  std::string_view provider;
  std::string_view credential;
};

// Deadlines the transport keeps. All in milliseconds; 0 means none. Idle counts only while the host
// is reading: a slow client is not a dead upstream.
struct TransportTimeouts {
  int64_t connect_ms = 0;
  int64_t first_byte_ms = 0;  // from the whole request sent to the answer's head
  int64_t idle_ms = 0;        // between two pieces of the answer
};

// Opens attempt `attempt` (numbered from 1). `headers` lack Host, Content-Length, Connection and the
// credential: the host adds them. `body` is a gather list whose pieces stay valid until
// ReleaseRequest, CancelUpstream of this attempt or Finish. Redirects are never followed.
struct OpenUpstream {
  uint32_t attempt = 0;
  std::string_view method;
  std::string_view url;  // absolute, http or https
  std::span<const Header> headers;
  std::span<const std::string_view> body;
  CredentialUse credential;
  TransportTimeouts timeouts;
  std::string_view proxy;    // empty: none
  std::string_view ca_file;  // empty: the system's own store
};

// Ends an attempt at once; late events of it are ignored. Cancelling one that has ended is harmless.
struct CancelUpstream {
  uint32_t attempt = 0;
};

// Status and headers go to the client, once. `headers` lack the framing
// (Transfer-Encoding, Connection, Date), which the host chooses; `body_bytes` is the answer's length
// or -1. For pass and observe, `attempt` names whose body follows. An answer to HEAD comes with its body
// all the same, and the host, which has the framing, leaves it out.
struct SendClientHead {
  int status = 0;
  std::span<const Header> headers;
  int64_t body_bytes = -1;
  BodyMode mode = BodyMode::rewrite;
  uint32_t attempt = 0;
};

// Bytes the core made, next in the client's body.
struct SendClientBody {
  std::string_view bytes;
};

enum class ReleaseTo : uint8_t { client, nobody };

// Lets the oldest `bytes` of the attempt's answer window go. What is not released stays in the window and is shown again. The bytes are those of
// the event being answered: a host that cannot write at once copies what is left.
struct ReleaseBody {
  uint32_t attempt = 0;
  size_t bytes = 0;
  ReleaseTo to = ReleaseTo::client;
};

// The request's body comes in this coding, one of Capabilities::request_codings: from here on ClientBody shows what
// comes out of it. In answer to ClientHead or never. The host tells no more than `bytes_max` decoded bytes and one, by
// which the core sees that it is too much, and takes in no more than `bytes_max` coded ones either: a coding may
// spend bytes without end on nothing. What cannot be decoded is ClientFailed{bad_coding}.
struct DecodeRequest {
  Coding coding = Coding::gzip;
  int64_t bytes_max = 0;
};

// The client's head and body are needed no more: no further attempt is legal and the upload is done.
struct ReleaseRequest {};

// A change of what exchanges share, for the other gateways: sister threads, the next instance, the
// edge. Opaque, mergeable in any order and any number of times with Gateway::merge.
struct ShareState {
  std::string_view delta;
};

// This exchange waits for what another one does, and `turn` is what it will be told by (GiveTurn). In place of the one
// before; until Finish. Turns are unique among all gateways that share their Permits.
struct AwaitTurn {
  uint64_t turn = 0;
};

// Another exchange's waiting has come to something: the host tells Woken to the exchange of gateway `gateway`
// (PermitsShare) that awaits `turn`, on the thread and in the context of its own, soon, and not while this batch is
// being performed. Nobody may await it any more: then nothing is to be done. Asked only where Capabilities::gives_turns.
struct GiveTurn {
  uint32_t gateway = 0;
  uint64_t turn = 0;
};

// The host tells ClientTaking once, as soon as the client has taken so much of what it was sent that more may follow: as
// one of its next events where nothing is in the way. Until then nothing more is sent. Asked only where
// Capabilities::gives_turns.
struct AwaitTaking {};

// At whose pace an attempt's answer is read: its client's, which is so until something else is said, or as fast as it
// comes, because others wait for it and the exchange itself sees to it that little is sent at a time.
enum class Pace : uint8_t { of_client, free };

// From here on the attempt is read at this pace; one that stands still for its client goes on. Asked only where
// Capabilities::gives_turns.
struct SetPace {
  uint32_t attempt = 0;
  Pace pace = Pace::of_client;
};

// One of what `name` stands for, of which there are at most `most` at a time over all gateways. An option that no bound
// is of has room always.
struct PlaceBound {
  uint32_t option = 0;
  std::string_view name;
  int64_t most = 0;
};

// Whoever owns the places of all gateways (Capabilities::asks_for_places) is to give this exchange one of each bound of
// one option, the first that has room; the host answers with PlaceTold, in bounded time. What the exchange had before
// goes back first, and at Finish; without options that is all, and nothing is told. A place whose name begins with "probe "
// goes back only when the others have heard what came of it. Where no option has room the exchange waits up to
// `wait_ms`, in the order of coming, unless `waiting_max` of the same `queue` do so already.
struct AskPlace {
  uint32_t option_count = 0;
  std::span<const PlaceBound> bounds;
  std::string_view queue;
  int64_t waiting_max = 0;
  int64_t wait_ms = 0;
};

// How the client's answer ends.
enum class Ending : uint8_t {
  complete,  // framing is finished properly
  cut,       // the connection breaks off, so that no client takes a part for the whole
};

// The last effect of every exchange, exactly once. `report` is valid until the exchange is destroyed.
struct Finish {
  Ending ending = Ending::complete;
  const Report* report = nullptr;
};

using Effect = std::variant<OpenUpstream, CancelUpstream, SendClientHead, SendClientBody, ReleaseBody, DecodeRequest,
                            ReleaseRequest, ShareState, AwaitTurn, GiveTurn, AwaitTaking, SetPace, AskPlace, Finish>;

}  // namespace signalbox
