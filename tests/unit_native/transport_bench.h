// What the tests of the transports share: a transport on a loop of its own, requests to ask it, and a
// listener that writes down what it hears.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "loop.h"
#include "socket_upstream.h"
#include "upstream.h"

namespace transport_test {

using namespace signalbox;
using namespace signalbox::native;

enum class Kind { connect_only, multi };
// Has the test case run once for each.
Kind any_kind();

// Writes down what it hears: "sent", "head 200", "body" (once for a run of pieces), "end",
// "failed upstream_reset".
class Recorder : public AttemptListener {
 public:
  std::vector<std::string> log;
  std::string body;  // everything let go of, and what was held at the end
  std::vector<std::pair<std::string, std::string>> headers;
  bool windows_are_sound = true;  // each was the held tail and new bytes
  int status = 0;
  bool over = false;
  Attempt* attempt = nullptr;

  // Called with the last entry of the log after it is written; may cancel and the like.
  std::function<void(const std::string&)> then = [](const std::string&) {};
  // How much of a window goes; all if not set.
  std::function<size_t(std::string_view window)> release;

  void on_sent() override;
  void on_head(int s, std::span<const Header> given) override;
  size_t on_body(std::string_view window, size_t fresh) override;
  void on_end(std::string_view window) override;
  void on_failed(FaultKind kind) override;

  // The log in one line.
  std::string text() const;
  // Of the answer; "(none)" if it has no such.
  std::string header(std::string_view name) const;

 private:
  void note(std::string entry);
  void finish(std::string entry);

  std::string held_;
};

// A request and the storage its views need.
struct Ask {
  std::string method = "POST";
  std::string url;
  std::vector<Header> headers{{"X-First", "1"}, {"content-type", "application/json"}};
  Header credential{"x-api-key", "secret"};
  std::vector<std::string> pieces{"{\"model\":", "\"a\"", "}"};
  TransportTimeouts timeouts{2'000, 5'000, 5'000};
  std::string proxy;
  std::string ca_file;

  Attempt* open(Transport& transport, Recorder& recorder);

 private:
  std::vector<std::string_view> views_;
};

// A transport on a loop in a thread of its own; the test asks from outside. Nothing of Catch may be used
// in what runs on the loop.
class Bench {
 public:
  explicit Bench(Kind kind, const TransportSettings& settings = {});
  ~Bench();

  Loop loop;
  std::unique_ptr<Transport> transport;

  // Runs `task` on the loop and waits for it.
  void run(const std::function<void()>& task);
  void open(Ask& ask, Recorder& recorder);
  // Waits until `holds` does, asked on the loop.
  void wait(const std::function<bool()>& holds);
  void open_and_wait(Ask& ask, Recorder& recorder);

 private:
  std::thread thread_;
};

// What a plain request to `upstream` comes to, as `Recorder::text` tells it.
std::string outcome(Kind kind, Upstream& upstream, const TransportSettings& settings = {});

}  // namespace transport_test
