// A Response as a client's SDK puts it together, from a stream or whole, and whether every event was what the SDKs
// and their types expect (translation.md section 11.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signalbox::testing {

struct ResponsesAnswer {
  std::vector<std::string> items;  // JSON
  std::string response;            // the last Response, JSON: of a stream the same text as the whole form
  std::string status;              // "completed", "incomplete", "failed"
  std::string wrong;               // the first thing that must not be; empty when all is well
};

ResponsesAnswer responses_answer_of_stream(std::string_view bytes);
ResponsesAnswer responses_answer_of_whole(std::string_view body);

}  // namespace signalbox::testing
