// One try at an upstream, as a source of news: `next` does what can be done without waiting and says the first
// thing that came of it.
//
// Times. wasi:http has options for connecting, the first byte and the pauses between bytes; connecting is left to
// them. The other two run here: the first byte counts from the last byte sent, and pauses only while somebody
// reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "abi/handle.h"
#include "answer_window.h"
#include "base/arena.h"
#include "signalbox/config.h"
#include "signalbox/effect.h"
#include "signalbox/fault.h"
#include "signalbox/header.h"
#include "streams.h"

namespace signalbox::wasi {

// Whether what the upstream says is wanted now, or has to wait for a slow client.
enum class Reader : uint8_t { ready, waiting };

struct News {
  enum class Kind : uint8_t { none, sent, head, body, end, failed };
  News() = default;
  explicit News(Kind what) : kind(what) {}

  Kind kind = Kind::none;
  int status = 0;                     // head
  std::span<const Header> headers;    // head; views until the next call
  size_t fresh_bytes = 0;             // body
  FaultKind fault = FaultKind::none;  // failed
};

class UpstreamAttempt {
 public:
  // Begins. `credential` is a field of its own, or has no name. The pieces of `open.body` stay valid until the
  // attempt is destroyed or says `sent`.
  UpstreamAttempt(const OpenUpstream& open, const Header& credential, const Limits& limits, int64_t now_ms);

  News next(Reader reader, int64_t now_ms);
  // What has come of the body and not been released.
  std::string_view window() const { return window_.held(); }
  void release(size_t bytes) { window_.release(bytes); }
  // What there is to wait for until `next` has anything to say.
  void wait_on(Wait& wait, Reader reader) const;

 private:
  enum class Stage : uint8_t { broken, waiting, reading, over };

  void begin(const OpenUpstream& open, const Header& credential);
  void upload(int64_t now_ms);
  News read_head(int64_t now_ms);
  News read_body(int64_t now_ms);
  News fail(FaultKind kind);
  void close();

  const TransportTimeouts timeouts_;
  const size_t head_bytes_max_;
  Stage stage_ = Stage::broken;
  FaultKind verdict_ = FaultKind::internal;  // of a request that could not even be begun

  std::vector<std::string_view> unsent_;  // pieces, the next one last
  abi::Handle<abi::drop_outgoing_body> upload_body_;
  OutputStream upload_;
  bool sent_untold_ = false;

  abi::Handle<abi::drop_future_incoming_response> future_;
  abi::Pollable answered_;
  Arena head_arena_;
  std::vector<Header> headers_;
  abi::Handle<abi::drop_incoming_response> response_;
  abi::Handle<abi::drop_incoming_body> body_;
  InputStream stream_;
  AnswerWindow window_;

  int64_t since_ms_ = 0;  // when the time that runs began
  bool was_waiting_ = false;
};

}  // namespace signalbox::wasi
