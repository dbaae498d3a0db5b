// What providers say of their limits, line by line as header fields, over instants that jump: what is left is never
// below nothing or above all, nothing is believed for longer than a day, headers that speak of no limit change nothing,
// and the order of different headers makes no difference. The first byte says how the clock goes on between answers.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "bytes.h"
#include "http/header_list.h"
#include "require.h"
#include "routing/headroom.h"

using namespace signalbox;
using routing::Headroom;
using testing::require;
using testing::take_until;

namespace {

constexpr int64_t day_ms = 24 * 3'600'000;

bool speaks_of_a_limit(const Header& header) {
  const std::string name = [&] {
    std::string lower(header.name);
    for (char& each : lower) each = each >= 'A' && each <= 'Z' ? char(each + 32) : each;
    return lower;
  }();
  return name.starts_with("anthropic-ratelimit-") || name.starts_with("x-ratelimit-");
}

bool each_once(const std::vector<Header>& headers) {
  for (size_t i = 0; i < headers.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (http::equals_ignoring_case(headers[i].name, headers[k].name)) return false;
  return true;
}

void check_same(const Headroom& one, const Headroom& other, int64_t now, const char* rule) {
  for (const int64_t later : {int64_t(0), int64_t(1), int64_t(999), int64_t(60'000), int64_t(3'600'000), day_ms - 1})
    require(
        one.permille(now + later) == other.permille(now + later) && one.known(now + later) == other.known(now + later),
        rule);
}

// One answer's head, after the one before.
void check_answer(Headroom& headroom, std::vector<Header> headers, int64_t now) {
  const Headroom before = headroom;
  headroom.see(headers, now);
  const int left = headroom.permille(now);
  require(left >= 0 && left <= Headroom::full, "between nothing and all");
  require(headroom.known(now) || left == Headroom::full, "what is not known keeps nobody away");
  require(!headroom.known(now + day_ms) || before.known(now + day_ms), "nothing is believed for more than a day");
  if (std::none_of(headers.begin(), headers.end(), speaks_of_a_limit))
    check_same(headroom, before, now, "of no limit was spoken");
  if (!each_once(headers)) return;
  Headroom reversed = before;
  std::reverse(headers.begin(), headers.end());
  reversed.see(headers, now);
  check_same(headroom, reversed, now, "the order of headers says nothing");
}

void check_value(std::string_view value) {
  const int64_t duration = routing::duration_ms(value);
  require(duration >= -1 && duration <= routing::reset_ms_max, "a duration within a day", value);
  const int64_t instant = routing::rfc3339_ms(value);
  // 1900 and 9999, a day more for offsets.
  require(instant >= -2'209'075'200'000 && instant <= 253'402'387'200'000, "an instant of this calendar", value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  constexpr int64_t steps[] = {0, 1, 1'000, 59'999, 60'000, 3'600'000, day_ms, 40 * day_ms};
  const int64_t step_ms = steps[data[0] % std::size(steps)];
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  int64_t now = 1'700'000'000'000;
  Headroom headroom;
  for (int answers = 0; answers < 8 && !rest.empty(); ++answers, now += step_ms) {
    // An empty line ends a head.
    std::vector<Header> headers;
    while (!rest.empty() && headers.size() < 40) {
      std::string_view line = take_until(rest, '\n');
      if (line.empty()) break;
      const std::string_view name = take_until(line, ':');
      check_value(http::trim(line));
      headers.push_back({name, line});
    }
    check_answer(headroom, std::move(headers), now);
  }
  return 0;
}
