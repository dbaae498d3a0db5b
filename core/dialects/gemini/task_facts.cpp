// What rules, tasks and targets ask of a generateContent request. Names of members are taken in both forms that
// clients write (gemini/reading.h).
#include "dialects/gemini/task_facts.h"

#include "dialects/gemini/reading.h"
#include "dialects/task_reading.h"

namespace signalbox::dialects::gemini {
namespace {

constexpr RootMember members[] = {
    {"systemInstruction", bit_of(Fact::tags)},
    {"system_instruction", bit_of(Fact::tags)},
    {"contents", FactSet(bit_of(Fact::media) | bit_of(Fact::image_asked) | bit_of(Fact::tags))},
    {"tools", FactSet(bit_of(Fact::tools) | bit_of(Fact::web_search))},
    {"generationConfig", bit_of(Fact::effort)},
    {"generation_config", bit_of(Fact::effort)},
};
enum Member : size_t { system, system_snake, contents, tools, generation, generation_snake };

// Whether the escaped key is `camel`, or the same in snake_case.
bool is_key(std::string_view key, std::string_view camel) {
  if (key.find('\\') == key.npos) return names(key, camel);
  std::string plain;
  json::unescape(key, plain);
  return names(plain, camel);
}

std::string_view member_of(std::string_view object, std::string_view camel) {
  std::string_view found;
  json::each_member(object, [&](std::string_view key, std::string_view value) {
    if (is_key(key, camel)) found = value;
  });
  return found;
}

// Of a list of parts; what functions have brought may hold such lists itself, and nothing holds those.
Media media_of(std::string_view parts, bool results) {
  Media media;
  json::each_element(parts, [&](std::string_view part) {
    json::each_member(part, [&](std::string_view key, std::string_view value) {
      if (is_key(key, "inlineData") || is_key(key, "fileData")) {
        const bool image = begins_string(member_of(value, "mimeType"), "image/");
        (image ? media.images : media.documents) = true;
      } else if (results && is_key(key, "functionResponse")) {
        media.add(media_of(member_of(value, "parts"), false));
      }
    });
  });
  return media;
}

void read_effort(std::string_view config, routing::TaskFacts& facts) {
  const std::string_view thinking = member_of(config, "thinkingConfig");
  const std::string_view level = member_of(thinking, "thinkingLevel");
  for (canonical::Effort effort : {canonical::Effort::minimal, canonical::Effort::low, canonical::Effort::medium,
                                   canonical::Effort::high, canonical::Effort::xhigh, canonical::Effort::max}) {
    std::string upper(canonical::word_of(effort));
    for (char& c : upper) c = char(c - ('a' - 'A'));
    if (is_word(level, upper)) facts.effort = uint8_t(effort);
  }
  // A budget of -1 is the model's own to choose.
  const auto budget = json::to_int64(member_of(thinking, "thinkingBudget"));
  if (budget && *budget > 0) facts.effort = std::max(facts.effort, uint8_t(canonical::effort_of(*budget)));
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
  const auto read_content = [&] {
    std::string_view role, parts;
    const bool read = json::each_member_of(reader, [&](std::string_view name) {
      const auto value = reader.skip_value();
      if (!value) return false;
      if (is_key(name, "role")) role = *value;
      else if (is_key(name, "parts")) parts = *value;
      return true;
    });
    if (is_word(role, "MODEL") || is_word(role, "ASSISTANT")) {
      turns.assistant();
    } else if (is_word(role, "SYSTEM")) {
      if (facts.knows(Fact::tags)) tags.look_in_system(parts);
    } else {
      if (facts.knows(Fact::image_asked)) turns.user(parts);
      if (facts.knows(Fact::tags) && !is_word(role, "FUNCTION")) tags.look_in_user(parts);
    }
    if (facts.knows(Fact::media)) media.add(media_of(parts, true));
    return read;
  };
  json::each_member_of(reader, [&](std::string_view key) {
    const size_t member = root.which(key);
    if (member == contents) {
      json::Reader ahead = reader;
      return ahead.next() == json::Token::begin_object ? read_content() : json::each_element_of(reader, read_content);
    }
    const auto value = reader.skip_value();
    if (!value) return false;
    if (member == system || member == system_snake) {
      tags.look_in_system(value->front() == '{' ? member_of(*value, "parts") : *value);
    } else if (member == tools) {
      json::each_element(*value, [&](std::string_view tool) {
        json::each_member(tool, [&](std::string_view name, std::string_view) {
          facts.tools = true;
          if (is_key(name, "googleSearch") || is_key(name, "googleSearchRetrieval")) facts.web_search = true;
        });
      });
    } else if (member == generation || member == generation_snake) {
      read_effort(*value, facts);
    }
    return true;
  });
  for (std::string_view parts : turns.last()) facts.image_asked = facts.image_asked || media_of(parts, true).images;
  facts.images = media.images;
  facts.documents = media.documents;
  if (facts.knows(Fact::tags)) tags.tell(facts);
  result.fault = std::move(root.fault);
  return result;
}

}  // namespace signalbox::dialects::gemini
