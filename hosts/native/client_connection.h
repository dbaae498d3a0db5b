// One client's connection: reads requests one at a time, writes their answers.
//
// Rules
//   - The next request is read only when the last one's answer is finished. Pipelined bytes wait in the
//     buffer, further ones in the kernel.
//   - A client that closes, or half-closes, while its answer is open is gone: no client of these APIs
//     half-closes, and whoever leaves must not keep an upstream busy.
//   - A handler may go on without its client, for others who get the same answer: then the socket is closed and the
//     connection waits for the handler's end.
//   - Memory between requests, and of a quiet answer, is this object alone.
//   - After an answer that comes before the request was read whole, a bounded amount of the rest is read
//     and thrown away, so that the client gets to read the answer (RFC 9112 section 9.6).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "content_decoder.h"
#include "http1/chunked.h"
#include "http1/parser.h"
#include "loop.h"
#include "request_buffers.h"
#include "signalbox/config.h"
#include "signalbox/effect.h"
#include "signalbox/event.h"

namespace signalbox::native {

class ClientConnection;

// Who answers one connection's requests, one after the other. Each request begins with on_client_head
// and ends when the handler has called ClientConnection::finish, from inside these calls or later.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  virtual void on_client_head(const ClientHead& head) = 0;  // `random` is left to the handler
  virtual void on_client_body(const ClientBody& body) = 0;
  virtual void on_client_failed(const ClientFailed& failed) = 0;
  virtual void on_client_gone() = 0;
  // What is unsent has fallen below half its bound again, after `backed_up` was true.
  virtual void on_client_taking() = 0;
};

// What a connection needs of its thread.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual Loop& loop() = 0;
  virtual RequestBuffers& buffers() = 0;
  virtual const Limits& limits() const = 0;
  virtual std::string_view date() = 0;  // of this second, as HTTP writes it
  virtual bool draining() const = 0;    // stopping: no further requests
  virtual std::unique_ptr<RequestHandler> make_handler(ClientConnection& connection) = 0;
  // A new request-id, for answers that never became an exchange.
  virtual std::string new_request_id() = 0;
  virtual void on_refused(std::string_view reason, int status, std::string_view request_id) = 0;
  // Told once, last; the connection deletes itself afterwards.
  virtual void on_closed(ClientConnection& connection) = 0;
};

class ClientConnection final : public Pollable {
 public:
  // Whether there is a place for it. Who is turned away gets one answer, a 503 in the words of the path he asks for, and
  // is closed; he has no handler and costs no exchange.
  enum class Welcome : uint8_t { served, turned_away };

  // Takes over `fd`, non-blocking. Owned by nobody but the loop: it buries itself when it closes.
  ClientConnection(ConnectionHost& host, int fd, PeerScope peer, Address address = {},
                   Welcome welcome = Welcome::served);
  ~ClientConnection() override;

  // Registers with the loop; on failure the caller destroys it.
  bool start();

  Welcome welcome() const { return welcome_; }

  // The handler's side. Calls that no longer make sense (the client is gone) do nothing.
  void send_head(const SendClientHead& head);
  void send_body(std::string_view bytes);
  void decode_request(const DecodeRequest& decode);
  void release_request();
  void finish(Ending ending);
  bool backed_up();  // too much is unsent: read no more of the answer until on_client_taking

  // Stopping: an idle connection closes at once, a busy one when its answer is finished and sent.
  void drain();
  // Closes at once, whatever is open.
  void close_now();

  size_t index = 0;  // the host's own place for it

  void on_ready(uint32_t epoll_events) override;
  void on_settled() override;
  void on_piece() override;

 private:
  // left: the client has, and the handler goes on
  enum class State : uint8_t { head, body, answering, closing, lingering, left, closed };
  enum class Progress : uint8_t { more, stuck, enough };  // enough: the rest in another piece

  // client_connection.cpp: the life of the connection and its input
  void pump();
  Progress read_head();
  bool receive();
  bool receive_into(char* to, size_t room, size_t& got);
  void begin_request(const http1::Head& head);
  void next_request();
  void drop_input();
  void lost();
  bool is_gone() const { return state_ == State::left || state_ == State::closed; }
  void rearm();
  void on_due();
  void body_came_too_slowly();

  // client_body.cpp: the request's body
  bool place_body();
  Progress read_body();
  Progress take_length_body();
  Progress take_chunked_body();
  Progress take_coded_body();
  bool unframe();
  bool decoding() const;
  bool receive_body();
  bool move_body();
  void tell_body(bool last);
  void body_failed(const ClientFailed& failed);
  bool request_whole() const;

  // client_answer.cpp: its output and its end
  void turn_away(std::string_view head_bytes);
  void refuse(http1::Refusal refusal, std::string_view head_bytes);
  void refuse(const Fault& fault, int status, std::string_view reason, std::string_view head_bytes);
  std::string& text();
  void write_through(std::string_view line, std::string_view bytes, std::string_view end);
  void flush();
  void close_when_sent();
  void end_when_sent();
  void linger();
  void drop_rest();
  size_t unsent() const { return text_ ? text_->size() - text_sent_ : 0; }
  enum class Goodbye : uint8_t { fin, reset };
  void hang_up(Goodbye goodbye);
  void close(Goodbye goodbye);

  // Behind a head in its buffer there is always this much room: for the coded bytes of a chunked body, and
  // for what was read beyond a body's end.
  static constexpr size_t room_behind_head = 4096;

  // A body in a content coding, until the last of it has been decoded.
  struct CodedBody {
    std::unique_ptr<ContentDecoder> decoder;
    Coding coding = Coding::gzip;
    bool whole = false;       // all of it has come, and the next request begins at rest_
    bool holds_more = false;  // the decoder has filled its room and may go on without input
    uint32_t ready_end = 0;   // of the coded bytes in the buffer that the decoder may have
    int64_t bytes_max = 0;
    int64_t coded_bytes = 0;  // that have come, without their framing
  };

  ConnectionHost& host_;
  Loop& loop_;
  int fd_;
  PeerScope peer_;
  Welcome welcome_;
  Address address_;
  State state_ = State::head;

  // The socket.
  bool readable_ = false;
  bool blocked_ = false;  // the socket takes no more for now
  bool peer_closed_ = false;
  bool reset_ = false;   // in both directions
  bool broken_ = false;  // a write failed
  bool pumping_ = false;
  bool in_piece_ = false;  // may decode

  // The request.
  bool exchange_open_ = false;
  bool first_request_ = true;
  bool keep_ = true;
  bool is_head_method_ = false;
  bool http_1_0_ = false;
  bool released_ = false;
  http1::Framing framing_ = http1::Framing::none;
  RequestBuffer* buffer_ = nullptr;
  uint32_t begin_ = 0;     // of the current request in the buffer
  uint32_t end_ = 0;       // of what was received into the buffer
  uint32_t content_ = 0;   // where the body begins in the buffer
  uint32_t coded_ = 0;     // in chunks or in a coding: what was decoded up to
  uint32_t rest_ = 0;      // where the next request begins, once this one is whole
  size_t body_bytes_ = 0;  // of the body so far
  int64_t length_ = -1;
  BodyBuffer body_;  // the body, when it does not fit in the buffer
  std::unique_ptr<CodedBody> coded_body_;
  http1::HeadScan scan_;
  http1::ChunkedDecoder decoder_;
  int64_t head_began_ms_ = never_ms;
  int64_t body_began_ms_ = 0;
  int64_t idle_since_ms_ = 0;    // nothing of a request has come since, empty lines aside
  size_t empty_line_bytes_ = 0;  // passed over before this request
  size_t dropped_ = 0;

  // The answer.
  bool head_sent_ = false;
  bool chunked_out_ = false;
  bool no_body_out_ = false;
  bool told_backed_up_ = false;
  bool quiet_input_ = false;  // at the end: nothing unread whose loss would cost the answer
  int64_t out_left_ = -1;     // announced and not yet given; -1: not announced
  std::unique_ptr<std::string> text_;
  size_t text_sent_ = 0;

  Timer timer_;
  std::unique_ptr<RequestHandler> handler_;
};

}  // namespace signalbox::native
