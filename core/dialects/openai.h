// What OpenAI's two dialects, Chat Completions and Responses, have in common: the shape of errors and of
// the catalogue. Each has its own row and everything else of its own.
#pragma once

#include "dialects/dialect.h"

namespace signalbox::dialects {

// Parts of both rows; DialectRow says what each is.
namespace openai {

// A comment, which every reader of event streams passes over.
inline constexpr std::string_view keep_alive = ": keepalive\n\n";

void write_error(std::string& out, const Fault& fault, int status, std::string_view request_id);
void write_error_frame(std::string& out, const Fault& fault, std::string_view request_id);
// In openai_error.cpp.
routing::UpstreamError read_error(std::string_view body, Arena& arena);

void write_catalogue(std::string& out, std::span<const ModelEntry> models);
void write_model(std::string& out, const ModelEntry& model);

}  // namespace openai
}  // namespace signalbox::dialects
