#include "loop.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace signalbox::native {

namespace {

int64_t clock_ms(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

constexpr int events_per_turn = 256;

}  // namespace

Timer::Timer(Loop& loop, std::function<void()> on_due) : loop_(loop), on_due_(std::move(on_due)) {}

Timer::~Timer() {
  if (slot_ != not_queued) loop_.unqueue(*this);
}

void Timer::arm_at(int64_t monotonic_ms) {
  due_ms_ = monotonic_ms;
  if (monotonic_ms != never_ms) loop_.queue(*this);
}

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event e{};
  e.events = EPOLLIN | EPOLLET;
  e.data.ptr = nullptr;  // the wake-up
  if (epoll_ < 0 || wake_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &e) != 0) {
    std::perror("signalbox: epoll");
    std::abort();
  }
  refresh_now();
}

Loop::~Loop() {
  graveyard_.clear();
  for (Slot& entry : heap_) entry.timer->slot_ = Timer::not_queued;
  close(wake_);
  close(epoll_);
}

bool Loop::add(Pollable& target, int fd, uint32_t epoll_events) {
  epoll_event e{};
  e.events = epoll_events;
  e.data.ptr = &target;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) == 0;
}

void Loop::modify(Pollable& target, int fd, uint32_t epoll_events) {
  epoll_event e{};
  e.events = epoll_events;
  e.data.ptr = &target;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &e);
}

void Loop::remove(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

void Loop::settle_later(Pollable& target) {
  if (target.settling_ || target.buried_) return;
  target.settling_ = true;
  settling_.push_back(&target);
}

void Loop::settle() {
  // By index: on_settled may ask again, for itself or for others.
  for (size_t i = 0; i < settling_.size(); ++i) {
    Pollable* target = settling_[i];
    target->settling_ = false;
    if (!target->buried_) target->on_settled();
  }
  settling_.clear();
}

void Loop::queue_piece(Pollable& target) {
  if (target.has_piece_ || target.buried_) return;
  target.has_piece_ = true;
  pieces_.push_back(&target);
}

void Loop::bury(std::unique_ptr<Pollable> target) {
  target->buried_ = true;
  if (target->has_piece_) std::erase(pieces_, target.get());
  graveyard_.push_back(std::move(target));
}

void Loop::post(std::function<void()> task) {
  {
    std::lock_guard<std::mutex> guard(mutex_);
    posts_.push_back(std::move(task));
  }
  if (!has_posts_.exchange(true)) {
    uint64_t one = 1;
    [[maybe_unused]] ssize_t n = write(wake_, &one, sizeof one);
  }
}

void Loop::run() {
  while (!stopping_.load(std::memory_order_relaxed)) turn();
}

void Loop::stop() {
  stopping_.store(true);
  post([] {});
}

void Loop::refresh_now() { now_ = {clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME)}; }

void Loop::place(size_t slot, Slot entry) {
  heap_[slot] = entry;
  entry.timer->slot_ = slot;
}

void Loop::sift_up(size_t slot) {
  const Slot entry = heap_[slot];
  while (slot > 0) {
    const size_t parent = (slot - 1) / 2;
    if (heap_[parent].at_ms <= entry.at_ms) break;
    place(slot, heap_[parent]);
    slot = parent;
  }
  place(slot, entry);
}

void Loop::sift_down(size_t slot) {
  const Slot entry = heap_[slot];
  for (;;) {
    size_t child = slot * 2 + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].at_ms < heap_[child].at_ms) ++child;
    if (heap_[child].at_ms >= entry.at_ms) break;
    place(slot, heap_[child]);
    slot = child;
  }
  place(slot, entry);
}

void Loop::queue(Timer& timer) {
  if (timer.slot_ == Timer::not_queued) {
    timer.slot_ = heap_.size();
    heap_.push_back({timer.due_ms_, &timer});
  } else if (heap_[timer.slot_].at_ms > timer.due_ms_) {
    heap_[timer.slot_].at_ms = timer.due_ms_;
  } else {
    return;  // looked at early enough
  }
  sift_up(timer.slot_);
}

void Loop::unqueue(Timer& timer) {
  const size_t slot = timer.slot_;
  timer.slot_ = Timer::not_queued;
  const Slot last = heap_.back();
  heap_.pop_back();
  if (last.timer == &timer) return;
  place(slot, last);
  sift_up(slot);
  sift_down(last.timer->slot_);
}

void Loop::turn(int64_t wait_ms_max) {
  settle();  // of callers outside any callback
  int64_t wait = wait_ms_max;
  if (has_posts_.load() || !pieces_.empty()) wait = 0;
  else if (!heap_.empty()) {
    refresh_now();
    wait = std::clamp<int64_t>(heap_.front().at_ms - now_.monotonic_ms, 0, wait_ms_max);
  }
  epoll_event events[events_per_turn];
  int n = epoll_wait(epoll_, events, events_per_turn, int(wait));
  refresh_now();
  for (int i = 0; i < n; ++i) {
    auto* target = static_cast<Pollable*>(events[i].data.ptr);
    if (!target) {
      uint64_t count;
      [[maybe_unused]] ssize_t r = read(wake_, &count, sizeof count);
    } else if (!target->buried_) {
      target->on_ready(events[i].events);
      settle();
    }
  }
  do_pieces();
  fire_timers();
  run_posts();
  graveyard_.clear();
}

void Loop::do_pieces() {
  for (int left = pieces_per_turn; left > 0 && !pieces_.empty(); --left) {
    Pollable& target = *pieces_.front();
    pieces_.pop_front();
    target.has_piece_ = false;
    target.on_piece();
    settle();
  }
}

void Loop::fire_timers() {
  ++turn_;
  // No more than are queued now, for callbacks may make others.
  for (size_t left = heap_.size(); left > 0 && !heap_.empty() && heap_.front().at_ms <= now_.monotonic_ms; --left) {
    Timer& timer = *heap_.front().timer;
    if (timer.fired_in_turn_ == turn_) return;  // it has armed itself for this very instant, and waits a turn
    if (timer.due_ms_ == never_ms) {
      unqueue(timer);
    } else if (timer.due_ms_ > now_.monotonic_ms) {  // moved since; look again then
      heap_.front().at_ms = timer.due_ms_;
      sift_down(0);
    } else {
      unqueue(timer);
      timer.due_ms_ = never_ms;
      timer.fired_in_turn_ = turn_;
      timer.on_due_();
      settle();
    }
  }
}

void Loop::run_posts() {
  if (!has_posts_.exchange(false)) return;
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard<std::mutex> guard(mutex_);
    tasks.swap(posts_);
  }
  for (auto& task : tasks) {
    task();
    settle();
  }
}

}  // namespace signalbox::native
