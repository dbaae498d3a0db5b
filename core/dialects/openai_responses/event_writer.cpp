#include "dialects/openai_responses/event_writer.h"

#include "base/text.h"
#include "dialects/openai_responses/items.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::BlockKind;

// The events of a part's text, less ".delta" and ".done".
std::string_view text_event(const EventWriter::Item& at) {
  switch (at.kind) {
    case BlockKind::refusal: return "response.refusal";
    case BlockKind::thinking: return "response.reasoning_summary_text";
    case BlockKind::tool_call:
      return at.custom ? "response.custom_tool_call_input" : "response.function_call_arguments";
    default: return "response.output_text";
  }
}

std::string_view part_event(BlockKind kind) {
  return kind == BlockKind::thinking ? "response.reasoning_summary_part" : "response.content_part";
}

// The member in which the event at a part's end has all of it.
std::string_view whole_member(const EventWriter::Item& at) {
  switch (at.kind) {
    case BlockKind::refusal: return ",\"refusal\":\"";
    case BlockKind::tool_call: return at.custom ? ",\"input\":\"" : ",\"arguments\":\"";
    default: return ",\"text\":\"";
  }
}

std::string_view text_end(BlockKind kind) { return kind == BlockKind::text ? "\",\"logprobs\":[]" : "\""; }

void append_member(std::string_view name, int64_t number, std::string& out) {
  out += ",\"";
  out += name;
  out += "\":";
  base::append_decimal(out, number);
}

}  // namespace

void EventWriter::begin(std::string_view type, std::string_view suffix, std::string& out) {
  out += "event: ";
  out += type;
  out += suffix;
  out += "\ndata: {\"type\":\"";
  out += type;
  out += suffix;
  out += '"';
}

void EventWriter::begin_in_part(std::string_view type, std::string_view suffix, std::string& out) const {
  begin(type, suffix, out);
  out += place_;
}

void EventWriter::end(std::string& out) {
  append_member("sequence_number", sequence_++, out);
  out += "}\n\n";
}

void EventWriter::lifecycle(std::string_view type, std::string_view response, std::string& out) {
  begin(type, {}, out);
  out += ",\"response\":";
  out += response;
  end(out);
}

void EventWriter::item_added(int64_t index, std::string_view item, std::string& out) {
  write_item(".added", index, item, out);
}

void EventWriter::item_done(int64_t index, std::string_view item, std::string& out) {
  write_item(".done", index, item, out);
}

void EventWriter::write_item(std::string_view suffix, int64_t index, std::string_view item, std::string& out) {
  begin("response.output_item", suffix, out);
  append_member("output_index", index, out);
  out += ",\"item\":";
  out += item;
  end(out);
}

void EventWriter::begin_part(const Item& at, int64_t part, std::string& out) {
  at_ = at;
  place_ = ",\"item_id\":\"";
  place_ += at.id;
  place_ += '"';
  append_member("output_index", at.index, place_);
  if (at.kind == BlockKind::thinking) append_member("summary_index", part, place_);
  else if (at.kind != BlockKind::tool_call) append_member("content_index", part, place_);
  if (at.kind != BlockKind::tool_call) {
    begin_in_part(part_event(at.kind), ".added", out);
    out += ",\"part\":";
    json::Writer w(out);
    write_part(w, at.kind, {});
    end(out);
  }
  piece_begin_.clear();
  begin_in_part(text_event(at), ".delta", piece_begin_);
  piece_begin_ += ",\"delta\":\"";
}

void EventWriter::piece(json::Escaped text, std::string& out) {
  out += piece_begin_;
  out += text.inside;
  out += text_end(at_.kind);
  end(out);
}

void EventWriter::end_part(json::Escaped text, std::string& out) {
  begin_in_part(text_event(at_), ".done", out);
  out += whole_member(at_);
  out += text.inside;
  out += text_end(at_.kind);
  end(out);
  if (at_.kind == BlockKind::tool_call) return;
  begin_in_part(part_event(at_.kind), ".done", out);
  out += ",\"part\":";
  json::Writer w(out);
  write_part(w, at_.kind, text);
  end(out);
}

void EventWriter::step(std::string_view type, const Item& at, std::string& out) {
  begin(type, {}, out);
  out += ",\"item_id\":\"";
  out += at.id;
  out += '"';
  append_member("output_index", at.index, out);
  end(out);
}

}  // namespace signalbox::dialects::openai_responses
