// What must hold, whatever the seed: architecture.md section 6 and the promises of choosing and surviving. Each rule has a
// name; the first that is broken ends a run. Rules look at what crosses the boundary and at what the plan says, never
// into the core.
#pragma once

#include <string>

#include "ledger.h"

namespace signalbox::simulation {

struct Broken {
  std::string rule;  // empty: nothing is
  std::string text;
  explicit operator bool() const { return !rule.empty(); }
};

class Rules {
 public:
  Rules(const Plan& plan, Ledger& ledger) : plan_(plan), ledger_(ledger) {}

  void check(bool holds, const char* rule, const Asked& asked, std::string text);
  const Broken& broken() const { return broken_; }

  // The request is whole: what is certain of its lanes now is what its order is judged by.
  void decided(Asked& asked, int64_t now_ms);
  // Which lane an attempt is at, by its address, credential and body.
  LaneId lane_of(const Asked& asked, const OpenUpstream& open);
  // The core opens an attempt; the last of `asked` is it, already in place.
  void opened(Asked& asked, const OpenUpstream& open, int64_t now_ms);
  void cancelled(const Asked& asked, const Attempt& attempt, int64_t now_ms);
  // By the upstream's own end, by its failure, or cancelled.
  void attempt_ended(Asked& asked, Attempt& attempt, int64_t now_ms);
  // Whether the client has heard something lately; `lateness_ms` is the host's own.
  void silent(const Asked& asked, int64_t now_ms, int64_t lateness_ms);
  void finished(Asked& asked, const Report& report, int64_t now_ms);

 private:
  const Setting& setting(const Asked& asked) const { return plan_.settings[size_t(asked.setting)]; }
  std::vector<LaneId> lanes(const Asked& asked) const;
  void check_request(const Asked& asked, const OpenUpstream& open);
  void check_order(const Asked& asked, int64_t now_ms);
  bool has_cause_to_skip(const Asked& asked, const Asked::Standing& lane, int64_t now_ms) const;
  void check_answer(Asked& asked, const Report& report, int64_t now_ms);
  bool client_at_fault(const Asked& asked) const;
  std::string lane_missed(const Asked& asked, int64_t now_ms) const;
  void check_report(const Asked& asked, const Report& report);

  const Plan& plan_;
  Ledger& ledger_;
  Broken broken_;
};

}  // namespace signalbox::simulation
