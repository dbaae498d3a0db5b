// What Responses say of themselves while they go by to a client of their own dialect: the parts of the row.
#pragma once

#include <span>
#include <string_view>

#include "dialects/dialect.h"

namespace signalbox::dialects::openai_responses {

void observe_frame(const sse::Frame& frame, Observation& seen);

inline constexpr std::string_view whole_keys[] = {"status", "usage", "error", "output", "incomplete_details"};
void observe_whole(std::span<const std::string_view> values, Observation& seen);

}  // namespace signalbox::dialects::openai_responses
