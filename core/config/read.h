// Reads a tree into the Config that the core works with. It finds every problem at once, each with its
// place and key; with no problem the Config is complete and consistent, and nothing checks it again.
//
// A host comes here by load() of load.h, which sees to variables and secrets first. Without it a secret must stand as
// "${NAME}" (credentials) or "sha256:<hex>" (client keys).
#pragma once

#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/tree.h"
#include "signalbox/config.h"

namespace signalbox::config {

struct ReadResult {
  Config config;                  // to be used only when `problems` is empty
  std::vector<Problem> problems;  // in the order of the file
  std::vector<Problem> warnings;  // likewise; also in config.warnings, as sentences
};

// Keeps no view of `tree`. An empty tree is a problem.
ReadResult read(const Tree& tree);

// read_json_tree and read in one, for hosts that take JSON without variables and literal secrets.
ReadResult read_json(std::string_view text);

// What serves without a configuration (defaults.h).
Config default_config();

}  // namespace signalbox::config
