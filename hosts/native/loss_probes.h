// The requests that loss_table() translates: for each dialect the least request there is, and for each member what is
// put into it.
#pragma once

#include <span>
#include <string_view>

#include "signalbox/config.h"

namespace signalbox::native {

struct Probe {
  std::string_view field;  // as a person calls it
  // Of the request's root: a JSON object; they replace those of the least request. Without any it is asked whether the
  // translation says `mark` all the same.
  std::string_view members;
  std::string_view mark;  // a text of it that shows in the translation where it is carried
  // The same members without the field, where it is a part of them; empty where it is all of them.
  std::string_view without{};
};

struct Probes {
  Dialect from;
  std::string_view least;  // a JSON object
  std::span<const Probe> list;
};

extern const std::span<const Probes> all_probes;

}  // namespace signalbox::native
