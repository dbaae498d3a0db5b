// Errors of the Messages API, and of servers that call themselves compatible with it.
#include "base/arena.h"
#include "dialects/anthropic/request.h"
#include "json/walk.h"

namespace signalbox::dialects::anthropic {
namespace {

using routing::UpstreamError;

// As much of what is no JSON as helps a person; pages of HTML help nobody.
constexpr size_t plain_bytes_max = 512;

constexpr std::string_view blanks = " \t\r\n";

std::string_view plain(std::string_view value, Arena& arena) {
  const std::string_view inside = json::string_inside(value);
  if (inside.find('\\') == inside.npos) return inside;
  std::string spelled;
  json::unescape(inside, spelled);
  return arena.copy(spelled);
}

// What the members of the object `text` say; what they do not say stays as it is.
void take_members(std::string_view text, UpstreamError& error, Arena& arena) {
  std::string_view nested;
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    const auto take = [&](std::string_view& out) {
      const std::string_view said = plain(value, arena);
      if (!said.empty()) out = said;
    };
    if (json::equals(key, "error")) {
      if (value.front() == '{') nested = value;
      else take(error.message);
    } else if (json::equals(key, "message") || json::equals(key, "detail")) {
      take(error.message);
    } else if (json::equals(key, "type")) {
      if (value != "\"error\"") take(error.type);
    } else if (json::equals(key, "code")) {
      if (value.front() == '"') take(error.code);
      else if (value != "null" && value.front() != '{' && value.front() != '[') error.code = value;
    }
  });
  // One level only, and it knows better than what stands around it.
  if (nested.empty()) return;
  json::each_member(nested, [&](std::string_view key, std::string_view value) {
    const std::string_view said = plain(value, arena);
    if (json::equals(key, "message") && !said.empty()) error.message = said;
    if (json::equals(key, "type") && !said.empty()) error.type = said;
    if (json::equals(key, "code") && !said.empty()) error.code = said;
  });
}

}  // namespace

UpstreamError read_error(std::string_view body, Arena& arena) {
  UpstreamError error;
  const size_t begin = body.find_first_not_of(blanks);
  if (begin == body.npos) return error;
  if (body[begin] != '{') {
    const bool telling = body[begin] != '<' && body[begin] != '[';
    if (telling) error.message = arena.copy(body.substr(begin, plain_bytes_max));
    return error;
  }
  take_members(body, error, arena);
  // Gateways put another's whole error into their message, as text.
  const std::string_view outer = error.message;
  if (!outer.empty() && outer.front() == '{' && json::is_whole_object(outer)) take_members(outer, error, arena);
  return error;
}

}  // namespace signalbox::dialects::anthropic
