// Finds the frames of an event stream (WHATWG HTML, "Server-sent events"; translation.md section 11.1)
// in a window that the host owns: it shows every byte not yet released, oldest first.
//
//   window   ┌ frame, returned ┐┌ frame, returned ┐┌ unfinished ───────┐
//            event: a␊data: 1␊␊ event: b␊data: 2␊␊ event: c␊data: {"te
//                             end                end                  scanned so far
//
// Lines end with \n, \r\n or \r; a blank line ends a frame. Only `event` and `data` are read. However
// the bytes were cut, the frames are the same; `end` alone may differ by one where a window ended
// between the \r and the \n of a blank line: the \n is then the next frame's first byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace signalbox::sse {

// One frame. A frame may be a comment or nothing at all: it has no data, and yet its bytes go on.
struct Frame {
  std::string_view event;  // empty when the frame names none; the last `event` line counts
  std::string_view data;   // `data` lines joined by \n
  size_t end = 0;          // offset in the window one past the frame, its blank line included
  bool has_data = false;   // there was a `data` line, be it an empty one
};

class FrameReader {
 public:
  explicit FrameReader(size_t frame_bytes_max);

  // Shows the whole current window: all of the last one less what was released, and more. It may
  // stand elsewhere in memory. Bytes that were scanned are not scanned again.
  void feed(std::string_view window);

  // Gives the next complete frame. Its views are valid until the next feed; data of one line points
  // into the window, data of several into memory of the reader. False when there is none, and for
  // ever once too_large().
  bool next(Frame& frame);

  // At the end of the stream, after next has said false: gives the last event when its blank line is
  // missing. False when what is left is no event (nothing, a comment, ignored fields).
  bool finish(Frame& frame);

  // The host let the `bytes` oldest bytes go, at most up to the `end` of the last frame given; offsets
  // from here on count from the byte after them. More than that forgets the unfinished frame's fields.
  void released(size_t bytes);

  // Where the unfinished frame begins, once next has said false: every byte before it belongs to whole
  // frames, the \n that a window kept back from a \r included.
  size_t unfinished_at() const { return frame_begin_; }

  // A frame has more than frame_bytes_max bytes before its blank line, finished or not. Known once
  // next has said false; stays.
  bool too_large() const { return too_large_; }

 private:
  struct Field {
    size_t begin = 0;
    size_t bytes = 0;
  };

  bool read_line(size_t begin, size_t end);
  void complete(Frame& frame, size_t fields_end, size_t end);
  void begin_frame(size_t at);
  std::string_view view(Field field) const;
  std::string_view joined_data(size_t fields_end);

  std::string_view window_;
  size_t frame_bytes_max_;
  size_t frame_begin_ = 0;  // the unfinished frame's first byte, past a \n that is due to a \r before it
  size_t line_begin_ = 0;   // the unfinished line's first byte
  size_t scanned_ = 0;      // no line end in [line_begin_, scanned_)
  Field event_;
  Field data_;  // the first data line
  size_t data_count_ = 0;
  bool first_line_ = true;  // a BOM may stand before it
  bool after_cr_ = false;   // a \n at line_begin_ belongs to the \r before it
  bool too_large_ = false;
  std::vector<std::unique_ptr<char[]>> joined_;  // what frames of this feed point to
};

}  // namespace signalbox::sse
