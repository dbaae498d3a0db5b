// What text costs, by the kind of its characters.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"

namespace signalbox::tokens {

// Thousandths of a token. The weights are our own, from what byte-pair tokenizers are known to do with
// each script; tests/unit/estimate_test.cpp holds the expectations they were set by.
inline constexpr int64_t per_token = 1000;
inline constexpr int64_t word_cost_min = 1000;      // a word is a token at least, with the blank before it,
inline constexpr int64_t letter_cost = 220;         // and from five letters on more: prose has four to one
inline constexpr int64_t digit_cost = 400;          // numbers are cut into pieces of three and less
inline constexpr int64_t first_sign_cost = 800;     // a sign by itself is a token; a run such as `":{`
inline constexpr int64_t further_sign_cost = 200;   // melts into one or two
inline constexpr int64_t line_cost = 700;           // the same for a line's end
inline constexpr int64_t further_blank_cost = 100;  // and its indentation
inline constexpr int64_t alphabet_cost = 500;       // accented Latin, Greek, Cyrillic, Hebrew: two letters
inline constexpr int64_t syllable_cost = 900;       // Arabic to Khmer: hardly more than one letter
inline constexpr int64_t cjk_cost = 1100;           // ideographs, kana, hangul: one each, the rare ones two
inline constexpr int64_t emoji_cost = 2500;         // two or three byte tokens each
// Encoded data pasted as text is in no dictionary: what has no blank for so long is counted twice.
inline constexpr size_t odd_word_bytes = 48;

// Adds up the cost of text as it goes by.
class TextMeter {
 public:
  // The inside of a JSON string, or any JSON text: an escape counts as what it stands for.
  void feed(std::string_view json) {
    size_t i = 0;
    while (i < json.size()) {
      auto byte = static_cast<unsigned char>(json[i]);
      if (byte < 0x80) {
        if (byte == '\\' && i + 1 < json.size()) {
          i += escape(json.substr(i));
        } else {
          ascii(byte);
          ++i;
        }
        continue;
      }
      i += multibyte(json.substr(i), byte);
    }
    end_word();
    run_ = Run::none;
  }

  int64_t tokens() const { return (cost_ + per_token - 1) / per_token; }

 private:
  enum class Run : uint8_t { none, blank, line, sign };

  void ascii(unsigned char byte) {
    unsigned char low = byte | 0x20;
    if (low >= 'a' && low <= 'z') {
      word(letter_cost);
    } else if (byte >= '0' && byte <= '9') {
      word(digit_cost);
    } else if (byte <= ' ') {
      end_word();
      if (byte == '\n') {
        cost_ += run_ == Run::line ? further_blank_cost : line_cost;
        run_ = Run::line;
      } else if (run_ == Run::blank || run_ == Run::line) {
        cost_ += further_blank_cost;
      } else {
        run_ = Run::blank;  // the first belongs to the word behind it
      }
    } else {
      end_word();
      cost_ += run_ == Run::sign ? further_sign_cost : first_sign_cost;
      run_ = Run::sign;
    }
  }

  void word(int64_t cost) {
    word_cost_ += cost;
    ++word_bytes_;
    run_ = Run::none;
  }

  void wide(uint32_t code) {
    end_word();
    run_ = Run::none;
    if (code < 0x600) {
      cost_ += alphabet_cost;
    } else if ((code >= 0x1100 && code <= 0x11ff) || (code >= 0x2e80 && code <= 0xd7ff) ||
               (code >= 0xf900 && code <= 0xfaff) || (code >= 0xff00 && code <= 0xffef) ||
               (code >= 0x20000 && code <= 0x3ffff)) {
      cost_ += cjk_cost;
    } else if (code >= 0x2000 && code <= 0x206f) {
      cost_ += first_sign_cost;  // dashes and quotes of prose
    } else if (code < 0x2000) {
      cost_ += syllable_cost;
    } else if (code < 0x10000) {
      cost_ += cjk_cost;  // arrows, box drawing, mathematics
    } else {
      cost_ += emoji_cost;
    }
  }

  // The character that begins `text` with the byte `first`; its length. Valid UTF-8 is not needed.
  size_t multibyte(std::string_view text, unsigned char first) {
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    length = std::min(length, text.size());
    uint32_t code = length == 4 ? first & 0x07u : length == 3 ? first & 0x0fu : first & 0x1fu;
    for (size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
    wide(length == 1 ? 0xfffd : code);
    return length;
  }

  // The escape that begins `text`; its length.
  size_t escape(std::string_view text) {
    switch (text[1]) {
      case 'n': ascii('\n'); return 2;
      case 't':
      case 'r':
      case 'b':
      case 'f': ascii(' '); return 2;
      case 'u': break;
      default: ascii(static_cast<unsigned char>(text[1])); return 2;
    }
    uint32_t code = 0;
    size_t length = 2;
    // What is no digit, in text that is no JSON, counts as some digit.
    while (length < 6 && length < text.size()) code = code << 4 | (uint32_t(base::hex_value(text[length++])) & 0xf);
    if (code < 0x80) {
      ascii(static_cast<unsigned char>(code));
    } else if (code >= 0xd800 && code <= 0xdbff) {
      wide(0x1f600);  // the pair's other half adds nothing
    } else if (code < 0xdc00 || code > 0xdfff) {
      wide(code);
    }
    return length;
  }

  void end_word() {
    if (word_bytes_ == 0) return;
    cost_ += word_bytes_ > odd_word_bytes ? 2 * word_cost_ : std::max(word_cost_, word_cost_min);
    word_bytes_ = 0;
    word_cost_ = 0;
  }

  int64_t cost_ = 0;
  int64_t word_cost_ = 0;
  size_t word_bytes_ = 0;
  Run run_ = Run::none;
};

}  // namespace signalbox::tokens
