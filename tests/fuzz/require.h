// What a target does when a promise is broken: it says which, and stops so that libFuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace signalbox::testing {

inline void require(bool holds, const char* rule = "what the file's head says", std::string_view shown = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n%.*s\n", rule, int(shown.size()), shown.data());
  std::abort();
}

// Takes what stands before the next `mark` off `rest`; all of it where there is none.
inline std::string_view take_until(std::string_view& rest, char mark) {
  const size_t end = rest.find(mark);
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return piece;
}

// Whether `part` is a piece of `whole`'s own memory.
inline bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace signalbox::testing
