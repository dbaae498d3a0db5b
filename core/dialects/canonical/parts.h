// The four parts that a dialect brings to the hub, and what each is told. A dialect that has them meets
// every other one that has them; no part ever knows which dialect stands on the other side.
//
//   client's body ── read_request ──> Request ── write_request ──> upstream's body
//   upstream's answer ── Decoder ──> Delta… ── Encoder ──> client's answer
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/canonical/delta.h"
#include "dialects/canonical/losses.h"
#include "dialects/canonical/request.h"
#include "dialects/canonical/tool_ids.h"
#include "dialects/canonical/tool_names.h"
#include "dialects/canonical/tool_origins.h"
#include "routing/verdict.h"
#include "signalbox/config.h"
#include "signalbox/fault.h"
#include "sse/frame_reader.h"

namespace signalbox::canonical {

// A request, or why it cannot be understood (bad_request; the detail names the member).
struct ReadResult {
  Request request;
  Fault fault;
};

// What a writer is told beside the request.
struct WriteContext {
  std::string_view model;  // the upstream's name for it, plain
  const LaneFlags& flags;
  int64_t output_tokens_max = 0;  // of the model; 0: not known
  std::string_view scope;         // of the lane's credential (envelope.h)
  Arena& arena;                   // for what the writer makes besides the body
  ToolNames& names;               // filled: how tools are called upstream
  Losses& losses;                 // filled: what this dialect cannot carry, or this lane
  // What prompt and answer share, and what the prompt takes of it.
  int64_t context_tokens_max = 0;  // of the model; 0: not known
  int64_t input_tokens_estimate = 0;
  // Filled: stop sequences that the upstream is not told, for which the gateway looks itself (stop_matcher.h). Null:
  // nobody does.
  std::vector<Escaped>* stops_left = nullptr;
  // Under which further scopes the lane's vendor gives out state, for state that is bound to the vendor alone.
  std::span<const std::string_view> vendor_scopes{};

  // Whether the lane's vendor has given out `from`. What a client has in its own dialect's form says nobody's name.
  bool is_home_of(const Provenance& from) const {
    return from.scope.empty() || from.scope == scope ||
           std::find(vendor_scopes.begin(), vendor_scopes.end(), from.scope) != vendor_scopes.end();
  }
};

// Arguments of calls come from a model, whose whole answer is far smaller than this.
inline constexpr size_t arguments_bytes_default = size_t(16) << 20;

// What a decoder is told.
struct DecodeContext {
  const LaneFlags& flags;
  const ToolNames& names;  // gives the tools their own names back
  Losses& losses;
  // What one answer may hold back: arguments of calls, which are checked when they are whole, and what
  // waits behind them. More is a fault.
  size_t arguments_bytes_max = arguments_bytes_default;
  // For errors inside an answer (routing/verdict.h).
  routing::CredentialOwner credential = routing::CredentialOwner::ours;
  routing::ModelNamed model_named = routing::ModelNamed::by_configuration;
};

// Reads an upstream's answer. Feed it frames, or one whole answer, never both; then finish.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Appends the deltas of one frame. Views among them live until the frame's bytes are released or `out`
  // is cleared, whichever is first.
  virtual void feed(const sse::Frame& frame, Deltas& out) = 0;

  // Appends the deltas of a whole answer, from AnswerBegin to AnswerEnd or AnswerFailed. Views live as
  // long as `body` and `out`.
  virtual void feed_whole(std::string_view body, Deltas& out) = 0;

  // The upstream says no more: appends what was waited for and AnswerEnd, or AnswerFailed (upstream_cut)
  // where the answer is not whole by the dialect's own rules. Nothing when it had ended before.
  virtual void finish(Deltas& out) = 0;

  // Whether the answer could end here by the dialect's own rules, though more may follow.
  virtual bool may_end() const { return false; }
};

// What an encoder is told. The views live as long as the encoder.
struct EncodeContext {
  std::string_view model;                 // as the client shall see it, plain
  std::string_view request_id;            // "req_" and hex digits: ids that nobody gave are derived from it
  std::string_view scope;                 // of the serving lane's credential, for envelopes
  Dialect upstream = Dialect::anthropic;  // only to mark whose state an envelope holds
  int64_t input_tokens_estimate = 1;      // until the upstream has said (translation.md section 10)
  int64_t unix_ms = 0;                    // when the answer began, for dialects that say so
  bool usage_in_stream = true;            // the client wants usage in a stream
  Losses& losses;
  const ToolIds* ids_before = nullptr;   // of the calls in the client's history; null: not known
  const ToolOrigins* origins = nullptr;  // of the client's tools; null: all are functions
};

enum class Form : uint8_t { streamed, whole };

// Writes the answer for the client.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // Appends what `delta` becomes. In the whole form nothing is written before AnswerEnd, which writes
  // everything; AnswerFailed writes nothing in the whole form, and an error frame in the streamed one.
  virtual void encode(const Delta& delta, std::string& out) = 0;

  // What a stream's encoder keeps of the answer to say it once more at the end, in bytes. Its caller bounds it.
  virtual size_t held_bytes() const { return 0; }
};

}  // namespace signalbox::canonical
