// One request and its answer over one easy handle of libcurl, which is reused for attempt after attempt.
//
// Rules
//   - libcurl's callbacks run with libcurl on the stack. What it forbids there (to add, remove or unpause a
//     handle) waits for `on_news`, and an attempt that ends there for its transport's `drop`.
//   - Once over, it tells its listener nothing more; what libcurl still calls is answered with an abort.
//   - Nothing is shown twice and only what is held is copied (answer_window.h); a request is repeated at
//     most once, and by us (attempt_clock.h).
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "answer_watch.h"
#include "answer_window.h"
#include "attempt_clock.h"
#include "curl_multi.h"
#include "http1/parser.h"
#include "upstream.h"
#include "upstream_request.h"

namespace signalbox::native {

class MultiAttempt;

// What an attempt needs of its transport. All it refers to must outlive the attempt.
class MultiSurroundings {
 public:
  virtual ~MultiSurroundings() = default;
  // Has `MultiAttempt::on_news` called from the loop's top.
  virtual void bring_news(MultiAttempt& attempt) = 0;
  // Has one of the attempts on the connection from `local_port` run.
  virtual void stir(int local_port) = 0;
  // Takes an ended attempt out of libcurl, at once or as soon as libcurl is off the stack.
  virtual void drop(MultiAttempt& attempt) = 0;

  Loop& loop;
  CurlMulti& multi;
  BufferPool& buffers;
  AnswerWatches& watches;
  const TransportSettings& settings;

 protected:
  MultiSurroundings(Loop& l, CurlMulti& m, BufferPool& b, AnswerWatches& w, const TransportSettings& s)
      : loop(l), multi(m), buffers(b), watches(w), settings(s) {}
};

class MultiAttempt final : public Attempt {
 public:
  explicit MultiAttempt(MultiSurroundings& around);
  ~MultiAttempt() override;

  // Prepares the handle; its transport brings the news that start it.
  void begin(const AttemptRequest& request, AttemptListener& listener);
  void cancel() override;
  void pause() override;
  void resume() override;

  // What follows is for its transport, and only with libcurl off the stack.

  // libcurl is done with it.
  void on_done(CURLcode result);
  // From the loop's top, after it asked for it or began.
  void on_news();
  // Leaves libcurl.
  void leave();
  // Lets go of what the last use held.
  void let_go();
  // Has libcurl look at its connection, and leaves it paused or not as it is.
  void stir();

  bool runs_from(int local_port) const { return in_multi_ && !over() && local_port_ == local_port; }
  bool paused_in_curl() const { return curl_paused_; }

 private:
  void set_fixed_options();
  void set_trust(std::string_view ca_file);
  void set_method(const AttemptRequest& request);
  void set_headers(const AttemptRequest& request);
  void add_header(std::string_view name, std::string_view value);

  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
  static int on_connected(void* self, char*, char*, int, int);
  static size_t on_read(char* to, size_t, size_t room, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static size_t on_header(char* line, size_t, size_t size, void* self);
  static size_t on_write(char* bytes, size_t, size_t size, void* self);

  size_t read_upload(char* to, size_t room);
  size_t take_header_line(std::string_view line);
  bool take_head();
  size_t take_body(std::string_view bytes);
  void handed_over();
  void tell_sent();
  void fail(FaultKind kind);
  bool may_repeat();
  void repeat();
  void end();
  void give_up_stream();
  // Ends with a fault from within a callback, whose result this is.
  size_t refuse(FaultKind kind);
  bool over() const { return listener_ == nullptr; }

  MultiSurroundings& around_;
  CURL* easy_;
  AttemptClock clock_;
  AnswerWindow window_;
  AnswerWatch watch_;
  AttemptListener* listener_ = nullptr;
  Upload upload_;
  curl_slist* headers_ = nullptr;
  std::string text_;  // for options that want a terminated string
  std::string ca_file_;
  std::string head_;                     // the lines of the answer's head so far
  FaultKind verdict_ = FaultKind::none;  // ours, when a callback of ours ended the transfer
  http1::AnswerTo answer_to_ = http1::AnswerTo::other;
  size_t answer_head_bytes_max_ = 0;
  size_t trailer_bytes_ = 0;
  int interim_answers_ = 0;
  bool in_multi_ = false;
  bool secure_ = false;
  bool multiplexed_ = false;     // or may be: on a connection that others may share
  bool finished_ = false;        // libcurl is done with it, and was not made to be
  int local_port_ = 0;           // tells its connection from others
  bool connected_ = false;       // it has had a connection
  bool kept_ = false;            // which was used before
  bool resend_refused_ = false;  // libcurl found the connection dead and would have sent again
  bool repeated_ = false;
  bool handed_over_ = false;  // libcurl has the last byte of the request
  bool sent_told_ = false;
  bool headed_ = false;
  bool paused_ = false;
  bool curl_paused_ = false;  // libcurl knows
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace signalbox::native
