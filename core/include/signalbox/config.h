// The configuration as the core uses it: plain data, already checked. config/ reads it from a tree;
// what a key means to a user is written once, in config/schema.
//
// Secrets are not in here. A provider's credential is a name, a client key is its SHA-256.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

// A wire protocol.
enum class Dialect : uint8_t { anthropic, openai_chat, openai_responses, gemini };

// How much of the log a user wants.
enum class LogLevel : uint8_t { debug, info, warn, error, off };

using Sha256 = std::array<uint8_t, 32>;

struct ClientKey {
  std::string name;
  Sha256 digest{};
};

// Every bound a user may set, with its reason in config/schema.
struct Limits {
  int64_t request_bytes_max = int64_t(32) << 20;
  int64_t request_head_bytes_max = 60 << 10;
  int64_t request_head_ms_max = 15'000;
  int64_t request_body_idle_ms_max = 60'000;
  int64_t idle_connection_ms_max = 120'000;
  int64_t answer_head_bytes_max = 64 << 10;
  int64_t frame_bytes_max = int64_t(16) << 20;
  int64_t client_unsent_bytes_max = 256 << 10;
  int64_t connections_max = 16'384;
};

struct Server {
  std::vector<std::string> listen;  // "127.0.0.1:8484"
  std::vector<ClientKey> client_keys;
  std::vector<ClientKey> admin_keys;
  std::vector<std::string> hosts;    // further Host names that are ours
  std::vector<std::string> origins;  // web origins that may ask
  Limits limits;
  LogLevel log_level = LogLevel::info;
  int64_t threads = 0;        // 0: one per core
  int64_t drain_ms = 30'000;  // how long a stop waits for open exchanges
};

struct Timeouts {
  int64_t connect_ms = 10'000;
  int64_t first_byte_ms = 600'000;
  int64_t idle_ms = 120'000;
  int64_t total_ms = 3'600'000;
};

struct ExtraHeader {
  std::string name;
  std::string value;
};

// What a lane can and cannot take (translation.md section 16). Grows with the dialects.
struct LaneFlags {
  bool count_tokens = true;  // the upstream has count_tokens
};

struct Provider {
  std::string name;
  Dialect dialect = Dialect::anthropic;
  bool mock = false;  // the built-in mock answers; nothing is sent anywhere
  std::string base_url;
  bool enabled = true;
  std::vector<std::string> credentials;  // names; at least one unless passthrough or keyless
  bool passthrough = false;              // the client's own credential goes on
  std::vector<ExtraHeader> headers;
  std::string proxy;
  std::string ca_file;
  Timeouts timeouts;
  LaneFlags flags;
};

struct Model {
  std::string name;       // what routes and clients call it
  uint32_t provider = 0;  // index into Config::providers
  std::string upstream_model;
  int64_t context_tokens_max = 0;  // 0: not said
  int64_t output_tokens_max = 0;
  LaneFlags flags{};  // the provider's, with the model's own over them
};

// Provider + upstream model. `upstream_model` empty: the client's own name goes on.
struct Target {
  uint32_t provider = 0;
  std::string upstream_model;
  LaneFlags flags{};  // what holds for this target: its models entry's flags, else its provider's
};

// How much of an answer the core looks at.
enum class Accounting : uint8_t { on, off };

struct Route {
  std::string match;  // pattern over the client's model name; '*' stands for any run of characters
  std::vector<Target> targets;
  Accounting accounting = Accounting::on;
};

struct Config {
  Server server;
  std::vector<Provider> providers;
  std::vector<Model> models;
  std::vector<Route> routes;          // in file order; the first match serves
  std::vector<std::string> warnings;  // sentences with their places; what /readyz counts
};

std::string_view name_of(Dialect dialect);

}  // namespace signalbox
