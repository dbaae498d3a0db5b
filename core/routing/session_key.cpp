#include "routing/session_key.h"

#include "base/mix.h"
#include "http/header_list.h"
#include "json/walk.h"

namespace signalbox::routing {
namespace {

constexpr std::string_view header_names[] = {"x-claude-code-session-id", "session-id", "session_id", "x-session-id",
                                             "x-session-affinity",       "thread-id"};

// Members that name the session, the better before the others.
constexpr std::string_view member_names[] = {"session_id", "sessionId", "prompt_cache_key", "conversation",
                                             "conversation_id"};
constexpr std::string_view histories[] = {"messages", "input", "contents"};

bool is_one_of(std::string_view key, std::span<const std::string_view> names) {
  for (std::string_view name : names)
    if (json::equals(key, name)) return true;
  return false;
}

bool names_something(std::string_view value) {
  return !value.empty() && value != "null" && value != "\"\"" && value != "{}";
}

// Only the texts of a message's content, whatever its shape: a string, or parts with "text".
uint64_t hash_content(std::string_view content, uint64_t hash) {
  if (content.empty()) return hash;
  if (content.front() == '"') return base::mix_text(json::string_inside(content), hash);
  json::each_element(content, [&](std::string_view part) {
    if (part.front() == '"') hash = base::mix_text(json::string_inside(part), hash);
    else hash = base::mix_text(json::string_inside(json::member(part, "text")), hash);
  });
  return hash;
}

// The first message of the user's in the history that `reader` stands before; `hash` where there is none. What stands behind
// it is not looked at.
uint64_t hash_first_message(json::Reader& reader, uint64_t hash) {
  const json::Token kind = reader.next();
  if (kind == json::Token::string) return base::mix_text(reader.raw(), hash);
  if (kind != json::Token::begin_array) return hash;
  for (json::Token token; (token = reader.next()) != json::Token::end_array && token != json::Token::error;) {
    if (token == json::Token::begin_array) return hash;
    if (token != json::Token::begin_object) continue;
    std::string_view role, content;
    while (reader.next() == json::Token::key) {
      const std::string_view key = reader.raw();
      const auto value = reader.skip_value();
      if (!value) return hash;
      if (json::equals(key, "role")) role = *value;
      else if (json::equals(key, "content") || json::equals(key, "parts")) content = *value;
    }
    // Gemini's may leave the role out.
    if ((role.empty() || role == "\"user\"") && !content.empty()) return hash_content(content, hash);
  }
  return hash;
}

// The header that names the session: the first of the names that any has.
const Header* naming_header(std::span<const Header> headers) {
  const Header* found = nullptr;
  size_t best = std::size(header_names);
  for (const Header& header : headers)
    for (size_t i = 0; i < best; ++i)
      if (!header.value.empty() && http::equals_ignoring_case(header.name, header_names[i])) best = i, found = &header;
  return found;
}

}  // namespace

uint64_t session_key(const Said& said) {
  constexpr uint64_t begin = 0x636f6e7665727361u;
  const uint64_t start = base::mix_text(said.client_key, begin);
  uint64_t hash = start;
  const Header* const header = naming_header(said.headers);
  bool named = header != nullptr;
  if (named) hash = base::mix_text(header->value, hash);
  if (named && said.subagents == Subagents::together) return hash | 1;

  std::string_view user, member, history;
  size_t best = std::size(member_names);
  json::Reader reader(said.body);
  if (reader.next() == json::Token::begin_object) {
    while (reader.next() == json::Token::key) {
      const std::string_view key = reader.raw();
      if (named && is_one_of(key, histories)) {
        hash = hash_first_message(reader, hash);
        break;  // there is nothing more to look for
      }
      const auto value = reader.skip_value();
      if (!value) break;
      if (history.empty() && is_one_of(key, histories)) {
        history = *value;
      } else if (!named && json::equals(key, "metadata")) {
        user = json::member(*value, "user_id");
      } else if (!named) {
        for (size_t i = 0; i < best; ++i)
          if (json::equals(key, member_names[i]) && names_something(*value)) best = i, member = *value;
      }
    }
  }
  if (!named) {
    if (names_something(user)) member = user;
    else if (!member.empty() && member.front() == '{') member = json::member(member, "id");
    named = names_something(member);
    if (named) hash = base::mix_text(member, hash);
  }
  if (!history.empty() && (!named || said.subagents == Subagents::apart)) {
    json::Reader messages(history);
    hash = hash_first_message(messages, hash);
  }
  return hash == start ? 0 : hash | 1;
}

}  // namespace signalbox::routing
