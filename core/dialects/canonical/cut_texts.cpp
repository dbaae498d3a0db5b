#include "dialects/canonical/cut_texts.h"

#include <algorithm>
#include <functional>
#include <string>

#include "json/escaped.h"

namespace signalbox::canonical {
namespace {

enum class Alone : uint8_t { goes, stays };  // a block of which nothing is left, where its message has no other

class Cutter {
 public:
  Cutter(std::span<const routing::Cut> cuts, std::string_view body, Arena& arena)
      : cuts_(cuts), body_(body), arena_(arena) {}

  Blocks cut(Blocks blocks, Alone alone) {
    if (std::none_of(blocks.begin(), blocks.end(), [&](const Block& block) { return is_cut(block); })) return blocks;
    const std::span<Block> kept = arena_.array<Block>(blocks.size());
    size_t filled = 0, left = blocks.size();
    for (const Block& block : blocks) {
      Block next = block;
      if (is_cut(block)) {
        Escaped text = without(block.as<Text>()->text);
        if (json::is_blank(text) || text.inside == ".") {
          if (left > 1 || filled > 0 || alone == Alone::goes) {
            --left;
            continue;
          }
          text = {"."};
        }
        std::get_if<Text>(&next.what)->text = text;
      }
      kept[filled++] = next;
    }
    return {kept.data(), filled};
  }

 private:
  // Where `text` stands in the body; false where it is no part of it.
  bool place(std::string_view text, size_t& begin) const {
    const std::less_equal<const char*> before;
    if (!before(body_.data(), text.data()) || !before(text.data() + text.size(), body_.data() + body_.size()))
      return false;
    begin = size_t(text.data() - body_.data());
    return true;
  }

  bool is_cut(const Block& block) const {
    const Text* text = block.as<Text>();
    size_t begin = 0;
    if (!text || !place(text->text.inside, begin)) return false;
    const size_t end = begin + text->text.size();
    return std::any_of(cuts_.begin(), cuts_.end(),
                       [&](const routing::Cut& cut) { return cut.begin >= begin && cut.end <= end; });
  }

  Escaped without(Escaped text) {
    size_t begin = 0;
    place(text.inside, begin);
    const size_t end = begin + text.size();
    std::string left;
    size_t at = begin;
    for (const routing::Cut& cut : cuts_) {
      if (cut.begin < at || cut.end > end) continue;
      left += body_.substr(at, cut.begin - at);
      at = cut.end;
    }
    left += body_.substr(at, end - at);
    return {arena_.copy(left)};
  }

  std::span<const routing::Cut> cuts_;
  std::string_view body_;
  Arena& arena_;
};

}  // namespace

void cut_texts(Request& request, std::span<const routing::Cut> cuts, std::string_view body, Arena& arena) {
  if (cuts.empty()) return;
  Cutter cutter(cuts, body, arena);
  request.system = cutter.cut(request.system, Alone::goes);
  const std::span<Message> messages = arena.array<Message>(request.messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    messages[i] = request.messages[i];
    messages[i].blocks = cutter.cut(messages[i].blocks, Alone::stays);
  }
  request.messages = messages;
}

}  // namespace signalbox::canonical
