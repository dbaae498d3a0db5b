// A stream ends with [DONE]. One that stops after a finish_reason is whole as well: many servers leave
// [DONE] out (translation.md section 11.4). Usage may come after the finish_reason.
#include "dialects/openai_chat/observe.h"

#include "dialects/openai_chat/chunk.h"
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

// What one frame or answer says.
struct Said {
  Usage usage;
  std::string_view stop_reason;  // the raw value; empty where none is said
  bool content = false;
  bool error = false;
  // The one string of the frame that is a piece of content; without data where there is none, or more is said.
  std::string_view piece;
  size_t pieces = 0;
};

// The string that a piece of one call's arguments is; without data where the calls say more or less.
std::string_view arguments_piece(std::string_view calls) {
  std::string_view piece;
  size_t count = 0;
  json::each_element(calls, [&](std::string_view call) {
    ++count;
    const std::string_view function = json::member(call, "function");
    if (json::string_inside(json::member(call, "id")).empty() &&
        json::string_inside(json::member(function, "name")).empty())
      piece = json::string_inside(json::member(function, "arguments"));
  });
  return count == 1 ? piece : std::string_view();
}

void take_content(std::string_view key, std::string_view value, Said& said) {
  if (!holds_something(value)) return;
  said.content = true;
  ++said.pieces;
  said.piece = key == "tool_calls" ? arguments_piece(value) : json::string_inside(value);
}

// The reader stands before a message or a delta. False where the text stops being one.
bool read_message(json::Reader& reader, Said& said) {
  const Token begin = reader.next();
  if (begin == Token::null_) return true;
  if (begin != Token::begin_object) return false;
  while (reader.next() == Token::key) {
    const std::string_view key = reader.raw();
    const auto value = reader.skip_value();
    if (!value) return false;
    if (is_content(key)) take_content(key, *value, said);
  }
  return reader.current() == Token::end_object;
}

// The reader stands before the value of "choices".
bool read_choices(json::Reader& reader, Said& said) {
  Token token = reader.next();
  if (token == Token::null_) return true;
  if (token != Token::begin_array) return false;
  while ((token = reader.next()) == Token::begin_object) {
    int64_t index = 0;
    bool error = false;
    while (reader.next() == Token::key) {
      const std::string_view key = reader.raw();
      if (key == "delta" || key == "message") {
        if (!read_message(reader, said)) return false;
        continue;
      }
      const auto value = reader.skip_value();
      if (!value) return false;
      if (key == "finish_reason") {
        if (!json::string_inside(*value).empty()) said.stop_reason = *value;
        const Finish finish = finish_of(json::escaped(*value));
        error = error || finish == Finish::failed || finish == Finish::overloaded;
      } else if (key == "usage") {
        read_usage(*value, said.usage);  // Moonshot's place for it
      } else if (key == "error") {
        error = error || is_error(*value);
      } else if (key == "index") {
        index = json::to_int64(*value).value_or(0);
      }
    }
    if (reader.current() != Token::end_object) return false;
    // Of several choices the first is the answer; the others may fail.
    if (error && index == 0) said.error = true;
    if (index != 0) ++said.pieces;
  }
  return token == Token::end_array;
}

bool counts_anything(const Usage& usage) {
  return usage.input_tokens >= 0 || usage.output_tokens >= 0 || usage.cache_read_tokens >= 0 ||
         usage.cache_creation_tokens >= 0 || usage.reasoning_tokens >= 0;
}

void take(const Said& said, Observation& seen) {
  canonical::take_later(seen.usage, said.usage);
  const json::Escaped reason = json::escaped(said.stop_reason);
  seen.may_end = seen.may_end || !reason.empty();
  seen.set_stop_reason(reason);
  seen.content = seen.content || said.content;
  seen.error = seen.error || said.error;
}

// False where `data` is no whole chunk.
bool read_frame(std::string_view data, Said& said) {
  json::Reader reader(data);
  if (reader.next() != Token::begin_object) return false;
  while (reader.next() == Token::key) {
    const std::string_view key = reader.raw();
    if (key == "choices") {
      if (!read_choices(reader, said)) return false;
      continue;
    }
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "usage") read_usage(*value, said.usage);
    else if (key == "error") said.error = said.error || is_error(*value);
    else if (key == "object" || key == "type") said.error = said.error || is_word_error(*value);
  }
  return reader.current() == Token::end_object && reader.next() == Token::end;
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
  if (frame.event.empty() && seen.shape.matches(frame.data)) return;
  Said said;
  said.error = frame.event == "error";
  // Taken over only from a frame that is whole: one may be what is left of a stream that was cut.
  if (!read_frame(frame.data, said)) {
    if (goes_on(frame.data)) seen.may_end = false;
    return;
  }
  take(said, seen);
  const bool only_a_piece = said.pieces == 1 && !said.piece.empty() && said.stop_reason.empty() && !said.error &&
                            !counts_anything(said.usage);
  if (only_a_piece) seen.shape.remember(frame.data, {&said.piece, 1});
}

void observe_whole(std::span<const std::string_view> values, Observation& seen) {
  const std::string_view usage = values[0], choices = values[1], error = values[2];
  const std::string_view object = values[3], type = values[4];
  Said said;
  read_usage(usage, said.usage);
  if (choices == too_long) {
    said.content = true;
  } else {
    json::Reader reader(choices);
    read_choices(reader, said);
  }
  if (is_error(error) || error == too_long || is_word_error(object) || is_word_error(type)) said.error = true;
  take(said, seen);
}

}  // namespace signalbox::dialects::openai_chat
