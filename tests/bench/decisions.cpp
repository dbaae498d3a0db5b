// Decisions alone, for counting their instructions: bench_decisions STRATEGY TARGETS COUNT. From a request's body to who is
// asked and what is counted of it: a route of so many targets, each a models entry of its own, 100,000 conversations that
// have been remembered, and one more with every decision. The first lanes have been asked before, and two cool down.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/mix.h"
#include "config/json_source.h"
#include "config/read.h"
#include "exchange/decision.h"

using namespace signalbox;

namespace {

constexpr int64_t conversations = 100'000;
constexpr int64_t keep_ms = 300'000;

std::string configuration(const std::string& strategy, int targets) {
  std::string text =
      R"({"providers":{"p":{"dialect":"anthropic","base_url":"https://p.example","key":"${K}"}},"models":{)";
  std::string names;
  for (int i = 0; i < targets; ++i) {
    const std::string n = std::to_string(i);
    text += (i ? ",\"t" : "\"t") + n + R"(":{"provider":"p","upstream_model":"m)" + n +
            R"(","price":{"input":3,"output":15}})";
    names += (i ? ",\"t" : "\"t") + n + "\"";
  }
  return text + R"(},"routes":[{"match":"*","strategy":")" + strategy + R"(","targets":[)" + names + "]}]}";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  config::Source source = config::read_json_tree(configuration(argv[1], std::atoi(argv[2])));
  config::ReadResult read = config::read(source.tree);
  if (!read.problems.empty()) return std::puts(config::sentence(read.problems[0]).c_str()), 1;
  routing::LaneStats stats;
  routing::LaneTable table(read.config, stats);
  routing::AffinityTable stays;
  routing::Health health(1);
  for (const char* lane : {"p/default/m1", "p/default/m3"}) health.cool(lane, 3'600'000, 0);
  for (int64_t i = 0; i < conversations; ++i) stays.remember(base::mix(uint64_t(i)) | 1, 1, keep_ms, 0);

  Arena arena;
  http::Endpoint endpoint;
  endpoint.operation = http::Endpoint::Operation::conversation;
  endpoint.shape = Dialect::anthropic;
  const std::string_view body = R"({"model":"none-of-them","messages":[{"role":"user","content":"hello"}]})";
  const Usage usage{100, 100, 50, -1, -1};
  uint64_t sum = 0;
  for (int i = 0, count = std::atoi(argv[3]); i < count; ++i) {
    char session[16];
    for (uint64_t digit = 0, left = base::mix(uint64_t(i)); digit < 16; ++digit, left >>= 4)
      session[digit] = "0123456789abcdef"[left & 15];
    const Header headers[] = {{"x-session-id", {session, sizeof session}}};
    routing::Asked asked{&table, &stays, headers, {}, {}, base::mix(uint64_t(i)), i};
    const exchange::Decision decision = exchange::decide(
        {endpoint, body, exchange::Access::all, routing::Asker{headers}, asked}, read.config, health, i, arena);
    const routing::Plan& plan = decision.plan;
    const routing::Lane& lane = *decision.first->lane;
    routing::LaneTable::take_turn(*plan.prepared, lane, plan.lanes, stats);
    stats.learn(*lane.stat, {100 + i % 100, usage}, i);
    stays.remember(plan.placement.stay_key, lane.hash, i + keep_ms, i);
    sum += lane.hash;
    arena.reset();
  }
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
}
