#include "dialects/task_reading.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace signalbox::dialects {

bool is_string(std::string_view value, std::string_view plain) {
  return !value.empty() && value.front() == '"' && json::equals(json::escaped(value), plain);
}

bool begins_string(std::string_view value, std::string_view plain) {
  std::string_view inside = json::string_inside(value);
  for (char c : plain) {
    const json::Unit unit = json::first_unit(inside);
    if (unit.bytes == 0 || unit.value != static_cast<unsigned char>(c)) return false;
    inside.remove_prefix(unit.bytes);
  }
  return true;
}

size_t RootMembers::which(std::string_view key) {
  size_t i = 0;
  while (i < members_.size() && !((members_[i].facts & wanted_) && json::equals(key, members_[i].name))) ++i;
  if (i == members_.size()) return i;
  if (seen_ >> i & 1 && !fault) {
    fault.kind = FaultKind::duplicate_fact;
    fault.detail = "\"";
    fault.detail += members_[i].name;
    fault.detail += "\" stands a second time at byte ";
    base::append_decimal(fault.detail, int64_t(key.data() - body_.data()) - 1);
    fault.detail += "; routing depends on it.";
  }
  seen_ |= 1u << i;
  return i;
}

TaskReading::TaskReading(std::string_view body, FactSet wanted, Arena& of, const TaskWords& by)
    : arena(of), tags(body, of, by.empty), words_(by) {
  facts.read = wanted;
}

void TaskReading::take_tools(std::string_view value) {
  json::each_element(value, [this](std::string_view tool) {
    facts.tools = true;
    if (facts.knows(Fact::web_search) && !facts.web_search)
      facts.web_search = begins_string(json::member(tool, "type"), "web_search");
  });
}

void TaskReading::take_effort(std::string_view word) {
  facts.effort = std::max(facts.effort, uint8_t(canonical::effort_of(json::escaped(word))));
}

void TaskReading::take_turn(const Turn& turn) {
  switch (turn.speaker) {
    case Speaker::user:
      if (facts.knows(Fact::tags)) tags.look_in_user(turn.content);
      [[fallthrough]];
    case Speaker::result:
      if (answered_) last_.clear();
      answered_ = false;
      if (facts.knows(Fact::image_asked)) last_.push_back(turn.content);
      break;
    case Speaker::assistant: answered_ = true; break;
    case Speaker::system:
      if (facts.knows(Fact::tags)) tags.look_in_system(turn.content);
      break;
    case Speaker::other: break;
  }
  if (facts.knows(Fact::media)) media_.add(words_.media_of(turn.content));
}

bool TaskReading::read_turn(json::Reader& reader) {
  std::array<std::string_view, turn_members_max> values;
  const bool read = json::each_member_of(reader, [&](std::string_view key) {
    const auto value = reader.skip_value();
    if (!value) return false;
    for (size_t i = 0; i < words_.of_turn.size(); ++i) {
      if (!words_.is_key(key, words_.of_turn[i])) continue;
      values[i] = *value;
      break;
    }
    return true;
  });
  take_turn(words_.turn_of(std::span(values).first(words_.of_turn.size())));
  return read;
}

bool TaskReading::read_history(json::Reader& reader) {
  json::Reader ahead = reader;
  switch (ahead.next()) {
    case json::Token::begin_array: return json::each_element_of(reader, [&] { return read_turn(reader); });
    case json::Token::begin_object: return read_turn(reader);
    default: break;
  }
  const auto value = reader.skip_value();
  if (value) words_.take(*this, words_.history, *value);
  return value.has_value();
}

void TaskReading::finish() {
  if (thinking_off) facts.effort = 0;
  for (std::string_view content : last_) facts.image_asked = facts.image_asked || words_.media_of(content).images;
  facts.images = media_.images;
  facts.documents = media_.documents;
  if (facts.knows(Fact::tags)) tags.tell(facts);
}

routing::TaskFactsResult read_task_facts(const TaskWords& words, std::string_view body, FactSet wanted, Arena& arena) {
  TaskReading reading(body, wanted, arena, words);
  RootMembers root(body, words.members, wanted);
  json::Reader reader(body);
  json::each_member_of(reader, [&](std::string_view key) {
    const size_t member = root.which(key);
    if (member == words.history) return reading.read_history(reader);
    const auto value = reader.skip_value();
    if (value && member < words.members.size()) words.take(reading, member, *value);
    return value.has_value();
  });
  reading.finish();
  return {reading.facts, std::move(root.fault)};
}

std::string_view plain_string(std::string_view value, Arena& arena) {
  constexpr size_t longest = 4096;  // nobody names a session at such length
  const std::string_view inside = json::string_inside(value).substr(0, longest);
  if (inside.find('\\') == inside.npos) return arena.copy(inside);
  std::string plain;
  json::unescape(inside, plain);
  return arena.copy(plain);
}

}  // namespace signalbox::dialects
