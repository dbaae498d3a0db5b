#include "config/host_fit.h"

#include <algorithm>

#include "base/text.h"

namespace signalbox::config {
namespace {

// Whether any lane has a bound on what it is asked at a time.
bool bounds_places(const Config& config) {
  const auto bounded = [](const auto& each) { return each.concurrent_max > 0; };
  const auto any = [&](const auto& all) { return std::any_of(all.begin(), all.end(), bounded); };
  return any(config.providers) || any(config.models) ||
         std::any_of(config.providers.begin(), config.providers.end(),
                     [&](const Provider& each) { return any(each.credentials); }) ||
         std::any_of(config.routes.begin(), config.routes.end(), [&](const Route& each) { return any(each.targets); });
}

}  // namespace

HostFit beyond(const Capabilities& capabilities, const Config& config) {
  HostFit fit;
  const auto at = [](const Provider& provider, const char* key) { return "providers." + provider.name + key; };
  for (const Provider& provider : config.providers) {
    if (!capabilities.upstream_proxies && !provider.proxy.empty())
      fit.problems.push_back({"this host cannot send through a proxy", {}, at(provider, ".proxy")});
    if (!capabilities.own_ca_files && !provider.ca_file.empty())
      fit.problems.push_back({"this host trusts its own store of certificates only", {}, at(provider, ".ca_file")});
  }
  const bool sends = std::any_of(config.providers.begin(), config.providers.end(),
                                 [](const Provider& provider) { return provider.enabled && !provider.mock; });
  if (!capabilities.sees_peers && config.server.client_keys.empty() && sends)
    fit.warnings.push_back({"this host cannot see who asks, so without a key here only the mock answers; add one",
                            {},
                            "server.client_keys"});
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
  if (!capabilities.runs_probes && config.probes.every_ms > 0)
    fit.warnings.push_back(
        {"this host does nothing between requests, so no lane is probed until a scheduler asks for "
         "it with POST /signalbox/probe",
         {},
         "probes.every_ms"});
  const bool once = std::any_of(config.routes.begin(), config.routes.end(),
                                [](const Route& route) { return route.once == Once::on; });
  if (once && !capabilities.gives_turns)
    fit.warnings.push_back(
        {"an instance of this host knows of no other request, so each has a call of its own", {}, "routes[].once"});
  const char* const of_places =
      capabilities.counting == Capabilities::Counting::of_request
          ? "an instance of this host usually serves one request: this bound is never reached, and nobody waits"
      : capabilities.counting == Capabilities::Counting::of_instance && !capabilities.asks_for_places
          ? "each instance of this host counts by itself, unless one keeps the places of all (docs/waiting.md)"
          : nullptr;
  if (of_places) {
    if (bounds_places(config)) fit.warnings.push_back({of_places, {}, "concurrent_max"});
    if (std::any_of(config.routes.begin(), config.routes.end(),
                    [](const Route& route) { return route.queue.places_max > 0; }))
      fit.warnings.push_back({of_places, {}, "routes[].queue"});
  }
  const Clients& clients = config.server.clients;
  const bool tells_addresses = capabilities.sees_peers || !capabilities.address_header.empty();
  if (!tells_addresses) {
    if (!clients.denied.empty())
      fit.problems.push_back(
          {"this host cannot see where a client sits, and would let all of them in", {}, "server.clients.deny"});
    if (!clients.allowed.empty())
      fit.warnings.push_back(
          {"this host cannot see where a client sits, so nobody is let in", {}, "server.clients.allow"});
    if (clients.each_address.any())
      fit.warnings.push_back({"this host cannot see where a client sits, so no address has a limit here; keys have",
                              {},
                              "server.clients.each_address"});
  }
  const bool limited = clients.by_key || (clients.each_address.any() && tells_addresses);
  if (limited && capabilities.counting == Capabilities::Counting::of_request)
    fit.warnings.push_back(
        {"an instance of this host may serve a single request and knows of no other: limits hold only "
         "as far as instances are used again",
         {},
         "server.clients"});
  if (limited && capabilities.counting == Capabilities::Counting::of_instance)
    fit.warnings.push_back(
        {"each instance of this host counts by itself: a client that meets several may use as many "
         "times its limits",
         {},
         "server.clients"});
  return fit;
}

Config unusable(const Config& config, const std::vector<Problem>& problems) {
  Config stand_in;
  stand_in.server.admin_keys = config.server.admin_keys;
  stand_in.server.hosts = config.server.hosts;
  stand_in.server.log_level = config.server.log_level;
  stand_in.warnings = config.warnings;
  for (const Problem& each : problems) stand_in.problems.push_back(sentence(each));
  return stand_in;
}

}  // namespace signalbox::config
