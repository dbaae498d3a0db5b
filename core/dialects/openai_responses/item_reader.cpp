#include "dialects/openai_responses/item_reader.h"

#include <algorithm>
#include <vector>

#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::BlockKind;
using canonical::Deltas;

// Parts of reasoning: those of its summary have even numbers, those of its own text odd ones.
constexpr int64_t reasoning_part(int64_t index, bool own_text) {
  return 2 * std::clamp<int64_t>(index, 0, INT64_MAX / 4) + (own_text ? 1 : 0);
}
constexpr bool is_own_text(int64_t part) { return part % 2 != 0; }

// A custom call's parts: what is put in, and the end of the arguments around it.
constexpr int64_t input_part = 0;
constexpr int64_t input_end = 1;

int64_t part_of(const PartKind& kind, int64_t index) {
  if (kind.item != ItemKind::reasoning) return kind.item == ItemKind::message ? std::max<int64_t>(index, 0) : 0;
  return reasoning_part(index, kind.own_text);
}

Escaped text_member(std::string_view object, std::string_view name) {
  return json::escaped(json::member(object, name));
}

bool is_call(ItemKind kind) { return kind == ItemKind::function_call || kind == ItemKind::custom_call; }

// Whether a member says anything.
bool says(std::string_view value) { return value.size() > 2 && value != "null" && value != "false"; }

// A part of a message's content, or of reasoning. `others`: the names of members that say something else.
struct Part {
  Escaped type, text, refusal;
  std::vector<std::string_view> others;
};

Part read_part(std::string_view text) {
  Part part;
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    if (key == "type") part.type = json::escaped(value);
    else if (key == "text") part.text = json::escaped(value);
    else if (key == "refusal") part.refusal = json::escaped(value);
    else if (says(value)) part.others.push_back(key);
  });
  return part;
}

}  // namespace

// The members of an item. Read once, because it is asked for most of them.
struct ItemReader::Item {
  explicit Item(std::string_view item) : whole(item) {
    json::each_member(item, [&](std::string_view key, std::string_view value) {
      if (key == "type") type = json::escaped(value);
      else if (key == "id") id = json::escaped(value);
      else if (key == "call_id") call_id = json::escaped(value);
      else if (key == "name") name = json::escaped(value);
      else if (key == "namespace") group = json::escaped(value);
      else if (key == "input") input = json::escaped(value);
      else if (key == "encrypted_content") encrypted_content = json::escaped(value);
      else if (key == "arguments") arguments = value;
      else if (key == "content") content = value;
      else if (key == "summary") summary = value;
      else if (key == "action") action = value;
      else if (key == "status") status = value;
      // What tells of the answer, and not of what it says, is nobody's loss.
      else if (says(value) && key != "role" && key != "created_by") others.push_back(key);
    });
    kind = item_kind(type.inside);
  }

  uint64_t id_hash() const { return hash_of(id); }
  uint64_t call_id_hash() const { return is_call(kind) ? hash_of(call_id) : 0; }

  std::string_view whole;
  ItemKind kind = ItemKind::other;
  Escaped type, id, call_id, name, group, input, encrypted_content;
  std::string_view arguments, content, summary, action, status;
  std::vector<std::string_view> others;  // the names of members that say something else
};

// ---- pieces

size_t ItemReader::add(ItemKind kind, uint64_t id, int64_t index) {
  const size_t at = items_.add(kind, id, index);
  if (at == SeenItems::none && !fault_) fault_ = {FaultKind::upstream_broken, "The answer has too many items."};
  return at;
}

size_t ItemReader::item_of(const PartKind& kind, const Event& event) {
  const uint64_t id = hash_of(event.item_id);
  const size_t at = items_.find(kind.item, id, event.output_index);
  return at != SeenItems::none ? at : add(kind.item, id, event.output_index);
}

void ItemReader::piece(const PartKind& kind, const Event& event, Deltas& out) {
  if (event.delta.empty()) return;
  const size_t at = item_of(kind, event);
  if (at == SeenItems::none || items_[at].done) return;
  say(at, part_of(kind, event.part_index), kind.block, event.delta, out);
}

void ItemReader::part_end(const PartKind& kind, const Event& event, Escaped text, Deltas& out) {
  const size_t at = item_of(kind, event);
  if (at == SeenItems::none || items_[at].done) return;
  const int64_t part = part_of(kind, event.part_index);
  if (kind.item == ItemKind::custom_call) return end_input(at, text, out);
  if (kind.item == ItemKind::function_call && items_[at].has_said(part))
    return blocks_.whole_arguments(static_cast<int64_t>(at), text, out);
  say_rest(at, part, kind.block, text, out);
}

void ItemReader::content_end(const Event& event, Deltas& out) {
  const Part part = read_part(event.part);
  if (json::equals(part.type, "output_text")) {
    part_end({ItemKind::message, BlockKind::text}, event, part.text, out);
  } else if (json::equals(part.type, "refusal")) {
    part_end({ItemKind::message, BlockKind::refusal}, event, part.refusal, out);
  } else if (json::equals(part.type, "reasoning_text")) {
    part_end({ItemKind::reasoning, BlockKind::thinking, true}, event, part.text, out);
  }
}

// What item `at` says is no more of what another said.
void ItemReader::speak(size_t at, Deltas& out) {
  if (speaker_ != at) blocks_.next_block(out);
  speaker_ = at;
}

void ItemReader::say(size_t at, int64_t part, BlockKind kind, Escaped text, Deltas& out) {
  SeenItem& item = items_[at];
  if (text.empty()) return;
  if (item.kind == ItemKind::custom_call) return say_input(at, text, out);
  if (item.kind == ItemKind::function_call) {
    item.say(part, text);
    return blocks_.call(static_cast<int64_t>(at), {}, {}, text, out);
  }
  const bool other_part = item.last_part >= 0 && item.last_part != part;
  if (item.kind == ItemKind::reasoning && other_part) {
    if (is_own_text(item.last_part) != is_own_text(part)) return losses_.add("reasoning.content");
    blocks_.text(kind, {"\\n\\n"}, out);
  }
  speak(at, out);
  item.say(part, text);
  any_refusal_ = any_refusal_ || kind == BlockKind::refusal;
  blocks_.text(kind, text, out);
}

// Of a part that is here as a whole.
void ItemReader::say_rest(size_t at, int64_t part, BlockKind kind, Escaped whole, Deltas& out) {
  // Behind what another item said, the rest would be out of place.
  if (items_[at].has_said(part) && speaker_ != at) return;
  say(at, part, kind, items_[at].unsaid(part, whole), out);
}

// ---- arguments of custom calls

// JSON text as it stands in a string of JSON.
Escaped ItemReader::twice_escaped(std::string_view text, Deltas& out) {
  scratch_.clear();
  json::escape(text, scratch_);
  return {out.keep(scratch_)};
}

void ItemReader::say_input(size_t at, Escaped input, Deltas& out) {
  SeenItem& item = items_[at];
  const auto index = static_cast<int64_t>(at);
  if (item.has_said(input_end)) return;
  if (!item.has_said(input_part)) blocks_.call(index, {}, {}, {R"({\"input\":\")"}, out);
  item.say(input_part, input);
  blocks_.call(index, {}, {}, twice_escaped(input.inside, out), out);
}

void ItemReader::end_input(size_t at, Escaped input, Deltas& out) {
  SeenItem& item = items_[at];
  if (item.has_said(input_end)) return;
  const Escaped rest = item.unsaid(input_part, input);
  if (!item.has_said(input_part) || !rest.empty()) say_input(at, rest, out);
  item.say(input_end, {});
  blocks_.call(static_cast<int64_t>(at), {}, {}, {R"(\"})"}, out);
}

// ---- items

void ItemReader::item_begin(const Event& event, Deltas& out) {
  const Item item(event.item);
  if (item.kind == ItemKind::search || item.kind == ItemKind::other) return;
  size_t at = items_.find_begun(item.kind, item.id_hash(), event.output_index);
  if (at == SeenItems::none) at = add(item.kind, item.id_hash(), event.output_index);
  if (at != SeenItems::none && is_call(item.kind)) name_call(at, item, out);
}

void ItemReader::item_end(const Event& event, Deltas& out) {
  if (event.item.empty()) return;
  const Item item(event.item);
  size_t at = items_.find_whole(item.kind, item.id_hash(), event.output_index, item.call_id_hash());
  if (at == SeenItems::none) at = add(item.kind, item.id_hash(), event.output_index);
  if (at != SeenItems::none) take(at, item, out);
}

// Items are told from those that came before by their ids, and those that have others by their order among those of
// their kind: some servers leave items out of the one or the other, or give them other ids.
void ItemReader::output(std::string_view items, Deltas& out) {
  std::vector<size_t> found;
  // Of an answer that came as one there is nothing to be told from.
  if (items_.size() != 0) {
    json::each_element(items, [&](std::string_view text) {
      if (text.front() != '{' || found.size() == SeenItems::count_max) return;
      const Item item(text);
      const size_t at = items_.find_unlisted(item.kind, item.id_hash(), item.call_id_hash());
      if (at != SeenItems::none) items_[at].listed = true;
      found.push_back(at);
    });
  }
  size_t ordinal = 0;
  json::each_element(items, [&](std::string_view text) {
    if (fault_ || text.front() != '{') return;
    const Item item(text);
    size_t at = ordinal < found.size() ? found[ordinal++] : SeenItems::none;
    if (at == SeenItems::none) at = items_.find_unlisted(item.kind);
    if (at == SeenItems::none) at = add(item.kind, item.id_hash(), -1);
    if (at == SeenItems::none) return;
    items_[at].listed = true;
    take(at, item, out);
  });
}

Fault ItemReader::close(canonical::Ending ending, Deltas& out) {
  if (fault_) return fault_;
  for (size_t at = 0; at < items_.size() && ending == canonical::Ending::complete; ++at)
    if (items_[at].kind == ItemKind::custom_call && items_[at].has_said(input_part)) end_input(at, {}, out);
  return blocks_.close(ending, out);
}

void ItemReader::take(size_t at, const Item& item, Deltas& out) {
  const ItemKind kind = items_[at].kind;
  if (items_[at].done) return;
  if (kind == ItemKind::message || is_call(kind))
    for (const std::string_view name : item.others) losses_.add("output", name);
  switch (kind) {
    case ItemKind::message: take_content(at, item.content, out); break;
    case ItemKind::reasoning: take_reasoning(at, item, out); break;
    case ItemKind::search: take_search(item, out); break;
    case ItemKind::function_call: {
      name_call(at, item, out);
      const bool text = item.arguments.empty() || item.arguments.front() != '{';
      const Escaped all = text ? json::escaped(item.arguments) : twice_escaped(item.arguments, out);
      if (items_[at].has_said(0)) blocks_.whole_arguments(static_cast<int64_t>(at), all, out);
      else say(at, 0, BlockKind::tool_call, all, out);
      break;
    }
    case ItemKind::custom_call:
      name_call(at, item, out);
      end_input(at, item.input, out);
      break;
    case ItemKind::other:
      if (!item.type.empty()) losses_.add("output", item.type.inside);
      break;
  }
  items_[at].done = true;
}

void ItemReader::take_content(size_t at, std::string_view content, Deltas& out) {
  int64_t index = 0;
  json::each_element(content, [&](std::string_view element) {
    const Part part = read_part(element);
    const bool refusal = json::equals(part.type, "refusal");
    if (refusal || json::equals(part.type, "output_text")) {
      say_rest(at, index, refusal ? BlockKind::refusal : BlockKind::text, refusal ? part.refusal : part.text, out);
      for (const std::string_view name : part.others) losses_.add(name);
    } else if (!part.type.empty()) {
      losses_.add("content", part.type.inside);
    }
    ++index;
  });
}

void ItemReader::take_reasoning(size_t at, const Item& item, Deltas& out) {
  for (const bool own_text : {false, true}) {
    int64_t index = 0;
    json::each_element(own_text ? item.content : item.summary, [&](std::string_view element) {
      const int64_t part = part_of({ItemKind::reasoning, BlockKind::thinking, own_text}, index++);
      say_rest(at, part, BlockKind::thinking, read_part(element).text, out);
    });
  }
  if (item.encrypted_content.empty()) return;
  speak(at, out);
  blocks_.state({Dialect::openai_responses, {}, twice_escaped(item.whole, out)}, out);
}

void ItemReader::name_call(size_t at, const Item& item, Deltas& out) {
  SeenItem& seen = items_[at];
  if (seen.named || item.name.empty()) return;
  seen.named = true;
  seen.call_id = hash_of(item.call_id);
  std::string plain_id, plain_name;
  json::unescape(item.call_id, plain_id);
  json::unescape(item.group, plain_name);
  if (!plain_name.empty()) plain_name += "__";
  json::unescape(item.name, plain_name);
  blocks_.call(static_cast<int64_t>(at), plain_id, plain_name, {}, out);
}

void ItemReader::take_search(const Item& item, Deltas& out) {
  const std::string_view action = item.action;
  Escaped query = text_member(action, "query");
  json::each_element(json::member(action, "queries"), [&](std::string_view each) {
    if (query.empty()) query = json::escaped(each);
  });
  const Escaped page = text_member(action, "url");
  if (query.empty()) query = page;
  std::string sources;
  json::Writer w(sources);
  w.begin_array();
  json::each_element(json::member(action, "sources"), [&](std::string_view source) {
    const Escaped url = text_member(source, "url");
    if (!url.empty()) w.begin_object().key("url").string(url).end_object();
  });
  if (!page.empty()) w.begin_object().key("url").string(page).end_object();
  w.end_array();
  std::string id;
  json::unescape(item.id, id);
  blocks_.search(
      {out.keep(id), query, sources.size() > 2 ? out.keep(sources) : std::string_view(), item.status == "\"failed\""},
      out);
}

}  // namespace signalbox::dialects::openai_responses
