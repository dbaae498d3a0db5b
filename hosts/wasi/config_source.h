// Where the configuration comes from: the JSON that `signalbox config` prints, in the variable SIGNALBOX_CONFIG or
// else in the file signalbox.json of the folder /config; with neither it is the embedded default, the mock. Its ${NAME}
// are variables of the environment. The secrets stay on this side and never enter the core.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hosts/secrets.h"
#include "signalbox/capabilities.h"
#include "signalbox/config.h"

namespace signalbox::wasi {

inline constexpr std::string_view config_variable = "SIGNALBOX_CONFIG";
inline constexpr std::string_view config_folder = "/config";
inline constexpr std::string_view config_file = "signalbox.json";

using Environment = std::map<std::string, std::string, std::less<>>;

using hosts::Secrets;

struct LoadedConfig {
  std::shared_ptr<const Config> config;    // never null; with problems one that serves nobody
  std::unique_ptr<const Secrets> secrets;  // never null
  std::vector<std::string> problems;       // sentences with source and place, in the order of the file
  std::vector<std::string> warnings;       // likewise
};

LoadedConfig load_config(const Environment& environment, const Capabilities& capabilities);

}  // namespace signalbox::wasi
