// The upstream side of the native host: what the performer asks of a transport, and what a transport
// tells back. Two transports stand behind it (docs/decisions/0002): HTTP/1.1 of our own on connections that
// libcurl makes, and libcurl's multi interface for HTTP/2 and proxies.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "signalbox/effect.h"
#include "signalbox/event.h"

namespace signalbox::native {

// Told, on the loop's thread, what becomes of one attempt, in the order of the events of the same
// names. After on_end or on_failed nothing follows. Any of these may call `Attempt::cancel`.
class AttemptListener {
 public:
  virtual ~AttemptListener() = default;
  virtual void on_sent() = 0;
  virtual void on_head(int status, std::span<const Header> headers) = 0;
  // `window` is everything not let go of yet, its last `fresh_bytes` new. Answers how many of its
  // oldest bytes may go now.
  virtual size_t on_body(std::string_view window, size_t fresh_bytes) = 0;
  // The answer is complete. `window` is what on_body has not let go of; it is dropped when this returns.
  virtual void on_end(std::string_view window) = 0;
  virtual void on_failed(FaultKind kind) = 0;
};

// One attempt in flight, owned by its transport.
class Attempt {
 public:
  virtual ~Attempt() = default;
  // Ends it at once: the connection is closed unless the exchange was complete on it. The listener
  // hears nothing more, and the attempt must not be touched again.
  virtual void cancel() = 0;
  // Stops and resumes reading the answer; idle time is not counted while stopped.
  virtual void pause() = 0;
  virtual void resume() = 0;
};

// What to send, whole. Every view must stay valid until the attempt has told on_sent, ended or been
// cancelled; `headers` and `url` only during `open`.
struct AttemptRequest {
  std::string_view method;
  std::string_view url;
  std::span<const Header> headers;  // without Host, Content-Length, Connection and credential
  Header credential;                // name empty: none
  std::span<const std::string_view> body;
  TransportTimeouts timeouts;
  std::string_view proxy;
  std::string_view ca_file;
};

struct TransportSettings {
  size_t answer_head_bytes_max = 64 << 10;
  size_t window_bytes_max = (16 << 20) + (64 << 10);  // one frame and one read beyond
};

// All upstream connections of one thread.
class Transport {
 public:
  virtual ~Transport() = default;
  // Starts an attempt. Never calls the listener before it has returned. The result lives until the
  // listener has heard on_end or on_failed, or until `cancel`.
  virtual Attempt* open(const AttemptRequest& request, AttemptListener& listener) = 0;
  // Attempts opened from now on have these bounds; those open keep the ones they began with. A transport
  // that holds nothing has none.
  virtual void adopt(const TransportSettings&) {}
  // Frees memory that has not been needed since the last call; called every few seconds.
  virtual void trim() {}
};

class Loop;

// The transport that chooses between the two by scheme and proxy.
std::unique_ptr<Transport> make_transport(Loop& loop, const TransportSettings& settings);

}  // namespace signalbox::native
