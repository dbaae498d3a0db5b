// Numbers that a seed decides. Every choice has a key of its own, so that leaving a part of a plan out changes nothing
// in the others: that is what lets a failing plan be made smaller.
#pragma once

#include <cstdint>

namespace signalbox::simulation {

// Mixes well and is the same everywhere (splitmix64).
constexpr uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(uint64_t seed, uint64_t a = 0, uint64_t b = 0) : state_(mixed(mixed(mixed(seed) + a) + b)) {}

  uint64_t next() { return mixed(state_ += 0x9e3779b97f4a7c15u); }
  // Below `n`, which is at least 1.
  int64_t below(int64_t n) { return int64_t(next() % uint64_t(n)); }
  // From `a` to `b`, both included.
  int64_t between(int64_t a, int64_t b) { return a + below(b - a + 1); }
  bool percent(int64_t p) { return below(100) < p; }
  template <class T, size_t n>
  const T& one_of(const T (&list)[n]) {
    return list[size_t(below(int64_t(n)))];
  }

 private:
  uint64_t state_;
};

}  // namespace signalbox::simulation
