// What the command line does, apart from reading it. Each answers the process's exit code.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace signalbox::native {

// As --help documents them; those of the configuration's commands are the same (config_commands.h).
enum ExitCode : int {
  exit_ok = 0,
  exit_problems = 1,  // the configuration has problems, or a request cannot be explained or translated
  exit_usage = 2,     // the command line is wrong, or a file cannot be read
  exit_listen = 3,    // an address cannot be listened on
  exit_cut = 4,       // stopped, but exchanges that were open had to be cut off
};

struct ServeOptions {
  std::string config_path{};            // empty: the embedded default, the mock
  std::optional<std::string> listen{};  // none: as configured
  std::string log_level{};              // empty: as configured
};
int serve(const ServeOptions& options);

struct ExplainOptions {
  std::string config_path;
  std::string request_path = "-";  // "-": standard input
  std::string path = "/v1/messages";
  std::vector<std::string> headers;  // "name: value"
  std::string client_key;            // a configured name; empty: of the key that the headers show
  std::string address;               // where the client sits; empty: here
  bool body = false;                 // show translated requests whole
  bool json = false;                 // print what the endpoint answers, and no page
  bool answer = false;               // what is read is such an answer, and no request
};
int explain(const ExplainOptions& options);

}  // namespace signalbox::native
