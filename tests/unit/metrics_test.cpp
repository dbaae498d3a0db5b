// What is counted and how it is written; the machine's part is metrics.scenario.
#include "signalbox/metrics.h"

#include <catch2/catch.hpp>
#include <string>

#include "metrics/counters.h"
#include "routing/health.h"
#include "signalbox/gateway.h"

using namespace signalbox;

namespace {

std::shared_ptr<Config> config_of(const std::string& route, const std::string& provider_name) {
  auto config = std::make_shared<Config>();
  Provider provider;
  provider.name = provider_name;
  provider.base_url = "https://up.example";
  provider.credentials = {"main"};
  config->providers.push_back(provider);
  config->routes.push_back({route, {{0, "m"}}, Accounting::on});
  return config;
}

EndedRequest answered(std::string_view route, std::string_view provider, int64_t ms) {
  EndedRequest ended;
  ended.route = route;
  ended.provider = provider;
  ended.first_content_ms = ms / 2;
  ended.total_ms = ms;
  ended.usage.input_tokens = 7;
  return ended;
}

std::string written(Metrics& metrics, Gateway& gateway) {
  std::string text;
  metrics.write(text, gateway, {1'000, 1'000'000});
  return text;
}

bool has(const std::string& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string(line) + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("metrics: whoever asks gets the sum over all gateways", "[metrics]") {
  const auto board = make_metrics_board(2);
  Gateway gateway(config_of("claude-*", "up"), {}, 1);
  board->of(0).begin();
  board->of(0).end(answered("claude-*", "up", 100));
  board->of(1).begin();
  board->of(1).end(answered("claude-*", "up", 700'000));
  board->of(1).begin();
  board->of(1).end_attempt("up", AttemptResult::failed, FaultKind::upstream_reset);
  const std::string text = written(board->of(0), gateway);
  INFO(text);
  CHECK(has(text, R"(signalbox_requests_total{route="claude-*",provider="up",outcome="ok"} 2)"));
  CHECK(has(text, R"(signalbox_request_duration_seconds_bucket{route="claude-*",provider="up",le="0.100"} 1)"));
  CHECK(has(text, R"(signalbox_request_duration_seconds_bucket{route="claude-*",provider="up",le="600.000"} 1)"));
  CHECK(has(text, R"(signalbox_request_duration_seconds_bucket{route="claude-*",provider="up",le="+Inf"} 2)"));
  CHECK(has(text, R"(signalbox_request_duration_seconds_sum{route="claude-*",provider="up"} 700.100)"));
  CHECK(has(text, R"(signalbox_first_content_seconds_count{route="claude-*",provider="up"} 2)"));
  CHECK(has(text, R"(signalbox_tokens_total{route="claude-*",provider="up",kind="input"} 14)"));
  CHECK(has(text, "signalbox_requests_in_flight 1"));
  CHECK(has(text, R"(signalbox_attempts_total{provider="up",result="failed"} 1)"));
  CHECK(has(text, R"(signalbox_attempt_failures_total{provider="up",fault="upstream_reset"} 1)"));
  CHECK(has(text, R"(signalbox_lane_up{lane="up/main/m"} 1)"));
}

TEST_CASE("metrics: names are written so that they end no line", "[metrics]") {
  const auto board = make_metrics_board(1);
  Gateway gateway(config_of("a\"b\\c\nd", "up"), {}, 1);
  board->of(0).end(answered("a\"b\\c\nd", "up", 1));
  CHECK(has(written(board->of(0), gateway),
            R"(signalbox_requests_total{route="a\"b\\c\nd",provider="up",outcome="ok"} 1)"));
}

TEST_CASE("metrics: pairs that find no room are counted as one, and push out none", "[metrics]") {
  const auto board = make_metrics_board(1);
  Gateway gateway(config_of("*", "up"), {}, 1);
  board->of(0).end(answered("*", "up", 1));
  for (size_t i = 0; i < metrics::series_max + 9; ++i) board->of(0).end(answered("r" + std::to_string(i), "up", 1));
  const std::string text = written(board->of(0), gateway);
  CHECK(has(text, R"(signalbox_requests_total{route="*",provider="up",outcome="ok"} 1)"));
  CHECK(has(text, R"x(signalbox_requests_total{route="(others)",provider="(others)",outcome="ok"} 10)x"));
}

TEST_CASE("metrics: a reload keeps what was counted, and shows what the configuration names", "[metrics]") {
  const auto board = make_metrics_board(1);
  Gateway gateway(config_of("*", "up"), {}, 1);
  board->of(0).end(answered("*", "up", 1));
  gateway.adopt(config_of("*", "other"));
  CHECK(written(board->of(0), gateway).find("requests_total{") == std::string::npos);
  gateway.adopt(config_of("*", "up"));
  CHECK(has(written(board->of(0), gateway), R"(signalbox_requests_total{route="*",provider="up",outcome="ok"} 1)"));
}

TEST_CASE("metrics: a lane that rests says for how long", "[metrics]") {
  const auto board = make_metrics_board(1);
  Gateway gateway(config_of("*", "up"), {}, 1);
  gateway.health().cool("up/main/m", 1'005'500, 1'000'000);
  const std::string text = written(board->of(0), gateway);
  CHECK(has(text, R"(signalbox_lane_up{lane="up/main/m"} 0)"));
  CHECK(has(text, R"(signalbox_lane_cooling_seconds{lane="up/main/m"} 5.500)"));
}
