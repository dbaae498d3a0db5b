// Gemini's shape of errors and catalogue. Source: the types of @google/genai; translation.md section 12.
#include "dialects/gemini/gemini.h"

#include "dialects/body_facts.h"
#include "dialects/gemini/decoder.h"
#include "dialects/gemini/encoder.h"
#include "dialects/gemini/observe.h"
#include "dialects/gemini/task_facts.h"
#include "dialects/openai.h"
#include "http/url.h"
#include "json/writer.h"

namespace signalbox::dialects {
namespace {

std::string_view verb_of(Ask ask) {
  switch (ask) {
    case Ask::streamed_answer: return ":streamGenerateContent?alt=sse";
    case Ask::listed_answer: return ":streamGenerateContent";
    case Ask::token_count: return ":countTokens";
    default: return ":generateContent";
  }
}

void write_path(std::string& path, std::string_view model, Ask ask) {
  path += "/v1beta/models/";
  http::append_encoded(path, http::without_models(model));
  path += verb_of(ask);
}

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
  w.key("status").string(status_name(status));
  if (fault.retry_after_ms >= 0) {
    // Where Google's clients look for it (google.rpc.RetryInfo; a Duration is seconds with an s).
    std::string delay;
    base::append_decimal(delay, base::seconds_up(fault.retry_after_ms));
    delay += 's';
    w.key("details").begin_array().begin_object();
    w.key("@type").string("type.googleapis.com/google.rpc.RetryInfo").key("retryDelay").string(delay);
    w.end_object().end_array();
  }
  w.end_object().end_object();
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
  w.key("supportedGenerationMethods").begin_array();
  w.string("generateContent").string("streamGenerateContent").string("countTokens").end_array().end_object();
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

void write_token_count(std::string& out, int64_t input_tokens) {
  json::Writer(out).begin_object().key("totalTokens").number(input_tokens).end_object();
}

// google-genai for Python takes a comment or an event's name for data (translation.md section 11.6).
constexpr std::string_view blank_line = "\n";

}  // namespace

const DialectRow gemini_row = {.dialect = Dialect::gemini,
                               .name = "gemini",
                               .write_path = write_path,
                               .counts_tokens = true,
                               .credential_place = CredentialPlace::x_goog_api_key,
                               .read_facts = read_path_facts,
                               .read_task_facts = gemini::read_task_facts,
                               .write_error = write_error,
                               .write_error_frame = write_error_frame,
                               .keep_alive_before = blank_line,
                               .keep_alive_within = blank_line,
                               .read_error = openai::read_error,
                               .write_catalogue = write_catalogue,
                               .write_model = write_model,
                               .write_token_count = write_token_count,
                               .observe_frame = gemini::observe_frame,
                               .observe_end = gemini::observe_end,
                               .whole_keys = gemini::whole_keys,
                               .observe_whole = gemini::observe_whole,
                               .stopped_by_itself = "STOP",
                               .removals = gemini::removals,
                               .read_refusal = gemini::read_refusal,
                               .read_request = gemini::read_request,
                               .write_request = gemini::write_request,
                               .make_decoder = gemini::make_decoder,
                               .make_encoder = gemini::make_encoder};

}  // namespace signalbox::dialects
