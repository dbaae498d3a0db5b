#include "tokens/estimate.h"

#include <algorithm>
#include <cstddef>

#include "json/reader.h"
#include "tokens/text_meter.h"

namespace signalbox::tokens {
namespace {

using json::Reader;
using json::Token;

// What the model is given around the text, in tokens.
constexpr int64_t request_tokens = 8;            // the frame of a conversation
constexpr int64_t message_tokens = 4;            // role and borders of a message
constexpr int64_t block_tokens = 3;              // borders of a content block
constexpr int64_t tool_tokens = 12;              // borders of a definition
constexpr int64_t tool_use_prompt_tokens = 346;  // Anthropic's instructions for tools, sent once
constexpr int64_t server_tool_tokens = 700;      // a definition the upstream has (search, editor, shell)
// Anthropic scales images to at most about 1.15 megapixels at 750 pixels a token.
constexpr int64_t image_tokens = 1600;
// A page of a PDF goes in as its text (about 1,500 tokens) and as an image.
constexpr int64_t pdf_page_tokens = 1500 + image_tokens;
constexpr int64_t pdf_page_bytes = 50'000;    // a written page with its share of the fonts
constexpr int64_t pdf_pages_max = 600;        // what the API takes
constexpr int64_t unseen_document_pages = 5;  // behind a URL or a file id
// Encrypted thinking and search results: base64 of text.
constexpr int64_t opaque_bytes_per_token = 6;
// Too little harms more than too much (translation.md section 13).
constexpr int64_t lean_percent = 105;

// A content block in a tool result in a message stands at depth 7, its source at 8. What is deeper is
// nobody's content and counts as the text it is.
constexpr size_t depth_known_max = 12;

// Walks a request. One frame for each container whose members mean something.
class Walk {
 public:
  explicit Walk(std::string_view body) : reader_(body) {}

  // False when the body is not what it should be.
  bool run() {
    if (reader_.next() != Token::begin_object) return false;
    push(Place::root);
    while (depth_ > 0) {
      Frame& frame = frames_[depth_ - 1];
      Token token = reader_.next();
      if (token == Token::error || token == Token::end) return false;
      if (token == Token::end_object || token == Token::end_array) {
        leave(frame);
        --depth_;
      } else if (token == Token::key) {
        if (!member(frame)) return false;
      } else if (!element(frame, token)) {
        return false;
      }
    }
    return true;
  }

  int64_t tokens() const {
    return request_tokens + fixed_tokens_ + (tools_seen_ ? tool_use_prompt_tokens : 0) + text_.tokens();
  }

 private:
  enum class Place : uint8_t { root, messages, message, blocks, block, source, tools, tool };
  enum class Kind : uint8_t { other, image, document, base64, text };

  struct Frame {
    Place place = Place::root;
    Kind kind = Kind::other;
    bool has_source = false;
    bool has_schema = false;
    bool pdf = false;
    int64_t source_tokens = 0;
    std::string_view data;  // of a source
  };

  bool is(std::string_view plain) const { return json::equals(reader_.raw(), plain); }

  void push(Place place) {
    frames_[depth_] = Frame();
    frames_[depth_++].place = place;
  }

  // Reads over a value that costs nothing.
  bool skip() { return reader_.skip_value().has_value(); }

  // Counts a value as the text it is; of a string, what is between its quotes.
  bool count() {
    auto value = reader_.skip_value();
    if (!value) return false;
    text_.feed(inside(*value));
    return true;
  }

  static std::string_view inside(std::string_view value) {
    return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
  }

  // Reads on with the next value: into the container it is hoped to be, or over whatever it is.
  bool descend(Token wanted, Place place) {
    Token token = reader_.next();
    if (token == wanted && depth_ < depth_known_max) {
      push(place);
      return true;
    }
    return count_begun(token);
  }

  // Counts what is left of a value whose first token has been read.
  bool count_begun(Token token) {
    if (token == Token::error || token == Token::end) return false;
    text_.feed(reader_.raw());
    if (token != Token::begin_object && token != Token::begin_array) return true;
    size_t outside = reader_.depth() - 1;
    while (reader_.depth() > outside) {
      token = reader_.next();
      if (token == Token::error || token == Token::end) return false;
      text_.feed(reader_.raw());
    }
    return true;
  }

  bool member(Frame& frame) {
    switch (frame.place) {
      case Place::root:
        // Of all four dialects: their names mean nothing else in each other's bodies.
        if (is("messages") || is("input") || is("contents")) return descend(Token::begin_array, Place::messages);
        if (is("system") || is("instructions")) return descend(Token::begin_array, Place::blocks);
        if (is("systemInstruction") || is("system_instruction")) return descend(Token::begin_object, Place::message);
        if (is("tools")) return descend(Token::begin_array, Place::tools);
        return skip();
      case Place::message: return message_member();
      case Place::block: return block_member(frame);
      case Place::source: return source_member(frame);
      case Place::tool:
        if (is("input_schema") || is("parameters") || is("function") || is("functionDeclarations") ||
            is("function_declarations")) {
          frame.has_schema = true;
          return count();
        }
        return is("cache_control") || is("type") ? skip() : count();
      default: return false;  // an array has no members
    }
  }

  // A message, or an item of the Responses dialect, which a call and its result are as well.
  bool message_member() {
    if (is("content") || is("parts") || is("output")) return descend(Token::begin_array, Place::blocks);
    if (is("tool_calls") || is("reasoning_content") || is("arguments") || is("summary")) return count();
    if (is("encrypted_content")) return count_opaque();
    return skip();
  }

  bool block_member(Frame& frame) {
    if (is("type")) {
      auto value = reader_.skip_value();
      if (!value) return false;
      std::string_view kind = inside(*value);
      if (json::equals(kind, "image")) frame.kind = Kind::image;
      if (json::equals(kind, "document")) frame.kind = Kind::document;
      return true;
    }
    if (is("content")) return descend(Token::begin_array, Place::blocks);
    if (is("source")) {
      frame.has_source = true;
      return descend(Token::begin_object, Place::source);
    }
    if (is("data") || is("encrypted_content")) return count_opaque();
    if (is("image_url") || is("inlineData") || is("inline_data") || is("fileData")) {
      fixed_tokens_ += image_tokens;
      return skip();
    }
    if (is("file_data") || is("file") || is("input_audio")) return count_opaque();
    if (is("thoughtSignature") || is("thought_signature")) return skip();
    // The API's own bookkeeping.
    if (is("id") || is("tool_use_id") || is("cache_control") || is("signature") || is("is_error") ||
        is("encrypted_index") || is("citations"))
      return skip();
    return count();
  }

  bool source_member(Frame& frame) {
    auto key_is_type = is("type");
    auto key_is_media = is("media_type");
    auto key_is_data = is("data");
    if (is("content")) return descend(Token::begin_array, Place::blocks);
    auto value = reader_.skip_value();
    if (!value) return false;
    std::string_view text = inside(*value);
    if (key_is_type && json::equals(text, "base64")) frame.kind = Kind::base64;
    if (key_is_type && (json::equals(text, "text") || json::equals(text, "content"))) frame.kind = Kind::text;
    if (key_is_media && json::equals(text, "application/pdf")) frame.pdf = true;
    if (key_is_data) frame.data = text;
    return true;
  }

  bool count_opaque() {
    auto value = reader_.skip_value();
    if (!value) return false;
    fixed_tokens_ += int64_t(value->size()) / opaque_bytes_per_token;
    return true;
  }

  // An element of an array.
  bool element(Frame& frame, Token token) {
    Place inner;
    switch (frame.place) {
      case Place::messages: inner = Place::message; break;
      case Place::blocks: inner = Place::block; break;
      case Place::tools: inner = Place::tool; break;
      default: return false;
    }
    if (token == Token::begin_object && depth_ < depth_known_max) {
      push(inner);
      return true;
    }
    // Not what the dialect has there, and the upstream's to judge; its text is counted.
    return count_begun(token);
  }

  void leave(Frame& frame) {
    switch (frame.place) {
      case Place::message: fixed_tokens_ += message_tokens; break;
      case Place::tool:
        tools_seen_ = true;
        fixed_tokens_ += tool_tokens + (frame.has_schema ? 0 : server_tool_tokens);
        break;
      case Place::block:
        fixed_tokens_ += block_tokens;
        if (!frame.has_source) break;
        // Without a size of its own: an address or a file's id.
        if (frame.source_tokens == 0)
          frame.source_tokens = frame.kind == Kind::document ? unseen_document_pages * pdf_page_tokens : image_tokens;
        fixed_tokens_ += frame.source_tokens > 0 ? frame.source_tokens : 0;
        break;
      case Place::source: leave_source(frame); break;
      default: break;
    }
  }

  void leave_source(Frame& frame) {
    constexpr int64_t counted_as_text = -1;
    Frame& block = frames_[depth_ - 2];
    if (frame.kind == Kind::text) {
      text_.feed(frame.data);
      block.source_tokens = counted_as_text;
    } else if (frame.kind == Kind::base64 && frame.pdf) {
      int64_t bytes = int64_t(frame.data.size()) / 4 * 3;
      int64_t pages = std::clamp<int64_t>((bytes + pdf_page_bytes - 1) / pdf_page_bytes, 1, pdf_pages_max);
      block.source_tokens = pages * pdf_page_tokens;
    } else if (frame.kind == Kind::base64) {
      block.source_tokens = image_tokens;
    }
  }

  Reader reader_;
  TextMeter text_;
  int64_t fixed_tokens_ = 0;
  bool tools_seen_ = false;
  size_t depth_ = 0;
  Frame frames_[depth_known_max];
};

}  // namespace

int64_t estimate_text_tokens(std::string_view text) {
  TextMeter meter;
  meter.feed(text);
  return meter.tokens();
}

int64_t estimate_tokens(std::string_view json_body) {
  Walk walk(json_body);
  int64_t tokens = walk.run() ? walk.tokens() : estimate_text_tokens(json_body);
  return std::max<int64_t>(1, (tokens * lean_percent + 99) / 100);
}

}  // namespace signalbox::tokens
