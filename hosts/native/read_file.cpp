#include "read_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace signalbox::native {

std::optional<std::string> read_file(const std::string& path, size_t bytes_max, std::string& problem) {
  const bool standard_input = path == "-";
  std::FILE* file = standard_input ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    problem = std::string("cannot be opened: ") + std::strerror(errno);
    return std::nullopt;
  }
  // Who has typed no file would take the wait for work.
  if (isatty(fileno(file)))
    std::fprintf(stderr, "signalbox: reading %s; end with Ctrl-D\n", standard_input ? "standard input" : path.c_str());
  std::string text;
  char piece[16384];
  // One byte over the bound is enough to see that the text is too large.
  while (text.size() <= bytes_max) {
    const size_t count = std::fread(piece, 1, sizeof piece, file);
    text.append(piece, count);
    if (count < sizeof piece) break;
  }
  const bool failed = std::ferror(file) != 0;
  const int fault = errno;
  if (!standard_input) std::fclose(file);
  if (failed) {
    problem = std::string("cannot be read: ") + std::strerror(fault);
    return std::nullopt;
  }
  return text;
}

}  // namespace signalbox::native
