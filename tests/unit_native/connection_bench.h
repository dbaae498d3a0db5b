// One client's connection against a scripted handler, over a socket pair: what the handler is told and what the client
// reads. Nothing of the core is behind it.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client_connection.h"

namespace connection_test {

using namespace signalbox;
using namespace signalbox::native;

// Answers by script; remembers what it was told.
class Script final : public RequestHandler {
 public:
  explicit Script(std::vector<std::string>& t) : told(t) {}
  ClientConnection* connection = nullptr;
  std::function<void()> on_head, on_body;  // what to do when told
  std::vector<std::string>& told;          // outlives the connection
  std::string body, last_target, detail;   // `detail`: of what failed
  size_t body_tellings = 0;
  bool whole = false;

  void on_client_head(const ClientHead& head) override {
    body.clear();
    whole = false;
    last_target = std::string(head.target);
    told.push_back(std::string(head.method) + " " + last_target + " " + std::to_string(head.body_bytes));
    if (on_head) on_head();
  }
  void on_client_body(const ClientBody& b) override {
    ++body_tellings;
    body = std::string(b.window);
    whole = b.last;
    if (b.last && on_body) on_body();
  }
  void on_client_failed(const ClientFailed& failed) override {
    told.push_back("failed " + std::string(row(failed.kind).name));
    detail = std::string(failed.detail);
    answer(row(failed.kind).status, "no");
  }
  void on_client_gone() override {
    told.push_back("gone");
    connection->finish(Ending::cut);
  }
  void on_client_taking() override { told.push_back("taking"); }

  void answer(int status, std::string_view text, int64_t announced = -2) {
    SendClientHead head;
    head.status = status;
    const Header headers[] = {{"x-a", "b"}, {"Date", "never"}, {"Transfer-Encoding", "gzip"}};
    head.headers = headers;
    head.body_bytes = announced == -2 ? int64_t(text.size()) : announced;
    connection->send_head(head);
    connection->send_body(text);
    connection->finish(Ending::complete);
  }
};

struct Bench : ConnectionHost {
  RequestBuffers pool;
  Loop loop_of_its_own;
  Loop& the_loop;
  Limits the_limits;
  bool stopping = false;
  Script* script = nullptr;
  ClientConnection* connection = nullptr;
  int client = -1;
  std::vector<std::string> refused, told;
  bool closed = false;

  Bench() : Bench(loop_of_its_own) {}
  explicit Bench(Loop& shared) : the_loop(shared) {
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    client = pair[0];
    connection = new ClientConnection(*this, pair[1], PeerScope::loopback);
    REQUIRE(connection->start());
    script->on_body = [this] { script->answer(200, script->body.empty() ? "ok" : script->body); };
  }
  ~Bench() override {
    if (!closed) connection->close_now();
    the_loop.sweep();
    if (client >= 0) ::close(client);
  }
  Loop& loop() override { return the_loop; }
  RequestBuffers& buffers() override { return pool; }
  const Limits& limits() const override { return the_limits; }
  std::string_view date() override { return "Sun, 06 Nov 1994 08:49:37 GMT"; }
  bool draining() const override { return stopping; }
  std::unique_ptr<RequestHandler> make_handler(ClientConnection& c) override {
    auto made = std::make_unique<Script>(told);
    script = made.get();
    script->connection = &c;
    return made;
  }
  std::string new_request_id() override { return "req_1"; }
  void on_refused(std::string_view reason, int, std::string_view) override { refused.emplace_back(reason); }
  void on_closed(ClientConnection&) override { closed = true; }

  void turn(int count = 3) {
    for (int i = 0; i < count; ++i) the_loop.turn(0);
  }
  void send(std::string_view text) {
    while (!text.empty() && !closed) {
      const ssize_t n = ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
      if (n > 0) text.remove_prefix(size_t(n));
      else if (errno != EAGAIN) return;
      turn(1);
    }
    turn();
  }
  // What has come, until nothing more does. "<end>" stands where the connection ended.
  std::string read() {
    std::string out;
    char piece[65536];
    for (int quiet = 0; quiet < 3;) {
      const ssize_t n = recv(client, piece, sizeof piece, 0);
      if (n > 0) {
        out.append(piece, size_t(n));
        quiet = 0;
      } else if (n == 0 || errno != EAGAIN) {
        return out + "<end>";
      } else {
        ++quiet;
        turn(1);
      }
    }
    return out;
  }
};

inline std::string ok(const std::string& framing, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nx-a: b\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" + framing + "\r\n" + body;
}
inline std::string length(size_t n) { return "content-length: " + std::to_string(n) + "\r\n"; }

}  // namespace connection_test
