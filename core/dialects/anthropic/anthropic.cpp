// Anthropic Messages: errors, catalogue, and what its answers say of themselves.
// Source: the types of @anthropic-ai/sdk; translation.md sections 8 to 13.
#include "dialects/anthropic/anthropic.h"

#include "dialects/anthropic/decoder.h"
#include "dialects/anthropic/encoder.h"
#include "dialects/anthropic/request.h"
#include "dialects/anthropic/task_facts.h"
#include "dialects/anthropic/usage.h"
#include "dialects/body_facts.h"
#include "json/reader.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects {
namespace {

// The error types of the Messages API by status (translation.md section 12).
std::string_view error_type(const Fault& fault, int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 408:
    case 504: return "timeout_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503:
    case 529: return "overloaded_error";
    default: break;
  }
  if (status < 500) return "invalid_request_error";
  return fault.kind == FaultKind::overloaded ? "overloaded_error" : "api_error";
}

// A context that is full is known to clients by these words of Anthropic's, whoever said it in others
// (translation.md section 12): they answer it by compacting.
std::string message_of(const Fault& fault) {
  constexpr std::string_view known = "prompt is too long";
  std::string message(fault.message());
  const bool full =
      fault.kind == FaultKind::upstream_context_overflow || fault.kind == FaultKind::upstream_overflow_in_doubt;
  if (full && message.find(known) == std::string::npos) {
    message.insert(0, ": ").insert(0, known);
  }
  return message;
}

void write_error(std::string& out, const Fault& fault, int status, std::string_view request_id) {
  json::Writer w(out);
  w.begin_object().key("type").string("error").key("error").begin_object();
  w.key("type").string(error_type(fault, status)).key("message").string(message_of(fault));
  if (fault.kind == FaultKind::previous_response_not_found) {
    // By these words the SDKs' tool runners know that they have to send the whole history themselves, and do so.
    w.key("details").begin_object().key("error_code").string("thread_unsupported_request");
    w.key("unsupported").begin_array().string("thread").end_array().end_object();
  }
  w.end_object().key("request_id").string(request_id).end_object();
}

void write_error_frame(std::string& out, const Fault& fault, std::string_view request_id) {
  out += "event: error\ndata: ";
  write_error(out, fault, row(fault.kind).status, request_id);
  out += "\n\n";
}

void write_entry(json::Writer& w, const ModelEntry& model) {
  w.begin_object().key("type").string("model").key("id").string(model.id);
  w.key("display_name").string(model.display_name);
  w.key("created_at").string("1970-01-01T00:00:00Z");  // required by the SDKs' types; not known here
  if (model.context_tokens_max > 0) w.key("context_window").number(model.context_tokens_max);
  if (model.output_tokens_max > 0) w.key("max_output_tokens").number(model.output_tokens_max);
  w.end_object();
}

void write_catalogue(std::string& out, std::span<const ModelEntry> models) {
  json::Writer w(out);
  w.begin_object().key("data").begin_array();
  for (const ModelEntry& model : models) write_entry(w, model);
  w.end_array().key("has_more").boolean(false);
  w.key("first_id");
  models.empty() ? w.null() : w.string(models.front().id);
  w.key("last_id");
  models.empty() ? w.null() : w.string(models.back().id);
  w.end_object();
}

void write_model(std::string& out, const ModelEntry& model) {
  json::Writer w(out);
  write_entry(w, model);
}

// Whether a block says anything as it begins; texts and thinking mostly begin empty.
bool has_content(std::string_view block) {
  std::string_view type, text, thinking;
  json::each_member(block, [&](std::string_view key, std::string_view value) {
    if (key == "type") type = json::string_inside(value);
    else if (key == "text") text = json::string_inside(value);
    else if (key == "thinking") thinking = json::string_inside(value);
  });
  if (type == "text") return !text.empty();
  if (type == "thinking") return !thinking.empty();
  return !type.empty();
}

void observe_frame(const sse::Frame& frame, Observation& seen) {
  if (!frame.has_data) return;
  std::string_view type = frame.event;
  if (type.empty()) {  // compatible servers leave the event line out; the data says the same
    type = json::string_inside(json::member(frame.data, "type"));
  }
  if (type == "content_block_delta") {
    seen.content = true;
  } else if (type == "content_block_start") {
    seen.content = seen.content || has_content(json::member(frame.data, "content_block"));
  } else if (type == "message_start") {
    anthropic::read_usage(json::member(json::member(frame.data, "message"), "usage"), seen.usage);
  } else if (type == "message_delta") {
    anthropic::read_usage(json::member(frame.data, "usage"), seen.usage);
    seen.set_stop_reason(json::escaped(json::member(json::member(frame.data, "delta"), "stop_reason")));
  } else if (type == "message_stop" || type == "error") {
    // The event's name alone is no end: the frame may be what is left of one that was cut.
    if (!json::is_whole_object(frame.data)) return;
    if (type == "error") seen.error = true;
    else seen.terminal = seen.may_end = true;
  } else if (type.empty()) {
    // Other vendors' way of saying it (translation.md section 11.1).
    const std::string_view error = json::member(frame.data, "error");
    seen.error = seen.error || (!error.empty() && error != "null" && json::is_whole_object(frame.data));
  }
}

constexpr std::string_view whole_keys[] = {"usage", "stop_reason", "error", "content"};

void observe_whole(std::span<const std::string_view> values, Observation& seen) {
  if (!values[0].empty()) anthropic::read_usage(values[0], seen.usage);
  seen.set_stop_reason(json::escaped(values[1]));
  seen.error = !values[2].empty() && values[2] != "null";
  seen.content = values[3] == too_long;
  json::each_element(values[3], [&](std::string_view block) { seen.content = seen.content || has_content(block); });
}

void write_token_count(std::string& out, int64_t input_tokens) {
  json::Writer(out).begin_object().key("input_tokens").number(input_tokens).end_object();
}

void write_path(std::string& path, std::string_view, Ask ask) {
  path += ask == Ask::token_count ? "/v1/messages/count_tokens" : "/v1/messages";
}

// The one version of the API that there is.
constexpr Header request_headers[] = {{"anthropic-version", "2023-06-01"}};
constexpr std::string_view kept_histories[] = {"thread"};

}  // namespace

const DialectRow anthropic_row = {.dialect = Dialect::anthropic,
                                  .name = "anthropic",
                                  .write_path = write_path,
                                  .counts_tokens = true,
                                  .credential_place = CredentialPlace::x_api_key,
                                  .upstream_request_id_header = "request-id",
                                  .request_headers = request_headers,
                                  .read_facts = read_body_facts,
                                  .read_task_facts = anthropic::read_task_facts,
                                  .write_error = write_error,
                                  .busy_status = 529,
                                  .write_error_frame = write_error_frame,
                                  .keep_alive_before = ": keepalive\n\n",
                                  .keep_alive_within = "event: ping\ndata: {\"type\": \"ping\"}\n\n",
                                  .ping_event = "ping",
                                  .read_error = anthropic::read_error,
                                  .catalogue_has_aliases = true,
                                  .write_catalogue = write_catalogue,
                                  .write_model = write_model,
                                  .write_token_count = write_token_count,
                                  .observe_frame = observe_frame,
                                  .whole_keys = whole_keys,
                                  .observe_whole = observe_whole,
                                  .stopped_by_itself = "end_turn",
                                  .kept_histories = kept_histories,
                                  .feature_header = "anthropic-beta",
                                  .removals = anthropic::removals,
                                  .read_refusal = anthropic::read_refusal,
                                  .read_request = anthropic::read_request,
                                  .write_request = anthropic::write_request,
                                  .make_decoder = anthropic::make_decoder,
                                  .make_encoder = anthropic::make_encoder};

}  // namespace signalbox::dialects
