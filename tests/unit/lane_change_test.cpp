// What a lane leaves behind when the next one takes over: nothing, where the two speak different dialects.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "json/walk.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"
#include "tokens/calibration.h"

using namespace signalbox;

namespace {

constexpr std::string_view question = R"({"model":"claude-x","max_tokens":9,"stream":true,"speed":"fast",)"
                                      R"("messages":[{"role":"user","content":"hello"}]})";

constexpr std::string_view whole_answer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],)"
    R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}})";

std::shared_ptr<Config> config_of(const std::vector<Dialect>& dialects) {
  auto config = std::make_shared<Config>();
  Route route;
  route.match = "*";
  for (const Dialect dialect : dialects) {
    Provider provider;
    provider.name = "p" + std::to_string(config->providers.size());
    provider.dialect = dialect;
    provider.base_url = "https://up.example";
    provider.credentials = {"main"};
    Target target;
    target.provider = uint32_t(config->providers.size());
    target.upstream_model = "m";
    route.targets.push_back(target);
    config->providers.push_back(provider);
  }
  config->routes.push_back(route);
  return config;
}

struct Told {
  std::vector<std::string> sent;  // each attempt's body
  std::string loss_header;
  std::string client_bytes;
  Report report;
  bool finished = false;
};

// An exchange whose client has said everything.
struct Asked {
  Gateway gateway;
  Exchange exchange;
  Told told;

  explicit Asked(const std::vector<Dialect>& dialects) : Asked(config_of(dialects), question, {}) {}

  // After `lane` has counted twice what is estimated; empty: no lane has counted yet.
  Asked(std::shared_ptr<const Config> config, std::string_view body, std::string_view lane)
      : gateway(std::move(config), Capabilities{}, 0), exchange(gateway) {
    if (!lane.empty()) gateway.calibration().learn(lane, 1'000, 2'000);
    static constexpr Header headers[] = {{"host", "localhost"}, {"content-type", "application/json"}};
    ClientHead head;
    head.method = "POST";
    head.target = "/v1/messages";
    head.headers = headers;
    head.body_bytes = int64_t(body.size());
    head.peer = PeerScope::loopback;
    tell(head);
    tell(ClientBody{body, true});
  }

  void tell(const Event& event) {
    const Step step = exchange.handle(event, Now{});
    for (const Effect& effect : step.effects) {
      if (const auto* open = std::get_if<OpenUpstream>(&effect)) {
        std::string& body = told.sent.emplace_back();
        for (std::string_view piece : open->body) body += piece;
      } else if (const auto* head = std::get_if<SendClientHead>(&effect)) {
        for (const Header& header : head->headers)
          if (header.name == "x-signalbox-translation-loss") told.loss_header = header.value;
      } else if (const auto* body = std::get_if<SendClientBody>(&effect)) {
        told.client_bytes += body->bytes;
      } else if (const auto* finish = std::get_if<Finish>(&effect)) {
        told.finished = true;
        told.report = *finish->report;
      }
    }
  }

  void answer(uint32_t attempt, int status, std::string_view body) {
    const Header type{"content-type", "application/json"};
    tell(UpstreamSent{attempt});
    UpstreamHead head;
    head.attempt = attempt;
    head.status = status;
    head.headers = {&type, 1};
    tell(head);
    tell(UpstreamEnd{attempt, body});
  }
};

}  // namespace

TEST_CASE("lane change: what a failed lane would have lost is not told of the one that serves", "[lane_change]") {
  Asked asked({Dialect::openai_chat, Dialect::anthropic});
  asked.answer(1, 500, R"({"error":{"message":"no","type":"server_error"}})");
  REQUIRE(asked.told.sent.size() == 2);
  CHECK(json::member(asked.told.sent[1], "speed") == R"("fast")");
  asked.answer(2, 200, whole_answer);
  REQUIRE(asked.told.finished);
  CHECK(asked.told.client_bytes.find("message_stop") != std::string::npos);
  CHECK(asked.told.loss_header.empty());
  CHECK(asked.told.report.losses.empty());
}

TEST_CASE("lane change: a foreign lane gets the whole request whatever the lane before it needed", "[lane_change]") {
  Asked alone({Dialect::openai_chat});
  Asked asked({Dialect::anthropic, Dialect::openai_chat});
  // A whole answer to a client that wants a stream needs a decoder; an empty one is the next lane's turn.
  asked.answer(1, 200,
               R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],)"
               R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":0}})");
  REQUIRE(asked.told.sent.size() == 2);
  REQUIRE(alone.told.sent.size() == 1);
  CHECK(asked.told.sent[1] == alone.told.sent[0]);
  CHECK(asked.told.sent[1].find("hello") != std::string::npos);
}

TEST_CASE("lane change: each foreign lane gets its own request, and the last one's losses are told", "[lane_change]") {
  Asked asked({Dialect::openai_chat, Dialect::openai_chat});
  asked.answer(1, 503, "{}");
  REQUIRE(asked.told.sent.size() == 2);
  CHECK(asked.told.sent[0] == asked.told.sent[1]);
  asked.answer(2, 200,
               R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},)"
               R"("finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})");
  REQUIRE(asked.told.finished);
  CHECK(asked.told.loss_header == "speed");
  CHECK(asked.told.report.losses == std::vector<std::string>{"speed"});
}

TEST_CASE("lane change: an answer is bound by what each lane's own context leaves, as that lane counts",
          "[lane_change]") {
  const std::shared_ptr<Config> config = config_of({Dialect::openai_chat, Dialect::openai_chat, Dialect::openai_chat});
  config->routes[0].targets[0].context_tokens_max = 20'000;
  config->routes[0].targets[1].context_tokens_max = 20'000;
  const std::string text(25'000, 'a');  // about 7,000 tokens
  const std::string body =
      R"({"model":"claude-x","max_tokens":16000,"messages":[{"role":"user","content":")" + text + "\"}]}";
  Asked asked(config, body, "p1/main/m");
  asked.answer(1, 503, "{}");
  asked.answer(2, 503, "{}");
  REQUIRE(asked.told.sent.size() == 3);
  const auto bound = [&](size_t lane) {
    return std::stoi(std::string(json::member(asked.told.sent[lane], "max_tokens")));
  };
  CHECK(bound(0) > 12'500);
  CHECK(bound(0) < 13'500);
  // Twice the tokens, and the lean of estimates to the high side.
  CHECK(bound(1) > 4'500);
  CHECK(bound(1) < 6'000);
  CHECK(bound(2) == 16'000);
}
