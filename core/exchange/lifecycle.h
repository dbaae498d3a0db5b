// An exchange's life, as two literal tables: which event is accepted in which phase, and which phase
// may follow which. The handlers contain no legality of their own; Machine::enter is the only place
// that assigns a phase. scripts/drawings draws ARCHITECTURE.md's diagram from these tables.
//
//   late  a leftover of something that has ended; ignored
//   bug   a host that breaks the contract; the exchange ends as Fault::internal
//
// Events of an attempt that is not the current one are late before this table is asked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "signalbox/event.h"

namespace signalbox::exchange {

enum class Phase : uint8_t {
  start,      // nothing told yet
  reading,    // the request's body is being collected
  opening,    // an attempt is open and has not answered
  holding,    // it answers, and nothing of it has reached the client: another may still follow
  pausing,    // no attempt is open; the same lane will be asked again
  queueing,   // no attempt is open; every lane is at its bound and a place is waited for, or its owner is asked
  following,  // no attempt of its own: the answer to an identical request is waited for, and may still be asked for here
  streaming,  // content-committed: the answer goes out under the core's eyes
  repeating,  // content-committed: what the followed request is answered goes out here too
  piping,     // content-committed: the platform's pipe carries the answer
  finished,   // Finish has been said
};
inline constexpr size_t phase_count = 11;

inline constexpr std::array<std::string_view, phase_count> phase_names = {
    "start",     "reading",   "opening",   "holding", "pausing", "queueing",
    "following", "streaming", "repeating", "piping",  "finished"};

// What the client has been given (translation.md section 0.6). It only grows; up to `head` another lane
// may answer, because nothing but headers and keep-alives has been sent.
enum class Committed : uint8_t { nothing, head, content };

// In the order of Event's alternatives.
enum class EventKind : uint8_t {
  client_head,
  client_body,
  client_gone,
  client_failed,
  client_taking,
  upstream_sent,
  upstream_head,
  upstream_body,
  upstream_end,
  upstream_failed,
  upstream_piped,
  woken,
  place_told,
};
inline constexpr size_t event_count = 13;
static_assert(std::variant_size_v<Event> == event_count);

inline constexpr std::array<std::string_view, event_count> event_names = {
    "client_head",    "client_body",   "client_gone",   "client_failed", "client_taking",
    "upstream_sent",  "upstream_head", "upstream_body", "upstream_end",  "upstream_failed",
    "upstream_piped", "woken",         "place_told"};

enum class Verdict : uint8_t { accept, late, bug };

namespace table {
inline constexpr Verdict A = Verdict::accept, L = Verdict::late, B = Verdict::bug;

//                             head body gone failed taking | sent head body end fail piped | woken place
inline constexpr std::array<std::array<Verdict, event_count>, phase_count> verdicts = {{
    /* start     */ std::array{A, B, L, L, L, B, B, B, B, B, B, L, B},
    /* reading   */ std::array{B, A, A, A, L, L, L, L, L, L, L, A, L},
    /* opening   */ std::array{B, L, A, L, L, A, A, B, B, A, B, A, L},
    /* holding   */ std::array{B, L, A, L, L, A, B, A, A, A, B, A, L},
    /* pausing   */ std::array{B, L, A, L, L, L, L, L, L, L, L, A, L},
    /* queueing  */ std::array{B, L, A, L, L, L, L, L, L, L, L, A, A},
    /* following */ std::array{B, L, A, L, A, L, L, L, L, L, L, A, L},
    /* streaming */ std::array{B, L, A, L, A, A, B, A, A, A, B, A, L},
    /* repeating */ std::array{B, L, A, L, A, L, L, L, L, L, L, A, L},
    /* piping    */ std::array{B, L, A, L, L, A, B, B, B, A, A, A, L},
    /* finished  */ std::array{L, L, L, L, L, L, L, L, L, L, L, L, L},
}};

inline constexpr bool Y = true, N = false;
//                             start reading opening holding pausing queueing following streaming repeating piping end
inline constexpr std::array<std::array<bool, phase_count>, phase_count> successors = {{
    /* start     */ std::array{N, Y, N, N, N, N, N, N, N, N, Y},
    /* reading   */ std::array{N, N, Y, N, N, Y, Y, N, N, N, Y},
    /* opening   */ std::array{N, N, Y, Y, Y, Y, N, Y, N, Y, Y},
    /* holding   */ std::array{N, N, Y, N, Y, Y, N, Y, N, N, Y},
    /* pausing   */ std::array{N, N, Y, N, Y, Y, N, N, N, N, Y},
    /* queueing  */ std::array{N, N, Y, N, Y, Y, N, N, N, N, Y},
    /* following */ std::array{N, N, Y, N, N, Y, Y, N, Y, N, Y},
    /* streaming */ std::array{N, N, N, N, N, N, N, N, N, N, Y},
    /* repeating */ std::array{N, N, N, N, N, N, N, N, N, N, Y},
    /* piping    */ std::array{N, N, N, N, N, N, N, N, N, N, Y},
    /* finished  */ std::array{N, N, N, N, N, N, N, N, N, N, N},
}};
}  // namespace table

constexpr Verdict verdict(Phase phase, EventKind event) { return table::verdicts[size_t(phase)][size_t(event)]; }
constexpr bool may_follow(Phase from, Phase to) { return table::successors[size_t(from)][size_t(to)]; }

// The promises the tables carry.
constexpr bool nothing_follows(Phase phase) {
  for (size_t i = 0; i < phase_count; ++i)
    if (may_follow(phase, Phase(i))) return false;
  return true;
}
constexpr bool finished_takes_everything() {
  for (size_t i = 0; i < event_count; ++i)
    if (verdict(Phase::finished, EventKind(i)) != Verdict::late) return false;
  return true;
}
constexpr bool every_phase_can_finish() {
  for (size_t i = 0; i + 1 < phase_count; ++i)
    if (!may_follow(Phase(i), Phase::finished)) return false;
  return true;
}
constexpr bool client_may_always_leave() {
  for (size_t i = 0; i < phase_count; ++i)
    if (verdict(Phase(i), EventKind::client_gone) == Verdict::bug) return false;
  return true;
}
constexpr bool only_finish_follows(Phase phase) {
  for (size_t i = 0; i < phase_count; ++i)
    if (may_follow(phase, Phase(i)) != (Phase(i) == Phase::finished)) return false;
  return true;
}
static_assert(only_finish_follows(Phase::streaming), "no attempt after the content commit");
static_assert(only_finish_follows(Phase::piping), "no attempt after the content commit");
static_assert(only_finish_follows(Phase::repeating), "no attempt after the content commit, whoever made it");
static_assert(nothing_follows(Phase::finished), "Finish is the last");
static_assert(finished_takes_everything(), "late events after Finish are legal");
static_assert(every_phase_can_finish());
static_assert(client_may_always_leave());

}  // namespace signalbox::exchange
