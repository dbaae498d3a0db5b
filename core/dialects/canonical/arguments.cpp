#include "dialects/canonical/arguments.h"

#include <string_view>
#include <utility>

#include "json/reader.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::canonical {
namespace {

constexpr bool is_space(uint32_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Walks over JSON that has small faults and writes it without them. It only has to be right where the
// result is valid: that is checked after.
class Mender {
 public:
  explicit Mender(std::string_view text) : text_(text) {}

  std::string mended() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        copy_string(c);
      } else if (c == '{' || c == '[') {
        // Deeper than any reader follows: nothing is to be gained.
        if (open_.size() == json::depth_default) return {};
        open_ += c == '{' ? '}' : ']';
        take(c);
      } else if (c == '}' || c == ']') {
        drop_comma();
        if (!open_.empty()) open_.pop_back();
        take(c);
      } else {
        take(c);
      }
    }
    close();
    return std::move(out_);
  }

 private:
  void take(char c) {
    out_ += c;
    ++at_;
    if (!is_space(static_cast<unsigned char>(c))) last_ = out_.size();
  }

  // The last that is no blank; '\0' when there is none.
  char last() const { return last_ == 0 ? '\0' : out_[last_ - 1]; }

  void find_last() {
    while (last_ > 0 && is_space(static_cast<unsigned char>(out_[last_ - 1]))) --last_;
  }

  void drop_comma() {
    if (last() != ',') return;
    out_.erase(last_ - 1, 1);
    --last_;
    find_last();
  }

  void copy_string(char quote) {
    member_ = last() == '{' || (last() == ',' && !open_.empty() && open_.back() == '}');
    string_begin_ = out_.size();
    out_ += '"';
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] != '\\') {
        if (text_[at_] == '"') out_ += '\\';
        out_ += text_[at_++];
        continue;
      }
      const size_t bytes = at_ + 1 < text_.size() && text_[at_ + 1] == 'u' ? 6 : 2;
      if (text_.size() - at_ < bytes) {  // an escape that was cut
        at_ = text_.size();
        break;
      }
      if (text_[at_ + 1] == '\'') {  // no escape of JSON's
        out_ += '\'';
      } else {
        out_.append(text_, at_, bytes);
      }
      at_ += bytes;
    }
    const bool cut = at_ == text_.size();
    if (!cut) ++at_;
    out_ += '"';
    last_ = out_.size();
    name_ends_here_ = member_;
    if (cut && member_) cut_name();
  }

  // A name without its value says nothing.
  void cut_name() {
    out_.resize(string_begin_);
    last_ = out_.size();
    find_last();
    name_ends_here_ = false;
  }

  void close() {
    if (!open_.empty()) {
      if (name_ends_here_ && last() == '"') cut_name();
      if (last() == ':') {
        out_.resize(last_);
        out_ += "null";
        last_ = out_.size();
      }
      drop_comma();
    }
    for (; !open_.empty(); open_.pop_back()) out_ += open_.back();
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  size_t last_ = 0;          // one past the last byte of out_ that is no blank
  std::string open_;         // what closes each open bracket
  size_t string_begin_ = 0;  // of the last string in out_
  bool member_ = false;      // it is a member's name
  bool name_ends_here_ = false;
};

// The object that `plain`, one value of JSON, is or holds as a string; false when it is neither.
ArgumentsKind read_value(std::string_view plain, std::string& object) {
  json::Reader reader(plain);
  const auto value = reader.skip_value();
  if (!value) return ArgumentsKind::broken;
  const json::Token kind = reader.skipped_kind();
  if (reader.next() != json::Token::end) return ArgumentsKind::broken;
  if (kind == json::Token::begin_object) {
    json::escape(plain, object);
    return ArgumentsKind::object;
  }
  if (kind != json::Token::string) return ArgumentsKind::broken;
  const Escaped inside = json::escaped(*value);
  if (json::is_blank(inside)) return ArgumentsKind::none;
  std::string once;
  json::unescape(inside, once);
  if (!json::is_whole_object(once)) return ArgumentsKind::broken;
  object += inside.inside;  // already the text of an object, escaped once
  return ArgumentsKind::object;
}

}  // namespace

void ArgumentsScan::feed(Escaped piece) {
  std::string_view rest = piece.inside;
  while (!rest.empty()) {
    const json::Unit unit = json::first_unit(rest);
    if (unit.bytes == 0) return;
    step(unit.value);
    rest.remove_prefix(unit.bytes);
  }
}

void ArgumentsScan::step(uint32_t unit) {
  switch (state_) {
    case State::blank:
      if (is_space(unit)) return;
      state_ = unit == '{' ? State::inside : State::other;
      depth_ = 1;
      return;
    case State::whole:
      if (!is_space(unit)) state_ = State::beyond;
      return;
    case State::beyond:
    case State::other: return;
    case State::inside: break;
  }
  if (!is_space(unit)) last_ = unit;
  if (after_backslash_) {
    after_backslash_ = false;
  } else if (in_string_) {
    if (unit == '\\') after_backslash_ = true;
    if (unit == '"') in_string_ = false;
  } else if (unit == '"') {
    in_string_ = true;
  } else if (unit == '{' || unit == '[') {
    ++depth_;
  } else if ((unit == '}' || unit == ']') && --depth_ == 0) {
    state_ = State::whole;
  }
}

ArgumentsKind read_arguments(Escaped arguments, Repair repair, std::string& object) {
  object.clear();
  if (json::is_blank(arguments)) return ArgumentsKind::none;
  std::string plain;
  json::unescape(arguments, plain);
  // The arguments' own bytes are kept where they are good as they stand.
  if (json::is_whole_object(plain)) {
    object = arguments.inside;
    return ArgumentsKind::object;
  }
  const ArgumentsKind kind = read_value(plain, object);
  if (kind != ArgumentsKind::broken || repair == Repair::no) return kind;
  return read_value(Mender(plain).mended(), object);
}

}  // namespace signalbox::canonical
