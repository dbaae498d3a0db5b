#include "config/schema.h"

#include "config/defaults.h"
#include "config/presets.h"
#include "config/schema_rules.h"
#include "config/slots.h"
#include "signalbox/config.h"

namespace signalbox::config {
namespace {

constexpr int64_t kib = 1024;
constexpr int64_t mib = 1024 * kib;
constexpr int64_t hour_ms = 3'600'000;
constexpr int64_t day_ms = 24 * hour_ms;

constexpr Choice dialects[] = {{"anthropic", uint8_t(Dialect::anthropic)},
                               {"openai_chat", uint8_t(Dialect::openai_chat)},
                               {"openai_responses", uint8_t(Dialect::openai_responses)},
                               {"gemini", uint8_t(Dialect::gemini)}};
constexpr Choice auth_styles[] = {{"bearer", uint8_t(CredentialPlace::bearer)},
                                  {"x_api_key", uint8_t(CredentialPlace::x_api_key)},
                                  {"x_goog_api_key", uint8_t(CredentialPlace::x_goog_api_key)},
                                  {"api_key", uint8_t(CredentialPlace::api_key)}};
constexpr Choice log_levels[] = {{"debug", uint8_t(LogLevel::debug)},
                                 {"info", uint8_t(LogLevel::info)},
                                 {"warn", uint8_t(LogLevel::warn)},
                                 {"error", uint8_t(LogLevel::error)},
                                 {"off", uint8_t(LogLevel::off)}};
constexpr Choice address_headers[] = {{"x_forwarded_for", uint8_t(AddressHeader::x_forwarded_for)},
                                      {"cf_connecting_ip", uint8_t(AddressHeader::cf_connecting_ip)},
                                      {"x_real_ip", uint8_t(AddressHeader::x_real_ip)}};
constexpr Choice onces[] = {{"off", uint8_t(Once::off)}, {"on", uint8_t(Once::on)}};
constexpr Choice accountings[] = {{"on", uint8_t(Accounting::on)}, {"off", uint8_t(Accounting::off)}};
constexpr Choice on_losses[] = {{"report", uint8_t(OnLoss::report)}, {"reject", uint8_t(OnLoss::reject)}};
constexpr Choice echo_models[] = {{"client", uint8_t(EchoModel::client)}, {"upstream", uint8_t(EchoModel::upstream)}};
constexpr Choice mays[] = {{"off", uint8_t(May::no)}, {"on", uint8_t(May::yes)}};
constexpr Choice thinking_suffixes[] = {{"off", uint8_t(ThinkingSuffix::off)}, {"on", uint8_t(ThinkingSuffix::on)}};
constexpr Choice commits[] = {{"first_content", uint8_t(Commit::first_content)}, {"head", uint8_t(Commit::head)}};
constexpr Choice strategies[] = {
    {"priority", uint8_t(Strategy::priority)},     {"round_robin", uint8_t(Strategy::round_robin)},
    {"weighted", uint8_t(Strategy::weighted)},     {"random", uint8_t(Strategy::random)},
    {"least_busy", uint8_t(Strategy::least_busy)}, {"fastest", uint8_t(Strategy::fastest)},
    {"cheapest", uint8_t(Strategy::cheapest)},     {"quota", uint8_t(Strategy::quota)}};
// One target's credentials cost the same.
constexpr Choice spreads[] = {strategies[0], strategies[1], strategies[2], strategies[3],
                              strategies[4], strategies[5], strategies[7]};
constexpr Choice affinities[] = {{"session", uint8_t(AffinityBy::session)}, {"off", uint8_t(AffinityBy::off)}};
constexpr Choice subagent_choices[] = {{"apart", uint8_t(Subagents::apart)},
                                       {"together", uint8_t(Subagents::together)}};
// What nginx and HAProxy take at most is less than this; more only loses digits.
constexpr int64_t weight_max = 1'000;
// More than any one process has open.
constexpr int64_t concurrent_most = 1'000'000;
// Provider::mock is a bool, so the only choice is the value true.
constexpr Choice builtins[] = {{"mock", 1}};

// clang-format off
constinit const Field client_limits_fields[] = {
    {.key = "requests_per_minute", .kind = FieldKind::integer, .slot = slot<&ClientLimits::requests_per_minute>,
     .min = 0, .max = 1'000'000,
     .doc = "How fast the bucket of requests fills; 0 is no such limit. What comes with an empty bucket is answered with 429 and `retry-after`."},
    {.key = "burst", .kind = FieldKind::integer, .slot = slot<&ClientLimits::burst>, .min = 1, .max = 1'000'000,
     .doc = "How many requests the bucket of `requests_per_minute` holds, and so how many may come at once. Ten, because an agent with its subagents begins so many together."},
    {.key = "concurrent_max", .kind = FieldKind::integer, .slot = slot<&ClientLimits::concurrent_max>, .min = 0, .max = 1'000'000,
     .doc = "How many requests may be open at once; 0 is no such limit. Answers of agents take minutes, so this bounds what a client costs better than a rate does."},
    {.key = "window_ms", .kind = FieldKind::integer, .slot = slot<&ClientLimits::window_ms>, .min = 10, .max = 31 * day_ms,
     .doc = "How long the window of the two budgets is, in milliseconds. Windows begin at multiples of it since 1970 (UTC), so that all who count agree. An hour by default: a runaway agent is stopped before it costs a day's money, and a person need not wait for tomorrow."},
    {.key = "window_requests_max", .kind = FieldKind::integer, .slot = slot<&ClientLimits::window_requests_max>,
     .min = 0, .max = 1'000'000'000'000,
     .doc = "How many requests a window has; 0 is no such limit."},
    {.key = "window_tokens_max", .kind = FieldKind::integer, .slot = slot<&ClientLimits::window_tokens_max>,
     .min = 0, .max = 1'000'000'000'000,
     .doc = "How many tokens a window has, input and output together without what came from a provider's cache; 0 is no such limit. Our own count of the request is set aside at its beginning, and what the answer says of itself takes its place at the end: answers that are open at once may go beyond it by what they say."},
};
constinit const Shape client_limits_shape{"client_limits", "How much a client may ask; 0 is as much as it likes. `docs/limits.md` explains what is counted and how.", client_limits_fields, prototype<ClientLimits>, ""};

constinit const Field admin_key_fields[] = {
    {.key = "name", .need = Need::required, .slot = slot<&ClientKey::name>, .rule = rule_name,
     .doc = "What the log calls the holder of this key."},
    {.key = "key", .kind = FieldKind::client_key, .need = Need::required, .slot = slot<&ClientKey::digest>,
     .doc = "The key: `${VAR}`, or `sha256:` and 64 hex digits (its SHA-256), or the key itself."},
};
constinit const Shape admin_key_shape{"admin_key", "A key that administrators show.", admin_key_fields, prototype<ClientKey>, ""};

constinit const Field client_key_fields[] = {
    {.key = "name", .need = Need::required, .slot = slot<&ClientKey::name>, .rule = rule_name,
     .doc = "What the log calls the holder of this key."},
    {.key = "key", .kind = FieldKind::client_key, .need = Need::required, .slot = slot<&ClientKey::digest>,
     .doc = "The key: `${VAR}`, or `sha256:` and 64 hex digits (its SHA-256), or the key itself."},
    {.key = "limits", .kind = FieldKind::object, .slot = slot<&ClientKey::limits>, .shape = &client_limits_shape,
     .doc = "Limits of this key, in the place of all of `server.clients.each_key`; `{}` is none at all."},
    {.key = "force_provider", .kind = FieldKind::choice, .slot = slot<&ClientKey::force_provider>, .choices = mays,
     .doc = "Whether its holder may force a provider with the header `x-signalbox-provider`. Off, because that goes past every rule. Where there are no client keys, everybody on this machine may."},
    {.key = "explicit_models", .kind = FieldKind::choice, .slot = slot<&ClientKey::explicit_models>, .choices = mays,
     .doc = "Whether its holder may name a provider in the place of a model, as `provider,model` or `provider/model`. On, as clients of Claude Code Router expect it; off for those whom rules should hold."},
};
constinit const Shape client_key_shape{"client_key", "A key that clients show.", client_key_fields, prototype<ClientKey>, ""};

constinit const Field limits_fields[] = {
    {.key = "request_bytes_max", .kind = FieldKind::integer, .slot = slot<&Limits::request_bytes_max>,
     .min = kib, .max = 1024 * mib,
     .doc = "The largest request body, in bytes; more is answered with 413. A body in a content coding may have no more when it is decoded. Anthropic takes 32 MiB, so a client never meets a smaller wall here."},
    {.key = "request_head_bytes_max", .kind = FieldKind::integer, .slot = slot<&Limits::request_head_bytes_max>,
     .min = kib, .max = 60 * kib,
     .doc = "The largest request line with headers, in bytes. Real clients send 2 to 8 KiB; endless headers end here. No more, because a head is read into 64 KiB and a part of its body with it."},
    {.key = "request_head_ms_max", .kind = FieldKind::integer, .slot = slot<&Limits::request_head_ms_max>,
     .min = 1, .max = hour_ms,
     .doc = "How long a request line with headers may take, in milliseconds. Enough for any live client, too short to hold connections open with single bytes."},
    {.key = "request_body_idle_ms_max", .kind = FieldKind::integer, .slot = slot<&Limits::request_body_idle_ms_max>,
     .min = 1, .max = hour_ms,
     .doc = "How long a request body may pause, in milliseconds."},
    {.key = "request_body_ms_max", .kind = FieldKind::integer, .slot = slot<&Limits::request_body_ms_max>,
     .min = 1, .max = hour_ms,
     .doc = "How long a whole request body may take, in milliseconds. Enough for 32 MiB over half a megabit a second; without it single bytes would hold a connection and its memory for years."},
    {.key = "idle_connection_ms_max", .kind = FieldKind::integer, .slot = slot<&Limits::idle_connection_ms_max>,
     .min = 1, .max = day_ms,
     .doc = "How long a client's connection is kept between requests, in milliseconds. Longer than the pauses of a working agent."},
    {.key = "answer_head_bytes_max", .kind = FieldKind::integer, .slot = slot<&Limits::answer_head_bytes_max>,
     .min = kib, .max = mib,
     .doc = "The largest status line with headers of an upstream, in bytes."},
    {.key = "frame_bytes_max", .kind = FieldKind::integer, .slot = slot<&Limits::frame_bytes_max>,
     .min = kib, .max = 256 * mib,
     .doc = "The largest single event of a stream, in bytes. Whole images and documents travel in one event."},
    {.key = "client_unsent_bytes_max", .kind = FieldKind::integer, .slot = slot<&Limits::client_unsent_bytes_max>,
     .min = kib, .max = 64 * mib,
     .doc = "How much of an answer waits for a slow client before its upstream is read no further, in bytes."},
    {.key = "client_stalled_ms_max", .kind = FieldKind::integer, .slot = slot<&Limits::client_stalled_ms_max>,
     .min = 0, .max = day_ms,
     .doc = "How long a client may take no byte of an answer that waits for it, in milliseconds, before its connection is closed and its exchange ends: it holds places of its lane that others wait for. Five minutes, because people stop agents for a moment; 0 for as long as `timeouts.total_ms` lets it. Of the native host alone: under wasmtime and workerd it is always so."},
    {.key = "connections_max", .kind = FieldKind::integer, .slot = slot<&Limits::connections_max>,
     .min = 1, .max = 1'000'000,
     .doc = "How many client connections are open at once; more are answered with 503 (Anthropic's 529) and `retry-after`, and closed."},
    {.key = "exchanges_max", .kind = FieldKind::integer, .slot = slot<&Limits::exchanges_max>, .min = 0, .max = 1'000'000,
     .doc = "How many requests of all clients are open at once; more are answered with 503 (Anthropic's 529) and `retry-after` before their body is read, and the open ones go on undisturbed. 0, the default, is no such bound: connections are bounded anyway."},
    {.key = "once_answer_bytes_max", .kind = FieldKind::integer, .slot = slot<&Limits::once_answer_bytes_max>,
     .min = 64 * kib, .max = 16 * mib,
     .doc = "How much of one answer is kept for requests that share it (a route's `once`), in bytes. An answer that grows beyond it takes nobody in any more, and who follows and is further behind than this is not waited for. Answers of agents have some 100 KiB, and seldom one MiB."},
    {.key = "once_bytes_max", .kind = FieldKind::integer, .slot = slot<&Limits::once_bytes_max>,
     .min = 64 * kib, .max = 1024 * mib,
     .doc = "How much is kept of all answers together for requests that share them, in bytes, for each thread or instance. What nobody shares yet goes first."},
};
constinit const Shape limits_shape{"limits", "Bounds that keep memory bounded under any input.", limits_fields, prototype<Limits>, ""};

constinit const Field clients_fields[] = {
    {.key = "each_key", .kind = FieldKind::object, .slot = slot<&Clients::each_key>, .shape = &client_limits_shape,
     .doc = "Limits of every client key by itself, but of those with `limits` of their own. None by default: whoever has a key was given it."},
    {.key = "each_address", .kind = FieldKind::object, .slot = slot<&Clients::each_address>, .shape = &client_limits_shape,
     .doc = "Limits of every address by itself, counted before the client key is looked at, so that whoever tries keys pays for each. An IPv6 client is its first 64 bits, because everybody has all the others. None by default: behind one address may be a whole office."},
    {.key = "allow", .kind = FieldKind::text_list, .slot = slot<&Clients::allow>, .rule = rule_network, .items_max = 4096,
     .doc = "Addresses and networks (`10.0.0.0/8`, `2001:db8::/32`) that may ask; all others get 403, also on paths of health. All by default."},
    {.key = "deny", .kind = FieldKind::text_list, .slot = slot<&Clients::deny>, .rule = rule_network, .items_max = 4096,
     .doc = "Addresses and networks that may not ask, even where `allow` has them: 403 before anything else is looked at."},
    {.key = "trusted_proxies", .kind = FieldKind::text_list, .slot = slot<&Clients::trusted_proxies>, .rule = rule_network, .items_max = 256,
     .doc = "Addresses and networks of your own proxies, whose word on where a client sits counts. None by default: anybody can send such a header, and would be a new client with each request."},
    {.key = "address_header", .kind = FieldKind::choice, .slot = slot<&Clients::address_header>, .choices = address_headers,
     .doc = "In which header a trusted proxy says it. `x_forwarded_for`, the default, is read from its end and only as far as those who wrote are trusted. `cf_connecting_ip` and `x_real_ip` hold one address, and a proxy that does not set them passes on what a client made up: choose them only where it does."},
    {.key = "addresses_max", .kind = FieldKind::integer, .slot = slot<&Clients::addresses_max>, .min = 16, .max = 16 * 1024 * 1024,
     .doc = "How many addresses are counted by themselves at a time; 96 bytes each, taken when the first is counted. Beyond it newcomers share accounts with others of their part of the network, and nobody's account is given up while there is something on it. Another number takes effect with a restart."},
};
constinit const Shape clients_shape{"clients", "Who may ask, and how much. `docs/limits.md` explains it.", clients_fields, prototype<Clients>, ""};

constinit const Field server_fields[] = {
    {.key = "listen", .kind = FieldKind::text_list, .slot = slot<&Server::listen>, .rule = rule_listen,
     .form = Form::one_or_list, .items_max = 16, .default_text = default_listen,
     .doc = "Address and port to serve on, or a list of them. Loopback by default: nobody else can spend your keys. Any other address needs `client_keys`."},
    {.key = "client_keys", .kind = FieldKind::object_list, .items_max = 1024, .shape = &client_key_shape,
     .elements = elements<&Server::client_keys>(),
     .doc = "Keys that clients must show. Without any, everybody on this machine may ask."},
    {.key = "admin_keys", .kind = FieldKind::object_list, .items_max = 64, .shape = &admin_key_shape,
     .elements = elements<&Server::admin_keys>(),
     .doc = "Keys for `/signalbox/...`. Without any, only this machine may ask there."},
    {.key = "hosts", .kind = FieldKind::text_list, .slot = slot<&Server::hosts>, .rule = rule_host, .items_max = 64,
     .doc = "Further names in `Host` that mean this server. Others are refused, so that no web page reaches it through a name of its own."},
    {.key = "origins", .kind = FieldKind::text_list, .slot = slot<&Server::origins>, .rule = rule_origin, .items_max = 64,
     .doc = "Web origins that may ask. None by default: a page in your browser must not spend your keys."},
    {.key = "limits", .kind = FieldKind::object, .slot = slot<&Server::limits>, .shape = &limits_shape,
     .doc = "Bounds that keep memory bounded under any input."},
    {.key = "clients", .kind = FieldKind::object, .slot = slot<&Server::clients>, .shape = &clients_shape,
     .doc = "Who may ask, and how much."},
    {.key = "log_level", .kind = FieldKind::choice, .slot = slot<&Server::log_level>, .choices = log_levels,
     .doc = "How much is logged. `info` is one line an exchange."},
    {.key = "threads", .kind = FieldKind::integer, .slot = slot<&Server::threads>, .min = 0, .max = 256,
     .doc = "Threads that serve; 0 is one per core. Hosts without threads ignore it."},
    {.key = "drain_ms", .kind = FieldKind::integer, .slot = slot<&Server::drain_ms>, .min = 0, .max = hour_ms,
     .doc = "How long a stop waits for open exchanges, in milliseconds."},
    {.key = "state_file", .slot = slot<&Server::state_file>, .rule = rule_path,
     .doc = "A file in which the cool-downs of lanes outlive a restart; it holds names of lanes and no secret. A relative path begins at the configuration's folder. None by default. `docs/state.md` says what is kept, and that a file which is not its own is never overwritten."},
};
constinit const Shape server_shape{"server", "How clients reach the gateway.", server_fields, prototype<Server>, ""};

constinit const Field credential_fields[] = {
    {.key = "name", .need = Need::required, .slot = slot<&Credential::name>, .rule = rule_name,
     .doc = "What the log and the health of lanes call it."},
    {.key = "key", .kind = FieldKind::credential_key, .need = Need::required,
     .doc = "The secret: `${VAR}`, or the secret itself. It never enters the core, a log or a report."},
    {.key = "enabled", .kind = FieldKind::boolean, .slot = slot<&Credential::enabled>,
     .doc = "Whether the credential may be used. Off, it stays checked and no lane has it; `POST /signalbox/enable` and `disable` say otherwise while the gateway runs."},
    {.key = "weight", .kind = FieldKind::integer, .slot = slot<&Credential::weight>, .min = 1, .max = weight_max,
     .doc = "Its share beside the provider's other credentials where `spread` is `weighted`, `random` or `least_busy`. 1, so that all have the same."},
    {.key = "concurrent_max", .kind = FieldKind::integer, .slot = slot<&Credential::concurrent_max>, .min = 0, .max = concurrent_most,
     .doc = "How many requests at a time it gets, on all threads; the next go to other credentials. 0 is no bound, because providers say what their limits are, and these differ by plan."},
};
constinit const Shape credential_shape{"credential", "A credential of a provider.", credential_fields, prototype<Credential>, ""};

constinit const Field timeouts_fields[] = {
    {.key = "connect_ms", .kind = FieldKind::integer, .slot = slot<&Timeouts::connect_ms>, .min = 0, .max = hour_ms,
     .doc = "To a connection, TLS included, in milliseconds; 0 is no limit."},
    {.key = "first_byte_ms", .kind = FieldKind::integer, .slot = slot<&Timeouts::first_byte_ms>, .min = 0, .max = day_ms,
     .doc = "From the whole request sent to the answer's head, in milliseconds; 0 is no limit. Long, because whole answers of thinking models take minutes."},
    {.key = "idle_ms", .kind = FieldKind::integer, .slot = slot<&Timeouts::idle_ms>, .min = 0, .max = day_ms,
     .doc = "Between two pieces of an answer, in milliseconds; 0 is no limit. Providers send a sign of life every few seconds, a slow client does not count. Presets bear 300000 where models think in silence, and 600000 where they run on this machine."},
    {.key = "total_ms", .kind = FieldKind::integer, .slot = slot<&Timeouts::total_ms>, .min = 0, .max = day_ms,
     .doc = "For one whole exchange, in milliseconds; 0 is no limit."},
};
constinit const Shape timeouts_shape{"timeouts", "How long an upstream may take.", timeouts_fields, prototype<Timeouts>, ""};

// Both stand behind one key, so that a user finds them together.
template <auto M>
void* sign(void* object) { return &(static_cast<Failures*>(object)->signs.*M); }

constexpr Doc statuses_doc = "Statuses of errors that are a failure of the lane although they are not by themselves, because they blame the request: the next lane is asked, and this one cools. None by default: a client's own mistake would be asked of every lane. What is known to be the upstream's failure needs no mention here.";
constexpr Doc patterns_doc = "Words in what an error says (its type, code or message, and never a model's own words) that make it a failure of the lane, whatever its status. Upper and lower case are one, `*` stands for any characters.";

constinit const Field failure_signs_fields[] = {
    {.key = "statuses", .kind = FieldKind::integer_list, .slot = slot<&FailureSigns::statuses>, .min = 300, .max = 599, .items_max = 64,
     .doc = statuses_doc},
    {.key = "patterns", .kind = FieldKind::text_list, .slot = slot<&FailureSigns::patterns>, .rule = rule_error_pattern, .items_max = 64,
     .doc = patterns_doc},
};
constinit const Shape failure_signs_shape{"failure_signs", "What counts as a failure of this provider, beside what `failures` of the whole configuration and of the route say.", failure_signs_fields, prototype<FailureSigns>, ""};

constinit const Field failures_fields[] = {
    {.key = "statuses", .kind = FieldKind::integer_list, .slot = sign<&FailureSigns::statuses>, .min = 300, .max = 599, .items_max = 64,
     .doc = statuses_doc},
    {.key = "patterns", .kind = FieldKind::text_list, .slot = sign<&FailureSigns::patterns>, .rule = rule_error_pattern, .items_max = 64,
     .doc = patterns_doc},
    {.key = "slow_start_ms", .kind = FieldKind::integer, .slot = slot<&Failures::slow_start_ms>, .min = 0, .max = hour_ms,
     .doc = "A stream whose first content comes later than this after its request was opened, in milliseconds, counts as a failure in the window below; 0 is never. Answers that come whole do not count, because their head comes when all is made. Off, because a model that thinks for minutes is not ill."},
    {.key = "cool_ms", .kind = FieldKind::integer, .slot = slot<&Failures::cool_ms>, .min = 0, .max = day_ms,
     .doc = "How long a lane goes behind the others after a failure that says nothing of its length, in milliseconds; 0 is not at all. It doubles with each failure that no success has parted from the one before. Short at first, because most failures are over by the next request."},
    {.key = "cool_ms_max", .kind = FieldKind::integer, .slot = slot<&Failures::cool_ms_max>, .min = 0, .max = day_ms,
     .doc = "What such a doubling ends at, in milliseconds. What an upstream asks for itself (`retry-after`) is not bound by it, but by a day."},
    {.key = "window_ms", .kind = FieldKind::integer, .slot = slot<&Failures::window_ms>, .min = 8, .max = day_ms,
     .doc = "How far back a lane's attempts are looked at to judge whether it fails too often, in milliseconds."},
    {.key = "window_requests_min", .kind = FieldKind::integer, .slot = slot<&Failures::window_requests_min>, .min = 1, .max = 10'000,
     .doc = "How many attempts that window must hold before it is judged: two failures of three requests are no pattern. Counted from the first failure on, and on servers with several threads in each thread."},
    {.key = "window_failure_percent", .kind = FieldKind::integer, .slot = slot<&Failures::window_failure_percent>, .min = 0, .max = 100,
     .doc = "How many of a hundred attempts in the window must have failed to open the lane's breaker; 0 is never. Half, because below it the lane still helps more than it costs."},
    {.key = "open_ms", .kind = FieldKind::integer, .slot = slot<&Failures::open_ms>, .min = 1, .max = day_ms,
     .doc = "How long an open breaker puts its lane behind the others, in milliseconds. Then one attempt finds out whether it serves again, while the others still go elsewhere; when that fails the time doubles."},
    {.key = "open_ms_max", .kind = FieldKind::integer, .slot = slot<&Failures::open_ms_max>, .min = 1, .max = day_ms,
     .doc = "What that doubling ends at, in milliseconds."},
};
constinit const Shape failures_shape{"failures", "What counts as a failure, and how long a lane suffers for it. Suffering orders lanes and never leaves out the last one. [docs/health.md](health.md) tells all of it.", failures_fields, prototype<Failures>, ""};

constinit const Field probes_fields[] = {
    {.key = "every_ms", .kind = FieldKind::integer, .slot = slot<&Probes::every_ms>, .min = 0, .max = day_ms,
     .doc = "How often a lane that is cooling is asked a few words of ours, in milliseconds; 0 is never. It is asked once more shortly before its cooling ends, so that the first real request finds one that serves; only then where requests have failed behind a probe that was answered. Off, because each question costs some tokens. Lanes whose model the client names are not asked, nor one that has said itself when to come back; a refused credential is asked about every ten minutes at most. Where the host has no timers of its own, a scheduler asks for it with `POST /signalbox/probe`."},
    {.key = "wait_ms_max", .kind = FieldKind::integer, .slot = slot<&Probes::wait_ms_max>, .min = 10, .max = hour_ms,
     .doc = "How long such a question waits to connect, for the head and between two pieces of the answer, in milliseconds, where the provider's `timeouts` are not shorter; twice that in all. Short, because a few words come soon where all is well."},
};
constinit const Shape probes_shape{"probes", "Whether lanes that are cooling are asked before requests are sent to them. [docs/health.md](health.md) tells all of it.", probes_fields, prototype<Probes>, ""};

constinit const Field route_timeouts_fields[] = {
    {.key = "connect_ms", .kind = FieldKind::integer, .slot = slot<&RouteTimeouts::connect_ms>, .min = -1, .max = hour_ms,
     .doc = "To a connection, TLS included, in milliseconds; 0 is no limit, -1 as the provider has it."},
    {.key = "first_byte_ms", .kind = FieldKind::integer, .slot = slot<&RouteTimeouts::first_byte_ms>, .min = -1, .max = day_ms,
     .doc = "From the whole request sent to the answer's head, in milliseconds; 0 is no limit, -1 as the provider has it."},
    {.key = "idle_ms", .kind = FieldKind::integer, .slot = slot<&RouteTimeouts::idle_ms>, .min = -1, .max = day_ms,
     .doc = "Between two pieces of an answer, in milliseconds; 0 is no limit, -1 as the provider has it."},
    {.key = "total_ms", .kind = FieldKind::integer, .slot = slot<&RouteTimeouts::total_ms>, .min = -1, .max = day_ms,
     .doc = "For one whole exchange, in milliseconds; 0 is no limit, -1 as the provider has it."},
};
constinit const Shape route_timeouts_shape{"route_timeouts", "How long an upstream may take on this route, over what its provider says.", route_timeouts_fields, prototype<RouteTimeouts>, ""};

constinit const Field rewrite_condition_fields[] = {
    {.key = "model", .slot = slot<&RewriteCondition::model>, .rule = rule_pattern,
     .doc = "For which models, as the provider names them; `*` stands for any run of characters."},
};
constinit const Shape rewrite_condition_shape{"rewrite_condition", "When a rule holds.", rewrite_condition_fields, prototype<RewriteCondition>, ""};

constinit const Field rewrite_fields[] = {
    {.key = "set", .need = Need::depends, .slot = slot<&Rewrite::set>, .rule = rule_rewrite_path,
     .doc = "The path whose value is to be `value`, whatever stood there. Objects on the way that are missing are made."},
    {.key = "default", .need = Need::depends, .slot = slot<&Rewrite::set_default>, .rule = rule_rewrite_path,
     .doc = "The path whose value is to be `value` where there is no such member, or it is null."},
    {.key = "delete", .need = Need::depends, .slot = slot<&Rewrite::remove>, .rule = rule_rewrite_path,
     .doc = "The path that is to go."},
    {.key = "rename", .need = Need::depends, .slot = slot<&Rewrite::rename>, .rule = rule_rewrite_path,
     .doc = "The path of a member that is to be called `to`. Where there is one of that name already it stays, and this one goes."},
    {.key = "value", .kind = FieldKind::json, .need = Need::depends, .slot = slot<&Rewrite::value>,
     .doc = "The value of `set` and `default`: any, also a list or a mapping."},
    {.key = "to", .need = Need::depends, .slot = slot<&Rewrite::to>, .rule = rule_rewrite_name,
     .doc = "The new name of `rename`."},
    {.key = "when", .kind = FieldKind::object, .slot = slot<&Rewrite::when>, .shape = &rewrite_condition_shape,
     .doc = "When the rule holds; always, where this does not stand."},
};
constinit const Shape rewrite_shape{"rewrite", "A rule about the body that goes to the provider: one of `set`, `default`, `delete` and `rename`, with a path. A path is names of members, indices of lists, and `*` for all there are, with dots between: `tools.*.strict`. `model` and `stream` are not for rules. [docs/rules.md](rules.md) has examples.",
                          rewrite_fields, prototype<Rewrite>,
                          R"([{"required": ["set", "value"]}, {"required": ["default", "value"]}, {"required": ["delete"]}, {"required": ["rename", "to"]}])"};

constinit const Field provider_fields[] = {
    {.key = "preset", .kind = FieldKind::choice, .choices = preset_choices.list,
     .doc = "What is known of this provider: its `dialect`, `base_url` and `flags`, and of a local server that it needs no key. Your own keys go over it, one by one also inside `flags` and `timeouts`; another `dialect` may need its own `base_url`. The table of presets stands below."},
    {.key = "dialect", .kind = FieldKind::choice, .need = Need::depends, .slot = slot<&Provider::dialect>, .choices = dialects,
     .doc = "The protocol the provider speaks. Required unless `preset` or `builtin` is given."},
    {.key = "base_url", .need = Need::depends, .slot = slot<&Provider::base_url>, .rule = rule_base_url,
     .doc = "Where the provider is: its root, with or without `/v1`. Required unless `preset` or `builtin` is given."},
    {.key = "enabled", .kind = FieldKind::boolean, .slot = slot<&Provider::enabled>,
     .doc = "Whether the provider may be used. Off, it stays checked and is left out of every route."},
    {.key = "probes", .kind = FieldKind::boolean, .slot = slot<&Provider::probes>,
     .doc = "Whether its lanes are probed where `probes` asks for that. Off for one whose every request is dear."},
    {.key = "credentials", .kind = FieldKind::object_list, .need = Need::depends, .items_max = 256, .shape = &credential_shape,
     .elements = elements<&Provider::credentials>(),
     .doc = "The provider's credentials. They are asked in this order, the next at once when one fails before it has said anything; lanes that have just failed go last. An empty list says that the provider needs none. One of `credentials`, `key` and `passthrough` is required unless `builtin` is given, or a `preset` that needs none."},
    {.key = "spread", .kind = FieldKind::choice, .slot = slot<&Provider::spread>, .choices = spreads,
     .doc = "In which order the credentials are asked: as a route's `strategy`, over the credentials of one target. `priority`, the order of the file, because the first is often the one that is paid for anyway."},
    {.key = "key", .kind = FieldKind::credential_key, .need = Need::depends,
     .doc = "Short for one credential with the name `default`."},
    {.key = "passthrough", .kind = FieldKind::boolean, .slot = slot<&Provider::passthrough>,
     .doc = "Whether the client's own credential goes on to this provider, in place of one of ours."},
    {.key = "auth_style", .kind = FieldKind::choice, .slot = slot<&Provider::auth_style>, .choices = auth_styles,
     .doc = "In which header the provider wants its key: `authorization: Bearer` and the key, `x-api-key`, `x-goog-api-key` or `api-key`. Where it does not stand, the preset's, and else that of the dialect: `x_api_key` for `anthropic`, `x_goog_api_key` for `gemini`, `bearer` for the others."},
    {.key = "headers", .kind = FieldKind::header_map, .slot = slot<&Provider::headers>, .rule = rule_header_value,
     .key_rule = rule_header_name, .items_max = 64, .key_word = "<header>",
     .doc = "Headers to add to every request, in place of the client's own of the same name. Credentials do not belong here."},
    {.key = "beta_allow", .kind = FieldKind::text_list, .slot = slot<&Provider::beta_allow>, .rule = rule_pattern, .items_max = 64,
     .doc = "Which of the names in a client's `anthropic-beta` go on to a provider of that dialect: patterns, in which `*` stands for any characters. All by default; clouds and compatible servers refuse requests that name a beta they do not know."},
    {.key = "proxy", .slot = slot<&Provider::proxy>, .rule = rule_proxy,
     .doc = "A proxy for this provider alone. None by default."},
    {.key = "ca_file", .slot = slot<&Provider::ca_file>, .rule = rule_path,
     .doc = "Certificates to trust for this provider (PEM) in place of the system's. TLS is always verified."},
    {.key = "concurrent_max", .kind = FieldKind::integer, .slot = slot<&Provider::concurrent_max>, .min = 0, .max = 1'000'000,
     .doc = "How many requests at a time the provider gets, whichever its lanes; 0 is no bound, because most providers say theirs themselves. Where a lane has no place left, the next one is asked; where none has, the request waits (a route's `queue`) or is refused. [docs/waiting.md](waiting.md) says how exact it is on which host."},
    {.key = "timeouts", .kind = FieldKind::object, .slot = slot<&Provider::timeouts>, .shape = &timeouts_shape,
     .doc = "How long the provider may take."},
    {.key = "failures", .kind = FieldKind::object, .slot = slot<&Provider::failures>, .shape = &failure_signs_shape,
     .doc = "What counts as a failure of this provider, beside what `failures` of the whole configuration and of the route say."},
    {.key = "flags", .kind = FieldKind::object, .slot = slot<&Provider::flags>, .shape = &flags_shape,
     .doc = "What the provider can and cannot take."},
    {.key = "rewrite", .kind = FieldKind::object_list, .items_max = 64, .shape = &rewrite_shape, .elements = elements<&Provider::rewrite>(),
     .doc = "Rules about the body of every request to this provider, in this order, as the last that happens to it."},
    {.key = "takes", .kind = FieldKind::object, .slot = slot<&Provider::takes>, .shape = &takes_shape,
     .doc = "What can be sent to its models at all; `models` can say it for one."},
    {.key = "builtin", .kind = FieldKind::choice, .slot = slot<&Provider::mock>, .choices = builtins,
     .doc = "A provider that is part of the gateway: `mock` answers by itself and sends nothing anywhere. Goes with `dialect`, `enabled` and `flags` only."},
};
constinit const Shape provider_shape{"provider", "An upstream service.", provider_fields, prototype<Provider>,
                           R"([{"required": ["builtin"]}, {"required": ["preset"]}, {"required": ["dialect", "base_url"]}])"};

constinit const Field price_fields[] = {
    {.key = "input", .kind = FieldKind::decimal, .need = Need::required, .slot = slot<&Price::input>, .min = 0, .max = 100'000,
     .doc = "For tokens of the prompt."},
    {.key = "output", .kind = FieldKind::decimal, .need = Need::required, .slot = slot<&Price::output>, .min = 0, .max = 100'000,
     .doc = "For tokens of the answer."},
    {.key = "cache_read", .kind = FieldKind::decimal, .slot = slot<&Price::cache_read>, .min = 0, .max = 100'000,
     .doc = "For tokens of the prompt that the provider had in its cache; as `input` where it does not stand."},
    {.key = "cache_write", .kind = FieldKind::decimal, .slot = slot<&Price::cache_write>, .min = 0, .max = 100'000,
     .doc = "For tokens of the prompt that go into its cache; as `input` where it does not stand."},
};
constinit const Shape price_shape{"price", "What a model costs, in US dollars for a million tokens; any one currency will do.", price_fields, prototype<Price>, ""};

constinit const Field model_fields[] = {
    {.key = "provider", .need = Need::required, .rule = rule_name,
     .doc = "The provider that has the model."},
    {.key = "upstream_model", .need = Need::required, .slot = slot<&Model::upstream_model>, .rule = rule_upstream_model,
     .doc = "What the provider calls the model."},
    {.key = "context_tokens_max", .kind = FieldKind::integer, .slot = slot<&Model::context_tokens_max>, .min = 0, .max = 100'000'000,
     .doc = "How many tokens the model takes in all; 0 is not said, or what the preset knows. With it, a translated request asks for no more answer than fits beside its prompt. Said here, no request that is longer is sent to it (docs/routing.md)."},
    {.key = "output_tokens_max", .kind = FieldKind::integer, .slot = slot<&Model::output_tokens_max>, .min = 0, .max = 100'000'000,
     .doc = "How many tokens one answer may have; 0 is not said, or what the preset knows. With it, a translated request asks for no more, where the provider would refuse."},
    {.key = "concurrent_max", .kind = FieldKind::integer, .slot = slot<&Model::concurrent_max>, .min = 0, .max = 1'000'000,
     .doc = "How many requests at a time go to this entry, through whichever routes; 0 is no bound. A local server that has room for two conversations is best asked for two."},
    {.key = "flags", .kind = FieldKind::object, .shape = &flags_shape,
     .doc = "What this model can and cannot take, over the flags of its provider."},
    {.key = "rewrite", .kind = FieldKind::object_list, .items_max = 64, .shape = &rewrite_shape, .elements = elements<&Model::rewrite>(),
     .doc = "Rules about the body of every request to this model, behind those of its provider."},
    {.key = "takes", .kind = FieldKind::object, .slot = slot<&Model::takes>, .shape = &takes_shape,
     .doc = "What can be sent to this model, over what its provider says."},
    {.key = "price", .kind = FieldKind::object, .slot = slot<&Model::price>, .shape = &price_shape,
     .doc = "What the model costs, for the strategy `cheapest`. No price is built in: they change, and differ by contract."},
};
constinit const Shape model_shape{"model", "A model under a name of your own.", model_fields, prototype<Model>, ""};

constinit const Field target_fields[] = {
    {.key = "model", .need = Need::required, .rule = rule_upstream_model,
     .doc = "What stands in the list where there is nothing more to say: a name from `models`, `provider/model`, or `provider/*`."},
    {.key = "weight", .kind = FieldKind::integer, .slot = slot<&Target::weight>, .min = 1, .max = weight_max,
     .doc = "Its share beside the route's other targets where `strategy` is `weighted`, `random` or `least_busy`. 1, so that all have the same. A target that is to get nothing is left out."},
    {.key = "concurrent_max", .kind = FieldKind::integer, .slot = slot<&Target::concurrent_max>, .min = 0, .max = concurrent_most,
     .doc = "How many requests it has at a time by this route, over all credentials and threads; the next go to other lanes, or wait where the route has a `queue`. 0 is no bound."},
};
constinit const Shape target_shape{"target", "A target, with what holds for it in this route.", target_fields, prototype<Target>, ""};

constinit const Field affinity_fields[] = {
    {.key = "by", .kind = FieldKind::choice, .slot = slot<&Affinity::by>, .choices = affinities,
     .doc = "What keeps requests together. `session`: the session that the client names, and its first message; `off`: nothing. Where it does not stand, `session` where lanes are equal choices, which is where `strategy` or a provider's `spread` is another than `priority`, because providers cache prompts by credential and a conversation that moves pays for its prompt again. [docs/strategies.md](strategies.md) has the details."},
    {.key = "subagents", .kind = FieldKind::choice, .slot = slot<&Affinity::subagents>, .choices = subagent_choices,
     .doc = "Whether the subagents of a session may have lanes of their own. `apart`, because they share no prompt, and fifty of them at one credential meet its limits; `together` goes by the session's name alone."},
    {.key = "keep_ms", .kind = FieldKind::integer, .slot = slot<&Affinity::keep_ms>, .min = 1, .max = day_ms,
     .doc = "How long a conversation stays, without another request, where it was moved to or put by what was known at the time, in milliseconds; in a `priority` route at most so long from its move on. Five minutes is how long providers keep a prompt in their caches."},
};
constinit const Shape affinity_shape{"affinity", "How a conversation stays where its prompt is cached.", affinity_fields, prototype<Affinity>, ""};

constinit const Field queue_fields[] = {
    {.key = "places_max", .kind = FieldKind::integer, .slot = slot<&Queue::places_max>, .min = 0, .max = 100'000,
     .doc = "How many requests wait at a time, on all threads together; the next is refused at once. 0, so that nobody waits unasked: a client that is told to come back can go elsewhere."},
    {.key = "wait_ms_max", .kind = FieldKind::integer, .slot = slot<&Queue::wait_ms_max>, .min = 1, .max = hour_ms,
     .doc = "How long a request waits before it is refused, in milliseconds. 20 seconds, because agents ask again by themselves after that, and a streaming client hears keep-alives meanwhile (`failover.gate_ms`)."},
};
constinit const Shape queue_shape{"queue", "How requests wait where every lane of their route is at its bound: in the order in which they came.", queue_fields, prototype<Queue>, ""};

constinit const Field failover_fields[] = {
    {.key = "attempts_max", .kind = FieldKind::integer, .slot = slot<&Failover::attempts_max>, .min = 1, .max = 64,
     .doc = "The most attempts of one exchange, the first included. More than a client waits for; fewer than a broken request costs money for."},
    {.key = "retry_wait_ms_max", .kind = FieldKind::integer, .slot = slot<&Failover::retry_wait_ms_max>, .min = 0, .max = hour_ms,
     .doc = "A lane is asked again only if it named a pause (`retry-after`), as long as all pauses of one request together are no longer than this, in milliseconds. Longer pauses are the client's to wait, which then knows of them."},
    {.key = "gate_ms", .kind = FieldKind::integer, .slot = slot<&Failover::gate_ms>, .min = 0, .max = hour_ms,
     .doc = "After this long without content a client that streams gets its headers and keep-alives, in milliseconds, while other lanes may still answer. Before that, an error has its own status; clients and proxies give up on longer silence."},
    {.key = "gate_bytes_max", .kind = FieldKind::integer, .slot = slot<&Failover::gate_bytes_max>, .min = kib, .max = 16 * mib,
     .doc = "How much of an answer without content is held, in bytes, before it is let through. Real answers hold less than 4 KiB before their first word."},
    {.key = "gate_frames_max", .kind = FieldKind::integer, .slot = slot<&Failover::gate_frames_max>, .min = 1, .max = 65'536,
     .doc = "How many events without content are held before the answer is let through; pings do not count."},
    {.key = "keep_alive_ms", .kind = FieldKind::integer, .slot = slot<&Failover::keep_alive_ms>, .min = 1, .max = hour_ms,
     .doc = "How long a stream is silent towards its client before a sign of life is sent, in milliseconds. Claude Code complains after 20 seconds."},
    {.key = "retry_budget_percent", .kind = FieldKind::integer, .slot = slot<&Failover::retry_budget_percent>, .min = 0, .max = 100,
     .doc = "How many second attempts a provider gets for each hundred requests to it; a few are always allowed. A provider that is down is not asked twice as often for it."},
};
constinit const Shape failover_shape{"failover", "How failures are met before a client has seen content.", failover_fields, prototype<Failover>, ""};

constinit const Field route_fields[] = {
    {.key = "name", .slot = slot<&Route::name>, .rule = rule_name,
     .doc = "What rules, tasks and tags call the route; also `x-signalbox-route` and the log then do. Not needed by others."},
    {.key = "match", .need = Need::depends, .slot = slot<&Route::match>, .rule = rule_pattern,
     .doc = "Which models, as the client names them, this route takes; `*` stands for any run of characters. A route with a `name` may have none, and answers where a rule, a task or a tag says so."},
    {.key = "targets", .kind = FieldKind::target_list, .need = Need::required, .rule = rule_upstream_model, .items_max = 256, .shape = &target_shape,
     .doc = "Who serves: a name from `models`, `provider/model`, or `provider/*` for the model the client named; or a mapping that says more. They are asked in this order unless `strategy` says another, the next at once when one fails before it has said anything; lanes that have just failed go last."},
    {.key = "accounting", .kind = FieldKind::choice, .slot = slot<&Route::accounting>, .choices = accountings,
     .doc = "Whether usage is read from answers. Off, answers of the same dialect go by unseen, without usage figures and without an honest ending when an upstream breaks off."},
    {.key = "on_loss", .kind = FieldKind::choice, .slot = slot<&Route::on_loss>, .choices = on_losses,
     .doc = "What becomes of a request that a target's dialect cannot carry whole: sent without the part, which `x-signalbox-translation-loss` and the log name (`report`), or answered with 400 naming it (`reject`). `report`, because agents send much that a model can do without."},
    {.key = "echo_model", .kind = FieldKind::choice, .slot = slot<&Route::echo_model>, .choices = echo_models,
     .doc = "Whose name for the model a translated answer shows. `client`, because agents look up prices and windows by the name they asked for; `x-signalbox-model` says the other."},
    {.key = "strategy", .kind = FieldKind::choice, .slot = slot<&Route::strategy>, .choices = strategies,
     .doc = "Which target is asked first, and which next: `priority`, the order of the list; `round_robin`, the one that has not had a turn for longest; `weighted`, by `weight`, evenly mixed; `random`, by `weight`; `least_busy`, the fewest open requests; `fastest`, the shortest time to a stream's first content of late; `cheapest`, by `price`, the size of the request and what of prompts came from the cache; `quota`, the most left of what the provider's headers say. `priority`, because the order of a list says something. [docs/strategies.md](strategies.md) has the details."},
    {.key = "affinity", .kind = FieldKind::object, .slot = slot<&Route::affinity>, .shape = &affinity_shape,
     .doc = "How a conversation stays where its prompt is cached."},
    {.key = "commit", .kind = FieldKind::choice, .slot = slot<&Route::commit>, .choices = commits,
     .doc = "Until when another target may still answer: the first content, or the head of the answer. `first_content`, because many failures come behind a head that says 200; `head` lets the first byte through at once."},
    {.key = "queue", .kind = FieldKind::object, .slot = slot<&Route::queue>, .shape = &queue_shape,
     .doc = "How requests wait where every lane of the route is at its bound (`concurrent_max`)."},
    {.key = "once", .kind = FieldKind::choice, .slot = slot<&Route::once>, .choices = onces,
     .doc = "Whether identical requests share one upstream call: those of the same client, to the byte, that come while the first is being answered get the same answer from its beginning. Off, because who asks twice may want two answers; on, whoever asks again while a first connection still stands costs nothing. [docs/once.md](once.md) says what is identical."},
    {.key = "failover", .kind = FieldKind::object, .shape = &failover_shape,
     .doc = "How failures are met on this route: its keys over those of the whole configuration."},
    {.key = "failures", .kind = FieldKind::object, .shape = &failures_shape,
     .doc = "What counts as a failure on this route: its keys over those of the whole configuration. A lane's health is one for all routes."},
    {.key = "timeouts", .kind = FieldKind::object, .slot = slot<&Route::timeouts>, .shape = &route_timeouts_shape,
     .doc = "How long an upstream may take on this route, over what its provider says."},
};
constinit const Shape route_shape{"route", "Which targets serve which models.", route_fields, prototype<Route>, R"([{"required": ["match"]}, {"required": ["name"]}])"};

constinit const Field root_fields[] = {
    {.key = "server", .kind = FieldKind::object, .slot = slot<&Config::server>, .shape = &server_shape,
     .doc = "How clients reach the gateway."},
    {.key = "failover", .kind = FieldKind::object, .slot = slot<&Config::failover>, .shape = &failover_shape,
     .doc = "How failures are met before a client has seen content."},
    {.key = "failures", .kind = FieldKind::object, .slot = slot<&Config::failures>, .shape = &failures_shape,
     .doc = "What counts as a failure, and how long a lane suffers for it."},
    {.key = "probes", .kind = FieldKind::object, .slot = slot<&Config::probes>, .shape = &probes_shape,
     .doc = "Whether lanes that are cooling are asked before requests are sent to them."},
    {.key = "providers", .kind = FieldKind::object_map, .need = Need::required, .key_rule = rule_name, .items_max = 1024,
     .shape = &provider_shape, .elements = elements<&Config::providers>(name<&Provider::name>), .key_word = "<provider>",
     .doc = "The upstream services, by names of your own."},
    {.key = "models", .kind = FieldKind::object_map, .key_rule = rule_model_name, .items_max = 4096,
     .shape = &model_shape, .elements = elements<&Config::models>(name<&Model::name>), .key_word = "<model>",
     .doc = "Models under names of your own, for routes and for clients that ask for them by these names: each is served by its own name, ahead of all patterns, unless a route's `match` is just that name."},
    {.key = "routes", .kind = FieldKind::object_list, .items_max = 256, .shape = &route_shape,
     .elements = elements<&Config::routes>(),
     .doc = "Which targets serve which models; the first route that matches serves. Without routes there is one, `*`, with `provider/*` for every enabled provider in the order of the file. A pattern's options hold for the `models` entries whose names it takes, and its targets follow them where they are among these."},
    {.key = "rules", .kind = FieldKind::object_list, .items_max = 256, .shape = &rule_shape, .elements = elements<&Config::rules>(),
     .doc = "Who answers where some facts of a request hold, in this order and ahead of `tasks` and `routes`. [docs/routing.md](routing.md) has examples."},
    {.key = "thinking_suffix", .kind = FieldKind::choice, .slot = slot<&Config::thinking_suffix>, .choices = thinking_suffixes,
     .doc = "Whether `model(high)` and `model(8192)` ask the model for that much thinking: one of `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max` and `auto`, or a budget in tokens. It takes the place of what the body says, and a name that is configured with its parentheses is a name. Off, because a model's name is the client's word, and some upstreams have such names themselves."},
    {.key = "tasks", .kind = FieldKind::object, .slot = slot<&Config::tasks>, .shape = &tasks_shape,
     .doc = "Who answers what kind of work: background, thinking, long contexts, and so on."},
};
constinit const Shape root{"root", "Signalbox configuration.", root_fields, prototype<Config>, ""};
// clang-format on

}  // namespace

const Shape& root_shape() { return root; }

const Field* find(const Shape& shape, std::string_view key) {
  for (const Field& field : shape.fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

std::vector<PlacedShape> placed_shapes() {
  std::vector<PlacedShape> found{{&root, {""}}};
  for (size_t i = 0; i < found.size(); ++i) {
    for (const Field& field : found[i].shape->fields) {
      if (field.shape == nullptr) continue;
      std::string path = found[i].paths.front();
      if (!path.empty()) path += ".";
      path += field.key;
      if (field.kind == FieldKind::object_list || field.kind == FieldKind::target_list) path += "[]";
      if (field.kind == FieldKind::object_map) path += "." + std::string(field.key_word);
      size_t known = 0;
      while (known < found.size() && found[known].shape != field.shape) ++known;
      if (known == found.size()) found.push_back({field.shape, {}});
      found[known].paths.push_back(std::move(path));
    }
  }
  return found;
}

}  // namespace signalbox::config
