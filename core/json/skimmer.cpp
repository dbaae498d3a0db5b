#include "json/skimmer.h"

#include "base/scan.h"
#include "json/reader.h"
#include "json/scan.h"

namespace signalbox::json {
namespace {

// The longest spelling of one byte of a name, \u0061.
constexpr size_t escape_bytes_max = 6;

// First byte between strings that changes depth or begins a string. Brackets and braces differ in one bit.
const char* find_structure(const char* p, const char* end) {
  while (p != end && *p != '"' && (*p | 0x20) != '{' && (*p | 0x20) != '}') ++p;
  return p;
}

}  // namespace

Skimmer::Skimmer(std::span<const std::string_view> keys, size_t value_bytes_max) : value_bytes_max_(value_bytes_max) {
  slots_.reserve(keys.size());
  for (const std::string_view key : keys) {
    slots_.push_back({key, {}, Keep::none});
    if (key.size() * escape_bytes_max > key_bytes_max_) key_bytes_max_ = key.size() * escape_bytes_max;
  }
}

void Skimmer::feed(std::string_view bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  value_from_ = p;
  while (p != end && state_ != State::closed && state_ != State::quiet) p = step(p, end);
  // Inside a value: what these bytes have of it.
  if (state_ >= State::in_scalar && state_ <= State::in_nested_string) take(p);
}

std::string_view Skimmer::value(size_t key_index) const {
  if (key_index >= slots_.size() || slots_[key_index].keep != Keep::whole) return {};
  return slots_[key_index].text;
}

bool Skimmer::too_long(size_t key_index) const {
  return key_index < slots_.size() && slots_[key_index].keep == Keep::too_long;
}

// Takes in at least one byte of [p, end), p before end, and returns the first not taken. Only a
// scalar's end looks at a byte without taking it, and then the state has changed.
const char* Skimmer::step(const char* p, const char* end) {
  switch (state_) {
    case State::before_root:
      if (is_space(*p)) return p + 1;
      is_object_ = *p == '{';
      state_ = is_object_ ? State::before_key : *p == '[' ? State::in_nested : State::quiet;
      depth_ = 1;
      return p + 1;

    // A member at a time where all of it is here: from what ended the last one to where the value begins.
    case State::after_value:
      if (is_space(*p)) return p + 1;
      state_ = *p == ',' ? State::before_key : *p == '}' ? State::closed : State::quiet;
      if (++p == end || state_ != State::before_key) return p;
      [[fallthrough]];

    case State::before_key:
      if (is_space(*p)) return p + 1;
      state_ = *p == '"' ? State::in_key : *p == '}' ? State::closed : State::quiet;
      key_.clear();
      key_too_long_ = false;
      if (++p == end || state_ != State::in_key) return p;
      [[fallthrough]];

    case State::in_key: {
      const char* const begin = p;
      p = run_string(p, end);
      const bool ended = state_ == State::before_colon;
      const std::string_view piece(begin, static_cast<size_t>(p - begin) - (ended ? 1 : 0));
      if (ended && key_.empty() && !key_too_long_) {
        choose_slot(piece);
      } else {
        if (key_.size() + piece.size() > key_bytes_max_) key_too_long_ = true;
        else if (!key_too_long_) key_.append(piece);
        if (ended) choose_slot(key_too_long_ ? std::string_view() : key_);
      }
      if (p == end) return p;
      [[fallthrough]];
    }

    case State::before_colon:
      if (is_space(*p)) return p + 1;
      state_ = *p == ':' ? State::before_value : State::quiet;
      if (++p == end || state_ != State::before_value) return p;
      [[fallthrough]];

    case State::before_value:
      if (is_space(*p)) return p + 1;
      value_from_ = p;
      if (*p == '"') {
        state_ = State::in_string;
      } else if (*p == '{' || *p == '[') {
        state_ = State::in_nested;
        ++depth_;
      } else if (*p == '-' || is_digit(*p) || (*p >= 'a' && *p <= 'z')) {
        state_ = State::in_scalar;
      } else {
        state_ = State::quiet;
        return p;
      }
      return p + 1;

    case State::in_scalar:
      while (p != end && *p != ',' && *p != '}' && !is_space(*p)) ++p;
      if (p != end) value_done(p);
      return p;

    case State::in_string:
      p = run_string(p, end);
      if (state_ == State::after_value) value_done(p);
      return p;

    case State::in_nested_string: return run_string(p, end);

    case State::in_nested:
      while (state_ == State::in_nested && (p = find_structure(p, end)) != end) {
        const char c = *p++;
        if (c == '"') {
          state_ = State::in_nested_string;
          p = run_string(p, end);
        } else if (c == '{' || c == '[') {
          ++depth_;
        } else if (--depth_ == 0) {
          state_ = State::closed;
        } else if (depth_ == 1 && is_object_) {
          value_done(p);
        }
      }
      return p;

    case State::closed:
    case State::quiet: break;
  }
  return end;
}

// Goes on inside a string, up to its end or that of the bytes; when the string ends, so does its state.
const char* Skimmer::run_string(const char* p, const char* end) {
  if (after_backslash_) {
    after_backslash_ = false;
    ++p;
  }
  for (;;) {
    p = base::find_either(p, end, '"', '\\');
    if (p == end) return p;
    if (*p == '"') break;
    if (end - p < 2) {
      after_backslash_ = true;
      return end;
    }
    p += 2;
  }
  state_ = state_ == State::in_key             ? State::before_colon
           : state_ == State::in_nested_string ? State::in_nested
                                               : State::after_value;
  return p + 1;
}

// Keeps the value's bytes up to `end`, if anybody asked for it and it is not too long by now.
void Skimmer::take(const char* end) {
  if (slot_ == nullptr) return;
  const auto bytes = static_cast<size_t>(end - value_from_);
  if (bytes > value_bytes_max_ - slot_->text.size()) {
    slot_->text.clear();
    slot_->keep = Keep::too_long;
    slot_ = nullptr;
    return;
  }
  slot_->text.append(value_from_, bytes);
}

// For the member named `key`, still escaped; a name that is too long is empty, and nobody's.
void Skimmer::choose_slot(std::string_view key) {
  slot_ = nullptr;
  const bool plain = key.find('\\') == key.npos;
  for (Slot& slot : slots_) {
    if (plain ? key != slot.key : !equals(key, slot.key)) continue;
    slot.text.clear();
    slot.keep = Keep::partial;
    slot_ = &slot;
    return;
  }
}

// The value has ended before `end`.
void Skimmer::value_done(const char* end) {
  state_ = State::after_value;
  take(end);
  if (slot_ == nullptr) return;
  slot_->keep = Keep::whole;
  slot_ = nullptr;
}

}  // namespace signalbox::json
