// Which of our endpoints a request asks for, and in whose words it wants its answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "signalbox/config.h"
#include "signalbox/header.h"

namespace signalbox::http {

struct Endpoint {
  enum class Operation : uint8_t {
    conversation,  // POST /v1/messages, /v1/chat/completions, ...: a request that a model answers
    count_tokens,  // POST /v1/messages/count_tokens, ...
    compaction,    // POST /v1/responses/compact
    models_list,   // GET /v1/models
    model_get,     // GET /v1/models/{id}
    healthz,
    readyz,
    explain,  // POST /signalbox/explain
    metrics,  // GET /metrics
    state,    // GET /signalbox/state
    reset,    // POST /signalbox/reset
    probe,    // POST /signalbox/probe
    enable,   // POST /signalbox/enable
    disable,  // POST /signalbox/disable
    select,   // POST, and DELETE, /signalbox/select
    options,  // OPTIONS of any path
    unknown,  // a 404, in `shape`
  };

  // In which form the path asks for its answer.
  enum class Form : uint8_t {
    by_body,  // the path does not say
    whole,
    streamed,
    listed,  // Gemini's stream without alt=sse: one JSON array, which grows
  };

  Operation operation = Operation::unknown;
  // The dialect whose errors and catalogue the asker understands: that of the path's prefix, else what
  // the headers tell, else OpenAI's (product.md, under the headers).
  Dialect shape = Dialect::openai_chat;
  // Of model_get, and of Gemini's requests: as it stands in the path, not decoded (decode_percent does). It may hold
  // slashes.
  std::string_view model_id;
  Form form = Form::by_body;
  // False: the path is ours and the method is not among `allowed_methods` (the Allow field of a 405).
  bool method_allowed = true;
  std::string_view allowed_methods;
  // Without the '?'.
  std::string_view query;
};

// The name in reports and logs of what was asked: "messages", "chat_completions", "count_tokens", ...
std::string_view name_of(const Endpoint& endpoint);

// Whether a model's lanes are asked, whatever for.
bool asks_lanes(const Endpoint& endpoint);

// The client key in the query, decoded, where Gemini's clients put it; empty elsewhere.
std::string key_in_query(const Endpoint& endpoint);

// One after the other the parameters of a query, each with its '='. Takes the first off `query`.
std::string_view take_parameter(std::string_view& query);

// What of the client's query goes to an upstream of its own dialect: no credential of whatever spelling, and not what
// the path of the upstream says already. The rest is as it was.
std::string forwarded_query(const Endpoint& endpoint);

// What `method` on `target` (origin form) asks for. Any query string is accepted and a repeated /v1
// prefix is read as one; HEAD counts as GET. Views into `target`.
Endpoint match_endpoint(std::string_view method, std::string_view target, std::span<const Header> headers);

}  // namespace signalbox::http
