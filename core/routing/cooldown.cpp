#include "routing/cooldown.h"

#include <algorithm>
#include <optional>

#include "http/header_list.h"
#include "json/reader.h"

namespace signalbox::routing {
namespace {

constexpr int64_t hiccup_ms = 5'000;
constexpr int64_t limited_ms = 15'000;
constexpr int64_t model_missing_ms = 600'000;
constexpr int64_t exhausted_ms = 3'600'000;
constexpr int64_t refused_ms = 1'800'000;

int two_digits(std::string_view text, size_t at) {
  char a = text[at], b = text[at + 1];
  if (a == ' ') a = '0';
  return a >= '0' && a <= '9' && b >= '0' && b <= '9' ? (a - '0') * 10 + (b - '0') : -1;
}

// Days from 1970-01-01 of a date of the Gregorian calendar.
int64_t days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2;
  const int64_t era = y / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

// IMF-fixdate only ("Sun, 06 Nov 1994 08:49:37 GMT"), the one form that is still sent.
std::optional<int64_t> parse_date_ms(std::string_view text) {
  if (text.size() != 29 || text.substr(26) != "GMT") return std::nullopt;
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const size_t month_at = months.find(text.substr(8, 3));
  const int day = two_digits(text, 5), century = two_digits(text, 12), year = two_digits(text, 14);
  const int hour = two_digits(text, 17), minute = two_digits(text, 20), second = two_digits(text, 23);
  if (month_at == months.npos || month_at % 3 || day < 1 || century < 19 || year < 0 || hour < 0 || minute < 0 ||
      second < 0) {
    return std::nullopt;
  }
  const int64_t days = days_from_civil(century * 100 + year, int(month_at / 3) + 1, day);
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}

// What stands behind the point of "1.25", which no standard knows and some send; no more than three digits.
int64_t thousandths(std::string_view seconds) {
  size_t at = std::min(seconds.find('.'), seconds.size());
  int64_t sum = 0;
  for (int64_t worth = 100; worth > 0 && ++at < seconds.size() && seconds[at] >= '0' && seconds[at] <= '9'; worth /= 10)
    sum += worth * (seconds[at] - '0');
  return sum;
}

}  // namespace

int64_t retry_after_ms(std::span<const Header> headers, int64_t now_unix_ms) {
  int64_t wait_ms = -1;
  if (const Header* ms = http::find(headers, "retry-after-ms"))
    wait_ms = json::to_int64(http::trim(ms->value)).value_or(-1);
  if (wait_ms < 0) {
    const Header* after = http::find(headers, "retry-after");
    if (!after) return -1;
    const std::string_view text = http::trim(after->value);
    if (text.substr(0, 1) == "-") return -1;
    if (auto seconds = json::to_int64(text.substr(0, text.find('.')))) {
      wait_ms = std::min(*seconds, retry_after_ms_max / 1000) * 1000 + thousandths(text);
    } else if (auto date = parse_date_ms(text)) {
      // Dates have no fraction: that of the present second is now.
      const int64_t in_ms = *date - now_unix_ms;
      wait_ms = in_ms > -1000 ? std::max<int64_t>(in_ms, 0) : -1;
    }
  }
  return wait_ms < 0 ? -1 : std::min(wait_ms, retry_after_ms_max);
}

bool wants_no_second_attempt(std::span<const Header> headers) {
  const Header* header = http::find(headers, "x-should-retry");
  return header && http::equals_ignoring_case(http::trim(header->value), "false");
}

Suffering suffering_of(FaultKind kind, CredentialOwner owner, Unreachable unreachable) {
  Suffering suffering;
  // Every request would bring this about, and no credential is there to be spared.
  if (row(kind).cooling == Cooling::refused && owner == CredentialOwner::nobody) {
    suffering.why = Why::no_credential;
    suffering.is_users = true;
    return suffering;
  }
  switch (kind) {
    case FaultKind::upstream_resolve:
    case FaultKind::upstream_connect:
    case FaultKind::upstream_tls:
    case FaultKind::upstream_connect_timeout:
      // Nobody is there for any of the provider's lanes, whichever credential or model they have.
      if (unreachable == Unreachable::told) suffering = {Scope::provider, Why::unreachable};
      break;
    default: break;
  }
  switch (row(kind).cooling) {
    case Cooling::none: break;
    case Cooling::hiccup:
      suffering.is_users = suffering.grows = true;
      // A client that reads slowly brings this about as well.
      suffering.counts = kind != FaultKind::upstream_total_timeout;
      break;
    case Cooling::limited: suffering.why = Why::limited, suffering.grows = true; break;
    case Cooling::exhausted: suffering = {Scope::credential, Why::exhausted}; break;
    case Cooling::refused: suffering = {Scope::credential, Why::refused}; break;
    case Cooling::model_missing: suffering.why = Why::model_missing; break;
    case Cooling::doubtful: suffering.why = Why::doubtful, suffering.is_users = true; break;
  }
  // Without a credential of ours there is none that could suffer.
  if (suffering.scope == Scope::credential && owner == CredentialOwner::client) suffering.scope = Scope::lane;
  return suffering;
}

int64_t grown(int64_t first_ms, int64_t most_ms, uint8_t step) {
  if (first_ms >= most_ms) return first_ms;
  constexpr uint8_t doublings_max = 16;
  // No first time is longer than a day, so sixteen doublings of it fit.
  return std::min(first_ms << std::min(step, doublings_max), most_ms);
}

int64_t cool_ms(FaultKind kind, CredentialOwner owner, int64_t asked_ms) {
  const bool asked = asked_ms >= 0;
  asked_ms = std::min(asked_ms, retry_after_ms_max);
  const Cooling cooling = row(kind).cooling;
  if (cooling == Cooling::hiccup) return asked ? asked_ms : hiccup_ms;
  // A plan's end may be told with a 402, and no request has written that.
  if (cooling == Cooling::doubtful)
    return asked && kind == FaultKind::upstream_unpaid ? std::max(asked_ms, hiccup_ms) : hiccup_ms;
  if (cooling == Cooling::model_missing) return model_missing_ms;
  if (owner == CredentialOwner::client) return 0;
  switch (cooling) {
    case Cooling::limited: return asked ? asked_ms : limited_ms;
    // A plan that is renewed at a known time says so. A moment is never enough.
    case Cooling::exhausted: return asked ? std::max(asked_ms, limited_ms) : exhausted_ms;
    case Cooling::refused: return owner == CredentialOwner::nobody ? hiccup_ms : refused_ms;
    default: return 0;
  }
}

}  // namespace signalbox::routing
