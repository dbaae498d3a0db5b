// Performs what an exchange asks for: one function per effect. Owns the exchange of one connection's
// current request, tells it every event in order, and never tells one while another is being answered.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_connection.h"
#include "secret_lookup.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"
#include "upstream.h"

namespace signalbox::native {

// What performing needs of the thread it runs on.
class PerformerHost {
 public:
  virtual ~PerformerHost() = default;
  virtual Loop& loop() = 0;
  virtual Gateway& gateway() = 0;
  virtual Transport& transport() = 0;
  virtual std::array<uint8_t, 16> random() = 0;
  // The secrets of the configuration that `gateway` has now; never null. Of this thread alone: another
  // thread holds another.
  virtual std::shared_ptr<const SecretLookup> secrets() = 0;
  virtual void share(std::string_view delta) = 0;  // to the sister threads
  // Whose turn it is is told by on_turn; until forget_turn.
  virtual void await_turn(uint64_t turn, class Performer& performer) = 0;
  virtual void forget_turn(uint64_t turn) = 0;
  virtual void give_turn(const GiveTurn& give) = 0;
  virtual void on_report(const Report& report) = 0;
  // No descriptor was left for a connection to an upstream: what to tell the client.
  virtual std::string on_out_of_descriptors() = 0;
};

class Performer final : public RequestHandler {
 public:
  // `client` null: nobody listens to what the exchange says.
  Performer(PerformerHost& host, ClientConnection* client);
  ~Performer() override;

  void on_client_head(const ClientHead& head) override;
  void on_client_body(const ClientBody& body) override;
  void on_client_failed(const ClientFailed& failed) override;
  void on_client_gone() override;
  void on_client_taking() override;
  void on_turn() { tell(Woken{}); }
  // Whether an exchange is open. When it has ended the next one may begin.
  bool busy() const { return exchange_.has_value(); }

 private:
  // One attempt's voice: turns what the transport tells into events that carry the attempt's number.
  class Voice final : public AttemptListener {
   public:
    explicit Voice(Performer& performer) : performer_(performer) {}
    void on_sent() override;
    void on_head(int status, std::span<const Header> headers) override;
    size_t on_body(std::string_view window, size_t fresh_bytes) override;
    void on_end(std::string_view window) override;
    void on_failed(FaultKind kind) override;

    Performer& performer_;
    Attempt* attempt_ = nullptr;  // null when it has ended
    uint32_t number_ = 0;
    BodyMode mode_ = BodyMode::rewrite;
    bool paused_ = false;
    Pace pace_ = Pace::of_client;
    std::string_view window_;  // only while an event that shows it is told
    size_t released_ = 0;      // of it
    uint64_t piped_bytes_ = 0;
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

  Voice* voice_of(uint32_t attempt);
  Voice& free_voice();
  void pipe(Voice& voice);
  void slow_down();
  void end();

  PerformerHost& host_;
  ClientConnection* client_;
  std::optional<Exchange> exchange_;
  // Those of the configuration the exchange keeps, taken at the same moment: a reload may give a
  // provider another address, and its new key must not go to the old one.
  std::shared_ptr<const SecretLookup> secrets_;
  std::vector<std::unique_ptr<Voice>> voices_;  // used again; as many as were ever open at once
  std::vector<UpstreamFailed> failures_;        // of effects, told as the next events
  std::optional<Ending> ending_;
  uint64_t turn_ = 0;  // that is awaited; 0: none
  // Whether the exchange awaits that its client takes more, and whether that is to be told as the next event.
  enum class Taking : uint8_t { not_awaited, awaited, due };
  Taking taking_ = Taking::not_awaited;
  Timer wake_;
};

}  // namespace signalbox::native
