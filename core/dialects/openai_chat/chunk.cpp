// One pass over the text. Whatever is not asked for is skipped, and checked on the way.
#include "dialects/openai_chat/chunk.h"

#include <utility>

#include "json/reader.h"
#include "json/walk.h"
#include "json/walk_through.h"

namespace signalbox::dialects::openai_chat {
namespace {

using json::each_element_of;
using json::each_member_of;
using json::Reader;
using json::Token;

// Whether the value says anything: not null, false, "", [] or {}.
bool says_something(std::string_view value) {
  if (value.size() <= 2 || value == "null" || value == "false") return false;
  if (value.front() != '[' && value.front() != '{') return true;
  Reader reader(value);
  reader.next();
  const Token first = reader.next();
  return first != Token::end_array && first != Token::end_object;
}

std::string_view container(std::string_view value, char bracket) {
  return value.front() == bracket ? value : std::string_view();
}

bool read_function(Reader& reader, CallPiece& call) {
  return each_member_of(reader, [&](std::string_view key) {
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "name") {
      call.name = json::escaped(*value);
    } else if (key == "arguments") {
      call.arguments = json::escaped(*value);
      if (value->front() != '"' && *value != "null") call.arguments_json = *value;
    }
    return true;
  });
}

bool read_call(Reader& reader, CallPiece& call) {
  return each_member_of(reader, [&](std::string_view key) {
    if (key == "function") return read_function(reader, call);
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "id") call.id = json::escaped(*value);
    else if (key == "index") call.index = json::to_int64(*value).value_or(-1);
    else if (key == "extra_content")
      call.signature = json::escaped(json::member(json::member(*value, "google"), "thought_signature"));
    return true;
  });
}

bool read_calls(Reader& reader, Chunk& chunk) {
  return each_element_of(reader, [&] {
    if (chunk.calls.size() == pieces_max) {
      chunk.too_many_calls = true;
      return reader.skip_value().has_value();
    }
    chunk.calls.emplace_back();
    return read_call(reader, chunk.calls.back());
  });
}

// A delta, or a message.
bool read_message(Reader& reader, Chunk& chunk) {
  Escaped reasoning_content, reasoning;
  CallPiece function_call;
  bool legacy = false;
  const bool read = each_member_of(reader, [&](std::string_view key) {
    if (key == "tool_calls") return read_calls(reader, chunk);
    if (key == "function_call") {
      legacy = true;
      return read_function(reader, function_call);
    }
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "content") {
      chunk.text = json::escaped(*value);
      chunk.text_parts = container(*value, '[');
    } else if (key == "reasoning_content") {
      reasoning_content = json::escaped(*value);
    } else if (key == "reasoning") {
      reasoning = json::escaped(*value);
    } else if (key == "reasoning_details") {
      chunk.reasoning_details = container(*value, '[');
    } else if (key == "refusal") {
      chunk.refusal = json::escaped(*value);
    } else if (key == "annotations") {
      chunk.annotations = says_something(*value);
    } else if (key == "audio") {
      chunk.audio = says_something(*value);
    } else if (key == "images") {
      chunk.images = says_something(*value);
    } else if (key != "role" && key != "name" && key != "channel" && says_something(*value)) {
      chunk.unknown = key;
    }
    return true;
  });
  // Several of them say the same twice (OpenRouter, vLLM).
  chunk.reasoning = reasoning_content.empty() ? reasoning : reasoning_content;
  const bool says = !function_call.name.empty() || !function_call.arguments.empty();
  if (legacy && says && chunk.calls.empty()) chunk.calls.push_back(function_call);
  return read;
}

// What a choice says is forgotten; what the chunk says is kept.
void clear_choice(Chunk& chunk) {
  chunk.is_message = false;
  chunk.text = chunk.refusal = chunk.reasoning = chunk.finish_reason = chunk.matched_stop = {};
  chunk.text_parts = chunk.reasoning_details = chunk.unknown = {};
  chunk.annotations = chunk.audio = chunk.images = chunk.logprobs = chunk.too_many_calls = false;
  chunk.calls.clear();
}

bool read_choice(Reader& reader, std::string_view text, Chunk& chunk) {
  int64_t index = 0;
  std::string_view usage;
  bool error = false, is_delta = false;
  Reader message = reader;  // where the message begins; read last, because a delta outranks it
  bool has_message = false;
  Reader ahead = reader;
  ahead.next();
  const size_t begin = ahead.offset();
  const bool read = each_member_of(reader, [&](std::string_view key) {
    if (key == "delta") {
      is_delta = true;
      return read_message(reader, chunk);
    }
    if (key == "message") {
      message = reader;
      has_message = true;
    }
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "index") index = json::to_int64(*value).value_or(0);
    else if (key == "finish_reason") chunk.finish_reason = json::escaped(*value);
    else if (key == "logprobs") chunk.logprobs = says_something(*value);
    else if (key == "stop_reason" || key == "matched_stop") {
      if (value->front() == '"') chunk.matched_stop = json::escaped(*value);  // else a token's number
    } else if (key == "usage") usage = container(*value, '{');
    else if (key == "error") error = says_something(*value);
    return true;
  });
  if (!read) return false;
  if (has_message && !is_delta) {
    if (!read_message(message, chunk)) return false;
    chunk.is_message = true;
    // Whole calls are told apart by their places, whatever they say of themselves.
    for (size_t i = 0; i < chunk.calls.size(); ++i) chunk.calls[i].index = static_cast<int64_t>(i);
  }
  if (index != 0) {
    chunk.others = true;
    clear_choice(chunk);
    return true;
  }
  chunk.choice = true;
  if (!usage.empty()) chunk.usage = usage;  // Moonshot
  if (error) chunk.error = text.substr(begin, reader.end_offset() - begin);
  return true;
}

bool read_choices(Reader& reader, std::string_view text, Chunk& chunk) {
  Reader ahead = reader;
  if (ahead.next() != Token::begin_array) return reader.skip_value().has_value();
  reader = ahead;
  chunk.choices = true;
  for (;;) {
    ahead = reader;
    if (ahead.next() == Token::end_array) break;
    if (!chunk.choice) {
      if (!read_choice(reader, text, chunk)) return false;
    } else {
      if (!reader.skip_value()) return false;
      chunk.others = true;
    }
  }
  return reader.next() == Token::end_array;
}

}  // namespace

void Chunk::clear() {
  std::vector<CallPiece> memory = std::move(calls);
  memory.clear();
  *this = {};
  calls = std::move(memory);
}

namespace {

// What stands in the object that has begun.
bool read_members(Reader& reader, std::string_view text, Chunk& chunk) {
  while (reader.next() == Token::key) {
    const std::string_view key = reader.raw();
    if (key == "choices") {
      if (!read_choices(reader, text, chunk)) return false;
      continue;
    }
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "id") {
      chunk.id = json::escaped(*value);
    } else if (key == "usage") {
      if (value->front() == '{') chunk.usage = *value;
    } else if (key == "citations" || key == "search_results") {  // Perplexity, beside the choices
      chunk.annotations = chunk.annotations || says_something(*value);
    } else if (key == "x_groq") {  // Groq's older place for it
      if (chunk.usage.empty()) chunk.usage = json::member(*value, "usage");
    } else if (key == "error") {
      if (says_something(*value)) chunk.error = text;
    } else if (key == "object" || key == "type") {
      if (*value == "\"error\"") chunk.error = text;
    }
  }
  return reader.current() == Token::end_object && reader.next() == Token::end;
}

}  // namespace

// Only where one string and the id are all that the chunk says.
void ChunkReader::remember(std::string_view text, const Chunk& chunk) {
  shape_.forget();
  if (!chunk.choice || chunk.is_message || chunk.others || chunk.annotations || chunk.audio || chunk.images) return;
  if (chunk.logprobs || !chunk.unknown.empty()) return;
  if (!chunk.text_parts.empty() || !chunk.refusal.empty() || !chunk.reasoning_details.empty()) return;
  if (!chunk.finish_reason.empty() || !chunk.matched_stop.empty() || !chunk.usage.empty() || !chunk.error.empty())
    return;
  const int said = !chunk.text.empty() + !chunk.reasoning.empty() + (chunk.calls.empty() ? 0 : 1);
  if (said != 1) return;
  Escaped piece = chunk.text;
  piece_ = Piece::text;
  if (!chunk.reasoning.empty()) {
    piece = chunk.reasoning;
    piece_ = Piece::reasoning;
  } else if (!chunk.calls.empty()) {
    const CallPiece& call = chunk.calls.front();
    if (chunk.calls.size() > 1 || !call.id.empty() || !call.name.empty() || !call.arguments_json.empty() ||
        !call.signature.empty())
      return;
    piece = call.arguments;
    piece_ = Piece::arguments;
    call_index_ = call.index;
  }
  if (piece.empty()) return;
  std::string_view slots[] = {chunk.id.inside, piece.inside};
  piece_slot_ = 1;
  has_id_ = chunk.id.inside.data() != nullptr;
  if (has_id_ && slots[0].data() > slots[1].data()) {
    std::swap(slots[0], slots[1]);
    piece_slot_ = 0;
  }
  if (has_id_) return shape_.remember(text, slots);
  piece_slot_ = 0;
  shape_.remember(text, {&piece.inside, 1});
}

ChunkRead ChunkReader::read(std::string_view text, Chunk& chunk) {
  chunk.clear();
  if (shape_.matches(text)) {
    const Escaped piece{shape_.slot(piece_slot_)};
    if (has_id_) chunk.id = {shape_.slot(1 - piece_slot_)};
    chunk.choices = chunk.choice = true;
    switch (piece_) {
      case Piece::text: chunk.text = piece; break;
      case Piece::reasoning: chunk.reasoning = piece; break;
      case Piece::arguments:
        chunk.calls.emplace_back();
        chunk.calls.back().index = call_index_;
        chunk.calls.back().arguments = piece;
        break;
    }
    return ChunkRead::whole;
  }
  Reader reader(text);
  if (reader.next() != Token::begin_object) return ChunkRead::no_object;
  if (read_members(reader, text, chunk)) {
    remember(text, chunk);
    return ChunkRead::whole;
  }
  // An escape that was cut is found to be wrong where it begins.
  constexpr size_t escape_bytes = 6;
  return text.size() - reader.error().offset < escape_bytes ? ChunkRead::cut : ChunkRead::no_object;
}

}  // namespace signalbox::dialects::openai_chat
