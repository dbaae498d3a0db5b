// A crowd before a gateway and the upstream behind it, in one thread: ten thousand streams at once must cost whoever
// measures a gateway less than the gateway. What a request wants of the upstream stands in its prompt, as `crowd=7 plan=hold;`,
// and every answer repeats its number, so that each client knows its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// A socket that is waited for. `ready` is called when it can be read or has ended; it may drop the peer.
struct Peer {
  int fd = -1;
  std::function<void()> ready;
};

// Level-triggered; peers are its own, until `drop` closes them.
class Waiter {
 public:
  Waiter();
  Peer& add(int fd);
  void drop(Peer& peer);       // FIN
  void break_off(Peer& peer);  // RST
  void turn(int timeout_ms);

 private:
  int epoll_ = -1;
  std::vector<std::unique_ptr<Peer>> gone_;  // until the turn's events are all told
};

// Answers in Messages or Chat, as the path says. Plans:
//   hold    a head and a first frame, then nothing until `release`
//   drip    a frame a turn, 200 in all
//   brief   a whole stream at once
//   whole   one JSON text
class CrowdUpstream {
 public:
  explicit CrowdUpstream(Waiter& waiter);
  ~CrowdUpstream();
  int port() const { return port_; }

  // Ends the held answers of every `nth` number well.
  void release(long nth);
  void drip();  // once a turn

  long held() const { return held_; }
  long unfinished() const { return held_ + long(dripping_.size()); }
  long asked() const { return asked_; }
  long left() const { return left_; }  // answers that were not finished when their connection ended

 private:
  struct Connection;

  void on_ready(Connection& connection);
  void answer(Connection& connection);
  void gone(Connection& connection);

  Waiter& waiter_;
  int port_ = 0;
  long held_ = 0, asked_ = 0, left_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> dripping_;
};
