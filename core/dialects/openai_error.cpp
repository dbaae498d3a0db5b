// What errors in OpenAI's shape say, and in the shapes that servers with the same paths use instead:
//
//   {"error":{"message","type","param","code"}}     OpenAI
//   {"error":"text"}  {"message"}  {"detail"}       small servers, FastAPI
//   {"object":"error","message","type","code"}      vLLM
//   {"detail":[{"type","loc":["body","x"],"msg"}]}  FastAPI, Mistral
//   [{"error":{...,"details":[{"retryDelay"}]}}]    Gemini behind OpenAI's path
//   error.metadata.raw                              OpenRouter: what its own upstream said
//   {"choices":[{"error":{...},"finish_reason"}]}   OpenRouter: an answer that broke off
//
// The innermost message is the one that says something; a whole error inside a message is taken out of
// it, once.
#include <array>
#include <cstddef>

#include "base/arena.h"
#include "base/text.h"
#include "dialects/openai.h"
#include "json/walk.h"

namespace signalbox::dialects::openai {
namespace {

using routing::UpstreamError;

// As much of what is no JSON as helps a person; pages of HTML help nobody.
constexpr size_t plain_bytes_max = 512;
// A longer wait is no hint but a mistake, and must not overflow.
constexpr int64_t wait_seconds_max = int64_t(366) * 24 * 3600;
// Containers within the error that are followed: error, metadata, an element of details.
constexpr int nesting_max = 4;
// As many paths of refused members as anyone makes use of.
constexpr size_t extra_inputs_bytes_max = 4096;
// So many of one object.
constexpr size_t inner_max = 4;

std::string_view plain(std::string_view value, Arena& arena) {
  const std::string_view inside = json::string_inside(value);
  if (inside.find('\\') == inside.npos) return inside;
  std::string spelt;
  json::unescape(inside, spelt);
  return arena.copy(spelt);
}

bool is_number(std::string_view text) {
  return !text.empty() && (text.front() == '-' || (text.front() >= '0' && text.front() <= '9'));
}

// "12", "1.5" or "34.07s" seconds as milliseconds, rounded up; -1 when `text` is none.
int64_t milliseconds_of(std::string_view text) {
  if (!text.empty() && text.back() == 's') text.remove_suffix(1);
  const size_t point = text.find('.');
  const auto seconds = base::parse_decimal(text.substr(0, point));
  if (!seconds || *seconds > wait_seconds_max) return -1;
  int64_t ms = *seconds * 1000;
  if (point == text.npos) return ms;
  int64_t scale = 100;
  bool more = false;
  for (const char c : text.substr(point + 1)) {
    if (c < '0' || c > '9') return -1;
    ms += (c - '0') * scale;
    more = more || (scale == 0 && c != '0');
    scale /= 10;
  }
  return more ? ms + 1 : ms;
}

class ErrorReader {
 public:
  ErrorReader(UpstreamError& error, Arena& arena) : error_(error), arena_(arena) {}

  // What further in is said counts more, wherever it stands, so it is read last.
  void read(std::string_view text, int nesting) {
    std::array<std::string_view, inner_max> inner;
    size_t count = 0;
    std::string_view place;
    bool extra = false;
    json::each_member(text, [&](std::string_view key, std::string_view value) {
      const bool holds = value.front() == '{' || value.front() == '[';
      if (key == "loc") place = value;
      extra = extra || (key == "type" && value == R"("extra_forbidden")");
      if (!holds) take(key, value);
      else if (is_holder(key) && count < inner_max) inner[count++] = value;
    });
    if (extra) take_extra_input(place);
    if (nesting == nesting_max) return;
    for (size_t i = 0; i < count; ++i) descend(inner[i], nesting + 1);
  }

  // Whole errors as text: OpenRouter's raw, or one inside the message.
  void unwrap() {
    const std::string_view inner = !raw_.empty() ? raw_ : error_.message;
    if (json::is_whole_object(inner)) {
      read(inner, 0);
    } else if (!raw_.empty() && raw_.front() != '<') {
      error_.message = raw_.substr(0, plain_bytes_max);
    }
    // What it had said so far explains nothing.
    if (error_.message.empty() && broke_off_) error_.message = "The upstream broke off its answer.";
  }

 private:
  static bool is_holder(std::string_view key) {
    return key == "error" || key == "message" || key == "metadata" || key == "details" || key == "detail" ||
           key == "errors" || key == "raw" || key == "choices";
  }

  void take(std::string_view key, std::string_view value) {
    if (key == "message" || key == "msg" || key == "error" || key == "detail") {
      set(error_.message, value);
    } else if (key == "type") {
      if (value != "\"error\"") set(error_.type, value);
    } else if (key == "code") {
      if (is_number(value)) error_.code = value;
      else set(error_.code, value);
    } else if (key == "finish_reason") {
      broke_off_ = true;
      if (value == "\"insufficient_system_resource\"") error_.type = "overloaded_error";  // DeepSeek
    } else if (key == "status") {  // Gemini's word; its code is the number
      if (error_.type.empty()) set(error_.type, value);
    } else if (key == "raw") {
      raw_ = plain(value, arena_);
    } else {
      take_wait(key, value);
    }
  }

  // ["body","messages",0,"user","name"] as messages.0.user.name.
  void take_extra_input(std::string_view place) {
    std::string path(error_.extra_inputs);
    const size_t before = path.size();
    if (before > 0) path += '\n';
    json::each_element(place, [&](std::string_view part) {
      const bool first = path.empty() || path.back() == '\n';
      if (first && part == R"("body")") return;
      if (!first) path += '.';
      path += part.front() == '"' ? plain(part, arena_) : part;
    });
    if (path.size() > before + 1 && path.size() < extra_inputs_bytes_max) error_.extra_inputs = arena_.copy(path);
  }

  // Of a list of faults the first tells what happened, unless that was said already; the hint to wait may
  // stand in any.
  void descend(std::string_view value, int nesting) {
    if (value.front() == '{') return read(value, nesting);
    bool told = !error_.message.empty();
    json::each_element(value, [&](std::string_view element) {
      const UpstreamError kept = error_;
      read(element, nesting);
      if (told) {
        error_.message = kept.message;
        error_.type = kept.type;
        error_.code = kept.code;
      }
      told = told || !error_.message.empty();
    });
  }

  void set(std::string_view& out, std::string_view value) {
    const std::string_view said = plain(value, arena_);
    if (!said.empty()) out = said;
  }

  void take_wait(std::string_view key, std::string_view value) {
    const std::string_view text = is_number(value) ? value : json::string_inside(value);
    int64_t ms = -1;
    if (key == "retry_after_ms") {
      const auto number = base::parse_decimal(text);
      if (number && *number <= wait_seconds_max * 1000) ms = *number;
    } else if (key == "resets_in_seconds" || key == "retry_after" || key == "retry_after_seconds" ||
               key == "retryDelay") {
      ms = milliseconds_of(text);
    }
    if (ms >= 0) error_.retry_after_ms = ms;
  }

  UpstreamError& error_;
  Arena& arena_;
  std::string_view raw_;
  bool broke_off_ = false;  // there is an answer's own word for why it ended
};

}  // namespace

UpstreamError read_error(std::string_view body, Arena& arena) {
  UpstreamError error;
  const size_t begin = body.find_first_not_of(" \t\r\n");
  if (begin == body.npos) return error;
  body.remove_prefix(begin);
  if (body.front() == '<') {
    error.message = "The upstream answered with a web page.";
    return error;
  }
  if (body.front() == '[') {
    std::string_view first;
    json::each_element(body, [&](std::string_view element) { first = first.empty() ? element : first; });
    if (!first.empty()) body = first;
  }
  ErrorReader reader(error, arena);
  if (body.front() == '{') {
    reader.read(body, 0);
    reader.unwrap();
  } else {
    const std::string_view text = plain(body, arena);
    error.message = arena.copy((text.empty() ? body : text).substr(0, plain_bytes_max));
  }
  // Words that nobody foresaw are better than none.
  if (error.message.empty()) {
    error.message = !error.code.empty() && !is_number(error.code) ? error.code : error.type;
  }
  if (error.message.empty()) error.message = arena.copy(body.substr(0, plain_bytes_max));
  return error;
}

}  // namespace signalbox::dialects::openai
