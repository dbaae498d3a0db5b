// What a failure of libcurl is called in the core's terms.
#pragma once

#include <curl/curl.h>

#include "signalbox/fault.h"

namespace signalbox::native {

// Whether the answer's head had come.
enum class HeadTold : uint8_t { no, yes };

// The kind of `result`, which is not CURLE_OK, of the transfer `easy`. `message` is libcurl's own
// sentence, needed where one code stands for two things.
FaultKind fault_of(CURL* easy, CURLcode result, HeadTold head_told, const char* message);

}  // namespace signalbox::native
