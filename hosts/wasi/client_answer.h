// The client's answer: head, body as the client takes it, and an honest end.
#pragma once

#include <string>
#include <string_view>

#include "abi/handle.h"
#include "signalbox/effect.h"
#include "streams.h"

namespace signalbox::wasi {

class ClientAnswer {
 public:
  // Takes over the one right to answer. `is_head_method`: the body is left out.
  ClientAnswer(abi::RawHandle outparam, bool is_head_method) : outparam_(outparam), is_head_method_(is_head_method) {}

  void send_head(const SendClientHead& head);
  // What is not taken at once is kept, and leaves with `advance`.
  void send_body(std::string_view bytes);
  // Writes what waits; says whether any of it went.
  bool advance();

  // Whether bytes wait: then no more should be fetched for this client.
  bool backed_up() const { return !unsent().empty(); }
  // Whether nobody will read any more. Known only once there is a head: before that, a component has nothing
  // that would tell.
  bool gone();
  void wait_on(Wait& wait) const;
  bool has_head() const { return !outparam_; }

  // The last call. What waits must have left, or be lost; a cut answer breaks off.
  void finish(Ending ending);

 private:
  std::string_view unsent() const { return std::string_view(unsent_).substr(unsent_begin_); }

  abi::Handle<abi::drop_response_outparam> outparam_;
  bool is_head_method_;
  abi::Handle<abi::drop_outgoing_body> body_;
  OutputStream stream_;
  std::string unsent_;
  size_t unsent_begin_ = 0;
};

}  // namespace signalbox::wasi
