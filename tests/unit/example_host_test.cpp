// The example host serves as the guide says that a host serves, and the guide shows its very lines.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "example_host/instance.h"
#include "source_tree.h"

using namespace signalbox;
using namespace signalbox::example;

namespace {

constexpr std::string_view config = R"({
  "failover": {"retry_wait_ms_max": 0},
  "providers": {
    "a": {"dialect": "anthropic", "base_url": "https://a.example", "key": "${A_KEY}",
          "timeouts": {"first_byte_ms": 20000, "idle_ms": 3000, "total_ms": 5000}},
    "b": {"dialect": "anthropic", "base_url": "https://b.example", "key": "${B_KEY}"},
    "c": {"dialect": "openai_chat", "base_url": "https://c.example/v1", "key": "${C_KEY}"},
    "mock": {"builtin": "mock"}
  },
  "models": {"renamed": {"provider": "a", "upstream_model": "claude-next"}},
  "routes": [
    {"match": "mock", "targets": ["mock/*"]},
    {"match": "renamed", "targets": ["renamed"]},
    {"match": "piped", "targets": ["a/*"], "accounting": "off"},
    {"match": "alone", "targets": ["a/*"]},
    {"match": "chat", "targets": ["c/gpt"]},
    {"match": "*", "targets": ["a/*", "b/*"]}
  ]
})";

const Environment keys = {{"A_KEY", "key-of-a"}, {"B_KEY", "key-of-b"}, {"C_KEY", "key-of-c"}};

constexpr std::string_view message =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],)"
    R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}})";

Request asking(std::string_view model, std::string_view more = "") {
  Request request;
  request.headers = {
      {"host", "127.0.0.1:8484"}, {"content-type", "application/json"}, {"anthropic-version", "2023-06-01"}};
  request.body = {R"({"model":")" + std::string(model) + R"(","max_tokens":9,)" + std::string(more),
                  R"("messages":[{"role":"user","content":"hello"}]})"};
  return request;
}

Upstream says(UpstreamAnswer answer) {
  return [answer](const UpstreamRequest&) { return answer; };
}

Upstream says(std::string_view text) {
  UpstreamAnswer answer;
  answer.body = {std::string(text)};
  return says(answer);
}

std::string header_of(const Fields& fields, std::string_view name) {
  for (const auto& [each, value] : fields)
    if (each == name) return value;
  return "none";
}

// Two pieces, cut behind `bytes`.
std::vector<std::string> cut(std::string_view text, size_t bytes) {
  return {std::string(text.substr(0, bytes)), std::string(text.substr(bytes))};
}

}  // namespace

TEST_CASE("example host: the mock answers", "[example_host]") {
  Instance instance(config, keys, 1);
  REQUIRE(instance.problems().empty());
  const Answer answer = instance.serve(asking("mock"));
  CHECK(answer.status == 200);
  CHECK(answer.ending == Ending::complete);
  CHECK(answer.body.find(R"("type":"message")") != std::string::npos);
  CHECK(answer.report.provider == "mock");
}

TEST_CASE("example host: within one dialect the bytes go through, but for the model's name", "[example_host]") {
  Instance instance(config, keys, 1);
  UpstreamRequest asked;
  instance.upstreams["https://a.example"] = [&](const UpstreamRequest& request) {
    asked = request;
    return says(message)(request);
  };
  const Answer answer = instance.serve(asking("renamed"));
  CHECK(asked.url == "https://a.example/v1/messages");
  CHECK(asked.body == R"({"model":"claude-next","max_tokens":9,"messages":[{"role":"user","content":"hello"}]})");
  CHECK(header_of(asked.headers, "x-api-key") == "key-of-a");
  CHECK(header_of(asked.headers, "content-length") == std::to_string(asked.body.size()));
  CHECK(answer.body == message);
  CHECK(answer.report.usage.output_tokens == 2);
}

TEST_CASE("example host: a stream in another dialect comes out the same wherever it is cut", "[example_host]") {
  const std::string stream =
      "data: {\"id\":\"c\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\xc3\xbc\xc3\x9f"
      "e\"},\"finish_reason\":null}]}\n\n"
      "data: {\"id\":\"c\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: [DONE]\n\n";
  std::string whole;
  for (size_t at = 0; at <= stream.size(); ++at) {
    Instance instance(config, keys, 1);
    UpstreamAnswer chat;
    chat.headers = {{"content-type", "text/event-stream"}};
    chat.body = cut(stream, at);
    instance.upstreams["https://c.example"] = says(chat);
    const Answer answer = instance.serve(asking("chat", R"("stream":true,)"));
    if (at == 0) whole = answer.body;
    REQUIRE(answer.body == whole);
    REQUIRE(answer.ending == Ending::complete);
  }
  CHECK(whole.find("Gr\xc3\xbc\xc3\x9f"
                   "e") != std::string::npos);
  CHECK(whole.find("message_stop") != std::string::npos);
}

TEST_CASE("example host: the next lane answers where one does not", "[example_host]") {
  Instance instance(config, keys, 1);
  instance.upstreams["https://b.example"] = says(message);
  SECTION("its host name is unknown") {}
  SECTION("it is overloaded") {
    UpstreamAnswer overloaded;
    overloaded.status = 529;
    overloaded.body = {R"({"type":"error","error":{"type":"overloaded_error","message":"later"}})"};
    instance.upstreams["https://a.example"] = says(overloaded);
  }
  SECTION("it breaks off") {
    UpstreamAnswer broken;
    broken.body = {R"({"type":"mess)"};
    broken.fault = FaultKind::upstream_reset;
    instance.upstreams["https://a.example"] = says(broken);
  }
  SECTION("its head does not come in time") {
    UpstreamAnswer silent;
    silent.status = 0;
    silent.fault = FaultKind::upstream_connect_timeout;
    silent.silent_ms = 4'000;
    instance.upstreams["https://a.example"] = says(silent);
  }
  SECTION("it falls silent") {
    UpstreamAnswer slow;
    slow.body = {R"({"type":"mess)", R"(age"})"};
    slow.between_pieces_ms = 3'001;
    instance.upstreams["https://a.example"] = says(slow);
  }
  const Answer answer = instance.serve(asking("any"));
  CHECK(answer.status == 200);
  CHECK(answer.body == message);
  CHECK(answer.report.provider == "b");
  CHECK(answer.report.attempt_count == 2);
}

TEST_CASE("example host: what one instance learns of a lane, another one knows", "[example_host]") {
  Instance one(config, keys, 1), two(config, keys, 2), alone(config, keys, 3);
  one.share_with(two);
  for (Instance* each : {&one, &two, &alone}) each->upstreams["https://b.example"] = says(message);
  const auto attempts = [](Instance& instance) { return instance.serve(asking("any")).report.attempt_count; };
  CHECK(attempts(one) == 2);
  CHECK(attempts(two) == 1);
  CHECK(attempts(alone) == 2);
}

TEST_CASE("example host: a client that leaves ends its exchange", "[example_host]") {
  Instance instance(config, keys, 1);
  UpstreamAnswer slow;
  slow.headers = {{"content-type", "text/event-stream"}};
  slow.body = {"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"};
  slow.silent_ms = 2'000;
  instance.upstreams["https://a.example"] = says(slow);
  Request request = asking("alone", R"("stream":true,)");
  request.leaves_after_ms = 1'500;
  const Answer answer = instance.serve(request);
  CHECK(answer.status == 0);
  CHECK(answer.ending == Ending::cut);
  CHECK(answer.report.fault.kind == FaultKind::client_gone);
  CHECK(answer.report.total_ms == 1'500);
}

TEST_CASE("example host: a secret that is not set is named, and nobody is served", "[example_host]") {
  Instance instance(config, {{"A_KEY", "key-of-a"}, {"B_KEY", "key-of-b"}}, 1);
  REQUIRE(instance.problems().size() == 1);
  CHECK(instance.problems()[0].find("C_KEY") != std::string::npos);
  const Answer refused = instance.serve(asking("any"));
  CHECK(refused.status == 503);
  CHECK(
      refused.body.find("This gateway's configuration has 1 problem; see its log, or GET /readyz with an admin key.") !=
      std::string::npos);
  const auto has = [&](std::string_view name) {
    return std::any_of(refused.headers.begin(), refused.headers.end(),
                       [&](const auto& each) { return each.first == name; });
  };
  CHECK(has("x-should-retry"));
  CHECK_FALSE(has("x-signalbox-route"));
  CHECK(refused.report.fault.kind == FaultKind::config_unusable);
  Request explain = asking("any");
  explain.target = "/signalbox/explain";
  CHECK(instance.serve(explain).report.fault.kind == FaultKind::config_unusable);
  Request ready;
  ready.method = "GET";
  ready.target = "/readyz";
  ready.headers = {{"host", "127.0.0.1:8484"}};
  CHECK(instance.serve(ready).body.find(R"("status":"unusable configuration","problems":1,"warnings":0)") !=
        std::string::npos);
  ready.method = "HEAD";
  CHECK(instance.serve(ready).body.empty());
}

TEST_CASE("example host: an effect that cannot be performed is the next event", "[example_host]") {
  Instance instance(config, keys, 1);
  auto other = std::make_shared<Config>(*instance.gateway().config());
  other->providers[0].credentials = {"nobody-has-it"};
  instance.gateway().adopt(other);
  instance.upstreams["https://a.example"] = says(message);
  const Answer answer = instance.serve(asking("alone"));
  CHECK(answer.status == 500);
  CHECK(answer.ending == Ending::complete);
  CHECK(answer.report.fault.kind == FaultKind::internal);
}

TEST_CASE("example host: a timer may be early, repeat itself or be late", "[example_host]") {
  for (const auto& [timer, total_ms] : {std::pair(Timer::exact, 5'000), {Timer::early, 5'000}, {Timer::late, 6'000}}) {
    Instance instance(config, keys, 1);
    instance.timer = timer;
    UpstreamAnswer slow;
    slow.silent_ms = 9'000;
    instance.upstreams["https://a.example"] = says(slow);
    const Answer answer = instance.serve(asking("alone"));
    CHECK(answer.status == 504);
    CHECK(answer.report.fault.kind == FaultKind::upstream_total_timeout);
    CHECK(answer.report.total_ms == total_ms);
  }
}

TEST_CASE("example host: an upload that fails is answered", "[example_host]") {
  Instance instance(config, keys, 1);
  Request request = asking("any");
  request.body.pop_back();
  request.upload_fault = FaultKind::request_timeout;
  const Answer answer = instance.serve(request);
  CHECK(answer.status == 408);
  CHECK(answer.ending == Ending::complete);
}

TEST_CASE("example host: what goes by the pipe is seen at its end alone", "[example_host]") {
  Instance instance(config, keys, 1);
  UpstreamAnswer bytes;
  bytes.headers = {{"content-type", "application/octet-stream"}};
  bytes.body = cut("not looked at", 3);
  SECTION("whole") {
    instance.upstreams["https://a.example"] = says(bytes);
    const Answer answer = instance.serve(asking("piped"));
    CHECK(answer.body == "not looked at");
    CHECK(answer.ending == Ending::complete);
    CHECK(answer.report.answer_bytes == answer.body.size());
  }
  SECTION("broken off") {
    bytes.fault = FaultKind::upstream_reset;
    instance.upstreams["https://a.example"] = says(bytes);
    CHECK(instance.serve(asking("piped")).ending == Ending::cut);
  }
}

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Without what all of its lines are indented by, so that an excerpt may begin at its own margin.
std::string at_margin(const std::string& block) {
  std::istringstream lines(block);
  std::vector<std::string> all;
  size_t margin = std::string::npos;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) margin = std::min(margin, line.find_first_not_of(' '));
    all.push_back(line);
  }
  std::string out;
  for (const std::string& line : all) out += (line.empty() ? line : line.substr(margin)) + '\n';
  return out;
}

// Whether `excerpt` stands in `source` as consecutive whole lines, at any indentation.
bool has_lines(const std::string& source, const std::string& excerpt) {
  const size_t count = size_t(std::count(excerpt.begin(), excerpt.end(), '\n'));
  for (size_t at = 0; at < source.size(); at = source.find('\n', at) + 1) {
    size_t end = at;
    for (size_t i = 0; i < count && end < source.size(); ++i) end = source.find('\n', end) + 1;
    if (at_margin(source.substr(at, end - at)) == excerpt) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("the guide to a new host shows lines that stand in the example host", "[example_host]") {
  const std::filesystem::path root(SIGNALBOX_ROOT);
  std::vector<std::string> sources;
  for (const auto& entry : std::filesystem::directory_iterator(root / "tests/example_host"))
    sources.push_back(text_of(entry.path()));
  const std::string guide = text_of(root / "docs/hosts/writing-a-host.md");
  constexpr std::string_view opening = "```cpp\n";
  size_t excerpts = 0;
  for (size_t at = guide.find(opening); at != guide.npos; at = guide.find(opening, at)) {
    at += opening.size();
    const size_t end = guide.find("```", at);
    REQUIRE(end != guide.npos);
    const std::string excerpt = at_margin(guide.substr(at, end - at));
    INFO("not in tests/example_host:\n" << excerpt);
    CHECK(std::any_of(sources.begin(), sources.end(),
                      [&](const std::string& source) { return has_lines(source, excerpt); }));
    ++excerpts;
  }
  CHECK(excerpts >= 6);
}
