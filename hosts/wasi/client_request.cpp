#include "client_request.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <span>

#include "abi/memory.h"
#include "base/text.h"
#include "http_fields.h"

namespace signalbox::wasi {

namespace {

// wasi:http's method, in its order; behind these comes `other` with its name.
constexpr std::array<std::string_view, 9> methods = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                     "CONNECT", "OPTIONS", "TRACE", "PATCH"};
// What is read at once: as much as hosts buffer, and small beside the body of a coding agent.
constexpr size_t read_bytes = 64 << 10;

const Header* find(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& header : headers)
    if (base::equals_ignoring_case(header.name, name)) return &header;
  return nullptr;
}

}  // namespace

ClientRequest::ClientRequest(abi::RawHandle raw) {
  const abi::Handle<abi::drop_incoming_request> request(raw);
  abi::ReturnArea area;
  std::string_view authority;
  {
    abi::Reception reception(arena_);
    abi::incoming_request_method(raw, area);  // variant
    head_.method = area.tag(0) < methods.size() ? methods[area.tag(0)] : area.text(4);
    abi::incoming_request_target(raw, area);  // option<string>
    head_.target = area.tag(0) ? area.text(4) : "/";
    abi::incoming_request_authority(raw, area);  // option<string>
    if (area.tag(0)) authority = area.text(4);
  }
  headers_ = read_fields(abi::incoming_request_headers(raw), arena_);
  // Hosts keep Host to themselves and tell it as the authority; the core judges by it who may ask.
  if (!authority.empty() && !find(headers_, "host")) headers_.push_back({"host", authority});
  head_.headers = headers_;
  if (const Header* length = find(headers_, "content-length"))
    head_.body_bytes = base::parse_decimal(length->value).value_or(-1);
  head_.peer = PeerScope::unknown;

  abi::incoming_request_consume(raw, area);  // result<incoming-body>
  if (area.tag(0)) return;
  body_ = abi::Handle<abi::drop_incoming_body>(area.handle(4));
  abi::incoming_body_stream(body_.raw(), area);  // result<input-stream>
  if (area.tag(0) == 0) stream_ = InputStream(area.handle(4));
}

bool ClientRequest::reserve(size_t bytes, size_t bytes_max) {
  if (bytes <= capacity_) return true;
  size_t grown = std::max({bytes, 2 * capacity_, read_bytes});
  if (capacity_ == 0 && head_.body_bytes > 0)
    grown = std::max(bytes, size_t(std::min<int64_t>(head_.body_bytes, int64_t(bytes_max))) + 1);
  grown = std::max(bytes, std::min(grown, bytes_max + 1));
  std::unique_ptr<char[]> larger(new (std::nothrow) char[grown]);
  if (!larger) return false;
  if (size_) std::memcpy(larger.get(), data_.get(), size_);
  data_ = std::move(larger);
  capacity_ = grown;
  return true;
}

ClientRequest::Reading ClientRequest::read(size_t bytes_max) {
  if (!stream_) return Reading::nothing;
  const size_t room_max = bytes_max + 1 - std::min(size_, bytes_max + 1);
  if (room_max == 0) return Reading::nothing;
  if (size_ == capacity_ && !reserve(size_ + std::min(room_max, capacity_ ? read_bytes : size_t(1)), bytes_max))
    return Reading::no_memory;
  const size_t got = stream_.read({data_.get() + size_, std::min({capacity_ - size_, room_max, read_bytes})});
  size_ += got;
  switch (stream_.state()) {
    case InputStream::State::open: return got ? Reading::more : Reading::nothing;
    case InputStream::State::ended: break;
    case InputStream::State::failed: return Reading::broken;
  }
  stream_.close();
  body_.reset();
  return Reading::whole;
}

void ClientRequest::wait_on(Wait& wait) const {
  if (stream_) wait.add(stream_.readable());
}

void ClientRequest::release() {
  data_.reset();
  size_ = capacity_ = 0;
}

}  // namespace signalbox::wasi
