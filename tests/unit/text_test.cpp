#include "base/text.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace signalbox::base;

TEST_CASE("text: only ASCII letters have a case") {
  CHECK(equals_ignoring_case("X-Api-Key", "x-aPI-kEY"));
  CHECK_FALSE(equals_ignoring_case("x-api-key", "x-api-keys"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK_FALSE(equals_ignoring_case("\xc4", "\xe4"));
  CHECK(begins_ignoring_case("CF-Ray", "cf-"));
  CHECK_FALSE(begins_ignoring_case("cf", "cf-"));
}

TEST_CASE("text: hexadecimal digits of either case and nothing else") {
  const std::string_view digits = "0123456789abcdef";
  for (int byte = 0; byte < 256; ++byte) {
    const size_t value = digits.find(lower(char(byte)));
    INFO(byte);
    CHECK(hex_value(char(byte)) == (value == std::string_view::npos ? -1 : int(value)));
  }
}

TEST_CASE("text: bytes as hexadecimal digits, two each") {
  const uint8_t bytes[] = {0x00, 0x0a, 0xf0, 0xff, 0x19};
  std::string out = "=";
  append_hex(out, bytes);
  CHECK(out == "=000af0ff19");
}

TEST_CASE("text: decimal numbers, both ways") {
  for (int64_t number : {int64_t(0), int64_t(-1), int64_t(8484), INT64_MAX, INT64_MIN}) {
    std::string out = "=";
    append_decimal(out, number);
    CHECK(out == "=" + std::to_string(number));
  }
  CHECK(parse_decimal("9223372036854775807") == INT64_MAX);
  CHECK(parse_decimal("007") == 7);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x1", "9223372036854775808", "1.0"})
    CHECK_FALSE(parse_decimal(text).has_value());
}

namespace {

// The obvious definition, as slow as it likes.
bool matches_plainly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] != '*')
    return !text.empty() && text[0] == pattern[0] && matches_plainly(pattern.substr(1), text.substr(1));
  for (size_t i = 0; i <= text.size(); ++i)
    if (matches_plainly(pattern.substr(1), text.substr(i))) return true;
  return false;
}

}  // namespace

TEST_CASE("text: patterns") {
  CHECK(matches("*", ""));
  CHECK(matches("claude-*", "claude-"));
  CHECK(matches("claude-*-4*", "claude-sonnet-4-5"));
  CHECK(matches("*haiku*", "claude-3-haiku-20240307"));
  CHECK_FALSE(matches("claude-*", "xclaude-"));
  CHECK_FALSE(matches("claude", "Claude"));
  CHECK_FALSE(matches("ab*ba", "aba"));
  CHECK_FALSE(matches("", "a"));
  CHECK(matches("a.b[c]?", "a.b[c]?"));
  CHECK_FALSE(matches("a?c", "abc"));
}

TEST_CASE("text: patterns agree with the plain definition on every short case") {
  const char letters[] = {'a', 'b', '*'};
  std::vector<std::string> patterns = {""};
  std::vector<std::string> texts = {""};
  for (size_t i = 0; i < patterns.size() && patterns[i].size() < 5; ++i)
    for (char letter : letters) patterns.push_back(patterns[i] + letter);
  for (size_t i = 0; i < texts.size() && texts[i].size() < 6; ++i)
    for (char letter : {'a', 'b'}) texts.push_back(texts[i] + letter);
  for (const std::string& pattern : patterns)
    for (const std::string& text : texts)
      if (matches(pattern, text) != matches_plainly(pattern, text)) FAIL("pattern " << pattern << " on " << text);
}

TEST_CASE("text: patterns that make a backtracking matcher explode") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  pattern += "b";
  CHECK_FALSE(matches(pattern, std::string(200'000, 'a')));
}

TEST_CASE("text: the nearest word") {
  std::vector<std::string_view> keys = {"server", "providers", "models", "routes"};
  CHECK(nearest("sevrer", keys) == "server");
  CHECK(nearest("provider", keys) == "providers");
  CHECK(nearest("Model", keys) == "models");
  CHECK(nearest("route", keys) == "routes");
  CHECK_FALSE(nearest("listen", keys).has_value());
  CHECK_FALSE(nearest("", keys).has_value());
  CHECK(nearest("models", keys) == "models");
  std::vector<std::string_view> close = {"abcd", "abce"};
  CHECK(nearest("abcx", close) == "abcd");
  std::vector<std::string_view> nearer = {"claude-sonnet-4-5", "claude-sonnet-4"};
  CHECK(nearest("claude-sonet-4", nearer) == "claude-sonnet-4");
  // Two neighbours swapped are one mistake.
  std::vector<std::string_view> swapped = {"port"};
  CHECK(nearest("prot", swapped) == "port");
  // A short word has one change, not more.
  std::vector<std::string_view> ids = {"ab"};
  CHECK(nearest("ax", ids) == "ab");
  CHECK_FALSE(nearest("xy", ids).has_value());
  std::string lengthy(nearest_word_bytes_max + 1, 'a');
  std::vector<std::string_view> same = {lengthy};
  CHECK_FALSE(nearest(lengthy, same).has_value());
  std::string longest(nearest_word_bytes_max, 'a');
  std::string longest_but_one = longest;
  longest_but_one[40] = 'b';
  std::vector<std::string_view> long_words = {longest_but_one};
  CHECK(nearest(longest, long_words) == longest_but_one);
}
