// The lanes that a configuration names, for whoever shows how they stand.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/config.h"

namespace signalbox::routing {

// Every lane that the configuration has, once, by the name that its state is kept under.
template <class Take>
void each_lane(const Config& config, Take take) {
  std::vector<std::string> seen;
  for (const Route& route : config.routes)
    for (const Target& target : route.targets) {
      const Provider& provider = config.providers[target.provider];
      for (size_t i = 0; i < std::max<size_t>(1, provider.credentials.size()); ++i) {
        const std::string_view credential =
            i < provider.credentials.size() ? std::string_view(provider.credentials[i].name) : std::string_view();
        const bool wild = target.upstream_model.empty();
        std::string key = provider.name + "/" + std::string(credential) + "/";
        key += wild ? "*" : target.upstream_model;
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
        seen.push_back(key);
        take(provider, credential, wild ? std::string_view() : std::string_view(target.upstream_model), seen.back());
      }
    }
}

}  // namespace signalbox::routing
