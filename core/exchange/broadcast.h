// One upstream call for identical concurrent requests (routes[].once): what its exchange, the leader, tells its client is
// kept here from the first byte on, and the exchanges that follow it read it, each at its own pace.
//
// Who does what: the leader appends and ends; it is never slowed down. A follower reads from its own place and lets
// itself be told (Places::give_turn) when there is more. What is kept is bounded for each answer and for all together:
// an answer beyond its bound takes in nobody any more and keeps no more than its slowest reader needs, and a reader that
// needs more than the bound is `behind` and is given up. The leader's own client is such a reader while somebody follows,
// and waited for where nobody does. docs/once.md tells users.
//
// A leader, its followers and the table hold it together; the table only while it takes in more of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "routing/places.h"
#include "signalbox/config.h"
#include "signalbox/fault.h"
#include "signalbox/header.h"

namespace signalbox::exchange {

class Broadcasts;

class Broadcast {
 public:
  // So that a crowd does not make each piece of an answer cost a walk over thousands; the next one leads a second call.
  static constexpr size_t followers_max = 256;

  enum class End : uint8_t {
    open,
    whole,      // the answer was complete; where `fault` says so, with an error of the upstream's at its end
    cut,        // it broke off within, and no word of its dialect can say so
    failed,     // there is no answer, or no rest of it: `fault` is what each client is told, in words of its own
    abandoned,  // the leader has ended over what is its own alone: nobody else has failed
  };

  struct Field {
    std::string name, value;
  };

  // The head of the answer, as each client gets it; what is the gateway's own (request-id, limits) everybody adds himself.
  struct Head {
    int status = 0;  // 0: there is none yet
    std::vector<Field> headers;
    int64_t body_bytes = -1;
    bool names_answerer = false;  // false: it went out before anyone had answered
  };

  // Who answers, for heads and logs.
  struct Answerer {
    std::string provider, credential, upstream_model, upstream_request_id, losses;
  };

  // What each client is told of an answer that there is not.
  struct Failure {
    Fault told, logged;
    int status = 0;
    std::vector<Field> headers;
  };

  // One who reads. Leaves when it goes.
  class Reader {
   public:
    Reader() = default;
    ~Reader() { leave(); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    void leave();
    // What comes next, as far as it stands in one piece; empty: nothing for now, or never. Stays until `let_go`, also
    // behind `advance`: a host may still be about to send it.
    std::string_view next() const;
    void advance(size_t bytes) { offset_ += bytes; }
    void let_go();
    // Whether anything of it was passed on and not let go of.
    bool holds() const { return held_from_ < offset_; }
    bool reads() const { return broadcast_ != nullptr; }
    uint64_t offset() const { return offset_; }
    // Whether what it needs is kept no more.
    bool behind() const { return behind_; }
    // Has it told when there is more, or an end; once.
    void await_more() { awaits_more_ = true; }

   private:
    friend class Broadcast;
    Broadcast* broadcast_ = nullptr;
    uint64_t ticket_ = 0;
    uint64_t held_from_ = 0;
    uint64_t offset_ = 0;
    bool awaits_more_ = false;
    bool behind_ = false;
  };

  Broadcast(Broadcasts& all, const Sha256& key, std::shared_ptr<const Config> config, std::string_view leader,
            uint64_t leader_ticket);
  ~Broadcast();
  Broadcast(const Broadcast&) = delete;
  Broadcast& operator=(const Broadcast&) = delete;

  // The leader's side.
  void set_head(Head head);
  void append(std::string_view bytes);
  void end(End end) { this->end(end, Failure()); }
  void end(End end, Failure failure);
  Answerer answerer;         // as it is when the head or the end is told
  bool shareable = true;     // false: nothing of it can be kept, and who followed asks for himself and follows nobody
  bool gate_wanted = false;  // a follower's client has waited long enough for its head
  bool said_end = false;     // what is kept holds the answer's own end: nothing is missing of it
  uint64_t content_from = UINT64_MAX;  // where content begins in what is kept; an error alone has none
  int64_t seen_ms = 0;                 // when the leader last showed that it is there
  int64_t asked_ms = -1;               // when it was told to show itself since; -1: it was not
  // The leader's own client gets the answer from here too, from what has not been appended yet on: so its pace is its
  // own. It is no follower.
  void read_as_leader(Reader& reader);
  // It reads what is left as a follower would.
  void read_on(Reader& reader);
  // By which the leader is told from here on.
  void listen_by(uint64_t leader_ticket) { leader_ticket_ = leader_ticket; }

  // The followers' side.
  void join(Reader& reader, uint64_t ticket);
  // Has the leader told.
  void wake_leader();
  const std::string& leader() const { return leader_; }
  const Head& head() const { return head_; }
  End ended() const { return end_; }
  const Failure& failure() const { return failure_; }

  size_t follower_count() const { return readers_.size(); }
  bool takes_more() const;
  uint64_t end_offset() const { return end_offset_; }
  // Takes in nobody any more, and keeps what those need who are there.
  void close();

 private:
  friend class Broadcasts;
  void trim();
  bool is_in_oldest_block(uint64_t offset) const;
  void follower_steps_are_over();
  void steps_are_over();
  // Who is not given up with those that need the oldest block.
  enum class Spare : uint8_t { nobody, those_up_to_date };
  bool give_up_slowest(Spare spare);
  bool give_up_leaders_client();
  void wake_followers();
  bool needed() const { return joinable_ || leader_reader_ || !readers_.empty(); }

  Broadcasts& all_;
  const Sha256 key_;
  const std::shared_ptr<const Config> config_;  // what the key was made with stays as long as this
  const std::string leader_;
  uint64_t leader_ticket_;
  bool joinable_ = true;
  Head head_;
  End end_ = End::open;
  Failure failure_;
  // Each has its room from the beginning and never moves, so that a view of it stays.
  std::vector<std::string> blocks_;
  uint64_t begin_offset_ = 0;    // of the oldest block
  uint64_t end_offset_ = 0;      // all that was ever appended
  uint64_t last_append_at_ = 0;  // where the newest piece begins
  size_t kept_bytes_ = 0;
  std::vector<Reader*> readers_;
  Reader* leader_reader_ = nullptr;
};

// All of one gateway's.
class Broadcasts {
 public:
  // Bounds what looking for one costs; beyond it requests are asked for one by one.
  static constexpr size_t joinable_max = 1024;

  explicit Broadcasts(routing::Places& places) : places_(places) {}

  // One that takes in another follower; null: there is none.
  std::shared_ptr<Broadcast> find(const Sha256& key) const;
  // A new one, in the place of what was there under `key`; null where the table is full.
  std::shared_ptr<Broadcast> begin(const Sha256& key, std::shared_ptr<const Config> config, std::string_view leader,
                                   uint64_t leader_ticket);
  size_t kept_bytes() const { return kept_bytes_; }
  size_t joinable_count() const { return joinable_.size(); }

 private:
  friend class Broadcast;
  void make_room(size_t bytes_max, const Broadcast& appending);
  void drop(const Broadcast& broadcast);

  routing::Places& places_;
  std::vector<Broadcast*> all_;  // outlives joinable_, whose members leave it
  std::vector<std::shared_ptr<Broadcast>> joinable_;
  size_t kept_bytes_ = 0;
};

}  // namespace signalbox::exchange
