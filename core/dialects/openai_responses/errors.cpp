#include "dialects/openai_responses/errors.h"

#include "dialects/openai.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_responses {

std::string_view error_code(FaultKind kind) {
  switch (kind) {
    case FaultKind::upstream_rate_limited: return "rate_limit_exceeded";
    case FaultKind::upstream_exhausted:
    case FaultKind::upstream_unpaid: return "insufficient_quota";
    case FaultKind::upstream_context_overflow:
    case FaultKind::upstream_overflow_in_doubt: return "context_length_exceeded";
    case FaultKind::bad_request:
    case FaultKind::upstream_rejected: return "invalid_prompt";
    default: return "server_error";
  }
}

routing::UpstreamError read_error(std::string_view body, Arena& arena) {
  const std::string_view inside = json::member(body, "response");
  const std::string_view response = inside.empty() ? body : inside;
  const std::string_view error = json::member(response, "error");
  const bool failed = !inside.empty() || json::member(body, "object") == R"("response")";
  return openai::read_error(failed && !error.empty() ? error : body, arena);
}

void write_error_frame(std::string& out, const Fault& fault, std::string_view request_id) {
  const std::string_view code = error_code(fault.kind);
  std::string error, id = "resp_";
  openai::write_error(error, fault, row(fault.kind).status, request_id);
  id += request_id.substr(request_id.find('_') + 1);
  // The SDK raises on an error, whatever follows; a response of another id than the stream began with, it would not bear.
  out += "event: error\ndata: ";
  {
    json::Writer w(out);
    w.begin_object().key("type").string("error").key("sequence_number").number(0);
    w.key("code").string(code).key("message").string(fault.message()).key("param").null();
    w.key("error").raw(json::member(error, "error")).end_object();
  }
  // Codex passes over the former.
  out += "\n\nevent: response.failed\ndata: ";
  json::Writer w(out);
  w.begin_object().key("type").string("response.failed").key("sequence_number").number(1).key("response");
  w.begin_object().key("id").string(id).key("object").string("response").key("status").string("failed");
  w.key("output").begin_array().end_array().key("error").begin_object();
  w.key("code").string(code).key("message").string(fault.message()).end_object().end_object().end_object();
  out += "\n\n";
}

}  // namespace signalbox::dialects::openai_responses
