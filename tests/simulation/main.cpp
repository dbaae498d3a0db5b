// simulate [--seeds N] [--from S]              plays seeds S to S+N-1; stops at the first that breaks a rule
// simulate --seed X [--without 1,2,5] [--trace]  plays one, whole or without some of its parts
//
// A failure prints a line that replays it, and the smallest that was found, as one line too. With --until-broken a broken
// rule is what is wanted (planted bugs): prints "SEEDS<tab>RULE", and ends with 1 when there is none.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <unistd.h>

#include "shrink.h"
#include "world.h"

using namespace signalbox::simulation;

namespace {

struct Options {
  uint64_t from = 1, seeds = 10'000;
  bool one = false, until_broken = false;
  Telling telling = Telling::silent;
  std::vector<size_t> omitted;
};

[[noreturn]] void usage() {
  std::fprintf(
      stderr,
      "usage: simulate [--seeds N] [--from S] | --seed X [--without 1,2,5] [--trace] | --until-broken [--seeds N]\n");
  std::exit(2);
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto value = [&] {
      if (i + 1 >= argc) usage();
      return argv[++i];
    };
    if (name == "--seeds") options.seeds = std::strtoull(value(), nullptr, 10);
    else if (name == "--from") options.from = std::strtoull(value(), nullptr, 10);
    else if (name == "--seed")
      options.one = true, options.from = std::strtoull(value(), nullptr, 10), options.seeds = 1;
    else if (name == "--trace") options.telling = Telling::aloud;
    else if (name == "--until-broken") options.until_broken = true;
    else if (name == "--without") {
      for (const char* text = value(); *text;) {
        char* end;
        options.omitted.push_back(std::strtoull(text, &end, 10));
        if (end == text) usage();
        text = *end == ',' ? end + 1 : end;
      }
    } else usage();
  }
  return options;
}

// Which seed is being played, for a core that ends the program: that is a broken rule as well.
struct Playing {
  bool until_broken = false;
  uint64_t from = 0, n = 0;
};
Playing playing;

void tell_end(int signal) {
  char line[120];
  const int length =
      playing.until_broken
          ? std::snprintf(line, sizeof line, "%" PRIu64 "\tthe program ends by signal %d\n", playing.n + 1, signal)
          : std::snprintf(line, sizeof line,
                          "not ok  the program ends by signal %d\nreplay: scripts/simulate --seed %" PRIu64 "\n",
                          signal, playing.from + playing.n);
  const bool written = write(STDOUT_FILENO, line, size_t(length)) == length;
  _exit(playing.until_broken && written ? 0 : 1);
}

std::string replay_line(uint64_t seed, const std::vector<size_t>& omitted) {
  std::string line = "scripts/simulate --seed " + std::to_string(seed);
  for (size_t i = 0; i < omitted.size(); ++i) line += (i ? "," : " --without ") + std::to_string(omitted[i]);
  return line;
}

void print_parts(const Plan& plan, const std::vector<size_t>& omitted) {
  for (size_t part = 0; part < plan.part_count(); ++part)
    if (std::find(omitted.begin(), omitted.end(), part) == omitted.end())
      std::printf("  %2zu  %s\n", part, plan.part_name(part).c_str());
  for (const Setting& setting : plan.settings) std::printf("      %s\n", setting.json().c_str());
}

void tell_failure(const Plan& plan, const Broken& broken) {
  std::printf("not ok  seed %" PRIu64 " breaks \"%s\": %s\n", plan.seed, broken.rule.c_str(), broken.text.c_str());
  std::printf("replay: %s\n", replay_line(plan.seed, {}).c_str());
  const std::vector<size_t> omitted = shrink(plan, broken.rule);
  const Played smallest = play(without(plan, omitted));
  std::printf("smallest: %s\n  %s\n", replay_line(plan.seed, omitted).c_str(), smallest.broken.text.c_str());
  print_parts(plan, omitted);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  const auto began = std::chrono::steady_clock::now();
  int64_t exchanges = 0, attempts = 0, answered = 0, steps = 0;
  playing = {options.until_broken, options.from, 0};
  std::signal(SIGABRT, tell_end);
  if (options.until_broken) std::signal(SIGSEGV, tell_end);  // else it is a sanitizer's to tell
  for (uint64_t n = 0; n < options.seeds; ++n) {
    playing.n = n;
    const Plan whole = make_plan(options.from + n);
    const Plan plan = without(whole, options.omitted);
    const Played played = play(plan, options.telling);
    if (options.until_broken) {
      if (!played.broken) continue;
      std::printf("%" PRIu64 "\t%s\n", n + 1, played.broken.rule.c_str());
      return 0;
    }
    Broken broken = played.broken;
    // Same seed, same trace; a few are enough to see it.
    if (!broken && n % 16 == 0 && play(plan).trace != played.trace)
      broken = {"same seed, same trace", "two plays differ"};
    if (broken) {
      if (options.omitted.empty()) tell_failure(plan, broken);
      else {
        std::printf("not ok  \"%s\": %s\n", broken.rule.c_str(), broken.text.c_str());
        print_parts(whole, options.omitted);
      }
      std::printf("%" PRIu64 " passed, 1 failed\n", n);
      return 1;
    }
    exchanges += played.answered + played.failed;
    answered += played.answered;
    attempts += played.attempts;
    steps += played.steps;
  }
  if (options.until_broken) return 1;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf("%" PRId64 " exchanges, %" PRId64 " answered, %" PRId64 " attempts, %" PRId64
              " steps; %.0f seeds a second\n",
              exchanges, answered, attempts, steps, double(options.seeds) / seconds);
  std::printf("%" PRIu64 " passed, 0 failed\n", options.seeds);
}
