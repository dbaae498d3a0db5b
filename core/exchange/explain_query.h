// What is asked of a dry run, in the query of POST /signalbox/explain.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox::exchange {

enum class Bodies : uint8_t { hidden, shown };

struct ExplainQuery {
  std::string path = "/v1/messages";  // path=: the endpoint that the request is for
  Bodies bodies = Bodies::hidden;     // body=true: translated requests are shown whole
  std::string client_key;             // client_key=, or client=: whose request it would be, by a configured name
  std::string address;                // address=: where the client sits; empty: where the asker does
};

// Reads `query`, still encoded, into `asked`. Names that nobody knows, values that cannot be and what stands twice are
// faults: a dry run that is asked for the wrong thing must not seem to answer for the right one.
Fault read_explain_query(std::string_view query, const Config& config, ExplainQuery& asked);

}  // namespace signalbox::exchange
