// JSON reader, writer and skimmer on any bytes:
//   the two ways over a text, next() and skip_value(), agree about it, also from any element on;
//   tokens lie inside the text, in order, and their number is bounded by it;
//   what the writer makes of an unescaped string reads back as the same string;
//   a string read many bytes at a time is the string read byte by byte, with the same fault at the same place;
//   the skimmer keeps the same however the bytes were cut, and of valid text what the reader finds.
#include <cstdint>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "json/scan.h"
#include "json/skimmer.h"
#include "json/writer.h"
#include "plain_scan.h"
#include "require.h"

using namespace signalbox::json;
using signalbox::testing::require;

namespace {

// Walks with next() only. Returns the text of the value that begins with the reader's next token.
std::string_view walk_value(Reader& reader, std::string_view text) {
  const Token first = reader.next();
  if (first == Token::error || first == Token::end || first == Token::end_array) return {};
  const size_t begin = reader.offset();
  if (first == Token::begin_object || first == Token::begin_array) {
    const size_t outside = reader.depth() - 1;
    while (reader.depth() != outside) {
      if (reader.next() == Token::error) return {};
    }
  }
  return text.substr(begin, reader.end_offset() - begin);
}

void check_string(std::string_view raw) {
  std::string plain;
  require(unescape(raw, plain));
  std::string text;
  Writer(text).string(plain);
  Reader reader(text);
  require(reader.next() == Token::string);
  std::string back;
  require(unescape(reader.raw(), back));
  require(back == plain);
  require(equals(reader.raw(), plain));
  require(reader.next() == Token::end);
}

// The text as the inside of a string, wherever in a block it begins.
void check_blocks(std::string_view text, uint8_t seed) {
  const std::string padded = std::string(seed % 96, 'x') + std::string(text);
  const Scanned found = scan_string(padded.data(), padded.data() + padded.size());
  const signalbox::PlainScan plain = signalbox::scan_plainly(padded);
  require(size_t(found.at - padded.data()) == plain.at);
  require((found.what == nullptr ? std::string_view() : found.what) == plain.what);
}

bool check_reader(std::string_view text) {
  Reader walk(text);
  size_t count = 0;
  size_t at = 0;
  for (Token token = walk.next(); token != Token::end && token != Token::error; token = walk.next()) {
    require(++count <= text.size());
    require(walk.offset() >= at && walk.end_offset() > walk.offset() && walk.end_offset() <= text.size());
    at = walk.end_offset();
    if (token == Token::key || token == Token::string) {
      require(walk.escaped() == (walk.raw().find('\\') != std::string_view::npos));
      check_string(walk.raw());
    }
    if (token == Token::number) to_int64(walk.raw());
    if (token == Token::key || token == Token::begin_array) {
      Reader skipping = walk;
      Reader walking = walk;
      const auto skipped = skipping.skip_value();
      const std::string_view walked = walk_value(walking, text);
      require(skipped.value_or(std::string_view()) == walked);
      require(skipping.end_offset() == walking.end_offset());
      require(skipping.error().offset == walking.error().offset && skipping.error().what == walking.error().what);
      // One look from inside is enough for each text; more would take quadratic time.
      if (count > 64) break;
    }
  }
  while (walk.current() != Token::end && walk.current() != Token::error) walk.next();

  Reader skip(text);
  const auto value = skip.skip_value();
  if (value) skip.next();
  require(skip.current() == walk.current());
  require(skip.error().offset == walk.error().offset && skip.error().what == walk.error().what);
  return walk.current() == Token::end;
}

void check_skimmer(std::string_view text, bool valid, uint8_t seed) {
  constexpr std::string_view keys[] = {"a", "usage"};
  Skimmer whole(keys, 64);
  whole.feed(text);
  Skimmer pieces(keys, 64);
  std::string_view rest = text;
  for (size_t n = 1 + seed % 7; !rest.empty(); n = 1 + (n * 5 + seed) % 11) {
    const std::string piece(rest.substr(0, n));
    pieces.feed(piece);
    rest.remove_prefix(piece.size());
  }
  require(whole.whole() == pieces.whole() && whole.is_object() == pieces.is_object());
  for (size_t i = 0; i < 2; ++i) require(whole.value(i) == pieces.value(i));
  if (!valid) return;
  Reader reader(text);
  const Token root = reader.next();
  require(whole.is_object() == (root == Token::begin_object));
  require(whole.whole() == (root == Token::begin_object || root == Token::begin_array));
  if (root != Token::begin_object) return;
  std::string found[2];
  while (reader.next() == Token::key) {
    const std::string_view name = reader.raw();
    const std::string_view value = *reader.skip_value();
    for (size_t i = 0; i < 2; ++i) {
      if (equals(name, keys[i])) found[i] = value.size() <= 64 ? value : std::string_view();
    }
  }
  for (size_t i = 0; i < 2; ++i) require(whole.value(i) == found[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool valid = check_reader(text);
  check_skimmer(text, valid, size == 0 ? 0 : data[size / 2]);
  check_blocks(text, size == 0 ? 0 : data[size - 1]);
  std::string written;
  Writer(written).string(text);
  require(Reader(written).skip_value().has_value());
  return 0;
}
