// SSE frames: whatever the bytes, and wherever a window is cut and released, the frames are those of
// the whole. The first byte steers the cuts and the frame bound.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "require.h"
#include "sse/frame_reader.h"

using signalbox::sse::Frame;
using signalbox::sse::FrameReader;
using signalbox::testing::require;

namespace {

struct Kept {
  std::string event;
  std::string data;
  bool has_data;
  bool operator==(const Kept& other) const {
    return event == other.event && data == other.data && has_data == other.has_data;
  }
};

struct Played {
  std::vector<Kept> frames;
  bool too_large = false;
};

// Plays `text` in pieces of up to `piece_max` bytes; 0: whole.
Played play(std::string_view text, size_t piece_max, unsigned seed, size_t frame_bytes_max) {
  FrameReader reader(frame_bytes_max);
  Played played;
  size_t gone = 0;
  size_t shown = 0;
  Frame frame;
  bool last = false;
  while (!last) {
    seed = seed * 1103515245 + 12345;
    const size_t piece = piece_max == 0 ? text.size() : 1 + (seed >> 16) % piece_max;
    shown = text.size() - shown < piece ? text.size() : shown + piece;
    last = shown == text.size();
    const size_t bytes = shown - gone;
    const std::unique_ptr<char[]> memory(new char[bytes]);
    std::memcpy(memory.get(), text.data() + gone, bytes);
    reader.feed({memory.get(), bytes});
    std::vector<Frame> views;
    size_t end = 0;
    while (reader.next(frame)) {
      require(frame.end > end && frame.end <= bytes);
      end = frame.end;
      views.push_back(frame);
    }
    if (last && reader.finish(frame)) views.push_back(frame);
    for (const Frame& view : views)
      played.frames.push_back({std::string(view.event), std::string(view.data), view.has_data});
    if ((seed >> 8) % 3 != 0) {
      reader.released(end);
      gone += end;
    }
  }
  played.too_large = reader.too_large();
  return played;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const unsigned seed = data[0];
  const size_t frame_bytes_max = seed % 4 == 0 ? 16 : 4096;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Played whole = play(text, 0, seed, frame_bytes_max);
  for (const size_t piece_max : {size_t(1), size_t(2), 1 + size_t(seed) % 40}) {
    const Played cut = play(text, piece_max, seed + static_cast<unsigned>(piece_max), frame_bytes_max);
    require(cut.frames == whole.frames);
    require(cut.too_large == whole.too_large);
  }
  return 0;
}
