// The loop: timers that move, leave and fire in order; work put off until a callback is over.
#include "loop.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

using namespace signalbox;
using namespace signalbox::native;

TEST_CASE("loop: timers fire in order of their instants, moved ones at the new one") {
  Loop loop;
  std::vector<int> fired;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 8; ++i) timers.push_back(std::make_unique<Timer>(loop, [&fired, i] { fired.push_back(i); }));
  const int64_t now = loop.now().monotonic_ms;
  for (int i = 0; i < 8; ++i) timers[size_t(i)]->arm_at(now + 40 - i);
  timers[7]->arm_at(now + 50);  // later
  timers[0]->arm_at(now + 1);   // earlier
  timers[3]->disarm();
  timers[5].reset();
  Timer end(loop, [&] { loop.stop(); });
  end.arm_at(now + 60);
  loop.run();
  CHECK(fired == std::vector<int>{0, 6, 4, 2, 1, 7});
}

TEST_CASE("loop: a timer that arms itself for now does not hold up the loop") {
  Loop loop;
  int count = 0;
  Timer again(loop, [] {});
  Timer* self = nullptr;
  Timer busy(loop, [&] {
    if (++count == 5) loop.stop();
    else self->arm_at(0);
  });
  self = &busy;
  busy.arm_at(0);
  loop.run();
  CHECK(count == 5);
}

TEST_CASE("loop: a timer fires once a turn, however many others wait for later") {
  Loop loop;
  std::vector<std::unique_ptr<Timer>> later;
  for (int i = 0; i < 20; ++i) {
    later.push_back(std::make_unique<Timer>(loop, [] {}));
    later.back()->arm_at(loop.now().monotonic_ms + 3'600'000);
  }
  int count = 0;
  Timer* self = nullptr;
  Timer busy(loop, [&] {
    ++count;
    self->arm_at(loop.now().monotonic_ms);
  });
  self = &busy;
  busy.arm_at(0);
  for (int turns = 1; turns <= 5; ++turns) {
    loop.turn(0);
    CHECK(count == turns);
  }
}

namespace {
struct Settler : Pollable {
  Loop& loop;
  int ready = 0, settled = 0;
  int settled_at_next_ready = -1;
  explicit Settler(Loop& l) : loop(l) {}
  void on_ready(uint32_t) override { ++ready; }
  void on_settled() override { ++settled; }
};
}  // namespace

TEST_CASE("loop: on_settled comes once, after the callback and before the next") {
  Loop loop;
  Settler s(loop);
  int seen_inside = -1, seen_next = -1;
  loop.post([&] {
    loop.settle_later(s);
    loop.settle_later(s);
    seen_inside = s.settled;
  });
  loop.post([&] {
    seen_next = s.settled;
    loop.stop();
  });
  loop.run();
  CHECK(seen_inside == 0);
  CHECK(seen_next == 1);
  CHECK(s.settled == 1);
}

namespace {
struct Worker : Pollable {
  Loop& loop;
  std::vector<int>& done;
  const int name;
  int pieces_left;
  Worker(Loop& l, std::vector<int>& d, int n, int pieces) : loop(l), done(d), name(n), pieces_left(pieces) {}
  void on_ready(uint32_t) override {}
  void on_piece() override {
    done.push_back(name);
    if (--pieces_left > 0) loop.queue_piece(*this);
  }
};
}  // namespace

TEST_CASE("loop: pieces of work are done in turns, and only so many before the rest goes on") {
  Loop loop;
  std::vector<int> done;
  Worker one(loop, done, 1, 100), two(loop, done, 2, 3);
  auto buried = std::make_unique<Worker>(loop, done, 3, 100);
  loop.queue_piece(one);
  loop.queue_piece(one);
  loop.queue_piece(*buried);
  loop.queue_piece(two);
  loop.bury(std::move(buried));
  loop.turn();
  CHECK(done.size() == Loop::pieces_per_turn);
  CHECK((std::vector<int>(done.begin(), done.begin() + 7) == std::vector<int>{1, 2, 1, 2, 1, 2, 1}));
  loop.turn();
  CHECK(done.size() == 2 * Loop::pieces_per_turn);
}
