#include "loop.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace signalbox::native {

// `owner` is null once the timer is gone; the entry then dies when its instant comes.
struct Timer::Entry {
  int64_t at_ms = 0;
  Timer* owner = nullptr;
};

namespace {

int64_t clock_ms(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

struct Later {
  template <class E>
  bool operator()(const E& a, const E& b) const { return a->at_ms > b->at_ms; }
};

constexpr int events_per_turn = 256;

}  // namespace

Timer::Timer(Loop& loop, std::function<void()> on_due) : loop_(loop), on_due_(std::move(on_due)) {}

Timer::~Timer() {
  if (entry_) entry_->owner = nullptr;
}

void Timer::arm_at(int64_t monotonic_ms) {
  due_ms_ = monotonic_ms;
  if (monotonic_ms == never_ms) return;
  if (entry_ && entry_->at_ms <= monotonic_ms) return;  // the queued entry will look again
  if (entry_) entry_->owner = nullptr;
  entry_ = std::make_shared<Entry>(Entry{monotonic_ms, this});
  loop_.push(entry_);
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
  for (auto& entry : heap_)
    if (entry->owner) entry->owner->entry_.reset();
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

void Loop::bury(std::unique_ptr<Pollable> target) {
  target->buried_ = true;
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

void Loop::push(const std::shared_ptr<Timer::Entry>& entry) {
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), Later{});
}

void Loop::turn() {
  int wait = -1;
  if (has_posts_.load()) wait = 0;
  else if (!heap_.empty()) {
    refresh_now();
    wait = int(std::clamp<int64_t>(heap_.front()->at_ms - now_.monotonic_ms, 0, 60'000));
  }
  epoll_event events[events_per_turn];
  int n = epoll_wait(epoll_, events, events_per_turn, wait);
  refresh_now();
  for (int i = 0; i < n; ++i) {
    auto* target = static_cast<Pollable*>(events[i].data.ptr);
    if (!target) {
      uint64_t count;
      [[maybe_unused]] ssize_t r = read(wake_, &count, sizeof count);
    } else if (!target->buried_) {
      target->on_ready(events[i].events);
    }
  }
  fire_timers();
  run_posts();
  graveyard_.clear();
}

void Loop::fire_timers() {
  while (!heap_.empty() && heap_.front()->at_ms <= now_.monotonic_ms) {
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    auto entry = std::move(heap_.back());
    heap_.pop_back();
    Timer* timer = entry->owner;
    if (!timer) continue;
    if (timer->due_ms_ > now_.monotonic_ms) {  // moved since; look again then
      if (timer->due_ms_ == never_ms) {
        timer->entry_.reset();
      } else {
        entry->at_ms = timer->due_ms_;
        push(entry);
      }
      continue;
    }
    timer->entry_.reset();
    timer->due_ms_ = never_ms;
    timer->on_due_();
  }
}

void Loop::run_posts() {
  if (!has_posts_.exchange(false)) return;
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard<std::mutex> guard(mutex_);
    tasks.swap(posts_);
  }
  for (auto& task : tasks) task();
}

}  // namespace signalbox::native
