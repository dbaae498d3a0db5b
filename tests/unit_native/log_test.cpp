// The log: every line reaches its reader whole, or shortened and saying so.
#include "log.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "signalbox/fault.h"

using namespace signalbox;
using namespace signalbox::native;

namespace {

// What `write` logs, one string a line.
template <typename Write>
std::vector<std::string> lines_of(Log::Form form, Write write) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::string all;
  std::thread reader([&] {
    char piece[65536];
    for (ssize_t n; (n = ::read(ends[0], piece, sizeof piece)) > 0;) all.append(piece, size_t(n));
  });
  {
    Log log(ends[1], form, LogLevel::info);
    write(log);
  }
  close(ends[1]);
  reader.join();
  close(ends[0]);
  std::vector<std::string> lines;
  for (size_t at = 0; at < all.size();) {
    const size_t end = all.find('\n', at);
    REQUIRE(end != all.npos);
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

bool has(const std::string& line, const std::string& part) { return line.find(part) != line.npos; }

Report report_with(std::string model) {
  Report report;
  report.request_id = "req_1";
  report.client_model = std::move(model);
  report.status = 200;
  return report;
}

}  // namespace

TEST_CASE("log: one line for each exchange and message, in order") {
  const auto lines = lines_of(Log::Form::json, [](Log& log) {
    log.exchange(report_with("m"));
    log.refused("bad_host", 400, "req_2");
    log.message(LogLevel::info, "Say \"hi\"\n.");
    log.message(LogLevel::debug, "below the level");
  });
  REQUIRE(lines.size() == 3);
  CHECK(has(lines[0], "\"client_model\":\"m\""));
  CHECK(has(lines[1], "\"refused\":\"bad_host\",\"status\":400}"));
  CHECK(has(lines[2], "\"message\":\"Say \\\"hi\\\"\\u000a.\"}"));
}

TEST_CASE("log: a line that is too long is shortened and says so") {
  for (const size_t size : {log_line_bytes_max, size_t(3) << 20}) {
    CAPTURE(size);
    SECTION("of an exchange, " + std::to_string(size)) {
      // Two bytes a character: a cut may not fall between them.
      std::string model(size == log_line_bytes_max ? 1 : 2, 'm');
      while (model.size() < size) model.append("\xc3\xa9");
      const auto lines = lines_of(Log::Form::json, [&](Log& log) {
        log.exchange(report_with(model));
        log.exchange(report_with("next"));
      });
      REQUIRE(lines.size() == 2);
      CHECK(lines[0].size() <= log_line_bytes_max);
      CHECK(lines[0].front() == '{');
      CHECK(lines[0].back() == '}');
      CHECK(has(lines[0], "\"line_bytes\":"));
      CHECK(has(lines[0], "req_1"));
      CHECK(has(lines[0], "\xc3\xa9\"}"));
      CHECK(has(lines[1], "\"client_model\":\"next\""));
    }
    SECTION("of a message, " + std::to_string(size)) {
      const auto lines =
          lines_of(Log::Form::json, [&](Log& log) { log.message(LogLevel::error, std::string(size, '"')); });
      REQUIRE(lines.size() == 1);
      CHECK(lines[0].size() <= log_line_bytes_max);
      CHECK(has(lines[0], "\"level\":\"error\""));
      CHECK(has(lines[0], "\"line_bytes\":"));
    }
    SECTION("at a terminal, " + std::to_string(size)) {
      const auto lines =
          lines_of(Log::Form::terminal, [&](Log& log) { log.message(LogLevel::error, std::string(size, 'x')); });
      REQUIRE(lines.size() == 1);
      CHECK(lines[0].size() <= log_line_bytes_max);
      CHECK(has(lines[0], "bytes in all"));
    }
  }
}

TEST_CASE("log: lines that found no room are counted, in the form of the others", "[log]") {
  for (const Log::Form form : {Log::Form::json, Log::Form::terminal}) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    std::string last;
    std::thread reader;
    {
      Log log(ends[1], form, LogLevel::info);
      // Nobody reads yet: the writer holds one such amount at most, another waits, and the pipe takes little.
      const std::string text(8000, 'x');
      for (size_t bytes = 0; bytes < 3 * log_waiting_bytes_max; bytes += text.size()) log.message(LogLevel::info, text);
      reader = std::thread([&] {
        char piece[65536];
        for (ssize_t n; (n = ::read(ends[0], piece, sizeof piece)) > 0;) {
          last.append(piece, size_t(n));
          const size_t begin = last.find("could not keep up");
          if (begin == last.npos && last.size() > 65536) last.erase(0, last.size() - 100);
        }
      });
    }
    close(ends[1]);
    reader.join();
    close(ends[0]);
    const size_t notice = last.find("could not keep up");
    REQUIRE(notice != last.npos);
    const size_t line = last.rfind('\n', notice) + 1;
    if (form == Log::Form::json) {
      CHECK(last.substr(line, 15) == "{\"level\":\"warn\"");
    } else {
      CHECK(last.substr(line, 11) == "signalbox: ");
      CHECK(last.find(" lines are missing.\n", notice) != last.npos);
    }
  }
}

TEST_CASE("log: what comes again and again is logged once a minute, with a count") {
  const auto lines = lines_of(Log::Form::terminal, [](Log& log) {
    RepeatedWarning warning(log);
    for (int64_t now_ms : {5, 6, 59'000, 60'004, 60'005, 60'006, 200'000, 300'000}) warning.say("No room.", now_ms);
  });
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].find("No room.") == lines[0].size() - 8);
  CHECK(lines[1].find("No room. Since this was last logged: 3 more.") != lines[1].npos);
  CHECK(lines[2].find("No room. Since this was last logged: 1 more.") != lines[2].npos);
  CHECK(lines[3].find("No room.") == lines[3].size() - 8);
}
