#include "tokens/estimate.h"

#include <algorithm>
#include <cstddef>

#include "json/reader.h"

namespace signalbox::tokens {
namespace {

using json::Reader;
using json::Token;

// Thousandths of a token. The weights are our own, from what byte-pair tokenizers are known to do with
// each script; tests/unit/estimate_test.cpp holds the expectations they were set by.
constexpr int64_t per_token = 1000;
constexpr int64_t word_cost_min = 1000;      // a word is a token at least, with the blank before it,
constexpr int64_t letter_cost = 220;         // and from five letters on more: prose has four to one
constexpr int64_t digit_cost = 400;          // numbers are cut into pieces of three and less
constexpr int64_t first_sign_cost = 800;     // a sign by itself is a token; a run such as `":{`
constexpr int64_t further_sign_cost = 200;   // melts into one or two
constexpr int64_t line_cost = 700;           // the same for a line's end
constexpr int64_t further_blank_cost = 100;  // and its indentation
constexpr int64_t alphabet_cost = 500;       // accented Latin, Greek, Cyrillic, Hebrew: two letters
constexpr int64_t syllable_cost = 900;       // Arabic to Khmer: hardly more than one letter
constexpr int64_t cjk_cost = 1100;           // ideographs, kana, hangul: one each, the rare ones two
constexpr int64_t emoji_cost = 2500;         // two or three byte tokens each
// Encoded data pasted as text is in no dictionary: what has no blank for so long is counted twice.
constexpr size_t odd_word_bytes = 48;

// What the model is given around the text, in tokens.
constexpr int64_t request_tokens = 8;    // the frame of a conversation
constexpr int64_t message_tokens = 4;    // role and borders of a message
constexpr int64_t block_tokens = 3;      // borders of a content block
constexpr int64_t tool_tokens = 12;      // borders of a definition
constexpr int64_t tool_use_prompt_tokens = 346;  // Anthropic's instructions for tools, sent once
constexpr int64_t server_tool_tokens = 700;      // a definition the upstream has (search, editor, shell)
// Anthropic scales images to at most about 1.15 megapixels at 750 pixels a token.
constexpr int64_t image_tokens = 1600;
// A page of a PDF goes in as its text (about 1,500 tokens) and as an image.
constexpr int64_t pdf_page_tokens = 1500 + image_tokens;
constexpr int64_t pdf_page_bytes = 50'000;  // a written page with its share of the fonts
constexpr int64_t pdf_pages_max = 600;      // what the API takes
constexpr int64_t unseen_document_pages = 5;  // behind a URL or a file id
// Encrypted thinking and search results: base64 of text.
constexpr int64_t opaque_bytes_per_token = 6;
// Too little harms more than too much (translation.md section 13).
constexpr int64_t lean_percent = 105;

// A content block in a tool result in a message stands at depth 7, its source at 8. What is deeper is
// nobody's content and counts as the text it is.
constexpr size_t depth_known_max = 12;

// Adds up text as it goes by.
class TextMeter {
 public:
  // The inside of a JSON string, or any JSON text: an escape counts as what it stands for.
  void feed(std::string_view json) {
    size_t i = 0;
    while (i < json.size()) {
      auto byte = static_cast<unsigned char>(json[i]);
      if (byte < 0x80) {
        if (byte == '\\' && i + 1 < json.size()) {
          i += escape(json.substr(i));
        } else {
          ascii(byte);
          ++i;
        }
        continue;
      }
      i += multibyte(json.substr(i), byte);
    }
    end_word();
    run_ = Run::none;
  }

  int64_t tokens() const { return (cost_ + per_token - 1) / per_token; }

 private:
  enum class Run : uint8_t { none, blank, line, sign };

  void ascii(unsigned char byte) {
    unsigned char low = byte | 0x20;
    if (low >= 'a' && low <= 'z') {
      word(letter_cost);
    } else if (byte >= '0' && byte <= '9') {
      word(digit_cost);
    } else if (byte <= ' ') {
      end_word();
      if (byte == '\n') {
        cost_ += run_ == Run::line ? further_blank_cost : line_cost;
        run_ = Run::line;
      } else if (run_ == Run::blank || run_ == Run::line) {
        cost_ += further_blank_cost;
      } else {
        run_ = Run::blank;  // the first belongs to the word behind it
      }
    } else {
      end_word();
      cost_ += run_ == Run::sign ? further_sign_cost : first_sign_cost;
      run_ = Run::sign;
    }
  }

  void word(int64_t cost) {
    word_cost_ += cost;
    ++word_bytes_;
    run_ = Run::none;
  }

  void wide(uint32_t code) {
    end_word();
    run_ = Run::none;
    if (code < 0x600) {
      cost_ += alphabet_cost;
    } else if ((code >= 0x1100 && code <= 0x11ff) || (code >= 0x2e80 && code <= 0xd7ff) ||
               (code >= 0xf900 && code <= 0xfaff) || (code >= 0xff00 && code <= 0xffef) ||
               (code >= 0x20000 && code <= 0x3ffff)) {
      cost_ += cjk_cost;
    } else if (code >= 0x2000 && code <= 0x206f) {
      cost_ += first_sign_cost;  // dashes and quotes of prose
    } else if (code < 0x2000) {
      cost_ += syllable_cost;
    } else if (code < 0x10000) {
      cost_ += cjk_cost;  // arrows, box drawing, mathematics
    } else {
      cost_ += emoji_cost;
    }
  }

  // The character that begins `text` with the byte `first`; its length. Valid UTF-8 is not needed.
  size_t multibyte(std::string_view text, unsigned char first) {
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    length = std::min(length, text.size());
    uint32_t code = length == 4 ? first & 0x07u : length == 3 ? first & 0x0fu : first & 0x1fu;
    for (size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
    wide(length == 1 ? 0xfffd : code);
    return length;
  }

  // The escape that begins `text`; its length.
  size_t escape(std::string_view text) {
    switch (text[1]) {
      case 'n': ascii('\n'); return 2;
      case 't':
      case 'r':
      case 'b':
      case 'f': ascii(' '); return 2;
      case 'u': break;
      default: ascii(static_cast<unsigned char>(text[1])); return 2;
    }
    uint32_t code = 0;
    size_t length = 2;
    while (length < 6 && length < text.size()) code = code << 4 | hex(text[length++]);
    if (code < 0x80) {
      ascii(static_cast<unsigned char>(code));
    } else if (code >= 0xd800 && code <= 0xdbff) {
      wide(0x1f600);  // the pair's other half adds nothing
    } else if (code < 0xdc00 || code > 0xdfff) {
      wide(code);
    }
    return length;
  }

  static uint32_t hex(char byte) {
    if (byte >= '0' && byte <= '9') return uint32_t(byte - '0');
    return uint32_t((byte | 0x20) - 'a' + 10) & 0xf;
  }

  void end_word() {
    if (word_bytes_ == 0) return;
    cost_ += word_bytes_ > odd_word_bytes ? 2 * word_cost_ : std::max(word_cost_, word_cost_min);
    word_bytes_ = 0;
    word_cost_ = 0;
  }

  int64_t cost_ = 0;
  int64_t word_cost_ = 0;
  size_t word_bytes_ = 0;
  Run run_ = Run::none;
};

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
        if (is("messages")) return descend(Token::begin_array, Place::messages);
        if (is("system")) return descend(Token::begin_array, Place::blocks);
        if (is("tools")) return descend(Token::begin_array, Place::tools);
        return skip();
      case Place::message:
        return is("content") ? descend(Token::begin_array, Place::blocks) : skip();
      case Place::block: return block_member(frame);
      case Place::source: return source_member(frame);
      case Place::tool:
        if (is("input_schema")) {
          frame.has_schema = true;
          return count();
        }
        return is("cache_control") || is("type") ? skip() : count();
      default: return false;  // an array has no members
    }
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
