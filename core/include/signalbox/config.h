// The configuration as the core uses it: plain data, already checked. config/ reads it from a tree;
// what a key means to a user is written once, in config/schema.
//
// Secrets are not in here. A provider's credential is a name, a client key is its SHA-256.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/address.h"
#include "signalbox/rules.h"

namespace signalbox {

// A wire protocol.
enum class Dialect : uint8_t { anthropic, openai_chat, openai_responses, gemini };

// How much of the log a user wants.
enum class LogLevel : uint8_t { debug, info, warn, error, off };

// Where an upstream wants the secret that a credential's name stands for.
enum class CredentialPlace : uint8_t { none, x_api_key, bearer, x_goog_api_key, api_key };

using Sha256 = std::array<uint8_t, 32>;

// How much one client may ask; 0: as much as it likes.
struct ClientLimits {
  int64_t requests_per_minute = 0;
  int64_t burst = 10;  // how many of them at once
  int64_t concurrent_max = 0;
  int64_t window_ms = 3'600'000;
  int64_t window_requests_max = 0;
  int64_t window_tokens_max = 0;

  bool any() const {
    return requests_per_minute > 0 || concurrent_max > 0 || window_requests_max > 0 || window_tokens_max > 0;
  }
};

// Whether a client may do something.
enum class May : uint8_t { no, yes };

struct ClientKey {
  std::string name;
  Sha256 digest{};
  ClientLimits limits{};           // of its own; else those of Clients::each_key
  bool own_limits = false;         // set by config/
  May force_provider = May::no;    // by the header x-signalbox-provider
  May explicit_models = May::yes;  // "provider,model" in the place of a model's name
};

// Which header of a trusted proxy says where its client sits.
enum class AddressHeader : uint8_t { x_forwarded_for, cf_connecting_ip, x_real_ip };

// Who may ask, and how much.
struct Clients {
  ClientLimits each_key;
  ClientLimits each_address;
  std::vector<std::string> allow;  // networks, as written
  std::vector<std::string> deny;
  std::vector<std::string> trusted_proxies;
  AddressHeader address_header = AddressHeader::x_forwarded_for;
  int64_t addresses_max = 65'536;

  // What config/ makes of the above.
  std::vector<Network> allowed;
  std::vector<Network> denied;
  std::vector<Network> trusted;
  bool by_address = false;  // whether anything here asks for a client's address
  bool by_key = false;      // whether any key has a limit

  bool in_use() const { return by_address || by_key; }
};

// Every bound a user may set, with its reason in config/schema.
struct Limits {
  int64_t request_bytes_max = int64_t(32) << 20;
  int64_t request_head_bytes_max = 60 << 10;
  int64_t request_head_ms_max = 15'000;
  int64_t request_body_idle_ms_max = 60'000;
  int64_t request_body_ms_max = 600'000;
  int64_t idle_connection_ms_max = 120'000;
  int64_t answer_head_bytes_max = 64 << 10;
  int64_t frame_bytes_max = int64_t(16) << 20;
  int64_t client_unsent_bytes_max = 256 << 10;
  int64_t client_stalled_ms_max = 300'000;  // 0: as long as the exchange may take
  int64_t connections_max = 16'384;
  int64_t exchanges_max = 0;  // 0: no such bound
  int64_t once_answer_bytes_max = int64_t(4) << 20;
  int64_t once_bytes_max = int64_t(32) << 20;
};

struct Server {
  std::vector<std::string> listen;  // "127.0.0.1:8484"
  std::vector<ClientKey> client_keys;
  std::vector<ClientKey> admin_keys;
  std::vector<std::string> hosts;    // further Host names that are ours
  std::vector<std::string> origins;  // web origins that may ask
  Limits limits;
  Clients clients;
  LogLevel log_level = LogLevel::info;
  int64_t threads = 0;        // 0: one per core
  int64_t drain_ms = 30'000;  // how long a stop waits for open exchanges
  std::string state_file;     // where the host keeps what exchanges share; empty: nowhere
};

struct Timeouts {
  int64_t connect_ms = 10'000;
  int64_t first_byte_ms = 600'000;
  int64_t idle_ms = 120'000;
  int64_t total_ms = 3'600'000;
};

// When a rule holds; what is empty holds always.
struct RewriteCondition {
  std::string model;  // pattern over the upstream's name
};

// A user's rule about the body that goes upstream. One of the first four is a path, "reasoning.effort" or
// "tools.*.strict": names of members, indices, and '*' for all there are; the others are empty.
struct Rewrite {
  std::string set;
  std::string set_default;  // where there is no such member, or it is null
  std::string remove;
  std::string rename;
  std::string value;  // JSON; of set and set_default
  std::string to;     // the new name; of rename
  RewriteCondition when;

  std::string_view path() const {
    return !set.empty() ? set : !set_default.empty() ? set_default : !remove.empty() ? remove : rename;
  }
  // Whether it makes what is not there.
  bool makes() const { return !set.empty() || !set_default.empty(); }
};

// Which member takes the bound on an answer's tokens.
enum class MaxTokensField : uint8_t { max_tokens, max_completion_tokens };
// Which member takes an assistant message's thinking, where the upstream wants it back.
enum class ReasoningField : uint8_t { reasoning_content, reasoning };
// How instructions reach the model: as a message of role system or developer, or as text of the user's.
enum class SystemRole : uint8_t { system, developer, user };
// What of tool_choice the upstream takes.
enum class ToolChoiceSupport : uint8_t { full, auto_only, none };
// What ids of tool calls look like: at most 40 bytes (OpenAI), or exactly nine letters and digits (Mistral); or
// calls go without, where the dialect lets them (Gemini on Vertex).
enum class ToolIdStyle : uint8_t { openai, mistral, none };
// How the wish for more or less thinking is said.
//   none              not at all: a model that does not think
//   reasoning_effort  "reasoning_effort": "high"                              (OpenAI and most)
//   reasoning         "reasoning": {"effort": "high"}                         (OpenRouter)
//   thinking          "thinking": {"type": "enabled" | "disabled"}            (GLM, Kimi)
//   thinking_effort   the same, and "reasoning_effort": "high" beside enabled (DeepSeek)
//   enable_thinking   "enable_thinking": true, "thinking_budget": n           (Qwen)
//   adaptive          "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}  (Anthropic's models
//                     that know no budget; its others get one, whichever of the words above stands here)
//   thinking_budget   "thinkingConfig": {"thinkingBudget": n}   (Gemini, whichever of the other words stands here)
//   thinking_level    "thinkingConfig": {"thinkingLevel": "HIGH"}             (Gemini from 3 on)
enum class EffortStyle : uint8_t {
  none,
  reasoning_effort,
  reasoning,
  thinking,
  thinking_effort,
  enable_thinking,
  adaptive,
  thinking_budget,
  thinking_level
};
// Which forms of structured output the upstream takes.
enum class StructuredOutput : uint8_t { json_schema, json_object, none };
// In which words Gemini is told a schema: those of JSON Schema, or the older ones of OpenAPI.
enum class SchemaDialect : uint8_t { json_schema, openapi };

// What a lane can and cannot take: data, where others have branches on a provider's name (translation.md
// section 16). The defaults are those of an upstream that does what OpenAI documents.
struct LaneFlags {
  bool count_tokens = true;  // the upstream has count_tokens
  MaxTokensField max_tokens_field = MaxTokensField::max_tokens;
  // What Anthropic, which wants a bound, is told where nobody has given one. Every Claude model answers with that much.
  int64_t output_tokens_default = 4096;
  SystemRole system_role = SystemRole::system;
  bool system_anywhere = true;  // system messages may stand between others
  bool vision = true;           // images
  bool documents = false;       // PDFs as file parts
  ToolChoiceSupport tool_choice = ToolChoiceSupport::full;
  bool parallel_tools = true;  // takes parallel_tool_calls
  ToolIdStyle tool_id_style = ToolIdStyle::openai;
  bool needs_reasoning_content = false;  // every assistant message goes back with its thinking
  ReasoningField reasoning_field = ReasoningField::reasoning_content;
  bool think_tags = false;  // reasoning comes as <think>...</think> inside the text
  EffortStyle effort_style = EffortStyle::reasoning_effort;
  uint8_t effort_levels = 0xff;  // bit n: the n-th word of none, minimal, low, medium, high, xhigh, max is known
  bool cache_control = false;    // takes Anthropic's cache_control on parts and tools
  bool prompt_cache_key = false;
  bool stream_options = true;       // takes stream_options.include_usage
  bool strict_alternation = false;  // refuses two neighbouring messages of one role
  bool temperature_fixed = false;   // refuses temperature and top_p
  bool top_k = false;               // takes top_k
  bool prefill = false;             // continues a last message of the assistant's
  StructuredOutput structured_output = StructuredOutput::json_schema;
  SchemaDialect schema_dialect = SchemaDialect::json_schema;
  bool format_with_tools = false;  // Gemini takes structured output beside tools
  bool media_in_results = false;   // Gemini takes media within a functionResponse
  bool strip_billing = false;      // the client's billing line, new in every request, is left out of the prompt
  bool repair_tool_json = false;   // arguments with small faults of JSON are mended
};

// How much one model takes; 0: not said.
struct ModelLimits {
  std::string_view match;  // pattern over the upstream's name
  int64_t context_tokens_max = 0;
  int64_t output_tokens_max = 0;
};

// What holds for those models of a provider that differ from its others.
struct ModelFlags {
  std::string_view match;  // pattern over the upstream's name; '*' stands for any run of characters
  LaneFlags flags;
};

// In which order equal choices are asked (core/routing/order.h says what each goes by).
enum class Strategy : uint8_t { priority, round_robin, weighted, random, least_busy, fastest, cheapest, quota };

// What a model costs, in millionths of a US dollar for a million tokens; -1: not said.
struct Price {
  int64_t input = -1;
  int64_t output = -1;
  int64_t cache_read = -1;   // not said: as input
  int64_t cache_write = -1;  // not said: as input

  bool said() const { return input >= 0 && output >= 0; }
};

// A secret of a provider's, by the name that stands for it everywhere.
struct Credential {
  std::string name;
  bool enabled = true;
  int64_t weight = 1;
  int64_t concurrent_max = 0;  // 0: no bound

  Credential() = default;
  Credential(std::string_view called) : name(called) {}
  Credential(const char* called) : name(called) {}
  friend bool operator==(const Credential&, const Credential&) = default;
};

// What a target says that it takes.
struct Takes {
  Presence images = Presence::either;
  Presence documents = Presence::either;
  Presence tools = Presence::either;
  // Of a models entry that says itself how much it takes; 0: it does not. What a preset knows of a model is no reason to
  // refuse: there are clients who may ask for more of it.
  int64_t tokens_max = 0;
};

// What a user counts as a failure beside what the table says (routing/verdict.h).
struct FailureSigns {
  std::vector<int64_t> statuses;      // of errors
  std::vector<std::string> patterns;  // over what an error says; '*' stands for any run of characters
};

// When a lane suffers for what it does, and for how long. Times of a first failure double with each further one that
// no success lies between.
struct Failures {
  FailureSigns signs;
  int64_t slow_start_ms = 0;  // content that comes later counts as a failure; 0: none does
  int64_t cool_ms = 5'000;    // for a failure of no known length; 0: none
  int64_t cool_ms_max = 300'000;
  int64_t window_ms = 60'000;
  int64_t window_requests_min = 10;
  int64_t window_failure_percent = 50;  // 0: the window is not judged
  int64_t open_ms = 30'000;
  int64_t open_ms_max = 1'800'000;
};

// A route's own; -1: as the provider has it.
struct RouteTimeouts {
  int64_t connect_ms = -1;
  int64_t first_byte_ms = -1;
  int64_t idle_ms = -1;
  int64_t total_ms = -1;
};

struct Provider {
  std::string name;
  Dialect dialect = Dialect::anthropic;
  bool mock = false;  // the built-in mock answers; nothing is sent anywhere
  std::string base_url;
  bool enabled = true;
  std::vector<Credential> credentials;                 // at least one unless passthrough or keyless
  Strategy spread = Strategy::priority;                // over the credentials; never cheapest
  bool passthrough = false;                            // the client's own credential goes on
  CredentialPlace auth_style = CredentialPlace::none;  // none: its dialect's own
  std::vector<ExtraHeader> headers;
  std::vector<std::string> beta_allow;  // patterns of the betas that a client may ask of it; empty: all
  std::string proxy;
  std::string ca_file;
  int64_t concurrent_max = 0;  // requests at a time; 0: no bound
  Timeouts timeouts;
  FailureSigns failures;
  bool probes = true;  // its lanes may be probed
  LaneFlags flags;
  std::vector<Rewrite> rewrite;  // in file order
  Takes takes;
  std::span<const ModelLimits> known_models;  // its preset's, which live as long as the process

  // What the preset knows of a model: the first match's; zeros when it knows nothing.
  ModelLimits limits_of(std::string_view upstream_model) const;

  std::vector<ModelFlags> model_flags;  // its preset's, the user's own flags over them; the first match holds

  // The flags of one of its models.
  const LaneFlags& flags_of(std::string_view upstream_model) const;
};

struct Model {
  std::string name;       // what routes and clients call it
  uint32_t provider = 0;  // index into Config::providers
  std::string upstream_model;
  int64_t context_tokens_max = 0;  // 0: not said
  int64_t output_tokens_max = 0;
  int64_t concurrent_max = 0;      // requests at a time; 0: no bound
  LaneFlags flags{};               // the provider's, with the model's own over them
  std::vector<Rewrite> rewrite{};  // behind the provider's
  Takes takes{};                   // its own word, else its provider's
  Price price{};
};

// Provider + upstream model. `upstream_model` empty: the client's own name goes on.
struct Target {
  uint32_t provider = 0;
  std::string upstream_model;
  LaneFlags flags{};               // what holds for this target: its models entry's flags, else its provider's
  int64_t context_tokens_max = 0;  // of its models entry; 0: not said
  int64_t output_tokens_max = 0;
  static constexpr uint32_t no_entry = UINT32_MAX;
  uint32_t entry = no_entry;  // index into Config::models, where it is one of them
  Takes takes{};
  int64_t weight = 1;
  int64_t concurrent_max = 0;  // over all credentials; 0: no bound
};

// By what requests of one conversation are kept together.
enum class AffinityBy : uint8_t {
  unsaid,   // in the file; config::resolve makes one of the others of it
  session,  // what routing/session_key.h says
  off,
};
// Whether the subagents of a session are conversations of their own.
enum class Subagents : uint8_t { apart, together };

// How a conversation stays where its prompt is cached.
struct Affinity {
  AffinityBy by = AffinityBy::unsaid;
  Subagents subagents = Subagents::apart;
  int64_t keep_ms = 300'000;
};

// How much of an answer the core looks at.
enum class Accounting : uint8_t { on, off };

// What becomes of a request that an upstream's dialect cannot carry whole.
enum class OnLoss : uint8_t { report, reject };

// Whose name for the model a translated answer shows.
enum class EchoModel : uint8_t { client, upstream };

// Until when another lane may answer: the first content, or the head of the answer.
enum class Commit : uint8_t { first_content, head };

// Whether identical requests that come while the first is being answered share its upstream call.
enum class Once : uint8_t { off, on };

// Most lanes that one request considers: bounds the work a configuration can cause for each.
inline constexpr size_t route_lanes_max = 256;

// How requests wait where every lane of their route is at its bound (concurrent_max).
struct Queue {
  int64_t places_max = 0;  // how many wait at a time, on all threads; 0: nobody, they are refused at once
  int64_t wait_ms_max = 20'000;
};

// How failures are met before a client has seen content.
struct Failover {
  int64_t attempts_max = 6;
  int64_t retry_wait_ms_max = 5'000;
  int64_t gate_ms = 15'000;
  int64_t gate_bytes_max = 256 << 10;
  int64_t gate_frames_max = 64;
  int64_t keep_alive_ms = 15'000;
  int64_t retry_budget_percent = 20;
};

struct Route {
  std::string match;  // pattern over the client's model name; '*' stands for any run of characters
  std::vector<Target> targets;
  Accounting accounting = Accounting::on;
  OnLoss on_loss = OnLoss::report;
  EchoModel echo_model = EchoModel::client;
  Commit commit = Commit::first_content;
  Strategy strategy = Strategy::priority;
  Affinity affinity = {};
  Queue queue = {};
  Once once = Once::off;
  // The global ones with the route's own keys over them; empty where it has none.
  std::optional<Failover> failover = {};
  std::optional<Failures> failures = {};
  RouteTimeouts timeouts = {};
  // What rules, tasks and tags call it; empty: nothing does. Without `match` too it is asked by them alone.
  std::string name = {};

  // What headers, log and state call it.
  std::string_view label() const { return name.empty() ? match : name; }
};

// Asking lanes that are cooling, before requests do.
struct Probes {
  int64_t every_ms = 0;  // 0: never by itself
  int64_t wait_ms_max = 10'000;
};

// Whether "model(high)" and "model(8192)" ask a model for that much thinking.
enum class ThinkingSuffix : uint8_t { off, on };

// Finds a route by a model's name without going through all of them: each models entry has a route of its own. Indices of
// Config::routes. config::read makes it; where it is empty, all are gone through.
struct RouteIndex {
  std::vector<uint32_t> names;     // those without '*', in the order of their `match`; of equal ones the first
  std::vector<uint32_t> patterns;  // those with, in the order of the file
};

struct Config {
  Server server;
  Failover failover;
  Failures failures;
  Probes probes;
  std::vector<Provider> providers;
  std::vector<Model> models;
  // In file order; the first whose pattern takes the model serves. Behind them, without patterns, those that rules and
  // tasks have for themselves.
  std::vector<Route> routes;
  RouteIndex route_index;
  std::vector<Route> provider_routes;  // for each of `providers` one with nothing else, for who asks for it by name
  std::vector<Rule> rules;             // in file order; the first that holds decides
  Tasks tasks;
  ThinkingSuffix thinking_suffix = ThinkingSuffix::off;
  FactSet facts_wanted = 0;           // by rules and tasks
  int64_t tokens_asked_min = 0;       // the smallest number of tokens that any of them asks about
  std::vector<std::string> warnings;  // sentences with their places; /readyz counts them
  std::vector<std::string> problems;  // likewise; where there are any, health is answered and nothing else is served
};

std::string_view name_of(Dialect dialect);
std::string_view name_of(Strategy strategy);

}  // namespace signalbox
