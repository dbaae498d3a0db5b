// A configuration as a seed makes it: what the rules know of it, and the text that the real loader reads. The rules never
// look into signalbox::Config.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "random.h"
#include "signalbox/config.h"
#include "wire.h"

namespace signalbox::simulation {

struct ProviderSpec {
  std::string name;
  Dialect dialect = Dialect::anthropic;
  int credentials = 1;  // named c0, c1, ...
  bool enabled = true;
  int64_t concurrent_max = 0;  // 0: no bound
  int64_t connect_ms = 0, first_byte_ms = 0, idle_ms = 0, total_ms = 0;
};

struct TargetSpec {
  int provider = 0;
  std::string model;               // the upstream's name
  int64_t context_tokens_max = 0;  // 0: not said
  int64_t concurrent_max = 0;      // 0: no bound
  bool images = true, tools = true, documents = true;
  // Whether it says something of itself.
  bool has_entry() const { return context_tokens_max || concurrent_max || !images || !tools || !documents; }
  bool operator==(const TargetSpec&) const = default;
};

struct RouteSpec {
  std::string match;
  std::vector<TargetSpec> targets;
  std::string strategy = {};  // empty: the order of targets
  bool accounting = true;
  bool commit_at_head = false;
  int64_t queue_places_max = 0, queue_wait_ms_max = 20'000;
};

struct FailoverSpec {
  int64_t attempts_max = 6, retry_wait_ms_max = 5'000, gate_ms = 15'000, gate_bytes_max = 256 << 10,
          gate_frames_max = 64, keep_alive_ms = 15'000, retry_budget_percent = 20;
};

// Of the one key that all clients of a gateway show; 0: none.
struct LimitsSpec {
  int64_t requests_per_minute = 0, burst = 10, concurrent_max = 0, window_ms = 0, window_requests_max = 0;
  bool any() const { return requests_per_minute || concurrent_max || window_requests_max; }
};

// How long a breaker is open where every failure opens it, always.
inline constexpr int64_t touchy_open_ms = 6'000;

struct Setting {
  std::vector<ProviderSpec> providers;
  std::vector<RouteSpec> routes;  // in file order
  FailoverSpec failover;
  bool client_key = false;
  bool touchy = false;  // every failure that counts opens its lane's breaker
  LimitsSpec limits;
  std::optional<RouteSpec> tools_rule, image_task;

  // The route that takes a model named as one of them, or the last, which takes all.
  // But for what a rule or a task takes before (docs/routing.md).
  const RouteSpec& route_of(const Question& question) const;
  std::string json() const;
};

// What a target that says something of itself is called.
std::string entry_name(const TargetSpec& target);

// The key that clients show where one is configured. Nothing that a gateway says or sends may hold it.
inline constexpr const char* client_key_text = "sk-client-0000-secret-word";

Setting make_setting(Random random);
// The same after an operator has changed it.
Setting changed(const Setting& setting, Random random);

// By the core's own reader; a text that it refuses ends the program, for then nothing would be tried.
std::shared_ptr<const Config> load(const Setting& setting);

}  // namespace signalbox::simulation
