// A stream ends with [DONE]. One that stops after a finish_reason is whole as well: many servers leave
// [DONE] out (translation.md section 11.4). Usage may come after the finish_reason.
#include "dialects/openai_chat/observe.h"

#include "dialects/openai_chat/finish.h"
#include "dialects/openai_chat/usage.h"
#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using json::Token;

// Whether a value is there and not empty: a text, a list, an object.
bool holds_something(std::string_view value) {
  if (value.size() <= 2) return false;  // "", [], {}, or nothing
  if (value.front() == '"') return true;
  if (value.front() != '[' && value.front() != '{') return value == too_long;
  json::Reader reader(value);
  reader.next();
  const Token first = reader.next();
  return first != Token::end_array && first != Token::end_object;
}

// Whether the value of "error" is one: some servers send null, false or {} for none, others a bare number.
bool is_error(std::string_view value) {
  if (value.size() <= 2 || value == "null" || value == "false") return false;
  return (value.front() != '[' && value.front() != '{') || holds_something(value);
}

// vLLM's errors are their own object, without a member "error".
bool is_word_error(std::string_view value) { return value == "\"error\""; }

// The members of a message or a delta that a client sees.
bool is_content(std::string_view key) {
  return key == "content" || key == "reasoning_content" || key == "reasoning" || key == "reasoning_details" ||
         key == "tool_calls" || key == "function_call" || key == "refusal" || key == "audio";
}

void set_stop_reason(std::string_view raw_value, Observation& seen) {
  const std::string_view inside = json::string_inside(raw_value);
  if (inside.empty()) return;
  seen.may_end = true;
  if (inside.size() > stop_reason_bytes_max) return;
  seen.stop_reason.clear();
  json::unescape(inside, seen.stop_reason);
}

// The reader stands before a message or a delta. False where the text stops being one.
bool read_message(json::Reader& reader, Observation& seen) {
  const Token begin = reader.next();
  if (begin == Token::null_) return true;
  if (begin != Token::begin_object) return false;
  while (reader.next() == Token::key) {
    const std::string_view key = reader.raw();
    const auto value = reader.skip_value();
    if (!value) return false;
    if (!seen.content && is_content(key) && holds_something(*value)) seen.content = true;
  }
  return reader.current() == Token::end_object;
}

// The reader stands before the value of "choices".
bool read_choices(json::Reader& reader, Observation& seen) {
  Token token = reader.next();
  if (token == Token::null_) return true;
  if (token != Token::begin_array) return false;
  while ((token = reader.next()) == Token::begin_object) {
    int64_t index = 0;
    bool error = false;
    while (reader.next() == Token::key) {
      const std::string_view key = reader.raw();
      if (key == "delta" || key == "message") {
        if (!read_message(reader, seen)) return false;
        continue;
      }
      const auto value = reader.skip_value();
      if (!value) return false;
      if (key == "finish_reason") {
        set_stop_reason(*value, seen);
        const Finish finish = finish_of(json::escaped(*value));
        error = error || finish == Finish::failed || finish == Finish::overloaded;
      } else if (key == "usage") {
        read_usage(*value, seen.usage);  // Moonshot's place for it
      } else if (key == "error") {
        error = error || is_error(*value);
      } else if (key == "index") {
        index = json::to_int64(*value).value_or(0);
      }
    }
    if (reader.current() != Token::end_object) return false;
    // Of several choices the first is the answer; the others may fail.
    if (error && index == 0) seen.error = true;
  }
  return token == Token::end_array;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

void observe_frame(const sse::Frame& frame, Observation& seen) {
  if (!frame.has_data) return;
  if (frame.data.size() < 16 && trimmed(frame.data) == "[DONE]") {
    seen.terminal = seen.may_end = true;
    return;
  }
  json::Reader reader(frame.data);
  if (reader.next() != Token::begin_object) return;
  // Taken over only from a frame that is whole: one may be what is left of a stream that was cut.
  Observation after = seen;
  bool error = frame.event == "error";
  while (reader.next() == Token::key) {
    const std::string_view key = reader.raw();
    if (key == "choices") {
      if (!read_choices(reader, after)) return;
      continue;
    }
    const auto value = reader.skip_value();
    if (!value) return;
    if (key == "usage") read_usage(*value, after.usage);
    else if (key == "error") error = error || is_error(*value);
    else if (key == "object" || key == "type") error = error || is_word_error(*value);
  }
  if (reader.current() != Token::end_object || reader.next() != Token::end) return;
  after.error = after.error || error;
  seen = std::move(after);
}

void observe_whole(std::span<const std::string_view> values, Observation& seen) {
  const std::string_view usage = values[0], choices = values[1], error = values[2];
  const std::string_view object = values[3], type = values[4];
  read_usage(usage, seen.usage);
  if (choices == too_long) {
    seen.content = true;
  } else {
    json::Reader reader(choices);
    read_choices(reader, seen);
  }
  if (is_error(error) || error == too_long || is_word_error(object) || is_word_error(type)) seen.error = true;
}

}  // namespace signalbox::dialects::openai_chat
