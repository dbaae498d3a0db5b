// What is exact over threads, with threads. ThreadSanitizer plays it too (scripts/test).
#include "signalbox/permits.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "loop.h"
#include "routing/places.h"

using namespace signalbox;
using native::Loop;
using routing::Bound;
using routing::Place;
using routing::Places;
using routing::Waiting;

namespace {

constexpr int thread_count = 4;

template <class Work>
void on_all_threads(Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("permits: a bound holds over threads", "[permits]") {
  Permits permits(thread_count);
  std::atomic<int> inside{0}, most{0}, taken{0};
  on_all_threads([&](int) {
    for (int i = 0; i < 20'000; ++i) {
      const uint32_t slot = permits.slot_of("provider a");
      if (!permits.take(slot, 2)) continue;
      const int now = ++inside;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      ++taken;
      --inside;
      permits.give_back(slot);
    }
  });
  CHECK(most <= 2);
  CHECK(taken > 0);
  CHECK(permits.held(permits.slot_of("provider a")) == 0);
}

TEST_CASE("permits: names get one slot each, whoever asks first", "[permits]") {
  Permits permits(thread_count);
  std::vector<std::vector<uint32_t>> slots(thread_count);
  on_all_threads([&](int thread) {
    for (int i = 0; i < 500; ++i) slots[size_t(thread)].push_back(permits.slot_of("n" + std::to_string(i)));
  });
  for (const auto& each : slots) CHECK(each == slots[0]);
}

TEST_CASE("permits: one of all threads probes a lane", "[permits]") {
  auto permits = std::make_shared<Permits>(thread_count);
  for (int64_t round = 0; round < 500; ++round) {
    std::atomic<int> winners{0};
    std::vector<std::unique_ptr<Places>> places;
    std::vector<routing::Probe> probes(thread_count);
    for (uint32_t i = 0; i < thread_count; ++i) places.push_back(std::make_unique<Places>(PermitsShare{permits, i}));
    on_all_threads([&](int i) {
      winners += places[size_t(i)]->take_probe(i % 2 ? "*p/c/made-up" : "*p/c/other", round, probes[size_t(i)]);
    });
    REQUIRE(winners == 1);
  }
}

TEST_CASE("permits: one of all threads has the lease", "[permits]") {
  Permits permits(thread_count);
  const uint32_t slot = permits.slot_of("lane");
  for (int64_t round = 0; round < 500; ++round) {
    std::atomic<int> winners{0};
    on_all_threads([&](int thread) { winners += permits.lease(slot, 10 * round, 10 * round + 5 + thread); });
    REQUIRE(winners == 1);
  }
}

// Threads with a loop each, as the server has them: requests take a place, or wait in order until they are told.
TEST_CASE("permits: everybody who waits gets a turn, and never more than the bound are inside", "[permits]") {
  constexpr int requests = 300;
  auto permits = std::make_shared<Permits>(thread_count);
  std::vector<std::unique_ptr<Loop>> loops;
  for (int i = 0; i < thread_count; ++i) loops.push_back(std::make_unique<Loop>());
  std::atomic<int> inside{0}, most{0}, served{0};

  struct Request {
    Place place;
    Waiting waiting;
    bool begun = false;
  };
  struct Thread {
    Thread(std::shared_ptr<Permits> p, uint32_t number) : places({std::move(p), number}) {}
    Places places;
    std::vector<std::unique_ptr<Request>> all;
    std::function<void(Request&)> try_one;
  };
  const Bound two[] = {{"provider a", 2}};
  on_all_threads([&](int number) {
    Loop& loop = *loops[size_t(number)];
    Thread self(permits, uint32_t(number));
    const auto tell_turns = [&] {
      for (const Permits::Turn& turn : self.places.turns())
        loops[turn.gateway]->post([] {});  // wakes the loop; all who wait there look
      self.places.clear_turns();
    };
    const auto advance = [&](Request& request) {
      if (request.begun) return;
      const bool may = request.waiting.in_queue() ? request.waiting.is_first() : self.places.waiting("r") == 0;
      if (!may || !self.places.take(two, request.place)) {
        if (!request.waiting.in_queue()) {
          self.places.join("r", 1'000'000, request.waiting);
          if (!request.waiting.is_first() || !self.places.take(two, request.place)) return;
        } else {
          return;
        }
      }
      request.begun = true;
      request.waiting.leave();
      const int now = ++inside;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      loop.post([&, raw = &request] {
        --inside;
        raw->place.give_back();
        tell_turns();
        if (++served == thread_count * requests)
          for (auto& each : loops) each->stop();
      });
    };
    for (int i = 0; i < requests; ++i) {
      self.all.push_back(std::make_unique<Request>());
      advance(*self.all.back());
      tell_turns();
    }
    while (served < thread_count * requests) {
      for (auto& request : self.all) advance(*request);
      tell_turns();
      loop.turn(20);  // were a turn lost, this test would take minutes
    }
  });
  CHECK(served == thread_count * requests);
  CHECK(most <= 2);
  CHECK(permits->waiting() == 0);
}
