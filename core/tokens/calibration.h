// What each lane's own counts teach about our estimates (translation.md section 13): estimates are made
// for one vocabulary, and every model has its own.
//
// A lane has one number, the moving average of its counts over our estimates, in 65536ths: whole numbers, so
// that every build says the same. It keeps within ratio_min and ratio_max, for an upstream that counts
// nonsense must not make a session compact at every turn, or never.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace signalbox::tokens {

class Calibration {
 public:
  static constexpr int64_t one = 65536;
  static constexpr int64_t ratio_min = one / 4;
  static constexpr int64_t ratio_max = one * 4;
  // A new count moves the average by this part of the distance.
  static constexpr int64_t memory = 8;
  // Estimates below this are made of constants for the most part, and teach nothing about text.
  static constexpr int64_t estimate_min = 256;
  // Lanes kept, by their keys (routing/lane.h); who gives way is in base/giving_way.h. Longer names are not kept.
  static constexpr size_t lanes_max = 1024;
  static constexpr size_t lane_bytes_max = 512;

  // `estimate` as `lane` would count it, leaning 5 % to the high side; as it is for a lane
  // that has not learnt yet. Never below 1.
  int64_t estimate_for(std::string_view lane, int64_t estimate) const;

  // Whether `lane` has learnt anything yet.
  bool has_learnt(std::string_view lane) const { return lanes_.find(lane) != lanes_.end(); }

  // The upstream counted `actual` input tokens, cached ones among them, where our estimate was `estimate`.
  void learn(std::string_view lane, int64_t estimate, int64_t actual);

  size_t lane_count() const { return lanes_.size(); }

 private:
  struct Learnt {
    int64_t ratio = 0;
    uint64_t at = 0;  // the how-manieth lesson
  };

  std::map<std::string, Learnt, std::less<>> lanes_;
  uint64_t lesson_count_ = 0;
};

}  // namespace signalbox::tokens
