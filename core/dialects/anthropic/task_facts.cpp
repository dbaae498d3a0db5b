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

// Of a list of blocks; results of tools hold such lists themselves, and nothing holds those.
Media media_of(std::string_view content, bool results) {
  Media media;
  json::each_element(content, [&](std::string_view block) {
    std::string_view type, inner;
    json::each_member(block, [&](std::string_view key, std::string_view value) {
      if (json::equals(key, "type")) type = value;
      else if (results && json::equals(key, "content")) inner = value;
    });
    if (is_string(type, "image")) media.images = true;
    else if (is_string(type, "document")) media.documents = true;
    else if (is_string(type, "tool_result")) media.add(media_of(inner, false));
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

}  // namespace

routing::TaskFactsResult read_task_facts(std::string_view body, FactSet wanted, Arena& arena) {
  routing::TaskFactsResult result;
  routing::TaskFacts& facts = result.facts;
  facts.read = wanted;
  RootMembers root(body, members, wanted);
  Tags tags(body, arena, Tags::Empty::goes);
  Turns turns;
  Media media;
  json::Reader reader(body);
  std::string_view thinking_is;
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
        if (is_string(role, "user")) {
          if (facts.knows(Fact::image_asked)) turns.user(content);
          if (facts.knows(Fact::tags)) tags.look_in_user(content);
        } else if (is_string(role, "assistant")) {
          turns.assistant();
        } else if (is_string(role, "system") && facts.knows(Fact::tags)) {
          tags.look_in_system(content);
        }
        if (facts.knows(Fact::media)) media.add(media_of(content, true));
        return read;
      });
    }
    const auto value = reader.skip_value();
    if (!value) return false;
    if (member == system) {
      if (facts.knows(Fact::tags)) tags.look_in_system(*value);
      if (facts.knows(Fact::subagent)) facts.subagent = says_subagent(*value);
    } else if (member == tools) {
      json::each_element(*value, [&](std::string_view tool) {
        facts.tools = true;
        if (facts.knows(Fact::web_search) && !facts.web_search)
          facts.web_search = begins_string(json::member(tool, "type"), "web_search");
      });
    } else if (member == thinking) {
      thinking_is = json::member(*value, "type");
    } else if (member == output_config) {
      facts.effort = uint8_t(canonical::effort_of(json::escaped(json::member(*value, "effort"))));
    } else if (member == metadata) {
      facts.session = session_of(*value, arena);
    }
    return true;
  });
  facts.thinks = is_string(thinking_is, "enabled");
  if (is_string(thinking_is, "disabled")) facts.effort = 0;
  for (std::string_view content : turns.last()) facts.image_asked = facts.image_asked || media_of(content, true).images;
  facts.images = media.images;
  facts.documents = media.documents;
  if (facts.knows(Fact::tags)) tags.tell(facts);
  result.fault = std::move(root.fault);
  return result;
}

}  // namespace signalbox::dialects::anthropic
