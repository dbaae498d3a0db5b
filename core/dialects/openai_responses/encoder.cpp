// Deltas as events of the Responses API, or as its whole Response (translation.md sections 9, 10 and 11.3).
//
//   response.created, response.in_progress                         AnswerBegin
//   output_item.added … output_item.done                           a block or a search: one item each, with
//     content_part.added, output_text.delta…, .done, content_part.done                     text; refusal the same
//     reasoning_summary_part.added, reasoning_summary_text.delta…, .done, …_part.done      reasoning
//     function_call_arguments.delta…, .done                                                a call
//     custom_tool_call_input.delta, .done                                                  a custom tool's call
//     web_search_call.in_progress, .searching, .completed                                  a search
//   response.completed | response.incomplete | response.failed     AnswerEnd, AnswerFailed
//
// An item is written once, when it ends, and kept as JSON: the last event repeats all of them, and the whole form is
// that Response alone. So both forms say the same.
//
// A block without content is none. Reasoning of a Responses upstream goes back as the item it was, so it is held until
// that has come. Any other carries what its vendor wants back with it as an envelope in encrypted_content.
#include "dialects/openai_responses/encoder.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"
#include "dialects/canonical/custom_input.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/text_hash.h"
#include "dialects/openai_responses/event_writer.h"
#include "dialects/openai_responses/items.h"
#include "dialects/openai_responses/response.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_responses {
namespace {

using namespace canonical;

// OpenAI's own bound on ids.
constexpr size_t id_bytes_max = 64;
bool is_id(std::string_view id, std::string_view prefix) {
  return id.substr(0, prefix.size()) == prefix && id.size() <= 2 * id_bytes_max &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (base::lower(c) >= 'a' && base::lower(c) <= 'z') || c == '_' || c == '-';
         });
}

class ResponsesEncoder final : public Encoder {
 public:
  // The request's own digits are in every id, so that whoever has the one finds the other.
  ResponsesEncoder(const EncodeContext& context, Form form)
      : context_(context), form_(form), digits_(context.request_id.substr(context.request_id.find('_') + 1)) {
    response_.model = context.model;
    response_.created_at_s = context.unix_ms / 1000;
    response_.input_tokens_estimate = context.input_tokens_estimate;
  }

  void encode(const Delta& delta, std::string& out) override {
    if (over_) return;
    if (auto* piece = std::get_if<Fragment>(&delta)) return fragment(piece->text, out);
    if (auto* begin = std::get_if<BlockBegin>(&delta)) return begin_block(*begin, out);
    if (auto* end = std::get_if<BlockEnd>(&delta)) return end_block(end->from, out);
    if (auto* search = std::get_if<WebSearch>(&delta)) return add_search(*search, out);
    if (auto* seen = std::get_if<UsageSeen>(&delta)) return take_later(response_.usage, seen->usage);
    if (auto* answer = std::get_if<AnswerBegin>(&delta)) return begin_answer(answer->id, out);
    if (auto* stopped = std::get_if<Stopped>(&delta)) return stop(stopped->reason);
    over_ = true;
    auto* failed = std::get_if<AnswerFailed>(&delta);
    failed ? fail(failed->fault, out) : end_answer(out);
  }

  size_t held_bytes() const override { return response_.output.size() + text_.size(); }

 private:
  bool streamed() const { return form_ == Form::streamed; }

  void begin_answer(std::string_view id, std::string& out);
  void begin_block(const BlockBegin& begin, std::string& out);
  void name_call(const BlockBegin& begin);
  void fragment(Escaped text, std::string& out);
  void end_block(const Provenance& from, std::string& out);
  void end_reasoning(const Provenance& from, std::string& out);
  bool add_own_reasoning(const Provenance& from, std::string& out);
  void add_search(const WebSearch& search, std::string& out);
  void stop(StopReason reason);
  void end_answer(std::string& out);
  void fail(const Fault& fault, std::string& out);

  EventWriter::Item here() const { return {kind_, kind_ == BlockKind::tool_call && call_.custom, item_id_, index_}; }
  std::string new_id(std::string_view prefix) const;
  void open_item(std::string& out);
  void say_at_once(int64_t part, Escaped text, std::string& out);
  void close_item(std::string& out);
  std::string state_for_client(const Provenance& from, BlockKind kind) const;

  const EncodeContext context_;
  const Form form_;
  const std::string digits_;
  EventWriter events_;
  Response response_;
  std::string item_;     // the one being written
  std::string item_id_;  // of the open item
  std::string text_;     // of the open item, escaped
  CallItem call_;        // of tool_call
  TextHash thought_;
  BlockKind kind_ = BlockKind::text;
  bool in_block_ = false;  // between BlockBegin and BlockEnd
  bool open_ = false;      // the open item has begun
  bool held_ = false;      // the client sees its content when it ends
  bool any_refusal_ = false;
  bool over_ = false;
  int64_t index_ = 0;                       // of the open item, or of the next one
  std::set<std::string, std::less<>> ids_;  // of this answer's calls, and of items that have the upstream's own
};

// ---- blocks

void ResponsesEncoder::begin_block(const BlockBegin& begin, std::string& out) {
  kind_ = begin.kind;
  in_block_ = true;
  open_ = false;
  text_.clear();
  thought_ = {};
  held_ = kind_ == BlockKind::thinking && context_.upstream == Dialect::openai_responses;
  if (kind_ != BlockKind::tool_call) return;
  name_call(begin);
  held_ = call_.custom;
  response_.content_bytes += static_cast<int64_t>(begin.tool_name.size());
  open_item(out);
}

void ResponsesEncoder::name_call(const BlockBegin& begin) {
  const ToolOrigin* origin = context_.origins ? context_.origins->find(begin.tool_name) : nullptr;
  call_.name = origin ? std::string_view(origin->name) : begin.tool_name;
  call_.group = origin ? std::string_view(origin->group) : std::string_view();
  call_.custom = origin && origin->kind == ToolKind::custom;
  call_.call_id.clear();
  if (!begin.tool_id.empty()) append_tool_id(call_.call_id, begin.tool_id, "call_", id_bytes_max);
  const bool before = context_.ids_before && context_.ids_before->has(call_.call_id);
  if (call_.call_id.empty() || before || ids_.contains(call_.call_id)) call_.call_id = new_id("call_");
  ids_.insert(call_.call_id);
}

void ResponsesEncoder::fragment(Escaped text, std::string& out) {
  if (!in_block_ || kind_ == BlockKind::redacted_thinking) return;
  if (!open_ && !held_) open_item(out);
  response_.content_bytes += static_cast<int64_t>(text.size());
  if (kind_ == BlockKind::thinking) thought_.add(text);
  text_ += text.inside;
  if (streamed() && !held_) events_.piece(text, out);
}

void ResponsesEncoder::end_block(const Provenance& from, std::string& out) {
  if (!in_block_) return;
  const bool call = kind_ == BlockKind::tool_call;
  // Clients read arguments as JSON, and "" is none.
  if (call && !held_ && text_.empty()) fragment({"{}"}, out);
  in_block_ = false;
  if (kind_ == BlockKind::thinking || kind_ == BlockKind::redacted_thinking) return end_reasoning(from, out);
  if (!open_) return;
  std::string plain, arguments;
  if (call) json::unescape(Escaped{text_}, arguments);
  const bool cut_off = !arguments.empty() && !json::is_whole_object(arguments);
  const Escaped text = held_ ? custom_input({text_}, plain) : Escaped{text_};
  if (held_) say_at_once(0, text, out);
  else if (streamed()) events_.end_part(text, out);
  any_refusal_ = any_refusal_ || kind_ == BlockKind::refusal;
  item_.clear();
  json::Writer w(item_);
  if (call) write_call(w, item_id_, call_, text, cut_off ? ItemStatus::incomplete : ItemStatus::completed);
  else write_message(w, item_id_, kind_, text, ItemStatus::completed);
  close_item(out);
}

void ResponsesEncoder::end_reasoning(const Provenance& from, std::string& out) {
  if (add_own_reasoning(from, out)) return;
  if (text_.empty() && from.state.empty()) return;
  const BlockKind thought = kind_;
  if (text_.empty()) kind_ = BlockKind::redacted_thinking;
  if (!open_) open_item(out);
  if (held_) say_at_once(0, {text_}, out);
  else if (streamed() && kind_ == BlockKind::thinking) events_.end_part({text_}, out);
  item_.clear();
  json::Writer w(item_);
  write_reasoning(w, item_id_, {text_}, state_for_client(from, thought));
  close_item(out);
}

// The state as a client shall give it back, marked with whose it is. A hash stands for it where there is none: by
// its mark the item is known as no vendor's own, and OpenAI refuses those that are not its own. That its reasoning was
// redacted is carried with it: Anthropic tells that from reasoning whose text was only left out.
std::string ResponsesEncoder::state_for_client(const Provenance& from, BlockKind kind) const {
  std::string state, hash;
  if (from.state.empty()) {
    thought_.append_hex(hash);
    append_envelope(state, {context_.upstream, context_.scope, {hash}});
  } else {
    const Provenance whose{from.vendor, from.scope.empty() ? context_.scope : from.scope, from.state};
    const Thinking redacted{{}, whose, true};
    const bool tells = kind == BlockKind::redacted_thinking && from.vendor == Dialect::anthropic;
    tells ? append_carried(state, {&redacted, 1}) : append_envelope(state, whose);
  }
  return state;
}

// Reasoning of this very dialect, as the item that it was. False where it is none that a client would take.
bool ResponsesEncoder::add_own_reasoning(const Provenance& from, std::string& out) {
  if (from.vendor != Dialect::openai_responses || !from.scope.empty() || from.state.empty() || open_) return false;
  std::string item;
  json::unescape(from.state, item);
  std::replace(item.begin(), item.end(), '\n', ' ');  // which would end the event's line
  std::replace(item.begin(), item.end(), '\r', ' ');
  const std::string_view id = json::string_inside(json::member(item, "id"));
  const std::string_view summary = json::member(item, "summary");
  if (!json::is_whole_object(item) || !is_id(id, "rs_") || summary.empty() || summary.front() != '[' ||
      json::member(item, "type") != "\"reasoning\"" || !ids_.emplace(id).second)
    return false;
  kind_ = BlockKind::thinking;
  item_id_ = id;
  if (streamed()) {
    item_.clear();
    json::Writer w(item_);
    write_reasoning(w, item_id_, {}, {});
    events_.item_added(index_, item_, out);
  }
  int64_t part = 0;
  json::each_element(summary, [&](std::string_view element) {
    say_at_once(part++, json::escaped(json::member(element, "text")), out);
  });
  item_ = std::move(item);
  close_item(out);
  return true;
}

void ResponsesEncoder::add_search(const WebSearch& search, std::string& out) {
  const bool own_id = is_id(search.id, "ws_") && ids_.emplace(search.id).second;
  item_id_ = own_id ? std::string(search.id) : new_id("ws_");
  const ItemStatus status = search.failed ? ItemStatus::failed : ItemStatus::completed;
  if (streamed()) {
    item_.clear();
    json::Writer begun(item_);
    write_search(begun, item_id_, search, ItemStatus::in_progress);
    events_.item_added(index_, item_, out);
    events_.step("response.web_search_call.in_progress", here(), out);
    events_.step("response.web_search_call.searching", here(), out);
    if (!search.failed) events_.step("response.web_search_call.completed", here(), out);
  }
  item_.clear();
  json::Writer w(item_);
  write_search(w, item_id_, search, status);
  close_item(out);
}

// ---- items

std::string ResponsesEncoder::new_id(std::string_view prefix) const {
  std::string id(prefix);
  id += digits_;
  id += '_';
  base::append_decimal(id, index_);
  return id;
}

std::string_view id_prefix(BlockKind kind, bool custom) {
  switch (kind) {
    case BlockKind::text:
    case BlockKind::refusal: return "msg_";
    case BlockKind::thinking:
    case BlockKind::redacted_thinking: return "rs_";
    case BlockKind::tool_call: break;
  }
  return custom ? "ctc_" : "fc_";
}

void ResponsesEncoder::open_item(std::string& out) {
  open_ = true;
  item_id_ = new_id(id_prefix(kind_, call_.custom));
  if (!streamed()) return;
  item_.clear();
  json::Writer w(item_);
  if (kind_ == BlockKind::tool_call) write_call(w, item_id_, call_, {}, ItemStatus::in_progress);
  else if (kind_ == BlockKind::text || kind_ == BlockKind::refusal)
    write_message(w, item_id_, kind_, {}, ItemStatus::in_progress);
  else write_reasoning(w, item_id_, {}, {});
  events_.item_added(index_, item_, out);
  if (kind_ != BlockKind::redacted_thinking && !held_) events_.begin_part(here(), 0, out);
}

// A part whose whole text is known.
void ResponsesEncoder::say_at_once(int64_t part, Escaped text, std::string& out) {
  if (!streamed()) return;
  events_.begin_part(here(), part, out);
  if (!text.empty()) events_.piece(text, out);
  events_.end_part(text, out);
}

// item_ is whole.
void ResponsesEncoder::close_item(std::string& out) {
  if (!response_.output.empty()) response_.output += ',';
  response_.output += item_;
  if (streamed()) events_.item_done(index_, item_, out);
  ++index_;
  text_.clear();
}

// ---- the Response

void ResponsesEncoder::begin_answer(std::string_view id, std::string& out) {
  response_.id = is_id(id, "resp_") ? std::string(id) : "resp_" + digits_;
  if (!streamed()) return;
  std::string response;
  write_response(response_, "in_progress", nullptr, response);
  events_.lifecycle("response.created", response, out);
  events_.lifecycle("response.in_progress", response, out);
}

void ResponsesEncoder::stop(StopReason reason) {
  switch (reason) {
    case StopReason::max_tokens:
    case StopReason::context_full: response_.incomplete_reason = "max_output_tokens"; break;
    case StopReason::refusal:
      // A refusal in words is an answer; one without them is what OpenAI calls filtered.
      if (!any_refusal_) response_.incomplete_reason = "content_filter";
      break;
    case StopReason::pause_turn: context_.losses.add("stop_reason.pause_turn"); break;
    case StopReason::end_turn:
    case StopReason::tool_use:
    case StopReason::stop_sequence: break;
  }
}

void ResponsesEncoder::end_answer(std::string& out) {
  const bool whole = response_.incomplete_reason.empty();
  const std::string_view status = whole ? "completed" : "incomplete";
  if (!streamed()) return write_response(response_, status, nullptr, out);
  std::string response;
  write_response(response_, status, nullptr, response);
  events_.lifecycle(whole ? "response.completed" : "response.incomplete", response, out);
}

// The open item stays open. The last event has those that ended.
void ResponsesEncoder::fail(const Fault& fault, std::string& out) {
  if (!streamed()) return;
  if (response_.id.empty()) begin_answer({}, out);
  std::string response;
  write_response(response_, "failed", &fault, response);
  events_.lifecycle("response.failed", response, out);
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(const EncodeContext& context, Form form) {
  return std::make_unique<ResponsesEncoder>(context, form);
}

}  // namespace signalbox::dialects::openai_responses
