// What rules, tasks and targets ask of a Responses request.
#include "dialects/openai_responses/task_facts.h"

#include "dialects/task_reading.h"

namespace signalbox::dialects::openai_responses {
namespace {

constexpr RootMember members[] = {
    {"instructions", bit_of(Fact::tags)},
    {"input", FactSet(bit_of(Fact::media) | bit_of(Fact::image_asked) | bit_of(Fact::tags))},
    {"tools", FactSet(bit_of(Fact::tools) | bit_of(Fact::web_search))},
    {"reasoning", bit_of(Fact::effort)},
    {"prompt_cache_key", bit_of(Fact::session)},
};
enum Member : size_t { instructions, input, tools, reasoning, prompt_cache_key };

Media media_of(std::string_view content) {
  Media media;
  json::each_element(content, [&](std::string_view part) {
    const std::string_view type = json::member(part, "type");
    if (is_string(type, "input_image")) media.images = true;
    else if (is_string(type, "input_file")) media.documents = true;
  });
  return media;
}

constexpr std::string_view of_turn[] = {"role", "content", "type", "output"};

// Whether an item's type says that a tool has brought it: "function_call_output" and its like.
bool is_result(std::string_view type) {
  constexpr std::string_view end = "_output";
  std::string plain;
  json::unescape(json::string_inside(type).substr(0, 256), plain);
  return plain.size() > end.size() && plain.compare(plain.size() - end.size(), end.size(), end) == 0;
}

Turn turn_of(std::span<const std::string_view> values) {
  const std::string_view role = values[0], content = values[1], type = values[2];
  // A message may leave its type out.
  if (!type.empty() && !is_string(type, "message"))
    return is_result(type) ? Turn{Speaker::result, values[3]} : Turn{Speaker::assistant, content};
  if (is_string(role, "user")) return {Speaker::user, content};
  if (is_string(role, "assistant")) return {Speaker::assistant, content};
  const bool by_system = is_string(role, "system") || is_string(role, "developer");
  return {by_system ? Speaker::system : Speaker::other, content};
}

void take(TaskReading& reading, size_t member, std::string_view value) {
  switch (member) {
    case instructions: reading.tags.look_in_system(value); break;
    case input:
      if (reading.facts.knows(Fact::tags) && value.front() == '"') reading.tags.look_in_user(value);
      break;
    case tools: reading.take_tools(value); break;
    case reasoning: reading.take_effort(json::member(value, "effort")); break;
    case prompt_cache_key: reading.facts.session = plain_string(value, reading.arena); break;
    default: break;
  }
}

constexpr TaskWords words = {members, input, of_turn, json::equals, turn_of, media_of, take, Tags::Empty::stays};

}  // namespace

routing::TaskFactsResult read_task_facts(std::string_view body, FactSet wanted, Arena& arena) {
  return dialects::read_task_facts(words, body, wanted, arena);
}

}  // namespace signalbox::dialects::openai_responses
