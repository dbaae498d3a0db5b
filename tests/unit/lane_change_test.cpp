// What a lane leaves behind when the next one takes over: nothing, where the two speak different dialects.
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "example_host/instance.h"
#include "json/walk.h"
#include "tokens/calibration.h"

using namespace signalbox;
using namespace signalbox::example;

namespace {

constexpr std::string_view question = R"({"model":"claude-x","max_tokens":9,"stream":true,"speed":"fast",)"
                                      R"("messages":[{"role":"user","content":"hello"}]})";

constexpr std::string_view whole_answer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],)"
    R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}})";

struct Lane {
  std::string_view dialect;
  int status;  // of what it answers
  std::string_view answer;
  int64_t context_tokens_max = 1'000'000;
};

// What came of asking lanes p0, p1 and so on, in this order.
struct Told {
  std::vector<std::string> sent;  // each attempt's body
  Answer client;

  std::string loss_header() const {
    for (const auto& [name, value] : client.headers)
      if (name == "x-signalbox-translation-loss") return value;
    return {};
  }
};

// `counted`: the lane that has counted twice what is estimated; empty: none has counted yet.
Told ask(const std::vector<Lane>& lanes, std::string_view body = question, std::string_view counted = "") {
  std::string providers, models, targets;
  for (size_t i = 0; i < lanes.size(); ++i) {
    const std::string n = std::to_string(i), comma = i ? "," : "";
    providers += comma + "\"p" + n + R"(":{"key":"${KEY}","dialect":")" + std::string(lanes[i].dialect) +
                 R"(","base_url":"https://p)" + n + ".example\"}";
    models += comma + "\"m" + n + R"(":{"upstream_model":"m","provider":"p)" + n + R"(","context_tokens_max":)" +
              std::to_string(lanes[i].context_tokens_max) + "}";
    targets += comma + "\"m" + n + "\"";
  }
  Instance instance("{\"providers\":{" + providers + "},\"models\":{" + models +
                        R"(},"routes":[{"match":"*","targets":[)" + targets + "]}]}",
                    {{"KEY", "a-key"}}, 1);
  REQUIRE(instance.problems().empty());
  if (!counted.empty()) instance.gateway().calibration().learn(counted, 1'000, 2'000);
  Told told;
  for (size_t i = 0; i < lanes.size(); ++i)
    instance.upstreams["https://p" + std::to_string(i) + ".example"] = [&, i](const UpstreamRequest& request) {
      told.sent.push_back(request.body);
      UpstreamAnswer answer;
      answer.status = lanes[i].status;
      answer.body = {std::string(lanes[i].answer)};
      return answer;
    };
  Request request;
  request.headers = {{"host", "localhost"}, {"content-type", "application/json"}};
  request.body = {std::string(body)};
  told.client = instance.serve(request);
  return told;
}

}  // namespace

TEST_CASE("lane change: what a failed lane would have lost is not told of the one that serves", "[lane_change]") {
  const Told told = ask(
      {{"openai_chat", 500, R"({"error":{"message":"no","type":"server_error"}})"}, {"anthropic", 200, whole_answer}});
  REQUIRE(told.sent.size() == 2);
  CHECK(json::member(told.sent[1], "speed") == R"("fast")");
  CHECK(told.client.body.find("message_stop") != std::string::npos);
  CHECK(told.loss_header().empty());
  CHECK(told.client.report.losses.empty());
}

TEST_CASE("lane change: a foreign lane gets the whole request whatever the lane before it needed", "[lane_change]") {
  const Told alone = ask({{"openai_chat", 503, "{}"}});
  // A whole answer to a client that wants a stream needs a decoder; an empty one is the next lane's turn.
  const Told told =
      ask({{"anthropic", 200,
            R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],)"
            R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":0}})"},
           {"openai_chat", 503, "{}"}});
  REQUIRE(told.sent.size() == 2);
  REQUIRE(alone.sent.size() == 1);
  CHECK(told.sent[1] == alone.sent[0]);
  CHECK(told.sent[1].find("hello") != std::string::npos);
}

TEST_CASE("lane change: each foreign lane gets its own request, and the last one's losses are told", "[lane_change]") {
  const Told told = ask({{"openai_chat", 503, "{}"},
                         {"openai_chat", 200,
                          R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},)"
                          R"("finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})"}});
  REQUIRE(told.sent.size() == 2);
  CHECK(told.sent[0] == told.sent[1]);
  CHECK(told.loss_header() == "speed");
  CHECK(told.client.report.losses == std::vector<std::string>{"speed"});
}

TEST_CASE("lane change: an answer is bound by what each lane's own context leaves, as that lane counts",
          "[lane_change]") {
  const std::string text(25'000, 'a');  // about 7,000 tokens
  const std::string body =
      R"({"model":"claude-x","max_tokens":16000,"messages":[{"role":"user","content":")" + text + "\"}]}";
  const Told told =
      ask({{"openai_chat", 503, "{}", 20'000}, {"openai_chat", 503, "{}", 20'000}, {"openai_chat", 503, "{}"}}, body,
          "p1/default/m");
  REQUIRE(told.sent.size() == 3);
  const auto bound = [&](size_t lane) { return std::stoi(std::string(json::member(told.sent[lane], "max_tokens"))); };
  CHECK(bound(0) > 12'500);
  CHECK(bound(0) < 13'500);
  // Twice the tokens, and the lean of estimates to the high side.
  CHECK(bound(1) > 4'500);
  CHECK(bound(1) < 6'000);
  CHECK(bound(2) == 16'000);
}

TEST_CASE("lane change: a status that no answer ends with is no answer", "[lane_change]") {
  for (const int status : {100, 101, 103, 199}) {
    INFO(status);
    const Told told = ask({{"anthropic", status, whole_answer}, {"anthropic", 200, whole_answer}});
    CHECK(told.sent.size() == 2);
    CHECK(told.client.status == 200);
    CHECK(told.client.report.tried == std::vector<std::string>{"p0: upstream_protocol"});
    CHECK(ask({{"anthropic", status, whole_answer}}).client.status == 502);
  }
}
