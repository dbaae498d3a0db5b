// The state of one exchange and its handlers. One handler per event; the tables in lifecycle.h decide
// what reaches them.
//
//   machine.cpp      handle, enter, poison
//   client_side.cpp  what the client says: head, body, leaving
//   decision.cpp     what is to be done with it, as a pure function
//   attempt.cpp      one try at a lane: opening it, its head, its failure, the commit point
//   answer.cpp       the answer after the commit, up to its honest end
//   reply.cpp        answers of our own: errors, catalogue, health
//   explain.cpp      what would be done, without doing it
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "auth/client_auth.h"
#include "base/arena.h"
#include "dialects/dialect.h"
#include "exchange/decision.h"
#include "exchange/lifecycle.h"
#include "http/endpoint.h"
#include "json/skimmer.h"
#include "routing/plan.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"
#include "sse/frame_reader.h"

namespace signalbox::exchange {

class Machine {
 public:
  explicit Machine(Gateway& gateway);
  Step handle(const Event& event, Now now);
  bool finished() const { return phase_ == Phase::finished; }

 private:
  // What the core makes of an answer's body as it goes by.
  enum class Watch : uint8_t { nothing, frames, whole };

  // One try at a lane, and what has been seen of its answer.
  struct Attempt {
    uint32_t number = 0;  // from 1; 0 before the first
    const routing::Lane* lane = nullptr;
    bool open = false;  // the host still has it
    bool sent = false;
    Watch watch = Watch::nothing;
    std::optional<sse::FrameReader> frames;
    std::optional<json::Skimmer> skimmer;
    dialects::Observation seen;
  };

  // machine.cpp
  void enter(Phase next);
  void dispatch(const Event& event);
  void poison(std::string_view broken_rule);
  template <class E>
  void emit(E effect) {
    effects_.emplace_back(std::move(effect));
  }

  // client_side.cpp
  void on(const ClientHead& head);
  void on(const ClientBody& body);
  void on(const ClientGone&);
  void on(const ClientFailed& failed);
  void on(const Woken&);
  Fault admit(const ClientHead& head);
  Fault admit_client(const ClientHead& head);
  void converse();
  void answer_with_mock(const routing::Lane& lane);
  int64_t request_bytes_max() const;

  // attempt.cpp
  void open_attempt(const routing::Lane& lane);
  void on(const UpstreamSent&);
  void on(const UpstreamHead& head);
  void fail_attempt(Fault fault);
  void drop_attempt();
  void cool_lane(int64_t cool_ms);
  void commit(const UpstreamHead& head, BodyMode mode, Watch watch);
  void answer_upstream_error(const UpstreamHead& head);
  std::span<const Header> upstream_headers(const Provider& provider, CredentialPlace place);
  const Provider& provider() const { return config_->providers[attempt_.lane->provider]; }
  const dialects::DialectRow& upstream_dialect() const { return dialects::row_of(provider().dialect); }

  // answer.cpp
  void on(const UpstreamBody& body);
  void on(const UpstreamEnd& end);
  void on(const UpstreamFailed& failed);
  void on(const UpstreamPiped& piped);
  void watch_frames(std::string_view window);
  void release(size_t bytes);
  void end_answer();
  void cut_answer(FaultKind kind);
  void release_request_if_done();

  // reply.cpp
  void refuse(Fault fault);
  void refuse(Fault fault, int status, std::span<const Header> extra);
  void reply(int status, std::string_view content_type, std::string_view body, std::span<const Header> extra = {});
  void reply_models();
  void reply_model();
  dialects::ModelEntry describe(std::string_view name) const;
  void reply_health();
  void reply_ready();
  void reply_estimate();
  void finish(Ending ending);
  // Our own headers of every answer, written behind `filled` entries of `headers`; returns the new count.
  size_t add_own_headers(std::span<Header> headers, size_t filled);
  static constexpr size_t own_headers_max = 6;

  // explain.cpp
  void reply_explanation();

  Gateway& gateway_;
  std::shared_ptr<const Config> config_;  // as it was when the exchange began
  Arena arena_;
  std::vector<Effect> effects_;
  Phase phase_ = Phase::start;
  Now now_;
  Now began_;
  int64_t wake_at_ms_ = never_ms;
  Report report_;

  // The request. Views into the host's request window and head, until ReleaseRequest.
  ClientHead head_;
  http::Endpoint endpoint_;
  Access access_ = Access::all;
  bool has_admin_key_ = false;
  std::string_view body_;
  bool request_released_ = false;
  Decision decision_;

  Attempt attempt_;
  bool head_sent_ = false;
};

}  // namespace signalbox::exchange
