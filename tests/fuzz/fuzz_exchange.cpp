// Event sequences: whatever a host tells, in whatever order, one exchange keeps its promises. The first
// bytes of the input choose events, the rest is what bodies and headers are made of.
#include <array>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <variant>

#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

using namespace signalbox;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::shared_ptr<const Config> make_config() {
  auto config = std::make_shared<Config>();
  Provider provider;
  provider.name = "up";
  provider.base_url = "http://u.example/v1/";
  provider.credentials = {"one", "two"};
  config->providers.push_back(provider);
  provider = {};
  provider.name = "mock";
  provider.mock = true;
  config->providers.push_back(provider);
  config->routes.push_back({"mock*", {{1, ""}}, Accounting::on});
  config->routes.push_back({"pass*", {{0, ""}}, Accounting::off});
  config->routes.push_back({"*", {{0, "renamed"}}, Accounting::on});
  config->server.limits.frame_bytes_max = 256;
  config->server.limits.request_bytes_max = 4096;
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto config = make_config();
  Gateway gateway(config, {}, 1);
  Exchange exchange(gateway);
  Source source{data, size};

  constexpr std::string_view targets[] = {"/v1/messages?beta=true",
                                          "/v1/messages/count_tokens",
                                          "/v1/models",
                                          "/v1/models/m",
                                          "/signalbox/explain",
                                          "/healthz",
                                          "/readyz",
                                          "/v1/responses",
                                          "/v1beta/models"};
  constexpr std::string_view types[] = {"text/event-stream", "application/json; charset=x", "text/html", ""};
  // What a host keeps for the exchange: heads and request windows.
  std::deque<std::array<Header, 4>> heads;
  std::deque<std::string> bodies;
  std::string window;
  size_t fresh = 0;
  bool open = false, finished = false, head_sent = false;
  BodyMode mode = BodyMode::rewrite;
  Now now{0, 1'700'000'000'000};

  for (int step = 0; step < 64 && source.left; ++step) {
    const uint8_t choice = source.byte();
    now.monotonic_ms += choice;
    const uint32_t attempt = choice & 0x40 ? 2 : 1;
    Event event = Woken{};
    std::array<Header, 4>& headers = heads.emplace_back();
    switch (choice % 11) {
      case 0: {
        headers[0] = {"content-type", "application/json"};
        headers[1] = {"x-api-key", "k"};
        headers[2] = {"connection", source.text(source.byte() % 16)};
        headers[3] = {source.text(source.byte() % 16), source.text(source.byte() % 16)};
        event = ClientHead{choice & 0x20 ? "GET" : "POST",
                           targets[source.byte() % 9],
                           headers,
                           -1,
                           choice & 0x10 ? PeerScope::remote : PeerScope::loopback,
                           {}};
        break;
      }
      case 1: {
        std::string& kept = bodies.emplace_back();
        kept = choice & 0x20
                   ? std::string(source.text(source.byte()))
                   : std::string(R"({"model":")") + std::string(source.text(source.byte() % 8)) + R"(","stream":true})";
        event = ClientBody{kept, (choice & 0x80) == 0};
        break;
      }
      case 2: event = ClientGone{}; break;
      case 3: event = ClientFailed{FaultKind::request_timeout}; break;
      case 4: event = UpstreamSent{attempt}; break;
      case 5: {
        headers[0] = {"content-type", types[source.byte() % 4]};
        headers[1] = {"retry-after", source.text(source.byte() % 32)};
        constexpr int statuses[] = {200, 201, 302, 400, 401, 404, 429, 500, 529};
        event = UpstreamHead{attempt, statuses[source.byte() % 9], {headers.data(), 2}};
        break;
      }
      case 6:
      case 7: {
        const size_t before = window.size();
        window += source.text(source.byte());
        fresh = window.size() - before;
        event = UpstreamBody{attempt, window, fresh};
        break;
      }
      case 8: event = UpstreamEnd{attempt, window}; break;
      case 9:
        event = choice & 0x20 ? Event(UpstreamPiped{attempt, 9, true})
                              : Event(UpstreamFailed{attempt, FaultKind::upstream_reset});
        break;
      case 10: event = Woken{}; break;
    }
    const Step answer = exchange.handle(event, now);
    require(!finished || answer.effects.empty());
    for (const Effect& effect : answer.effects) {
      require(!finished);
      if (auto* e = std::get_if<OpenUpstream>(&effect)) {
        require(!open && !head_sent && e->attempt >= 1);
        open = true;
        size_t bytes = 0;
        for (std::string_view piece : e->body) bytes += piece.size();
        require(bytes <= 8192);
      } else if (std::holds_alternative<CancelUpstream>(effect)) {
        open = false;
      } else if (auto* h = std::get_if<SendClientHead>(&effect)) {
        require(!head_sent && h->status >= 100 && h->status < 600);
        for (const Header& header : h->headers)
          require(header.value.find_first_of("\r\n") == std::string_view::npos || header.value == headers[1].value);
        head_sent = true;
        mode = h->mode;
      } else if (std::holds_alternative<SendClientBody>(effect)) {
        require(head_sent);
      } else if (auto* r = std::get_if<ReleaseBody>(&effect)) {
        require(head_sent && mode == BodyMode::observe && r->to == ReleaseTo::client && r->bytes <= window.size());
        window.erase(0, r->bytes);
      } else if (auto* f = std::get_if<Finish>(&effect)) {
        require(f->report != nullptr);
        finished = true;
        std::string line;
        write_json_line(line, *f->report);
        write_terminal_line(line, *f->report);
      }
    }
    require(finished == exchange.finished());
    if (choice % 11 == 8 || choice % 11 == 9) open = false;
  }
  return 0;
}
