// What rules, tasks and targets ask of a Chat Completions request.
#include "dialects/openai_chat/task_facts.h"

#include "dialects/task_reading.h"

namespace signalbox::dialects::openai_chat {
namespace {

constexpr RootMember members[] = {
    {"messages", FactSet(bit_of(Fact::media) | bit_of(Fact::image_asked) | bit_of(Fact::tags))},
    {"tools", FactSet(bit_of(Fact::tools) | bit_of(Fact::web_search))},
    {"functions", bit_of(Fact::tools)},
    {"web_search_options", bit_of(Fact::web_search)},
    {"reasoning_effort", bit_of(Fact::effort)},
    {"reasoning", bit_of(Fact::effort)},
    {"thinking", bit_of(Fact::effort)},
    {"enable_thinking", bit_of(Fact::effort)},
    {"prompt_cache_key", bit_of(Fact::session)},
};
enum Member : size_t {
  messages,
  tools,
  functions,
  web_search_options,
  reasoning_effort,
  reasoning,
  thinking,
  enable_thinking,
  prompt_cache_key
};

Media media_of(std::string_view content) {
  Media media;
  json::each_element(content, [&](std::string_view part) {
    const std::string_view type = json::member(part, "type");
    if (is_string(type, "image_url")) media.images = true;
    else if (is_string(type, "file")) media.documents = true;
  });
  return media;
}

constexpr std::string_view of_turn[] = {"role", "content"};

Turn turn_of(std::span<const std::string_view> values) {
  const std::string_view role = values[0];
  if (is_string(role, "user")) return {Speaker::user, values[1]};
  if (is_string(role, "assistant")) return {Speaker::assistant, values[1]};
  if (is_string(role, "tool") || is_string(role, "function")) return {Speaker::result, values[1]};
  const bool by_system = is_string(role, "system") || is_string(role, "developer");
  return {by_system ? Speaker::system : Speaker::other, values[1]};
}

void take(TaskReading& reading, size_t member, std::string_view value) {
  routing::TaskFacts& facts = reading.facts;
  switch (member) {
    case tools:
    case functions: reading.take_tools(value); break;
    case web_search_options: facts.web_search = facts.web_search || value.front() == '{'; break;
    case reasoning_effort: reading.take_effort(value); break;
    case reasoning: reading.take_effort(json::member(value, "effort")); break;
    case thinking: facts.thinks = facts.thinks || is_string(json::member(value, "type"), "enabled"); break;
    case enable_thinking: facts.thinks = facts.thinks || value == "true"; break;
    case prompt_cache_key: facts.session = plain_string(value, reading.arena); break;
    default: break;
  }
}

constexpr TaskWords words = {members, messages, of_turn, json::equals, turn_of, media_of, take, Tags::Empty::stays};

}  // namespace

routing::TaskFactsResult read_task_facts(std::string_view body, FactSet wanted, Arena& arena) {
  return dialects::read_task_facts(words, body, wanted, arena);
}

}  // namespace signalbox::dialects::openai_chat
