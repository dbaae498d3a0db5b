// OpenAI's shape of errors and catalogue. Source: the types of the openai SDK; translation.md section 12.
#include "dialects/openai.h"

#include "json/writer.h"

namespace signalbox::dialects {
namespace {

std::string_view error_type(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

std::string_view error_code(const Fault& fault, int status) {
  if (fault.kind == FaultKind::unauthenticated) return "invalid_api_key";
  if (fault.kind == FaultKind::model_unknown) return "model_not_found";
  if (status == 429) return "rate_limit_exceeded";
  return row(fault.kind).name;
}

// The member that a fault of the request is about: our sentences begin with it, in quotes.
std::string_view param_of(const Fault& fault) {
  const bool ours = fault.kind == FaultKind::bad_request || fault.kind == FaultKind::previous_response_not_found;
  if (!ours || fault.detail.empty() || fault.detail.front() != '"') return {};
  return std::string_view(fault.detail).substr(1, fault.detail.find('"', 1) - 1);
}

void write_entry(json::Writer& w, const ModelEntry& model) {
  w.begin_object().key("id").string(model.id).key("object").string("model");
  w.key("created").number(0).key("owned_by").string("signalbox");
  if (model.context_tokens_max > 0) w.key("context_window").number(model.context_tokens_max);
  if (model.output_tokens_max > 0) w.key("max_output_tokens").number(model.output_tokens_max);
  w.end_object();
}

}  // namespace

namespace openai {

void write_error(std::string& out, const Fault& fault, int status, std::string_view) {
  json::Writer w(out);
  w.begin_object().key("error").begin_object();
  w.key("message").string(fault.message()).key("type").string(error_type(status));
  w.key("param");
  const std::string_view param = param_of(fault);
  param.empty() ? w.null() : w.string(param);
  w.key("code").string(error_code(fault, status));
  w.end_object().end_object();
}

void write_error_frame(std::string& out, const Fault& fault, std::string_view request_id) {
  out += "data: ";
  write_error(out, fault, row(fault.kind).status, request_id);
  out += "\n\n";
}

void write_catalogue(std::string& out, std::span<const ModelEntry> models) {
  json::Writer w(out);
  w.begin_object().key("object").string("list").key("data").begin_array();
  for (const ModelEntry& model : models) write_entry(w, model);
  w.end_array().end_object();
}

void write_model(std::string& out, const ModelEntry& model) {
  json::Writer w(out);
  write_entry(w, model);
}

}  // namespace openai

}  // namespace signalbox::dialects
