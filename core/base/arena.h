// Memory of one exchange: handed out by moving a pointer, given back all at once.
//
// Rules: nothing allocated here is ever destroyed, so only trivially destructible things go in. What
// comes out is valid until reset() or until the arena is destroyed. Not copyable, not shared.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

namespace signalbox {

class Arena {
 public:
  // One chunk holds the rewritten header list, the URL and the small strings of a usual exchange; a
  // page is what allocators hand out without waste.
  static constexpr size_t chunk_bytes = 4096;

  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `bytes` of memory aligned to `align`, a power of two up to alignof(std::max_align_t). Never null;
  // zero bytes give a pointer that must not be read. What does not fit a chunk gets one of its own.
  void* allocate(size_t bytes, size_t align);

  // A copy of `text` that lives as long as the arena's memory does.
  std::string_view copy(std::string_view text);

  // The pieces one after the other, as one text.
  std::string_view concat(std::initializer_list<std::string_view> pieces);

  // `count` value-initialised elements. The caller bounds `count`.
  template <class T>
  std::span<T> array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "nothing in an arena is destroyed");
    if (count == 0) return {};
    T* first = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    for (size_t i = 0; i < count; ++i) ::new (static_cast<void*>(first + i)) T();
    return {first, count};
  }

  // Lets go of everything handed out. The first chunk is kept for the next use.
  void reset();

  // Bytes held from the system at the moment; for tests and for accounting.
  size_t held_bytes() const { return held_bytes_; }

 private:
  struct Chunk;
  Chunk* add_chunk(size_t payload_bytes);

  Chunk* first_ = nullptr;   // the kept chunk
  Chunk* others_ = nullptr;  // every further one, newest first
  char* next_ = nullptr;     // free part of the chunk in use
  char* end_ = nullptr;
  size_t held_bytes_ = 0;
};

}  // namespace signalbox
