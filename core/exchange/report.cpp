// The two forms of an exchange's log line.
#include "signalbox/report.h"

#include <utility>

#include "base/text.h"
#include "json/writer.h"

namespace signalbox {
namespace {

class Line {
 public:
  explicit Line(json::Writer& writer) : writer_(writer) {}
  void text(json::Name key, std::string_view value) {
    if (!value.empty()) writer_.key(key).string(value);
  }
  void count(json::Name key, int64_t value) {
    if (value >= 0) writer_.key(key).number(value);
  }
  void texts(json::Name key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    writer_.key(key).begin_array();
    for (const std::string& value : values) writer_.string(value);
    writer_.end_array();
  }

 private:
  json::Writer& writer_;
};

// Terminals obey control characters, those of C1 (U+0080 to U+009F, in UTF-8 0xC2 and a second byte)
// included; a model's name from a request must not be one.
void append_printable(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte < 0x20 || byte == 0x7f) {
      out += '?';
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      out += '?';
      ++i;
    } else {
      out += text[i];
    }
  }
}

// "13:04:05Z ": of the day, in UTC, because the core knows no time zone.
void append_time_of_day(std::string& out, int64_t unix_ms) {
  const int64_t second = unix_ms / 1000 % 86'400;
  for (const auto& [value, after] : {std::pair{second / 3600, ':'}, {second / 60 % 60, ':'}, {second % 60, 'Z'}}) {
    out += char('0' + value / 10);
    out += char('0' + value % 10);
    out += after;
  }
  out += ' ';
}

}  // namespace

LogLevel level_of(const Report& report) {
  if (!report.fault) return LogLevel::info;
  return report.fault.kind == FaultKind::internal ? LogLevel::error : LogLevel::warn;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
    case LogLevel::off: return "off";
  }
  return "info";
}

void write_json_line(std::string& out, const Report& r) {
  json::Writer w(out);
  Line line(w);
  w.begin_object();
  line.count("time_ms", r.started_unix_ms);
  line.text("level", name_of(level_of(r)));
  line.text("event", "exchange");
  line.text("request_id", r.request_id);
  line.text("operation", r.operation);
  line.count("status", r.status);
  line.text("client_key", r.client_key);
  line.text("client_model", r.client_model);
  line.text("route", r.route);
  line.text("provider", r.provider);
  line.text("credential", r.credential);
  line.text("model", r.upstream_model);
  line.text("upstream_request_id", r.upstream_request_id);
  line.text("followed", r.followed);
  line.count("attempts", r.attempt_count);
  w.key("streamed").boolean(r.streamed);
  if (r.estimated) w.key("estimated").boolean(true);
  line.count("input_tokens", r.usage.input_tokens);
  line.count("output_tokens", r.usage.output_tokens);
  line.count("cache_read_tokens", r.usage.cache_read_tokens);
  line.count("cache_creation_tokens", r.usage.cache_creation_tokens);
  line.count("reasoning_tokens", r.usage.reasoning_tokens);
  line.text("stop_reason", r.stop_reason);
  if (r.fault) {
    line.text("fault", row(r.fault.kind).name);
    line.text("fault_message", r.fault.message());
  }
  if (r.lane_rests_ms > 0) line.count("lane_rests_ms", r.lane_rests_ms);
  line.text("moved_from", r.moved_from);
  line.text("moved_why", r.moved_why);
  line.texts("tried", r.tried);
  line.texts("losses", r.losses);
  line.count("queued_ms", r.queued_ms);
  line.count("first_byte_ms", r.first_byte_ms);
  line.count("total_ms", r.total_ms);
  line.count("request_bytes", int64_t(r.request_bytes));
  line.count("answer_bytes", int64_t(r.answer_bytes));
  w.end_object();
}

void write_terminal_line(std::string& out, const Report& r) {
  append_time_of_day(out, r.started_unix_ms);
  base::append_decimal(out, r.status);
  out += ' ';
  append_printable(out, r.operation);
  if (!r.client_model.empty()) {
    out += ' ';
    append_printable(out, r.client_model);
  }
  if (!r.provider.empty()) {
    out += " -> ";
    append_printable(out, r.provider);
    out += '/';
    append_printable(out, r.upstream_model);
  }
  if (r.usage.input_tokens >= 0 || r.usage.output_tokens >= 0) {
    out += "  tokens ";
    r.usage.input_tokens >= 0 ? base::append_decimal(out, r.usage.input_tokens) : void(out += '?');
    if (r.usage.cache_read_tokens > 0) {
      out += "+";
      base::append_decimal(out, r.usage.cache_read_tokens);
      out += " cached";
    }
    out += " in ";
    r.usage.output_tokens >= 0 ? base::append_decimal(out, r.usage.output_tokens) : void(out += '?');
    out += " out";
  }
  out += "  ";
  base::append_decimal(out, r.total_ms);
  out += " ms  ";
  out += r.request_id;
  if (r.fault) {
    out += "  ";
    out += row(r.fault.kind).name;
    out += ": ";
    append_printable(out, r.fault.message());
  }
  if (!r.fault && !r.tried.empty()) {
    out += "  after";
    for (const std::string& lane : r.tried) {
      out += ' ';
      append_printable(out, lane);
    }
  }
  if (!r.moved_from.empty()) {
    out += "  (the conversation moved from ";
    append_printable(out, r.moved_from);
    out += ": ";
    out += r.moved_why;
    out += ")";
  }
  if (!r.followed.empty()) {
    out += "  (with ";
    out += r.followed;
    out += ")";
  }
  if (!r.losses.empty()) {
    out += "  lost:";
    for (const std::string& loss : r.losses) {
      out += ' ';
      append_printable(out, loss);
    }
  }
  if (r.lane_rests_ms > 0) {
    out += "  (this lane goes last for ";
    base::append_decimal(out, (r.lane_rests_ms + 999) / 1000);
    out += " s)";
  }
}

}  // namespace signalbox
