// What an upstream does with one request: a list of steps in virtual time, made when the request comes, from the troubles
// of its provider at that moment. Transports' own deadlines are in it: a host would see to them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "plan.h"
#include "signalbox/fault.h"

namespace signalbox::simulation {

// What becomes of the attempt if nobody ends it before.
enum class Fate : uint8_t {
  good,
  failing,   // another lane may do better
  rejected,  // it is the client's own fault, and no lane's
  overflow,  // a lane with a larger context may do better
  empty,     // good enough where no other lane has something to say
};

struct UpstreamStep {
  enum class Kind : uint8_t { sent, head, body, end, failed };
  Kind kind = Kind::sent;
  int64_t after_ms = 0;  // after the step before
  std::string bytes;     // of a body, or what comes together with the end
  FaultKind fault = FaultKind::none;
};

struct UpstreamScript {
  std::vector<UpstreamStep> steps;
  Fate fate = Fate::good;
  TroubleKind trouble = TroubleKind::count_;  // count_: none
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;             // all that would come
  size_t good_bytes = 0;        // of it, up to and with its own end; 0: it has none
  int64_t retry_after_ms = -1;  // as its head says
  bool not_again = false;
  Said said;
};

struct UpstreamRequest {
  int provider = 0;
  int credential = 0;
  std::string model;
  int nonce = 0;  // as it stands in the request
  int attempt = 0;
  bool streamed = false;
  int64_t at_ms = 0;
};

UpstreamScript answer_to(const UpstreamRequest& request, const Plan& plan, const Setting& setting);

// Looks like a provider's key; an upstream that is careless quotes it.
inline constexpr const char* quoted_key = "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlMnOpQrStUvWxYz";

}  // namespace signalbox::simulation
