// Plain TCP connections to upstreams: made by libcurl (CURLOPT_CONNECT_ONLY: lookup in a thread, both
// address families, never blocking), then taken from it, driven by us and kept for reuse.
//
// A finished CONNECT_ONLY connection stays libcurl's, and libcurl closes it when its handle leaves the
// multi, when it is older than CURLOPT_MAXAGE_CONN, or when another connect finds it hung up, all
// without telling. So the descriptor is taken over at once: CURLOPT_CLOSESOCKETFUNCTION leaves it
// open, the handle is used for the next connect, and an open stream costs no libcurl memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "curl_multi.h"
#include "signalbox/fault.h"

namespace signalbox::native {

class ConnectionPool;
class UpstreamConnection;

// Who uses a connection, or waits for one. Called from the loop's top.
class ConnectionUser {
 public:
  virtual ~ConnectionUser() = default;
  // The user has it until it calls ConnectionPool::keep or close.
  virtual void on_connected(UpstreamConnection& connection) = 0;
  virtual void on_connect_failed(FaultKind kind) = 0;
  // Something can be read or written, or the peer has hung up.
  virtual void on_ready() = 0;
};

// One connection. Its descriptor is registered once, edge-triggered.
class UpstreamConnection final : public Pollable {
 public:
  int fd() const { return fd_; }

  bool readable = false;  // there may be something to read; the reader clears it when there is not
  bool hung_up = false;   // the peer's end has been seen coming; a short read proves nothing any more
  bool reused = false;    // it has carried an exchange before

  void on_ready(uint32_t epoll_events) override;

 private:
  friend class ConnectionPool;
  UpstreamConnection(ConnectionPool& pool, int fd) : pool_(pool), fd_(fd) {}
  ConnectionPool& pool_;
  int fd_;
  ConnectionUser* user_ = nullptr;  // null while idle
  std::string origin_;
  int64_t idle_since_ms_ = 0;
  size_t place_ = 0;  // in ConnectionPool::connections_
};

class ConnectionPool final : private CurlOwner {
 public:
  // A connect under way.
  class Dial;

  explicit ConnectionPool(Loop& loop);
  ~ConnectionPool() override;

  // An idle connection to `origin` (host[:port] as in the URL), the one used last, or null. Nothing can be
  // read on it: one that has bytes or its end waiting is closed instead. Write to it at once.
  UpstreamConnection* take(std::string_view origin, ConnectionUser& user);
  // Connects; `user` hears of it later, never before this has returned. The result is valid until then
  // or until `abandon`.
  Dial* dial(std::string_view origin, ConnectionUser& user);
  void abandon(Dial* dial);

  // Keeps a connection on which nothing is under way, or closes it when enough are kept.
  void keep(UpstreamConnection& connection);
  // Closes it at once; the object lives until the end of the turn.
  void close(UpstreamConnection& connection);

  size_t idle_count() const { return idle_count_; }

 private:
  friend class UpstreamConnection;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  void on_done(CURL* easy, CURLcode result) override;
  void on_outside() override {}
  void sweep();
  void end(Dial* dial);

  Loop& loop_;
  std::vector<std::unique_ptr<UpstreamConnection>> connections_;
  std::unordered_map<std::string, std::vector<UpstreamConnection*>, Hash, std::equal_to<>> idle_;
  size_t idle_count_ = 0;
  Timer sweep_;
  std::vector<std::unique_ptr<Dial>> dials_;  // under way
  std::vector<std::unique_ptr<Dial>> free_dials_;
  CurlMulti multi_;
};

}  // namespace signalbox::native
