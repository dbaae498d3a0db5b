#include "log.h"

#include <string>

#include "json/writer.h"
#include "surroundings.h"

namespace signalbox::wasi {

namespace {

// The first bytes of `text`, `bytes_max` at most, cut between two characters.
std::string_view beginning(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (uint8_t(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

void put(LogLevel level, std::string line) {
  if (line.size() > log_line_bytes_max) {
    std::string shorter;
    json::Writer(shorter)
        .begin_object()
        .key("time_ms")
        .number(now().unix_ms)
        .key("level")
        .string(name_of(level))
        .key("line_bytes")
        .number(int64_t(line.size()))
        .key("line_begins")
        .string(beginning(line, log_line_bytes_max / 4))  // quotes take twice their room as text within JSON
        .end_object();
    line = std::move(shorter);
  }
  line += '\n';
  write_log(line);
}

}  // namespace

void Log::exchange(const Report& report) const {
  const LogLevel level = level_of(report);
  if (level < level_) return;
  std::string line;
  write_json_line(line, report);
  put(level, std::move(line));
}

void Log::message(LogLevel level, std::string_view text) const {
  if (level < level_) return;
  std::string line;
  json::Writer(line)
      .begin_object()
      .key("time_ms")
      .number(now().unix_ms)
      .key("level")
      .string(name_of(level))
      .key("message")
      .string(text)
      .end_object();
  put(level, std::move(line));
}

}  // namespace signalbox::wasi
