// The host that a scenario plays on: it turns `>` statements into events, keeps the two windows as
// signalbox/event.h asks, runs virtual time, performs effects by writing them down, and checks what the
// core and a host owe each other.
//
// Windows move to fresh memory with every event and what they left is overwritten, so that a view kept
// past its lifetime shows: as a wrong byte everywhere, as an error under AddressSanitizer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "entry.h"
#include "script.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"
#include "signalbox/metrics.h"

namespace signalbox::scenario {

// How bodies are cut into events.
enum class Cut : uint8_t { as_written, bytes, frames, random };
std::string_view name_of(Cut cut);

// What must not depend on how bytes arrive: for each exchange the client's bytes, the attempts as the
// upstreams saw them, and the report.
struct Essence {
  std::string text;
};

class Stage {
 public:
  Stage(std::shared_ptr<const Config> config, Cut cut, uint64_t seed);
  ~Stage();

  // Plays one `>` statement and answers with what became of it, in order.
  std::vector<Entry> perform(const Statement& statement);

  // After the last statement: what is still owed, and what late events must not do.
  std::vector<Entry> close();

  const std::string& essence() const { return essence_; }

 private:
  struct Attempt {
    std::string window;
    size_t piped_bytes = 0;
    bool open = false;  // opened and neither ended nor cancelled
    bool head_told = false;
    bool sent_told = false;
    std::vector<std::string_view> body;  // the core's views, which must keep saying `body_copy`
    std::string body_copy;
  };
  struct OwnedHeaders {
    std::vector<std::string> text;  // name, value, name, value
    std::vector<Header> views;
    void assign(const std::vector<Field>& fields);
    void overwrite();
  };

  void begin_exchange(Gateway& gateway);
  void tell(const Event& event);
  void perform(const Effect& effect);
  void client_statement(const Statement& statement);
  void upstream_statement(const Statement& statement);
  void host_statement(const Statement& statement);
  void host_codings(const Statement& statement);
  void client_head(const Statement& statement);
  void client_body(std::string_view piece, bool last);
  void upstream_body(uint32_t number, std::string_view piece);
  void pass_time(int64_t ms);
  std::vector<std::string_view> cut_up(std::string_view bytes);
  void check_request_views();
  bool answer_begun() const;
  void broken(std::string rule);
  void add(Entry entry) { entries_.push_back(std::move(entry)); }
  void add_client_bytes(std::string_view bytes, Origin origin);
  Attempt& attempt(uint32_t number) { return attempts_[number]; }
  uint64_t next_random();

  Capabilities capabilities_;
  std::vector<Coding> codings_;  // of it
  std::shared_ptr<const Config> config_;
  std::unique_ptr<MetricsBoard> metrics_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Gateway> sister_;  // knows of the first by its deltas alone
  Gateway* serving_ = nullptr;
  std::unique_ptr<Exchange> exchange_;
  Cut cut_;
  uint64_t random_state_;
  Now now_{1'000, 1'700'000'000'000};
  int64_t wake_at_ms_ = never_ms;
  int64_t wake_shown_ms_ = never_ms;

  // The request's window and head.
  std::string method_, target_;
  OwnedHeaders request_headers_;
  std::unique_ptr<std::string> request_;
  bool request_whole_ = false;
  bool request_released_ = false;
  OwnedHeaders answer_headers_;
  std::map<uint32_t, Attempt> attempts_;

  // What the client has got.
  bool head_sent_ = false;
  BodyMode mode_ = BodyMode::rewrite;
  uint32_t answering_ = 0;  // whose answer the head is
  uint32_t relaying_ = 0;   // whose bytes the client gets
  uint32_t ending_ = 0;     // whose UpstreamEnd is being answered
  int64_t announced_bytes_ = -1;
  int64_t client_bytes_ = 0;
  std::string client_answer_;
  bool head_request_ = false;
  bool finished_ = false;
  bool client_gone_ = false;

  std::vector<Entry> entries_;
  size_t body_entry_ = SIZE_MAX;  // the statement's entry that client bytes join
  std::string essence_;
};

}  // namespace signalbox::scenario
