// The tables that requests are counted in: written by one thread each, read by all.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/mix.h"
#include "signalbox/metrics.h"

namespace signalbox::metrics {

// Pairs of a route and a provider, and providers, that are told apart; those beyond are counted as one.
inline constexpr size_t series_max = 256;
inline constexpr size_t providers_max = 128;
inline constexpr size_t fault_count = size_t(FaultKind::count_);

// Upper bounds in milliseconds: a cached answer, an interactive one, an agent's long one.
inline constexpr std::array<int64_t, 10> bucket_ms = {100,   250,    500,    1'000,   2'500,
                                                      5'000, 10'000, 30'000, 120'000, 600'000};

// Has one writer, so that adding is no atomic step of the processor.
class Count {
 public:
  void add(uint64_t more = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct Histogram {
  std::array<Count, bucket_ms.size() + 1> counts;
  Count sum_ms;

  void add(int64_t ms) {
    size_t at = 0;
    while (at < bucket_ms.size() && ms > bucket_ms[at]) ++at;
    counts[at].add();
    sum_ms.add(uint64_t(ms > 0 ? ms : 0));
  }
};

inline constexpr std::array<std::string_view, 4> token_kinds = {"input", "output", "cache_read", "cache_creation"};

struct Series {
  std::atomic<uint64_t> key{0};
  std::array<Count, request_outcome_count> outcomes;
  Histogram total, first_content;
  std::array<Count, token_kinds.size()> tokens;
};

struct Attempts {
  std::atomic<uint64_t> key{0};
  std::array<Count, attempt_result_count> results;
  std::array<Count, fault_count> failures;
};

// `most` rows by the hash of their names, and one for all that find no room.
template <class Row, size_t most>
class Rows {
 public:
  Row& of(uint64_t key) {
    for (size_t i = 0; i < most; ++i) {
      Row& row = rows_[(key + i) % most];
      const uint64_t there = row.key.load(std::memory_order_relaxed);
      if (there == key) return row;
      if (there != 0) continue;
      row.key.store(key, std::memory_order_release);
      return row;
    }
    return rows_[most];
  }
  const Row* find(uint64_t key) const {
    for (size_t i = 0; i < most; ++i) {
      const Row& row = rows_[(key + i) % most];
      const uint64_t there = row.key.load(std::memory_order_acquire);
      if (there == key) return &row;
      if (there == 0) return nullptr;
    }
    return nullptr;
  }
  const Row& others() const { return rows_[most]; }

 private:
  std::array<Row, most + 1> rows_;
};

// 0 is for rows of nobody.
inline constexpr uint64_t key_seed = 0x6d657472696373u;
inline uint64_t key_of(std::string_view provider) { return base::mix_text(provider, key_seed) | 1; }
inline uint64_t key_of(std::string_view route, std::string_view provider) {
  return base::mix_text(provider, base::mix_text(route, key_seed)) | 1;
}

struct Table {
  Count begun, ended;
  std::array<Count, fault_count> faults;
  Rows<Series, series_max> series;
  Rows<Attempts, providers_max> attempts;
};

}  // namespace signalbox::metrics
