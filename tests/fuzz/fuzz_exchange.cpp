// Event sequences: whatever a host tells, in whatever order, one exchange keeps its promises; over routes with
// several lanes of two dialects, so that attempts follow each other, with and without translation. The input
// chooses events and what bodies are made of: frames and answers as upstreams send them, and bytes of its own.
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "exchange_host.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

using namespace signalbox;
using testing::Host;
using testing::require;

namespace {

Provider provider_of(std::string name, Dialect dialect) {
  Provider provider;
  provider.name = name;
  provider.dialect = dialect;
  provider.base_url = "http://" + name + ".example/v1/";
  provider.credentials = {"one"};
  provider.timeouts.total_ms = 5'000;
  return provider;
}

std::shared_ptr<const Config> make_config() {
  auto config = std::make_shared<Config>();
  config->providers.push_back(provider_of("a", Dialect::anthropic));
  config->providers.push_back(provider_of("c", Dialect::openai_chat));
  config->providers.push_back(provider_of("b", Dialect::anthropic));
  config->providers[2].credentials = {"one", "two"};
  Provider mock;
  mock.name = "mock";
  mock.mock = true;
  config->providers.push_back(mock);
  const auto route = [&](std::string match, std::vector<Target> targets) -> Route& {
    Route& added = config->routes.emplace_back();
    added.match = std::move(match);
    added.targets = std::move(targets);
    return added;
  };
  const Target a{0, "x"}, c{1, "y"}, b{2, ""}, own_mock{3, ""};
  route("mock*", {own_mock});
  route("pass*", {a, b, c}).accounting = Accounting::off;
  route("head*", {a, c, b}).commit = Commit::head;
  route("loss*", {c, a}).on_loss = OnLoss::reject;
  route("last*", {c, own_mock}).echo_model = EchoModel::upstream;
  route("c*", {c, a, b});
  route("*", {a, c, b});
  config->server.limits.frame_bytes_max = 2048;
  config->server.limits.request_bytes_max = 4096;
  config->failover.gate_ms = 500;
  config->failover.keep_alive_ms = 300;
  config->failover.gate_frames_max = 4;
  config->failover.gate_bytes_max = 1024;
  config->failover.retry_wait_ms_max = 1000;
  return config;
}

// A reader of the fuzzer's bytes.
struct Source {
  const uint8_t* data;
  size_t left;
  uint8_t byte() { return left ? (--left, *data++) : 0; }
  std::string_view text(size_t n) {
    n = n < left ? n : left;
    std::string_view view(reinterpret_cast<const char*>(data), n);
    data += n;
    left -= n;
    return view;
  }
};

constexpr std::string_view requests[] = {
    R"({"model":"%","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]})",
    R"({"model":"%","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"now","input_schema":{"type":"object"}}]})",
    R"({"model":"%","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]})",
    R"({"model":"%","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"sb1.openai_chat.00000000.QQ"},{"type":"text","text":"u"}]}],"stream":true,"max_tokens":9,"container":"c"})",
    R"({"model":"%","stream":true})",
};

// What upstreams send; '#' becomes the attempt's number, so that one attempt's content is told from another's.
constexpr std::string_view pieces[] = {
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":3,"
    "\"output_tokens\":1}}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_start\ndata: "
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
    "\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
    "\"text\":\"said-in-attempt-#\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":"
    "\"tool_use\",\"id\":\"toolu_1\",\"name\":\"now\",\"input\":{}}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":"
    "\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":#}\"}}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{"
    "\"output_tokens\":5}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"said-in-attempt-#\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"said-in-attempt-#\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"function\":{\"name\":"
    "\"now\",\"arguments\":\"{}\"}}]}}]}\n\n",
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"function\":{\"name\":\"now\",\"arguments\":"
    "\"{\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n",
    "data: [DONE]\n\n",
    "data: {\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\"}}\n\n",
    ": waiting\n\n",
    R"({"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"said-in-attempt-#"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}})",
    R"({"id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}})",
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":"said-in-attempt-#"},"finish_reason":"stop"}]})",
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":null},"finish_reason":"stop"}]})",
    R"({"type":"error","error":{"type":"invalid_request_error","message":"messages.0: Invalid `signature` in `thinking` block"}})",
    R"({"error":{"message":"no","type":"server_error"}})",
};
constexpr size_t piece_count = sizeof pieces / sizeof pieces[0];

// Bytes of the fuzzer's own, which learns what is looked for and would say it too.
std::string unmarked(std::string_view bytes) {
  std::string out(bytes);
  for (size_t at = 0; (at = out.find("said", at)) != out.npos;) out[at] = 'S';
  return out;
}

std::string filled_in(std::string_view pattern, char mark, std::string_view with) {
  std::string out;
  for (const char c : pattern)
    if (c == mark) out += with;
    else out += c;
  return out;
}

constexpr std::string_view targets[] = {
    "/v1/messages", "/v1/chat/completions", "/v1/messages?beta=true", "/v1/messages/count_tokens",
    "/v1/models",   "/v1/models/m",         "/signalbox/explain",     "/healthz",
    "/readyz",      "/v1/responses",        "/v1beta/models"};
constexpr std::string_view types[] = {"text/event-stream", "application/json; charset=x", "text/html", ""};
constexpr int statuses[] = {200, 200, 200, 200, 201, 302, 400, 401, 404, 413, 429, 500, 529, 204};
constexpr std::string_view models[] = {"m", "c", "head", "loss", "last", "pass", "mock"};
constexpr std::string_view waits[] = {"", "0", "1", "17", "x"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto config = make_config();
  Gateway gateway(config, {}, 1);
  Exchange exchange(gateway);
  Host host(exchange);
  Source source{data, size};
  // What a host keeps for the exchange: heads and request windows.
  std::deque<std::array<Header, 4>> heads;
  std::deque<std::string> kept;
  Now now{0, 1'700'000'000'000};

  const auto client_head = [&](std::string_view method, std::string_view target, PeerScope peer) {
    auto& headers = heads.emplace_back();
    headers[0] = {"content-type", "application/json"};
    headers[1] = {"x-api-key", "k"};
    headers[2] = {"connection", source.text(source.byte() % 16)};
    headers[3] = {source.text(source.byte() % 16), source.text(source.byte() % 16)};
    host.tell(ClientHead{method, target, headers, -1, peer, {}}, now);
  };

  // Mostly a proper request, so that the rest of the input is about its answer.
  const uint8_t how = source.byte();
  if (how % 4) {
    const bool chat = (how & 4) != 0;
    const std::string_view request = requests[source.byte() % 5];
    kept.push_back(filled_in(request, '%', models[source.byte() % 7]));
    host.asks_for(request.find("\"stream\":true") != request.npos, !chat);
    client_head("POST", targets[chat ? 1 : 0], PeerScope::loopback);
    host.tell(ClientBody{kept.back(), true}, now);
  }

  for (int step = 0; step < 96 && source.left; ++step) {
    const uint8_t choice = source.byte();
    now.monotonic_ms += choice;
    now.unix_ms += choice;
    // Mostly of the attempt there is, now and then of one that is over or never was.
    const uint32_t attempt = choice < 0xe0 ? host.attempt() : choice & 3;
    const bool current = attempt == host.attempt() && host.open() && !host.pipes();
    switch (choice % 12) {
      case 0:
        client_head(choice & 0x20 ? "GET" : "POST", targets[source.byte() % 11],
                    choice & 0x10 ? PeerScope::remote : PeerScope::loopback);
        break;
      case 1: {
        kept.push_back(unmarked(source.text(source.byte())));
        host.tell(ClientBody{kept.back(), (choice & 0x80) == 0}, now);
        break;
      }
      case 2:
        if (choice > 0xd0) host.tell(ClientGone{}, now);
        else if (choice < 0x10) host.tell(ClientFailed{FaultKind::request_timeout}, now);
        break;
      case 3: host.tell(UpstreamSent{attempt}, now); break;
      case 4: {
        auto& headers = heads.emplace_back();
        headers[0] = {"content-type", types[source.byte() % 4]};
        headers[1] = {"retry-after", waits[source.byte() % 5]};
        headers[2] = {"x-should-retry", choice & 0x10 ? "false" : "true"};
        host.tell(UpstreamHead{attempt, statuses[source.byte() % 14], {headers.data(), 3}}, now);
        break;
      }
      case 5:
      case 6:
      case 7:
      case 8: {
        std::string fresh = choice & 0x80
                                ? unmarked(source.text(source.byte()))
                                : filled_in(pieces[source.byte() % piece_count], '#', std::to_string(attempt));
        if (choice & 0x10) fresh.resize(fresh.size() / 2);
        if (!current) {
          host.tell(UpstreamBody{attempt, fresh, fresh.size()}, now);
          break;
        }
        host.window() += fresh;
        // The core sees a window only as long as the event lasts.
        const auto shown = std::make_unique<std::string>(host.window());
        host.tell(UpstreamBody{attempt, *shown, fresh.size()}, now);
        break;
      }
      case 9: {
        const auto shown = std::make_unique<std::string>(current ? host.window() : std::string());
        host.tell(UpstreamEnd{attempt, *shown}, now);
        break;
      }
      case 10:
        if (choice & 0x20) host.tell(UpstreamPiped{attempt, 9, (choice & 0x10) == 0}, now);
        else host.tell(UpstreamFailed{attempt, FaultKind::upstream_reset}, now);
        break;
      case 11: host.tell(Woken{}, now); break;
    }
  }
  if (!exchange.finished() && how % 4) host.tell(ClientGone{}, now);
  require(exchange.finished() || how % 4 == 0, "a client that leaves ends it");
  return 0;
}
