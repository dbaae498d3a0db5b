#include "streams.h"

#include <algorithm>

#include "abi/memory.h"

namespace signalbox::wasi {

namespace {

constexpr int64_t ns_per_ms = 1'000'000;
// A moment this far ahead is as good as never, and its nanoseconds fit.
constexpr int64_t far_ms = int64_t(1) << 40;

// stream-error at `offset`: which case, then the error that goes with the first.
bool is_failure(const abi::ReturnArea& area, size_t offset) { return area.tag(offset) == 0; }

void drop_failure(const abi::ReturnArea& area, size_t offset) {
  if (is_failure(area, offset)) abi::drop_error(area.handle(offset + 4));
}

// option<error-code>, whose payloads are 8-aligned.
int code_of(abi::RawHandle error) {
  Arena texts;
  abi::Reception reception(texts);
  abi::ReturnArea area;
  abi::http_error_code(error, area);
  return area.tag(0) ? area.tag(8) : no_error_code;
}

}  // namespace

size_t InputStream::read(std::span<char> place) {
  if (state_ != State::open || !open_) return 0;
  Arena elsewhere;
  abi::ReturnArea area;  // result<list<u8>, stream-error>
  {
    abi::Reception reception(elsewhere, place);
    abi::input_stream_read(stream_.raw(), int64_t(place.size()), area);
  }
  if (area.tag(0) == 0) {
    const std::string_view bytes = area.text(4);
    if (!bytes.empty() && bytes.data() != place.data()) std::copy(bytes.begin(), bytes.end(), place.begin());
    return bytes.size();
  }
  if (is_failure(area, 4)) {
    state_ = State::failed;
    error_code_ = code_of(area.handle(8));
    abi::drop_error(area.handle(8));
  } else {
    state_ = State::ended;
  }
  return 0;
}

void InputStream::close() {
  readable_.reset();
  stream_.reset();
  open_ = false;
}

size_t OutputStream::permit() {
  if (broken_ || !stream_) return 0;
  abi::ReturnArea area;  // result<u64, stream-error>
  abi::output_stream_check_write(stream_.raw(), area);
  if (area.tag(0) == 0) return size_t(std::min<uint64_t>(area.number<uint64_t>(8), SIZE_MAX));
  drop_failure(area, 8);
  broken_ = true;
  return 0;
}

size_t OutputStream::write(std::string_view bytes) {
  const size_t count = std::min(bytes.size(), permit());
  if (count == 0) return 0;
  abi::ReturnArea area;  // result<_, stream-error>
  abi::output_stream_write(stream_.raw(), bytes.data(), count, area);
  if (area.tag(0) == 0) abi::output_stream_flush(stream_.raw(), area);
  if (area.tag(0) == 0) return count;
  drop_failure(area, 4);
  broken_ = true;
  return 0;
}

bool OutputStream::taken() {
  permit();
  return !broken_;
}

void OutputStream::close() {
  writable_.reset();
  stream_.reset();
}

void Wait::wait() {
  abi::Pollable moment;
  if (at_ms_ < far_ms) {
    moment = abi::Pollable(abi::subscribe_instant(at_ms_ < 0 ? 0 : at_ms_ * ns_per_ms));
    pollables_.push_back(moment.raw());
  }
  if (!pollables_.empty()) {
    Arena indices;  // which are ready; everything is looked at anyway
    abi::Reception reception(indices);
    abi::ReturnArea area;
    abi::poll_any(pollables_.data(), pollables_.size(), area);
  }
  pollables_.clear();
  at_ms_ = INT64_MAX;
}

}  // namespace signalbox::wasi
