// What a dry run has found, as a page for a person.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "page_writer.h"

namespace signalbox::native {

struct ExplainedPage {
  std::string text;
  bool answers = false;  // whether a lane would serve the request, rather than a refusal
};

// The answer of POST /signalbox/explain as a page. It knows the members' names and what they say, and nothing of how
// anything was decided; a member that it does not know stands at the end of its part under its own name, so that
// nothing is left out. Nullopt when `json` is no such answer.
std::optional<ExplainedPage> explain_page(std::string_view json, PageStyle style);

}  // namespace signalbox::native
