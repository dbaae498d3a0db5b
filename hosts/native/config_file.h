// The configuration of the native host: a file in YAML or JSON (told by its content), the environment's
// variables, and the secrets, which stay on this side and never enter the core.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_source.h"
#include "config/problem.h"
#include "hosts/capabilities.h"
#include "hosts/secrets.h"
#include "signalbox/config.h"

namespace signalbox::native {

using hosts::Secrets;

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// The variables of this process.
std::optional<std::string> process_environment(std::string_view name);

// How loading ended. The numbers are the exit codes of `signalbox check`.
enum class LoadStatus : int { ok = 0, problems = 1, unreadable = 2 };

struct LoadedConfig {
  LoadStatus status = LoadStatus::unreadable;
  std::string file;                        // how problems call it
  std::shared_ptr<const Config> config;    // null unless status is ok
  std::shared_ptr<const Secrets> secrets;  // never null
  std::vector<config::Problem> problems;   // in the order of the file
  std::vector<config::Problem> warnings;
};

// Loads the file at `path`; an empty path is the embedded default, "-" standard input. The file is read
// to text_bytes_max and no further; one that cannot be read is one problem and LoadStatus::unreadable. What a
// host of `capabilities` cannot do is among its problems and warnings.
LoadedConfig load_config(const std::string& path, const Environment& environment = process_environment,
                         const Capabilities& capabilities = hosts::native);

// The same for a text at hand; `file` is its name in problems.
LoadedConfig load_config_text(std::string_view text, std::string file, const Environment& environment,
                              const Capabilities& capabilities = hosts::native);

// The tree of a text: JSON when its first character is '{' or '[' and it reads as JSON, else YAML (which
// has flow mappings too).
config::Source read_source(std::string_view text);

// The text of the file, or why there is none (in `problem`).
std::optional<std::string> read_text(const std::string& path, std::string& problem);

// What a good configuration holds: "1 provider, 0 models, 2 routes, 0 warnings".
std::string summary(const Config& config);

// One line a problem: "file:line:column: key: message". Warnings say "warning: " before the message.
void print_problems(std::ostream& out, const LoadedConfig& loaded);

}  // namespace signalbox::native
