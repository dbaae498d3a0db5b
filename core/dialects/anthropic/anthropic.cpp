// Anthropic Messages: facts, errors, catalogue, and what its answers say of themselves.
// Source: the types of @anthropic-ai/sdk; translation.md sections 8 to 13.
#include "dialects/anthropic/anthropic.h"

#include "base/arena.h"
#include "base/text.h"
#include "json/reader.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects {
namespace {

using json::Token;
using routing::Facts;
using routing::FactsResult;

Fault bad_json(const json::Error& error) {
  std::string detail = "The request body is not valid JSON: ";
  detail += error.what;
  detail += " at byte ";
  base::append_decimal(detail, int64_t(error.offset));
  detail += ".";
  return {FaultKind::bad_json, std::move(detail)};
}

Fault wrong_type(std::string_view member, std::string_view wanted, size_t offset) {
  std::string detail = "\"";
  detail += member;
  detail += "\" must be ";
  detail += wanted;
  detail += " (at byte ";
  base::append_decimal(detail, int64_t(offset));
  detail += ").";
  return {FaultKind::bad_request, std::move(detail)};
}

Fault duplicate(std::string_view member, size_t offset) {
  std::string detail = "\"";
  detail += member;
  detail += "\" stands a second time at byte ";
  base::append_decimal(detail, int64_t(offset));
  detail += "; routing depends on it.";
  return {FaultKind::duplicate_fact, std::move(detail)};
}

FactsResult read_facts(const http::Endpoint&, std::string_view body, Arena& arena) {
  FactsResult result;
  Facts& facts = result.facts;
  json::Reader reader(body);
  Token token = reader.next();
  if (token == Token::error) return {facts, bad_json(reader.error())};
  bool is_object = token == Token::begin_object;
  bool model_seen = false, stream_seen = false;
  Fault wrong;  // reported only once the rest is known to be JSON at all
  if (!is_object) wrong = wrong_type("the body", "an object", reader.offset());

  // One pass over the whole text: what routing does not read is skipped, but checked.
  while (is_object && (token = reader.next()) == Token::key) {
    const bool is_model = json::equals(reader.raw(), "model");
    const bool is_stream = !is_model && json::equals(reader.raw(), "stream");
    const size_t key_offset = reader.offset();
    if (!is_model && !is_stream) {
      if (!reader.skip_value()) return {facts, bad_json(reader.error())};
      continue;
    }
    bool& seen = is_model ? model_seen : stream_seen;
    if (seen && !wrong) wrong = duplicate(is_model ? "model" : "stream", key_offset);
    seen = true;
    auto value = reader.skip_value();
    if (!value) return {facts, bad_json(reader.error())};
    const size_t value_offset = size_t(value->data() - body.data());
    if (is_model) {
      if (value->front() != '"') {
        if (!wrong) wrong = wrong_type("model", "a string", value_offset);
        continue;
      }
      facts.model_begin = value_offset;
      facts.model_end = value_offset + value->size();
      const std::string_view raw = json::string_inside(*value);
      // An escape is at most six bytes for one; what is longer than that is refused by its length below.
      if (raw.find('\\') == raw.npos || raw.size() > 6 * routing::model_bytes_max) {
        facts.model = raw;
      } else {
        std::string plain;
        json::unescape(raw, plain);
        facts.model = arena.copy(plain);
      }
    } else if (*value == "true" || *value == "false") {
      facts.streamed = *value == "true";
    } else if (*value != "null" && !wrong) {
      wrong = wrong_type("stream", "true or false", value_offset);
    }
  }
  if (!is_object && token != Token::error) {  // walk the rest of a scalar or an array
    while (token != Token::end && token != Token::error) token = reader.next();
  } else if (token == Token::end_object) {
    token = reader.next();
  }
  if (token == Token::error) return {facts, bad_json(reader.error())};
  if (!wrong && !model_seen) wrong = {FaultKind::bad_request, "\"model\" is required."};
  if (!wrong && facts.model.empty()) wrong = {FaultKind::bad_request, "\"model\" must not be empty."};
  if (!wrong && facts.model.size() > routing::model_bytes_max) {
    wrong = {FaultKind::bad_request, "\"model\" is longer than "};
    base::append_decimal(wrong.detail, int64_t(routing::model_bytes_max));
    wrong.detail += " bytes.";
  }
  result.fault = std::move(wrong);
  return result;
}

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

void write_error(std::string& out, const Fault& fault, int status, std::string_view request_id) {
  json::Writer w(out);
  w.begin_object().key("type").string("error").key("error").begin_object();
  w.key("type").string(error_type(fault, status)).key("message").string(fault.message());
  w.end_object().key("request_id").string(request_id).end_object();
}

void write_error_frame(std::string& out, const Fault& fault, std::string_view request_id) {
  out += "event: error\ndata: ";
  write_error(out, fault, row(fault.kind).status, request_id);
  out += "\n\n";
}

void write_entry(json::Writer& w, const ModelEntry& model) {
  w.begin_object().key("type").string("model").key("id").string(model.id);
  w.key("display_name").string(model.id);
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

// Later non-null figures win, field by field (translation.md section 10).
void read_usage(std::string_view text, Usage& usage) {
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    const auto number = json::to_int64(value);
    if (!number) return;
    if (key == "input_tokens") usage.input_tokens = *number;
    else if (key == "output_tokens") usage.output_tokens = *number;
    else if (key == "cache_read_input_tokens") usage.cache_read_tokens = *number;
    else if (key == "cache_creation_input_tokens") usage.cache_creation_tokens = *number;
  });
}

void set_stop_reason(std::string_view raw_value, Observation& seen) {
  const std::string_view inside = json::string_inside(raw_value);
  if (inside.empty() || inside.size() > stop_reason_bytes_max) return;
  seen.stop_reason.clear();
  json::unescape(inside, seen.stop_reason);
}

void observe_frame(const sse::Frame& frame, Observation& seen) {
  if (!frame.has_data) return;
  std::string_view type = frame.event;
  if (type.empty()) {  // compatible servers leave the event line out; the data says the same
    type = json::string_inside(json::member(frame.data, "type"));
  }
  if (type == "message_start") {
    read_usage(json::member(json::member(frame.data, "message"), "usage"), seen.usage);
  } else if (type == "message_delta") {
    read_usage(json::member(frame.data, "usage"), seen.usage);
    set_stop_reason(json::member(json::member(frame.data, "delta"), "stop_reason"), seen);
  } else if (type == "message_stop" || type == "error") {
    // The event's name alone is no end: the frame may be what is left of one that was cut.
    if (!json::is_whole_object(frame.data)) return;
    (type == "error" ? seen.error : seen.terminal) = true;
  }
}

constexpr std::string_view whole_keys[] = {"usage", "stop_reason", "error"};

void observe_whole(std::span<const std::string_view> values, Observation& seen) {
  if (!values[0].empty()) read_usage(values[0], seen.usage);
  set_stop_reason(values[1], seen);
  seen.error = !values[2].empty() && values[2] != "null";
}

}  // namespace

const DialectRow anthropic_row = {.dialect = Dialect::anthropic,
                                  .name = "anthropic",
                                  .conversation_path = "/v1/messages",
                                  .count_tokens_path = "/v1/messages/count_tokens",
                                  .credential_place = CredentialPlace::x_api_key,
                                  .upstream_request_id_header = "request-id",
                                  .read_facts = read_facts,
                                  .write_error = write_error,
                                  .write_error_frame = write_error_frame,
                                  .write_catalogue = write_catalogue,
                                  .write_model = write_model,
                                  .observe_frame = observe_frame,
                                  .whole_keys = whole_keys,
                                  .observe_whole = observe_whole};

}  // namespace signalbox::dialects
