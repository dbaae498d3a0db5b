#include "base/masked.h"

#include "base/text.h"

namespace signalbox::base {
namespace {

// How keys of today's providers begin. Behind it at least key_rest_bytes more.
constexpr std::string_view key_prefixes[] = {"sk-",   "sk_",    "gsk_", "xai-", "AIza",   "hf_", "fw_",  "r8_",
                                             "pplx-", "nvapi-", "csk-", "tgp_", "ya29",   "eyJ", "ghp_", "gho_",
                                             "key-",  "dsk-",   "AKIA", "ASIA", "glpat-", "rk_", "pk_"};
constexpr size_t key_rest_bytes = 8;
// The shortest keys without a prefix (Azure, Mistral); ids of requests have a prefix and an underscore.
constexpr size_t bare_key_bytes = 32;
constexpr size_t shown_bytes = 4;

constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool of_a_key(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '*'; }

bool begins_as_key(std::string_view word) {
  for (std::string_view prefix : key_prefixes)
    if (word.size() >= prefix.size() + key_rest_bytes && word.substr(0, prefix.size()) == prefix) return true;
  return false;
}

// A run of letters and digits that is too long for a word, and has both.
bool holds_bare_key(std::string_view word) {
  size_t run = 0, letters = 0, digits = 0;
  for (char c : word) {
    if (!is_letter(c) && !is_digit(c)) {
      run = letters = digits = 0;
      continue;
    }
    ++run;
    is_digit(c) ? ++digits : ++letters;
    if (run >= bare_key_bytes && letters > 0 && digits > 0) return true;
  }
  return false;
}

}  // namespace

std::string masked(std::string_view text) {
  std::string out;
  bool after_bearer = false;
  while (!text.empty()) {
    size_t length = 0;
    while (length < text.size() && of_a_key(text[length])) ++length;
    const std::string_view word = text.substr(0, length);
    const bool key = begins_as_key(word) || holds_bare_key(word) || (after_bearer && word.size() > key_rest_bytes);
    if (key) {
      out += word.substr(0, shown_bytes);
      out += "***";
    } else {
      out += word;
    }
    if (!word.empty()) after_bearer = equals_ignoring_case(word, "bearer");
    text.remove_prefix(length);
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace signalbox::base
