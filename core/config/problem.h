// What is wrong with a configuration: a sentence, where, and at which key. Messages never hold the
// value of a secret, and of other values only names, quoted so that a terminal stays unharmed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"

namespace signalbox::config {

struct Problem {
  std::string message;
  Place place;
  std::string path;  // "providers.anthropic.timeouts.idle_ms", "routes[0].targets[2]"; empty: the file
};

// Puts problems into the order of the file; what stands at one place keeps its order.
void sort_by_place(std::vector<Problem>& problems);

// `text` in quotes, control characters escaped, cut after 64 bytes: fit for a message.
std::string quoted(std::string_view text);

// Suggestions cost time by the square: none after this many problems, and none among more candidates.
inline constexpr size_t suggestions_max = 100;
inline constexpr size_t candidates_max = 256;

// The candidate most like `name`, or an empty view when none is near. Case, '_' and '-' do not count;
// near means one edit in three characters, or one name inside the other ("api_key" is near "key").
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

// " (did you mean "x"?)", or nothing.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);

// "a", "b" or "c", in quotes; no more than eight of them.
std::string any_of(const std::vector<std::string_view>& names);

// "3:7: providers.x.dialect: message".
std::string sentence(const Problem& problem);

}  // namespace signalbox::config
