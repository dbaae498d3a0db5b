// The core alone, for counting instructions: exchanges of one shape through Exchange::handle, with a host that does
// what every host must and nothing more. No socket, no clock: every run executes the same instructions.
//
//   bench_steps REQUEST whole|ANSWER_FRAMES COUNT
//
// REQUEST is a file with the request's body. The answer is one JSON text, or a stream of which each event is told as
// an UpstreamBody of its own, as providers send them. scripts/bench --instructions runs it under callgrind with two
// counts; the difference of both is the cost without start-up.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

namespace {

using namespace signalbox;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_steps: %s\n", what);
  std::exit(1);
}

std::string read_file(const char* path) {
  FILE* file = std::fopen(path, "rb");
  if (!file) fail("no such request file");
  std::string text;
  char piece[1 << 16];
  while (size_t n = std::fread(piece, 1, sizeof piece, file)) text.append(piece, n);
  std::fclose(file);
  return text;
}

std::shared_ptr<const Config> configuration() {
  auto config = std::make_shared<Config>();
  Provider provider;
  provider.name = "mock";
  provider.base_url = "http://127.0.0.1:9";
  provider.credentials = {"main"};
  config->providers.push_back(provider);
  config->routes.push_back({"claude-*", {{0, "claude-bench-upstream"}}, Accounting::on});
  return config;
}

constexpr std::string_view message_start =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\",\"type\":\"message\","
    "\"role\":\"assistant\",\"model\":\"claude-bench-upstream\",\"content\":[],\"stop_reason\":null,"
    "\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\n\n";
constexpr std::string_view block_start =
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
    "{\"type\":\"text\",\"text\":\"\"}}\n\n";
constexpr std::string_view block_delta =
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
    "{\"type\":\"text_delta\",\"text\":\"signal \"}}\n\n";
constexpr std::string_view block_stop =
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
constexpr std::string_view message_delta =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
    "\"stop_sequence\":null},\"usage\":{\"output_tokens\":100}}\n\n";
constexpr std::string_view message_stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
constexpr std::string_view whole_answer =
    "{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-bench-upstream\",\"content\":"
    "[{\"type\":\"text\",\"text\":\"signal arm lever track points block lamp wire bell token signal arm lever track "
    "points block lamp wire bell token signal arm lever track \"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
    "\"usage\":{\"input_tokens\":12,\"output_tokens\":24}}";

struct Answer {
  std::string_view content_type = "application/json";
  std::vector<std::string_view> pieces{whole_answer};
};

Answer streamed(int frames) {
  Answer answer{"text/event-stream", {message_start, block_start}};
  answer.pieces.insert(answer.pieces.end(), size_t(frames), block_delta);
  answer.pieces.insert(answer.pieces.end(), {block_stop, message_delta, message_stop});
  return answer;
}

// What a host keeps for one exchange, performed effect by effect.
struct Host {
  size_t sent_bytes = 0;    // request body handed to the transport
  size_t client_bytes = 0;  // answer body the client got
  size_t window_begin = 0;  // first byte of the answer not let go of yet
  uint32_t attempt = 0;
  bool head_sent = false;
  bool finished = false;

  void perform(const OpenUpstream& effect) {
    attempt = effect.attempt;
    for (std::string_view piece : effect.body) sent_bytes += piece.size();
  }
  void perform(const SendClientHead& effect) {
    if (effect.status != 200) fail("an error status");
    head_sent = true;
  }
  void perform(const SendClientBody& effect) { client_bytes += effect.bytes.size(); }
  void perform(const ReleaseBody& effect) {
    if (effect.to == ReleaseTo::client) client_bytes += effect.bytes;
    window_begin += effect.bytes;
  }
  void perform(const Finish& effect) {
    if (effect.ending != Ending::complete) fail("an answer was cut");
    finished = true;
  }
  void perform(const CancelUpstream&) {}
  void perform(const ReleaseRequest&) {}
  void perform(const ShareState&) {}

  void perform(const Step& step) {
    for (const Effect& effect : step.effects) {
      std::visit([this](const auto& one) { perform(one); }, effect);
    }
  }
};

void run_once(Gateway& gateway, const std::string& body, const Answer& answer, std::string& window) {
  const Now now{1'000'000, 1'700'000'000'000};
  const std::string length = std::to_string(body.size());
  const Header request_headers[] = {
      {"host", "127.0.0.1:8484"},
      {"content-type", "application/json"},
      {"anthropic-version", "2023-06-01"},
      {"x-api-key", "bench-client"},
      {"accept", "application/json"},
      {"user-agent", "bench"},
      {"anthropic-beta", "context-management-2025-06-27"},
      {"content-length", length},
  };
  const Header answer_headers[] = {{"content-type", answer.content_type}, {"request-id", "req_upstream"}};
  Exchange exchange(gateway);
  Host host;

  ClientHead head;
  head.method = "POST";
  head.target = "/v1/messages?beta=true";
  head.headers = request_headers;
  head.body_bytes = int64_t(body.size());
  head.peer = PeerScope::loopback;
  host.perform(exchange.handle(head, now));
  host.perform(exchange.handle(ClientBody{body, true}, now));
  if (!host.attempt) fail("no upstream was opened");
  host.perform(exchange.handle(UpstreamSent{host.attempt}, now));
  host.perform(exchange.handle(UpstreamHead{host.attempt, 200, answer_headers}, now));
  window.clear();
  size_t total = 0;
  for (std::string_view piece : answer.pieces) {
    total += piece.size();
    window.append(piece);
    UpstreamBody event{host.attempt, std::string_view(window).substr(host.window_begin), piece.size()};
    host.perform(exchange.handle(event, now));
  }
  host.perform(exchange.handle(UpstreamEnd{host.attempt, std::string_view(window).substr(host.window_begin)}, now));
  if (!host.finished || !host.head_sent) fail("the exchange did not finish");
  if (host.client_bytes != total) fail("the client did not get the upstream's bytes");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("REQUEST whole|ANSWER_FRAMES COUNT");
  const std::string body = read_file(argv[1]);
  const Answer answer = std::string_view(argv[2]) == "whole" ? Answer{} : streamed(std::atoi(argv[2]));
  const int count = std::atoi(argv[3]);
  Gateway gateway(configuration(), Capabilities{}, 1);
  std::string window;  // kept between exchanges, as a host pools its buffers
  for (int i = 0; i < count; ++i) run_once(gateway, body, answer, window);
  std::printf("%d exchanges\n", count);
  return 0;
}
