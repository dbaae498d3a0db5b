// One thread's event loop: edge-triggered epoll, lazy timers, posts from other threads. Everything on a
// loop runs on its own thread but `post` and `stop`, which any thread may call.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
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

 private:
  friend class Loop;
  bool buried_ = false;
};

class Loop;

// A deadline of one owner. Moving it later costs nothing: the loop notices when the old instant comes.
// Destroying it disarms it. Fires once per arming, on the loop's thread.
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
  struct Entry;
  Loop& loop_;
  std::function<void()> on_due_;
  int64_t due_ms_ = never_ms;
  std::shared_ptr<Entry> entry_;  // the one heap entry, if one is queued
};

class Loop {
 public:
  static constexpr uint32_t all_edges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

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

  // Runs `task` on the loop's thread: soon when called from elsewhere, at the end of this turn when
  // called from the loop itself. Thread-safe.
  void post(std::function<void()> task);

  // Runs until `stop`. Thread-safe to stop.
  void run();
  void stop();

  // The time at which this turn began (refreshed after waiting).
  Now now() const { return now_; }
  void refresh_now();

 private:
  friend class Timer;
  void turn();
  void fire_timers();
  void run_posts();
  void push(const std::shared_ptr<Timer::Entry>& entry);

  int epoll_ = -1;
  int wake_ = -1;
  Now now_;
  std::vector<std::shared_ptr<Timer::Entry>> heap_;
  std::vector<std::unique_ptr<Pollable>> graveyard_;
  std::vector<std::function<void()>> posts_;  // under mutex_
  std::mutex mutex_;
  std::atomic<bool> has_posts_{false};
  std::atomic<bool> stopping_{false};
};

}  // namespace signalbox::native
