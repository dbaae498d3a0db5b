// Plays a scenario against the core alone, and holds the trace against what the scenario expects.
// No file, clock or stream in here: text in, text out, so that the same player runs in wasm.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::scenario {

inline constexpr uint64_t seed_default = 20260401;

struct Outcome {
  bool passed = true;
  std::string text;  // what went wrong, a trace, or a rewritten scenario
};

// Plays `text` as written and compares; then again byte by byte, at frame borders and at random cuts from
// `seed`, where the client's bytes, the attempts and the report must stay the same.
Outcome play(std::string_view text, uint64_t seed = seed_default);

// All traces of `text`, for comparing builds: every event, every effect, under every cut.
Outcome trace(std::string_view text, uint64_t seed = seed_default);

// `text` with its expectations as the core meets them. Which headers and which `.` lines are looked at
// stays as it was; where a statement had no expectation at all, everything is written down.
Outcome rewrite(std::string_view text);

}  // namespace signalbox::scenario
