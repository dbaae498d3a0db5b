// The state of one exchange and its handlers. One handler per event; the tables in lifecycle.h decide
// what reaches them.
//
//   machine.cpp      handle, enter, poison, what a wake-up is for
//   client_side.cpp  what the client says: head, body, leaving
//   decision.cpp     what is to be done with it, as a pure function
//   attempt.cpp      one try at a lane: opening it, and what its head says
//   outcome.cpp      what it came to, for all who learn from it
//   counting.cpp     requests and attempts in the host's metrics
//   translation.cpp  the request in the lane's dialect, and the answer out of it
//   translated_request.cpp, translated_answer.cpp  the two directions, each without the machine
//   unwanted.cpp     what a lane has refused, and does not get
//   queueing.cpp     places at lanes that are bounded, and waiting for one
//   leasing.cpp      the same where an owner outside has them
//   holding.cpp      an answer before the commit point: looked at, and held
//   commit.cpp       the commit point: heads, keep-alives, from where on nothing can be taken back
//   answer.cpp       the answer after the commit, up to its honest end
//   failover.cpp     an attempt came to nothing: the next lane, a pause, or the best error
//   client_limits.cpp  how much a client may ask
//   leading.cpp      one call for identical requests: of the one that makes it
//   following.cpp    and of those that get its answer too
//   reply.cpp        answers of our own: errors, catalogue, health
//   report.cpp       the line of the log
//   explain.cpp      what would be done, without doing it
//   administration.cpp  the state of lanes, looked at, reset and switched
//   probe.cpp        a lane is asked whether it serves again, by us
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/client_auth.h"
#include "base/arena.h"
#include "dialects/dialect.h"
#include "exchange/broadcast.h"
#include "exchange/decision.h"
#include "exchange/lifecycle.h"
#include "exchange/timers.h"
#include "exchange/translated_answer.h"
#include "exchange/translated_request.h"
#include "http/endpoint.h"
#include "json/skimmer.h"
#include "json/writer.h"
#include "routing/outcome.h"
#include "routing/places.h"
#include "routing/plan.h"
#include "signalbox/client_ledger.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"
#include "signalbox/metrics.h"
#include "sse/frame_reader.h"

namespace signalbox::exchange {

struct Workspace;

class Machine {
 public:
  // `workspace` is this exchange's alone, and outlives it.
  Machine(Gateway& gateway, Workspace& workspace);
  // A host that stops may destroy an exchange that has not ended; what it had open is closed all the same.
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  Step handle(const Event& event, Now now);
  bool finished() const { return phase_ == Phase::finished; }

 private:
  // How an attempt's answer is treated; chosen at its head.
  enum class Handling : uint8_t {
    none,
    unseen,             // the platform's pipe carries it
    frames,             // a stream of the client's dialect: looked at frame by frame, its own bytes go on
    whole,              // one JSON text of the client's dialect: looked at, its own bytes go on
    translated_frames,  // a stream that comes out in the client's words
    translated_whole,   // one JSON text that does
    error,              // an error status: its body is collected to be judged
  };

  // One try at a lane, and what has been seen of its answer.
  struct Attempt {
    uint32_t number = 0;  // from 1; 0 before the first
    const Choice* choice = nullptr;
    bool open = false;    // the host still has it
    bool untold = false;  // opened, and what it came to is not told yet
    bool probe = false;   // finds out whether a half-open lane serves again
    int64_t opened_ms = 0;
    int64_t content_ms = -1;  // see routing::Outcome
    routing::Seat seat;       // among those that its lane has open
    bool sent = false;
    bool repeated_after_refusal = false;
    std::span<const Edit> edits;   // of a body in its own dialect
    bool error_can_go_on = false;  // the error's own bytes are what the client understands
    Handling handling = Handling::none;
    int status = 0;
    std::span<const Header> head;  // what of it goes to the client; in arena_
    int64_t body_bytes = -1;       // as announced
    int64_t asked_ms = -1;         // how long its head asks to wait
    bool not_again = false;        // its head asks not to be asked again
    size_t held_frames = 0;        // before the commit point, pings aside
    size_t held_bytes = 0;
    uint64_t released_bytes = 0;
    static constexpr size_t open_end = size_t(-1);
    size_t ends_at = open_end;  // where in the window an observed stream has said its end
    size_t skimmed_bytes = 0;   // of the window, from its beginning
    std::optional<sse::FrameReader> frames;
    std::optional<json::Skimmer> skimmer;
    std::unique_ptr<TranslatedAnswer> translated;
    dialects::Observation seen;

    const routing::Lane& lane() const { return *choice->lane; }
  };

  // What a request holds of its client's limits, and gives back at its end, also where its host drops it.
  struct Limited {
    explicit Limited(ClientLedger& counted_in) : ledger(counted_in) {}
    ~Limited();
    Limited(const Limited&) = delete;
    Limited& operator=(const Limited&) = delete;

    ClientLedger& ledger;
    bool entered = false;
    ClientLedger::Share of_address, of_key;
    const ClientLimits* key_limits = nullptr;  // of config_
    ClientLedger::Standing shown;              // what the answer's headers say
  };

  // What the exchange is to others that ask the same (routes[].once).
  struct Sharing {
    enum class Role : uint8_t {
      none,     // any more; what was sent of the kept bytes may still be on its way
      leads,    // asks the upstream; what its client gets is kept for the others
      follows,  // gets what another one is answered, or the rest of what it was answered itself
    };
    Role role = Role::none;
    std::shared_ptr<Broadcast> broadcast;
    Broadcast::Reader reader;  // of one that follows, and of a leader whose client is not to slow the others down
    size_t credit = 0;         // what may be sent before the client is asked whether it takes more
    bool awaits_taking = false;
    bool direct = false;         // leader: what is answered goes to its client at once, come what may
    uint32_t free_attempt = 0;   // leader: the attempt that is not read at its client's pace
    std::array<char, 4> last{};  // of the kept bytes, that its client was sent
    bool sent_any = false;
  };

  // Whether it is known which lane answers when a head goes out.
  enum class Answerer : uint8_t { known, open };

  // Whether a body that is judged is all there.
  enum class BodyEnd : uint8_t { seen, missing };

  // How an attempt came to nothing. `status` is what the client would be told.
  struct Failure {
    FaultKind kind = FaultKind::none;
    int status = 0;
    int upstream_status = 0;  // 0: no head came
    bool not_again = false;
    bool waited_out = false;  // the pause that it asks for was made, and its lane not asked since
    int64_t asked_ms = -1;    // how long the upstream asked to wait; -1: it did not
    std::string said;         // by the upstream, or by us of it; empty: the row's sentence
    const Choice* choice = nullptr;
    int64_t at_ms = 0;
    std::span<const Header> head;  // of the error, what a client may see; in arena_
  };

  // machine.cpp
  void enter(Phase next);
  void dispatch(const Event& event);
  void poison(std::string_view broken_rule);
  void on(const Woken&);
  template <class E>
  void emit(E effect) {
    effects_.emplace_back(std::move(effect));
  }

  // client_side.cpp
  void on(const ClientHead& head);
  void on(const ClientBody& body);
  void on(const ClientGone&);
  void on(const ClientFailed& failed);
  void on(const ClientTaking&);
  void end_as_left();
  Fault left_fault() const;
  Fault admit(const ClientHead& head);
  Fault admit_client(const ClientHead& head);
  void converse();
  routing::Asker asker(std::string_view client_key, std::string_view target) const;
  int64_t request_bytes_max() const;
  std::string_view request_bytes_source() const;
  Fault body_too_large() const;

  // attempt_headers.cpp
  std::string_view allowed_features(const Provider& to, std::string_view asked);
  std::span<const Header> forwarded_headers(const Provider& provider, CredentialPlace place);
  bool passes_credential(const Provider& to, const Header& header) const;
  std::span<const Header> translated_headers(const Provider& provider);

  // attempt.cpp
  void serve(const Choice& choice);
  void serve_now(const Choice& choice);
  void name_lane(const routing::Lane& lane);
  void begin_attempt(const Choice& choice);
  void open_attempt(const dialects::Refusal& refusal = {});
  dialects::Unwanted unwanted_now(const dialects::Refusal& refusal);
  std::span<const Edit> edits_now(const dialects::Refusal& refusal);
  void on(const UpstreamSent&);
  void on(const UpstreamHead& head);
  Handling handling_of(const UpstreamHead& head) const;
  void drop_attempt();
  void close_attempt(routing::AttemptEnd end, FaultKind kind = FaultKind::none, int64_t asked_ms = -1);
  bool times_content() const;
  void tell(const routing::Outcome& outcome);
  void punish(const routing::Outcome& outcome);
  void settle_conversation(const routing::Lane& lane);
  routing::Asked asked();
  void count_request();
  void count_attempt(const routing::Outcome& outcome);
  std::span<const Header> kept_headers(const UpstreamHead& head);
  // The route's, over the configuration's.
  const Failover& failover() const {
    const Route* route = decision_.plan.route;
    return route && route->failover ? *route->failover : config_->failover;
  }
  const Failures& failures() const {
    const Route* route = decision_.plan.route;
    return route && route->failures ? *route->failures : config_->failures;
  }
  Timeouts timeouts_of(const Provider& to) const;
  const Provider& provider() const { return config_->providers[attempt_.lane().provider]; }
  const dialects::DialectRow& upstream_dialect() const { return dialects::row_of(provider().dialect); }
  const dialects::DialectRow& client_dialect() const { return dialects::row_of(endpoint_.shape); }
  // A probe has to see what came.
  Accounting accounting() const { return probed_ ? Accounting::on : decision_.plan.route->accounting; }
  bool counting() const { return endpoint_.operation == Operation::count_tokens; }

  // queueing.cpp
  const Choice* with_place(const Choice& wanted);
  bool could_serve(const Choice& wanted, const Choice& choice) const;
  bool take_it(const Choice& wanted, const Choice& choice);
  void pass_over(const Choice& choice);
  bool rests(const Choice& choice) const;
  bool may_wait() const;
  bool rather_waits() const;
  bool take_place(const Choice& choice);
  bool others_wait_for(const Choice& choice) const;
  // What becomes of a full lane that would be the next.
  enum class WhereFull : uint8_t { waits, absent };
  bool is_to_be_had(const Choice& choice, WhereFull full) const;
  bool asks_upstream(const Choice& choice) const {
    return choice.service == Service::forward || choice.service == Service::translate;
  }
  void await_place();
  bool is_waited_for(const Choice& choice) const;
  void on_turn();
  enum class Among : uint8_t { those_well, all };
  const Choice* take_passed_over(Among among);
  void leave_queue();
  void refuse_full();
  void give_turns();

  // leasing.cpp
  void ask_for_place(const Choice& wanted, Among among);
  void on(const PlaceTold& told);

  // translation.cpp
  Fault translate_request(const routing::Lane& lane);
  std::unique_ptr<TranslatedAnswer> translated_answer(const routing::Lane& lane);
  canonical::Form client_form() const;
  void list_if_asked(std::string& answer) const;
  void answer_with_mock(const routing::Lane& lane);
  TranslatedRequest& translation();
  int64_t estimated_tokens(const routing::Lane& lane);

  // holding.cpp
  void on(const UpstreamBody& body);
  void on(const UpstreamEnd& end);
  bool read_frames(std::string_view window);
  void wait_for_the_end();
  bool too_much_at_once();
  bool translation_failed();
  bool shows_a_key(const sse::Frame& frame) const;
  void tell_without_key(const sse::Frame& frame);
  bool take(const sse::Frame& frame);
  bool hold(const sse::Frame& frame);
  void end_frames(std::string_view window);
  void end_whole(std::string_view window);
  void end_translated_whole(std::string_view window);
  void judge_error(std::string_view body, BodyEnd end);
  bool repeat_without_refused(const routing::UpstreamError& error);
  bool translate_without_thinking();
  bool next_for_silence();
  const dialects::Observation& seen() const {
    return attempt_.translated ? attempt_.translated->seen() : attempt_.seen;
  }

  // commit.cpp
  void commit();
  void commit_head();
  void send_head(int status, std::span<const Header> headers, int64_t body_bytes, BodyMode mode,
                 Answerer answerer = Answerer::known);
  void send(std::string_view bytes);
  void send_now(std::string_view bytes);
  void put(std::string_view bytes);
  void send_translated();
  void keep_alive();
  void release(size_t bytes, ReleaseTo to);
  void release_request_if_done();
  void release_request();

  // leading.cpp
  bool leads() const { return sharing_ && sharing_->role == Sharing::Role::leads; }
  bool follows() const { return sharing_ && sharing_->role == Sharing::Role::follows; }
  bool shares_calls() const;
  Sha256 shared_key() const;
  void let_go_shared();
  void go_on_alone();
  void lead(const Sha256& key);
  void lead_on();
  void lead_by(uint64_t turn);
  void leave_client_behind();
  void note_cut_off();
  void share_head(int status, std::span<const Header> headers, int64_t body_bytes, Answerer answerer);
  void share_answerer();
  void send_shared(std::string_view bytes);
  ReleaseTo share_released(size_t bytes, ReleaseTo to);
  void decouple_client();
  void feed_client();
  void settle_pace();
  bool client_lags() const;
  bool is_too_late_for_words(FaultKind kind) const;
  bool is_cut_off() const { return client_left_ && sharing_ && sharing_->reader.behind(); }
  void share_failure(const Fault& told, int status, std::span<const Header> headers);
  void end_leading(Broadcast::End end, Broadcast::Failure failure = Broadcast::Failure());
  enum class Sharers : uint8_t { done, client_takes };
  Sharers end_sharing(Ending ending);

  // following.cpp
  bool follow(const Sha256& key);
  void follow_on();
  void look_for_leader();
  static Fault read_too_slowly();
  void repeat();
  void pass_on(std::string_view piece);
  std::span<const Header> headers_of(std::span<const Broadcast::Field> fields);
  void tell_head();
  void name_answerer();
  void end_repeating();
  bool has_it_whole() const;
  void tell_failure(const Broadcast::Failure& failure);
  void break_off(const Fault& told);
  bool may_ask_alone() const;
  bool is_nearly_over() const;
  void ask_alone();
  bool is_at_border() const;
  bool may_send_sign() const;

  // answer.cpp
  void on(const UpstreamFailed& failed);
  void on(const UpstreamPiped& piped);
  void end_answer();
  bool ends_by_its_own_words();
  void cut_answer(FaultKind kind, std::string said = {});
  void end_with_error(const Failure& failure);
  void see_whole();
  void see_list(std::string_view list);

  // failover.cpp
  routing::CredentialOwner credential_owner() const;
  routing::ModelNamed model_named() const;
  void fail_attempt(FaultKind kind, std::string said = {});
  void fail_attempt(Failure failure, std::string_view original = {});
  bool next_instead(FaultKind kind, std::string said = {});
  Failure failure_of(const routing::UpstreamError& error);
  FaultKind as_users_say(FaultKind kind, const routing::UpstreamError& error) const;
  void note_failure(Failure failure);
  const Choice* take_next(const Failure& failure, WhereFull full);
  bool may_do_better(const Failure& failure, const Choice& choice) const;
  bool has_failed(uint32_t provider) const;
  bool has_had_its_turn(const Choice& choice) const;
  bool has_time(const Choice& choice) const;
  bool can_pay_for(const Choice& choice);
  bool pays_for(const Choice& choice);
  Failure* worth_a_pause();
  void pause(Failure& failure);
  void ask_again();
  void give_up();
  void relay_error(std::string_view original);
  const Failure& best_failure() const;
  std::string sentence(const Failure& failure) const;
  Fault logged(const Failure& failure) const;
  Fault told(const Failure& failure) const;

  // reply.cpp
  void refuse(Fault fault);
  void tell_error(const Fault& told, int status, std::span<const Header> headers);
  void reply(int status, std::string_view content_type, std::string_view body, std::span<const Header> extra = {});
  void reply_models();
  void reply_model();
  dialects::ModelEntry describe(std::string_view id) const;
  void reply_health();
  void reply_ready();
  void reply_metrics();
  void reply_estimate();
  void finish(Ending ending);
  // Our own headers of every answer, written behind `filled` entries of `headers`; returns the new count.
  size_t add_own_headers(std::span<Header> headers, size_t filled, Answerer answerer);
  static constexpr size_t own_headers_max = 12;

  // client_limits.cpp
  bool is_limited() const;
  Fault limit_address(const ClientHead& head);
  Fault limit_key();
  Fault limit_tokens();
  Fault refused_by(const ClientLedger::Standing& standing, int64_t retry_ms, std::string_view whose);
  size_t add_limit_headers(std::span<Header> headers, size_t filled);
  void settle_limits();
  Fault write_limits(json::Writer& w, std::string_view key, std::string_view address, int64_t tokens) const;

  // explain.cpp
  void reply_explanation();

  // administration.cpp
  void administrate();
  void reply_state();

  // probe.cpp
  const routing::Lane* lane_called(std::string_view name);
  void probe(std::string_view name, std::string_view provider_name);
  void end_probe(const Failure* failure);
  void end_hold();
  void reply_unasked(std::string_view name, std::string_view why);

  Gateway& gateway_;
  std::shared_ptr<const Config> config_;  // as it was when the exchange began, with its lanes
  routing::LaneTable& lane_table_;
  Arena& arena_;
  std::vector<Effect>& effects_;
  Phase phase_ = Phase::start;
  Committed committed_ = Committed::nothing;
  Now now_;
  Now began_;
  Timers timers_;
  int64_t last_sent_ms_ = 0;  // when the client was last given bytes
  std::string_view shown_;    // of the answer's window, what has not been released yet; while an event shows it
  std::string sent_;          // what the step being performed sends
  std::string retired_body_;  // of an attempt that the step being performed cancels
  Report report_;

  // The request. Views into the host's request window and head, until ReleaseRequest.
  ClientHead head_;
  http::Endpoint endpoint_;
  Access access_ = Access::all;
  bool has_admin_key_ = false;
  Metrics* counted_in_ = nullptr;     // while it is in flight
  std::unique_ptr<Limited> limited_;  // only where server.clients or a key has limits
  std::optional<Coding> coding_;      // of the body, as the client sends it
  std::string_view body_;
  bool request_released_ = false;
  Decision decision_;
  std::unique_ptr<TranslatedRequest> translation_;  // only where a lane needs it

  Attempt attempt_;
  routing::Place place_;            // what the attempt holds of its lane's bounds
  routing::Probe probe_;            // held where the attempt finds out whether its lane serves again
  const Choice* probed_ = nullptr;  // of an exchange that is a probe
  struct Hold {
    std::string_view name;  // empty: nothing is held
    int64_t until_unix_ms = 0, before_unix_ms = 0;
  };
  Hold hold_;                               // what stays behind while this probe finds out
  const Choice* paid_for_ = nullptr;        // the last that was paid from its provider's budget
  std::vector<const Choice*> passed_over_;  // had no place, or rested beside such, when it was their turn
  routing::Waiting waiting_;                // while no lane has a place
  int64_t waits_since_ms_ = 0;              // of which report_.queued_ms has nothing yet
  int64_t waits_until_ms_ = 0;              // one wait, whoever is asked within it
  std::vector<const Choice*> asked_;        // for whose places an owner outside is asked (AskPlace), in order
  size_t asked_with_probe_ = 0;             // so many of them with the probe, where they are half-open
  bool owners_alone_ = false;               // the owner gave the probe, and another exchange here had it from nobody
  Among asked_among_ = Among::all;          // those_well: lanes that rest are left for another question
  std::vector<PlaceBound> place_bounds_;    // what is asked, for the host to see
  int64_t paused_ms_ = 0;                   // before the same lane was asked again, in all
  std::vector<Failure> failures_;           // in the order of the attempts
  std::unique_ptr<Sharing> sharing_;        // only where the route has `once`
  bool client_left_ = false;                // and others follow: the answer is theirs
  bool shares_nothing_ = false;             // what would be answered cannot be shared
};

// The memory of one exchange, which goes from one to the next with what it has grown to.
struct Workspace {
  Arena arena;
  std::vector<Effect> effects;
  std::optional<Machine> machine;
  bool stays = false;  // with its gateway, when the exchange has ended
};

}  // namespace signalbox::exchange
