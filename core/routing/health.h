// Which lanes are cooling down, as far as this gateway has heard. Every gateway has its own and they
// tell each other deltas (architecture.md section 2, "one mechanism, four distances").
//
// One register a lane: { generation, until, stamp, writer }. Of two registers of a lane the one of the
// later generation stands, and within a generation the one that cools longest; stamp and writer only
// break ties. A clear begins a generation, a cooling does not: so of two gateways that have not heard of
// each other the one told to wait an hour prevails over the one told to wait five seconds, and deltas may
// come late, twice and in any order. What a clear cannot do is spare a cooling that it has not heard of.
//
// More than lanes_max lanes are not kept; the ones with the least registers go. Both rules choose maxima
// of one total order and nothing depends on the time of merging, so merge is commutative, associative
// and idempotent with the bound included. A lane that comes when there is no more room begins in the
// least generation kept: in an earlier one nothing is heard any more.
//
// A clock that is wrong does little harm: no register cools for more than cool_ms_max after its stamp,
// one that seems to last longer than that from now is not believed, and a cooling that contradicts such
// a one begins a generation as a clear does, so that it is heard.
//
// A delta, and a snapshot, which is the delta of everything. Integers little-endian:
//   u8 version = 1 | u16 count | count × { u16 lane_bytes | lane | u32 generation | i64 until_unix_ms
//   | i64 stamp_unix_ms | u32 writer } in strictly ascending order of lanes | u32 FNV-1a of all before it
// The checksum finds damage, not malice: whoever can write deltas is trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace signalbox::routing {

// Providers × credentials × models of a large team stay far below; a client that invents model names on
// a route which passes them on meets it (at most about 2 MB).
inline constexpr size_t lanes_max = 4096;
// "provider/credential/model" with room to spare; the cooling of a lane with a longer name is not kept.
inline constexpr size_t lane_bytes_max = 512;
// No upstream's word (Retry-After) and no clock's error takes a lane out for longer.
inline constexpr int64_t cool_ms_max = int64_t(24) * 60 * 60 * 1000;
// How far two clocks, or one clock before and after it was set, may stand apart unnoticed.
inline constexpr int64_t skew_ms_max = int64_t(5) * 60 * 1000;

class Health {
 public:
  // `writer` tells this gateway's registers from those of its sisters.
  explicit Health(uint32_t writer) : writer_(writer) {}

  // Cools `lane` until `until_unix_ms`, at most cool_ms_max from now. Never shortens: a broken
  // connection a moment after a long Retry-After must not lift it.
  void cool(std::string_view lane, int64_t until_unix_ms, int64_t now_unix_ms);

  // Ends the cooling of `lane` until `planned_until_unix_ms`, here and wherever the delta gets to. That is
  // what cooled_until said when the request was planned whose success is the reason: another cooling has
  // come since and stays. Costs a look-up, and makes no delta, when there is nothing to end.
  void clear(std::string_view lane, int64_t planned_until_unix_ms, int64_t now_unix_ms);

  bool cooled(std::string_view lane, int64_t now_unix_ms) const { return cooled_until(lane, now_unix_ms) != 0; }

  // When the cooling of `lane` ends; 0 when it is not cooling.
  int64_t cooled_until(std::string_view lane, int64_t now_unix_ms) const;

  // What was changed here since the last call, as a delta; empty when nothing was. What came in by merge
  // is not told again. Valid until the next call.
  std::string_view take_delta();

  // Takes in a delta or a snapshot, whole or, when it is damaged, oversized or of another version, not at
  // all: then false.
  bool merge(std::string_view delta);

  // Everything known, as a delta. Equal knowledge gives equal bytes.
  std::string snapshot() const;

  size_t lane_count() const { return lanes_.size(); }

 private:
  struct Register {
    int64_t until_unix_ms = 0;  // 0: cleared
    int64_t stamp_unix_ms = 0;  // when it was written, by the writer's clock
    uint32_t generation = 0;
    uint32_t writer = 0;
    bool untold = false;  // changed here since the last take_delta
  };
  using Lanes = std::map<std::string, Register, std::less<>>;

  static bool less(const Register& a, const Register& b);
  void set(Register& held, uint32_t generation, int64_t until_unix_ms, int64_t now_unix_ms);
  uint32_t first_generation() const;
  void drop_least();

  Lanes lanes_;
  uint32_t writer_;
  size_t untold_count_ = 0;
  std::string delta_;
};

}  // namespace signalbox::routing
