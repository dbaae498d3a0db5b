#include "once_crowd.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace signalbox::once_test {

std::shared_ptr<Config> config_with_once() {
  auto config = std::make_shared<Config>();
  Provider provider;
  provider.name = "up";
  provider.base_url = "http://u";
  provider.credentials = {"main"};
  provider.timeouts.total_ms = 100'000;
  config->providers.push_back(provider);
  Route route;
  route.match = "*";
  route.targets = {{0, ""}};
  route.once = Once::on;
  config->routes.push_back(route);
  config->failover.gate_ms = 1'000;
  config->failover.keep_alive_ms = 2'000;
  config->failover.retry_wait_ms_max = 0;
  return config;
}

const std::string begin =
    "event: message_start\ndata: "
    R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],)"
    R"("stop_reason":null,"usage":{"input_tokens":7,"output_tokens":1}}})"
    "\n\nevent: content_block_start\ndata: "
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
    "\n\n";

std::string delta(const std::string& text) {
  return "event: content_block_delta\ndata: "
         R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" +
         text + "\"}}\n\n";
}

const std::string end =
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: message_delta\ndata: "
    R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}})"
    "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

bool Client::did(std::string_view what) const { return std::find(log.begin(), log.end(), what) != log.end(); }

std::string Client::header(std::string_view name) const {
  for (const std::string& each : headers)
    if (each.substr(0, name.size() + 2) == std::string(name) + ": ") return each.substr(name.size() + 2);
  return {};
}

void Client::tell(const Event& event) {
  if (!exchange) return;
  const Step step = exchange->handle(event, now);
  wake_at_ms = step.wake_at_ms;
  size_t released = 0;
  for (const Effect& effect : step.effects) {
    if (auto* open = std::get_if<OpenUpstream>(&effect)) log.push_back("open"), attempt = open->attempt, window.clear();
    else if (std::holds_alternative<CancelUpstream>(effect)) log.push_back("cancel");
    else if (auto* await = std::get_if<AwaitTurn>(&effect)) turn = await->turn;
    else if (auto* give = std::get_if<GiveTurn>(&effect)) given.push_back(*give);
    else if (std::holds_alternative<AwaitTaking>(effect)) {
      log.push_back("await taking");
      if (reads) next.push_back(ClientTaking{});
      else awaits_taking = true;
    } else if (auto* set = std::get_if<SetPace>(&effect)) log.push_back(set->pace == Pace::free ? "free" : "of client");
    else if (auto* head = std::get_if<SendClientHead>(&effect)) {
      log.push_back("head");
      status = head->status;
      for (const Header& each : head->headers)
        headers.push_back(std::string(each.name) + ": " + std::string(each.value));
    } else if (auto* body = std::get_if<SendClientBody>(&effect)) bytes += body->bytes;
    else if (auto* release = std::get_if<ReleaseBody>(&effect)) {
      if (release->to == ReleaseTo::client) bytes += window.substr(released, release->bytes);
      released += release->bytes;
    } else if (std::holds_alternative<ReleaseRequest>(effect)) log.push_back("release");
    else if (auto* finish = std::get_if<Finish>(&effect)) {
      log.push_back(finish->ending == Ending::complete ? "complete" : "cut");
      report = *finish->report;
      finished = true;
    }
  }
  window.erase(0, released);
  while (!next.empty() && !finished) {
    const Event first = next.front();
    next.erase(next.begin());
    tell(first);
  }
  if (finished) exchange.reset();
}

Client& Crowd::add() {
  clients.push_back(std::make_unique<Client>(gateway, int(clients.size()) + 1));
  clients.back()->now.monotonic_ms += passed_ms;
  clients.back()->now.unix_ms += passed_ms;
  return *clients.back();
}

Client& Crowd::ask(const std::string& asked) {
  Client& client = add();
  ClientHead its_head{"POST", target, headers, int64_t(asked.size()), PeerScope::loopback, {}};
  its_head.random.fill(client.number);
  bodies_.push_back(std::make_unique<std::string>(asked));
  tell(client, its_head);
  tell(client, ClientBody{*bodies_.back(), true});
  return client;
}

void Crowd::tell(Client& client, const Event& event) {
  client.tell(event);
  give_turns();
}

void Crowd::give_turns() {
  for (bool any = true; any;) {
    any = false;
    for (size_t i = 0; i < clients.size(); ++i) {
      while (!clients[i]->given.empty()) {
        const GiveTurn give = clients[i]->given.front();
        clients[i]->given.erase(clients[i]->given.begin());
        any = true;
        for (size_t j = 0; j < clients.size(); ++j)
          if (clients[j]->turn == give.turn && clients[j]->exchange) clients[j]->tell(Woken{});
      }
    }
  }
}

void Crowd::pass(int64_t ms) {
  const int64_t until = passed_ms + ms;
  while (passed_ms < until) {
    passed_ms = std::min(until, passed_ms + 100);
    for (auto& client : clients) {
      client->now = {1'000 + passed_ms, 1'000'000 + passed_ms};
      if (client->exchange && client->wake_at_ms <= client->now.monotonic_ms) tell(*client, Woken{});
    }
  }
}

void Crowd::head(Client& leader, int status, std::string_view type) {
  const Header fields[] = {{"content-type", type}};
  tell(leader, UpstreamSent{leader.attempt});
  tell(leader, UpstreamHead{leader.attempt, status, fields});
}

void Crowd::body(Client& leader, const std::string& bytes) {
  leader.window += bytes;
  tell(leader, UpstreamBody{leader.attempt, leader.window, bytes.size()});
}

void Crowd::finish(Client& leader, const std::string& bytes) {
  leader.window += bytes;
  tell(leader, UpstreamEnd{leader.attempt, leader.window});
}

std::string Crowd::pieces(Client& leader, int count) {
  const std::string piece = delta(std::string(1'000, 'x'));
  std::string all;
  for (int i = 0; i < count; ++i) {
    body(leader, piece);
    all += piece;
  }
  return all;
}

void Crowd::take(Client& client) {
  client.reads = true;
  if (std::exchange(client.awaits_taking, false)) tell(client, ClientTaking{});
}

}  // namespace signalbox::once_test
