// Items of a Response as JSON, for those who write them. Texts are escaped and go in as they are. Source: the types
// of the openai SDK.
#pragma once

#include <string>
#include <string_view>

#include "dialects/canonical/delta.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_responses {

// Where an item is on its way; incomplete: the answer ended in it.
enum class ItemStatus : uint8_t { in_progress, completed, incomplete, failed };

// A call as its client declared the tool. Plain texts.
struct CallItem {
  std::string call_id;
  std::string name;   // in its group
  std::string group;  // the namespace; empty where there is none
  bool custom = false;
};

// One part of a message (text, refusal) or of reasoning's summary (thinking).
void write_part(json::Writer& w, canonical::BlockKind kind, json::Escaped text);

// A message of one part; of none while it is in progress.
void write_message(json::Writer& w, std::string_view id, canonical::BlockKind kind, json::Escaped text,
                   ItemStatus status);

// `text`: the arguments, or of a custom tool what is put in.
void write_call(json::Writer& w, std::string_view id, const CallItem& call, json::Escaped text, ItemStatus status);

// Reasoning whose summary is `text`, or empty; `state` is what the client shall give back with it, plain, empty
// while it is in progress.
void write_reasoning(json::Writer& w, std::string_view id, json::Escaped text, std::string_view state);

void write_search(json::Writer& w, std::string_view id, const canonical::WebSearch& search, ItemStatus status);

}  // namespace signalbox::dialects::openai_responses
