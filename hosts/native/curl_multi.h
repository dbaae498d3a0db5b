// One libcurl multi handle driven by a Loop (the socket interface of libcurl, no thread, no blocking).
//
// Rules that libcurl sets and this file keeps:
//   - no handle is added, removed or unpaused while libcurl is on the stack (`inside`);
//   - its zero timeout becomes one kick at the end of the loop's turn, however many transfers ask;
//   - a handle made with CURLOPT_CONNECT_ONLY must stay in its multi, or its connection closes.
#pragma once

#include <curl/curl.h>

#include <cstdint>

#include "loop.h"

namespace signalbox::native {

// Whose transfers run in a CurlMulti. Both are called with libcurl off the stack.
class CurlOwner {
 public:
  virtual ~CurlOwner() = default;
  // `easy` has ended; it is still in the multi and may be removed now.
  virtual void on_done(CURL* easy, CURLcode result) = 0;
  // libcurl has just been left, or a kick was asked for: the place for what had to wait. Not to be
  // called into again from what it calls.
  virtual void on_outside() = 0;
};

class CurlMulti {
 public:
  // `owner` and `loop` must outlive it. `connections_max`: how many connections are kept open in all.
  CurlMulti(Loop& loop, CurlOwner& owner, long connections_max);
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // libcurl is on the stack: a callback of it is being run.
  bool inside() const { return depth_ > 0; }

  // Only outside. The transfer starts at the end of this turn.
  bool add(CURL* easy);
  // Only outside. Ends the transfer; its connection is closed unless the transfer was complete.
  void remove(CURL* easy);
  // Only outside. May call the transfer's write callback before it returns.
  void unpause(CURL* easy);
  // Only outside. Has the transfer looked at in this turn although nothing has happened to it, and
  // leaves it paused as `pause_state` (CURLPAUSE_*) says. May call its write callback.
  void stir(CURL* easy, int pause_state);

  // Has `on_outside` called at the end of this turn.
  void kick();

 private:
  class Socket;
  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void* socket);
  static int on_timer(CURLM*, long ms, void* self);
  void on_kick();
  void act(curl_socket_t fd, int events);
  void leave();

  Loop& loop_;
  CurlOwner& owner_;
  CURLM* multi_;
  Timer kick_;
  Timer timeout_;
  int depth_ = 0;
  bool zero_asked_ = false;  // libcurl wants to be called at once
  bool kicking_ = false;
  bool kick_asked_ = false;  // while kicking
};

// Sets what every handle of ours has in common, whatever it is used for: no signals, no proxy of the
// environment, no netrc, no cookies, http and https only, TLS 1.2 or later, verified peer and host.
void set_common_options(CURL* easy);

// libcurl's global state, once per process.
void start_curl();

}  // namespace signalbox::native
