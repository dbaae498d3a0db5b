// Gemini's shape of errors and catalogue. Source: the types of @google/genai; translation.md section 12.
#include "dialects/gemini.h"

#include "json/writer.h"

namespace signalbox::dialects {
namespace {

// google.rpc.Code by HTTP status.
std::string_view status_name(int status) {
  switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
    case 431: return "INVALID_ARGUMENT";
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "NOT_FOUND";
    case 408:
    case 504: return "DEADLINE_EXCEEDED";
    case 429: return "RESOURCE_EXHAUSTED";
    case 501: return "UNIMPLEMENTED";
    case 502:
    case 503:
    case 529: return "UNAVAILABLE";
    default: return "INTERNAL";
  }
}

void write_error(std::string& out, const Fault& fault, int status, std::string_view) {
  json::Writer w(out);
  w.begin_object().key("error").begin_object();
  w.key("code").number(status).key("message").string(fault.message());
  w.key("status").string(status_name(status)).end_object().end_object();
}

void write_error_frame(std::string& out, const Fault& fault, std::string_view request_id) {
  out += "data: ";
  write_error(out, fault, row(fault.kind).status, request_id);
  out += "\n\n";
}

void write_entry(json::Writer& w, const ModelEntry& model) {
  std::string name = "models/";
  name += model.id;
  w.begin_object().key("name").string(name).key("displayName").string(model.display_name);
  if (model.context_tokens_max > 0) w.key("inputTokenLimit").number(model.context_tokens_max);
  if (model.output_tokens_max > 0) w.key("outputTokenLimit").number(model.output_tokens_max);
  w.end_object();
}

void write_catalogue(std::string& out, std::span<const ModelEntry> models) {
  json::Writer w(out);
  w.begin_object().key("models").begin_array();
  for (const ModelEntry& model : models) write_entry(w, model);
  w.end_array().end_object();
}

void write_model(std::string& out, const ModelEntry& model) {
  json::Writer w(out);
  write_entry(w, model);
}

}  // namespace

const DialectRow gemini_row = {.dialect = Dialect::gemini,
                               .name = "gemini",
                               .credential_place = CredentialPlace::x_goog_api_key,
                               .write_error = write_error,
                               .write_error_frame = write_error_frame,
                               .write_catalogue = write_catalogue,
                               .write_model = write_model};

}  // namespace signalbox::dialects
