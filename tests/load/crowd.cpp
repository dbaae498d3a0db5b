// The crowd's clients, and its commands: one a line of standard input, each answered with a line of JSON. The first line of
// output is the upstream's port.
//
//   gateway PORT MODEL     whom the clients ask, and for which model
//   open COUNT             streams that stand open behind their first frame
//   finish NTH             the upstream ends every NTH held answer; waits until its client has read it to its end
//   leave                  every client closes; waits until the upstream has seen each of them go
//   wander COUNT SEED      clients that leave at a random point, by FIN or RST; waits until nothing of them is left upstream
//   mixed SECONDS COUNT SEED    so many clients at a time: streams, whole answers, large requests, some that leave
//   end                    what became of the clients that are still there: waits until all have ended
//
// A wait ends after 60 seconds with what there is: the numbers say it.
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <random>
#include <set>
#include <sstream>

#include "crowd.h"
#include "loopback.h"

namespace {

constexpr int64_t ms = 1'000'000;
constexpr int64_t net_ns = 60'000 * ms;
constexpr long at_once_max = 200;  // connections in the making

enum class Ending { none, whole, cut, wrong };

struct Client {
  Peer* peer = nullptr;
  long number = 0;
  std::string answer, rest;        // `rest`: what of its request is not sent
  int64_t leaves_ns = 0;           // 0: it stays
  size_t leaves_bytes = SIZE_MAX;  // of the answer
  bool leaves_by_reset = false;
  Ending ending = Ending::none;

  bool begun() const { return answer.find("crowd-") != std::string::npos; }
};

class Crowd {
 public:
  explicit Crowd(CrowdUpstream& upstream, Waiter& waiter) : upstream_(upstream), waiter_(waiter) {}

  void gateway(int port, const std::string& model) { port_ = port, model_ = model; }

  void open(long count) {
    for (long i = 0; i < count; ++i) {
      begin("hold", 0);
      if (i % 16 == 0) turn_until([&] { return long(clients_.size()) - begun() < at_once_max; });
    }
    turn_until([&] { return begun() == long(clients_.size()) || failed() > 0; });
    std::printf("{\"open\":%ld,\"held\":%ld,\"failed\":%ld}\n", begun(), upstream_.held(), failed());
  }

  void finish(long nth) {
    upstream_.release(nth);
    turn_until([&] { return upstream_.held() + ended_ >= long(clients_.size()); });
    tell();
  }

  void end() {
    turn_until([&] { return ended_ == long(clients_.size()); });
    tell();
    while (!clients_.empty()) remove(clients_.begin()->get());
  }

  void leave() {
    const long left_before = upstream_.left(), held = upstream_.held();
    while (!clients_.empty()) remove(clients_.begin()->get());
    turn_until([&] { return upstream_.held() == 0; });
    std::printf("{\"held\":%ld,\"seen\":%ld}\n", held, upstream_.left() - left_before);
  }

  void wander(long count, unsigned seed) {
    random_.seed(seed);
    const long asked_before = upstream_.asked(), left_before = upstream_.left();
    for (long i = 0; i < count; ++i) {
      wanderer(begin(random_() % 2 ? "hold" : "drip", 0, Sends::later));
      turn_until([&] { return long(clients_.size()) < 64; });
    }
    turn_until([&] { return clients_.empty() && upstream_.unfinished() == 0; });
    std::printf("{\"clients\":%ld,\"asked\":%ld,\"seen\":%ld,\"unseen\":%ld}\n", count,
                upstream_.asked() - asked_before, upstream_.left() - left_before, upstream_.unfinished());
  }

  void mixed(long seconds, long count, unsigned seed) {
    random_.seed(seed);
    const int64_t end_ns = now_ns() + seconds * 1000 * ms;
    long whole = 0, bad = 0, left = 0;
    while (now_ns() < end_ns || !clients_.empty()) {
      while (now_ns() < end_ns && long(clients_.size()) < count) {
        const unsigned dice = unsigned(random_() % 20);
        if (dice < 8) begin("brief", 0);
        else if (dice < 13) begin("whole", 0);
        else if (dice < 15) begin("brief", 1 << (10 + random_() % 9));
        else if (dice < 17) begin("drip", 0);
        else ++left, wanderer(begin("drip", 0, Sends::later));
      }
      turn(1);
      for (auto i = clients_.begin(); i != clients_.end();) {
        Client* client = (i++)->get();
        if (client->ending == Ending::none) continue;
        whole += client->ending == Ending::whole;
        bad += client->ending != Ending::whole;
        remove(client);
      }
      if (now_ns() > end_ns + net_ns) break;
    }
    turn_until([&] { return upstream_.unfinished() == 0; });
    std::printf("{\"whole\":%ld,\"bad\":%ld,\"left\":%ld,\"unended\":%zu,\"unseen\":%ld}\n", whole, bad, left,
                clients_.size(), upstream_.unfinished());
  }

 private:
  enum class Sends { now, later };

  Client& begin(const std::string& plan, size_t padding, Sends sends = Sends::now) {
    auto owned = std::make_unique<Client>();
    Client& client = *owned;
    clients_.insert(std::move(owned));
    client.number = ++number_;
    const std::string body = "{\"model\":\"" + model_ +
                             "\",\"max_tokens\":9,\"stream\":" + (plan == "whole" ? "false" : "true") +
                             ",\"messages\":[{\"role\":\"user\",\"content\":\"crowd=" + std::to_string(client.number) +
                             " plan=" + plan + ";" + std::string(padding, 'x') + "\"}]}";
    client.peer = &waiter_.add(connect_to(port_));
    client.peer->ready = [this, &client] { read(client); };
    client.rest = request_for(body, port_);
    if (sends == Sends::now) {
      send_all(client.peer->fd, client.rest);
      client.rest.clear();
    }
    return client;
  }

  // Gives a client that has not yet sent its request a point at which it leaves.
  void wanderer(Client& client) {
    client.leaves_by_reset = random_() % 2;
    leaving_.insert(&client);
    const unsigned where = random_() % 4;
    size_t sent = where == 0 ? random_() % client.rest.size() : client.rest.size();
    send_all(client.peer->fd, client.rest.substr(0, sent));
    client.rest.clear();
    if (where < 2) client.leaves_ns = now_ns() + int64_t(random_() % 10) * ms;
    else if (where == 2) client.leaves_bytes = random_() % 1500;
    else client.leaves_ns = now_ns() + 20 * ms + int64_t(random_() % 200) * ms;
    if (client.leaves_bytes != SIZE_MAX) client.leaves_ns = now_ns() + 2'000 * ms;  // a held answer may be shorter
  }

  void read(Client& client) {
    char piece[1 << 15];
    ssize_t n = recv(client.peer->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) client.answer.append(piece, size_t(n));
    if (client.answer.size() >= client.leaves_bytes) return remove(&client);
    if (client.ending != Ending::none) return end_with(client, Ending::wrong);  // more than one ending
    if (!begun_.count(client.number) && client.begun()) begun_.insert(client.number);
    const bool stands = client.answer.find("HTTP/1.1 200 ") == 0;
    const long length = content_length(client.answer.substr(0, client.answer.find("\r\n\r\n") + 4));
    const bool framed =
        length >= 0 ? client.answer.size() == client.answer.find("\r\n\r\n") + 4 + size_t(length)
                    : client.answer.size() > 5 && client.answer.compare(client.answer.size() - 5, 5, "0\r\n\r\n") == 0;
    if (framed) return end_with(client, stands && ends_well(client) ? Ending::whole : Ending::cut);
    if (n <= 0) return end_with(client, Ending::cut);
  }

  // Its own number in every piece, nobody else's, and the dialect's last word.
  static bool ends_well(const Client& client) {
    const std::string own = "crowd-" + std::to_string(client.number) + ";";
    size_t pieces = 0;
    for (size_t at = 0; (at = client.answer.find("crowd-", at)) != std::string::npos; ++at, ++pieces)
      if (client.answer.compare(at, own.size(), own) != 0) return false;
    const bool last_word = client.answer.find("\"message_stop\"") != std::string::npos ||
                           client.answer.find("\"end_turn\"") != std::string::npos;
    return pieces > 0 && last_word && client.answer.find("\"type\":\"error\"") == std::string::npos;
  }

  void end_with(Client& client, Ending ending) {
    ended_ += client.ending == Ending::none;
    client.ending = ending;
    waiter_.drop(*client.peer);
    client.peer = nullptr;
  }

  void remove(Client* client) {
    if (client->peer) client->leaves_by_reset ? waiter_.break_off(*client->peer) : waiter_.drop(*client->peer);
    ended_ -= client->ending != Ending::none;
    begun_.erase(client->number);
    leaving_.erase(client);
    for (auto i = clients_.begin(); i != clients_.end(); ++i)
      if (i->get() == client) return void(clients_.erase(i));
  }

  void turn(int timeout_ms) {
    waiter_.turn(timeout_ms);
    upstream_.drip();
    const int64_t now = now_ns();
    if (now < next_look_ns_) return;
    next_look_ns_ = now + ms;
    for (auto i = leaving_.begin(); i != leaving_.end();) {
      Client* client = *i++;
      if (now >= client->leaves_ns) remove(client);
    }
  }

  template <class Condition>
  void turn_until(Condition condition) {
    const int64_t end_ns = now_ns() + net_ns;
    while (!condition() && now_ns() < end_ns) turn(1);
  }

  long begun() const { return long(begun_.size()); }
  long failed() const { return ended_; }

  void tell() {
    long count[4] = {};
    for (const auto& client : clients_) ++count[int(client->ending)];
    std::printf("{\"none\":%ld,\"whole\":%ld,\"cut\":%ld,\"wrong\":%ld}\n", count[0], count[1], count[2], count[3]);
  }

  CrowdUpstream& upstream_;
  Waiter& waiter_;
  int port_ = 0;
  std::string model_;
  long number_ = 0, ended_ = 0;
  int64_t next_look_ns_ = 0;
  std::set<std::unique_ptr<Client>> clients_;
  std::set<Client*> leaving_;
  std::set<long> begun_;
  std::minstd_rand random_;
};

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  Waiter waiter;
  CrowdUpstream upstream(waiter);
  Crowd crowd(upstream, waiter);
  std::printf("%d\n", upstream.port());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, model;
    long a = 0, b = 0;
    unsigned seed = 0;
    words >> command;
    if (command == "gateway" && words >> a >> model) crowd.gateway(int(a), model);
    else if (command == "open" && words >> a) crowd.open(a);
    else if (command == "finish" && words >> a) crowd.finish(a);
    else if (command == "leave") crowd.leave();
    else if (command == "end") crowd.end();
    else if (command == "wander" && words >> a >> seed) crowd.wander(a, seed);
    else if (command == "mixed" && words >> a >> b >> seed) crowd.mixed(a, b, seed);
    else fail(line.c_str());
    std::fflush(stdout);
  }
  return 0;
}
