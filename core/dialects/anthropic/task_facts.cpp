// What rules, tasks and targets ask of a Messages request.
#include "dialects/anthropic/task_facts.h"

#include "dialects/task_reading.h"

namespace signalbox::dialects::anthropic {
namespace {

constexpr FactSet of_media = bit_of(Fact::media), of_image = bit_of(Fact::image_asked), of_tags = bit_of(Fact::tags);
constexpr RootMember members[] = {
    {"system", FactSet(of_tags | bit_of(Fact::subagent))},
    {"messages", FactSet(of_media | of_image | of_tags)},
    {"tools", FactSet(bit_of(Fact::tools) | bit_of(Fact::web_search))},
    {"thinking", bit_of(Fact::effort)},
    {"output_config", bit_of(Fact::effort)},
    {"metadata", bit_of(Fact::session)},
};
enum Member : size_t { system, messages, tools, thinking, output_config, metadata };

// What a list of blocks is looked into for: results of tools hold such lists themselves, and nothing holds those.
enum class Within : uint8_t { message, result };

Media media_within(std::string_view content, Within within) {
  Media media;
  json::each_element(content, [&](std::string_view block) {
    std::string_view type, inner;
    json::each_member(block, [&](std::string_view key, std::string_view value) {
      if (json::equals(key, "type")) type = value;
      else if (within == Within::message && json::equals(key, "content")) inner = value;
    });
    if (is_string(type, "image")) media.images = true;
    else if (is_string(type, "document")) media.documents = true;
    else if (is_string(type, "tool_result")) media.add(media_within(inner, Within::result));
  });
  return media;
}

// Whether the client's billing line says that a subagent asks (translation.md section 14).
bool says_subagent(std::string_view content) {
  constexpr std::string_view mark = "x-anthropic-billing-header:", word = "cc_is_subagent=true";
  constexpr size_t line_bytes_max = 1024;
  if (begins_string(content, mark)) {
    std::string line;
    json::unescape(json::string_inside(content).substr(0, line_bytes_max), line);
    return std::string_view(line).substr(0, line.find('\n')).find(word) != std::string_view::npos;
  }
  bool says = false;
  if (!content.empty() && content.front() == '[')
    json::each_element(content, [&](std::string_view block) {
      const std::string_view text = block.front() == '{' ? json::member(block, "text") : std::string_view();
      if (!says && begins_string(text, mark)) says = says_subagent(text);
    });
  return says;
}

std::string_view session_of(std::string_view metadata, Arena& arena) {
  constexpr std::string_view mark = "_session_";
  const std::string_view user = plain_string(json::member(metadata, "user_id"), arena);
  const std::string_view session = json::member(user, "session_id");
  if (!session.empty()) return plain_string(session, arena);
  const size_t at = user.rfind(mark);
  return at == user.npos ? std::string_view() : user.substr(at + mark.size());
}

Media media_of(std::string_view content) { return media_within(content, Within::message); }

constexpr std::string_view of_turn[] = {"role", "content"};

Turn turn_of(std::span<const std::string_view> values) {
  const std::string_view role = values[0];
  if (is_string(role, "user")) return {Speaker::user, values[1]};
  if (is_string(role, "assistant")) return {Speaker::assistant, values[1]};
  return {is_string(role, "system") ? Speaker::system : Speaker::other, values[1]};
}

void take(TaskReading& reading, size_t member, std::string_view value) {
  routing::TaskFacts& facts = reading.facts;
  switch (member) {
    case system:
      if (facts.knows(Fact::tags)) reading.tags.look_in_system(value);
      if (facts.knows(Fact::subagent)) facts.subagent = says_subagent(value);
      break;
    case tools: reading.take_tools(value); break;
    case thinking: {
      const std::string_view type = json::member(value, "type");
      facts.thinks = is_string(type, "enabled");
      reading.thinking_off = is_string(type, "disabled");
      break;
    }
    case output_config: reading.take_effort(json::member(value, "effort")); break;
    case metadata: facts.session = session_of(value, reading.arena); break;
    default: break;
  }
}

constexpr TaskWords words = {members, messages, of_turn, json::equals, turn_of, media_of, take, Tags::Empty::goes};

}  // namespace

routing::TaskFactsResult read_task_facts(std::string_view body, FactSet wanted, Arena& arena) {
  return dialects::read_task_facts(words, body, wanted, arena);
}

}  // namespace signalbox::dialects::anthropic
