#include "sse/frame_reader.h"

#include <cstring>

#include "base/scan.h"

namespace signalbox::sse {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// Whether `line` is the field `name`; then `value_at` is where its value begins.
bool is_field(std::string_view line, std::string_view name, size_t& value_at) {
  if (line.substr(0, name.size()) != name) return false;
  value_at = name.size();
  if (line.size() == name.size()) return true;  // a field without a colon has an empty value
  if (line[value_at] != ':') return false;
  ++value_at;
  if (value_at < line.size() && line[value_at] == ' ') ++value_at;
  return true;
}

size_t minus(size_t offset, size_t bytes) { return offset > bytes ? offset - bytes : 0; }

}  // namespace

FrameReader::FrameReader(size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

void FrameReader::feed(std::string_view window) {
  window_ = window;
  joined_.clear();
  // A window shorter than what was scanned breaks the contract; nothing outside it is read all the same.
  if (scanned_ > window_.size()) begin_frame(window_.size());
}

bool FrameReader::next(Frame& frame) {
  if (too_large_) return false;
  const char* const begin = window_.data();
  const char* const end = begin + window_.size();
  while (scanned_ < window_.size()) {
    if (after_cr_) {
      after_cr_ = false;
      if (begin[line_begin_] == '\n') {
        if (frame_begin_ == line_begin_) ++frame_begin_;
        scanned_ = ++line_begin_;
        continue;
      }
    }
    const char* const stop = base::find_either(begin + scanned_, end, '\n', '\r');
    scanned_ = static_cast<size_t>(stop - begin);
    if (stop == end) break;
    const size_t line_begin = line_begin_;
    const size_t line_end = scanned_++;
    if (*stop == '\r') {
      if (scanned_ == window_.size()) {
        after_cr_ = true;
      } else if (begin[scanned_] == '\n') {
        ++scanned_;
      }
    }
    line_begin_ = scanned_;
    if (read_line(line_begin, line_end)) continue;
    // Counted without the blank line, so that a frame's size does not depend on where the bytes were cut.
    too_large_ = line_begin - frame_begin_ > frame_bytes_max_;
    if (too_large_) return false;
    complete(frame, line_begin, scanned_);
    return true;
  }
  too_large_ = window_.size() - frame_begin_ > frame_bytes_max_;
  return false;
}

bool FrameReader::finish(Frame& frame) {
  if (too_large_) return false;
  const size_t end = window_.size();
  if (line_begin_ < end) read_line(line_begin_, end);
  const bool event = data_count_ != 0 || event_.bytes != 0;
  if (event) {
    complete(frame, end, end);
  } else {
    begin_frame(end);
  }
  return event;
}

void FrameReader::released(size_t bytes) {
  if (bytes > window_.size()) bytes = window_.size();
  if (bytes > frame_begin_) {
    event_ = {};
    data_ = {};
    data_count_ = 0;
  }
  window_.remove_prefix(bytes);
  for (size_t* const offset : {&frame_begin_, &line_begin_, &scanned_, &event_.begin, &data_.begin}) {
    *offset = minus(*offset, bytes);
  }
}

// Takes in one line without its end. False when it is blank.
bool FrameReader::read_line(size_t begin, size_t end) {
  std::string_view line = view({begin, end - begin});
  if (first_line_) {
    first_line_ = false;
    if (line.substr(0, byte_order_mark.size()) == byte_order_mark) {
      line.remove_prefix(byte_order_mark.size());
      begin += byte_order_mark.size();
    }
  }
  if (line.empty()) return false;
  size_t value_at = 0;
  if (is_field(line, "data", value_at)) {
    if (data_count_++ == 0) data_ = {begin + value_at, line.size() - value_at};
  } else if (is_field(line, "event", value_at)) {
    event_ = {begin + value_at, line.size() - value_at};
  }
  return true;
}

// Gives the frame whose lines end at `fields_end` and whose bytes end at `end`, and begins the next.
void FrameReader::complete(Frame& frame, size_t fields_end, size_t end) {
  frame.event = view(event_);
  frame.data = data_count_ > 1 ? joined_data(fields_end) : view(data_);
  frame.end = end;
  frame.has_data = data_count_ != 0;
  begin_frame(end);
}

void FrameReader::begin_frame(size_t at) {
  frame_begin_ = line_begin_ = scanned_ = at;
  event_ = {};
  data_ = {};
  data_count_ = 0;
}

std::string_view FrameReader::view(Field field) const { return {window_.data() + field.begin, field.bytes}; }

// Joins the data lines of a frame whose lines end at `fields_end`. Rare, so its lines are read again
// instead of being remembered.
std::string_view FrameReader::joined_data(size_t fields_end) {
  // The lines with their names are longer than what they are joined to.
  joined_.push_back(std::unique_ptr<char[]>(new char[fields_end - data_.begin]));
  char* const out = joined_.back().get();
  size_t bytes = 0;
  const auto append = [&](std::string_view piece) {
    if (piece.empty()) return;
    std::memcpy(out + bytes, piece.data(), piece.size());
    bytes += piece.size();
  };
  append(view(data_));
  const char* const end = window_.data() + fields_end;
  const char* p = window_.data() + data_.begin + data_.bytes;
  while (p != end) {
    // p is on a line's end; the \n of a \r\n is passed as an empty line, which is no field.
    const char* const line = ++p;
    p = base::find_either(line, end, '\n', '\r');
    const std::string_view text(line, static_cast<size_t>(p - line));
    size_t value_at = 0;
    if (!is_field(text, "data", value_at)) continue;
    append("\n");
    append(text.substr(value_at));
  }
  return {out, bytes};
}

}  // namespace signalbox::sse
