// What a wasm module of Signalbox offers its host, and all of it: it imports nothing. A host owns gateways and
// exchanges and deletes both, exchanges first; an address of 0 says that memory is used up. A call that traps
// leaves the instance unusable.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "hosts/capabilities.h"
#include "signalbox/error_body.h"
#include "wasm/fields.h"
#include "wasm/hosted_config.h"
#include "wasm/port.h"

#define SIGNALBOX_EXPORT(name) extern "C" __attribute__((export_name(#name), used, visibility("default")))

namespace signalbox::bindings {
namespace {

struct Hosted {
  Hosted(HostedConfig read, Capabilities capabilities, uint32_t writer)
      : config(std::move(read)), gateway(config.config, capabilities, writer) {}
  HostedConfig config;
  Gateway gateway;
};

// The text that the last call gave; the next call's takes its place.
std::string answer;

void add_field(std::string_view text) {
  answer += text;
  answer += '\0';
}

void add_number(int64_t number) {
  base::append_decimal(answer, number);
  answer += '\0';
}

// Fields `name, use, state, value` of each variable, use and state as numbers.
std::vector<Variable> read_variables(std::string_view text) {
  std::vector<Variable> variables;
  Fields fields(text);
  while (fields.more()) {
    Variable& one = variables.emplace_back();
    one.name = fields.next();
    one.use = VariableUse(base::parse_decimal(fields.next()).value_or(0));
    one.state = VariableState(base::parse_decimal(fields.next()).value_or(int64_t(VariableState::unset)));
    one.value = fields.next();
  }
  return variables;
}

}  // namespace
}  // namespace signalbox::bindings

using namespace signalbox;
using namespace signalbox::bindings;

// Memory for what a call below takes; the host gives it back.
SIGNALBOX_EXPORT(signalbox_allocate) void* signalbox_allocate(size_t bytes) { return std::malloc(bytes ? bytes : 1); }
SIGNALBOX_EXPORT(signalbox_free) void signalbox_free(void* memory) { std::free(memory); }

// The text that the call before gave.
SIGNALBOX_EXPORT(signalbox_answer) const char* signalbox_answer() { return answer.data(); }
SIGNALBOX_EXPORT(signalbox_answer_bytes) size_t signalbox_answer_bytes() { return answer.size(); }

// Answers `name, use` for each variable that the configuration names.
SIGNALBOX_EXPORT(signalbox_variables) void signalbox_variables(const char* text, size_t bytes) {
  answer.clear();
  for (const Variable& each : variables_of({text, bytes})) {
    add_field(each.name);
    add_number(int64_t(each.use));
  }
}

// A gateway with this configuration (JSON) and what the host knows of its variables (`name, use, state, value`);
// `before` is the gateway that gets it, or null for a new one. A configuration with problems is no failure: the gateway
// says so on /readyz. The last four numbers are of the host's Capabilities; `connecting_ip`
// is 1 where Capabilities::address_header is Cloudflare's. The others are not asked for: no host behind
// this boundary can have them, since effects carry neither proxies nor certificates, and no file is ever named.
SIGNALBOX_EXPORT(signalbox_configure)
Hosted* signalbox_configure(Hosted* before, const char* text, size_t bytes, const char* variables,
                            size_t variables_bytes, uint32_t writer, uint32_t request_bytes_max,
                            uint32_t upstreams_awaiting_head_max, uint32_t connecting_ip, uint32_t asks_for_places) {
  Capabilities capabilities = hosts::javascript;
  capabilities.request_bytes_max = request_bytes_max;
  capabilities.upstreams_awaiting_head_max = upstreams_awaiting_head_max;
  capabilities.asks_for_places = asks_for_places != 0;
  if (connecting_ip) capabilities.address_header = hosts::cloudflare_worker.address_header;
  HostedConfig config = read_hosted({text, bytes}, read_variables({variables, variables_bytes}), capabilities);
  if (before) {
    before->config = std::move(config);
    before->gateway.adopt(before->config.config);
    return before;
  }
  return new Hosted(std::move(config), capabilities, writer);
}

SIGNALBOX_EXPORT(signalbox_gateway_delete) void signalbox_gateway_delete(Hosted* hosted) { delete hosted; }

// How many problems the configuration has; it is answered sentence by sentence, warnings behind.
SIGNALBOX_EXPORT(signalbox_problems) size_t signalbox_problems(const Hosted* hosted) {
  answer.clear();
  for (const config::Problem& each : hosted->config.problems) add_field(config::sentence(each));
  for (const config::Problem& each : hosted->config.warnings) add_field(config::sentence(each));
  return hosted->config.problems.size();
}

// Answers `provider, credential, variable` for each credential.
SIGNALBOX_EXPORT(signalbox_credentials) void signalbox_credentials(const Hosted* hosted) {
  answer.clear();
  for (const CredentialVariable& each : hosted->config.credentials) {
    add_field(each.provider);
    add_field(each.credential);
    add_field(each.variable);
  }
}

// How long a client's body may say nothing before its host tells of ClientFailed{request_timeout}.
SIGNALBOX_EXPORT(signalbox_request_body_idle_ms) double signalbox_request_body_idle_ms(const Hosted* hosted) {
  return double(hosted->config.config->server.limits.request_body_idle_ms_max);
}

// How long all of a client's body may take before its host tells the same.
SIGNALBOX_EXPORT(signalbox_request_body_ms) double signalbox_request_body_ms(const Hosted* hosted) {
  return double(hosted->config.config->server.limits.request_body_ms_max);
}

// How many bytes the head of an upstream's answer may have before its host tells of UpstreamFailed{upstream_head_too_large}.
SIGNALBOX_EXPORT(signalbox_answer_head_bytes) double signalbox_answer_head_bytes(const Hosted* hosted) {
  return double(hosted->config.config->server.limits.answer_head_bytes_max);
}

// Takes in a delta or a snapshot; 0 when it was none, and nothing has changed.
SIGNALBOX_EXPORT(signalbox_merge) int signalbox_merge(Hosted* hosted, const char* delta, size_t bytes) {
  return hosted->gateway.merge({delta, bytes});
}

// Answers everything there is to share.
SIGNALBOX_EXPORT(signalbox_snapshot) void signalbox_snapshot(const Hosted* hosted) {
  answer = hosted->gateway.snapshot();
}

SIGNALBOX_EXPORT(signalbox_exchange_new) Port* signalbox_exchange_new(Hosted* hosted) {
  return new Port(hosted->gateway);
}
SIGNALBOX_EXPORT(signalbox_exchange_delete) void signalbox_exchange_delete(Port* port) { delete port; }

// Where the next `bytes` bytes of a head or a body go. What was written there counts once an event tells of it.
SIGNALBOX_EXPORT(signalbox_room) char* signalbox_room(Port* port, uint32_t room, uint32_t attempt, size_t bytes) {
  return port->room(Room(room), attempt, bytes);
}

// The one step: an event's record in, a step's record out, which stays until the next call for this exchange.
SIGNALBOX_EXPORT(signalbox_handle)
const StepRecord* signalbox_handle(Port* port, const EventRecord* event, double monotonic_ms, double unix_ms) {
  return &port->handle(*event, Now{int64_t(monotonic_ms), int64_t(unix_ms)});
}

// Answers the body of an error for who asked for `target` with `headers` (`target, (name, value)...`), where there is no
// exchange to say it; gives the status. `detail` may be empty.
SIGNALBOX_EXPORT(signalbox_error_body)
int signalbox_error_body(uint32_t fault, const char* head, size_t head_bytes, const char* detail, size_t detail_bytes,
                         const char* request_id, size_t request_id_bytes) {
  Fields fields({head, head_bytes});
  const std::string_view target = fields.next();
  std::vector<Header> headers;
  fields.next_headers(headers);
  answer.clear();
  const Fault told{FaultKind(fault), std::string(detail, detail_bytes)};
  write_error_body(answer, target, headers, told, {request_id, request_id_bytes});
  return row(told.kind).status;
}
