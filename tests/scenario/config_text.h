// The configuration of a scenario: JSON, read by the core's own reader.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "signalbox/config.h"

namespace signalbox::scenario {

struct ConfigText {
  std::shared_ptr<const Config> config;  // null when there are problems
  std::string problems;                  // all of them, a line each
};

ConfigText read_config(std::string_view json);

}  // namespace signalbox::scenario
