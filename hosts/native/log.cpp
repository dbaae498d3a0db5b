#include "log.h"

#include <signal.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace signalbox::native {

namespace {

// How long lines are gathered before they are written: one wake-up and one write serve many requests.
constexpr auto gather_for = std::chrono::milliseconds(10);

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

void append_json_text(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out.push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out.append({'\\', c});
    else if (uint8_t(c) >= 0x20) out.push_back(c);
    else out.append("\\u00").append({hex[uint8_t(c) >> 4], hex[uint8_t(c) & 15]});
  }
  out.push_back('"');
}

// The first bytes of `text`, `bytes_max` at most, cut between two characters.
std::string_view beginning(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (uint8_t(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

int64_t unix_ms() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return int64_t(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

// Where spdlog puts finished lines. The mutex is its own: held for one copy, never while writing.
class GatheringSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  GatheringSink(int fd, Log::Form form) : fd_(fd), form_(form) {
    // The writer takes no signal: they belong to whoever waits for them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    writer_ = std::thread([this] { write_on(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~GatheringSink() override {
    {
      std::lock_guard<std::mutex> guard(waiting_mutex_);
      ending_ = true;
    }
    something_.notify_one();
    writer_.join();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    const std::string_view text(line.payload.data(), line.payload.size());
    bool first = false;
    {
      std::lock_guard<std::mutex> guard(waiting_mutex_);
      if (waiting_.size() + text.size() + 1 > log_waiting_bytes_max) {
        ++dropped_;
        return;
      }
      first = waiting_.empty();
      waiting_.append(text).push_back('\n');
    }
    if (first) something_.notify_one();
  }
  void flush_() override {}

 private:
  void write_on() {
    std::string lines;
    for (;;) {
      uint64_t dropped = 0;
      bool ending = false;
      {
        std::unique_lock<std::mutex> lock(waiting_mutex_);
        something_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
        if (!ending_) something_.wait_for(lock, gather_for, [this] { return ending_; });
        lines.swap(waiting_);
        dropped = std::exchange(dropped_, 0);
        ending = ending_;
      }
      if (dropped) {
        if (form_ == Log::Form::json) {
          lines.append("{\"level\":\"warn\",\"message\":\"the log could not keep up\",\"lines_dropped\":");
          lines.append(std::to_string(dropped)).append("}\n");
        } else {
          lines.append("signalbox: the log could not keep up; ").append(std::to_string(dropped));
          lines.append(dropped == 1 ? " line is missing.\n" : " lines are missing.\n");
        }
      }
      write_all(lines);
      lines.clear();
      if (lines.capacity() > log_waiting_bytes_max / 4) lines.shrink_to_fit();
      if (ending) return;
    }
  }

  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n > 0) bytes.remove_prefix(size_t(n));
      else if (n < 0 && errno == EINTR) continue;
      else return;  // nobody reads: a log that cannot be written is no reason to stop serving
    }
  }

  const int fd_;
  const Log::Form form_;
  std::mutex waiting_mutex_;
  std::condition_variable something_;
  std::string waiting_;
  uint64_t dropped_ = 0;
  bool ending_ = false;
  std::thread writer_;
};

}  // namespace

struct Log::Inside {
  Form form;
  spdlog::logger logger;

  // Every line goes through here.
  void put(LogLevel level, std::string& line) {
    if (line.size() > log_line_bytes_max) shorten(level, line);
    logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
  }

  void shorten(LogLevel level, std::string& line) const {
    // A quarter stays, for quotes take twice their room as text within JSON. The long buffer goes.
    const std::string_view kept = beginning(line, log_line_bytes_max / 4);
    std::string out;
    if (form == Form::json) {
      out.append("{\"time_ms\":").append(std::to_string(unix_ms())).append(",\"level\":\"").append(name_of(level));
      out.append("\",\"line_bytes\":").append(std::to_string(line.size())).append(",\"line_begins\":");
      append_json_text(out, kept);
      out.push_back('}');
    } else {
      out.append(kept).append("... (").append(std::to_string(line.size())).append(" bytes in all)");
    }
    line = std::move(out);
  }
};

Log::Log(int fd, Form form, LogLevel level)
    : inside_(new Inside{form, spdlog::logger("signalbox", std::make_shared<GatheringSink>(fd, form))}) {
  set_level(level);
}

Log::~Log() = default;

void Log::set_level(LogLevel level) { inside_->logger.set_level(spdlog_level(level)); }

void Log::exchange(const Report& report) {
  const LogLevel level = level_of(report);
  if (!inside_->logger.should_log(spdlog_level(level))) return;
  thread_local std::string line;
  line.clear();
  if (inside_->form == Form::json) write_json_line(line, report);
  else write_terminal_line(line, report);
  inside_->put(level, line);
}

void Log::refused(std::string_view reason, int status, std::string_view request_id) {
  if (!inside_->logger.should_log(spdlog::level::warn)) return;
  std::string line;
  if (inside_->form == Form::json) {
    line.append("{\"time_ms\":").append(std::to_string(unix_ms())).append(",\"level\":\"warn\",\"request_id\":");
    append_json_text(line, request_id);
    line.append(",\"refused\":");
    append_json_text(line, reason);
    line.append(",\"status\":").append(std::to_string(status)).push_back('}');
  } else {
    line.append("refused ").append(std::to_string(status)).append(" ").append(reason).append(" ").append(request_id);
  }
  inside_->put(LogLevel::warn, line);
}

void Log::message(LogLevel level, std::string_view text) {
  if (!inside_->logger.should_log(spdlog_level(level))) return;
  std::string line;
  if (inside_->form == Form::json) {
    line.append("{\"time_ms\":").append(std::to_string(unix_ms())).append(",\"level\":\"").append(name_of(level));
    line.append("\",\"message\":");
    append_json_text(line, text);
    line.push_back('}');
  } else {
    line.append("signalbox: ").append(text);
  }
  inside_->put(level, line);
}

void RepeatedWarning::say(std::string_view text, int64_t now_ms) {
  constexpr int64_t between_ms = 60'000;
  const std::lock_guard lock(mutex_);
  if (again_at_ms_ && now_ms < *again_at_ms_) {
    ++unsaid_count_;
    return;
  }
  again_at_ms_ = now_ms + between_ms;
  std::string line(text);
  if (unsaid_count_ > 0)
    line.append(" Since this was last logged: ").append(std::to_string(unsaid_count_)).append(" more.");
  unsaid_count_ = 0;
  log_.message(LogLevel::warn, line);
}

}  // namespace signalbox::native
