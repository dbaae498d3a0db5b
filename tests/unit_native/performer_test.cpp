// The performer between a real exchange and a client's socket, with a transport by script: what is opened,
// with whose key, and who hears what.
#include "performer.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config_file.h"

using namespace signalbox;
using namespace signalbox::native;

namespace {

std::string url_of(const std::string& host) { return "http://" + host + ".test"; }

LoadedConfig loaded(const std::string& host, const std::string& key, const std::string& provider = "up") {
  LoadedConfig config =
      load_config_text("providers:\n  " + provider + ":\n    dialect: anthropic\n    base_url: " + url_of(host) +
                           "\n    credentials: [{name: main, key: " + key + "}]\n" +
                           "routes: [{match: '*', targets: ['" + provider + "/*']}]\n",
                       "f.yaml", [](std::string_view) { return std::nullopt; });
  REQUIRE(config.status == LoadStatus::ok);
  return config;
}

std::shared_ptr<const SecretLookup> lookup_in(const LoadedConfig& config) {
  return std::make_shared<const SecretLookup>(
      [secrets = config.secrets](std::string_view p, std::string_view c) { return secrets->find(p, c); });
}

// Remembers what was opened; the test plays the upstream through `listener`.
struct Scripted final : Transport, Attempt {
  std::vector<std::string> opened;  // "url credential body"
  AttemptListener* listener = nullptr;
  int pauses = 0, resumes = 0, cancels = 0;

  Attempt* open(const AttemptRequest& request, AttemptListener& l) override {
    std::string one = std::string(request.url) + " " + std::string(request.credential.value) + " ";
    for (std::string_view piece : request.body) one.append(piece);
    opened.push_back(one);
    listener = &l;
    return this;
  }
  void cancel() override { ++cancels; }
  void pause() override { ++pauses; }
  void resume() override { ++resumes; }
};

struct Bench final : ConnectionHost, PerformerHost {
  RequestBuffers pool;
  Loop the_loop;
  Gateway the_gateway;
  std::shared_ptr<const SecretLookup> the_secrets;
  Scripted upstream;
  Limits the_limits;
  ClientConnection* connection = nullptr;
  int client = -1;
  bool closed = false;
  std::vector<Report> reports;

  explicit Bench(const LoadedConfig& config)
      : the_gateway(config.config, Capabilities{}, 0), the_secrets(lookup_in(config)) {
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    client = pair[0];
    connection = new ClientConnection(*this, pair[1], PeerScope::loopback);
    REQUIRE(connection->start());
  }
  ~Bench() override {
    if (!closed) connection->close_now();
    the_loop.sweep();
    ::close(client);
  }
  Loop& loop() override { return the_loop; }
  RequestBuffers& buffers() override { return pool; }
  const Limits& limits() const override { return the_limits; }
  std::string_view date() override { return "Sun, 06 Nov 1994 08:49:37 GMT"; }
  bool draining() const override { return false; }
  std::unique_ptr<RequestHandler> make_handler(ClientConnection& c) override {
    return std::make_unique<Performer>(*this, &c);
  }
  std::string new_request_id() override { return "req_1"; }
  void on_refused(std::string_view, int, std::string_view) override {}
  void on_closed(ClientConnection&) override { closed = true; }
  std::string on_out_of_descriptors() override { return "No descriptor is left."; }
  Gateway& gateway() override { return the_gateway; }
  Transport& transport() override { return upstream; }
  std::array<uint8_t, 16> random() override { return {}; }
  std::shared_ptr<const SecretLookup> secrets() override { return the_secrets; }
  void share(std::string_view) override {}
  void await_turn(uint64_t, Performer&) override {}
  void forget_turn(uint64_t) override {}
  void give_turn(const GiveTurn&) override {}
  void on_report(const Report& report) override { reports.push_back(report); }

  void reload(const LoadedConfig& config) {
    the_gateway.adopt(config.config);
    the_secrets = lookup_in(config);
  }
  void turn() {
    for (int i = 0; i < 3; ++i) the_loop.turn(0);
  }
  void send(const std::string& text) {
    REQUIRE(::send(client, text.data(), text.size(), MSG_NOSIGNAL) == ssize_t(text.size()));
    turn();
  }
  std::string read() {
    std::string out;
    char piece[65536];
    for (ssize_t n; (n = recv(client, piece, sizeof piece, 0)) > 0; turn()) out.append(piece, size_t(n));
    return out;
  }
  // The upstream's whole answer.
  void answer(int status, const std::string& type, const std::string& text) {
    const Header headers[] = {{"content-type", type}};
    upstream.listener->on_sent();
    upstream.listener->on_head(status, headers);
    const size_t gone = upstream.listener->on_body(text, text.size());
    upstream.listener->on_end(std::string_view(text).substr(gone));
    turn();
  }
};

const std::string body = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
const std::string request =
    "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    "anthropic-version: 2023-06-01\r\ncontent-length: " +
    std::to_string(body.size()) + "\r\n\r\n" + body;
const std::string message = R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],)"
                            R"("stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}})";

}  // namespace

TEST_CASE("performer: a request goes out with its credential and its answer comes back") {
  Bench b(loaded("a", "KEY-OF-A"));
  b.send(request);
  REQUIRE(b.upstream.opened == std::vector<std::string>{"http://a.test/v1/messages KEY-OF-A " + body});
  b.answer(200, "application/json", message);
  const std::string got = b.read();
  CHECK(got.find("HTTP/1.1 200 OK\r\n") == 0);
  CHECK(got.find("\r\n\r\n") != got.npos);
  CHECK(got.find(message) != got.npos);
  REQUIRE(b.reports.size() == 1);
  CHECK(b.reports[0].provider == "up");
  CHECK_FALSE(b.closed);
}

TEST_CASE("performer: an exchange keeps the keys of the configuration it began with") {
  Bench b(loaded("a", "KEY-OF-A"));
  const size_t cut = request.size() - 5;
  b.send(request.substr(0, cut));
  SECTION("when a provider of the same name is elsewhere now") { b.reload(loaded("b", "KEY-OF-B")); }
  SECTION("over any number of reloads") {
    for (int i = 0; i < 3; ++i) b.reload(loaded("b", "KEY-OF-B", "other" + std::to_string(i)));
  }
  b.send(request.substr(cut));
  REQUIRE(b.upstream.opened == std::vector<std::string>{"http://a.test/v1/messages KEY-OF-A " + body});
  b.answer(200, "application/json", message);
  CHECK(b.read().find("HTTP/1.1 200 OK\r\n") == 0);
}

TEST_CASE("performer: the next request of a connection has the new configuration's address and key") {
  Bench b(loaded("a", "KEY-OF-A"));
  b.send(request);
  b.answer(200, "application/json", message);
  b.read();
  b.reload(loaded("b", "KEY-OF-B"));
  b.send(request);
  REQUIRE(b.upstream.opened.size() == 2);
  CHECK(b.upstream.opened[1] == "http://b.test/v1/messages KEY-OF-B " + body);
}

TEST_CASE("performer: an attempt that fails before an answer is told as the client's error") {
  Bench b(loaded("a", "KEY-OF-A"));
  b.send(request);
  b.upstream.listener->on_failed(FaultKind::upstream_protocol);
  b.turn();
  CHECK(b.read().find("HTTP/1.1 502") == 0);
  REQUIRE(b.reports.size() == 1);
  CHECK(b.reports[0].fault.kind == FaultKind::upstream_protocol);
}

TEST_CASE("performer: a client that leaves cancels its attempt, once") {
  Bench b(loaded("a", "KEY-OF-A"));
  b.send(request);
  REQUIRE(b.upstream.opened.size() == 1);
  shutdown(b.client, SHUT_RDWR);
  b.turn();
  CHECK(b.closed);
  CHECK(b.upstream.cancels == 1);
  CHECK(b.reports.size() == 1);
}

TEST_CASE("performer: a slow client pauses the upstream and lets it go on later") {
  Bench b(loaded("a", "KEY-OF-A"));
  b.the_limits.client_unsent_bytes_max = 100'000;
  b.send(request);
  const Header headers[] = {{"content-type", "application/json"}};
  b.upstream.listener->on_sent();
  b.upstream.listener->on_head(200, headers);
  std::string window = message.substr(0, message.size() - 1) + ",\"x\":\"";
  size_t told = 0;
  while (b.upstream.pauses == 0 && told < 10'000'000) {
    window.append(50'000, 'x');
    told += 50'000;
    window.erase(0, b.upstream.listener->on_body(window, told == 50'000 ? window.size() : 50'000));
    b.turn();
  }
  CHECK(b.upstream.pauses == 1);
  CHECK(b.upstream.resumes == 0);
  b.read();
  CHECK(b.upstream.resumes == 1);
}
