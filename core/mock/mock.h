// The built-in mock provider: an answer without a model, an account or a network, so that a client can
// be pointed at a gateway that has just been installed. It says plainly that it is the mock.
//
// It never makes a client run anything by itself: a tool is called only when the last user message says
// "mock: call NAME {...}" and the request declares a tool of that name; once the tool's result has come
// back, the answer is text.
#pragma once

#include <string>
#include <string_view>

#include "signalbox/report.h"

namespace signalbox::mock {

enum class Form : uint8_t { whole, streamed };

// A Messages answer, as JSON or as an event stream.
struct Answer {
  std::string bytes;
  Usage usage;
  std::string stop_reason;
};

// Answers the Messages request `body`, which is valid JSON with a model. Deterministic: the same
// arguments give the same bytes. `message_id` becomes the message's id and the root of the tool call's.
Answer answer(std::string_view body, Form form, std::string_view model, std::string_view message_id);

}  // namespace signalbox::mock
