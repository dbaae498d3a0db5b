#include "config/host_fit.h"

namespace signalbox::config {

std::vector<Problem> beyond(const Capabilities& capabilities, const Config& config) {
  std::vector<Problem> problems;
  const auto at = [](const Provider& provider, const char* key) { return "providers." + provider.name + key; };
  for (const Provider& provider : config.providers) {
    if (!capabilities.upstream_proxies && !provider.proxy.empty())
      problems.push_back({"this host cannot send through a proxy", {}, at(provider, ".proxy")});
    if (!capabilities.own_ca_files && !provider.ca_file.empty())
      problems.push_back({"this host trusts its own store of certificates only", {}, at(provider, ".ca_file")});
  }
  return problems;
}

Config unusable(const Server& server, const std::vector<Problem>& problems) {
  Config config;
  config.server.admin_keys = server.admin_keys;
  config.server.hosts = server.hosts;
  config.server.log_level = server.log_level;
  config.providers.emplace_back();
  config.providers.back().enabled = false;
  config.routes.push_back({"*", {Target{}}});
  for (const Problem& each : problems) config.warnings.push_back(sentence(each));
  return config;
}

}  // namespace signalbox::config
