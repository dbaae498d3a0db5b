// Clients that ask the same of one gateway whose routes have `once`, the host that each of them has, and the upstream that
// answers whoever leads: what tests of shared calls are made of.
//
// Nothing is real here but the gateway and the exchanges, and no time passes but by Crowd::pass. A test tells a client's
// exchange events as a host does; the client performs what it is asked for and keeps it, for the test to look at.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/broadcast.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

namespace signalbox::once_test {

inline constexpr Capabilities with_turns{.gives_turns = true};

// One provider `up`, and one route to it that has `once`. The gate opens after a second; nothing is tried again.
std::shared_ptr<Config> config_with_once();

inline const std::string question = R"({"model":"m","stream":true,"max_tokens":5})";
inline const std::string whole_question = R"({"model":"m","max_tokens":5})";

// A stream is `begin`, as many delta() as there are, and `end`. It counts 7 tokens in and 9 out.
extern const std::string begin, end;
std::string delta(const std::string& text);
inline const std::string whole_answer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"m","stop_reason":"end_turn","content":[{"type":"text","text":"Hello"}],"usage":{"input_tokens":7,"output_tokens":9}})";

// One client and its host: what the host is asked, in words, and what the client gets.
struct Client {
  std::unique_ptr<Exchange> exchange;  // none once it has finished, or once a test has its host lose it
  uint8_t number;                      // of the client; its request-id's randomness is made of it
  Now now{1'000, 1'000'000};
  std::vector<std::string> log;
  std::string bytes;
  std::vector<std::string> headers;  // of its answer, as `name: value`
  int status = 0;
  uint64_t turn = 0;
  bool reads = true;  // what it is sent
  bool awaits_taking = false;
  std::vector<GiveTurn> given;
  std::vector<Event> next;  // what its host has to tell it at once
  Report report;
  bool finished = false;
  int64_t wake_at_ms = never_ms;
  uint32_t attempt = 0;  // the last that it opened
  std::string window;    // what its upstream has sent and it has not let go

  Client(Gateway& gateway, int which) : exchange(std::make_unique<Exchange>(gateway)), number(uint8_t(which)) {}

  bool did(std::string_view what) const;
  std::string header(std::string_view name) const;
  // Tells the exchange `event` and performs what it asks for, and what follows from that. Without an exchange: nothing.
  void tell(const Event& event);
};

// All clients of one gateway, with turns given as a host gives them: behind the batch. It owns the clients, which stay
// where they are.
struct Crowd {
  Gateway gateway;
  std::vector<std::unique_ptr<Client>> clients;
  int64_t passed_ms = 0;
  // What whoever asks next sends; the header's texts are the test's, and live as long as the crowd.
  std::vector<Header> headers;
  std::string target = "/v1/messages";

  explicit Crowd(std::shared_ptr<const Config> config = config_with_once())
      : gateway(std::move(config), with_turns, 1) {}

  Client& add();  // one that has said nothing yet
  Client& ask(const std::string& body = question);
  void tell(Client& client, const Event& event);
  void give_turns();
  // Lets time pass, and wakes whoever wanted to be.
  void pass(int64_t ms);

  // What the upstream says to `leader`: its head, more of its body, its end behind `bytes`.
  void head(Client& leader, int status = 200, std::string_view type = "text/event-stream");
  void body(Client& leader, const std::string& bytes);
  void finish(Client& leader, const std::string& bytes = {});
  // `count` deltas of 1,000 letters, one by one; gives all of them.
  std::string pieces(Client& leader, int count);

  // The client reads again, and gets what it left lying.
  void take(Client& client);
  exchange::Broadcasts& broadcasts() { return gateway.broadcasts(); }

 private:
  std::vector<std::unique_ptr<std::string>> bodies_;
};

// A crowd in which one has asked, and another the same behind it; nothing has been answered.
struct Pair : Crowd {
  Client& leader;
  Client& follower;

  explicit Pair(std::shared_ptr<const Config> config = config_with_once(), const std::string& asked = question)
      : Crowd(std::move(config)), leader(ask(asked)), follower(ask(asked)) {}
};

// The same with a question whose answer is no stream.
struct WholePair : Pair {
  explicit WholePair(std::shared_ptr<const Config> config = config_with_once())
      : Pair(std::move(config), whole_question) {}
};

}  // namespace signalbox::once_test
