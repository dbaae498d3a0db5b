// An answer as Chat clients know it, in chunks or as one object. Source: the types of the openai SDK and
// what it does with chunks; translation.md sections 9, 10 and 11.3.
//
// A chunk is the same but for what is in its delta, so its beginning is written once. Texts go through as
// they are, escaped; nothing is held but the whole form's own texts.
//
// Chat has one text, one reasoning and one refusal for an answer, and calls beside them: blocks of a kind
// are joined in order. Reasoning that no text shows, and the state that belongs to shown reasoning, have no
// place here and are named as lost.
#include "dialects/openai_chat/encoder.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"
#include "dialects/canonical/tool_names.h"
#include "dialects/openai_chat/openai_chat.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_chat {
namespace {

using namespace canonical;

// OpenAI's own bound.
constexpr size_t tool_id_bytes_max = 40;
// Stands in every chunk, so one that no provider would give is not repeated.
constexpr size_t answer_id_bytes_max = 128;
// Doubles hold integers up to here, and JavaScript has nothing else. Sums of three stay far from overflow.
constexpr int64_t count_max = int64_t(1) << 53;

std::string_view finish_reason(StopReason reason) {
  switch (reason) {
    case StopReason::end_turn:
    case StopReason::stop_sequence:
    case StopReason::pause_turn: return "stop";
    case StopReason::tool_use: return "tool_calls";
    case StopReason::max_tokens:
    case StopReason::context_full: return "length";
    case StopReason::refusal: return "content_filter";
  }
  return "stop";
}

// A count as it may stand in an answer; unknown is none.
int64_t counted(int64_t count) { return std::clamp<int64_t>(count, 0, count_max); }

void write_usage(json::Writer& w, const Usage& usage) {
  const int64_t read = counted(usage.cache_read_tokens);
  const int64_t written = counted(usage.cache_creation_tokens);
  const int64_t prompt = counted(usage.input_tokens) + read + written;
  const int64_t completion = counted(usage.output_tokens);
  w.begin_object().key("prompt_tokens").number(prompt).key("completion_tokens").number(completion);
  w.key("total_tokens").number(prompt + completion);
  w.key("prompt_tokens_details").begin_object().key("cached_tokens").number(read);
  if (written > 0) w.key("cache_write_tokens").number(written);
  w.end_object();
  if (usage.reasoning_tokens >= 0) {
    w.key("completion_tokens_details").begin_object();
    w.key("reasoning_tokens").number(counted(usage.reasoning_tokens)).end_object();
  }
  w.end_object();
}

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
  explicit ChatEncoder(const EncodeContext& context) : context_(context) {}

  void encode(const Delta& delta, std::string& out) final {
    if (auto* fragment = std::get_if<Fragment>(&delta)) {
      any_fragment_ = true;
      return say(fragment->text, out);
    }
    if (auto* begin = std::get_if<BlockBegin>(&delta)) {
      kind_ = begin->kind;
      any_fragment_ = false;
      if (kind_ == BlockKind::tool_call) begin_call(*begin, out);
    } else if (auto* end = std::get_if<BlockEnd>(&delta)) {
      if (kind_ == BlockKind::tool_call) end_call(out);
      if (kind_ == BlockKind::redacted_thinking) context_.losses.add("thinking.redacted");
      if (kind_ == BlockKind::thinking && !end->from.state.empty()) context_.losses.add("thinking.signature");
    } else if (auto* seen = std::get_if<UsageSeen>(&delta)) {
      any_usage_ = true;
      canonical::take_later(usage_, seen->usage);
    } else if (auto* answer = std::get_if<AnswerBegin>(&delta)) {
      name_answer(answer->id);
      begin_answer(out);
    } else if (auto* stopped = std::get_if<Stopped>(&delta)) {
      if (stopped->reason == StopReason::pause_turn) context_.losses.add("stop_reason.pause_turn");
      stop(finish_reason(stopped->reason), out);
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

  // The members that a call begins with; its function stays open, its arguments are due.
  void write_call(json::Writer& w, const BlockBegin& call) {
    std::string id;
    if (!call.tool_id.empty()) append_tool_id(id, call.tool_id, "call_", tool_id_bytes_max);
    if (id.empty() || (context_.ids_before && context_.ids_before->has(id)) || call_ids_.contains(id)) {
      id.clear();
      // The ':' makes it a text that no upstream's id is, so that the id is derived of all of it.
      std::string ordinal(context_.request_id);
      ordinal += ':';
      base::append_decimal(ordinal, call_index_);
      append_tool_id(id, ordinal, "call_", tool_id_bytes_max);
    }
    call_ids_.insert(id);
    w.key("id").string(id).key("type").string("function");
    w.key("function").begin_object().key("name").string(call.tool_name);
  }

  const EncodeContext context_;
  std::string id_;
  Usage usage_;
  BlockKind kind_ = BlockKind::text;
  int64_t call_index_ = -1;    // of the open call, or the last: its place among calls, not among blocks
  bool any_fragment_ = false;  // in the open block
  bool any_usage_ = false;
  std::set<std::string> call_ids_;  // of this answer

 private:
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
    w.key("arguments").string("").end_object().end_object().end_array().end_object();
    close_delta(out);
  }

  void say(Escaped text, std::string& out) override {
    const bool call = kind_ == BlockKind::tool_call;
    if (!call && member_of(kind_).empty()) return;
    open_delta(out);
    if (call) {
      out += R"({"tool_calls":[{"index":)";
      base::append_decimal(out, call_index_);
      out += R"(,"function":{"arguments":")";
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
    if (!any_fragment_) say({"{}"}, out);
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
    calls_ += R"(,"arguments":")";
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
    if (!any_fragment_) calls_ += "{}";
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
