#include "routing/cooldown.h"

#include <algorithm>
#include <optional>

#include "http/header_list.h"
#include "json/reader.h"

namespace signalbox::routing {
namespace {

constexpr int64_t short_ms = 5'000;            // a hiccup: the next request may well succeed
constexpr int64_t limited_ms = 15'000;         // a 429 that does not say how long
constexpr int64_t model_missing_ms = 600'000;  // a mapped model the upstream does not have
constexpr int64_t exhausted_ms = 3'600'000;    // no money, no quota
constexpr int64_t refused_key_ms = 1'800'000;  // our credential is not accepted

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

}  // namespace

int64_t retry_after_ms(std::span<const Header> headers, int64_t now_unix_ms) {
  std::optional<int64_t> wait_ms;
  if (const Header* ms = http::find(headers, "retry-after-ms")) wait_ms = json::to_int64(http::trim(ms->value));
  if (!wait_ms) {
    const Header* after = http::find(headers, "retry-after");
    if (!after) return -1;
    const std::string_view text = http::trim(after->value);
    if (auto seconds = json::to_int64(text))
      wait_ms = std::clamp<int64_t>(*seconds, 0, retry_after_ms_max / 1000) * 1000;
    else if (auto date = parse_date_ms(text)) wait_ms = *date - now_unix_ms;
  }
  return wait_ms ? std::clamp<int64_t>(*wait_ms, 0, retry_after_ms_max) : -1;
}

int64_t cool_ms_for_status(int status, std::span<const Header> headers, CredentialOwner owner, int64_t now_unix_ms) {
  const int64_t asked_ms = retry_after_ms(headers, now_unix_ms);
  const bool client_owned = owner == CredentialOwner::client;
  switch (status) {
    case 401:
    case 403: return client_owned ? 0 : refused_key_ms;
    case 402: return client_owned ? 0 : exhausted_ms;
    case 429: return client_owned ? 0 : asked_ms >= 0 ? asked_ms : limited_ms;
    case 404: return model_missing_ms;
    case 408:
    case 409:
    case 425: return asked_ms >= 0 ? asked_ms : short_ms;
    default: break;
  }
  if (status >= 500) return asked_ms >= 0 ? asked_ms : short_ms;
  return 0;  // the client's own fault
}

int64_t cool_ms_for_fault(FaultKind kind) { return row(kind).source == FaultSource::upstream ? short_ms : 0; }

}  // namespace signalbox::routing
