#include "config/resolve_server.h"

#include <algorithm>

#include "base/address.h"
#include "config/defaults.h"
#include "config/findings.h"
#include "config/rules.h"

namespace signalbox::config {
namespace {

class ServerResolver : private Findings {
 public:
  ServerResolver(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings)
      : Findings(tree, problems, warnings), config_(config) {}

  void run() {
    const NodeId server = tree_.child(tree_.root(), "server");
    if (config_.server.listen.empty() && tree_.child(server, "listen") == no_node) {
      config_.server.listen.emplace_back(default_listen);
    }
    if (server == no_node) return;
    check_names(tree_.child(server, "client_keys"));
    check_names(tree_.child(server, "admin_keys"));
    warn_of_shared_keys(server);
    resolve_clients(server);
    const NodeId listen = tree_.child(server, "listen");
    if (listen == no_node) return;
    if (is(listen, Kind::sequence) && tree_[listen].child_count == 0) problem(listen, "names no address");
    if (!config_.server.client_keys.empty()) return;
    const auto check = [&](NodeId node) {
      if (is(node, Kind::string) && rule_listen(tree_[node].text).empty() && !is_loopback(tree_[node].text)) {
        problem(node, std::string(open_listen_fault));
      }
    };
    check(listen);
    for (NodeId item : tree_.children(listen)) check(item);
  }

 private:
  // One key under two names is a mistake: of two clients one is never seen, and a client is an administrator. Under the same
  // name in both lists it is meant. Keys are digests here, so that two variables with one text are found too.
  void warn_of_shared_keys(NodeId server) {
    std::vector<NodeId> seen;
    size_t of_clients = 0;
    for (const std::string_view list : {"client_keys", "admin_keys"}) {
      for (NodeId item : tree_.children(tree_.child(server, list))) {
        const NodeId key = tree_.child(item, "key");
        if (!is(key, Kind::string) || seen.size() >= items_compared_max) continue;
        const auto same = [&](NodeId other) { return tree_[other].text == tree_[key].text; };
        const auto first = std::find_if(seen.begin(), seen.end(), same);
        const bool across = size_t(first - seen.begin()) < of_clients && list == "admin_keys";
        const auto name_beside = [&](NodeId of) { return tree_[tree_.child(tree_[of].parent, "name")].text; };
        if (first != seen.end() && !(across && name_beside(*first) == name_beside(key)))
          warn(key, "is the same key as " + path_of(tree_, *first) + ", at line " +
                        std::to_string(tree_[*first].place.line) +
                        (across ? ", so that this client may do all that an administrator may"
                                : ", so that whoever shows it goes by one name alone"));
        seen.push_back(key);
      }
      if (of_clients == 0) of_clients = seen.size();
    }
  }

  // What is asked of clients, in the form in which each request asks for it.
  void resolve_clients(NodeId server) {
    Clients& clients = config_.server.clients;
    const auto networks = [](const std::vector<std::string>& texts, std::vector<Network>& out) {
      for (const std::string& text : texts)
        if (const auto network = base::parse_network(text)) out.push_back(*network);
    };
    networks(clients.allow, clients.allowed);
    networks(clients.deny, clients.denied);
    networks(clients.trusted_proxies, clients.trusted);
    clients.by_address = clients.each_address.any() || !clients.allowed.empty() || !clients.denied.empty();
    clients.by_key = clients.each_key.any() && !config_.server.client_keys.empty();
    const NodeId keys = tree_.child(server, "client_keys");
    size_t index = 0;
    for (NodeId node : members(keys, config_.server.client_keys.size())) {
      ClientKey& key = config_.server.client_keys[index++];
      key.own_limits = is(tree_.child(node, "limits"), Kind::mapping);
      clients.by_key = clients.by_key || key.limits.any();
    }
    const NodeId node = tree_.child(server, "clients");
    if (node == no_node) return;
    if (clients.each_key.any() && config_.server.client_keys.empty())
      warn_at_key(tree_.child(node, "each_key"), "there are no client_keys that it could hold for");
    if (!clients.by_address && !clients.trusted.empty())
      warn_at_key(tree_.child(node, "trusted_proxies"),
                  "nothing asks where a client sits: there is no each_address, allow or deny");
  }

  Config& config_;
};

}  // namespace

void resolve_server(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings) {
  ServerResolver(tree, config, problems, warnings).run();
}

}  // namespace signalbox::config
