#include "dialects/openai_chat/think_tags.h"

#include "base/scan.h"

namespace signalbox::dialects::openai_chat {
namespace {

constexpr std::string_view begin_tag = "<think>";
constexpr std::string_view end_tag = "</think>";

struct Match {
  enum class Result : uint8_t { none, partly, whole };
  Result result = Result::none;
  size_t bytes = 0;  // of a whole one
};

// Whether `inside` begins with `tag`, or ends before that is known.
Match match(std::string_view inside, std::string_view tag) {
  size_t bytes = 0;
  for (const char letter : tag) {
    if (bytes == inside.size()) return {Match::Result::partly, 0};
    const json::Unit unit = json::first_unit(inside.substr(bytes));
    if (unit.bytes == 0 || unit.value != static_cast<unsigned char>(letter)) return {};
    bytes += unit.bytes;
  }
  return {Match::Result::whole, bytes};
}

size_t blank_bytes(std::string_view inside) {
  size_t bytes = 0;
  while (bytes < inside.size()) {
    const json::Unit unit = json::first_unit(inside.substr(bytes));
    if (unit.value != ' ' && unit.value != '\t' && unit.value != '\n' && unit.value != '\r') break;
    bytes += unit.bytes;
  }
  return bytes;
}

}  // namespace

void ThinkTags::say(std::string_view inside, canonical::BlockSequencer& blocks, canonical::Deltas& out) const {
  blocks.text(thinking_ ? canonical::BlockKind::thinking : canonical::BlockKind::text, {inside}, out);
}

void ThinkTags::feed(json::Escaped piece, canonical::BlockSequencer& blocks, canonical::Deltas& out) {
  std::string_view rest = piece.inside;
  if (!begun_.empty()) {
    begun_ += rest;
    rest = out.keep(begun_);
    begun_.clear();
  }
  size_t said = 0;  // up to here
  size_t at = 0;
  const auto skip_blanks = [&] {
    if (!behind_tag_) return;
    at += blank_bytes(rest.substr(at));
    said = at;
    behind_tag_ = at == rest.size();
  };
  skip_blanks();
  while (at < rest.size()) {
    const char* const end = rest.data() + rest.size();
    at = static_cast<size_t>(base::find_either(rest.data() + at, end, '<', '\\') - rest.data());
    const json::Unit unit = json::first_unit(rest.substr(at));
    if (unit.bytes == 0) break;
    if (unit.value != '<') {
      at += unit.bytes;
      continue;
    }
    const Match found = match(rest.substr(at), thinking_ ? end_tag : begin_tag);
    if (found.result == Match::Result::none) {
      at += unit.bytes;
      continue;
    }
    say(rest.substr(said, at - said), blocks, out);
    if (found.result == Match::Result::partly) {
      begun_ = rest.substr(at);
      return;
    }
    thinking_ = !thinking_;
    behind_tag_ = true;
    at += found.bytes;
    said = at;
    skip_blanks();
  }
  say(rest.substr(said), blocks, out);
}

void ThinkTags::flush(canonical::BlockSequencer& blocks, canonical::Deltas& out) {
  if (begun_.empty()) return;
  say(out.keep(begun_), blocks, out);
  begun_.clear();
}

}  // namespace signalbox::dialects::openai_chat
