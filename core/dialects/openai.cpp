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
  w.key("param").null().key("code").string(error_code(fault, status));
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

const DialectRow openai_responses_row = {.dialect = Dialect::openai_responses,
                                         .name = "openai_responses",
                                         .conversation_path = "/v1/responses",
                                         .credential_place = CredentialPlace::bearer,
                                         .upstream_request_id_header = "x-request-id",
                                         .write_error = openai::write_error,
                                         .write_error_frame = openai::write_error_frame,
                                         .keep_alive_before = openai::keep_alive,
                                         .keep_alive_within = openai::keep_alive,
                                         .read_error = openai::read_error,
                                         .write_catalogue = openai::write_catalogue,
                                         .write_model = openai::write_model};

}  // namespace signalbox::dialects
