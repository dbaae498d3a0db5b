#include "routing/headroom.h"

#include <algorithm>

#include "base/text.h"
#include "http/header_list.h"

namespace signalbox::routing {
namespace {

constexpr std::string_view limited_names[limited_count] = {"requests", "tokens", "input-tokens", "output-tokens"};
// Beyond any account's; what is larger is no number.
constexpr int64_t amount_max = int64_t(1) << 50;

struct Said {
  int64_t limit = -1;
  int64_t remaining = -1;
  int64_t reset_ms = -1;  // from now
  bool contradicts_itself = false;

  // Both families of names may stand in one head, and hosts show them in any order: so none goes before the other.
  void set(int64_t& part, int64_t value) {
    if (value < 0) return;
    contradicts_itself |= part >= 0 && part != value;
    part = value;
  }
};

int64_t amount(std::string_view text) {
  const auto number = base::parse_decimal(text);
  return number && *number <= amount_max ? *number : -1;
}

int64_t reset_in(std::string_view text, int64_t now_unix_ms) {
  const int64_t at = rfc3339_ms(text);
  if (at >= 0) return std::clamp<int64_t>(at - now_unix_ms, 0, reset_ms_max);
  return duration_ms(text);
}

// `rest` begins with "<word>-"; takes it off.
bool takes_off(std::string_view& rest, std::string_view word) {
  if (rest.size() <= word.size() || rest[word.size()] != '-' || !base::begins_ignoring_case(rest, word)) return false;
  rest.remove_prefix(word.size() + 1);
  return true;
}

size_t limited_called(std::string_view name) {
  size_t index = 0;
  while (index < limited_count && !base::equals_ignoring_case(limited_names[index], name)) ++index;
  return index;
}

int two_digits(std::string_view text, size_t at) {
  const char a = text[at], b = text[at + 1];
  return a >= '0' && a <= '9' && b >= '0' && b <= '9' ? (a - '0') * 10 + (b - '0') : -1;
}

// Days from 1970-01-01, after Howard Hinnant's days_from_civil.
int64_t days_since_1970(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = year / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

}  // namespace

int64_t duration_ms(std::string_view text) {
  if (text.empty() || text.size() > 32) return -1;
  int64_t total = 0;
  while (!text.empty()) {
    size_t digits = 0;
    int64_t whole = 0, thousandths = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits)
      whole = std::min<int64_t>(whole * 10 + (text[digits] - '0'), reset_ms_max);
    if (digits == 0) return -1;
    text.remove_prefix(digits);
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      int64_t unit = 100;
      for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10)
        thousandths += unit * (text[0] - '0');
    }
    int64_t unit_ms = 1000;
    if (text.substr(0, 2) == "ms") unit_ms = 1, text.remove_prefix(2);
    else if (text.substr(0, 1) == "s") text.remove_prefix(1);
    else if (text.substr(0, 1) == "m") unit_ms = 60'000, text.remove_prefix(1);
    else if (text.substr(0, 1) == "h") unit_ms = 3'600'000, text.remove_prefix(1);
    else if (text.substr(0, 1) == "d") unit_ms = 86'400'000, text.remove_prefix(1);
    else if (!text.empty()) return -1;
    // A day of milliseconds times a day stays below 2^63.
    total = std::min(total + whole * unit_ms + thousandths * unit_ms / 1000, reset_ms_max);
  }
  return total;
}

int64_t rfc3339_ms(std::string_view text) {
  // 2026-11-22T15:04:05Z, .123Z, +02:00
  if (text.size() < 20 || text.size() > 40 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':')
    return -1;
  const int century = two_digits(text, 0), year = two_digits(text, 2), month = two_digits(text, 5);
  const int day = two_digits(text, 8), hour = two_digits(text, 11), minute = two_digits(text, 14);
  const int second = two_digits(text, 17);
  if (century < 19 || year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 60)
    return -1;
  std::string_view rest = text.substr(19);
  if (rest[0] == '.') {
    size_t digits = 1;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
    rest.remove_prefix(digits);
  }
  int64_t offset_minutes = 0;
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':') {
    const int hours = two_digits(rest, 1), minutes = two_digits(rest, 4);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return -1;
    offset_minutes = (hours * 60 + minutes) * (rest[0] == '-' ? -1 : 1);
  } else if (rest != "Z" && rest != "z") {
    return -1;
  }
  const int64_t days = days_since_1970(century * 100 + year, month, day);
  return (((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second) * 1000;
}

void Headroom::see(std::span<const Header> headers, int64_t now_unix_ms) {
  std::array<Said, limited_count> said;
  bool any = false;
  for (const Header& header : headers) {
    std::string_view rest = header.name;
    const std::string_view value = http::trim(header.value);
    std::string_view part;
    size_t which = limited_count;
    if (takes_off(rest, "anthropic-ratelimit")) {
      // anthropic-ratelimit-input-tokens-remaining
      const size_t dash = rest.rfind('-');
      if (dash == rest.npos) continue;
      which = limited_called(rest.substr(0, dash));
      part = rest.substr(dash + 1);
    } else if (takes_off(rest, "x-ratelimit")) {
      // x-ratelimit-remaining-tokens
      const size_t dash = rest.find('-');
      if (dash == rest.npos) continue;
      which = limited_called(rest.substr(dash + 1));
      part = rest.substr(0, dash);
    }
    if (which == limited_count) continue;
    any = true;
    Said& one = said[which];
    if (base::equals_ignoring_case(part, "limit")) one.set(one.limit, amount(value));
    else if (base::equals_ignoring_case(part, "remaining")) one.set(one.remaining, amount(value));
    else if (base::equals_ignoring_case(part, "reset")) one.set(one.reset_ms, reset_in(value, now_unix_ms));
  }
  if (!any) return;
  for (size_t i = 0; i < limited_count; ++i) {
    const Said& one = said[i];
    if (one.contradicts_itself || one.limit <= 0 || one.remaining < 0) continue;
    Allowance& allowance = allowances_[i];
    allowance.left_permille = uint16_t(std::min(one.remaining, one.limit) * full / one.limit);
    allowance.until_unix_ms = now_unix_ms + (one.reset_ms < 0 ? reset_ms_default : one.reset_ms);
  }
  same_from_unix_ms_ = INT64_MIN;
  same_until_unix_ms_ = INT64_MAX;
  for (const Allowance& each : allowances_) {
    if (each.until_unix_ms > now_unix_ms) same_until_unix_ms_ = std::min(same_until_unix_ms_, each.until_unix_ms);
    else same_from_unix_ms_ = std::max(same_from_unix_ms_, each.until_unix_ms);
  }
  least_permille_ = least_at(now_unix_ms);
}

int Headroom::least_at(int64_t now_unix_ms) const {
  int least = full;
  for (const Allowance& each : allowances_)
    if (each.until_unix_ms > now_unix_ms) least = std::min<int>(least, each.left_permille);
  return least;
}

bool Headroom::known(int64_t now_unix_ms) const {
  return std::any_of(allowances_.begin(), allowances_.end(),
                     [&](const Allowance& each) { return each.until_unix_ms > now_unix_ms; });
}

}  // namespace signalbox::routing
