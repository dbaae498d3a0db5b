// `signalbox check`, `signalbox schema` and `signalbox config`, as functions that main calls. Exit codes:
// 0 good, 1 the configuration has problems (or an argument makes no sense), 2 it cannot be read.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "config_file.h"

namespace signalbox::native {

// Says every problem and warning of the file on `err`; with no problem, `out` says so and what holds for
// each provider in the end, presets included. Empty path: the embedded default. What a host of
// `capabilities` cannot do is among the problems and warnings: it need not be the one that checks. Secrets that stand
// in the text, which some hosts refuse, count in JSON alone: of YAML run_config makes that host's JSON, without them.
int run_check(const std::string& path, std::ostream& out, std::ostream& err,
              const Environment& environment = process_environment, const Capabilities& capabilities = hosts::native);

// Prints the JSON Schema (format "json") or the reference page ("markdown").
int run_schema(std::string_view format, std::ostream& out, std::ostream& err);

// Prints the configuration as JSON for hosts that read no YAML, or the embedded default for an empty
// path. Variables stay as ${NAME}. No secret is printed: a credential that is not one whole ${NAME}
// becomes ${SIGNALBOX_<PROVIDER>_<CREDENTIAL>}, which `err` says; a client key that is no variable
// becomes its sha256. Variables that are not set here are no problem; everything else is, and what a
// host of `capabilities` cannot do, and then nothing is printed. What is printed passes run_check for that host.
int run_config(const std::string& path, std::ostream& out, std::ostream& err,
               const Environment& environment = process_environment, const Capabilities& capabilities = hosts::native);

}  // namespace signalbox::native
