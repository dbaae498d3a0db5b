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
  std::string from;   // of an answer, empty: the target's dialect
  std::string to;     // of a request, empty: the target's dialect
  std::string model;  // empty: the target's, else the client's own
  std::string config_path;
  std::string target;  // as a route names it; wants config_path
  std::string request_path = "-";
  bool answer = false;  // what is read is an answer of `from` or of the target, and `to` the client's dialect
  std::string form;     // of the answer that is printed: "stream" or "whole"; empty: as it came
  bool table = false;   // print loss_table() and nothing else
};

// Prints the request's body on `out`, and on `err` what it cannot carry, one line each, or why there is none.
// Exit codes: 0 done, 1 the request cannot be translated or the configuration has problems, 2 the options
// make no sense or a file cannot be read.
int run_transform(const TransformOptions& options, std::ostream& out, std::ostream& err,
                  const Environment& environment = process_environment);

}  // namespace signalbox::native
