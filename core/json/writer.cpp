#include "json/writer.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"
#include "json/scan.h"

namespace signalbox::json {
namespace {

void escape_byte(char c, std::string& out) {
  static constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace

void escape(std::string_view plain, std::string& out) {
  const char* p = plain.data();
  const char* const end = p + plain.size();
  while (p != end) {
    const char* const stop = find_special(p, end);
    out.append(p, static_cast<size_t>(stop - p));
    p = stop;
    while (p != end && is_special(*p)) {
      if (static_cast<unsigned char>(*p) < 0x80) {
        escape_byte(*p++, out);
        continue;
      }
      const base::Utf8Step step = base::utf8_step(p, end);
      if (step.valid) {
        out.append(p, step.bytes);
      } else {
        out += base::utf8_replacement;
      }
      p += step.bytes;
    }
  }
}

void Writer::comma() {
  if (comma_due_) out_ += ',';
  comma_due_ = true;
}

Writer& Writer::begin_object() {
  comma();
  out_ += '{';
  comma_due_ = false;
  return *this;
}

Writer& Writer::end_object() {
  out_ += '}';
  comma_due_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  comma();
  out_ += '[';
  comma_due_ = false;
  return *this;
}

Writer& Writer::end_array() {
  out_ += ']';
  comma_due_ = true;
  return *this;
}

Writer& Writer::plain_key(std::string_view plain) {
  comma();
  out_ += '"';
  escape(plain, out_);
  out_ += "\":";
  comma_due_ = false;
  return *this;
}

Writer& Writer::key(Escaped name) {
  // One look at the room of `out`, for there are many.
  const size_t bytes_max = name.inside.size() + 4;
  const size_t before = out_.size();
  out_.resize(before + bytes_max);
  char* p = out_.data() + before;
  if (comma_due_) *p++ = ',';
  *p++ = '"';
  p = std::copy(name.inside.begin(), name.inside.end(), p);
  *p++ = '"';
  *p++ = ':';
  if (!comma_due_) out_.pop_back();
  comma_due_ = false;
  return *this;
}

Writer& Writer::string(std::string_view plain) {
  comma();
  out_ += '"';
  escape(plain, out_);
  out_ += '"';
  return *this;
}

Writer& Writer::string(Escaped text) { return begin_string().piece(text).end_string(); }

Writer& Writer::begin_string() {
  comma();
  out_ += '"';
  return *this;
}

Writer& Writer::piece(Escaped text) {
  out_ += text.inside;
  return *this;
}

Writer& Writer::piece(std::string_view plain) {
  escape(plain, out_);
  return *this;
}

Writer& Writer::end_string() {
  out_ += '"';
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  comma();
  out_ += json;
  return *this;
}

Writer& Writer::number(int64_t value) {
  comma();
  char digits[20];  // the sign and the 19 digits of INT64_MIN
  const std::to_chars_result result = std::to_chars(digits, digits + sizeof digits, value);
  out_.append(digits, static_cast<size_t>(result.ptr - digits));
  return *this;
}

Writer& Writer::boolean(bool value) {
  comma();
  out_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  comma();
  out_ += "null";
  return *this;
}

}  // namespace signalbox::json
