// `signalbox transform`: a request in another dialect, as a function that main calls.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "config_file.h"

namespace signalbox::native {

// The largest request that is read; servers take half of it unless they are told otherwise.
inline constexpr size_t transform_bytes_max = size_t(64) << 20;

struct TransformOptions {
  std::string from;
  std::string to;     // empty: the target's dialect
  std::string model;  // empty: the target's, else the client's own
  std::string config_path;
  std::string target;  // as a route names it; wants config_path
  std::string request_path = "-";
};

// Prints the request's body on `out`, and on `err` what it cannot carry, one line each, or why there is none.
// Exit codes: 0 done, 1 the request cannot be translated or the configuration has problems, 2 the options
// make no sense or a file cannot be read.
int run_transform(const TransformOptions& options, std::ostream& out, std::ostream& err,
                  const Environment& environment = process_environment);

}  // namespace signalbox::native
