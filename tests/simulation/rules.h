// What must hold, whatever the seed: architecture.md section 6 and the promises of choosing and surviving. Each rule has a
// name; the first that is broken ends a run. Rules look at what crosses the boundary and at what the plan says, never
// into the core.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ledger.h"

namespace signalbox::simulation {

struct Broken {
  std::string rule;  // empty: nothing is
  std::string text;
  explicit operator bool() const { return !rule.empty(); }
};

std::string text_of(const LaneId& lane);
bool holds_secret(std::string_view text);

class Rules {
 public:
  using AllAsked = std::vector<std::unique_ptr<Asked>>;
  Rules(const Plan& plan, Ledger& ledger, const AllAsked& all)
      : plan_(plan), ledger_(ledger), all_(all), free_since_ms_(plan.settings[0].providers.size(), 0) {}

  void check(bool holds, const char* rule, const Asked& asked, std::string text);
  const Broken& broken() const { return broken_; }

  // The head of a request was told. `limited`: the client was refused for what it has asked before (rules_of_limits.cpp).
  void came(const Asked& asked, bool limited, int64_t now_ms);
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
  // Of bounds and queues (rules_of_places.cpp). The core has just said that `asked` waits, or it waits no more.
  void waits(Asked& asked);
  void waits_no_more(Asked& asked, int64_t now_ms);
  void may_pause(Asked& asked, int64_t now_ms) const;
  // Whether nobody waits while there is a place.
  void waiting(int64_t now_ms);
  void finished(Asked& asked, const Report& report, int64_t now_ms);

 private:
  const Setting& setting(const Asked& asked) const { return plan_.settings[size_t(asked.setting)]; }
  std::vector<LaneId> lanes(const Asked& asked) const;
  void check_request(const Asked& asked, const OpenUpstream& open);
  void check_order(const Asked& asked, int64_t now_ms);
  bool has_cause_to_skip(const Asked& asked, const Asked::Standing& lane, int64_t now_ms) const;
  bool is_out_of_question(const Asked& asked, const Asked::Standing& lane, int64_t now_ms) const;
  void check_answer(Asked& asked, const Report& report, int64_t now_ms);
  bool client_at_fault(const Asked& asked) const;
  std::string lane_missed(const Asked& asked, int64_t now_ms) const;
  void check_report(const Asked& asked, const Report& report);
  bool has_room(const Asked& asked, const LaneId& lane) const;
  int64_t open_attempts(int provider) const;
  int64_t open_attempts(const std::string& entry) const;
  void check_place(const Asked& asked, int64_t now_ms);
  // Of strategies, conversations, breakers and switches (rules_of_choice.cpp).
  void check_choice(const Asked& asked, int64_t now_ms);
  void check_stay(const Asked& asked);
  void check_home(const Asked& asked);
  void check_probe(const Asked& asked, int64_t now_ms);
  enum class Off : uint8_t { no, perhaps, surely };
  Off is_off(int gateway, const LaneId& lane, int64_t now_ms) const;
  const Asked::Standing* standing_of(const Asked& asked, const LaneId& lane) const;
  void check_rest(const Asked& asked, int64_t now_ms);
  void check_free(Asked& asked, int64_t now_ms);
  int64_t others_in_queue(const Asked& asked) const;
  bool has_budget(const Asked& asked, int provider) const;
  std::string pause_missed(const Asked& asked, int64_t now_ms) const;
  void check_refused(const Asked& asked, int64_t now_ms);
  // Whether its provider's total_ms leaves an attempt at the lane any.
  bool has_time(const Asked& asked, const LaneId& lane, int64_t now_ms) const;

  const Plan& plan_;
  Ledger& ledger_;
  const AllAsked& all_;
  std::vector<int64_t> free_since_ms_;  // by provider; -1: full
  struct Account {                      // of the one client key at a gateway
    int64_t level = -1, filled_ms = 0;  // in parts of which 60,000 are a request
    int64_t window = -1, window_count = 0;
  };
  std::map<int, Account> accounts_;
  Broken broken_;
};

}  // namespace signalbox::simulation
