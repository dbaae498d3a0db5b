// What a provider's headers say is left of its limits: anthropic-ratelimit-*, and x-ratelimit-* as OpenAI and those
// that follow it send them. Gemini sends none; of a lane without them nothing is known.
//
// The headers are an upstream's words. Numbers beyond their bounds are no numbers, a part that contradicts itself says
// nothing, and no reset is believed for longer than reset_ms_max.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "signalbox/header.h"

namespace signalbox::routing {

// Daily limits reset within a day; what is said to last longer is a mistake or an attack.
inline constexpr int64_t reset_ms_max = int64_t(24) * 3'600'000;
// Where limits are given without a reset they are per minute (OpenAI's and Anthropic's documents).
inline constexpr int64_t reset_ms_default = 60'000;

// One limit, as it was last told.
struct Allowance {
  uint16_t left_permille = 1000;
  int64_t until_unix_ms = 0;  // afterwards it says nothing any more
};

// What is limited each for itself.
enum class Limited : uint8_t { requests, tokens, input_tokens, output_tokens };
inline constexpr size_t limited_count = 4;

class Headroom {
 public:
  static constexpr int full = 1000;

  // Takes in what the head of an answer says; what it does not speak of stays as it was.
  void see(std::span<const Header> headers, int64_t now_unix_ms);

  // What is left of the scarcest limit, in thousandths; `full` where nothing is known.
  int permille(int64_t now_unix_ms) const {
    const bool same = now_unix_ms >= same_from_unix_ms_ && now_unix_ms < same_until_unix_ms_;
    return same ? least_permille_ : least_at(now_unix_ms);
  }

  void forget() { *this = {}; }

  // Whether any limit is known at the moment.
  bool known(int64_t now_unix_ms) const;

 private:
  int least_at(int64_t now_unix_ms) const;

  std::array<Allowance, limited_count> allowances_;
  // least_at() of this time: many lanes are compared for each request.
  int64_t same_from_unix_ms_ = INT64_MIN;
  int64_t same_until_unix_ms_ = INT64_MAX;
  int least_permille_ = full;
};

// "6m0s", "1.5s", "20ms", "12", in milliseconds; -1 when it is none, at most reset_ms_max.
int64_t duration_ms(std::string_view text);

// An instant as RFC 3339 has it, in milliseconds since 1970; -1 when it is none.
int64_t rfc3339_ms(std::string_view text);

}  // namespace signalbox::routing
