#include "dialects/canonical/carried_thinking.h"

#include <utility>

namespace signalbox::canonical {
namespace {

// What a thinking costs beside its bytes, so that empty ones are bounded too.
constexpr size_t entry_bytes = 64;

}  // namespace

void CarriedThinking::add(Escaped text) {
  bytes_ += text.size();
  if (!too_much()) text_ += text.inside;
}

void CarriedThinking::end(const Provenance& from, BlockKind kind) {
  std::string text = std::move(text_);
  text_.clear();
  if (text.empty() && from.state.empty()) return;
  bytes_ += entry_bytes + from.state.size();
  if (too_much()) return;
  // One answer has one vendor; what has no state is taken to be its too.
  if (!from.state.empty()) {
    state_vendor_ = from.vendor;
    state_scope_ = from.scope;
    any_state_ = true;
  }
  held_.push_back({std::move(text), std::string(from.state.inside), kind == BlockKind::redacted_thinking});
}

std::vector<Thinking> CarriedThinking::thinkings() const {
  std::vector<Thinking> all;
  if (too_much()) return all;
  Provenance from{any_state_ ? state_vendor_ : vendor_, state_scope_.empty() ? scope_ : state_scope_, {}};
  for (const Held& held : held_) {
    from.state = {held.state};
    all.push_back({{held.text}, from, held.redacted});
  }
  return all;
}

void CarriedThinking::clear() {
  text_.clear();
  held_.clear();
  state_scope_.clear();
  bytes_ = 0;
  any_state_ = false;
}

}  // namespace signalbox::canonical
