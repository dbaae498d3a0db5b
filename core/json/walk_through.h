// Walks with a reader through the container that it stands before, and leaves the reader behind it: for texts that
// are read once, member by member, by whoever knows each of them. walk.h is for texts that were read before.
#pragma once

#include <string_view>

#include "json/reader.h"

namespace signalbox::json {

// Calls on_member(key) for each member of the object that begins at the reader's next value; on_member reads the
// value and says whether that went well. A value that is no object has no members.
template <class OnMember>
bool each_member_of(Reader& reader, OnMember&& on_member) {
  Reader ahead = reader;
  if (ahead.next() != Token::begin_object) return reader.skip_value().has_value();
  reader = ahead;
  while (reader.next() == Token::key) {
    if (!on_member(reader.raw())) return false;
  }
  return reader.current() == Token::end_object;
}

// Calls on_element() for each element of the array that begins at the reader's next value, likewise.
template <class OnElement>
bool each_element_of(Reader& reader, OnElement&& on_element) {
  Reader ahead = reader;
  if (ahead.next() != Token::begin_array) return reader.skip_value().has_value();
  reader = ahead;
  for (;;) {
    ahead = reader;
    if (ahead.next() == Token::end_array) break;
    if (!on_element()) return false;
  }
  return reader.next() == Token::end_array;
}

}  // namespace signalbox::json
