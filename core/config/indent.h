// Lays out JSON text for people.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::config {

// `json`, which must be valid and compact, with two spaces a level and a newline at the end.
std::string indented(std::string_view json);

}  // namespace signalbox::config
