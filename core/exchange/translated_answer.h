// An answer on its way from the upstream's dialect to the client's: frames or a whole body go in, the
// client's bytes come out (architecture.md section 3).
//
//   frame ── decoder ──> deltas ── (stop matcher) ──> what they say of usage and ending
//                                        └─────────> encoder ──> out()
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dialects/canonical/parts.h"
#include "dialects/canonical/stop_matcher.h"
#include "dialects/dialect.h"
#include "signalbox/fault.h"

namespace signalbox::exchange {

class TranslatedAnswer {
 public:
  // `stops`: the sequences for which the answer is searched here; copied.
  TranslatedAnswer(std::unique_ptr<canonical::Decoder> decoder, std::unique_ptr<canonical::Encoder> encoder,
                   std::span<const canonical::Escaped> stops = {})
      : decoder_(std::move(decoder)), encoder_(std::move(encoder)), stops_(stops) {}

  // The next frame, or the whole body; then finish, once the upstream has no more to say. After the
  // answer's end, or a fault, they do nothing.
  void feed(const sse::Frame& frame);
  void feed_whole(std::string_view body);
  void finish();

  // What the client is owed. The caller takes from it, or drops it with the attempt.
  std::string& out() { return out_; }

  // Whether anything has come out.
  bool begun() const { return begun_; }

  // How much of the answer's words and arguments has been seen, in bytes: about what an encoder of the
  // whole form holds.
  uint64_t said_bytes() const { return said_bytes_; }

  // What the encoder keeps to say it once more at the end, in bytes.
  size_t held_bytes() const { return encoder_->held_bytes(); }

  // What has been seen: usage, why it stopped, whether there was content, whether it may end here, and
  // `terminal` at the end.
  const dialects::Observation& seen() const { return seen_; }

  // Whether the answer was ended here, at a stop sequence of which the upstream does not know.
  bool stopped_here() const { return stops_.matched(); }

  // Why the answer is none, as the upstream or its form says; the client has not been told.
  const Fault& fault() const { return fault_; }

  // Tells the client of a stream that nothing follows, and why.
  void fail(const Fault& fault);

 private:
  void pass_on();

  std::unique_ptr<canonical::Decoder> decoder_;
  std::unique_ptr<canonical::Encoder> encoder_;
  canonical::StopMatcher stops_;
  canonical::Deltas deltas_;
  canonical::Deltas searched_;  // what the stop matcher makes of them, where it looks
  std::string out_;
  bool begun_ = false;
  uint64_t said_bytes_ = 0;
  dialects::Observation seen_;
  Fault fault_;
};

}  // namespace signalbox::exchange
