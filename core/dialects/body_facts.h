// The facts of a request: named at the root of its body, "model" and "stream", by Anthropic Messages, Chat
// Completions and Responses; in its path by Gemini.
#pragma once

#include <string_view>

#include "http/endpoint.h"
#include "routing/facts.h"

namespace signalbox {

class Arena;

namespace dialects {

// As DialectRow::read_facts: one pass over the whole body, which is checked as JSON on the way. Faults:
// bad_json with its offset; duplicate_fact; bad_request where a fact is missing or of a wrong type, named
// with its place.
routing::FactsResult read_body_facts(const http::Endpoint& endpoint, std::string_view body, Arena& arena);

// The same where model and form stand in the path.
routing::FactsResult read_path_facts(const http::Endpoint& endpoint, std::string_view body, Arena& arena);

}  // namespace dialects
}  // namespace signalbox
