// What the Messages dialect does with requests; the members of its row that concern them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dialects/dialect.h"
#include "dialects/member_removal.h"

namespace signalbox::dialects::anthropic {

// A Messages body as a canonical request (translation.md sections 2 to 7). What is not JSON is bad_json;
// a member of the wrong type, where it is one that is needed, bad_request with its path and place.
canonical::ReadResult read_request(std::string_view body, Arena& arena, canonical::Losses& losses);

// Appends `request` as a Messages body (translation.md section 15, "C -> A", and section 5, "To A"). The
// members stand in a fixed order, so that the same request is the same bytes and caches on prefixes hold.
void write_request(const canonical::Request& request, const canonical::WriteContext& context, std::string& body);

// Takes out what is unwanted, and thinking that holds another vendor's state (canonical/envelope.h), since
// Anthropic takes its own only.
std::span<const Edit> removals(std::string_view body, const Unwanted& unwanted, Arena& arena);

// What of a Messages body stays.
extern const Kept kept;

// What `error` refuses of `body`: all thinking, texts of nothing but blanks, or the member that it calls an
// extra input.
Refusal read_refusal(std::string_view body, const routing::UpstreamError& error, Arena& arena);

// What an error body or frame says: {"type":"error","error":{"type","message"}}, and what compatible
// servers make of it. An error inside a message's text is unwrapped, once.
routing::UpstreamError read_error(std::string_view body, Arena& arena);

}  // namespace signalbox::dialects::anthropic
