// The core alone, for counting instructions: exchanges of one shape through Exchange::handle, with a host that does
// what every host must and nothing more. No socket, no clock: every run executes the same instructions.
//
//   bench_steps REQUEST ANSWER CLIENT UPSTREAM COUNT
//   bench_steps REQUEST ANSWER CLIENT UPSTREAM state
//
// The second prints how much memory one exchange holds: after its first frame, in the midst of its answer, and at most from
// its first frame on. What the host holds (the client's body, the window over the answer) is not counted.
//
// REQUEST and ANSWER are files with the bodies, in the dialects CLIENT and UPSTREAM. An answer is one JSON text, or a stream of
// which each event is told as an UpstreamBody of its own, as providers send them. scripts/bench --instructions runs it
// under callgrind with two counts; the difference of both is the cost without start-up.
#include <malloc.h>

#include <algorithm>
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
  if (!file) fail("no such file");
  std::string text;
  char piece[1 << 16];
  while (size_t n = std::fread(piece, 1, sizeof piece, file)) text.append(piece, n);
  std::fclose(file);
  return text;
}

std::shared_ptr<const Config> configuration(Dialect dialect) {
  auto config = std::make_shared<Config>();
  Provider provider;
  provider.name = "mock";
  provider.dialect = dialect;
  provider.base_url = "http://127.0.0.1:9";
  provider.credentials = {"main"};
  config->providers.push_back(provider);
  Route route;
  route.match = "claude-*";
  route.targets.push_back({0, "claude-bench-upstream"});
  config->routes.push_back(std::move(route));
  return config;
}

struct Answer {
  std::string text;
  std::string_view content_type = "application/json";
  std::string_view target;  // which the client asks for it
  std::vector<std::string_view> pieces;
  bool translated = false;
};

void cut_into_pieces(Answer& answer) {
  std::string_view rest = answer.text;
  if (!rest.empty() && rest.front() == '{') {
    answer.pieces.push_back(rest);
    return;
  }
  answer.content_type = "text/event-stream";
  while (!rest.empty()) {
    const size_t end = std::min(rest.find("\n\n"), rest.find("\n\r\n"));
    const size_t bytes = end == rest.npos ? rest.size() : end + (rest[end + 1] == '\r' ? 3 : 2);
    answer.pieces.push_back(rest.substr(0, bytes));
    rest.remove_prefix(bytes);
  }
}

Dialect dialect_of(std::string_view name) {
  for (Dialect each : {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses, Dialect::gemini})
    if (name_of(each) == name) return each;
  fail("no such dialect");
}

// Where a client asks for an answer in one piece or in many.
std::string_view target_of(Dialect client, size_t pieces) {
  switch (client) {
    case Dialect::anthropic: return "/v1/messages?beta=true";
    case Dialect::openai_chat: return "/v1/chat/completions";
    case Dialect::openai_responses: return "/v1/responses";
    case Dialect::gemini: break;
  }
  return pieces == 1 ? "/v1beta/models/claude-opus-5-5:generateContent"
                     : "/v1beta/models/claude-opus-5-5:streamGenerateContent?alt=sse";
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
  void perform(const DecodeRequest&) {}
  void perform(const ReleaseRequest&) {}
  void perform(const ShareState&) {}
  void perform(const AwaitTurn&) {}
  void perform(const GiveTurn&) {}
  void perform(const AwaitTaking&) {}
  void perform(const SetPace&) {}
  void perform(const AskPlace&) {}

  void perform(const Step& step) {
    for (const Effect& effect : step.effects) {
      std::visit([this](const auto& one) { perform(one); }, effect);
    }
  }
};

// What is allocated, by the C library's own account, which those of WebAssembly do not give.
size_t allocated_bytes() {
#ifdef __GLIBC__
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  fail("this C library does not tell what is allocated");
#endif
}

struct State {
  size_t first_bytes = 0, midst_bytes = 0, most_bytes = 0;
};

// `state`: filled where it is given.
void run_once(Gateway& gateway, const std::string& body, const Answer& answer, std::string& window, State* state) {
  const size_t before_bytes = state ? allocated_bytes() : 0;
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
  head.target = answer.target;
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
    if (!state) continue;
    const size_t held_bytes = allocated_bytes() - before_bytes;
    if (state->first_bytes == 0) state->first_bytes = held_bytes;
    if (total <= answer.text.size() / 2) state->midst_bytes = held_bytes;
    state->most_bytes = std::max(state->most_bytes, held_bytes);
  }
  host.perform(exchange.handle(UpstreamEnd{host.attempt, std::string_view(window).substr(host.window_begin)}, now));
  if (!host.finished || !host.head_sent) fail("the exchange did not finish");
  const bool right = answer.translated ? host.client_bytes > total / 4 : host.client_bytes == total;
  if (!right) fail("the client did not get the upstream's answer");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) fail("REQUEST ANSWER CLIENT UPSTREAM COUNT|state");
  const Dialect client = dialect_of(argv[3]), upstream = dialect_of(argv[4]);
  const std::string body = read_file(argv[1]);
  Answer answer;
  answer.text = read_file(argv[2]);
  answer.translated = client != upstream;
  cut_into_pieces(answer);
  answer.target = target_of(client, answer.pieces.size());
  Gateway gateway(configuration(upstream), Capabilities{}, 1);
  std::string window;  // kept between exchanges, as a host pools its buffers
  if (std::string_view(argv[5]) == "state") {
    State state;
    run_once(gateway, body, answer, window, nullptr);
    const Exchange other(gateway);  // which has the memory that the gateway keeps
    run_once(gateway, body, answer, window, &state);
    std::printf("%zu %zu %zu\n", state.first_bytes, state.midst_bytes, state.most_bytes);
    return 0;
  }
  const int count = std::atoi(argv[5]);
  for (int i = 0; i < count; ++i) run_once(gateway, body, answer, window, nullptr);
  std::printf("%d exchanges\n", count);
  return 0;
}
