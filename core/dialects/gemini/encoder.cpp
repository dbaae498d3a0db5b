// An answer as Gemini's clients know it, in chunks or as one GenerateContentResponse. Source: the types of
// @google/genai and what the SDKs do with chunks; translation.md sections 5, 7 and 9 to 11.3.
//
//   a text, a thought   a part of each fragment; in the whole form of each block
//   a call              a part when it ends, for its arguments are an object. One that was cut off is left out: a
//                       client would run it.
//   reasoning's state   Gemini's own on a part of its kind; any other, with the texts, in one envelope beside the
//                       next call, or on an empty text at the end (envelope.h). Without a call no text needs to come
//                       back, so then only state counts.
//   searches            groundingMetadata of the last chunk
//
// Clients keep a chunk's content for their history and some throw the whole turn away when one has none, so the last
// chunk has a part too. Frames end as Gemini's do, and nothing but `data` is in them: google-genai for Python breaks
// on comments and names of events.
#include "dialects/gemini/encoder.h"

#include <algorithm>
#include <string>

#include "dialects/canonical/call_ids.h"
#include "dialects/canonical/carried_thinking.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/usage.h"
#include "dialects/gemini/finish.h"
#include "dialects/gemini/gemini.h"
#include "dialects/gemini_signature.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::gemini {
namespace {

using namespace canonical;

// Gemini names no bound on ids; other vendors to which a client's history may go have this one.
constexpr size_t tool_id_bytes_max = 64;
// Stands in every chunk, so one that no provider would give is not repeated.
constexpr size_t answer_id_bytes_max = 128;

constexpr std::string_view frame_begin = R"(data: {"candidates":[{"content":{"parts":[)";
constexpr std::string_view frame_end = "\r\n\r\n";
constexpr std::string_view empty_part = R"({"text":""})";

class GeminiEncoder final : public Encoder {
 public:
  GeminiEncoder(const EncodeContext& context, Form form)
      : context_(context),
        form_(form),
        call_ids_(context, "call_", tool_id_bytes_max),
        thoughts_(context.upstream, context.scope) {}

  void encode(const Delta& delta, std::string& out) override {
    if (const auto* fragment = std::get_if<Fragment>(&delta)) return say(fragment->text, out);
    if (const auto* begin = std::get_if<BlockBegin>(&delta)) return begin_block(*begin);
    if (const auto* end = std::get_if<BlockEnd>(&delta)) return end_block(end->from, out);
    if (const auto* seen = std::get_if<UsageSeen>(&delta)) return take_later(usage_, seen->usage);
    if (const auto* search = std::get_if<WebSearch>(&delta)) return add_search(*search);
    if (const auto* answer = std::get_if<AnswerBegin>(&delta)) return name_answer(answer->id);
    if (const auto* stopped = std::get_if<Stopped>(&delta)) {
      if (stopped->reason == StopReason::pause_turn) context_.losses.add("stop_reason.pause_turn");
      finish_reason_ = finish_reason_of(stopped->reason);
    } else if (std::holds_alternative<AnswerEnd>(delta)) {
      end_answer(out);
    } else if (const auto* failed = std::get_if<AnswerFailed>(&delta)) {
      if (streamed()) gemini_row.write_error_frame(out, failed->fault, context_.request_id);
    }
  }

  size_t held_bytes() const override { return text_.size() + queries_.size() + sources_.size(); }

 private:
  bool streamed() const { return form_ == Form::streamed; }

  void name_answer(std::string_view upstreams);
  void begin_block(const BlockBegin& begin);
  void say(Escaped text, std::string& out);
  void end_block(const Provenance& from, std::string& out);
  void end_call(std::string& out);
  void end_thinking(const Provenance& from, std::string& out);
  void write_call(std::string_view arguments, std::string& out);
  void write_signature(Escaped signature, bool thought, std::string& out);
  void write_part(std::string_view part, std::string& out);
  void append_state(std::string& out);
  void add_search(const WebSearch& search);
  void end_answer(std::string& out);
  void write_grounding(json::Writer& w) const;
  void write_usage(json::Writer& w) const;

  const EncodeContext context_;
  const Form form_;
  std::string tail_;   // of every chunk, behind its candidates
  std::string text_;   // of the open call's arguments; in the whole form of any block
  std::string parts_;  // of the whole form, as JSON
  BlockKind kind_ = BlockKind::text;
  std::string call_id_, call_name_;  // of the open call
  CallIds call_ids_;
  CarriedThinking thoughts_;
  std::string signature_;          // Gemini's own, for the next call
  std::string queries_, sources_;  // of searches: elements, as JSON
  Usage usage_;
  std::string_view finish_reason_ = "STOP";
};

// ---- the answer's name

void GeminiEncoder::name_answer(std::string_view upstreams) {
  const bool usable = !upstreams.empty() && upstreams.size() <= answer_id_bytes_max;
  json::Writer w(tail_);
  w.begin_object().key("modelVersion").string(context_.model);
  w.key("responseId").string(usable ? upstreams : context_.request_id).end_object();
  tail_[0] = ',';
}

// ---- blocks

void GeminiEncoder::begin_block(const BlockBegin& begin) {
  kind_ = begin.kind;
  text_.clear();
  if (kind_ != BlockKind::tool_call) return;
  call_id_ = begin.tool_id;
  call_name_ = begin.tool_name;
}

void GeminiEncoder::say(Escaped text, std::string& out) {
  const bool thought = kind_ == BlockKind::thinking;
  if (kind_ == BlockKind::redacted_thinking) return;
  if (thought && context_.upstream != Dialect::gemini) thoughts_.add(text);
  if (kind_ == BlockKind::tool_call || !streamed()) {
    text_ += text.inside;
    return;
  }
  out += frame_begin;
  out += R"({"text":")";
  out += text.inside;
  out += thought ? R"(","thought":true}],"role":"model"},"index":0}])" : R"("}],"role":"model"},"index":0}])";
  out += tail_;
  out += frame_end;
}

void GeminiEncoder::end_block(const Provenance& from, std::string& out) {
  if (kind_ == BlockKind::tool_call) return end_call(out);
  if (!text_.empty()) {
    parts_ += parts_.empty() ? "" : ",";
    json::Writer w(parts_);
    w.begin_object().key("text").string(Escaped{text_});
    if (kind_ == BlockKind::thinking) w.key("thought").boolean(true);
    w.end_object();
  }
  if (kind_ == BlockKind::thinking || kind_ == BlockKind::redacted_thinking) end_thinking(from, out);
}

void GeminiEncoder::end_thinking(const Provenance& from, std::string& out) {
  // One that came by way of Chat is bound to that lane.
  const bool native = from.vendor == Dialect::gemini && context_.upstream == Dialect::gemini;
  const Signature own = native ? signature_of(from.state) : Signature{};
  switch (own.place) {
    case Place::none: return thoughts_.end(from, kind_);
    case Place::text: return write_signature(own.text, false, out);
    case Place::thought: return write_signature(own.text, true, out);
    case Place::call:
      if (!signature_.empty()) context_.losses.add("thinking.signature");
      signature_ = own.text.inside;
  }
}

void GeminiEncoder::end_call(std::string& out) {
  std::string arguments;
  json::unescape(Escaped{text_}, arguments);
  if (arguments.empty()) arguments = "{}";
  if (!json::is_whole_object(arguments)) return context_.losses.add("tool_calls.arguments");
  // Ends of lines may stand between its tokens, and would end the line of the frame.
  std::replace(arguments.begin(), arguments.end(), '\n', ' ');
  std::replace(arguments.begin(), arguments.end(), '\r', ' ');
  write_call(arguments, out);
}

void GeminiEncoder::write_call(std::string_view arguments, std::string& out) {
  std::string part;
  json::Writer w(part);
  w.begin_object().key("functionCall").begin_object().key("id").string(call_ids_.next(call_id_));
  w.key("name").string(call_name_).key("args").raw(arguments).end_object();
  std::string state;
  append_state(state);
  if (!state.empty()) w.key("thoughtSignature").string(Escaped{state});
  w.end_object();
  write_part(part, out);
}

void GeminiEncoder::write_signature(Escaped signature, bool thought, std::string& out) {
  std::string part;
  json::Writer w(part);
  w.begin_object().key("text").string("");
  if (thought) w.key("thought").boolean(true);
  w.key("thoughtSignature").string(signature).end_object();
  write_part(part, out);
}

// A part of its own.
void GeminiEncoder::write_part(std::string_view part, std::string& out) {
  if (!streamed()) {
    parts_ += parts_.empty() ? "" : ",";
    parts_ += part;
    return;
  }
  out += frame_begin;
  out += part;
  out += R"(],"role":"model"},"index":0}])";
  out += tail_;
  out += frame_end;
}

// The state of what was thought since the last call, which then is none any more.
void GeminiEncoder::append_state(std::string& out) {
  if (thoughts_.too_much()) context_.losses.add("thinking.signature");
  const std::vector<Thinking> thinkings = thoughts_.thinkings();
  if (!signature_.empty()) {
    out += signature_;
  } else if (!thinkings.empty()) {
    append_carried_bytes(out, thinkings);
  }
  signature_.clear();
  thoughts_.clear();
}

// ---- searches

void GeminiEncoder::add_search(const WebSearch& search) {
  if (!search.query.empty()) {
    queries_ += queries_.empty() ? "" : ",";
    json::Writer(queries_).string(search.query);
  }
  json::each_element(search.sources, [&](std::string_view source) {
    Escaped url, title;
    json::each_member(source, [&](std::string_view key, std::string_view value) {
      if (key == "url") url = json::escaped(value);
      else if (key == "title") title = json::escaped(value);
    });
    if (url.empty()) return;
    sources_ += sources_.empty() ? "" : ",";
    json::Writer w(sources_);
    w.begin_object().key("web").begin_object().key("uri").string(url);
    if (!title.empty()) w.key("title").string(title);
    w.end_object().end_object();
  });
}

void GeminiEncoder::write_grounding(json::Writer& w) const {
  if (queries_.empty() && sources_.empty()) return;
  w.key("groundingMetadata").begin_object();
  if (!queries_.empty()) w.key("webSearchQueries").begin_array().raw(queries_).end_array();
  if (!sources_.empty()) w.key("groundingChunks").begin_array().raw(sources_).end_array();
  w.end_object();
}

// ---- the end

void GeminiEncoder::end_answer(std::string& out) {
  if (thoughts_.any_state() || !signature_.empty()) {
    std::string state;
    append_state(state);
    if (!state.empty() && streamed()) parts_ = R"({"text":"","thoughtSignature":")" + state + "\"}";
    if (!state.empty() && !streamed()) write_signature({state}, false, out);
  }
  if (parts_.empty()) parts_ = empty_part;
  if (streamed()) out += "data: ";
  json::Writer w(out);
  w.begin_object().key("candidates").begin_array().begin_object();
  w.key("content").begin_object().key("parts").begin_array().raw(parts_).end_array();
  w.key("role").string("model").end_object();
  w.key("finishReason").string(finish_reason_).key("index").number(0);
  write_grounding(w);
  w.end_object().end_array().key("usageMetadata");
  write_usage(w);
  out += tail_;
  if (streamed()) out += frame_end;
}

// Clients reckon with every figure; what the upstream did not count of the prompt is estimated.
void GeminiEncoder::write_usage(json::Writer& w) const {
  const int64_t read = counted(usage_.cache_read_tokens);
  const int64_t uncached = usage_.input_tokens >= 0 ? usage_.input_tokens : context_.input_tokens_estimate;
  const int64_t prompt = counted(uncached) + read + counted(usage_.cache_creation_tokens);
  const int64_t output = counted(usage_.output_tokens);
  const int64_t thoughts = std::min(counted(usage_.reasoning_tokens), output);
  w.begin_object().key("promptTokenCount").number(prompt);
  if (read > 0) w.key("cachedContentTokenCount").number(read);
  w.key("candidatesTokenCount").number(output - thoughts);
  if (thoughts > 0) w.key("thoughtsTokenCount").number(thoughts);
  w.key("totalTokenCount").number(prompt + output).end_object();
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(const EncodeContext& context, Form form) {
  return std::make_unique<GeminiEncoder>(context, form);
}

}  // namespace signalbox::dialects::gemini
