// What an answer of the Messages API says, as deltas. Source: the types of @anthropic-ai/sdk and what it
// does with events; translation.md sections 8 to 11.
//
// Compatible servers are taken as far as nothing is lost by it:
//   no event line                      the data names its type
//   a block without its end            ends where the next one begins, or the message
//   a second message_start             is nothing as long as there was no block
//   the whole input in the block start counts unless deltas bring it
//   events and blocks nobody knows     are passed over; blocks are named as lost
// What cannot be put in order without loss is upstream_broken: text for a block that is not open, arguments
// that are no object, a second answer behind a part of the first.
#include "dialects/anthropic/decoder.h"

#include <string>

#include "base/text.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/anthropic/members.h"
#include "dialects/anthropic/usage.h"
#include "dialects/canonical/arguments.h"
#include "dialects/canonical/block_sequencer.h"
#include "dialects/decoding.h"
#include "json/escaped.h"
#include "json/reader.h"
#include "json/same_shape.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::anthropic {
namespace {

using namespace canonical;

bool is_event_of_messages(std::string_view name) {
  for (std::string_view known : {"message_start", "content_block_start", "content_block_delta", "content_block_stop",
                                 "message_delta", "message_stop", "error"})
    if (name == known) return true;
  return false;
}

constexpr std::string_view no_arguments = "a tool call whose arguments are no JSON object";

// Whether a reason explains that a call is not whole.
bool cuts_calls_short(StopReason reason) {
  return reason == StopReason::max_tokens || reason == StopReason::context_full || reason == StopReason::refusal;
}

class AnthropicDecoder final : public Decoder {
 public:
  explicit AnthropicDecoder(const DecodeContext& context) : context_(context) {}

  void feed(const sse::Frame& frame, Deltas& out) override;
  void feed_whole(std::string_view body, Deltas& out) override;
  void finish(Deltas& out) override;

 private:
  // What kind of block is open; `passed_over` is one that nothing here can say, `search` the call of a search.
  enum class Open : uint8_t { nothing, said, passed_over, search };

  void begin(std::string_view id, Deltas& out);
  void usage(std::string_view text, Deltas& out);
  void start_message(std::string_view message, Deltas& out);
  void start_block(std::string_view block, std::string_view index, Deltas& out);
  void start_call(const Members& block, Deltas& out);
  void start_search(const Members& block, Deltas& out);
  void give_search(std::string_view results, Deltas& out);
  void piece(const Members& delta, std::string_view index, Deltas& out);
  void remember(std::string_view data, const Members& delta);
  void say(BlockKind kind, Escaped text, Deltas& out);
  void arguments(Escaped text, Deltas& out);
  void close_call(Deltas& out);
  void close_block(Deltas& out);
  void take_stop(const Members& from);
  void end(Deltas& out);
  void fail(Fault fault, Deltas& out);
  void fail_as_told(std::string_view body, Deltas& out) { fail(fault_of(anthropic_row, body, context_), out); }
  void broken(std::string_view what, Deltas& out);

  bool is_open(std::string_view index) const {
    return open_ != Open::nothing && (index.empty() || json::to_int64(index).value_or(-1) == open_index_);
  }

  const DecodeContext context_;
  json::SameShape shape_;  // of a frame that is a piece of the open block
  bool begun_ = false;
  bool over_ = false;
  bool any_block_ = false;
  size_t call_count_ = 0;
  bool bad_arguments_ = false;  // of a call: wrong, unless the answer turns out to have been cut short

  Open open_ = Open::nothing;
  int64_t open_index_ = -1;
  BlockKind kind_ = BlockKind::text;
  std::string state_;        // of the open thinking: its signature, or its data; escaped
  std::string start_input_;  // of the open call, escaped: its input as its start gave it
  std::string arguments_;    // of the open call, escaped: all of them so far, to be checked
  ArgumentsScan scan_;       // over the same
  bool live_ = false;        // the open call's arguments go out as they come
  size_t arguments_bytes_ = 0;

  bool searching_ = false;    // a search was called whose result has not come
  std::string search_id_;     // plain
  std::string search_input_;  // JSON, escaped as far as deltas bring it

  bool stopped_ = false;
  StopReason reason_ = StopReason::end_turn;
  std::string sequence_;  // escaped
};

void AnthropicDecoder::feed(const sse::Frame& frame, Deltas& out) {
  if (over_ || !frame.has_data || frame.event == "ping") return;
  // Nearly every frame is the one before with another piece of the same block.
  if (shape_.matches(frame.data)) {
    const Escaped more{shape_.slot(0)};
    return kind_ == BlockKind::tool_call ? arguments(more, out) : say(kind_, more, out);
  }
  Members event, delta;
  if (!read_members(frame.data, event, &delta)) {
    const bool nothing = frame.data.empty() || frame.data == "[DONE]";
    if (frame.event.empty() ? nothing : !is_event_of_messages(frame.event)) return;
    return broken("an event that is no whole JSON object", out);
  }
  auto is = [&](std::string_view name) { return event.type.empty() ? frame.event == name : is_word(event.type, name); };
  if (is("content_block_delta")) {
    piece(delta, event.index, out);
    event.type.empty() ? shape_.forget() : remember(frame.data, delta);  // the event's line may say another type
    return;
  }
  shape_.forget();
  if (is("content_block_start")) return start_block(event.content_block, event.index, out);
  if (is("content_block_stop")) {
    if (is_open(event.index)) close_block(out);
  } else if (is("message_start")) {
    start_message(event.message, out);
  } else if (is("message_delta")) {
    begin({}, out);
    usage(event.usage, out);
    take_stop(delta);
  } else if (is("message_stop")) {
    end(out);
  } else if (is("error") || (event.type.empty() && holds_something(event.error))) {
    fail_as_told(frame.data, out);
  }
}

// A piece of the block that is open; what comes behind the block is another frame and no piece of it.
void AnthropicDecoder::remember(std::string_view data, const Members& delta) {
  shape_.forget();
  if (over_ || open_ != Open::said) return;
  const std::string_view values[] = {delta.text, delta.thinking, delta.partial_json};
  const std::string_view of_kind[] = {"text_delta", "thinking_delta", "input_json_delta"};
  for (size_t i = 0; i < 3; ++i) {
    const std::string_view inside = json::string_inside(values[i]);
    if (!inside.empty() && is_word(delta.type, of_kind[i])) shape_.remember(data, {&inside, 1});
  }
}

void AnthropicDecoder::feed_whole(std::string_view body, Deltas& out) {
  if (over_) return;
  Members answer;
  if (!read_members(body, answer, nullptr)) return broken("an answer that is no JSON object", out);
  if (is_word(answer.type, "error") || holds_something(answer.error)) return fail_as_told(body, out);
  if (answer.content.empty() || answer.content.front() != '[') return broken("an answer without content", out);
  begin(answer.id, out);
  usage(answer.usage, out);
  json::each_element(answer.content, [&](std::string_view block) {
    if (over_) return;
    start_block(block, {}, out);
    if (!over_) close_block(out);
  });
  if (over_) return;
  take_stop(answer);
  end(out);
}

void AnthropicDecoder::finish(Deltas& out) {
  if (!over_) fail({FaultKind::upstream_cut, {}}, out);
}

void AnthropicDecoder::begin(std::string_view id, Deltas& out) {
  if (begun_) return;
  begun_ = true;
  std::string_view plain = json::string_inside(id);
  if (plain.find('\\') != plain.npos) {
    std::string spelt;
    json::unescape(plain, spelt);
    plain = out.keep(spelt);
  }
  out.push(AnswerBegin{plain});
}

void AnthropicDecoder::usage(std::string_view text, Deltas& out) {
  if (text.empty()) return;
  UsageSeen seen;
  read_usage(text, seen.usage);
  out.push(seen);
}

void AnthropicDecoder::start_message(std::string_view message, Deltas& out) {
  if (any_block_ || stopped_) return broken("a second answer behind a part of the first", out);
  Members members;
  read_members(message, members, nullptr);
  begin(members.id, out);
  usage(members.usage, out);
}

void AnthropicDecoder::start_block(std::string_view block, std::string_view index, Deltas& out) {
  begin({}, out);
  close_block(out);
  if (over_) return;
  any_block_ = true;
  open_index_ = json::to_int64(index).value_or(-1);
  state_.clear();
  Members members;
  if (!read_members(block, members, nullptr)) return broken("a block that is no object", out);
  open_ = Open::said;
  if (is_word(members.type, "text")) {
    out.push(BlockBegin{kind_ = BlockKind::text, {}, {}});
    say(kind_, json::escaped(members.text), out);
    if (holds_something(members.citations)) context_.losses.add("citations");
  } else if (is_word(members.type, "thinking")) {
    out.push(BlockBegin{kind_ = BlockKind::thinking, {}, {}});
    say(kind_, json::escaped(members.thinking), out);
    state_ = json::string_inside(members.signature);
  } else if (is_word(members.type, "redacted_thinking")) {
    out.push(BlockBegin{kind_ = BlockKind::redacted_thinking, {}, {}});
    state_ = json::string_inside(members.data);
  } else if (is_word(members.type, "tool_use")) {
    start_call(members, out);
  } else if (is_word(members.type, "server_tool_use") && is_word(members.name, "web_search")) {
    start_search(members, out);
  } else if (is_word(members.type, "web_search_tool_result")) {
    open_ = Open::passed_over;
    give_search(json::member(block, "content"), out);
  } else {
    open_ = Open::passed_over;
    context_.losses.add("content", json::string_inside(members.type));
  }
}

void AnthropicDecoder::start_call(const Members& block, Deltas& out) {
  std::string plain;
  json::unescape(json::escaped(block.name), plain);
  if (plain.empty()) return broken("a call without a name", out);
  // As many as of a dialect whose calls have to be put in order.
  if (++call_count_ > BlockSequencer::calls_max) return broken("too many tool calls", out);
  kind_ = BlockKind::tool_call;
  BlockBegin call;
  call.kind = kind_;
  // The name may be one that was changed for the upstream, and the table's views outlive any delta.
  call.tool_name = context_.names.asked(plain);
  if (call.tool_name.data() == plain.data()) call.tool_name = out.keep(plain);
  plain.clear();
  json::unescape(json::escaped(block.id), plain);
  call.tool_id = out.keep(plain);
  out.push(call);

  arguments_.clear();
  start_input_.clear();
  scan_ = {};
  live_ = false;
  if (block.input.empty() || block.input == "null") return;
  if (block.input.front() == '"') {  // an object inside a string, already escaped
    start_input_ = json::string_inside(block.input);
  } else if (block.input.front() != '{' || holds_something(block.input)) {
    json::escape(block.input, start_input_);
  }
}

// The results come in a block of their own, behind the call.
void AnthropicDecoder::start_search(const Members& block, Deltas& out) {
  if (searching_) give_search({}, out);
  open_ = Open::search;
  searching_ = true;
  search_id_.clear();
  json::unescape(json::escaped(block.id), search_id_);
  search_input_.clear();
  if (holds_something(block.input)) json::escape(block.input, search_input_);
}

// `results`: an array of them, or an object that is an error; empty where none came.
void AnthropicDecoder::give_search(std::string_view results, Deltas& out) {
  if (!searching_) search_input_.clear();
  searching_ = false;
  std::string input, sources;
  json::unescape(Escaped{search_input_}, input);
  json::Writer w(sources);
  w.begin_array();
  if (!results.empty() && results.front() == '[') {
    json::each_element(results, [&](std::string_view result) {
      const Escaped url = json::escaped(json::member(result, "url"));
      if (url.empty()) return;
      w.begin_object().key("url").string(url);
      for (std::string_view name : {"title", "page_age"})
        if (const Escaped value = json::escaped(json::member(result, name)); !value.empty())
          w.plain_key(name).string(value);
      w.end_object();
    });
  }
  w.end_array();
  WebSearch search;
  search.id = out.keep(search_id_);
  search.query = {out.keep(json::escaped(json::member(input, "query")).inside)};
  search.sources = out.keep(sources);
  search.failed = !results.empty() && results.front() == '{';
  out.push(search);
}

void AnthropicDecoder::piece(const Members& delta, std::string_view index, Deltas& out) {
  if (!is_open(index)) return broken("a piece of a block that is not open", out);
  if (open_ == Open::passed_over) return;
  if (open_ == Open::search) {
    const std::string_view input = json::escaped(delta.partial_json).inside;
    arguments_bytes_ += input.size();
    if (arguments_bytes_ <= context_.arguments_bytes_max) search_input_ += input;
    return;
  }
  if (is_word(delta.type, "text_delta")) {
    say(BlockKind::text, json::escaped(delta.text), out);
  } else if (is_word(delta.type, "input_json_delta")) {
    if (kind_ != BlockKind::tool_call) return broken("arguments for a block that is no call", out);
    arguments(json::escaped(delta.partial_json), out);
  } else if (is_word(delta.type, "thinking_delta")) {
    say(BlockKind::thinking, json::escaped(delta.thinking), out);
  } else if (is_word(delta.type, "signature_delta")) {
    if (kind_ == BlockKind::thinking) state_ = json::string_inside(delta.signature);  // as the SDK: the last counts
  } else if (is_word(delta.type, "citations_delta")) {
    context_.losses.add("citations");
  } else {
    context_.losses.add("content", json::string_inside(delta.type));
  }
}

void AnthropicDecoder::say(BlockKind kind, Escaped text, Deltas& out) {
  if (kind != kind_) return broken("a piece of another kind than its block", out);
  if (!text.empty()) out.push(Fragment{text});
}

// Arguments go out as they come once they are seen to be an object; what else they are shows at the end.
void AnthropicDecoder::arguments(Escaped text, Deltas& out) {
  arguments_bytes_ += text.size();
  if (arguments_bytes_ > context_.arguments_bytes_max)
    return fail({FaultKind::upstream_broken, "The upstream's tool calls are longer than is held."}, out);
  const bool first = arguments_.empty();
  arguments_ += text.inside;
  scan_.feed(text);
  if (!live_) {
    live_ = scan_.begins_object() && !context_.flags.repair_tool_json;
    if (live_ && !first) text = {out.keep(arguments_)};
  }
  if (live_ && !text.empty()) out.push(Fragment{text});
}

void AnthropicDecoder::close_call(Deltas& out) {
  if (arguments_.empty() && !start_input_.empty()) arguments({out.keep(start_input_)}, out);
  if (over_) return;
  std::string object;
  const Repair repair = context_.flags.repair_tool_json && !live_ ? Repair::yes : Repair::no;
  const ArgumentsKind kind = read_arguments({arguments_}, repair, object);
  // What began as an object may turn out to be one that was cut short; what did not is wrong in any case.
  if (kind == ArgumentsKind::broken && !live_) return broken(no_arguments, out);
  if (kind == ArgumentsKind::broken) bad_arguments_ = true;
  if (kind == ArgumentsKind::object && !live_) out.push(Fragment{{out.keep(object)}});
}

void AnthropicDecoder::close_block(Deltas& out) {
  const Open was = open_;
  open_ = Open::nothing;
  if (was != Open::said) return;
  BlockEnd block_end;
  if (kind_ == BlockKind::tool_call) {
    close_call(out);
    if (over_) return;
  } else if (kind_ != BlockKind::text) {
    block_end.from = {Dialect::anthropic, {}, {out.keep(state_)}};
  }
  out.push(block_end);
}

// The reason that `from` gives, if it does; the first counts.
void AnthropicDecoder::take_stop(const Members& from) {
  if (holds_something(from.stop_details)) context_.losses.add("stop_details");
  if (stopped_ || json::string_inside(from.stop_reason).empty()) return;
  stopped_ = true;
  bool known = false;
  for (StopReason reason :
       {StopReason::end_turn, StopReason::tool_use, StopReason::max_tokens, StopReason::stop_sequence,
        StopReason::refusal, StopReason::pause_turn, StopReason::context_full}) {
    if (!is_word(from.stop_reason, name_of(reason))) continue;
    reason_ = reason;
    known = true;
  }
  if (!known) context_.losses.add("stop_reason");
  sequence_ = json::string_inside(from.stop_sequence);
}

void AnthropicDecoder::end(Deltas& out) {
  begin({}, out);
  close_block(out);
  if (over_) return;
  if (searching_) give_search({}, out);
  if (bad_arguments_ && !cuts_calls_short(reason_)) return broken(no_arguments, out);
  // A client runs the calls of an answer that says so, and of no other; reasons that are not known, or
  // not given, end a turn.
  if (reason_ == StopReason::end_turn && call_count_ > 0) reason_ = StopReason::tool_use;
  if (reason_ == StopReason::tool_use && call_count_ == 0) reason_ = StopReason::end_turn;
  Stopped stopped{reason_, {}};
  if (reason_ == StopReason::stop_sequence) stopped.sequence = {out.keep(sequence_)};
  out.push(stopped);
  out.push(AnswerEnd{});
  over_ = true;
}

void AnthropicDecoder::fail(Fault fault, Deltas& out) {
  over_ = true;
  out.push(AnswerFailed{std::move(fault)});
}

// An error that the upstream tells inside its 200.
void AnthropicDecoder::broken(std::string_view what, Deltas& out) {
  std::string detail = "The upstream sent ";
  detail += what;
  detail += ".";
  fail({FaultKind::upstream_broken, std::move(detail)}, out);
}

}  // namespace

std::unique_ptr<Decoder> make_decoder(const DecodeContext& context) {
  return std::make_unique<AnthropicDecoder>(context);
}

}  // namespace signalbox::dialects::anthropic
