// Deltas as events of the Messages API, or as its whole message (translation.md sections 8, 10 and 11.2).
//
//   message_start, ping                                          AnswerBegin
//   content_block_start i, content_block_delta i…, _stop i       a block; i from 0 without gaps
//   message_delta, message_stop                                  AnswerEnd, because usage may come late
//   error                                                        AnswerFailed; an open block stays open
//
// A block without content is none: text and thinking begin with their first fragment. Thinking that has no
// text but a state is redacted_thinking. Both forms are made of the same deltas, so they say the same; only
// arguments that were cut off are there as far as they came in the stream and {} in the message, which has
// no way to say half an object.
#include "dialects/anthropic/encoder.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/tool_names.h"
#include "json/reader.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::BlockKind;
using canonical::Provenance;
using json::Escaped;

// Anthropic names no bound on ids; other vendors to which a client's history may go have this one.
constexpr size_t tool_id_bytes_max = 64;

// What counts as a token where the upstream counted none.
constexpr int64_t bytes_per_token = 4;

// FNV-1a over what was thought: the state of reasoning whose vendor has none. It tells two thoughts apart
// and guards nothing.
class TextHash {
 public:
  void add(Escaped text) {
    if (text.inside.find('\\') == std::string_view::npos) return add_bytes(text.inside);
    plain_.clear();
    json::unescape(text, plain_);
    add_bytes(plain_);
  }

  void append_hex(std::string& out) const {
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[value_ >> shift & 15];
  }

 private:
  void add_bytes(std::string_view bytes) {
    for (const char c : bytes) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }

  uint64_t value_ = 0xcbf29ce484222325u;
  std::string plain_;
};

class AnthropicEncoder final : public canonical::Encoder {
 public:
  AnthropicEncoder(const canonical::EncodeContext& context, canonical::Form form) : context_(context), form_(form) {
    // The request's own digits, so that whoever has the one finds the other.
    message_id_ = "msg_";
    message_id_ += context.request_id.substr(context.request_id.find('_') + 1);
  }

  void encode(const canonical::Delta& delta, std::string& out) override {
    if (over_) return;
    if (const auto* piece = std::get_if<canonical::Fragment>(&delta)) return fragment(piece->text, out);
    if (const auto* begin = std::get_if<canonical::BlockBegin>(&delta)) return begin_block(*begin, out);
    if (const auto* end = std::get_if<canonical::BlockEnd>(&delta)) return end_block(end->from, out);
    if (std::get_if<canonical::AnswerBegin>(&delta)) return streamed() ? write_message_start(out) : void();
    if (const auto* seen = std::get_if<canonical::UsageSeen>(&delta)) return take_usage(seen->usage);
    if (const auto* stopped = std::get_if<canonical::Stopped>(&delta)) {
      stop_reason_ = stopped->reason;
      stop_sequence_ = stopped->sequence.inside;
      return;
    }
    over_ = true;
    if (const auto* failed = std::get_if<canonical::AnswerFailed>(&delta)) {
      if (streamed()) anthropic_row.write_error_frame(out, failed->fault, context_.request_id);
      return;
    }
    streamed() ? write_message_end(out) : write_message(out);
  }

 private:
  bool streamed() const { return form_ == canonical::Form::streamed; }

  void fragment(Escaped text, std::string& out);
  void begin_block(const canonical::BlockBegin& begin, std::string& out);
  void end_block(const Provenance& from, std::string& out);
  void end_thinking(const Provenance& from, std::string& out);
  void open_block(std::string_view start, std::string& out);
  void close_block(std::string& out);
  void write_redacted(const Provenance& from, std::string& out);
  std::string tool_id(std::string_view id);
  void append_derived_id(std::string& out, std::string_view prefix, std::string_view what) const;
  void append_signature(std::string& out, const Provenance& from) const;
  void take_usage(const Usage& usage);
  void write_message_start(std::string& out) const;
  void write_message_end(std::string& out) const;
  void write_message(std::string& out) const;
  void write_stop(json::Writer& w) const;
  void write_usage(json::Writer& w) const;

  const canonical::EncodeContext context_;
  const canonical::Form form_;
  std::string message_id_;
  std::string content_;      // whole form: the blocks so far
  std::string text_;         // whole form: of the open block, escaped
  std::string delta_begin_;  // streamed form: what stands before every fragment of the open block
  int64_t index_ = 0;        // of the open block, or of the next one
  BlockKind kind_ = BlockKind::text;
  bool in_block_ = false;  // between BlockBegin and BlockEnd
  bool open_ = false;      // the client has seen it begin
  TextHash thought_;
  std::set<std::string, std::less<>> tool_ids_;  // that calls of this answer have
  int64_t content_bytes_ = 0;
  Usage usage_;
  canonical::StopReason stop_reason_ = canonical::StopReason::end_turn;
  std::string stop_sequence_;  // escaped
  bool over_ = false;
};

// ---- blocks

std::string_view start_of(BlockKind kind) {
  return kind == BlockKind::thinking ? R"({"type":"thinking","thinking":"","signature":""})"
                                     : R"({"type":"text","text":""})";
}

// What a delta of the block holds before its text.
std::string_view delta_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::thinking: return R"(,"delta":{"type":"thinking_delta","thinking":")";
    case BlockKind::tool_call: return R"(,"delta":{"type":"input_json_delta","partial_json":")";
    default: return R"(,"delta":{"type":"text_delta","text":")";
  }
}

constexpr std::string_view delta_event =
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":";
constexpr std::string_view delta_end = "\"}}\n\n";

void AnthropicEncoder::fragment(Escaped text, std::string& out) {
  if (!in_block_ || kind_ == BlockKind::redacted_thinking) return;
  if (!open_) open_block(start_of(kind_), out);
  content_bytes_ += static_cast<int64_t>(text.size());
  if (kind_ == BlockKind::thinking) thought_.add(text);
  if (!streamed()) {
    text_ += text.inside;
    return;
  }
  out += delta_begin_;
  out += text.inside;
  out += delta_end;
}

void AnthropicEncoder::begin_block(const canonical::BlockBegin& begin, std::string& out) {
  kind_ = begin.kind;
  in_block_ = true;
  text_.clear();
  thought_ = {};
  if (kind_ != BlockKind::tool_call) return;
  std::string start;
  json::Writer w(start);
  w.begin_object().key("type").string("tool_use").key("id").string(tool_id(begin.tool_id));
  w.key("name").string(begin.tool_name);
  if (streamed()) w.key("input").begin_object().end_object().end_object();
  open_block(start, out);
  content_bytes_ += static_cast<int64_t>(begin.tool_name.size());
}

// Begins the block towards the client; `start` is the block as it begins. Of the whole form only a call's
// beginning is used.
void AnthropicEncoder::open_block(std::string_view start, std::string& out) {
  open_ = true;
  if (!streamed()) {
    if (!content_.empty()) content_ += ',';
    if (kind_ == BlockKind::tool_call) content_ += start;
    return;
  }
  out += "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":";
  base::append_decimal(out, index_);
  out += ",\"content_block\":";
  out += start;
  out += "}\n\n";
  delta_begin_ = delta_event;
  base::append_decimal(delta_begin_, index_);
  delta_begin_ += delta_of(kind_);
}

void AnthropicEncoder::end_block(const Provenance& from, std::string& out) {
  if (!in_block_) return;
  in_block_ = false;
  if (kind_ == BlockKind::thinking || kind_ == BlockKind::redacted_thinking) return end_thinking(from, out);
  if (!open_) return;
  if (!streamed() && kind_ == BlockKind::tool_call) {
    std::string plain;
    json::unescape(Escaped{text_}, plain);
    content_ += ",\"input\":";
    content_ += json::is_whole_object(plain) ? std::string_view(plain) : "{}";
    content_ += '}';
  } else if (!streamed()) {
    json::Writer w(content_);
    w.begin_object().key("type").string("text").key("text").string(Escaped{text_}).end_object();
  }
  close_block(out);
}

void AnthropicEncoder::end_thinking(const Provenance& from, std::string& out) {
  const bool native = from.vendor == Dialect::anthropic && !from.state.empty();
  if (!open_ && (kind_ == BlockKind::redacted_thinking || !native)) {
    if (!from.state.empty()) write_redacted(from, out);
    return;
  }
  if (!open_) open_block(start_of(kind_), out);
  if (streamed()) {
    out += delta_event;
    base::append_decimal(out, index_);
    out += R"(,"delta":{"type":"signature_delta","signature":")";
    append_signature(out, from);
    out += delta_end;
  } else {
    content_ += R"({"type":"thinking","thinking":")";
    content_ += text_;
    content_ += R"(","signature":")";
    append_signature(content_, from);
    content_ += "\"}";
  }
  close_block(out);
}

void AnthropicEncoder::close_block(std::string& out) {
  open_ = false;
  if (streamed()) {
    out += "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":";
    base::append_decimal(out, index_);
    out += "}\n\n";
  }
  ++index_;
}

void AnthropicEncoder::write_redacted(const Provenance& from, std::string& out) {
  std::string block = R"({"type":"redacted_thinking","data":")";
  append_signature(block, from);
  block += "\"}";
  open_block(block, out);
  if (!streamed()) content_ += block;
  close_block(out);
}

// The state of reasoning as a client shall give it back: Anthropic's own as it is, any other marked with
// whose it is. Where there is none, a hash stands for it, for a block without a signature is refused by
// clients and later by Anthropic.
void AnthropicEncoder::append_signature(std::string& out, const Provenance& from) const {
  if (!from.state.empty()) {
    if (from.vendor == Dialect::anthropic) {
      out += from.state.inside;
      return;
    }
    return canonical::append_envelope(out, {from.vendor, from.scope.empty() ? context_.scope : from.scope, from.state});
  }
  std::string hash;
  thought_.append_hex(hash);
  canonical::append_envelope(out, {context_.upstream, context_.scope, {hash}});
}

// ---- ids

// The same for the same request, whatever is asked for.
void AnthropicEncoder::append_derived_id(std::string& out, std::string_view prefix, std::string_view what) const {
  std::string from(context_.request_id);
  from += ':';  // so that it is never an id itself
  from += what;
  canonical::append_tool_id(out, from, prefix, tool_id_bytes_max);
}

// `id` in Anthropic's letters; one of our own where there is none, or where another call has it.
std::string AnthropicEncoder::tool_id(std::string_view id) {
  std::string result;
  if (!id.empty()) canonical::append_tool_id(result, id, "toolu_", tool_id_bytes_max);
  const bool before = context_.ids_before && context_.ids_before->has(result);
  if (result.empty() || before || tool_ids_.contains(result)) {
    std::string ordinal;
    base::append_decimal(ordinal, static_cast<int64_t>(tool_ids_.size()));
    result.clear();
    append_derived_id(result, "toolu_", ordinal);
  }
  tool_ids_.insert(result);
  return result;
}

// ---- the message

void AnthropicEncoder::take_usage(const Usage& usage) {
  const auto take = [](int64_t from, int64_t& to) {
    if (from >= 0) to = from;
  };
  take(usage.input_tokens, usage_.input_tokens);
  take(usage.output_tokens, usage_.output_tokens);
  take(usage.cache_read_tokens, usage_.cache_read_tokens);
  take(usage.cache_creation_tokens, usage_.cache_creation_tokens);
}

void AnthropicEncoder::write_message_start(std::string& out) const {
  out += "event: message_start\ndata: ";
  json::Writer w(out);
  w.begin_object().key("type").string("message_start").key("message").begin_object();
  w.key("id").string(message_id_).key("type").string("message").key("role").string("assistant");
  w.key("model").string(context_.model).key("content").begin_array().end_array();
  w.key("stop_reason").null().key("stop_sequence").null();
  w.key("usage").begin_object().key("input_tokens").number(std::max<int64_t>(context_.input_tokens_estimate, 1));
  w.key("cache_creation_input_tokens").number(0).key("cache_read_input_tokens").number(0);
  w.key("output_tokens").number(1).end_object();
  w.end_object().end_object();
  out += "\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n";
}

void AnthropicEncoder::write_message_end(std::string& out) const {
  out += "event: message_delta\ndata: ";
  json::Writer w(out);
  w.begin_object().key("type").string("message_delta").key("delta").begin_object();
  write_stop(w);
  w.end_object().key("usage");
  write_usage(w);
  w.end_object();
  out += "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
}

void AnthropicEncoder::write_message(std::string& out) const {
  json::Writer w(out);
  w.begin_object().key("id").string(message_id_).key("type").string("message").key("role").string("assistant");
  w.key("model").string(context_.model).key("content").begin_array();
  if (!content_.empty()) w.raw(content_);
  w.end_array();
  write_stop(w);
  w.key("usage");
  write_usage(w);
  w.end_object();
}

void AnthropicEncoder::write_stop(json::Writer& w) const {
  w.key("stop_reason").string(name_of(stop_reason_)).key("stop_sequence");
  stop_sequence_.empty() ? w.null() : w.string(Escaped{stop_sequence_});
}

// Clients reckon with every figure, so none is left out: what the upstream did not count is estimated.
void AnthropicEncoder::write_usage(json::Writer& w) const {
  const auto or_else = [](int64_t count, int64_t otherwise) { return count >= 0 ? count : otherwise; };
  w.begin_object();
  w.key("input_tokens").number(or_else(usage_.input_tokens, std::max<int64_t>(context_.input_tokens_estimate, 1)));
  w.key("cache_creation_input_tokens").number(or_else(usage_.cache_creation_tokens, 0));
  w.key("cache_read_input_tokens").number(or_else(usage_.cache_read_tokens, 0));
  w.key("output_tokens").number(or_else(usage_.output_tokens, content_bytes_ / bytes_per_token + 1));
  w.end_object();
}

}  // namespace

std::unique_ptr<canonical::Encoder> make_encoder(const canonical::EncodeContext& context, canonical::Form form) {
  return std::make_unique<AnthropicEncoder>(context, form);
}

}  // namespace signalbox::dialects::anthropic
