// The recorder's notes and the bench's thread.
#include "transport_bench.h"

#include <chrono>
#include <future>

#include "connect_only.h"
#include "multi_transport.h"

namespace transport_test {

Kind any_kind() { return GENERATE(Kind::connect_only, Kind::multi); }

void Recorder::on_sent() { note("sent"); }

void Recorder::on_head(int s, std::span<const Header> given) {
  status = s;
  for (const Header& h : given) headers.emplace_back(h.name, h.value);
  note("head " + std::to_string(s));
}

size_t Recorder::on_body(std::string_view window, size_t fresh) {
  if (fresh == 0 || fresh > window.size() || window.substr(0, window.size() - fresh) != held_)
    windows_are_sound = false;
  size_t gone = release ? release(window) : window.size();
  body += window.substr(0, gone);
  held_ = window.substr(gone);
  if (log.empty() || log.back() != "body") log.push_back("body");
  then("body");
  return gone;
}

void Recorder::on_end(std::string_view window) {
  if (window != held_) windows_are_sound = false;
  body += window;
  finish("end");
}

void Recorder::on_failed(FaultKind kind) { finish("failed " + std::string(row(kind).name)); }

std::string Recorder::text() const {
  std::string out;
  for (auto& entry : log) out += (out.empty() ? "" : ", ") + entry;
  return out;
}

std::string Recorder::header(std::string_view name) const {
  for (auto& [n, v] : headers)
    if (n == name) return v;
  return "(none)";
}

void Recorder::note(std::string entry) {
  log.push_back(std::move(entry));
  then(log.back());
}

void Recorder::finish(std::string entry) {
  over = true;
  note(std::move(entry));
}

Attempt* Ask::open(Transport& transport, Recorder& recorder) {
  views_.assign(pieces.begin(), pieces.end());
  AttemptRequest request{method, url, headers, credential, views_, timeouts, proxy, ca_file};
  recorder.attempt = transport.open(request, recorder);
  return recorder.attempt;
}

Bench::Bench(Kind kind, const TransportSettings& settings) {
  thread_ = std::thread([this] { loop.run(); });
  run([&] {
    transport =
        kind == Kind::connect_only ? make_connect_only_transport(loop, settings) : make_multi_transport(loop, settings);
  });
}

Bench::~Bench() {
  run([&] { transport.reset(); });
  loop.stop();
  thread_.join();
}

void Bench::run(const std::function<void()>& task) {
  std::promise<void> done;
  loop.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void Bench::open(Ask& ask, Recorder& recorder) {
  run([&] { ask.open(*transport, recorder); });
}

void Bench::wait(const std::function<bool()>& holds) {
  bool held = false;
  for (int i = 0; i < 10'000 && !held; ++i) {
    run([&] { held = holds(); });
    if (!held) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(held);
}

void Bench::open_and_wait(Ask& ask, Recorder& recorder) {
  open(ask, recorder);
  wait([&] { return recorder.over; });
}

std::string outcome(Kind kind, Upstream& upstream, const TransportSettings& settings) {
  Bench bench(kind, settings);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  return recorder.text();
}

}  // namespace transport_test
