// A request in the words that all dialects share, and in those of one lane after another: read once, written
// for each lane that is tried.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/losses.h"
#include "dialects/canonical/request.h"
#include "dialects/canonical/tool_ids.h"
#include "dialects/canonical/tool_names.h"
#include "dialects/canonical/tool_origins.h"
#include "dialects/dialect.h"
#include "routing/facts.h"
#include "routing/plan.h"
#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox::exchange {

struct TranslatedRequest {
  Arena arena;  // of `request`
  canonical::Request request;
  canonical::Losses request_losses;  // what even the shared words do not have
  bool was_read = false;
  int64_t rough_tokens = 1;  // of `request`, by its size alone
  size_t read_bytes = 0;
  canonical::ToolIds tool_ids;          // of the calls in `request`
  canonical::ToolOrigins tool_origins;  // of its tools
  // Of the lane written for last:
  canonical::Losses losses;
  canonical::ToolNames names;
  std::string scope;                           // of its envelopes
  std::vector<canonical::Escaped> stops_left;  // of `request`: those that the gateway looks for in the answer
  std::string body;

  // Reads `client_body`, a conversation request of the dialect `client`, into `request`: views into it and into
  // `arena`. `facts` are its facts: whether it is streamed does not stand in every dialect's body. Once, however often it is called; `was_read` says that it went well.
  Fault read(const dialects::DialectRow& client, const routing::Facts& facts, std::string_view client_body);

  // Writes what was read for `lane`, which is one of `config` and counts about `input_tokens_estimate`. What was
  // written before is forgotten.
  void write(const routing::Lane& lane, const Config& config, int64_t input_tokens_estimate);

  // The same for the lane written for last, without any thinking: what one lane refuses, another may want. `sent` gets
  // what was written before. False where that would be no other body; then nothing changes but `sent`.
  bool write_without_thinking(const routing::Lane& lane, const Config& config, int64_t input_tokens_estimate,
                              std::string& sent);

  // Nothing is lost, and no tool renamed, as it is for a lane that gets the client's own bytes.
  void forget_lane();

  // Lets the request and its body go, since nobody will write it again. What was lost stays known, and
  // which ids are taken.
  void release();

  // Why a route that rejects losses does not send what was written; no fault when it loses nothing, or when
  // the route only reports.
  Fault rejected_by(const Route& route, const Provider& to) const;
};

}  // namespace signalbox::exchange
