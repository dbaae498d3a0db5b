#include "page_writer.h"

#include <algorithm>

namespace signalbox::native {
namespace {

// Code points, which is near enough to columns for what stands in a configuration.
size_t columns_of(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (uint8_t(c) & 0xc0) != 0x80; }));
}

// A terminal's controls: C0, DEL, C1, and the marks that turn the direction of writing.
bool is_control(uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200e && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

void append_escape(std::string& out, uint32_t point) {
  static constexpr char hex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(hex[(point >> shift) & 15]);
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const uint8_t c = uint8_t(text[i]);
    const size_t bytes = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    uint32_t point = bytes == 1 ? c : c & (0xffu >> (bytes + 1));
    for (size_t k = 1; k < bytes && i + k < text.size(); ++k) point = (point << 6) | (uint8_t(text[i + k]) & 0x3f);
    if (is_control(point)) append_escape(out, point);
    else out += text.substr(i, bytes);
    i += bytes;
  }
  return out;
}

void PageWriter::heading(std::string_view text) {
  if (!page_.empty()) page_ += '\n';
  if (style_ == PageStyle::emphasised) page_ += "\x1b[1m";
  page_ += text;
  if (style_ == PageStyle::emphasised) page_ += "\x1b[0m";
  page_ += '\n';
}

void PageWriter::line(std::string_view text, size_t indent, size_t hang) {
  std::string out(indent, ' ');
  size_t column = indent;
  bool empty = true;  // whether the line has no word yet
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == text.npos ? text.size() : space + 1);
    const size_t wide = columns_of(word);
    if (!empty && column + 1 + wide > page_columns) {
      out += '\n';
      out.append(hang, ' ');
      column = hang;
      empty = true;
    }
    if (!empty) out += ' ', ++column;
    out += word;
    column += wide;
    empty = false;
  }
  page_ += out;
  page_ += '\n';
}

void PageWriter::row(std::string_view left, std::string_view right, size_t indent, size_t width) {
  // The left side is padded by hand, for lines are broken between words only.
  const size_t before = page_.size();
  line(right, indent + width);
  page_.replace(before + indent, std::min(width, columns_of(left)), left);
  if (columns_of(left) >= width) page_.insert(before + indent + left.size(), " ");
}

void PageWriter::raw(std::string_view text) {
  page_ += text;
  if (text.empty() || text.back() != '\n') page_ += '\n';
}

}  // namespace signalbox::native
