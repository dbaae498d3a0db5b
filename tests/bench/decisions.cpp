// Decisions alone, for counting their instructions: bench_decisions STRATEGY TARGETS COUNT. A route of so many targets,
// 100,000 conversations one after the other; the first half of the lanes has been asked before.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/mix.h"
#include "config/json_source.h"
#include "config/read.h"
#include "routing/plan.h"

using namespace signalbox;

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string strategy = argv[1];
  std::string text =
      R"({"providers":{"p":{"dialect":"anthropic","base_url":"https://p.example","key":"${K}"}},"models":{)";
  std::string targets;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    const std::string n = std::to_string(i);
    text += (i ? ",\"t" : "\"t") + n + R"(":{"provider":"p","upstream_model":"m)" + n +
            R"(","price":{"input":3,"output":15}})";
    targets += (i ? ",\"t" : "\"t") + n + "\"";
  }
  text += R"(},"routes":[{"match":"*","strategy":")" + strategy + R"(","targets":[)" + targets + "]}]}";
  config::Source source = config::read_json_tree(text);
  config::ReadResult read = config::read(source.tree);
  if (!read.problems.empty()) return std::puts(config::sentence(read.problems[0]).c_str()), 1;
  routing::LaneStats stats;
  routing::LaneTable table(read.config, stats);
  routing::AffinityTable stays;
  const routing::Health health(1);
  Arena arena;
  const Usage usage{100, 100, 50, -1, -1};
  uint64_t sum = 0;
  for (int i = 0, count = std::atoi(argv[3]); i < count; ++i) {
    const std::string session = std::to_string(base::mix(uint64_t(i % 100'000)));
    const Header header{"x-session-id", session};
    routing::Facts facts;
    facts.model = "none-of-them";
    const routing::Asked asked{
        &table, &stays, {&header, 1}, R"({"messages":[{"role":"user","content":"hello"}]})", {}, base::mix(uint64_t(i)),
        i};
    const routing::Plan plan = routing::choose(read.config, health, facts, i, arena, asked);
    const routing::Lane& lane = *plan.lanes[0];
    sum += lane.hash;
    if (i < 100) stats.learn(*lane.stat, {100 + i, usage}, i);
    stays.remember(plan.placement.stay_key, lane.hash, i + 300'000, i);
    arena.reset();
  }
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
}
