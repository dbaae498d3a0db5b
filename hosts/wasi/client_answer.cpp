#include "client_answer.h"

#include "abi/memory.h"
#include "base/text.h"
#include "http_fields.h"

namespace signalbox::wasi {

void ClientAnswer::send_head(const SendClientHead& head) {
  if (!outparam_) return;
  abi::Fields fields(abi::new_fields());
  for (const Header& header : head.headers)
    if (!is_framing(header.name)) add_field(fields, header.name, header.value);
  const bool without_content = head.status == 204 || head.status == 304;
  if (head.body_bytes >= 0 && !without_content) {
    std::string length;
    base::append_decimal(length, head.body_bytes);
    add_field(fields, "content-length", length);
  }
  const abi::RawHandle answer = abi::new_outgoing_response(fields.take());
  abi::outgoing_response_set_status(answer, head.status);
  abi::ReturnArea area;
  // A body that was asked for has to be as long as its head says: an answer to HEAD has none at all.
  if (!is_head_method_ && !without_content) {
    abi::outgoing_response_body(answer, area);  // result<outgoing-body>
    body_ = abi::Handle<abi::drop_outgoing_body>(area.handle(4));
    abi::outgoing_body_write(body_.raw(), area);  // result<output-stream>
    stream_ = OutputStream(area.handle(4));
  }
  abi::response_outparam_set(outparam_.take(), 0, answer, 0, 0, 0, 0, 0, 0);
}

void ClientAnswer::send_body(std::string_view bytes) {
  if (!stream_) return;
  if (!backed_up()) bytes.remove_prefix(stream_.write(bytes));
  if (bytes.empty() || !stream_.taken()) return;
  if (unsent_begin_ > unsent_.size() / 2) {
    unsent_.erase(0, unsent_begin_);
    unsent_begin_ = 0;
  }
  unsent_.append(bytes);
}

bool ClientAnswer::advance() {
  bool went = false;
  while (backed_up()) {
    const size_t count = stream_.write(unsent());
    if (count == 0) break;
    unsent_begin_ += count;
    went = true;
  }
  if (!backed_up()) {
    unsent_.clear();
    unsent_begin_ = 0;
  }
  return went;
}

bool ClientAnswer::gone() { return stream_ && !stream_.taken(); }

void ClientAnswer::wait_on(Wait& wait) const {
  if (backed_up()) wait.add(stream_.writable());
}

void ClientAnswer::finish(Ending ending) {
  stream_.close();
  if (!body_) return;
  if (ending == Ending::cut) return body_.reset();
  Arena texts;
  abi::Reception reception(texts);
  abi::ReturnArea area;  // result<_, error-code>
  abi::outgoing_body_finish(body_.take(), 0, 0, area);
}

}  // namespace signalbox::wasi
