// The Response of an answer, around its items: what the first and the last event of a stream repeat, and all of the
// whole form. Inside of the folder; the items are items.h's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "signalbox/fault.h"
#include "signalbox/report.h"

namespace signalbox::dialects::openai_responses {

// What is known of it so far.
struct Response {
  std::string id;
  std::string_view model;  // plain; a view that outlives this
  int64_t created_at_s = 0;
  std::string output;                  // the items that have ended, as JSON, with commas between them
  std::string_view incomplete_reason;  // static; empty: complete
  Usage usage;
  int64_t input_tokens_estimate = 0;  // until the upstream has counted
  int64_t content_bytes = 0;          // from which the output is estimated where the upstream does not count
};

// Appends it with every member that the SDK's types have in every Response. `fault`: of a failed one; else null.
void write_response(const Response& response, std::string_view status, const Fault* fault, std::string& out);

}  // namespace signalbox::dialects::openai_responses
