// Where the configuration comes from: the JSON that `signalbox config` prints, in the variable SIGNALBOX_CONFIG or
// else in the file signalbox.json of the folder /config; with neither it is the embedded default, the mock. Its ${NAME}
// are variables of the environment. The secrets stay on this side and never enter the core.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signalbox/capabilities.h"
#include "signalbox/config.h"

namespace signalbox::wasi {

inline constexpr std::string_view config_variable = "SIGNALBOX_CONFIG";
inline constexpr std::string_view config_folder = "/config";
inline constexpr std::string_view config_file = "signalbox.json";

using Environment = std::map<std::string, std::string, std::less<>>;

// The provider credentials of the configuration. Overwritten when it is destroyed.
class Secrets {
 public:
  Secrets() = default;
  ~Secrets();
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;

  void keep(std::string provider, std::string credential, std::string value);
  // Nullopt when there is none of these names; valid as long as this.
  std::optional<std::string_view> find(std::string_view provider, std::string_view credential) const;

 private:
  std::map<std::pair<std::string, std::string>, std::string> values_;
};

struct LoadedConfig {
  std::shared_ptr<const Config> config;    // never null; with problems one that serves nobody
  std::unique_ptr<const Secrets> secrets;  // never null
  std::vector<std::string> problems;       // sentences with source and place, in the order of the file
  std::vector<std::string> warnings;       // likewise
};

LoadedConfig load_config(const Environment& environment, const Capabilities& capabilities);

}  // namespace signalbox::wasi
