#include "dialects/tags.h"

#include <string>

#include "base/sort.h"
#include "dialects/listing.h"
#include "http/header_list.h"
#include "json/escaped.h"
#include "json/walk.h"

namespace signalbox::dialects {
namespace {

constexpr std::string_view opening = "<CCR-SUBAGENT-MODEL>";
constexpr std::string_view closing = "</CCR-SUBAGENT-MODEL>";
constexpr std::string_view path = "tag";
constexpr std::string_view stand_in = ".";
constexpr size_t nowhere = std::string_view::npos;

// Where `word`, spelled from `at` on, ends in `inside`; nowhere when it is not what stands there.
size_t behind(std::string_view inside, size_t at, std::string_view word) {
  for (char c : word) {
    const json::Unit unit = json::first_unit(inside.substr(at));
    if (unit.bytes == 0 || unit.value != static_cast<unsigned char>(c)) return nowhere;
    at += unit.bytes;
  }
  return at;
}

bool may_begin(std::string_view inside, size_t at) { return inside[at] == '<' || inside[at] == '\\'; }

std::string_view text_of(std::string_view block) {
  return block.empty() || block.front() != '{' ? std::string_view() : json::member(block, "text");
}

}  // namespace

// A tag at `at` of `inside`, which then is behind it. Noted and counted.
bool Tags::take(std::string_view inside, size_t& at, Where where) {
  if (count_ >= tags_max) return false;
  const size_t name_at = behind(inside, at, opening);
  if (name_at == nowhere) return false;
  for (size_t end = name_at; end - name_at <= tag_name_bytes_max;) {
    if (end < inside.size() && may_begin(inside, end)) {
      if (const size_t rest = behind(inside, end, closing); rest != nowhere) {
        ++count_;
        // The system prompt's word goes over the messages', and the first over the others.
        if (!named_ || (where == Where::system && !named_by_system_)) {
          std::string plain;
          json::unescape(inside.substr(name_at, end - name_at), plain);
          name_ = arena_.copy(http::trim(plain));
          named_ = true;
          named_by_system_ = where == Where::system;
        }
        const size_t offset = size_t(inside.data() - body_.data());
        within_.push_back({path, offset + at, offset + rest, {}});
        at = rest;
        return true;
      }
    }
    const json::Unit unit = json::first_unit(inside.substr(end));
    // A name has no '<', so that no text is looked through twice.
    if (unit.bytes == 0 || unit.value == '<') return false;
    end += unit.bytes;
  }
  return false;
}

// What is left of `string`, a JSON value, without the tags in it, which are noted in within_.
Tags::Left Tags::look(std::string_view string, Where where) {
  const std::string_view inside = json::string_inside(string);
  const size_t before = within_.size();
  const size_t begins_before = where == Where::user ? 1 : tag_within_bytes;
  bool blank = true;  // what stands between tags
  size_t at = 0;
  while (at < inside.size() && at < begins_before) {
    if (may_begin(inside, at) && take(inside, at, where)) {
      if (where == Where::user) break;
      continue;
    }
    const json::Unit unit = json::first_unit(inside.substr(at));
    if (unit.bytes == 0) break;
    blank = blank && (unit.value == ' ' || (unit.value >= '\t' && unit.value <= '\r'));
    at += unit.bytes;
  }
  if (within_.size() == before) return Left::all;
  if (!blank || !json::is_blank({inside.substr(at)})) return Left::some;
  if (empty_ == Empty::goes) within_.back().text = stand_in;
  return Left::none;
}

void Tags::look_in_system(std::string_view content) {
  const size_t before = within_.size();
  if (!content.empty() && content.front() == '"') {
    look(content, Where::system);
    cuts_.insert(cuts_.end(), within_.begin() + std::ptrdiff_t(before), within_.end());
    return;
  }
  const size_t cuts_before = cuts_.size();
  bool any_stays = false;
  std::vector<Edit> lists;
  Listing list(lists);
  json::each_element(content, [&](std::string_view block) {
    const size_t found_before = within_.size();
    const bool goes = look(text_of(block), Where::system) == Left::none && empty_ == Empty::goes;
    const size_t begin = size_t(block.data() - body_.data());
    list.add(begin, begin + block.size(), goes ? path : std::string_view());
    any_stays = any_stays || !goes;
    if (!goes) cuts_.insert(cuts_.end(), within_.begin() + std::ptrdiff_t(found_before), within_.end());
  });
  list.close();
  if (any_stays) {
    cuts_.insert(cuts_.end(), lists.begin(), lists.end());
  } else {
    cuts_.resize(cuts_before);
    cuts_.insert(cuts_.end(), within_.begin() + std::ptrdiff_t(before), within_.end());
  }
}

void Tags::look_in_user(std::string_view content) {
  const size_t before = within_.size();
  std::string_view first = content, next;
  if (content.empty()) return;
  if (content.front() != '"') {
    json::Reader reader(content);
    if (reader.next() != json::Token::begin_array) return;
    const auto block = reader.skip_value();
    if (!block) return;
    first = text_of(*block);
    const Left left = look(first, Where::user);
    if (left == Left::none && empty_ == Empty::goes) {
      if (const auto following = reader.skip_value()) {
        const size_t begin = size_t(block->data() - body_.data());
        cuts_.push_back({path, begin, size_t(following->data() - body_.data()), {}});
        return;
      }
    }
  } else {
    look(first, Where::user);
  }
  cuts_.insert(cuts_.end(), within_.begin() + std::ptrdiff_t(before), within_.end());
}

void Tags::tell(routing::TaskFacts& facts) {
  facts.tagged = named_;
  facts.tag = name_;
  const auto kept = [&](std::vector<Edit>& edits) {
    base::sort(edits, [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    const std::span<routing::Cut> cuts = arena_.array<routing::Cut>(edits.size());
    for (size_t i = 0; i < cuts.size(); ++i) cuts[i] = {edits[i].begin, edits[i].end, edits[i].text};
    return cuts;
  };
  facts.tag_cuts = kept(cuts_);
  facts.tag_cuts_within = kept(within_);
}

}  // namespace signalbox::dialects
