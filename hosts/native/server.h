// The native server: one loop, one gateway and one set of upstream connections per thread, sharing nothing
// but deltas of health. The main thread listens, waits for signals, reloads, stops, and writes server.state_file.
//
//   SIGHUP            reads the configuration again; a bad file is logged and the old one kept
//   SIGTERM, SIGINT   no new requests; open exchanges finish within server.drain_ms; a second one ends at once
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "guarded_ledger.h"
#include "log.h"
#include "secret_lookup.h"
#include "signalbox/config.h"
#include "signalbox/effect.h"
#include "signalbox/metrics.h"
#include "signalbox/permits.h"
#include "state_file.h"

namespace signalbox::native {

class ServerThread;

// What a start or a reload brings. The secrets are those of this configuration and of no other: an
// exchange keeps both together.
struct Setup {
  Config config;
  SecretLookup secrets;
  std::string loaded{};  // what the log says of a reload: "1 provider, 2 routes ... from a.yaml"
};

class HttpServer {
 public:
  // `log` must outlive it. It blocks the signals it waits for: no other thread of the process may take them.
  HttpServer(Setup setup, Log& log);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds every address. A sentence says what went wrong, and nothing stays bound.
  std::optional<std::string> listen();

  // As bound, with the real port where 0 was asked for: "127.0.0.1:8484".
  const std::vector<std::string>& addresses() const { return addresses_; }

  enum class Stop : uint8_t { drained, cut };

  // Serves until stopped by a signal. `reload` answers a new setup, or none after having logged why.
  Stop run(const std::function<std::optional<Setup>()>& reload);

 private:
  friend class ServerThread;
  void share(const ServerThread& from, std::string_view delta);
  void give_turn(const GiveTurn& give);
  void thread_ended();
  void adopt(const Setup& setup);
  void wake();

  Setup setup_;
  Log& log_;
  RepeatedWarning full_{log_}, no_descriptor_{log_}, not_accepting_{log_};
  size_t thread_count_ = 1;
  GuardedLedger ledger_;
  const uint32_t first_writer_;       // its threads' gateways count on from here: others may share the state file
  std::shared_ptr<Permits> permits_;  // what is exact over all threads
  std::unique_ptr<MetricsBoard> metrics_;
  std::atomic<int64_t> connection_count_{0};
  std::atomic<int64_t> turned_away_count_{0};
  std::atomic<size_t> running_{0};
  std::atomic<bool> cut_{false};
  int woken_ = -1;    // an eventfd the threads write to when they end, or when there is state to write
  int signals_ = -1;  // a signalfd
  std::vector<std::string> addresses_;
  std::vector<std::vector<int>> sockets_;  // per thread
  std::unique_ptr<StateFile> state_;       // null when none is configured
  std::vector<std::unique_ptr<ServerThread>> threads_;
};

}  // namespace signalbox::native
