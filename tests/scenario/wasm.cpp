// The core player as a wasm module: text in, text out, nothing imported. tests/scenario/play-wasm.mjs
// drives it.
#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "player.h"

#define SIGNALBOX_EXPORT(name) extern "C" __attribute__((export_name(#name), used, visibility("default")))

namespace {
signalbox::scenario::Outcome last;
}

// Memory for `bytes` bytes; the caller fills it and gives it back with player_free.
SIGNALBOX_EXPORT(player_alloc) void* player_alloc(size_t bytes) { return std::malloc(bytes ? bytes : 1); }
SIGNALBOX_EXPORT(player_free) void player_free(void* memory) { std::free(memory); }

// Plays or traces the scenario; 1 when it passed. The text stays until the next call.
SIGNALBOX_EXPORT(player_play) int player_play(const char* text, size_t bytes) {
  last = signalbox::scenario::play({text, bytes});
  return last.passed;
}
SIGNALBOX_EXPORT(player_trace) int player_trace(const char* text, size_t bytes) {
  last = signalbox::scenario::trace({text, bytes});
  return last.passed;
}
SIGNALBOX_EXPORT(player_text) const char* player_text() { return last.text.data(); }
SIGNALBOX_EXPORT(player_text_bytes) size_t player_text_bytes() { return last.text.size(); }
