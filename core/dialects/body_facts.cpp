#include "dialects/body_facts.h"

#include "base/arena.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dialects/body_faults.h"
#include "dialects/canonical/envelope.h"
#include "dialects/dialect.h"
#include "http/url.h"
#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::dialects {
namespace {

using json::Token;
using routing::Facts;
using routing::FactsResult;

Fault duplicate(std::string_view member, size_t offset) {
  std::string detail = "\"";
  detail += member;
  detail += "\" stands a second time at byte ";
  base::append_decimal(detail, int64_t(offset));
  detail += "; routing depends on it.";
  return {FaultKind::duplicate_fact, std::move(detail)};
}

// What is wrong with a model of this name.
Fault judge_model(std::string_view model) {
  if (model.empty()) return {FaultKind::bad_request, "\"model\" must not be empty."};
  if (model.size() <= routing::model_bytes_max) return {};
  Fault fault{FaultKind::bad_request, "\"model\" is longer than "};
  base::append_decimal(fault.detail, int64_t(routing::model_bytes_max));
  fault.detail += " bytes.";
  return fault;
}

// The name that `key` spells, where its value names a history that upstreams of the dialect keep; else empty.
std::string_view kept_history(const DialectRow& dialect, std::string_view key, std::string_view value) {
  if (value == "null" || value == "\"\"") return {};
  for (std::string_view name : dialect.kept_histories)
    if (json::equals(key, name)) return name;
  return {};
}

}  // namespace

FactsResult read_path_facts(const http::Endpoint& endpoint, std::string_view body, Arena& arena) {
  FactsResult result;
  Facts& facts = result.facts;
  json::Reader reader(body);
  // Clients whose bodies do not name the model are Gemini's, and have envelopes as bytes.
  reader.watch_for(canonical::envelope_bytes_mark);
  const auto root = reader.skip_value();
  if (!root || reader.next() != Token::end) return {facts, no_json(reader.error())};
  const std::string decoded = http::decode_percent(endpoint.model_id);
  facts.model = arena.copy(http::without_models(decoded));
  facts.streamed = endpoint.form == http::Endpoint::Form::streamed;
  facts.listed = endpoint.form == http::Endpoint::Form::listed;
  facts.envelopes = reader.seen();
  result.fault = judge_model(facts.model);
  if (!base::is_utf8(facts.model)) result.fault = {FaultKind::bad_request, "The model in the path is not UTF-8."};
  if (root->front() != '{') result.fault = wrong_member(the_body, "an object", size_t(root->data() - body.data()));
  if (result.fault) facts = {};
  return result;
}

FactsResult read_body_facts(const http::Endpoint& endpoint, std::string_view body, Arena& arena) {
  FactsResult result;
  Facts& facts = result.facts;
  json::Reader reader(body);
  static_assert(canonical::envelope_mark.size() == 4);
  reader.watch_for(canonical::envelope_mark);
  Token token = reader.next();
  if (token == Token::error) return {facts, no_json(reader.error())};
  bool is_object = token == Token::begin_object;
  bool model_seen = false, stream_seen = false;
  Fault wrong;  // reported only once the rest is known to be JSON at all
  if (!is_object) wrong = wrong_member(the_body, "an object", reader.offset());

  // One pass over the whole text: what routing does not read is skipped, but checked.
  while (is_object && (token = reader.next()) == Token::key) {
    const bool is_model = json::equals(reader.raw(), "model");
    const bool is_stream = !is_model && json::equals(reader.raw(), "stream");
    const size_t key_offset = reader.offset();
    if (!is_model && !is_stream) {
      const std::string_view key = reader.raw();
      const auto value = reader.skip_value();
      if (!value) return {facts, no_json(reader.error())};
      const std::string_view kept = kept_history(row_of(endpoint.shape), key, *value);
      if (!kept.empty()) facts.kept_history = kept;
      continue;
    }
    bool& seen = is_model ? model_seen : stream_seen;
    if (seen && !wrong) wrong = duplicate(is_model ? "model" : "stream", key_offset);
    seen = true;
    auto value = reader.skip_value();
    if (!value) return {facts, no_json(reader.error())};
    const size_t value_offset = size_t(value->data() - body.data());
    if (is_model) {
      if (value->front() != '"') {
        if (!wrong) wrong = wrong_member("model", "a string", value_offset);
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
      wrong = wrong_member("stream", "true or false", value_offset);
    }
  }
  if (!is_object && token != Token::error) {  // walk the rest of a scalar or an array
    while (token != Token::end && token != Token::error) token = reader.next();
  } else if (token == Token::end_object) {
    token = reader.next();
  }
  if (token == Token::error) return {facts, no_json(reader.error())};
  if (!wrong && !model_seen) wrong = missing_member("model");
  if (!wrong) wrong = judge_model(facts.model);
  facts.envelopes = reader.seen();
  result.fault = std::move(wrong);
  return result;
}

}  // namespace signalbox::dialects
