// A complete host without sockets, for tests and as the example of docs/hosts/writing-a-host.md. An Instance is what
// its exchanges share: configuration, secrets, gateway, clock, upstreams. Requests, answers and upstreams are values.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signalbox/capabilities.h"
#include "signalbox/config.h"
#include "signalbox/effect.h"
#include "signalbox/event.h"
#include "signalbox/gateway.h"
#include "signalbox/instant.h"
#include "signalbox/report.h"

namespace signalbox::example {

using Fields = std::vector<std::pair<std::string, std::string>>;
using Environment = std::map<std::string, std::string, std::less<>>;

// What a client sends, and when it leaves. Times count from its head.
struct Request {
  std::string method = "POST";
  std::string target = "/v1/messages";
  Fields headers;
  std::vector<std::string> body;             // in the pieces in which it comes
  FaultKind upload_fault = FaultKind::none;  // what the upload ends with instead of its end
  int64_t leaves_after_ms = never_ms;
  PeerScope peer = PeerScope::loopback;
  std::array<uint8_t, 16> random{};
};

// What the client got, and what the log would say.
struct Answer {
  int status = 0;  // 0: no head
  Fields headers;
  std::string body;
  Ending ending = Ending::cut;
  Report report;
};

struct UpstreamRequest {
  std::string method, url;
  Fields headers;
  std::string body;
};

struct UpstreamAnswer {
  int status = 200;
  Fields headers = {{"content-type", "application/json"}};
  std::vector<std::string> body;      // in the pieces in which it comes
  FaultKind fault = FaultKind::none;  // what it ends with instead of its end; without a status it fails before its head
  int64_t silent_ms = 0;              // before its head
  int64_t between_pieces_ms = 0;
};

using Upstream = std::function<UpstreamAnswer(const UpstreamRequest&)>;

// How this host's timer keeps the instants that exchanges ask for. All of it is allowed.
enum class Timer : uint8_t {
  exact,
  early,  // and again and again: with every event
  late,   // by a second
};

// What this host can do.
inline constexpr Capabilities example_host{
    .request_bytes_max = 1 << 20, .upstream_proxies = false, .own_ca_files = false, .state_file = false};

class Instance {
 public:
  // `config` is JSON; what it names as ${NAME} is looked up in `environment`. With problems the instance serves health
  // and nothing else. `writer` differs among instances that share state.
  Instance(std::string_view config, const Environment& environment, uint32_t writer);

  // Serves one request to its end.
  Answer serve(const Request& request);

  // Takes what another instance's exchanges have to share, from now on.
  void share_with(Instance& sister) { sisters_.push_back(&sister); }

  std::map<std::string, Upstream, std::less<>> upstreams;  // by scheme and authority of the URL
  Now now{1'000, 1'790'000'000'000};                       // goes on with what happens
  Timer timer = Timer::exact;

  Gateway& gateway() { return *gateway_; }
  const std::vector<std::string>& problems() const { return problems_; }
  // Null when there is none of these names.
  const std::string* secret(std::string_view provider, std::string_view credential) const;
  const Upstream* upstream_of(std::string_view url) const;

 private:
  std::vector<std::string> problems_;
  std::map<std::pair<std::string, std::string>, std::string> secrets_;
  std::unique_ptr<Gateway> gateway_;
  std::vector<Instance*> sisters_;
};

}  // namespace signalbox::example
