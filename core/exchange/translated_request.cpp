#include "exchange/translated_request.h"

#include <utility>

#include "dialects/canonical/envelope.h"
#include "dialects/canonical/parts.h"
#include "dialects/canonical/size.h"

namespace signalbox::exchange {

Fault TranslatedRequest::read(const dialects::DialectRow& client, std::string_view client_body) {
  if (was_read) return {};
  canonical::ReadResult result = client.read_request(client_body, arena, request_losses);
  request = result.request;
  was_read = !result.fault;
  tool_ids = canonical::ToolIds(request);
  rough_tokens = canonical::rough_tokens(request);
  read_bytes = client_body.size();
  return std::move(result.fault);
}

void TranslatedRequest::write(const routing::Lane& lane, const Provider& to, int64_t input_tokens_estimate) {
  losses = request_losses;
  names = {};
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
                                        .input_tokens_estimate = input_tokens_estimate};
  dialects::row_of(to.dialect).write_request(request, context, body);
}

void TranslatedRequest::forget_lane() {
  losses.clear();
  names = {};
  scope.clear();
}

void TranslatedRequest::release() {
  request = {};
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
