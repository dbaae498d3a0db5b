// An upstream on a real socket of 127.0.0.1 that follows a script, one thread for each connection.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace transport_test {

// One accepted connection, as its script sees it. Blocking; every call ends when the upstream does.
class Peer {
 public:
  Peer(int fd, int number) : fd_(fd), number_(number) {}
  int number() const { return number_; }  // of the connection, from 1
  int fd() const { return fd_; }

  std::string head, body;  // of the last request

  // Reads to the end of a head; false at the end of the connection.
  bool read_head();
  // A head, and the body of the length it tells.
  bool read_request();
  void send(std::string_view bytes);
  void send_bytewise(std::string_view bytes);
  // Until the other side has closed.
  void wait_for_close();
  // Makes the close a reset.
  void reset_on_close();

 private:
  bool fill();

  int fd_;
  int number_;
  std::string pending_;
};

// A listening socket on a port of the system's choice; the caller closes it.
int listen_anywhere(int backlog, int& port);

// A server whose every connection runs `script` in a thread of its own. Its end closes the connections and
// waits for the scripts.
class Upstream {
 public:
  using Script = std::function<void(Peer&)>;
  explicit Upstream(Script script);
  ~Upstream();

  int port() const { return port_; }
  std::string url(std::string_view target = "/v1/messages") const;
  int connection_count() const { return count_; }
  int closed_count() const { return closed_; }

 private:
  void accept_all();

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::atomic<int> count_{0}, closed_{0};
};

// A 200 with `body`.
std::string whole(std::string_view body);

// The script that sends `answer` to each request and then holds or closes the connection.
enum class Then { keep, close };
Upstream::Script answering(std::string answer, Then then = Then::keep);

}  // namespace transport_test
