// The arguments of a tool call as upstreams write them: JSON text inside a JSON string, that should be an
// object and not always is (translation.md section 4, "argument text").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "json/escaped.h"

namespace signalbox::canonical {

using json::Escaped;

// Follows arguments as they come, far enough to know where an object ends. Linear, without memory of the
// text. It follows brackets and strings only: whether the text is valid, read_arguments says.
class ArgumentsScan {
 public:
  void feed(Escaped piece);

  bool blank() const { return state_ == State::blank; }
  // The first that is not blank is '{'.
  bool begins_object() const { return state_ == State::inside || state_ == State::whole || state_ == State::beyond; }
  // The object has ended, and nothing but blanks came after.
  bool whole() const { return state_ == State::whole; }
  // A value is due, so that another '{' may come next.
  bool object_may_follow() const {
    return state_ == State::inside && !in_string_ && (last_ == ':' || last_ == '[' || last_ == ',');
  }

 private:
  enum class State : uint8_t { blank, inside, whole, beyond, other };
  void step(uint32_t unit);

  State state_ = State::blank;
  size_t depth_ = 0;
  uint32_t last_ = 0;  // of those inside that are no blanks
  bool in_string_ = false;
  bool after_backslash_ = false;
};

// Whether small faults of JSON are mended.
enum class Repair : uint8_t { no, yes };

enum class ArgumentsKind : uint8_t { none, object, broken };

// What whole arguments are. An object is put into `object` as the JSON text it is, escaped once, as
// Fragments carry it; `object` is empty for the other kinds.
//   blank, or a string that is blank     none
//   an object                            itself
//   a string that holds an object        that object: decoded once, not more
//   anything else                        broken; with Repair::yes, first what the ladder makes of it
// The ladder, in one pass: strings in single quotes become strings, a comma before a bracket's end goes,
// and what the end cut off (a string, brackets, a member without value) is closed. What is no object
// after that stays broken. Nothing else is guessed.
ArgumentsKind read_arguments(Escaped arguments, Repair repair, std::string& object);

}  // namespace signalbox::canonical
