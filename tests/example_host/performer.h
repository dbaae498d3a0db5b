// Serves one request: tells its exchange what happens and does what that asks for, one function per effect.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "instance.h"
#include "signalbox/exchange.h"

namespace signalbox::example {

class Performer {
 public:
  // Both must outlive it.
  Performer(Instance& instance, const Request& request);

  Answer serve();

  // What other instances should know, in order.
  const std::vector<std::string>& deltas() const { return deltas_; }

 private:
  // What an attempt does next, and when.
  struct News {
    enum class Kind : uint8_t { sent, head, body, end, failed };
    Kind kind;
    int64_t at_ms;
    std::string bytes = {};
    FaultKind fault = FaultKind::none;
  };
  struct Attempt {
    UpstreamRequest request;
    UpstreamAnswer answer;
    std::deque<News> news;
    std::string window;   // everything the core has not let go of
    size_t released = 0;  // of it, by the effects of the event being told
    BodyMode mode = BodyMode::observe;
    uint64_t piped_bytes = 0;
  };

  static std::deque<News> schedule(const UpstreamAnswer& answer, const TransportTimeouts& timeouts, int64_t now_ms);
  void tell_request();
  bool next();
  void hear(uint32_t number);
  void pipe(uint32_t number, const News& news);
  void tell(const Event& event);
  void perform(const Step& step);
  void perform(const OpenUpstream& open);
  void perform(const CancelUpstream& cancel);
  void perform(const SendClientHead& head);
  void perform(const SendClientBody& body);
  void perform(const ReleaseBody& release);
  void perform(const DecodeRequest&) {}  // never asked for: its Capabilities have no codings
  void perform(const ReleaseRequest&);
  void perform(const ShareState& share);
  void perform(const AwaitTurn& await);
  void perform(const GiveTurn& give);
  void perform(const AwaitTaking& await);
  void perform(const SetPace& set);
  void perform(const AskPlace& ask);
  void perform(const Finish& finish);
  void write(std::string_view bytes);

  Instance& instance_;
  const Request& request_;
  std::vector<Header> request_headers_;
  std::string request_window_;
  Exchange exchange_;
  int64_t began_ms_;
  int64_t wake_at_ms_ = never_ms;
  std::map<uint32_t, Attempt> attempts_;  // those that are open
  std::deque<UpstreamFailed> failures_;   // to perform: the next events
  std::vector<uint32_t> cancelled_;       // whose windows may still be on show
  std::vector<std::string> deltas_;
  Answer answer_;
  bool finished_ = false;
};

}  // namespace signalbox::example
