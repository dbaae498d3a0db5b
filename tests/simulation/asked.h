// One client's request under way, as the simulated host sees it: windows, what was sent where, what came of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plan.h"
#include "signalbox/exchange.h"
#include "upstream.h"

namespace signalbox::simulation {

struct LaneId {
  int provider = 0;
  int credential = 0;
  std::string model;
  bool operator==(const LaneId&) const = default;
};

// Whether a lane can take a request. Of how many tokens a text has an onlooker knows bounds only.
enum class Fits : uint8_t { surely, perhaps, not_at_all };

struct Attempt {
  int number = 0;
  LaneId lane;
  UpstreamScript script;
  bool open = true;   // neither ended nor cancelled
  bool over = false;  // the upstream has come to its own end, and the core was told
  bool cancelled = false;
  bool head_told = false;
  int64_t opened_ms = 0;
  int64_t ended_ms = -1;
  size_t next_step = 0;
  bool piping = false;
  uint64_t piped_bytes = 0;
  std::string window;     // told and not let go
  size_t fed_bytes = 0;   // told in all
  size_t gone_bytes = 0;  // let go in all
  size_t relayed_bytes = 0;
};

struct Asked {
  const Client* client = nullptr;
  int setting = 0;
  int64_t began_ms = 0;
  int64_t decided_ms = -1;  // when the body was whole
  std::unique_ptr<Exchange> exchange;
  std::string target, body, session;
  std::vector<Header> headers;
  size_t body_told = 0;
  int64_t wake_at_ms = never_ms;  // virtual
  int early_wakes = 0;

  std::vector<std::unique_ptr<Attempt>> attempts;
  std::vector<std::string_view> gathered;  // the open attempt's body, as the core shows it
  std::string sent;                        // and as it was when it was shown
  bool released = false;

  bool head_sent = false;
  int status = 0;
  bool retry_after = false;  // the head has it
  BodyMode mode = BodyMode::rewrite;
  int64_t last_sent_ms = 0;
  std::string answer;     // what the client has got
  std::string own_bytes;  // of it, what the core made
  bool client_gone = false;
  // Waits for a place, and by what it is told; the route's name is the queue's.
  bool waiting = false;
  uint64_t turn = 0;
  int64_t waits_since_ms = -1;           // when it last began to
  int64_t first_since_ms = -1;           // since when nobody of its queue has waited longer
  int64_t nothing_better_since_ms = -1;  // since when no lane that is full may be better than those that rest
  std::string queue;

  bool finished = false;
  int64_t finished_ms = -1;
  bool well = false;  // with a whole answer
  Ending ending = Ending::complete;

  // What was certain of the route's lanes when the request was decided, in their order.
  struct Standing {
    LaneId lane;
    int64_t context_tokens_max = 0;
    bool clean = false;  // never to blame
    bool rests = false;
    bool off = false;            // switched off, and known to be
    int64_t concurrent_max = 0;  // of its models entry
    std::string entry;           // by which that is counted
    Fits fits = Fits::surely;
  };
  std::vector<Standing> standings;

  const Question& question() const { return client->question; }
  Attempt* last() { return attempts.empty() ? nullptr : attempts.back().get(); }
  const Attempt* last() const { return attempts.empty() ? nullptr : attempts.back().get(); }
  // Whether the client has got anything but a head and signs of life.
  bool has_content() const { return !only_signs_of_life(question().dialect, answer); }
};

}  // namespace signalbox::simulation
