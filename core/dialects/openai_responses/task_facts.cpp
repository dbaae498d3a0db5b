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

// One of the history's items.
struct Item {
  std::string_view type, role, content, output;

  // A message may leave its type out.
  bool is_message() const { return type.empty() || is_string(type, "message"); }
  // What a tool has brought: "function_call_output" and its like.
  bool is_result() const {
    constexpr std::string_view end = "_output";
    std::string plain;
    json::unescape(json::string_inside(type).substr(0, 256), plain);
    return plain.size() > end.size() && plain.compare(plain.size() - end.size(), end.size(), end) == 0;
  }
};

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
  const auto take_item = [&](const Item& item) {
    const bool by_user = item.is_message() && is_string(item.role, "user");
    const bool result_item = !item.is_message() && item.is_result();
    const std::string_view content = result_item ? item.output : item.content;
    if (by_user || result_item) {
      if (facts.knows(Fact::image_asked)) turns.user(content);
      if (by_user && facts.knows(Fact::tags)) tags.look_in_user(content);
    } else if (item.is_message() && !is_string(item.role, "assistant")) {
      const bool by_system = is_string(item.role, "system") || is_string(item.role, "developer");
      if (by_system && facts.knows(Fact::tags)) tags.look_in_system(content);
    } else {
      turns.assistant();
    }
    if (facts.knows(Fact::media)) media.add(media_of(content));
  };
  json::each_member_of(reader, [&](std::string_view key) {
    const size_t member = root.which(key);
    if (member == input) {
      json::Reader ahead = reader;
      if (ahead.next() == json::Token::begin_array) {
        return json::each_element_of(reader, [&] {
          Item item;
          const bool read = json::each_member_of(reader, [&](std::string_view name) {
            const auto value = reader.skip_value();
            if (!value) return false;
            if (json::equals(name, "type")) item.type = *value;
            else if (json::equals(name, "role")) item.role = *value;
            else if (json::equals(name, "content")) item.content = *value;
            else if (json::equals(name, "output")) item.output = *value;
            return true;
          });
          take_item(item);
          return read;
        });
      }
    }
    const auto value = reader.skip_value();
    if (!value) return false;
    if (member == instructions) {
      tags.look_in_system(*value);
    } else if (member == input) {
      if (facts.knows(Fact::tags) && value->front() == '"') tags.look_in_user(*value);
    } else if (member == tools) {
      json::each_element(*value, [&](std::string_view tool) {
        facts.tools = true;
        if (facts.knows(Fact::web_search) && !facts.web_search)
          facts.web_search = begins_string(json::member(tool, "type"), "web_search");
      });
    } else if (member == reasoning) {
      facts.effort = uint8_t(canonical::effort_of(json::escaped(json::member(*value, "effort"))));
    } else if (member == prompt_cache_key) {
      facts.session = plain_string(*value, arena);
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

}  // namespace signalbox::dialects::openai_responses
