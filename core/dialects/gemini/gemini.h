// Gemini generateContent: the row, and the parts of it that have files of their own.
#pragma once

#include "dialects/dialect.h"

namespace signalbox::dialects {

extern const DialectRow gemini_row;

// Parts of the row; DialectRow says what each is, and the files how.
namespace gemini {

canonical::ReadResult read_request(std::string_view body, Arena& arena, canonical::Losses& losses);
void write_request(const canonical::Request& request, const canonical::WriteContext& context, std::string& body);
std::span<const Edit> removals(std::string_view body, const Unwanted& unwanted, Arena& arena);
Refusal read_refusal(std::string_view body, const routing::UpstreamError& error, Arena& arena);

}  // namespace gemini
}  // namespace signalbox::dialects
