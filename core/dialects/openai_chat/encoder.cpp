// An answer as Chat clients know it, in chunks or as one object. Source: the types of the openai SDK and
// what it does with chunks; translation.md sections 9, 10 and 11.3.
//
// A chunk is the same but for what is in its delta, so its beginning is written once. Texts go through as
// they are, escaped; nothing is held but the whole form's own texts.
//
// Chat has one text, one reasoning and one refusal for an answer, and calls beside them: blocks of a kind
// are joined in order. What state reasoning has is carried beside the next call, in the field that Google has for it
// in its own OpenAI-compatible endpoint and that clients give back with the call; without a call it is named as lost.
#include "dialects/openai_chat/encoder.h"

#include <string>

#include "base/text.h"
#include "dialects/canonical/call_ids.h"
#include "dialects/canonical/carried_thinking.h"
#include "dialects/canonical/custom_input.h"
#include "dialects/canonical/envelope.h"
#include "dialects/gemini_signature.h"
#include "dialects/openai_chat/finish.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_chat/usage.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_chat {
namespace {

using namespace canonical;

// OpenAI's own bound.
constexpr size_t tool_id_bytes_max = 40;
// Stands in every chunk, so one that no provider would give is not repeated.
constexpr size_t answer_id_bytes_max = 128;
// The member of a message or a delta that a kind of block is said in.
std::string_view member_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::text: return "content";
    case BlockKind::refusal: return "refusal";
    case BlockKind::thinking: return "reasoning_content";
    case BlockKind::redacted_thinking:
    case BlockKind::tool_call: break;
  }
  return {};
}

// What both forms have in common: what the answer is called, and what has been seen of it.
class ChatEncoder : public Encoder {
 public:
  explicit ChatEncoder(const EncodeContext& context)
      : context_(context), call_ids_(context, "call_", tool_id_bytes_max), thoughts_(context.upstream, context.scope) {}

  void encode(const Delta& delta, std::string& out) final {
    if (auto* fragment = std::get_if<Fragment>(&delta)) {
      any_fragment_ = true;
      if (kind_ == BlockKind::thinking) thoughts_.add(fragment->text);
      if (custom_) return void(arguments_ += fragment->text.inside);
      return say(fragment->text, out);
    }
    if (auto* begin = std::get_if<BlockBegin>(&delta)) {
      kind_ = begin->kind;
      any_fragment_ = false;
      if (kind_ != BlockKind::tool_call) return;
      const ToolOrigin* origin = context_.origins ? context_.origins->find(begin->tool_name) : nullptr;
      custom_ = origin && origin->kind == ToolKind::custom;
      begin_call(*begin, out);
    } else if (auto* end = std::get_if<BlockEnd>(&delta)) {
      if (custom_) say_input(out);
      if (kind_ == BlockKind::tool_call) end_call(out);
      custom_ = false;
      if (kind_ == BlockKind::thinking || kind_ == BlockKind::redacted_thinking) end_thinking(end->from);
    } else if (std::holds_alternative<WebSearch>(delta)) {
      context_.losses.add("content.web_search");  // Chat cites places in a text, and we are told none
    } else if (auto* seen = std::get_if<UsageSeen>(&delta)) {
      any_usage_ = true;
      canonical::take_later(usage_, seen->usage);
    } else if (auto* answer = std::get_if<AnswerBegin>(&delta)) {
      name_answer(answer->id);
      begin_answer(out);
    } else if (auto* stopped = std::get_if<Stopped>(&delta)) {
      if (stopped->reason == StopReason::pause_turn) context_.losses.add("stop_reason.pause_turn");
      lose_thoughts();
      stop(finish_reason_of(stopped->reason), out);
    } else if (std::holds_alternative<AnswerEnd>(delta)) {
      end_answer(out);
    } else if (auto* failed = std::get_if<AnswerFailed>(&delta)) {
      fail(failed->fault, out);
    }
  }

 protected:
  virtual void begin_answer(std::string& out) = 0;
  virtual void begin_call(const BlockBegin& call, std::string& out) = 0;
  virtual void say(Escaped text, std::string& out) = 0;
  virtual void end_call(std::string& out) = 0;
  virtual void stop(std::string_view reason, std::string& out) = 0;
  virtual void end_answer(std::string& out) = 0;
  virtual void fail(const Fault& fault, std::string& out) = 0;

  // The members that chunks and whole answers begin with.
  void write_head(json::Writer& w, std::string_view object) const {
    w.key("id").string(id_).key("object").string(object);
    w.key("created").number(context_.unix_ms / 1000).key("model").string(context_.model);
  }

  // Where a call's text stands: a custom tool takes one free text, which is known when the arguments are whole.
  std::string_view call_member() const { return custom_ ? "custom" : "function"; }
  std::string_view text_member() const { return custom_ ? "input" : "arguments"; }

  // The members that a call begins with; its function stays open, its arguments are due.
  void write_call(json::Writer& w, const BlockBegin& call) {
    w.key("id").string(call_ids_.next(call.tool_id)).key("type").string(call_member());
    write_state(w);
    w.plain_key(call_member()).begin_object().key("name").string(call.tool_name);
  }

  const EncodeContext context_;
  std::string id_;
  Usage usage_;
  BlockKind kind_ = BlockKind::text;
  int64_t call_index_ = -1;    // of the open call, or the last: its place among calls, not among blocks
  bool any_fragment_ = false;  // in the open block
  bool any_usage_ = false;
  bool custom_ = false;  // the open block is a call of a custom tool

 private:
  CallIds call_ids_;
  CarriedThinking thoughts_;
  std::string arguments_;  // of the open call of a custom tool, escaped

  void say_input(std::string& out) {
    std::string scratch;
    const Escaped input = custom_input({arguments_}, scratch);
    if (!input.empty()) say(input, out);
    arguments_.clear();
  }

  void end_thinking(const Provenance& from) { thoughts_.end(from, kind_); }

  // The signature that an upstream of this dialect has itself beside calls, where it is Google's.
  Escaped own_signature(const std::vector<Thinking>& thinkings) const {
    const Provenance& from = thinkings.back().from;
    if (context_.upstream != Dialect::openai_chat || from.vendor != Dialect::gemini) return {};
    return gemini::signature_of(from.state).text;
  }

  // The state of what was thought since the last call, as a member of the next one. What was shown of it comes back
  // as it was shown, so without state there is nothing to carry.
  void write_state(json::Writer& w) {
    if (thoughts_.too_much()) context_.losses.add("thinking.signature");
    const std::vector<Thinking> thinkings = thoughts_.thinkings();
    if (thoughts_.any_state() && !thinkings.empty()) {
      std::string state;
      const Escaped own = own_signature(thinkings);
      if (own.empty()) append_carried(state, thinkings);
      else state = own.inside;
      w.key("extra_content").begin_object().key("google").begin_object();
      w.key("thought_signature").string(Escaped{state}).end_object().end_object();
    }
    thoughts_.clear();
  }

  // No call comes that could carry it.
  void lose_thoughts() {
    if (thoughts_.too_much()) context_.losses.add("thinking.signature");
    for (const Thinking& thinking : thoughts_.thinkings())
      if (!thinking.from.state.empty()) context_.losses.add("thinking.signature");
  }

  void name_answer(std::string_view upstreams) {
    if (!upstreams.empty() && upstreams.size() <= answer_id_bytes_max) {
      id_ = upstreams;
      return;
    }
    constexpr std::string_view mark = "req_";
    std::string_view own = context_.request_id;
    if (own.substr(0, mark.size()) == mark) own.remove_prefix(mark.size());
    id_ = "chatcmpl-";
    id_ += own;
  }
};

class StreamedChat final : public ChatEncoder {
 public:
  using ChatEncoder::ChatEncoder;

 private:
  void begin_answer(std::string& out) override {
    head_ = "data: ";
    json::Writer w(head_);
    w.begin_object();
    write_head(w, "chat.completion.chunk");
    w.key("choices").begin_array();
    chunk(R"({"role":"assistant","content":""})", out);
  }

  void begin_call(const BlockBegin& call, std::string& out) override {
    ++call_index_;
    open_delta(out);
    json::Writer w(out);
    w.begin_object().key("tool_calls").begin_array().begin_object().key("index").number(call_index_);
    write_call(w, call);
    w.plain_key(text_member()).string("").end_object().end_object().end_array().end_object();
    close_delta(out);
  }

  void say(Escaped text, std::string& out) override {
    const bool call = kind_ == BlockKind::tool_call;
    if (!call && member_of(kind_).empty()) return;
    open_delta(out);
    if (call) {
      out += R"({"tool_calls":[{"index":)";
      base::append_decimal(out, call_index_);
      out += custom_ ? R"(,"custom":{"input":")" : R"(,"function":{"arguments":")";
    } else {
      out += "{\"";
      out += member_of(kind_);
      out += "\":\"";
    }
    out += text.inside;
    out += call ? "\"}}]}" : "\"}";
    close_delta(out);
  }

  // Clients read arguments as JSON, and "" is none.
  void end_call(std::string& out) override {
    if (!any_fragment_ && !custom_) say({"{}"}, out);
  }

  void stop(std::string_view reason, std::string& out) override {
    open_delta(out);
    out += R"({},"finish_reason":")";
    out += reason;
    out += "\"}]}\n\n";
  }

  void end_answer(std::string& out) override {
    if (context_.usage_in_stream && any_usage_) {
      out += head_;
      out += R"(],"usage":)";
      json::Writer w(out);
      write_usage(w, usage_);
      out += "}\n\n";
    }
    out += "data: [DONE]\n\n";
  }

  // The SDKs throw at a chunk with an error, and read no further; [DONE] would tell others of a good end.
  void fail(const Fault& fault, std::string& out) override {
    openai_chat_row.write_error_frame(out, fault, context_.request_id);
  }

  void open_delta(std::string& out) const {
    out += head_;
    out += R"({"index":0,"delta":)";
  }
  static void close_delta(std::string& out) { out += ",\"finish_reason\":null}]}\n\n"; }
  void chunk(std::string_view delta, std::string& out) const {
    open_delta(out);
    out += delta;
    close_delta(out);
  }

  std::string head_;  // of every chunk, up to the first choice
};

class WholeChat final : public ChatEncoder {
 public:
  using ChatEncoder::ChatEncoder;

 private:
  void begin_answer(std::string&) override {}

  void begin_call(const BlockBegin& call, std::string&) override {
    calls_ += ++call_index_ == 0 ? "" : ",";
    json::Writer w(calls_);
    w.begin_object();
    write_call(w, call);
    calls_ += custom_ ? R"(,"input":")" : R"(,"arguments":")";
  }

  void say(Escaped text, std::string&) override {
    switch (kind_) {
      case BlockKind::text: content_ += text.inside; break;
      case BlockKind::refusal: refusal_ += text.inside; break;
      case BlockKind::thinking: reasoning_ += text.inside; break;
      case BlockKind::tool_call: calls_ += text.inside; break;
      case BlockKind::redacted_thinking: break;
    }
  }

  void end_call(std::string&) override {
    if (!any_fragment_ && !custom_) calls_ += "{}";
    calls_ += "\"}}";
  }

  void stop(std::string_view reason, std::string&) override { reason_ = reason; }

  void end_answer(std::string& out) override {
    json::Writer w(out);
    w.begin_object();
    write_head(w, "chat.completion");
    w.key("choices").begin_array().begin_object().key("index").number(0);
    w.key("message").begin_object().key("role").string("assistant");
    w.key("content");
    content_.empty() && (!calls_.empty() || !refusal_.empty()) ? w.null() : w.string(Escaped{content_});
    w.key("refusal");
    refusal_.empty() ? w.null() : w.string(Escaped{refusal_});
    if (!reasoning_.empty()) w.key("reasoning_content").string(Escaped{reasoning_});
    if (!calls_.empty()) {
      w.key("tool_calls").begin_array().raw(calls_).end_array();
    }
    w.end_object().key("logprobs").null().key("finish_reason").string(reason_).end_object().end_array();
    if (any_usage_) {
      w.key("usage");
      write_usage(w, usage_);
    }
    w.end_object();
  }

  void fail(const Fault&, std::string&) override {}

  std::string content_, refusal_, reasoning_;  // escaped
  std::string calls_;                          // the elements of tool_calls, as JSON
  std::string_view reason_ = "stop";
};

}  // namespace

std::unique_ptr<Encoder> make_encoder(const EncodeContext& context, Form form) {
  if (form == Form::whole) return std::make_unique<WholeChat>(context);
  return std::make_unique<StreamedChat>(context);
}

}  // namespace signalbox::dialects::openai_chat
