#include "exchange/translated_request.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "dialects/canonical/cut_texts.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/normal_form.h"
#include "dialects/canonical/parts.h"
#include "dialects/canonical/size.h"
#include "http/url.h"

namespace signalbox::exchange {
namespace {

bool is_scoped(const canonical::Block& block) {
  const auto* thinking = block.as<canonical::Thinking>();
  return thinking && !thinking->from.scope.empty();
}

bool is_same_vendor(const Provider& one, const Provider& other) {
  if (&one == &other) return true;
  const auto a = http::split_url(one.base_url), b = http::split_url(other.base_url);
  return a && b && a->port == b->port && base::equals_ignoring_case(a->host, b->host);
}

// The scopes of all credentials at the host of `to`, which is as much as a configuration says of who the vendor is.
// Empty where `request` has no state that could be of one.
std::span<const std::string_view> vendor_scopes(const canonical::Request& request, const Provider& to,
                                                const Config& config, Arena& arena) {
  if (std::none_of(request.messages.begin(), request.messages.end(), [](const canonical::Message& message) {
        return std::any_of(message.blocks.begin(), message.blocks.end(), is_scoped);
      }))
    return {};
  std::vector<std::string_view> scopes;
  for (const Provider& each : config.providers) {
    if (!is_same_vendor(each, to)) continue;
    for (const Credential& credential : each.credentials)
      scopes.push_back(canonical::scope_of(each.name, credential.name, arena));
    if (each.credentials.empty()) scopes.push_back(canonical::scope_of(each.name, {}, arena));
  }
  const auto kept = arena.array<std::string_view>(scopes.size());
  std::copy(scopes.begin(), scopes.end(), kept.begin());
  return kept;
}

}  // namespace

Fault TranslatedRequest::read(const dialects::DialectRow& client, const routing::Facts& facts,
                              std::string_view client_body) {
  if (was_read) return {};
  canonical::ReadResult result = client.read_request(client_body, arena, request_losses);
  request = result.request;
  request.streamed = facts.streamed;
  if (facts.thinking.any()) {
    request.reasoning.effort = canonical::Effort(facts.thinking.effort);
    request.reasoning.budget_tokens = facts.thinking.budget_tokens;
  }
  canonical::cut_texts(request, facts.tag_cuts_within, client_body, arena);
  was_read = !result.fault;
  tool_ids = canonical::ToolIds(request);
  tool_origins = canonical::ToolOrigins(request);
  rough_tokens = canonical::rough_tokens(request);
  read_bytes = client_body.size();
  return std::move(result.fault);
}

void TranslatedRequest::write(const routing::Lane& lane, const Config& config, int64_t input_tokens_estimate) {
  const Provider& to = config.providers[lane.provider];
  losses = request_losses;
  names = {};
  stops_left.clear();
  scope = canonical::scope_of(to.name, lane.credential, arena);
  body.clear();
  body.reserve(read_bytes + read_bytes / 16 + 1024);  // other dialects put it into more words or fewer, by little
  const canonical::WriteContext context{.model = lane.upstream_model,
                                        .flags = lane.flags,
                                        .output_tokens_max = lane.output_tokens_max,
                                        .scope = scope,
                                        .arena = arena,
                                        .names = names,
                                        .losses = losses,
                                        .context_tokens_max = lane.context_tokens_max,
                                        .input_tokens_estimate = input_tokens_estimate,
                                        .stops_left = &stops_left,
                                        .vendor_scopes = vendor_scopes(request, to, config, arena)};
  dialects::row_of(to.dialect).write_request(request, context, body);
}

bool TranslatedRequest::write_without_thinking(const routing::Lane& lane, const Config& config,
                                               int64_t input_tokens_estimate, std::string& sent) {
  const auto is_thinking = [](const canonical::Block& block) { return block.as<canonical::Thinking>() != nullptr; };
  const auto as_read = request.messages;
  const std::span<canonical::Message> messages = arena.array<canonical::Message>(as_read.size());
  bool any = false;
  for (size_t i = 0; i < messages.size(); ++i) {
    canonical::Message& message = messages[i];
    message = as_read[i];
    const canonical::Blocks said = message.blocks;
    if (std::none_of(said.begin(), said.end(), is_thinking)) continue;
    any = true;
    const std::span<canonical::Block> kept = arena.array<canonical::Block>(said.size());
    const auto end = std::remove_copy_if(said.begin(), said.end(), kept.begin(), is_thinking);
    message.blocks = {kept.data(), size_t(end - kept.begin())};
  }
  if (!any) return false;
  canonical::Losses of_thinking;
  of_thinking.add("messages.thinking");
  const canonical::Losses sent_losses = losses;
  sent.swap(body);
  request.messages = canonical::in_normal_form(messages, arena, of_thinking);
  write(lane, config, input_tokens_estimate);
  request.messages = as_read;
  if (body == sent) {
    sent.swap(body);
    losses = sent_losses;
    return false;
  }
  for (const std::string& path : losses.paths()) of_thinking.add(path);
  losses = std::move(of_thinking);
  return true;
}

void TranslatedRequest::forget_lane() {
  losses.clear();
  names = {};
  stops_left.clear();
  scope.clear();
}

void TranslatedRequest::release() {
  request = {};
  stops_left.clear();
  arena.reset();
  std::string().swap(body);
}

Fault TranslatedRequest::rejected_by(const Route& route, const Provider& to) const {
  if (losses.empty() || route.on_loss == OnLoss::report) return {};
  Fault fault{FaultKind::translation_loss, "Provider \""};
  fault.detail += to.name;
  fault.detail += "\" cannot be told all of this request; lost would be: ";
  fault.detail += losses.joined();
  fault.detail += ".";
  return fault;
}

}  // namespace signalbox::exchange
