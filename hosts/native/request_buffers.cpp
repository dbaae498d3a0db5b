#include "request_buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace signalbox::native {

namespace {

constexpr size_t page_bytes = 4096;

size_t whole_pages(size_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }

void* map(size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}

// Text that grew further than this is not kept: one slow client must not mark the pool for good.
constexpr size_t kept_text_bytes_max = 64 << 10;

}  // namespace

BodyBuffer::BodyBuffer(BodyBuffer&& other) noexcept
    : all_decoded_bytes_(std::move(other.all_decoded_bytes_)),
      data_(std::exchange(other.data_, nullptr)),
      capacity_(std::exchange(other.capacity_, 0)) {}

BodyBuffer& BodyBuffer::operator=(BodyBuffer&& other) noexcept {
  if (this != &other) {
    reset();
    all_decoded_bytes_ = std::move(other.all_decoded_bytes_);
    data_ = std::exchange(other.data_, nullptr);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

bool BodyBuffer::reserve(size_t bytes) {
  if (bytes <= capacity_) return true;
  const size_t size = whole_pages(bytes);
  if (all_decoded_bytes_) {
    const size_t others = *all_decoded_bytes_ - capacity_;
    if (others > 0 && others + size > RequestBuffers::decoded_bytes_max) return false;
  }
  void* p = nullptr;
  if (data_) {
    p = mremap(data_, capacity_, size, MREMAP_MAYMOVE);
    if (p == MAP_FAILED) p = nullptr;
  } else {
    p = map(size);
  }
  if (!p) return false;
  if (all_decoded_bytes_) *all_decoded_bytes_ += size - capacity_;
  data_ = static_cast<char*>(p);
  capacity_ = size;
  return true;
}

void BodyBuffer::reset() {
  if (data_) munmap(data_, capacity_);
  if (all_decoded_bytes_) *all_decoded_bytes_ -= capacity_;
  all_decoded_bytes_.reset();
  data_ = nullptr;
  capacity_ = 0;
}

RequestBuffers::~RequestBuffers() {
  for (RequestBuffer* b : free_) munmap(b, whole_pages(sizeof *b));
}

RequestBuffer* RequestBuffers::take() {
  if (free_.empty()) {
    unneeded_ = 0;
    void* p = map(whole_pages(sizeof(RequestBuffer)));
    return p ? new (p) RequestBuffer : nullptr;
  }
  RequestBuffer* b = free_.back();
  free_.pop_back();
  unneeded_ = std::min(unneeded_, free_.size());
  return b;
}

void RequestBuffers::give_back(RequestBuffer* buffer) {
  if (!buffer) return;
  if (free_.size() >= free_max) munmap(buffer, whole_pages(sizeof *buffer));
  else free_.push_back(buffer);
}

BodyBuffer RequestBuffers::take_body(size_t bytes) {
  for (size_t i = free_bodies_.size(); i-- > 0;) {
    if (free_bodies_[i].capacity() < bytes) continue;
    BodyBuffer b = std::move(free_bodies_[i]);
    free_bodies_.erase(free_bodies_.begin() + std::ptrdiff_t(i));
    unneeded_bodies_ = std::min(unneeded_bodies_, free_bodies_.size());
    return b;
  }
  BodyBuffer b;
  b.reserve(bytes);
  return b;
}

BodyBuffer RequestBuffers::take_decoded_body(size_t bytes) {
  BodyBuffer b;
  b.all_decoded_bytes_ = decoded_bytes_;
  b.reserve(bytes);
  return b;
}

void RequestBuffers::give_back(BodyBuffer body) {
  if (body && !body.all_decoded_bytes_ && body.capacity() <= free_body_bytes_max &&
      free_bodies_.size() < free_bodies_max)
    free_bodies_.push_back(std::move(body));
}

std::unique_ptr<std::string> RequestBuffers::take_text() {
  if (free_texts_.empty()) {
    unneeded_texts_ = 0;
    return std::make_unique<std::string>();
  }
  auto text = std::move(free_texts_.back());
  free_texts_.pop_back();
  unneeded_texts_ = std::min(unneeded_texts_, free_texts_.size());
  return text;
}

void RequestBuffers::give_back(std::unique_ptr<std::string> text) {
  if (!text || text->capacity() > kept_text_bytes_max || free_texts_.size() >= free_max) return;
  text->clear();
  free_texts_.push_back(std::move(text));
}

void RequestBuffers::trim() {
  // The oldest stand in front; those at the back are warm.
  for (size_t i = 0; i < unneeded_; ++i) munmap(free_[i], whole_pages(sizeof(RequestBuffer)));
  free_.erase(free_.begin(), free_.begin() + std::ptrdiff_t(unneeded_));
  free_bodies_.erase(free_bodies_.begin(), free_bodies_.begin() + std::ptrdiff_t(unneeded_bodies_));
  free_texts_.erase(free_texts_.begin(), free_texts_.begin() + std::ptrdiff_t(unneeded_texts_));
  unneeded_ = free_.size();
  unneeded_bodies_ = free_bodies_.size();
  unneeded_texts_ = free_texts_.size();
}

}  // namespace signalbox::native
