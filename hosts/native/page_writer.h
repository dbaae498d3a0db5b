// Text for a terminal: sections, lines that are broken at a width, and nothing in it that a terminal would obey.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::native {

enum class PageStyle : uint8_t {
  plain,      // for files and pipes
  emphasised  // headings in bold, for terminals
};

// Columns that no line is longer than, unless a single word is.
inline constexpr size_t page_columns = 100;

class PageWriter {
 public:
  explicit PageWriter(PageStyle style) : style_(style) {}

  // A line of its own with an empty one before it.
  void heading(std::string_view text);
  // `text`, broken between words; its first line begins at column `indent`, the others at `hang`.
  void line(std::string_view text, size_t indent, size_t hang);
  void line(std::string_view text, size_t indent) { line(text, indent, indent); }
  // `left` in a column of `width` from `indent` on, and `right` beside it.
  void row(std::string_view left, std::string_view right, size_t indent, size_t width);
  // As it stands, for what was laid out already.
  void raw(std::string_view text);

  std::string&& take() { return std::move(page_); }

 private:
  PageStyle style_;
  std::string page_;
};

// `text` with control characters, and those that turn the direction of writing, as \u escapes: what a client or a
// provider has said may not move the reader's cursor.
std::string shown(std::string_view text);

}  // namespace signalbox::native
