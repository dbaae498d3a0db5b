#include "dialects/body_facts.h"

#include "base/arena.h"
#include "base/text.h"
#include "dialects/canonical/envelope.h"
#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::dialects {
namespace {

using json::Token;
using routing::Facts;
using routing::FactsResult;

Fault bad_json(const json::Error& error) {
  std::string detail = "The request's body is not valid JSON: ";
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

}  // namespace

FactsResult read_body_facts(const http::Endpoint&, std::string_view body, Arena& arena) {
  FactsResult result;
  Facts& facts = result.facts;
  json::Reader reader(body);
  static_assert(canonical::envelope_mark.size() == 4);
  reader.watch_for(canonical::envelope_mark);
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
        // It outlives the body: an error may come when that has been let go. What is too long is refused.
        facts.model = raw.size() > routing::model_bytes_max ? raw : arena.copy(raw);
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
  facts.envelopes = reader.seen();
  result.fault = std::move(wrong);
  return result;
}

}  // namespace signalbox::dialects
