#include "config/host_fit.h"

#include "base/text.h"

namespace signalbox::config {

HostFit beyond(const Capabilities& capabilities, const Config& config) {
  HostFit fit;
  const auto at = [](const Provider& provider, const char* key) { return "providers." + provider.name + key; };
  for (const Provider& provider : config.providers) {
    if (!capabilities.upstream_proxies && !provider.proxy.empty())
      fit.problems.push_back({"this host cannot send through a proxy", {}, at(provider, ".proxy")});
    if (!capabilities.own_ca_files && !provider.ca_file.empty())
      fit.problems.push_back({"this host trusts its own store of certificates only", {}, at(provider, ".ca_file")});
  }
  // The default is nobody's wish.
  const int64_t wanted = config.server.limits.request_bytes_max;
  if (wanted > capabilities.request_bytes_max && wanted != Limits{}.request_bytes_max) {
    std::string message = "this host holds request bodies of at most ";
    base::append_decimal(message, capabilities.request_bytes_max);
    message += " bytes, and that is what counts";
    fit.warnings.push_back({std::move(message), {}, "server.limits.request_bytes_max"});
  }
  if (!capabilities.state_file && !config.server.state_file.empty())
    fit.warnings.push_back(
        {"this host keeps its state in a place of its own or nowhere, and writes no file", {}, "server.state_file"});
  return fit;
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
