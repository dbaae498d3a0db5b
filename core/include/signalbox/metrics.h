// What a host counts over all its exchanges, for GET /metrics. A host that has one gateway for long shares a board
// (Gateway::share_metrics); where none is shared nothing is counted and nothing of this is linked.
//
// Each gateway writes to a table of its own, and whoever asks gets the sum over all of them: no lock, and no two threads
// that write to one counter. Tables hold configured names only, as hashes, and have bounds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "signalbox/fault.h"
#include "signalbox/instant.h"
#include "signalbox/report.h"

namespace signalbox {

class Gateway;

// How a request ended, as its client saw it.
enum class RequestOutcome : uint8_t {
  ok,
  failed,    // every lane came to nothing
  rejected,  // a lane found the request wrong
  broken,    // after content
  refused,   // by the gateway, before or instead of asking a lane
  client_left,
};
inline constexpr size_t request_outcome_count = 6;

enum class AttemptResult : uint8_t { answered, failed, client_left, withdrawn };
inline constexpr size_t attempt_result_count = 4;

// Views hold during the call. Names are the configuration's, or empty.
struct EndedRequest {
  std::string_view route, provider;
  RequestOutcome outcome = RequestOutcome::ok;
  FaultKind fault = FaultKind::none;
  int64_t first_content_ms = -1;  // from the request's head; -1: it had none
  int64_t total_ms = 0;
  Usage usage = {};
};

// One gateway's table. All but write from that gateway's thread.
class Metrics {
 public:
  virtual ~Metrics() = default;
  // A request that lanes may be asked for has begun; each ends once.
  virtual void begin() = 0;
  virtual void end(const EndedRequest& request) = 0;
  virtual void end_attempt(std::string_view provider, AttemptResult result, FaultKind kind) = 0;
  // Appends the sum over the board in Prometheus' text format 0.0.4, with how the lanes of `gateway` stand.
  virtual void write(std::string& out, Gateway& gateway, Now now) const = 0;
};

class MetricsBoard {
 public:
  virtual ~MetricsBoard() = default;
  virtual Metrics& of(uint32_t gateway) = 0;
};

// For as many gateways, numbered from 0; outlives them.
std::unique_ptr<MetricsBoard> make_metrics_board(uint32_t gateway_count);

}  // namespace signalbox
