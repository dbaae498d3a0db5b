#include "dialects/openai_responses/items.h"

#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::BlockKind;
using json::Escaped;

std::string_view name_of(ItemStatus status) {
  switch (status) {
    case ItemStatus::in_progress: return "in_progress";
    case ItemStatus::completed: return "completed";
    case ItemStatus::incomplete: return "incomplete";
    case ItemStatus::failed: return "failed";
  }
  return "completed";
}

}  // namespace

void write_part(json::Writer& w, BlockKind kind, Escaped text) {
  w.begin_object();
  if (kind == BlockKind::thinking) {
    w.key("type").string("summary_text").key("text").string(text);
  } else if (kind == BlockKind::refusal) {
    w.key("type").string("refusal").key("refusal").string(text);
  } else {
    w.key("type").string("output_text").key("annotations").begin_array().end_array();
    w.key("logprobs").begin_array().end_array().key("text").string(text);
  }
  w.end_object();
}

void write_message(json::Writer& w, std::string_view id, BlockKind kind, Escaped text, ItemStatus status) {
  w.begin_object().key("id").string(id).key("type").string("message").key("status").string(name_of(status));
  w.key("content").begin_array();
  if (status != ItemStatus::in_progress) write_part(w, kind, text);
  w.end_array().key("role").string("assistant").end_object();
}

void write_call(json::Writer& w, std::string_view id, const CallItem& call, Escaped text, ItemStatus status) {
  w.begin_object().key("id").string(id);
  w.key("type").string(call.custom ? "custom_tool_call" : "function_call").key("status").string(name_of(status));
  w.key("call_id").string(call.call_id).key("name").string(call.name);
  if (!call.group.empty()) w.key("namespace").string(call.group);
  call.custom ? w.key("input") : w.key("arguments");
  w.string(text).end_object();
}

void write_reasoning(json::Writer& w, std::string_view id, Escaped text, std::string_view state) {
  w.begin_object().key("id").string(id).key("type").string("reasoning").key("summary").begin_array();
  if (!text.empty()) write_part(w, BlockKind::thinking, text);
  w.end_array();
  if (!state.empty()) w.key("encrypted_content").string(Escaped{state});
  w.end_object();
}

void write_search(json::Writer& w, std::string_view id, const canonical::WebSearch& search, ItemStatus status) {
  w.begin_object().key("id").string(id).key("type").string("web_search_call").key("status").string(name_of(status));
  w.key("action").begin_object().key("type").string("search").key("query").string(search.query);
  if (!search.sources.empty() && status != ItemStatus::in_progress) {
    w.key("sources").begin_array();
    json::each_element(search.sources, [&](std::string_view source) {
      const Escaped url = json::escaped(json::member(source, "url"));
      if (!url.empty()) w.begin_object().key("type").string("url").key("url").string(url).end_object();
    });
    w.end_array();
  }
  w.end_object().end_object();
}

}  // namespace signalbox::dialects::openai_responses
