#include "upstream_attempt.h"

#include <algorithm>
#include <array>

#include "abi/memory.h"
#include "base/text.h"
#include "error_codes.h"
#include "http_fields.h"

namespace signalbox::wasi {

namespace {

constexpr int64_t ns_per_ms = 1'000'000;
// One frame and one read beyond.
constexpr size_t read_beyond_frame_bytes = 64 << 10;
// Hosts have bounds of their own where none is asked for (wasmtime: ten minutes); this one never comes.
constexpr int64_t never_ns = int64_t(365) * 24 * 3600 * 1000 * ns_per_ms;

enum Method : int32_t { method_get, method_head, method_post, method_other = 9 };
enum Scheme : int32_t { scheme_http, scheme_https };

struct Url {
  Scheme scheme = scheme_http;
  std::string_view authority;
  std::string_view target;
};

// The configuration has been checked: this only takes apart.
bool split(std::string_view url, Url& out) {
  const size_t mark = url.find("://");
  if (mark == std::string_view::npos) return false;
  const std::string_view scheme = url.substr(0, mark);
  if (base::equals_ignoring_case(scheme, "https")) out.scheme = scheme_https;
  else if (!base::equals_ignoring_case(scheme, "http")) return false;
  url.remove_prefix(mark + 3);
  const size_t end = std::min(url.find_first_of("/?"), url.size());
  out.authority = url.substr(0, end);
  out.target = url.substr(end);
  return !out.authority.empty();
}

int64_t deadline(int64_t since_ms, int64_t span_ms) { return span_ms > 0 ? since_ms + span_ms : INT64_MAX; }

}  // namespace

UpstreamAttempt::UpstreamAttempt(const OpenUpstream& open, const Header& credential, const Limits& limits,
                                 int64_t now_ms)
    : timeouts_(open.timeouts),
      head_bytes_max_(std::min(size_t(limits.answer_head_bytes_max), fields_bytes_max)),
      window_(size_t(limits.frame_bytes_max) + read_beyond_frame_bytes),
      since_ms_(now_ms) {
  begin(open, credential);
}

void UpstreamAttempt::begin(const OpenUpstream& open, const Header& credential) {
  Url url;
  if (!split(open.url, url)) return;
  std::string target(url.target.empty() || url.target[0] != '/' ? "/" : "");
  target += url.target;

  abi::Fields fields(abi::new_fields());
  for (const Header& header : open.headers)
    if (!is_framing(header.name)) add_field(fields, header.name, header.value);
  if (!credential.name.empty()) add_field(fields, credential.name, credential.value);
  int64_t body_bytes = 0;
  for (std::string_view piece : open.body) body_bytes += int64_t(piece.size());
  const bool with_body = body_bytes > 0 || open.method == "POST";
  if (with_body) {
    std::string length;
    base::append_decimal(length, body_bytes);
    add_field(fields, "content-length", length);
  }

  abi::Handle<abi::drop_outgoing_request> request(abi::new_outgoing_request(fields.take()));
  const Method method = open.method == "POST"   ? method_post
                        : open.method == "GET"  ? method_get
                        : open.method == "HEAD" ? method_head
                                                : method_other;
  const bool refused =
      abi::outgoing_request_set_method(request.raw(), method, open.method.data(), open.method.size()) ||
      abi::outgoing_request_set_scheme(request.raw(), 1, url.scheme, nullptr, 0) ||
      abi::outgoing_request_set_authority(request.raw(), 1, url.authority.data(), url.authority.size()) ||
      abi::outgoing_request_set_target(request.raw(), 1, target.data(), target.size());
  if (refused) return;

  abi::ReturnArea area;
  abi::outgoing_request_body(request.raw(), area);  // result<outgoing-body>
  upload_body_ = abi::Handle<abi::drop_outgoing_body>(area.handle(4));
  abi::outgoing_body_write(upload_body_.raw(), area);  // result<output-stream>
  upload_ = OutputStream(area.handle(4));

  const abi::RawHandle options = abi::new_request_options();
  abi::set_connect_timeout(options, 1, timeouts_.connect_ms > 0 ? timeouts_.connect_ms * ns_per_ms : never_ns);
  abi::set_first_byte_timeout(options, 1, never_ns);
  abi::set_between_bytes_timeout(options, 1, never_ns);
  {
    // Before the body is written: it may be larger than what a host buffers.
    Arena texts;
    abi::Reception reception(texts);
    abi::outgoing_handler_handle(request.take(), 1, options, area);  // result<future-incoming-response, error-code>
  }
  if (area.tag(0)) {
    verdict_ = fault_of_opening(area.tag(8));
    return;
  }
  future_ = abi::Handle<abi::drop_future_incoming_response>(area.handle(8));
  answered_ = abi::Pollable(abi::future_incoming_response_subscribe(future_.raw()));
  unsent_.assign(open.body.rbegin(), open.body.rend());
  stage_ = Stage::waiting;
}

// Sends what is taken.
void UpstreamAttempt::upload(int64_t now_ms) {
  if (!upload_) return;
  while (!unsent_.empty()) {
    std::string_view& piece = unsent_.back();
    const size_t count = upload_.write(piece);
    piece.remove_prefix(count);
    if (count) since_ms_ = now_ms;
    if (piece.empty()) unsent_.pop_back();
    else if (count == 0) break;
  }
  if (!unsent_.empty()) {
    if (upload_.taken()) return;
    // The upstream takes no more. It may have answered all the same; if not, the future says so.
    unsent_.clear();
    upload_.close();
    upload_body_.reset();
    return;
  }
  upload_.close();
  Arena texts;
  abi::Reception reception(texts);
  abi::ReturnArea area;  // result<_, error-code>
  abi::outgoing_body_finish(upload_body_.take(), 0, 0, area);
  sent_untold_ = true;
}

News UpstreamAttempt::next(Reader reader, int64_t now_ms) {
  if (stage_ == Stage::over) return {};
  if (stage_ == Stage::broken) return fail(verdict_);
  upload(now_ms);
  if (sent_untold_) {
    sent_untold_ = false;
    return News(News::Kind::sent);
  }
  if (stage_ == Stage::waiting) return read_head(now_ms);
  if (reader == Reader::waiting) {
    was_waiting_ = true;
    return {};
  }
  if (was_waiting_) since_ms_ = now_ms;
  was_waiting_ = false;
  return read_body(now_ms);
}

News UpstreamAttempt::read_head(int64_t now_ms) {
  abi::ReturnArea area;  // option<result<result<incoming-response, error-code>>>
  Arena texts;
  {
    abi::Reception reception(texts);
    abi::future_incoming_response_get(future_.raw(), area);
  }
  if (area.tag(0) == 0) {
    if (now_ms >= deadline(since_ms_, timeouts_.first_byte_ms)) return fail(FaultKind::upstream_first_byte_timeout);
    return {};
  }
  if (area.tag(8)) return fail(FaultKind::internal);
  if (area.tag(16)) return fail(fault_of_opening(area.tag(24)));
  response_ = abi::Handle<abi::drop_incoming_response>(area.handle(24));
  answered_.reset();
  future_.reset();
  headers_ = read_fields(abi::incoming_response_headers(response_.raw()), head_arena_);
  if (bytes_of(headers_) > head_bytes_max_) return fail(FaultKind::upstream_head_too_large);
  abi::incoming_response_consume(response_.raw(), area);  // result<incoming-body>
  if (area.tag(0)) return fail(FaultKind::internal);
  body_ = abi::Handle<abi::drop_incoming_body>(area.handle(4));
  abi::incoming_body_stream(body_.raw(), area);  // result<input-stream>
  if (area.tag(0)) return fail(FaultKind::internal);
  stream_ = InputStream(area.handle(4));
  stage_ = Stage::reading;
  since_ms_ = now_ms;
  News news(News::Kind::head);
  news.status = abi::incoming_response_status(response_.raw());
  news.headers = headers_;
  return news;
}

News UpstreamAttempt::read_body(int64_t now_ms) {
  const std::span<char> room = window_.room();
  if (room.empty()) return fail(FaultKind::upstream_protocol);
  const size_t got = stream_.read(room);
  if (got) {
    window_.grew(got);
    since_ms_ = now_ms;
    News news(News::Kind::body);
    news.fresh_bytes = got;
    return news;
  }
  switch (stream_.state()) {
    case InputStream::State::open: break;
    case InputStream::State::ended: close(); return News(News::Kind::end);
    case InputStream::State::failed: return fail(fault_of_reading(stream_.error_code()));
  }
  if (now_ms >= deadline(since_ms_, timeouts_.idle_ms)) return fail(FaultKind::upstream_idle_timeout);
  return {};
}

News UpstreamAttempt::fail(FaultKind kind) {
  close();
  News news(News::Kind::failed);
  news.fault = kind;
  return news;
}

// Gives back everything that keeps the connection; the window stays.
void UpstreamAttempt::close() {
  stage_ = Stage::over;
  unsent_.clear();
  upload_.close();
  upload_body_.reset();
  answered_.reset();
  future_.reset();
  stream_.close();
  body_.reset();
  response_.reset();
}

void UpstreamAttempt::wait_on(Wait& wait, Reader reader) const {
  if (upload_ && !unsent_.empty()) wait.add(upload_.writable());
  if (stage_ == Stage::waiting) {
    wait.add(answered_);
    wait.until(deadline(since_ms_, timeouts_.first_byte_ms));
  }
  if (stage_ == Stage::reading && reader == Reader::ready) {
    wait.add(stream_.readable());
    wait.until(deadline(since_ms_, timeouts_.idle_ms));
  }
}

}  // namespace signalbox::wasi
