#include "dialects/openai_responses/seen_items.h"

namespace signalbox::dialects::openai_responses {

ItemKind item_kind(std::string_view type) {
  if (type == "message") return ItemKind::message;
  if (type == "reasoning") return ItemKind::reasoning;
  if (type == "function_call") return ItemKind::function_call;
  if (type == "custom_tool_call") return ItemKind::custom_call;
  if (type == "web_search_call") return ItemKind::search;
  return ItemKind::other;
}

// Who makes two ids meet, or two texts, harms his own answer only.
uint64_t hash_of(json::Escaped id) { return id.empty() ? 0 : base::fnv1a(id.inside) | 1; }

void SeenItem::say(int64_t part, json::Escaped text) {
  // One that is come back to has not been said in one go, and the hash is of no beginning of it.
  if (part != last_part && !has_said(part)) {
    said_bytes = 0;
    said_hash = base::fnv1a_begin;
  }
  if (part < bits) parts |= uint64_t(1) << bit_of(part);
  else far_part = std::max(far_part, part);
  last_part = part;
  said_bytes += text.size();
  said_hash = base::fnv1a(text.inside, said_hash);
}

json::Escaped SeenItem::unsaid(int64_t part, json::Escaped whole) const {
  if (!has_said(part)) return whole;
  const bool more = part == last_part && whole.size() > said_bytes;
  if (!more || base::fnv1a(whole.inside.substr(0, said_bytes)) != said_hash) return {};
  return {whole.inside.substr(said_bytes)};
}

size_t SeenItems::find(ItemKind kind, uint64_t id, int64_t index) const {
  if (id != 0)
    for (size_t at = items_.size(); at-- > 0;)
      if (items_[at].id == id && items_[at].kind == kind) return at;
  for (size_t at = items_.size(); at-- > 0;) {
    const SeenItem& item = items_[at];
    if (item.kind != kind) continue;
    if (index >= 0 ? item.index == index : !item.done && (id == 0 || item.id == 0)) return at;
  }
  return none;
}

size_t SeenItems::find_begun(ItemKind kind, uint64_t id, int64_t index) const {
  const size_t at = find(kind, id, index);
  if (at == none || (id != 0 && items_[at].id == id)) return at;
  const bool other = id != 0 && items_[at].id != 0;
  return other || items_[at].done ? none : at;
}

size_t SeenItems::find_whole(ItemKind kind, uint64_t id, int64_t index, uint64_t call_id) const {
  const size_t at = find(kind, id, index);
  if (at == none) return none;
  const bool other_call = call_id != 0 && items_[at].call_id != 0 && items_[at].call_id != call_id;
  return other_call ? none : at;
}

size_t SeenItems::find_unlisted(ItemKind kind, uint64_t id, uint64_t call_id) const {
  for (size_t at = 0; at < items_.size(); ++at) {
    const SeenItem& item = items_[at];
    const bool same = (id != 0 && item.id == id) || (call_id != 0 && item.call_id == call_id);
    if (same && item.kind == kind && !item.listed) return at;
  }
  return none;
}

size_t SeenItems::find_unlisted(ItemKind kind) const {
  for (size_t at = 0; at < items_.size(); ++at)
    if (items_[at].kind == kind && !items_[at].listed) return at;
  return none;
}

size_t SeenItems::add(ItemKind kind, uint64_t id, int64_t index) {
  if (items_.size() == count_max) return none;
  items_.push_back({.kind = kind, .index = index, .id = id});
  return items_.size() - 1;
}

}  // namespace signalbox::dialects::openai_responses
