// A whole run as data: who asks what and when, what goes wrong where, when an operator loads another configuration. A seed
// makes it; each of its parts may be left out, and the others stay as they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "setting.h"
#include "wire.h"

namespace signalbox::simulation {

// How late deltas come at most.
inline constexpr int64_t delta_late_ms_max = 4'000;

// And a turn.
inline constexpr int64_t turn_late_ms_max = 10;

// All times are virtual milliseconds from the run's beginning.
struct Client {
  bool there = true;
  int64_t at_ms = 0;
  int gateway = 0;
  Question question;  // its nonce is the client's number
  int body_pieces = 1;
  int64_t body_gap_ms = 0;
  int64_t leaves_after_ms = -1;              // -1: stays
  int64_t deaf_from_ms = 0, deaf_to_ms = 0;  // reads nothing in between
  bool bad_json = false;
};

// What may befall a provider.
enum class TroubleKind : uint8_t {
  refuses,        // no connection
  no_connection,  // not in time
  resets,         // before its head
  no_head,        // not in time
  no_http,        // bytes that are no HTTP
  limited,        // 429; `param`: retry-after in milliseconds, -1: none
  overloaded,     // 529
  failing,        // 500
  not_again,      // 500 with x-should-retry: false
  quotes_key,     // 500 that quotes a key
  unauthorised,   // 401
  exhausted,      // 429 without money
  rejects,        // 400: the client's own fault
  overflows,      // 400: the conversation is too long
  page,           // 200 with a page for people
  garbage,        // 200 with what is no answer
  error_inside,   // 200 and then an error
  cut_early,      // ends before it says anything
  cut_late,       // and after it has said something
  silent_early,   // falls silent
  silent_late,
  slow,   // but good
  empty,  // ends well and says nothing
  count_,
};
const char* name_of(TroubleKind kind);

struct Trouble {
  bool there = true;
  int provider = 0;
  int credential = -1;  // -1: all
  int64_t from_ms = 0, to_ms = 0;
  int percent = 100;  // of the requests
  TroubleKind kind = TroubleKind::refuses;
  int64_t param = -1;
};

struct Reload {
  bool there = true;
  int64_t at_ms = 0;
  int setting = 0;
};

struct Jump {  // of the wall clock
  bool there = true;
  int64_t at_ms = 0;
  int gateway = 0;
  int64_t by_ms = 0;
};

struct Flip {  // of the switch of a provider, or of one of its credentials
  bool there = true;
  int64_t at_ms = 0;
  int gateway = 0;
  int provider = 0;
  int credential = -1;  // -1: the provider's
  bool on = false;
};

// What makes the rest harder without being an event of its own.
struct Hardships {
  bool clocks_differ = false;  // between gateways
  bool deltas_late = false;    // and twice, and out of order; else at once
  bool cut_anywhere = false;   // answers come in pieces that are no frames
  bool odd_wakes = false;      // early and late
};

struct Plan {
  uint64_t seed = 0;
  int gateways = 1;
  std::vector<Setting> settings;  // the first is the one at the start
  std::vector<Client> clients;
  std::vector<Trouble> troubles;
  std::vector<Reload> reloads;
  std::vector<Jump> jumps;
  std::vector<Flip> flips;
  Hardships hardships;

  // The parts that may be left out: clients, troubles, reloads, jumps, flips, hardships, in this order.
  size_t part_count() const;
  void leave_out(size_t part);
  std::string part_name(size_t part) const;
};

Plan make_plan(uint64_t seed);

// What a part of the seeds has besides (widening.cpp): strategies and conversations, targets that say what they take, breakers
// that open at once, limits of clients, switches.
void widen(Plan& plan);

}  // namespace signalbox::simulation
