// One thread's event loop: edge-triggered epoll, lazy timers, long work in pieces, posts from other threads. Everything on a
// loop runs on its own thread but `post` and `stop`, which any thread may call.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "signalbox/instant.h"

namespace signalbox::native {

// What a descriptor's readiness is told to.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void on_ready(uint32_t epoll_events) = 0;
  // Asked for with Loop::settle_later; the place to write out what one callback has gathered.
  virtual void on_settled() {}
  // Asked for with Loop::queue_piece; the place for a small piece of long work.
  virtual void on_piece() {}

 private:
  friend class Loop;
  bool buried_ = false;
  bool settling_ = false;
  bool has_piece_ = false;
};

class Loop;

// A deadline of one owner. Moving it later costs nothing: the loop notices when the old instant comes.
// Destroying it disarms it. Fires once per arming and at most once a turn, on the loop's thread. Holds no memory of the loop's
// once it is gone, however often it was armed. The loop must outlive it.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_due);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void arm_at(int64_t monotonic_ms);  // never_ms disarms
  void disarm() { due_ms_ = never_ms; }
  int64_t due_ms() const { return due_ms_; }

 private:
  friend class Loop;
  static constexpr size_t not_queued = SIZE_MAX;

  Loop& loop_;
  std::function<void()> on_due_;
  int64_t due_ms_ = never_ms;
  size_t slot_ = not_queued;  // where it stands in the loop's heap
  uint64_t fired_in_turn_ = 0;
};

class Loop {
 public:
  static constexpr uint32_t all_edges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  static constexpr int pieces_per_turn = 16;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Registers `fd` once for its life; `target` must be buried or live until `remove(fd)` and the end
  // of the turn. Returns false when the kernel refuses.
  bool add(Pollable& target, int fd, uint32_t epoll_events = all_edges);
  void modify(Pollable& target, int fd, uint32_t epoll_events);
  void remove(int fd);

  // Deletes `target` at the end of this turn; it hears no event from now on. For objects that end
  // inside their own callbacks.
  void bury(std::unique_ptr<Pollable> target);

  // Calls `target.on_settled()` once, after the callback that is running now (a readiness, a timer, a
  // post) and before the next. Asking again meanwhile changes nothing. Buried targets hear nothing.
  void settle_later(Pollable& target);

  // Calls `target.on_piece()` once, for work that would hold up others were it done in one go: `pieces_per_turn` of all
  // targets together, in the order in which they have asked. Asking again meanwhile changes nothing.
  void queue_piece(Pollable& target);

  // Runs `task` on the loop's thread: soon when called from elsewhere, at the end of this turn when
  // called from the loop itself. Thread-safe.
  void post(std::function<void()> task);

  // Deletes what is buried, outside a turn: for the end of a thread, while what those objects use lives.
  void sweep() { graveyard_.clear(); }

  // Runs until `stop`. Thread-safe to stop.
  void run();
  void stop();

  // One round of `run`: waits for something to happen, no longer than `wait_ms_max`, and handles it.
  void turn(int64_t wait_ms_max = 60'000);

  // The time at which this turn began (refreshed after waiting).
  Now now() const { return now_; }
  void refresh_now();

 private:
  friend class Timer;
  void do_pieces();
  void fire_timers();
  void run_posts();
  void settle();

  // A binary heap of timers by the instant at which to look at each; every timer knows its slot, so that
  // it can leave. The instant may be earlier than the timer's own: moving later is lazy.
  struct Slot {
    int64_t at_ms;
    Timer* timer;
  };
  void place(size_t slot, Slot entry);
  void sift_up(size_t slot);
  void sift_down(size_t slot);
  void queue(Timer& timer);
  void unqueue(Timer& timer);

  int epoll_ = -1;
  int wake_ = -1;
  Now now_;
  std::vector<Slot> heap_;
  uint64_t turn_ = 0;
  std::vector<std::unique_ptr<Pollable>> graveyard_;
  std::vector<Pollable*> settling_;
  std::deque<Pollable*> pieces_;
  std::vector<std::function<void()>> posts_;  // under mutex_
  std::mutex mutex_;
  std::atomic<bool> has_posts_{false};
  std::atomic<bool> stopping_{false};
};

}  // namespace signalbox::native
