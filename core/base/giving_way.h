// Who gives way in a full table whose keys come from outside in part: made-up names must not drive out what others
// have taught.
#pragma once

#include <cstddef>
#include <string_view>

namespace signalbox::base {

// Whose an entry is, of a table with the names of lanes as keys: a lane's own name, and behind a line's end what a
// request has brought; or, behind a '*', "provider/credential/" and a model that a client names.
inline std::string_view owner_of(std::string_view key) {
  if (key.substr(0, 1) != "*") return key.substr(0, key.find('\n'));
  const size_t first = key.find('/');
  return first == key.npos ? key : key.substr(0, key.find('/', first + 1));
}

// The entry of `table`, an ordered map that is not empty, that goes when another comes: the oldest of the owner that
// has most, and where several have as many, the oldest of theirs. `at` says of an entry's value when it was used last.
template <class Table, class At>
typename Table::iterator gives_way(Table& table, At at) {
  auto chosen = table.begin();
  size_t most = 0;
  for (auto place = table.begin(); place != table.end();) {
    const std::string_view owner = owner_of(place->first);
    auto oldest = place;
    size_t count = 0;
    for (; place != table.end() && owner_of(place->first) == owner; ++place, ++count)
      if (at(place->second) < at(oldest->second)) oldest = place;
    if (count < most || (count == most && at(oldest->second) >= at(chosen->second))) continue;
    chosen = oldest;
    most = count;
  }
  return chosen;
}

}  // namespace signalbox::base
