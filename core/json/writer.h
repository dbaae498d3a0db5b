// Writes JSON text, compact, with its commas. It knows nothing of depth, so nesting has no limit and
// costs nothing; that begins and ends match is the caller's part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/escaped.h"
#include "json/scan.h"

namespace signalbox::json {

// A member's name as the source spells it. What would have to be escaped does not compile.
class Name {
 public:
  template <size_t size>
  consteval Name(const char (&literal)[size]) : text_(literal, size - 1) {
    for (const char c : text_) {
      if (is_special(c)) needs_escapes();
    }
  }
  std::string_view text() const { return text_; }

 private:
  static void needs_escapes() {}
  std::string_view text_;
};

// Appends to `out`, which must outlive the writer. What `out` held before is left alone. Every call
// but the ends and `key` writes one value; every call returns the writer, so that calls chain.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();

  // A member's name; its value is the next call.
  Writer& key(Name name) { return key(Escaped{name.text()}); }
  Writer& key(Escaped name);
  // The same with a name that is UTF-8 and is escaped here.
  Writer& plain_key(std::string_view plain);

  // `plain` as a string. Bytes that are no UTF-8 become U+FFFD, so that the text is always valid.
  Writer& string(std::string_view plain);

  // `text` as a string, as it stands.
  Writer& string(Escaped text);

  // A string put together of pieces: begin_string, pieces, end_string.
  Writer& begin_string();
  Writer& piece(Escaped text);
  Writer& piece(std::string_view plain);
  Writer& end_string();

  // `json` as it stands: one whole value, valid, e.g. from Reader::skip_value().
  Writer& raw(std::string_view json);

  Writer& number(int64_t value);
  Writer& boolean(bool value);
  Writer& null();

 private:
  void comma();

  std::string& out_;
  bool comma_due_ = false;  // a value stands before this place in the same container
};

// Appends `plain` to `out` as the inside of a JSON string, without quotes; otherwise as Writer::string.
void escape(std::string_view plain, std::string& out);

}  // namespace signalbox::json
