// What a dry run says of the order of lanes: what each strategy held for and against them, how busy they are, what is
// left of their limits, and where the conversation is. Only where a route chooses by more than its file's order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "json/writer.h"
#include "routing/plan.h"

namespace signalbox::exchange {

struct ExplainedOrder {
  const routing::Plan& plan;
  routing::Asked asked;
  int64_t now_unix_ms = 0;

  // Members of the route: its strategy, and the conversation.
  void write_head(json::Writer& w) const;
  // Members of a lane.
  void write(json::Writer& w, const routing::Lane& lane) const;
};

}  // namespace signalbox::exchange
