// Answers of generateContent and streamGenerateContent as deltas (translation.md sections 5 and 7 to 11).
//
//   when it ends    when the bytes end behind a finishReason. Until then that is only noted: usage and searches
//                   are said to the last. Without any the answer was cut. A whole answer may leave it out.
//   calls           come whole, one part each, and each part is a call of its own: most have no id.
//   signatures      are state (gemini_signature.h): a call's stands before the call, a text's behind the text. A text
//                   with a signature is a text; only `thought` makes a thought.
//   searches        are said again and again and more each time, so they are given once, at the end. Gemini does
//                   not say what was found by which, so the last has all sources.
//   a blocked prompt  is a refusal without a text.
//   a word that says it broke  is a failure of the upstream, and what stands beside it is no content.
#include "dialects/gemini/decoder.h"

#include "dialects/canonical/block_sequencer.h"
#include "dialects/decoding.h"
#include "dialects/gemini/chunk.h"
#include "dialects/gemini/finish.h"
#include "dialects/gemini/gemini.h"
#include "dialects/gemini/usage.h"
#include "dialects/gemini_signature.h"
#include "json/reader.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::BlockKind;
using canonical::Deltas;
using canonical::StopReason;

class GeminiDecoder final : public canonical::Decoder {
 public:
  explicit GeminiDecoder(const canonical::DecodeContext& context) : context_(context), blocks_(context) {}

  void feed(const sse::Frame& frame, Deltas& out) override {
    if (ended_ || !frame.has_data) return;
    const std::string_view data = trimmed(frame.data);
    if (data.empty() || data == "[DONE]") return;
    if (cut_frame_) return fail({FaultKind::upstream_broken, "A frame of the answer is no JSON object."}, out);
    const ChunkRead read = read_chunk(data, shape_, chunk_);
    if (!chunk_.error.empty()) return fail(fault_of(gemini_row, data, context_), out);
    if (read == ChunkRead::whole) return take(out);
    // Behind the finish nothing is missing but counts, unless the answer was to go on.
    if (finish_ != Finish::unsaid && !goes_on(data)) return;
    finish_ = Finish::unsaid;
    // Half a frame may be the last, where the connection broke; it then says nothing.
    cut_frame_ = read == ChunkRead::cut;
    if (!cut_frame_) fail({FaultKind::upstream_broken, "A frame of the answer is no JSON object."}, out);
  }

  void feed_whole(std::string_view body, Deltas& out) override {
    if (ended_) return;
    body = trimmed(body);
    if (body.empty()) return fail({FaultKind::upstream_empty, {}}, out);
    // A stream that is no event stream is a list of its chunks, and so are errors of some versions.
    if (body.front() == '[') {
      json::Reader reader(body);
      if (!reader.skip_value() || reader.next() != json::Token::end)
        return fail({FaultKind::upstream_broken, "The answer is no JSON list."}, out);
      json::each_element(body, [&](std::string_view element) { take_whole(element, out); });
    } else {
      take_whole(body, out);
    }
    if (ended_) return;
    if (!begun_) return fail({FaultKind::upstream_broken, "The answer has no candidate."}, out);
    if (finish_ == Finish::unsaid) {
      finish_ = Finish::stop;
      context_.losses.add("finish_reason");
    }
    end(out);
  }

  void finish(Deltas& out) override {
    if (!ended_) end(out);
  }

  bool may_end() const override { return !ended_ && finish_ != Finish::unsaid; }

 private:
  void take_whole(std::string_view text, Deltas& out);
  void take(Deltas& out);
  void take_part(const Part& part, Deltas& out);
  void take_call(const Part& part, Deltas& out);
  void say_state(Place place, json::Escaped signature, Deltas& out);
  void say_searches(Deltas& out);
  StopReason stop_reason() const;
  void end(Deltas& out);
  void fail(Fault fault, Deltas& out);

  canonical::DecodeContext context_;
  canonical::BlockSequencer blocks_;
  Chunk chunk_;  // the one being read
  json::SameShape shape_;
  UsageCounts usage_;
  Finish finish_ = Finish::unsaid;
  std::string grounding_;  // as it was said last
  std::string scratch_;
  int64_t call_count_ = 0;
  bool begun_ = false;
  bool cut_frame_ = false;
  bool ended_ = false;
};

void GeminiDecoder::take_whole(std::string_view text, Deltas& out) {
  if (ended_) return;
  const ChunkRead read = read_chunk(text, chunk_);
  if (!chunk_.error.empty()) return fail(fault_of(gemini_row, text, context_), out);
  if (read != ChunkRead::whole) return fail({FaultKind::upstream_broken, "The answer is no JSON object."}, out);
  take(out);
}

void GeminiDecoder::take(Deltas& out) {
  if (!chunk_.usage.empty()) chunk_.as_before ? usage_.put_off(chunk_.usage) : usage_.take(chunk_.usage);
  if (chunk_.others) context_.losses.add("candidates");
  const bool blocked = !chunk_.block_reason.empty() && !json::equals(chunk_.block_reason, "BLOCKED_REASON_UNSPECIFIED");
  if (!chunk_.candidate && !blocked) return;
  const Finish finish = finish_of(chunk_.finish_reason);
  if (finish == Finish::failed) {
    return fail(
        {FaultKind::upstream_error, "The upstream broke off its answer: " + std::string(chunk_.finish_reason.inside)},
        out);
  }
  if (!begun_) out.push(canonical::AnswerBegin{plain(chunk_.id, out)});
  begun_ = true;
  if (chunk_.too_many_parts) return fail({FaultKind::upstream_broken, "The answer has too many parts."}, out);
  for (const Part& part : chunk_.parts) {
    take_part(part, out);
    if (ended_) return;
  }
  if (blocks_.fault()) return fail(blocks_.fault(), out);
  if (!chunk_.grounding.empty()) grounding_ = chunk_.grounding;
  if (!chunk_.unknown.empty()) context_.losses.add(chunk_.unknown);
  if (finish == Finish::unknown) context_.losses.add("finish_reason");
  // The first counts, and any other counts more than "STOP".
  if (finish != Finish::unsaid && (finish_ == Finish::unsaid || finish_ == Finish::stop)) finish_ = finish;
  if (blocked) finish_ = Finish::filtered;
}

void GeminiDecoder::take_part(const Part& part, Deltas& out) {
  if (!part.unknown.empty()) context_.losses.add("parts", part.unknown);
  if (part.is_call) {
    say_state(Place::call, part.signature, out);
    return take_call(part, out);
  }
  blocks_.text(part.thought ? BlockKind::thinking : BlockKind::text, part.text, out);
  say_state(part.thought ? Place::thought : Place::text, part.signature, out);
}

void GeminiDecoder::take_call(const Part& part, Deltas& out) {
  if (part.in_pieces) {
    return fail({FaultKind::upstream_broken, "The arguments of a tool call come in pieces, which nobody asked for."},
                out);
  }
  json::Escaped arguments = json::escaped(part.args);
  if (!part.args.empty() && part.args.front() != '"') {
    scratch_.clear();
    json::escape(part.args, scratch_);
    arguments = {out.keep(scratch_)};
  }
  std::string id, name;
  json::unescape(part.call_id, id);
  json::unescape(part.call_name, name);
  blocks_.call(call_count_++, id, name, arguments, out);
}

void GeminiDecoder::say_state(Place place, json::Escaped signature, Deltas& out) {
  if (signature.empty()) return;
  scratch_ = mark_of(place);
  scratch_ += signature.inside;
  blocks_.state({Dialect::gemini, {}, {out.keep(scratch_)}}, out);
}

// One search for each thing that was asked for, or one where only is known what was found.
void GeminiDecoder::say_searches(Deltas& out) {
  std::string_view queries, chunks;
  json::each_member(grounding_, [&](std::string_view key, std::string_view value) {
    if (key == "webSearchQueries") queries = value;
    else if (key == "groundingChunks") chunks = value;
    else if (key == "groundingSupports" && value.size() > 2 && value != "null")
      context_.losses.add("groundingSupports");
  });
  scratch_.clear();
  json::Writer w(scratch_);
  bool any_source = false;
  w.begin_array();
  json::each_element(chunks, [&](std::string_view chunk) {
    json::Escaped uri, title;
    json::each_member(json::member(chunk, "web"), [&](std::string_view key, std::string_view value) {
      if (key == "uri") uri = json::escaped(value);
      else if (key == "title") title = json::escaped(value);
    });
    if (uri.empty()) return;
    any_source = true;
    w.begin_object().key("url").string(uri);
    if (!title.empty()) w.key("title").string(title);
    w.end_object();
  });
  w.end_array();
  const std::string_view sources = any_source ? out.keep(scratch_) : std::string_view();
  json::Escaped held;
  json::each_element(queries, [&](std::string_view query) {
    if (json::escaped(query).empty()) return;
    if (!held.empty()) blocks_.search({{}, held, {}, false}, out);
    held = json::escaped(query);
  });
  if (held.empty() && !any_source) return;
  blocks_.search({{}, held, sources, false}, out);
}

StopReason GeminiDecoder::stop_reason() const {
  if (finish_ == Finish::length) return StopReason::max_tokens;
  if (finish_ == Finish::filtered) return StopReason::refusal;
  return blocks_.any_call() ? StopReason::tool_use : StopReason::end_turn;
}

// The upstream has said all that it says.
void GeminiDecoder::end(Deltas& out) {
  if (finish_ == Finish::unsaid) return fail({FaultKind::upstream_cut, {}}, out);
  if (!grounding_.empty()) say_searches(out);
  const bool broken_off = finish_ == Finish::length || finish_ == Finish::filtered;
  const Fault fault = blocks_.close(broken_off ? canonical::Ending::truncated : canonical::Ending::complete, out);
  if (fault) return fail(fault, out);
  out.push(canonical::Stopped{stop_reason(), {}});
  if (usage_.any()) out.push(canonical::UsageSeen{usage_.usage()});
  out.push(canonical::AnswerEnd{});
  ended_ = true;
}

void GeminiDecoder::fail(Fault fault, Deltas& out) {
  out.push(canonical::AnswerFailed{std::move(fault)});
  ended_ = true;
}

// The answer is an error, or has become one.
}  // namespace

std::unique_ptr<canonical::Decoder> make_decoder(const canonical::DecodeContext& context) {
  return std::make_unique<GeminiDecoder>(context);
}

}  // namespace signalbox::dialects::gemini
