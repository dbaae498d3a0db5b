#include "base/arena.h"

#include <cstdint>
#include <cstring>

namespace signalbox {

struct Arena::Chunk {
  Chunk* older;
  size_t bytes;  // of the payload, which follows
  char* payload() { return reinterpret_cast<char*>(this) + header_bytes; }

  static constexpr size_t header_bytes =
      (2 * sizeof(void*) + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
};

Arena::~Arena() {
  reset();
  ::operator delete(first_);
}

Arena::Chunk* Arena::add_chunk(size_t payload_bytes) {
  static_assert(sizeof(Chunk) <= Chunk::header_bytes);
  size_t bytes = Chunk::header_bytes + payload_bytes;
  auto* chunk = static_cast<Chunk*>(::operator new(bytes));
  chunk->bytes = payload_bytes;
  chunk->older = nullptr;
  held_bytes_ += bytes;
  if (!first_) {
    first_ = chunk;
  } else {
    chunk->older = others_;
    others_ = chunk;
  }
  return chunk;
}

void* Arena::allocate(size_t bytes, size_t align) {
  auto address = reinterpret_cast<uintptr_t>(next_);
  size_t skipped = size_t(-address & (align - 1));
  size_t left = size_t(end_ - next_);
  if (next_ && skipped <= left && bytes <= left - skipped) {
    char* result = next_ + skipped;
    next_ = result + bytes;
    return result;
  }
  constexpr size_t usual_bytes = chunk_bytes - Chunk::header_bytes;
  // The kept chunk is always a usual one, so that one large value does not stay for ever.
  if (!first_) {
    Chunk* chunk = add_chunk(usual_bytes);
    next_ = chunk->payload();
    end_ = next_ + usual_bytes;
    if (bytes <= usual_bytes) {
      char* result = next_;  // a payload begins aligned for everything
      next_ += bytes;
      return result;
    }
  }
  // A quarter of a chunk and more gets its own, and what is left of the chunk in use stays in use.
  if (bytes > usual_bytes / 4) return add_chunk(bytes)->payload();
  Chunk* chunk = add_chunk(usual_bytes);
  char* result = chunk->payload();
  next_ = result + bytes;
  end_ = result + usual_bytes;
  return result;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  auto* bytes = static_cast<char*>(allocate(text.size(), 1));
  std::memcpy(bytes, text.data(), text.size());
  return {bytes, text.size()};
}

std::string_view Arena::concat(std::initializer_list<std::string_view> pieces) {
  size_t size = 0;
  for (std::string_view piece : pieces) size += piece.size();
  if (size == 0) return {};
  auto* bytes = static_cast<char*>(allocate(size, 1));
  char* to = bytes;
  for (std::string_view piece : pieces) {
    if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
  return {bytes, size};
}

void Arena::reset() {
  while (others_) {
    Chunk* older = others_->older;
    held_bytes_ -= Chunk::header_bytes + others_->bytes;
    ::operator delete(others_);
    others_ = older;
  }
  if (first_) {
    next_ = first_->payload();
    end_ = next_ + first_->bytes;
  }
}

}  // namespace signalbox
