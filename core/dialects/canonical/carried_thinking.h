// What the model has thought since its last call, gathered by encoders whose clients give back one field beside a
// call and nothing of the reasoning before it (envelope.h, "carried").
#pragma once

#include <string>
#include <vector>

#include "dialects/canonical/delta.h"
#include "dialects/canonical/request.h"

namespace signalbox::canonical {

class CarriedThinking {
 public:
  // What is held in all, with the state. Of more nothing is carried: half of it would be another thought.
  static constexpr size_t bytes_max = size_t(4) << 20;

  // `vendor`, `scope`: whose reasoning it is where its end does not say. The scope outlives this.
  CarriedThinking(Dialect vendor, std::string_view scope) : vendor_(vendor), scope_(scope) {}

  // More text of the open thinking, and its end.
  void add(Escaped text);
  void end(const Provenance& from, BlockKind kind);

  bool any_state() const { return any_state_; }
  // What is held, with one vendor and scope; empty when there is nothing, or too much. Views until clear() or add().
  std::vector<Thinking> thinkings() const;
  // Whether something cannot be carried.
  bool too_much() const { return bytes_ > bytes_max; }
  void clear();

 private:
  struct Held {
    std::string text;
    std::string state;
    bool redacted = false;
  };

  const Dialect vendor_;
  const std::string_view scope_;
  Dialect state_vendor_{};  // of the state that was said last
  std::string state_scope_;
  std::string text_;  // of the open one
  std::vector<Held> held_;
  size_t bytes_ = 0;
  bool any_state_ = false;
};

}  // namespace signalbox::canonical
