// Plays answers through decoders and encoders, for the tests of all dialects: cut anywhere, with memory
// that is gone after each step, and deltas as text that a person reads.
//
//   begin msg_1
//   text "Hello"
//   tool_call toolu_1 Bash "{\"x\":1}"
//   thinking "hm" state "EqQ" of anthropic
//   usage input 3 output 5
//   stopped tool_use
//   end
//
// A block is one line; how its text was cut into fragments does not show. Texts stand as they are in JSON.
// Figures of usage stand once, before `stopped`, because they may come in any place.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/canonical/parts.h"
#include "dialects/dialect.h"

namespace signalbox::testing {

// Deltas as they come, and the text of them. Whatever breaks the order that delta.h promises stands in
// the text as a line that begins with "WRONG".
class DeltaText {
 public:
  void add(const canonical::Delta& delta);
  std::string text() const;

 private:
  void wrong(std::string_view what);

  std::string lines_;
  std::string block_;
  std::string end_;
  Usage usage_;
  bool begun_ = false, open_ = false, stopped_ = false, over_ = false, usage_seen_ = false;
};

// What an answer became: its deltas, what an encoder made of them (empty without one), and what was lost.
struct Played {
  std::string deltas;
  std::string bytes;
  canonical::Losses losses;
};

struct Play {
  const dialects::DialectRow& upstream;
  const dialects::DialectRow* client = nullptr;  // none: only deltas
  canonical::Form form = canonical::Form::streamed;
  LaneFlags flags{};
  bool usage_in_stream = true;
  size_t arguments_bytes_max = 1 << 20;

  // A stream in pieces that end at `cuts` (offsets, in order).
  Played stream(std::string_view text, const std::vector<size_t>& cuts = {}) const;
  // The same, byte by byte.
  Played bytewise(std::string_view text) const;
  Played whole(std::string_view body) const;
};

// The deltas, and what was lost; whether the deltas say that the answer failed.
std::string said(const Played& played);
bool failed(const std::string& deltas);

// Places where `stream` may be cut, in order, about each hundredth byte.
std::vector<size_t> random_cuts(const std::string& stream, std::mt19937& random);

// The `data` of an event stream's frames, in order.
std::vector<std::string> data_of(std::string_view stream);

// Files of tests/corpora/FOLDER that end in `ending`, in order; the file of the same name with another ending; and a
// file's text.
std::vector<std::string> corpus(const std::string& folder, const std::string& ending);
std::string beside(const std::string& path, const std::string& ending);
std::string text_of(const std::string& path);

}  // namespace signalbox::testing
