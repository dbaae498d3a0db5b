// The attempts of one transport: all there are, and those kept for the next exchanges with their buffers for heads, their timers
// and handles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace signalbox::native {

template <class Attempt>
class AttemptPool {
 public:
  // `kept_max`: how many may lie idle.
  explicit AttemptPool(size_t kept_max) : kept_max_(kept_max) {}

  // Made of `surroundings` where none lies idle. It stays the pool's.
  template <class Surroundings>
  Attempt& take(Surroundings& surroundings) {
    if (free_.empty()) {
      unneeded_ = 0;
      all_.push_back(std::make_unique<Attempt>(surroundings));
      return *all_.back();
    }
    Attempt& attempt = *free_.back();
    free_.pop_back();
    unneeded_ = std::min(unneeded_, free_.size());
    return attempt;
  }

  // Nobody names it any more; it may be gone afterwards.
  void give_back(Attempt& attempt) {
    if (free_.size() < kept_max_) free_.push_back(&attempt);
    else destroy(attempt);
  }

  // Frees what has not been needed since the last call. One of them is small, but between what a crowd has left on the heap
  // each keeps its page from going back to the system.
  void trim() {
    // The oldest stand in front; those at the back are warm.
    for (size_t i = 0; i < unneeded_; ++i) destroy(*free_[i]);
    free_.erase(free_.begin(), free_.begin() + std::ptrdiff_t(unneeded_));
    unneeded_ = free_.size();
  }

  const std::vector<std::unique_ptr<Attempt>>& all() const { return all_; }
  size_t free_count() const { return free_.size(); }

  // Destroys all, also those in use.
  void clear() {
    free_.clear();
    unneeded_ = 0;
    all_.clear();
  }

 private:
  void destroy(Attempt& attempt) {
    const auto gone =
        std::find_if(all_.begin(), all_.end(), [&](const auto& owned) { return owned.get() == &attempt; });
    std::swap(*gone, all_.back());
    all_.pop_back();
  }

  size_t kept_max_;
  std::vector<std::unique_ptr<Attempt>> all_;
  std::vector<Attempt*> free_;
  size_t unneeded_ = 0;  // the fewest that were free since the last trim
};

}  // namespace signalbox::native
