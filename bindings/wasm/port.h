// One exchange as a host on the other side of linear memory sees it: rooms to write bytes into, and one function
// that takes an event's record and gives the step's.
//
// Rules: what a step's records point at stays until the next call for the same exchange. The port keeps both
// windows: a host appends to them and never looks back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "signalbox/exchange.h"
#include "signalbox/gateway.h"
#include "wasm/records.h"

namespace signalbox::bindings {

// Bytes that come at the end and go at the beginning, contiguous.
class Window {
 public:
  Window() = default;
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  // Space for `count` bytes behind what is there, valid until the next call; null when memory is used up.
  char* room(size_t count);
  void grew(size_t count);
  void release(size_t count);
  void clear();
  std::string_view bytes() const { return {data_ + begin_, end_ - begin_}; }

 private:
  char* data_ = nullptr;
  size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

class Port {
 public:
  explicit Port(Gateway& gateway);

  // Where the next `count` bytes of a head or a body go; null when memory is used up.
  char* room(Room room, uint32_t attempt, size_t count);

  const StepRecord& handle(const EventRecord& event, Now now);

 private:
  struct Answer {
    uint32_t attempt = 0;
    bool over = false;  // nothing of it follows
    Window window;
  };

  // Not given as a value: clang would lose what lies where another kind of event has padding (docs/decisions/0013).
  void read(const EventRecord& record, Event& event);
  void forget();
  EffectRecord& write(EffectKind kind, uint32_t attempt);
  void write(const OpenUpstream& open);
  void write(const CancelUpstream& cancel);
  void write(const SendClientHead& head);
  void write(const SendClientBody& body);
  void write(const ReleaseBody& release);
  void write(const DecodeRequest& decode);
  void write(const ReleaseRequest& release);
  void write(const ShareState& share);
  void write(const AwaitTurn& await);
  void write(const GiveTurn& give);
  void write(const AwaitTaking& await);
  void write(const SetPace& set);
  void write(const AskPlace& ask);
  void add_number(int64_t number);
  void write(const Finish& finish);
  void add_text(std::string_view text);
  void add_client_bytes(std::string_view bytes);
  void add_headers(std::span<const Header> headers);
  Answer& answer_of(uint32_t attempt);

  Exchange exchange_;
  LogLevel log_level_;
  std::string coming_head_;  // what room(head) gave
  std::string client_head_;  // kept: the exchange looks at it until its end
  std::vector<Header> client_headers_;
  std::vector<Header> upstream_headers_;
  Window request_;
  bool request_released_ = false;
  std::vector<std::unique_ptr<Answer>> answers_;
  StepRecord step_;
  std::vector<EffectRecord> effects_;
  std::vector<PieceRecord> pieces_;
  std::string text_;
  std::string_view client_out_;  // what the step gives the client
  std::string client_joined_;    // its bytes, when it is of several pieces
};

}  // namespace signalbox::bindings
