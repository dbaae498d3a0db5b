// Answers of Chat Completions as deltas (translation.md sections 8 to 11).
//
//   when it ends     at [DONE], or when the bytes end behind a finish_reason. Until then a finish_reason
//                    is only noted: usage comes behind it, and some servers send it with every chunk, so
//                    content behind it is content. Without any the answer was cut, [DONE] or not.
//   several reasons  the first counts, and any other counts more than "stop".
//   begins twice     a second role or another id changes nothing: some servers send both with every chunk.
//   ends twice       what follows [DONE] is not read.
//   one chunk        is read as reasoning, text, refusal, calls, in whatever order its members stand.
//   a whole answer   is one chunk with a message; its finish_reason may be missing, for its JSON is whole.
#include "dialects/openai_chat/decoder.h"

#include "dialects/canonical/block_sequencer.h"
#include "dialects/decoding.h"
#include "dialects/gemini_signature.h"
#include "dialects/openai_chat/chunk.h"
#include "dialects/openai_chat/finish.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_chat/think_tags.h"
#include "dialects/openai_chat/usage.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::BlockKind;
using canonical::Deltas;
using canonical::StopReason;

class ChatDecoder final : public canonical::Decoder {
 public:
  explicit ChatDecoder(const canonical::DecodeContext& context) : context_(context), blocks_(context) {}

  void feed(const sse::Frame& frame, Deltas& out) override {
    if (ended_ || !frame.has_data) return;
    const std::string_view data = trimmed(frame.data);
    if (data.empty()) return;
    if (cut_frame_) return fail({FaultKind::upstream_broken, "A frame of the answer is no JSON object."}, out);
    if (data == "[DONE]") return end(out);
    const ChunkRead read = chunks_.read(data, chunk_);
    const bool is_chunk = read == ChunkRead::whole;
    if (frame.event == "error" || !chunk_.error.empty())
      return fail_as_told(is_chunk && !chunk_.error.empty() ? chunk_.error : data, out);
    if (is_chunk) return take(out);
    // Behind the finish nothing is missing but counts, unless the answer was to go on.
    if (finish_ != Finish::unsaid && !goes_on(data)) return;
    finish_ = Finish::unsaid;
    // Half a frame may be the last, where the connection broke; it then says nothing.
    cut_frame_ = read == ChunkRead::cut;
    if (!cut_frame_) fail({FaultKind::upstream_broken, "A frame of the answer is no JSON object."}, out);
  }

  void feed_whole(std::string_view body, Deltas& out) override {
    if (ended_) return;
    if (trimmed(body).empty()) return fail({FaultKind::upstream_empty, {}}, out);
    const bool is_object = chunks_.read(body, chunk_) == ChunkRead::whole;
    if (is_object && !chunk_.error.empty()) return fail_as_told(chunk_.error, out);
    if (!is_object) return fail({FaultKind::upstream_broken, "The answer is no JSON object."}, out);
    if (!chunk_.choice) return fail({FaultKind::upstream_broken, "The answer has no choice."}, out);
    take(out);
    if (ended_) return;
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
  void take(Deltas& out);
  void take_content(Deltas& out);
  void take_text_parts(Deltas& out);
  void take_reasoning_details(Deltas& out);
  void take_calls(Deltas& out);
  void take_signature(const CallPiece& piece, Deltas& out);
  void take_finish();
  void say(json::Escaped text, Deltas& out);
  void end(Deltas& out);
  StopReason stop_reason() const;
  void fail(Fault fault, Deltas& out);
  void fail_as_told(std::string_view error, Deltas& out) { fail(fault_of(openai_chat_row, error, context_), out); }

  canonical::DecodeContext context_;
  canonical::BlockSequencer blocks_;
  ThinkTags think_tags_;
  ChunkReader chunks_;
  Chunk chunk_;  // the one being read
  Usage usage_;
  Finish finish_ = Finish::unsaid;
  std::string matched_stop_;
  std::string scratch_;
  int64_t uncounted_calls_ = 0;
  bool usage_seen_ = false;
  bool begun_ = false;
  bool pieces_seen_ = false;
  bool cut_frame_ = false;
  bool refused_ = false;
  bool ended_ = false;
};

void ChatDecoder::take(Deltas& out) {
  if (!chunk_.usage.empty()) {
    read_usage(chunk_.usage, usage_);
    usage_seen_ = true;
  }
  if (chunk_.others) context_.losses.add("choices");
  if (!chunk_.choice) return;
  if (!begun_) out.push(canonical::AnswerBegin{plain(chunk_.id, out)});
  begun_ = true;
  if (chunk_.too_many_calls) return fail({FaultKind::upstream_broken, "The answer has too many tool calls."}, out);
  // The whole message behind its own pieces says nothing new.
  if (!chunk_.is_message || !pieces_seen_) take_content(out);
  pieces_seen_ = pieces_seen_ || (!chunk_.is_message && blocks_.any_content());
  if (blocks_.fault()) return fail(blocks_.fault(), out);
  take_finish();
  if (finish_ == Finish::failed) return fail({FaultKind::upstream_error, "The upstream broke off its answer."}, out);
  if (finish_ == Finish::overloaded) fail({FaultKind::upstream_overloaded, {}}, out);
}

void ChatDecoder::take_content(Deltas& out) {
  if (!chunk_.reasoning.empty() || !chunk_.reasoning_details.empty()) {
    think_tags_.flush(blocks_, out);
    blocks_.text(BlockKind::thinking, chunk_.reasoning, out);
    if (!chunk_.reasoning_details.empty()) take_reasoning_details(out);
  }
  if (!chunk_.text.empty()) say(chunk_.text, out);
  if (!chunk_.text_parts.empty()) take_text_parts(out);
  if (!chunk_.refusal.empty()) {
    refused_ = true;
    think_tags_.flush(blocks_, out);
    blocks_.text(BlockKind::refusal, chunk_.refusal, out);
  }
  if (!chunk_.calls.empty()) take_calls(out);
  if (chunk_.annotations) context_.losses.add("annotations");
  if (chunk_.audio) context_.losses.add("audio");
  if (chunk_.images) context_.losses.add("images");
  if (chunk_.logprobs) context_.losses.add("logprobs");
  if (!chunk_.unknown.empty()) context_.losses.add("message", chunk_.unknown);
}

void ChatDecoder::say(json::Escaped text, Deltas& out) {
  if (context_.flags.think_tags) return think_tags_.feed(text, blocks_, out);
  blocks_.text(BlockKind::text, text, out);
}

// Mistral sends its reasoning so: [{"type":"thinking","thinking":[{"type":"text","text":"..."}]}, ...].
void ChatDecoder::take_text_parts(Deltas& out) {
  json::each_element(chunk_.text_parts, [&](std::string_view part) {
    json::Escaped type, text, refusal;
    std::string_view thinking;
    json::each_member(part, [&](std::string_view key, std::string_view value) {
      if (key == "type") type = json::escaped(value);
      else if (key == "text") text = json::escaped(value);
      else if (key == "refusal") refusal = json::escaped(value);
      else if (key == "thinking") thinking = value;
    });
    if (!thinking.empty()) {
      think_tags_.flush(blocks_, out);
      blocks_.text(BlockKind::thinking, json::escaped(thinking), out);
      json::each_element(thinking, [&](std::string_view piece) {
        blocks_.text(BlockKind::thinking, json::escaped(json::member(piece, "text")), out);
      });
    } else if (!refusal.empty()) {
      refused_ = true;
      think_tags_.flush(blocks_, out);
      blocks_.text(BlockKind::refusal, refusal, out);
    } else if (!text.empty()) {
      say(text, out);
    } else if (!type.empty() && !json::equals(type, "text") && !json::equals(type, "thinking")) {
      context_.losses.add("content", type.inside);
    }
  });
}

// OpenRouter: texts, summaries, and what its own vendor keeps to itself. Their texts are in `reasoning`
// too, mostly.
void ChatDecoder::take_reasoning_details(Deltas& out) {
  const bool told = !chunk_.reasoning.empty();
  json::each_element(chunk_.reasoning_details, [&](std::string_view detail) {
    json::Escaped text, summary;
    bool opaque = false;
    json::each_member(detail, [&](std::string_view key, std::string_view value) {
      if (key == "text") text = json::escaped(value);
      else if (key == "summary") summary = json::escaped(value);
      else if (key == "data" || key == "signature") opaque = opaque || !json::escaped(value).empty();
    });
    if (opaque) context_.losses.add("reasoning_details");
    if (!told) blocks_.text(BlockKind::thinking, text.empty() ? summary : text, out);
  });
}

void ChatDecoder::take_calls(Deltas& out) {
  think_tags_.flush(blocks_, out);
  const bool several = chunk_.calls.size() > 1;
  std::string id, name;
  for (const CallPiece& piece : chunk_.calls) {
    json::Escaped arguments = piece.arguments;
    if (!piece.arguments_json.empty()) {  // Ollama's own form: not text of JSON, but JSON
      scratch_.clear();
      json::escape(piece.arguments_json, scratch_);
      arguments = {out.keep(scratch_)};
    }
    id.clear();
    name.clear();
    json::unescape(piece.id, id);
    json::unescape(piece.name, name);
    int64_t index = piece.index;
    // Calls beside each other in one list are different ones, be they counted or not.
    if (index < 0) index = several && !name.empty() ? -2 - uncounted_calls_++ : -1;
    if (!piece.signature.empty()) take_signature(piece, out);
    blocks_.call(index, id, name, arguments, out);
  }
}

// Stands before its call, which begins where it is named.
void ChatDecoder::take_signature(const CallPiece& piece, Deltas& out) {
  if (piece.name.empty()) return context_.losses.add("tool_calls.extra_content");
  scratch_ = gemini::mark_of(gemini::Place::call);
  scratch_ += piece.signature.inside;
  blocks_.state({Dialect::gemini, {}, {out.keep(scratch_)}}, out);
}

void ChatDecoder::take_finish() {
  const Finish finish = finish_of(chunk_.finish_reason);
  if (finish == Finish::unsaid) return;
  if (finish == Finish::unknown) context_.losses.add("finish_reason");
  if (finish_ == Finish::unsaid || finish_ == Finish::stop) finish_ = finish;
  if (!chunk_.matched_stop.empty()) matched_stop_ = chunk_.matched_stop.inside;
}

StopReason ChatDecoder::stop_reason() const {
  switch (finish_) {
    case Finish::length: return StopReason::max_tokens;
    case Finish::context_full: return StopReason::context_full;
    case Finish::filtered: return StopReason::refusal;
    default: break;
  }
  if (blocks_.any_call()) return StopReason::tool_use;
  if (finish_ != Finish::stop) return StopReason::end_turn;
  if (refused_) return StopReason::refusal;
  return matched_stop_.empty() ? StopReason::end_turn : StopReason::stop_sequence;
}

// The upstream has said all that it says.
void ChatDecoder::end(Deltas& out) {
  if (finish_ == Finish::unsaid) return fail({FaultKind::upstream_cut, {}}, out);
  think_tags_.flush(blocks_, out);
  const bool broken_off = finish_ == Finish::length || finish_ == Finish::context_full || finish_ == Finish::filtered;
  const Fault fault = blocks_.close(broken_off ? canonical::Ending::truncated : canonical::Ending::complete, out);
  if (fault) return fail(fault, out);
  canonical::Stopped stopped{stop_reason(), {}};
  if (stopped.reason == StopReason::stop_sequence) stopped.sequence = {out.keep(matched_stop_)};
  out.push(stopped);
  if (usage_seen_) out.push(canonical::UsageSeen{usage_});
  out.push(canonical::AnswerEnd{});
  ended_ = true;
}

void ChatDecoder::fail(Fault fault, Deltas& out) {
  out.push(canonical::AnswerFailed{std::move(fault)});
  ended_ = true;
}

}  // namespace

std::unique_ptr<canonical::Decoder> make_decoder(const canonical::DecodeContext& context) {
  return std::make_unique<ChatDecoder>(context);
}

}  // namespace signalbox::dialects::openai_chat
