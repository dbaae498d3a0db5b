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

// What a list of parts is looked into for: what functions have brought may hold such lists itself, and nothing holds
// those.
enum class Within : uint8_t { content, result };

Media media_within(std::string_view parts, Within within) {
  Media media;
  json::each_element(parts, [&](std::string_view part) {
    json::each_member(part, [&](std::string_view key, std::string_view value) {
      if (is_key(key, "inlineData") || is_key(key, "fileData")) {
        const bool image = begins_string(member_of(value, "mimeType"), "image/");
        (image ? media.images : media.documents) = true;
      } else if (within == Within::content && is_key(key, "functionResponse")) {
        media.add(media_within(member_of(value, "parts"), Within::result));
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

Media media_of(std::string_view parts) { return media_within(parts, Within::content); }

constexpr std::string_view of_turn[] = {"role", "parts"};

Turn turn_of(std::span<const std::string_view> values) {
  const std::string_view role = values[0];
  if (is_word(role, "MODEL") || is_word(role, "ASSISTANT")) return {Speaker::assistant, values[1]};
  if (is_word(role, "SYSTEM")) return {Speaker::system, values[1]};
  return {is_word(role, "FUNCTION") ? Speaker::result : Speaker::user, values[1]};
}

void take(TaskReading& reading, size_t member, std::string_view value) {
  routing::TaskFacts& facts = reading.facts;
  switch (member) {
    case system:
    case system_snake: reading.tags.look_in_system(value.front() == '{' ? member_of(value, "parts") : value); break;
    case tools:
      json::each_element(value, [&](std::string_view tool) {
        json::each_member(tool, [&](std::string_view name, std::string_view) {
          facts.tools = true;
          if (is_key(name, "googleSearch") || is_key(name, "googleSearchRetrieval")) facts.web_search = true;
        });
      });
      break;
    case generation:
    case generation_snake: read_effort(value, facts); break;
    default: break;
  }
}

constexpr TaskWords words = {members, contents, of_turn, is_key, turn_of, media_of, take, Tags::Empty::goes};

}  // namespace

routing::TaskFactsResult read_task_facts(std::string_view body, FactSet wanted, Arena& arena) {
  return dialects::read_task_facts(words, body, wanted, arena);
}

}  // namespace signalbox::dialects::gemini
