#include "dialects/canonical/normal_form.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/sort.h"
#include "base/text.h"

namespace signalbox::canonical {
namespace {

constexpr Escaped missing_result{"[tool result missing: interrupted]"};
// What an orphan is marked with: it was a tool that said it, not the person.
constexpr Escaped orphan_mark{"[tool result]"};
constexpr Escaped orphan_error_mark{"[tool result: error]"};

// A block and whose message it stood in. Roles of neighbouring pieces are all that is left of messages.
struct Piece {
  Role role = Role::user;
  const Block* block = nullptr;
};

// A call or a result: where it stands in its list, and, of a call, its name in the whole conversation.
struct Site {
  std::string_view id;
  size_t order = 0;
};

bool by_id(const Site& a, const Site& b) { return a.id != b.id ? a.id < b.id : a.order < b.order; }

bool is_empty(const Block& block) {
  if (const Text* text = block.as<Text>()) return text->text.empty();
  if (const Thinking* thinking = block.as<Thinking>()) return thinking->text.empty() && thinking->from.state.empty();
  return false;
}

class Normaliser {
 public:
  Normaliser(Arena& arena, Losses& losses) : arena_(arena), losses_(losses) {}

  std::span<const Message> run(std::span<const Message> messages) {
    flatten(messages);
    name_calls();
    // A turn: what the assistant says, then everything up to its next word.
    for (size_t at = 0; at < pieces_.size();) {
      const size_t begin = at;
      while (at < pieces_.size() && pieces_[at].role == Role::assistant) ++at;
      const size_t replies = at;
      while (at < pieces_.size() && pieces_[at].role != Role::assistant) ++at;
      put_turn(begin, replies, at);
    }
    flush();
    const std::span<Message> all = arena_.array<Message>(out_.size());
    std::copy(out_.begin(), out_.end(), all.begin());
    return all;
  }

 private:
  void flatten(std::span<const Message> messages) {
    for (const Message& message : messages) {
      for (const Block& block : message.blocks) {
        if (is_empty(block)) continue;
        if (message.role != Role::assistant && block.as<ToolCall>()) {
          losses_.add("messages.tool_use");
        } else if (message.role != Role::assistant && block.as<Thinking>()) {
          losses_.add("messages.thinking");
        } else {
          pieces_.push_back({message.role, &block});
        }
      }
    }
  }

  // Every call's id in the whole conversation. Some upstreams begin to count anew in each answer, and
  // others refuse an id that stands twice.
  void name_calls() {
    std::vector<Site> sites;
    for (const Piece& piece : pieces_)
      if (const ToolCall* call = piece.block->as<ToolCall>()) sites.push_back({call->id, sites.size()});
    ids_.resize(sites.size());
    std::sort(sites.begin(), sites.end(), by_id);
    for (size_t i = 0; i < sites.size();) {
      const std::string_view id = sites[i].id;
      ids_[sites[i++].order] = id;
      for (int64_t number = 2; i < sites.size() && sites[i].id == id; ++number) {
        std::string name(id);
        name += '_';
        base::append_decimal(name, number);
        const Site same{name, 0};
        const auto found = std::lower_bound(sites.begin(), sites.end(), same, by_id);
        if (found != sites.end() && found->id == name) continue;
        ids_[sites[i++].order] = arena_.copy(name);
      }
    }
  }

  // Pieces [begin, replies) are the assistant's, [replies, end) are what came back.
  void put_turn(size_t begin, size_t replies, size_t end) {
    calls_.clear();
    results_.clear();
    const size_t first_id = next_id_;
    for (size_t i = begin; i < replies; ++i) {
      if (const ToolCall* call = pieces_[i].block->as<ToolCall>()) {
        calls_.push_back({call->id, calls_.size()});
        Block block = *pieces_[i].block;
        block.what = ToolCall{ids_[next_id_++], call->name, call->input};
        put(Role::assistant, block);
      } else {
        put_other(pieces_[i]);
      }
    }
    for (size_t i = replies; i < end; ++i)
      if (const ToolResult* result = pieces_[i].block->as<ToolResult>()) results_.push_back({result->id, i});
    pair();
    for (size_t i = 0; i < answers_.size(); ++i) put_result(ids_[first_id + i], answers_[i]);
    for (size_t i = replies; i < end; ++i)
      if (pieces_[i].block) put_other(pieces_[i]);
  }

  // For each call of the turn the piece that answers it. Of calls with the same id, the first gets the
  // first result, the second the second.
  void pair() {
    answers_.assign(calls_.size(), nullptr);
    std::sort(calls_.begin(), calls_.end(), by_id);
    std::sort(results_.begin(), results_.end(), by_id);
    auto result = results_.begin();
    for (const Site& call : calls_) {
      while (result != results_.end() && result->id < call.id) ++result;
      if (result == results_.end() || result->id != call.id) continue;
      Piece& piece = pieces_[(result++)->order];
      answers_[call.order] = piece.block;
      piece.block = nullptr;  // said
    }
  }

  void put_result(std::string_view id, const Block* answer) {
    if (!answer) {
      const std::span<Block> text = arena_.array<Block>(1);
      text[0].what = Text{missing_result};
      return put(Role::user, {ToolResult{id, {text.data(), 1}, true}, {}});
    }
    const ToolResult* result = answer->as<ToolResult>();
    put(Role::user, {ToolResult{id, without_empty(result->content), result->is_error}, answer->cache_control});
  }

  void put_other(const Piece& piece) {
    const ToolResult* orphan = piece.block->as<ToolResult>();
    if (!orphan) return put(piece.role, *piece.block);
    losses_.add("messages.tool_result");
    const Blocks content = without_empty(orphan->content);
    if (content.empty()) return;
    put(piece.role, {Text{orphan->is_error ? orphan_error_mark : orphan_mark}, {}});
    for (const Block& block : content) put(piece.role, block);
    if (!piece.block->cache_control.empty()) blocks_.back().cache_control = piece.block->cache_control;
  }

  Blocks without_empty(Blocks blocks) {
    const auto kept = size_t(std::count_if(blocks.begin(), blocks.end(), [](const Block& b) { return !is_empty(b); }));
    if (kept == blocks.size()) return blocks;
    const std::span<Block> copy = arena_.array<Block>(kept);
    std::copy_if(blocks.begin(), blocks.end(), copy.begin(), [](const Block& b) { return !is_empty(b); });
    return {copy.data(), kept};
  }

  void put(Role role, const Block& block) {
    if (role != role_) flush();
    role_ = role;
    blocks_.push_back(block);
  }

  void flush() {
    if (blocks_.empty()) return;
    const std::span<Block> copy = arena_.array<Block>(blocks_.size());
    std::copy(blocks_.begin(), blocks_.end(), copy.begin());
    out_.push_back({role_, {copy.data(), copy.size()}});
    blocks_.clear();
  }

  Arena& arena_;
  Losses& losses_;
  std::vector<Piece> pieces_;
  std::vector<std::string_view> ids_;  // of all calls, in order
  size_t next_id_ = 0;
  std::vector<Site> calls_;  // of the turn
  std::vector<Site> results_;
  std::vector<const Block*> answers_;
  Role role_ = Role::user;
  std::vector<Block> blocks_;  // of the message being made
  std::vector<Message> out_;
};

}  // namespace

std::span<const Message> in_normal_form(std::span<const Message> messages, Arena& arena, Losses& losses) {
  return Normaliser(arena, losses).run(messages);
}

std::vector<bool> named_again(std::span<const Tool> tools) {
  std::vector<size_t> by_name(tools.size());
  std::iota(by_name.begin(), by_name.end(), size_t(0));
  base::sort(by_name, [&](size_t a, size_t b) {
    return tools[a].name != tools[b].name ? tools[a].name < tools[b].name : a < b;
  });
  std::vector<bool> again(tools.size());
  for (size_t i = 1; i < by_name.size(); ++i) again[by_name[i]] = tools[by_name[i]].name == tools[by_name[i - 1]].name;
  return again;
}

}  // namespace signalbox::canonical
