// The boundary as it stands in linear memory: what a host in another language writes and reads. This is the
// one place where it is described. The structures below and the JavaScript of bindings/javascript/boundary.js
// come from the lists in this file; tests/unit/boundary_test.cpp compares them.
//
// Rules: a record is a row of 32-bit words, little-endian. An address is an offset into the memory, and lengths
// are bytes. A word that a kind does not use is 0. -1 (all bits set) means "not said", and for wake_in_ms "never".
// A length or a time too large for its word is the largest that fits; but for the length that a host is to keep to,
// that of send_client_head, which is then not said.
//
// Texts are UTF-8 fields, each closed by a NUL, which neither a header nor a URL can hold.
#pragma once

#include <cstdint>
#include <string>

#include "signalbox/effect.h"
#include "signalbox/event.h"

namespace signalbox::bindings {

// E(structure of the door, its name outside), in the order of the variants.
#define SIGNALBOX_EVENTS(E)          \
  E(ClientHead, client_head)         \
  E(ClientBody, client_body)         \
  E(ClientGone, client_gone)         \
  E(ClientFailed, client_failed)     \
  E(ClientTaking, client_taking)     \
  E(UpstreamSent, upstream_sent)     \
  E(UpstreamHead, upstream_head)     \
  E(UpstreamBody, upstream_body)     \
  E(UpstreamEnd, upstream_end)       \
  E(UpstreamFailed, upstream_failed) \
  E(UpstreamPiped, upstream_piped)   \
  E(Woken, woken)                    \
  E(PlaceTold, place_told)

#define SIGNALBOX_EFFECTS(E)          \
  E(OpenUpstream, open_upstream)      \
  E(CancelUpstream, cancel_upstream)  \
  E(SendClientHead, send_client_head) \
  E(SendClientBody, send_client_body) \
  E(ReleaseBody, release_body)        \
  E(DecodeRequest, decode_request)    \
  E(ReleaseRequest, release_request)  \
  E(ShareState, share_state)          \
  E(AwaitTurn, await_turn)            \
  E(GiveTurn, give_turn)              \
  E(AwaitTaking, await_taking)        \
  E(SetPace, set_pace)                \
  E(AskPlace, ask_place)              \
  E(Finish, finish)

#define SIGNALBOX_KIND(structure, name) name,
enum class EventKind : uint8_t { SIGNALBOX_EVENTS(SIGNALBOX_KIND) };
enum class EffectKind : uint8_t { SIGNALBOX_EFFECTS(SIGNALBOX_KIND) };
#undef SIGNALBOX_KIND

// W(word, what it means). Which kinds use a word stands behind it.
//
// An event. The bytes of bodies and heads have been written into the room asked for before (Room), and
// `fresh_bytes` says how many of it they fill.
#define SIGNALBOX_EVENT_WORDS(W)                                                                                     \
  W(kind, "one of Event")                                                                                            \
  W(attempt, "upstream_*; place_told: the option, -1 none, -2 nobody could be asked")                                \
  W(fresh_bytes, "client_head: of `method, target, (name, value)...`; upstream_head: of `(name, value)...`; *_body") \
  W(last, "client_body: 1 when nothing follows")                                                                     \
  W(body_bytes, "client_head: announced length, -1 when not said; upstream_piped: how many went by")                 \
  W(peer, "client_head: one of Peer")                                                                                \
  W(random_0, "client_head: 16 random bytes, with the three words that follow")                                      \
  W(random_1, "")                                                                                                    \
  W(random_2, "")                                                                                                    \
  W(random_3, "")                                                                                                    \
  W(status, "upstream_head")                                                                                         \
  W(fault, "client_failed, upstream_failed: one of Fault")                                                           \
  W(complete, "upstream_piped: 0 when the upstream was cut")

// What follows from an event. All that goes to the client stands in one place, whatever pieces it is of, so that a host
// makes one array of it; where the only piece is a ReleaseBody, the host may have the same bytes as a chunk of its own.
#define SIGNALBOX_STEP_WORDS(W)               \
  W(effects, "address of the first effect")   \
  W(effect_count, "")                         \
  W(wake_in_ms, "-1: never")                  \
  W(client_data, "next in the client's body") \
  W(client_bytes, "")                         \
  W(client_pieces, "how many send_client_body and release_body it is of")

// An effect.
#define SIGNALBOX_EFFECT_WORDS(W)                                                                        \
  W(kind, "one of Effect")                                                                               \
  W(attempt, "open_upstream, cancel_upstream, send_client_head, release_body, set_pace")                 \
  W(text,                                                                                                \
    "open_upstream: `method, url, provider, credential, (name, value)...`; send_client_head: "           \
    "`(name, value)...`; decode_request: the coding's name; ask_place: `queue, most that wait, ms, "     \
    "(option, name, most)...`; finish: the line for the log, empty when the log's level leaves it out")  \
  W(text_bytes, "")                                                                                      \
  W(data, "share_state; open_upstream: its pieces")                                                      \
  W(data_bytes, "share_state, release_body; open_upstream: of all pieces together")                      \
  W(piece_count, "open_upstream; ask_place: how many options")                                           \
  W(place, "open_upstream: one of Place")                                                                \
  W(connect_ms, "open_upstream; 0: none")                                                                \
  W(first_byte_ms, "open_upstream; 0: none")                                                             \
  W(idle_ms, "open_upstream; 0: none")                                                                   \
  W(status, "send_client_head")                                                                          \
  W(body_bytes, "send_client_head: -1 when not known; decode_request: how many decoded bytes are taken") \
  W(mode, "send_client_head: one of Mode")                                                               \
  W(to, "release_body: one of ReleaseTo")                                                                \
  W(pace, "set_pace: one of Pace")                                                                       \
  W(ending, "finish: one of Ending")                                                                     \
  W(level, "finish: one of Level")                                                                       \
  W(turn_0, "await_turn, give_turn: its lower word, with the upper one that follows")                    \
  W(turn_1, "")

// One piece of a request's body.
#define SIGNALBOX_PIECE_WORDS(W) \
  W(data, "address")             \
  W(data_bytes, "")

#define SIGNALBOX_WORD(name, meaning) uint32_t name = 0;
struct EventRecord {
  SIGNALBOX_EVENT_WORDS(SIGNALBOX_WORD)
};
struct StepRecord {
  SIGNALBOX_STEP_WORDS(SIGNALBOX_WORD)
};
struct EffectRecord {
  SIGNALBOX_EFFECT_WORDS(SIGNALBOX_WORD)
};
struct PieceRecord {
  SIGNALBOX_PIECE_WORDS(SIGNALBOX_WORD)
};
#undef SIGNALBOX_WORD

// Where a host writes bytes before it tells of them.
enum class Room : uint8_t { head, request_body, answer_body };

// What a variable of the configuration is for, and so what the host gives for it: the text itself, the SHA-256
// of the secret in hexadecimal digits, or no more than that it is there.
enum class VariableUse : uint8_t { plain, client_key, credential };

// What the host knows of a variable. The last two are secrets that no header could carry.
enum class VariableState : uint8_t { set, unset, empty, unprintable };

// The lists above as a JavaScript module.
std::string boundary_javascript();

}  // namespace signalbox::bindings
