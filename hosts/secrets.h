// The provider credentials of one configuration, for hosts that hold them in their own memory. They stay on this side
// and never enter the core.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/secrets.h"

namespace signalbox::hosts {

// Filled while a configuration is loaded, and unchanged from then on, so that any thread may read. Overwritten when it
// is destroyed.
class Secrets {
 public:
  Secrets() = default;
  ~Secrets() {
    for (auto& [names, value] : values_) config::wipe(value);
  }
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;

  void keep(config::CredentialText one) {
    values_[{std::move(one.provider), std::move(one.credential)}] = std::move(one.value);
  }

  // The secret, valid as long as this; nullopt when there is none of these names.
  std::optional<std::string_view> find(std::string_view provider, std::string_view credential) const {
    const auto found = values_.find({std::string(provider), std::string(credential)});
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> values_;
};

}  // namespace signalbox::hosts
