// The core player as a program: scenario_player [--trace | --rewrite | --must-fail] [--seed N] FILE...
// --must-fail turns the verdict round: it is how the player itself is tested.
// Exit status 0 when every scenario passed, 1 when one did not, 2 for a wrong call.
#include <cstdio>
#include <string>
#include <vector>

#include "player.h"
#include "script.h"

namespace {

bool read_file(const std::string& path, std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return false;
  char buffer[16384];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, count);
  const bool whole = !std::ferror(file);
  std::fclose(file);
  return whole;
}

bool write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) return false;
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && whole;
}

// Only the file's own name: traces of different builds are compared.
std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

int main(int argc, char** argv) {
  using namespace signalbox::scenario;
  enum class Task { play, must_fail, trace, rewrite } task = Task::play;
  uint64_t seed = seed_default;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--must-fail") task = Task::must_fail;
    else if (argument == "--trace") task = Task::trace;
    else if (argument == "--rewrite") task = Task::rewrite;
    else if (argument == "--seed" && i + 1 < argc) seed = uint64_t(parse_integer(argv[++i]).value_or(0));
    else paths.push_back(argument);
  }
  if (paths.empty() || paths[0][0] == '-') {
    std::fputs("usage: scenario_player [--trace | --rewrite | --must-fail] [--seed N] FILE...\n", stderr);
    return 2;
  }
  size_t failed = 0;
  for (const std::string& path : paths) {
    std::string text;
    if (!read_file(path, text)) {
      std::fprintf(stderr, "%s cannot be read\n", path.c_str());
      return 2;
    }
    Outcome outcome = task == Task::trace     ? trace(text, seed)
                      : task == Task::rewrite ? rewrite(text)
                                              : play(text, seed);
    if (task == Task::must_fail) outcome = {!outcome.passed, "passes, and must not\n"};
    if (!outcome.passed) ++failed;
    if (task == Task::trace) {
      std::printf("== %s\n%s", base_name(path).c_str(), outcome.text.c_str());
    } else if (task == Task::rewrite && outcome.passed) {
      if (outcome.text != text && !write_file(path, outcome.text)) return 2;
    } else if (!outcome.passed) {
      std::printf("FAILED %s:%s", path.c_str(), outcome.text.c_str());
    }
  }
  if (task != Task::trace) std::printf("%zu passed, %zu failed\n", paths.size() - failed, failed);
  return failed ? 1 : 0;
}
