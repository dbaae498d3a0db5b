// Watches one JSON text go by in pieces of any size, without holding it, and keeps the raw text of a
// few members of its root object.
//
// It follows the structure only (strings, escapes, depth) and checks nothing: it is for bytes that go
// to their reader whatever they are. On anything odd it goes quiet: it keeps what it has whole, looks
// at nothing more, and whole() stays false. Memory: keys × value_bytes_max, and one key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::json {

class Skimmer {
 public:
  // `keys` are plain text; the list is copied, the names' bytes must outlive the skimmer.
  Skimmer(std::span<const std::string_view> keys, size_t value_bytes_max);

  Skimmer(const Skimmer&) = delete;
  Skimmer& operator=(const Skimmer&) = delete;
  Skimmer(Skimmer&&) = default;
  Skimmer& operator=(Skimmer&&) = default;

  // The next bytes of the text. What follows the root value is ignored.
  void feed(std::string_view bytes);

  // The raw JSON text of the member with keys[key_index], without surrounding whitespace. Empty when
  // there is none, it is not whole yet, or it is longer than value_bytes_max. Of duplicates the last
  // counts, also while it is not whole. A view until the next feed.
  std::string_view value(size_t key_index) const;

  // Whether the member is there, and longer than value_bytes_max.
  bool too_long(size_t key_index) const;

  // The root object or array has been closed.
  bool whole() const { return state_ == State::closed; }

  // Whether it still understands the text; false once it has gone quiet.
  bool follows() const { return state_ != State::quiet; }

  // The root value is an object, as far as its first byte tells.
  bool is_object() const { return is_object_; }

 private:
  enum class State : uint8_t {
    before_root,
    before_key,  // after '{' or ',' of the root object
    in_key,
    before_colon,
    before_value,
    in_scalar,  // a number or literal of the root object, ended by what follows it
    in_string,  // a string that is a value of the root object
    in_nested,  // between strings, at depth 2 or more, or anywhere in a root array
    in_nested_string,
    after_value,
    closed,
    quiet,
  };
  enum class Keep : uint8_t { none, partial, whole, too_long };
  struct Slot {
    std::string_view key;
    std::string text;
    Keep keep = Keep::none;
  };

  const char* step(const char* p, const char* end);
  const char* run_string(const char* p, const char* end);
  void take(const char* end);
  void choose_slot(std::string_view key);
  void value_done(const char* end);

  std::vector<Slot> slots_;
  std::string key_;  // the root object's member name being read, still escaped
  size_t value_bytes_max_;
  size_t key_bytes_max_ = 0;  // no longer name can be one of ours
  size_t depth_ = 0;
  Slot* slot_ = nullptr;              // where the value being read goes; null: nowhere
  const char* value_from_ = nullptr;  // what of it in these bytes is not yet there
  State state_ = State::before_root;
  bool is_object_ = false;
  bool key_too_long_ = false;
  bool after_backslash_ = false;
};

}  // namespace signalbox::json
