// One request and its answer in HTTP/1.1 on a plain connection.
//
//   connecting ──> sending ──> waiting for the head ──> reading the body ──> over
//        ^            │               │
//        └────────────┴───────────────┘  a kept connection found dead before any byte of an answer: once,
//                                        on a fresh one (attempt_clock.h says why and until when)
//
// Rules
//   - The answer is received right behind what is held of it and shown there (answer_window.h); chunks
//     are decoded where they stand.
//   - A connection is kept only if request and answer are whole and not a byte more has come.
//   - An error answer that comes before the upload is done ends the upload (RFC 9112 section 9.5), and
//     the connection with the answer. Below 300 the upload goes on.
#pragma once

#include <array>
#include <string>

#include "answer_window.h"
#include "attempt_clock.h"
#include "connection_pool.h"
#include "http1/chunked.h"
#include "http1/parser.h"
#include "upstream.h"
#include "upstream_request.h"

namespace signalbox::native {

class Http1Attempt;

// What an attempt needs of its transport.
class Http1Surroundings {
 public:
  virtual ~Http1Surroundings() = default;
  // Has `Http1Attempt::on_news` called from the loop's top.
  virtual void bring_news(Http1Attempt& attempt) = 0;
  // The attempt is over; it may be used again when nothing of it is on the stack.
  virtual void spend(Http1Attempt& attempt) = 0;

  Loop& loop;
  ConnectionPool& connections;
  BufferPool& buffers;
  const TransportSettings& settings;

 protected:
  Http1Surroundings(Loop& l, ConnectionPool& c, BufferPool& b, const TransportSettings& s)
      : loop(l), connections(c), buffers(b), settings(s) {}
};

class Http1Attempt final : public Attempt, private ConnectionUser {
 public:
  explicit Http1Attempt(Http1Surroundings& around);

  // Starts; tells nothing before the loop's turn goes on.
  void begin(const AttemptRequest& request, AttemptListener& listener);
  // Lets go of what the last use held.
  void let_go();
  void on_news();

  void cancel() override;
  void pause() override;
  void resume() override;

 private:
  enum class Stage : uint8_t { head, body };

  bool over() const { return listener_ == nullptr; }
  void on_connected(UpstreamConnection& connection) override;
  void on_connect_failed(FaultKind kind) override;
  void on_ready() override;

  void write_head(const AttemptRequest& request, const UrlParts& url);
  void write();
  void tell_sent();

  void pump();
  // Each takes `fresh` bytes that stand in the window's room; false when the attempt is over.
  bool take(size_t fresh);
  bool take_head();
  bool take_body(size_t fresh);
  bool show(size_t fresh);
  void on_broken(bool clean_eof);
  bool repeat();

  void finish();
  void fail(FaultKind kind);
  void end();

  Http1Surroundings& around_;
  AttemptClock clock_;
  AnswerWindow window_;
  AttemptListener* listener_ = nullptr;
  UpstreamConnection* connection_ = nullptr;
  ConnectionPool::Dial* dial_ = nullptr;
  Upload upload_;
  std::string origin_;
  std::string head_;  // the request's
  http1::HeadScan scan_;
  http1::ChunkedDecoder chunks_;
  http1::AnswerTo answer_to_ = http1::AnswerTo::other;
  http1::Framing framing_ = http1::Framing::none;
  http1::Persistence persistence_ = http1::Persistence::close;
  Stage stage_ = Stage::head;
  FaultKind verdict_ = FaultKind::none;  // of a request that cannot be sent
  size_t answer_head_bytes_max_ = 0;
  int64_t body_left_ = 0;
  int interim_answers_ = 0;
  bool sent_told_ = false;
  bool upload_ended_ = false;  // nothing more is to be sent
  bool answered_ = false;      // a byte of an answer has come
  bool repeated_ = false;
  bool body_complete_ = false;
  bool excess_ = false;  // bytes after the answer
  bool paused_ = false;
};

}  // namespace signalbox::native
