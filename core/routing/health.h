// Which lanes are cooling down, and what has been switched off, as far as this gateway has heard. Every gateway has
// its own and they tell each other deltas (architecture.md section 2, "one mechanism, four distances").
//
// A lane is named "provider/credential/model" and suffers with its credential, "provider/credential", and with its
// provider, "provider", which have registers of their own. "!provider" and "!provider/credential" are switches, whose
// `until` is 1 for off and 2 for on; they are never dropped for lanes. "!>provider" is such a switch, on where the provider
// is selected; of several that are on, by gateways that had not heard of each other, the last counts.
// "~" before a name, or alone, says that it was reset, to those who keep more of lanes than their health; their `until`
// is 1. A lane whose model the client names has "*" before
// its name: these are wild, and have a small part of the table to themselves.
//
// One register a name: { generation, until, stamp, writer, why, step, misled }. Of two registers of a lane the one of the
// later generation stands, and within a generation the one that cools longest; the others only
// break ties. A clear begins a generation, a cooling does not: so of two gateways that have not heard of
// each other the one told to wait an hour prevails over the one told to wait five seconds, and deltas may
// come late, twice and in any order. What a clear cannot do is spare a cooling that it has not heard of.
//
// More than wild_lanes_max wild lanes and lanes_max others are not kept; the ones with the least registers go. Both rules choose maxima
// of one total order and nothing depends on the time of merging, so merge is commutative, associative
// and idempotent with the bound included. A lane that comes when there is no more room begins in the
// least generation kept: in an earlier one nothing is heard any more.
//
// A clock that is wrong does little harm: no register cools for more than cool_ms_max after its stamp,
// one that seems to last longer than that from now is not believed, and a cooling that contradicts such
// a one begins a generation as a clear does, so that it is heard.
//
// A delta, and a snapshot, which is the delta of everything. Integers little-endian:
//   u8 version = 2 | u16 count | count × { u16 lane_bytes | lane | u32 generation | i64 until_unix_ms
//   | i64 stamp_unix_ms | u32 writer | u8 why | u8 step } in strictly ascending order of lanes | u32 FNV-1a of all before it
// The highest bit of `step` says that probes misled.
// Version 1, which has neither why nor step, is read as well. The checksum finds damage, not malice: whoever can write deltas is trusted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "routing/breaker.h"
#include "signalbox/config.h"

namespace signalbox::routing {

// Providers × credentials × models of a large team stay far below (at most about 2 MB).
inline constexpr size_t lanes_max = 4096;
// Models that clients name, in use and failing at one time. A client that invents names meets it, and evicts such alone.
inline constexpr size_t wild_lanes_max = 256;
// "provider/credential/model" with room to spare; the cooling of a lane with a longer name is not kept.
inline constexpr size_t lane_bytes_max = 512;
// No upstream's word (Retry-After) and no clock's error takes a lane out for longer.
inline constexpr int64_t cool_ms_max = int64_t(24) * 60 * 60 * 1000;
// How far two clocks, or one clock before and after it was set, may stand apart unnoticed.
inline constexpr int64_t skew_ms_max = int64_t(5) * 60 * 1000;

// Why a name cools. Numbers are part of deltas: new ones go behind.
enum class Why : uint8_t {
  unknown,        // a version that does not know the reason has told it
  hiccup,         // it failed; the next request may well succeed
  limited,        // a limit of the upstream's
  exhausted,      // no money, no quota
  refused,        // our credential is not accepted
  model_missing,  // the upstream does not have the model
  doubtful,       // it blamed the request in words that may be the request's own
  unreachable,    // nobody answers at the provider's address
  breaker,        // too many of its last attempts failed
  asked,          // it failed, and said itself for how long
  breaker_asked,  // both of the last two: a breaker that is not half-open before that
  no_credential,  // it wants one, and none is configured
  let_in,         // it does not: a probe was answered, and no request yet
};
std::string_view name_of(Why why);

// What suffers.
enum class Scope : uint8_t { lane, credential, provider };
inline constexpr size_t scope_count = 3;
std::string_view name_of(Scope scope);

// The name of what suffers with `lane`, "provider/credential/model" or wild: a view of it.
std::string_view scoped(std::string_view lane, Scope scope);

enum class Switch : uint8_t { off, on };

// What has shown how a lane serves: a client's request, or a probe of ours.
enum class Witness : uint8_t { request, probe };

// How a lane stands, its credential and its provider included.
struct Standing {
  int64_t until_unix_ms = 0;  // when it stops cooling; 0: it does not cool
  Why why = Why::unknown;     // of that
  Scope scope = Scope::lane;  // likewise
  // Its breaker's cooling is over, and nobody knows yet whether it serves again: one attempt may find out.
  bool half_open = false;
  bool probing = false;  // and one is at it
  // What its registers say, passed or not, by scope; 0: nothing. A success lifts what was known when it began.
  std::array<int64_t, scope_count> known = {};

  friend bool operator==(const Standing&, const Standing&) = default;
};

// Where Health marks that something may be known of a name, by scope.
using Marks = std::array<uint16_t, scope_count>;
Marks marks_of(std::string_view lane);

class Health {
 public:
  // `writer` tells this gateway's registers from those of its sisters.
  explicit Health(uint32_t writer) : writer_(writer) {}

  // Cools `lane` until `until_unix_ms`, at most cool_ms_max from now. Never shortens: a broken
  // connection a moment after a long Retry-After must not lift it.
  void cool(std::string_view lane, int64_t until_unix_ms, int64_t now_unix_ms, Why why = Why::hiccup, uint8_t step = 0,
            Witness witness = Witness::request);

  // How many coolings in a row, less one, the next would be for an attempt that began at `began_unix_ms`: those that
  // failed side by side with the one that is counted already are no further ones. A request's success begins anew.
  uint8_t next_step(std::string_view lane, int64_t began_unix_ms, int64_t now_unix_ms) const;

  // Ends the cooling of `lane` until `planned_until_unix_ms`, here and wherever the delta gets to. That is
  // what cooled_until said when the request was planned whose success is the reason: another cooling has
  // come since and stays. Costs a look-up, and makes no delta, when there is nothing to end.
  void clear(std::string_view lane, int64_t planned_until_unix_ms, int64_t now_unix_ms);

  bool cooled(std::string_view lane, int64_t now_unix_ms) const { return cooled_until(lane, now_unix_ms) != 0; }

  // Counts an attempt at `lane` that has ended. Whether that opens its breaker; the window begins anew then, and what
  // follows is the caller's to `cool`. A success costs a look-up where the lane has failed lately, else nothing.
  bool count(std::string_view lane, Counted what, const BreakerRule& rule, int64_t now_unix_ms);
  Window::Sums counted(std::string_view lane, int64_t window_ms, int64_t now_unix_ms) const;

  Standing standing(std::string_view lane, int64_t now_unix_ms) const;

  // A whole answer has come from `lane`, which stood as `known` says when its request was planned. Behind a probe's the
  // lane is let in, and cools for longer all the same if requests go on failing there.
  void succeed(std::string_view lane, const std::array<int64_t, scope_count>& known, int64_t now_unix_ms,
               Witness witness = Witness::request);

  // The one attempt that a half-open lane gets; routing::Probe sees to it that it is one over all threads. Whoever began it
  // ends it, whatever came of it.
  void begin_probe(std::string_view lane);
  void end_probe(std::string_view lane);

  // When a name was cooled last and when it was probed here; 0: never. Probes are told nobody.
  struct Looked {
    int64_t cooled_unix_ms = 0;
    int64_t probed_unix_ms = 0;
    bool misled = false;  // it cools for requests that failed behind a probe that was answered
  };
  Looked looked(std::string_view name) const;
  void note_probe(std::string_view name, int64_t now_unix_ms);
  // Keeps what is cooling, or half-open, behind while it is being found out about: for the same reason, and as no further
  // cooling in a row.
  void hold(std::string_view name, int64_t until_unix_ms, int64_t now_unix_ms);
  // The end of that, where nothing newer is known: what was held rests until `until_unix_ms`, as it did before.
  void unhold(std::string_view name, int64_t held_until_unix_ms, int64_t until_unix_ms, int64_t now_unix_ms);

  // Ends all coolings of `name`, a lane with its credential and its provider, or a provider with all its lanes; of
  // everything where it is empty. Windows are forgotten with them. Whoever merges the delta finds it among `resets`.
  void reset(std::string_view name, int64_t now_unix_ms);

  // Switches "provider" or "provider/credential", over what the configuration says.
  void turn(std::string_view name, Switch to, int64_t now_unix_ms);
  // What was said last of `name`; `configured` where nobody has.
  bool enabled(std::string_view name, bool configured) const;
  // Whether neither of the two is switched off: a provider, and one of its credentials, which may be none (empty).
  bool enabled(const Provider& provider, std::string_view credential, bool configured) const;
  bool has_switches() const { return switch_count_ != 0; }

  // The one provider that is to serve wherever it can; empty: none. It replaces what was selected before.
  void select(std::string_view provider, int64_t now_unix_ms);
  // Empty where none is; valid until something changes.
  std::string_view selected() const;

  bool empty() const { return lanes_.empty(); }

  // False where a lane with these marks certainly stands as one of which nothing is known: most lanes, most of the time.
  bool may_stand(const Marks& marks) const {
    bool any = false;
    for (const uint16_t mark : marks) any |= (marked_[mark / 64] >> (mark % 64) & 1) != 0;
    return any;
  }
  // Another number whenever may_stand() may have another answer.
  uint64_t marks_version() const { return marks_version_; }

  // Calls `take` with each wild lane whose plain name begins with `begins`.
  template <class Take>
  void each_wild(std::string_view begins, Take take) const {
    const std::string from = "*" + std::string(begins);
    for (auto place = lanes_.lower_bound(from); place != lanes_.end(); ++place) {
      if (place->first.compare(0, from.size(), from) != 0) return;
      take(std::string_view(place->first));
    }
  }

  // When the cooling of `lane` ends; 0 when it is not cooling. Of that name alone.
  int64_t cooled_until(std::string_view lane, int64_t now_unix_ms) const;

  // What was changed here since the last call, as a delta; empty when nothing was. What came in by merge
  // is not told again. Valid until the next call.
  std::string_view take_delta();

  // Takes in a delta or a snapshot, whole or, when it is damaged, oversized or of another version, not at
  // all: then false.
  bool merge(std::string_view delta);

  // The names that were reset elsewhere, as the last merge has told; "" is everything.
  const std::vector<std::string>& resets() const { return resets_; }

  // Everything known, as a delta. Equal knowledge gives equal bytes.
  std::string snapshot() const;

  size_t lane_count() const { return lanes_.size(); }

 private:
  struct Register {
    int64_t until_unix_ms = 0;  // 0: cleared
    int64_t stamp_unix_ms = 0;  // when it was written, by the writer's clock
    uint32_t generation = 0;
    uint32_t writer = 0;
    uint8_t why = 0;
    uint8_t step = 0;
    bool misled = false;
    // What follows is this gateway's own.
    bool untold = false;   // changed here since the last take_delta
    bool probing = false;  // an attempt at a half-open lane is under way
    int64_t probed_unix_ms = 0;
    Window window;  // of `window_generation`: the end of an open breaker elsewhere is one here
    uint32_t window_generation = 0;
  };
  using Lanes = std::map<std::string, Register, std::less<>>;

  static bool less(const Register& a, const Register& b);
  bool is_selection(Lanes::const_iterator place) const {
    return place != lanes_.end() && place->first.compare(0, 2, "!>") == 0;
  }
  static bool is_let_in(const Register& held) { return Why(held.why) == Why::let_in && held.until_unix_ms != 0; }
  // The end of the year 9999. A stamp beyond it is damage; below it, adding a day never overflows.
  static constexpr int64_t unix_ms_max = 253'402'300'799'999;
  // So many coolings are over before their marks are wiped: it takes going through all registers.
  static constexpr size_t lifted_max = 16;

  static bool is_of_breaker(const Register& held) {
    return Why(held.why) == Why::breaker || Why(held.why) == Why::breaker_asked;
  }
  // Whether a reset of `name` is one of `each`.
  static bool is_meant(std::string_view each, std::string_view name);
  static bool is_switch(std::string_view name) { return name.substr(0, 1) == "!"; }
  static bool is_reset(std::string_view name) { return name.substr(0, 1) == "~"; }
  static bool says_nothing(const Register& held) { return held.generation == 0 && held.until_unix_ms == 0; }
  void set(Register& held, uint32_t generation, int64_t until_unix_ms, int64_t now_unix_ms, Why why = Why::unknown,
           uint8_t step = 0);
  void lift(Register& held, int64_t now_unix_ms);
  void let_in(Register& held, int64_t now_unix_ms);
  Register* find(std::string_view name);
  const Register* find(std::string_view name) const;
  Lanes::iterator add(std::string_view name);
  static int64_t believed_until(const Register& held, int64_t now_unix_ms);
  static bool is_wild(std::string_view name) { return name.substr(0, 1) == "*"; }
  // Where the wild ones begin and end, which stand together.
  std::pair<Lanes::const_iterator, Lanes::const_iterator> part_of(std::string_view name) const;
  bool full(std::string_view name) const;
  uint32_t first_generation(std::string_view name) const;
  void drop_least(std::string_view name);
  void mark(std::string_view name);
  void mark_anew();

  Lanes lanes_;
  // Bits of names that have cooled since mark_anew(); others may share one. It saves looking for what is not there.
  std::array<uint64_t, 32> marked_{};
  size_t lifted_count_ = 0;  // likewise
  uint64_t marks_version_ = 1;
  uint32_t writer_;
  size_t untold_count_ = 0;
  size_t switch_count_ = 0;
  size_t wild_count_ = 0;
  std::string delta_;
  std::vector<std::string> resets_;
};

}  // namespace signalbox::routing
