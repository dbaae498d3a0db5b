#include "memory.h"

namespace signalbox::wasi::abi {

namespace {

// One call of the host at a time, so one reception at a time.
Arena* arena_now = nullptr;
std::span<char> place_now;

}  // namespace

Reception::Reception(Arena& arena) : Reception(arena, {}) {}

Reception::Reception(Arena& arena, std::span<char> place) {
  if (arena_now) __builtin_trap();
  arena_now = &arena;
  place_now = place;
}

Reception::~Reception() {
  arena_now = nullptr;
  place_now = {};
}

extern "C" __attribute__((export_name("cabi_realloc"))) void* cabi_realloc(void* old, size_t old_bytes, size_t align,
                                                                           size_t bytes) {
  if (!arena_now) __builtin_trap();  // a call whose result nobody expected to need memory
  if (align == 1 && old_bytes == 0 && bytes <= place_now.size() && !place_now.empty()) {
    void* place = place_now.data();
    place_now = {};
    return place;
  }
  void* fresh = arena_now->allocate(bytes, align);
  if (old_bytes) std::memcpy(fresh, old, old_bytes < bytes ? old_bytes : bytes);
  return fresh;
}

}  // namespace signalbox::wasi::abi
