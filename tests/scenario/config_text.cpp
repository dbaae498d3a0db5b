#include "config_text.h"

#include "config/read.h"

namespace signalbox::scenario {

ConfigText read_config(std::string_view json) {
  if (json.empty()) return {std::make_shared<Config>(config::default_config()), {}};
  config::ReadResult read = config::read_json(json);
  ConfigText result;
  for (const config::Problem& problem : read.problems) result.problems += config::sentence(problem) + "\n";
  if (read.problems.empty()) result.config = std::make_shared<Config>(std::move(read.config));
  return result;
}

}  // namespace signalbox::scenario
