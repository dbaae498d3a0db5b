// How Chat upstreams count tokens; the same object in whole answers and in chunks.
#pragma once

#include <string_view>

#include "json/writer.h"
#include "signalbox/report.h"

namespace signalbox::dialects::openai_chat {

// Takes the counts that the JSON object `text` gives into `usage`; what it leaves out stays as it was.
// Chat counts cached tokens among the prompt's, `usage` beside them (translation.md section 10).
void read_usage(std::string_view text, Usage& usage);

// Writes `usage` with every member that clients reckon with; what is not known is none.
void write_usage(json::Writer& w, const Usage& usage);

}  // namespace signalbox::dialects::openai_chat
