// Serves one request: feeds its exchange with what happens, and performs what that asks for, one function per
// effect. Everything happens in one loop that waits for whatever comes first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_answer.h"
#include "client_request.h"
#include "instance.h"
#include "signalbox/exchange.h"
#include "upstream_attempt.h"

namespace signalbox::wasi {

class Performer {
 public:
  // Takes the request and the right to answer it.
  Performer(Instance& instance, abi::RawHandle request, abi::RawHandle outparam);

  // Serves it to its end; then shares what was learnt, and writes the log.
  void serve();

 private:
  // One attempt, under its number.
  struct Voice {
    uint32_t number = 0;
    BodyMode mode = BodyMode::rewrite;
    std::unique_ptr<UpstreamAttempt> attempt;
    std::string_view window;  // only while an event that shows it is told
    size_t released = 0;      // of it
    uint64_t piped_bytes = 0;
  };

  void tell(const Event& event);
  void perform(const Step& step);
  void perform(const OpenUpstream& open);
  void perform(const CancelUpstream& cancel);
  void perform(const SendClientHead& head);
  void perform(const SendClientBody& body);
  void perform(const ReleaseBody& release);
  void perform(const DecodeRequest& decode);
  void perform(const ReleaseRequest& release);
  void perform(const ShareState& share);
  void perform(const AwaitTurn& await);
  void perform(const GiveTurn& give);
  void perform(const AwaitTaking& await);
  void perform(const SetPace& set);
  void perform(const AskPlace& ask);
  void perform(const Finish& finish);

  // Each does what can be done without waiting, and says whether anything was.
  bool hear_client();
  bool hear(Voice& voice);
  void pipe(Voice& voice);
  Reader reader() const { return answer_.backed_up() ? Reader::waiting : Reader::ready; }
  void wait();
  void drain();
  Voice* voice_of(uint32_t attempt);
  int64_t body_late_at_ms() const;  // when the client's body has paused, or gone on, for too long

  Instance& instance_;
  ClientRequest request_;
  ClientAnswer answer_;
  Exchange exchange_;
  std::vector<std::unique_ptr<Voice>> voices_;
  std::vector<UpstreamFailed> failures_;  // of effects, told as the next events
  std::vector<std::string> deltas_;       // for the other instances, once the client has its answer
  std::optional<Finish> finish_;
  int64_t wake_at_ms_ = never_ms;
  int64_t body_began_ms_ = 0;
  int64_t body_heard_ms_ = 0;  // when the client's body last came on
  Now now_;
};

}  // namespace signalbox::wasi
