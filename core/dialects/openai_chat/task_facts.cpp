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

}  // namespace

routing::TaskFactsResult read_task_facts(std::string_view body, FactSet wanted, Arena& arena) {
  routing::TaskFactsResult result;
  routing::TaskFacts& facts = result.facts;
  facts.read = wanted;
  RootMembers root(body, members, wanted);
  Tags tags(body, arena, Tags::Empty::stays);
  Turns turns;
  Media media;
  json::Reader reader(body);
  const auto take_effort = [&](std::string_view value) {
    facts.effort = std::max(facts.effort, uint8_t(canonical::effort_of(json::escaped(value))));
  };
  json::each_member_of(reader, [&](std::string_view key) {
    const size_t member = root.which(key);
    if (member == messages) {
      return json::each_element_of(reader, [&] {
        std::string_view role, content;
        const bool read = json::each_member_of(reader, [&](std::string_view name) {
          const auto value = reader.skip_value();
          if (!value) return false;
          if (json::equals(name, "role")) role = *value;
          else if (json::equals(name, "content")) content = *value;
          return true;
        });
        const bool by_user = is_string(role, "user");
        if (by_user || is_string(role, "tool") || is_string(role, "function")) {
          if (facts.knows(Fact::image_asked)) turns.user(content);
          if (by_user && facts.knows(Fact::tags)) tags.look_in_user(content);
        } else if (is_string(role, "assistant")) {
          turns.assistant();
        } else if ((is_string(role, "system") || is_string(role, "developer")) && facts.knows(Fact::tags)) {
          tags.look_in_system(content);
        }
        if (facts.knows(Fact::media)) media.add(media_of(content));
        return read;
      });
    }
    const auto value = reader.skip_value();
    if (!value) return false;
    switch (member) {
      case tools:
      case functions:
        json::each_element(*value, [&](std::string_view tool) {
          facts.tools = true;
          if (facts.knows(Fact::web_search) && !facts.web_search)
            facts.web_search = begins_string(json::member(tool, "type"), "web_search");
        });
        break;
      case web_search_options: facts.web_search = facts.web_search || value->front() == '{'; break;
      case reasoning_effort: take_effort(*value); break;
      case reasoning: take_effort(json::member(*value, "effort")); break;
      case thinking: facts.thinks = facts.thinks || is_string(json::member(*value, "type"), "enabled"); break;
      case enable_thinking: facts.thinks = facts.thinks || *value == "true"; break;
      case prompt_cache_key: facts.session = plain_string(*value, arena); break;
      default: break;
    }
    return true;
  });
  for (std::string_view content : turns.last()) facts.image_asked = facts.image_asked || media_of(content).images;
  facts.images = media.images;
  facts.documents = media.documents;
  if (facts.knows(Fact::tags)) tags.tell(facts);
  result.fault = std::move(root.fault);
  return result;
}

}  // namespace signalbox::dialects::openai_chat
