// Deltas as events of the Messages API, or as its whole message (translation.md sections 8, 10 and 11.2).
//
//   message_start, ping                                          AnswerBegin
//   content_block_start i, content_block_delta i…, _stop i       a block; i from 0 without gaps
//   message_delta, message_stop                                  AnswerEnd, because usage may come late
//   error                                                        AnswerFailed; an open block stays open
//
// A block without content is none: text and thinking begin with their first fragment. Thinking that has no
// text but a state is redacted_thinking; behind a text it waits for a block that follows, and without one it is lost:
// Claude Code shows an answer's last block and nothing where that is no text. Both forms are made of the same deltas,
// so they say the same; only arguments that were cut off are there as far as they came in the stream and {} in the
// message, which has no way to say half an object.
#include "dialects/anthropic/encoder.h"

#include <string>
#include <utility>

#include "base/text.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/anthropic/message.h"
#include "dialects/canonical/call_ids.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/text_hash.h"
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

class AnthropicEncoder final : public canonical::Encoder {
 public:
  AnthropicEncoder(const canonical::EncodeContext& context, canonical::Form form)
      : context_(context), form_(form), call_ids_(context, "toolu_", tool_id_bytes_max) {
    // The request's own digits, so that whoever has the one finds the other.
    message_.id = "msg_";
    message_.id += context.request_id.substr(context.request_id.find('_') + 1);
    message_.model = context.model;
    message_.input_tokens_estimate = context.input_tokens_estimate;
  }

  void encode(const canonical::Delta& delta, std::string& out) override {
    if (over_) return;
    if (const auto* piece = std::get_if<canonical::Fragment>(&delta)) return fragment(piece->text, out);
    if (const auto* begin = std::get_if<canonical::BlockBegin>(&delta)) return begin_block(*begin, out);
    if (const auto* end = std::get_if<canonical::BlockEnd>(&delta)) return end_block(end->from, out);
    if (std::get_if<canonical::AnswerBegin>(&delta)) return streamed() ? write_message_start(message_, out) : void();
    if (const auto* seen = std::get_if<canonical::UsageSeen>(&delta))
      return canonical::take_later(message_.usage, seen->usage);
    if (const auto* search = std::get_if<canonical::WebSearch>(&delta)) return write_search(*search, out);
    if (const auto* stopped = std::get_if<canonical::Stopped>(&delta)) {
      message_.stop_reason = stopped->reason;
      message_.stop_sequence = stopped->sequence.inside;
      return;
    }
    over_ = true;
    if (const auto* failed = std::get_if<canonical::AnswerFailed>(&delta)) {
      if (streamed()) anthropic_row.write_error_frame(out, failed->fault, context_.request_id);
      return;
    }
    if (!held_.empty()) context_.losses.add("thinking.signature");  // it may not be an answer's end
    streamed() ? write_message_end(message_, out) : write_message(message_, content_, out);
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
  void write_held(std::string& out);
  void write_search(const canonical::WebSearch& search, std::string& out);
  void write_hosted(BlockKind kind, std::string_view block, std::string_view input, std::string& out);
  void append_signature(std::string& out, const Provenance& from) const;

  const canonical::EncodeContext context_;
  const canonical::Form form_;
  Message message_;
  std::string content_;      // whole form: the blocks so far
  std::string text_;         // whole form: of the open block, escaped
  std::string delta_begin_;  // streamed form: what stands before every fragment of the open block
  int64_t index_ = 0;        // of the open block, or of the next one
  BlockKind kind_ = BlockKind::text;
  bool in_block_ = false;     // between BlockBegin and BlockEnd
  bool open_ = false;         // the client has seen it begin
  bool behind_text_ = false;  // the block that was closed last is a text
  std::string held_;          // redacted_thinking that waits behind it
  canonical::TextHash thought_;
  canonical::CallIds call_ids_;
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
  message_.content_bytes += static_cast<int64_t>(text.size());
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
  w.begin_object().key("type").string("tool_use").key("id").string(call_ids_.next(begin.tool_id));
  w.key("name").string(begin.tool_name);
  if (streamed()) w.key("input").begin_object().end_object().end_object();
  open_block(start, out);
  message_.content_bytes += static_cast<int64_t>(begin.tool_name.size());
}

// Begins the block towards the client; `start` is the block as it begins. Of the whole form only a call's
// beginning is used.
void AnthropicEncoder::open_block(std::string_view start, std::string& out) {
  if (!held_.empty()) write_held(out);
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
  behind_text_ = kind_ == BlockKind::text;
}

void AnthropicEncoder::write_redacted(const Provenance& from, std::string& out) {
  if (!held_.empty()) write_held(out);
  held_ = R"({"type":"redacted_thinking","data":")";
  append_signature(held_, from);
  held_ += "\"}";
  if (!behind_text_) write_held(out);
}

void AnthropicEncoder::write_held(std::string& out) {
  const BlockKind next = kind_;
  const std::string block = std::move(held_);
  held_.clear();
  kind_ = BlockKind::redacted_thinking;
  open_block(block, out);
  if (!streamed()) content_ += block;
  close_block(out);
  kind_ = next;
}

// A search is two blocks, the call and what came of it: clients count the first, and refuse it without the second
// (cc-switch pairs_every_hosted_web_search_call).
void AnthropicEncoder::write_search(const canonical::WebSearch& search, std::string& out) {
  constexpr std::string_view prefix = "srvtoolu_";
  std::string id, ordinal("search ");
  base::append_decimal(ordinal, message_.search_count++);
  if (search.id.substr(0, prefix.size()) == prefix) canonical::append_tool_id(id, search.id, prefix, tool_id_bytes_max);
  else canonical::append_derived_id(id, context_.request_id, ordinal, prefix, tool_id_bytes_max);

  std::string input, block;
  json::Writer asked(input);
  asked.begin_object().key("query").string(search.query).end_object();
  json::Writer call(block);
  call.begin_object().key("type").string("server_tool_use").key("id").string(id).key("name").string("web_search");
  call.key("input");
  streamed() ? call.begin_object().end_object() : call.raw(input);
  call.end_object();
  write_hosted(BlockKind::tool_call, block, input, out);

  block.clear();
  json::Writer result(block);
  result.begin_object().key("type").string("web_search_tool_result").key("tool_use_id").string(id).key("content");
  if (search.failed) {
    result.begin_object().key("type").string("web_search_tool_result_error");
    result.key("error_code").string("unavailable").end_object();
  } else {
    result.begin_array();
    json::each_element(search.sources, [&](std::string_view source) {
      const Escaped url = json::escaped(json::member(source, "url"));
      const Escaped title = json::escaped(json::member(source, "title"));
      const Escaped page_age = json::escaped(json::member(source, "page_age"));
      result.begin_object().key("type").string("web_search_result").key("url").string(url);
      result.key("title").string(title.empty() ? url : title).key("encrypted_content").string("").key("page_age");
      page_age.empty() ? result.null() : result.string(page_age);
      result.end_object();
    });
    result.end_array();
  }
  result.end_object();
  write_hosted(BlockKind::text, block, {}, out);
}

// A whole block of a tool that the provider ran; `input` comes behind its beginning in a stream.
void AnthropicEncoder::write_hosted(BlockKind kind, std::string_view block, std::string_view input, std::string& out) {
  kind_ = kind;
  open_block(block, out);
  if (!streamed() && kind != BlockKind::tool_call) content_ += block;
  if (streamed() && !input.empty()) {
    out += delta_begin_;
    json::escape(input, out);
    out += delta_end;
  }
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

}  // namespace

std::unique_ptr<canonical::Encoder> make_encoder(const canonical::EncodeContext& context, canonical::Form form) {
  return std::make_unique<AnthropicEncoder>(context, form);
}

}  // namespace signalbox::dialects::anthropic
