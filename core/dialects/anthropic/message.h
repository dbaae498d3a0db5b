// The message of an answer, around its content: as the events with which a stream begins and ends, and whole. Inside of
// the folder; the blocks are encoder.cpp's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/canonical/delta.h"
#include "signalbox/report.h"

namespace signalbox::dialects::anthropic {

// What is known of it so far.
struct Message {
  std::string id;
  std::string_view model;             // plain; a view that outlives this
  int64_t input_tokens_estimate = 0;  // until the upstream has counted
  Usage usage;
  int64_t search_count = 0;   // of the web
  int64_t content_bytes = 0;  // from which the output is estimated where the upstream does not count
  canonical::StopReason stop_reason = canonical::StopReason::end_turn;
  std::string stop_sequence;  // escaped
};

// Appends message_start, and a ping behind it.
void write_message_start(const Message& message, std::string& out);

// Appends message_delta, with the counts, and message_stop.
void write_message_end(const Message& message, std::string& out);

// Appends the whole message; `content`: its blocks as JSON, with commas between them.
void write_message(const Message& message, std::string_view content, std::string& out);

}  // namespace signalbox::dialects::anthropic
