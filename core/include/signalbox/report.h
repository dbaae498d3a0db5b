// What one exchange has to say when it is over: the log line, the metrics, the usage. It holds names
// and counts only; no header value, no query, no body and no credential ever gets here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox {

// Tokens as the upstream counted them; -1 where it did not say (translation.md section 10).
struct Usage {
  int64_t input_tokens = -1;
  int64_t output_tokens = -1;
  int64_t cache_read_tokens = -1;
  int64_t cache_creation_tokens = -1;
  int64_t reasoning_tokens = -1;  // part of output_tokens
};

struct Report {
  std::string request_id;
  std::string operation;     // "messages", "count_tokens", "models", ...
  std::string client_key;    // name of the client key that matched; empty when none is needed
  std::string client_model;  // as the client asked
  std::string route;         // pattern of the route that matched
  std::string provider;      // who answered, or was tried last
  std::string credential;    // its name
  std::string upstream_model;
  std::string upstream_request_id;
  std::string
      followed;  // the request whose upstream call has answered this one too (routes[].once); its usage is told there
  uint32_t attempt_count = 0;
  int status = 0;  // what the client saw; 0 when it saw nothing
  bool streamed = false;
  bool estimated = false;  // a token count that is ours
  Usage usage;
  std::string stop_reason;
  Fault fault;                 // what ended it badly, if anything did
  int64_t lane_rests_ms = 0;   // how long the lane goes behind the others for it; 0: it is not to blame
  std::string_view moved_why;  // "failed", "cooling", "full", "unable": why the conversation is elsewhere than it was
  std::string moved_from;      // the lane where it was
  std::vector<std::string> tried;   // lanes that came to nothing: "provider: kind of fault", in order
  std::vector<std::string> losses;  // what a translation could not carry, or the lane had refused
  int64_t queued_ms = -1;           // how long it waited for a place, in all; -1: it did not
  int64_t started_unix_ms = 0;
  int64_t first_byte_ms = -1;  // from the client's head to ours
  int64_t total_ms = 0;
  uint64_t request_bytes = 0;
  uint64_t answer_bytes = 0;
};

// How loud its line is: the world's faults are warnings, ours are errors.
LogLevel level_of(const Report& report);

// The level as the configuration and the log have it: "warn".
std::string_view name_of(LogLevel level);

// Appends `report` to `out` as one line of JSON, without the newline. Keys are fixed and in a fixed
// order; absent facts are left out.
void write_json_line(std::string& out, const Report& report);

// Appends `report` to `out` as one line for a person at a terminal, without the newline.
void write_terminal_line(std::string& out, const Report& report);

}  // namespace signalbox
