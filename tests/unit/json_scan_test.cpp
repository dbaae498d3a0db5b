// Strings read in blocks against the same read byte by byte, at every place in a block and with every cut.
#include <catch2/catch.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "json/reader.h"
#include "json/scan.h"
#include "plain_scan.h"

using namespace signalbox;
using namespace std::string_literals;

namespace {

// Whether both read `text` alike, from behind its opening quote on. In memory of exactly its size, so that
// AddressSanitizer sees a byte read outside.
bool reads_alike(const std::string& text) {
  const std::unique_ptr<char[]> bytes(new char[text.size() + 1]);
  bytes[0] = '"';
  std::memcpy(bytes.get() + 1, text.data(), text.size());
  const char* const begin = bytes.get() + 1;
  const json::Scanned found = json::scan_string(begin, begin + text.size());
  const PlainScan plain = scan_plainly({begin, text.size()});
  return size_t(found.at - begin) == plain.at && (found.what ? found.what : ""s) == plain.what;
}

// What may stand in a string, and what may not.
const std::vector<std::string> pieces = {
    "\"",
    "\\n",
    "\\\"",
    "\\\\",
    "\\\\\"",
    "\\\\\\\"",
    "\\\\n",
    "\\t",
    "\\/",
    "\\u00e9",
    "\\ud800",
    "\\u00E",
    "\\u",
    "\\",
    "\\x",
    "\\\n",
    "\\\x01",
    "\\\xc3\xa9",
    "\n",
    "\x1f",
    "\0"s,
    "\x7f",
    "n",
    "\xc3\xa9",
    "\xe2\x80\x94",
    "\xf0\x9f\x98\x80",
    "\xc3",
    "\xed\xa0\x80",
    "\xff",
    "\xe2\x80",
    "\xc3\xa9\"",
    "\\n\\n",
};

}  // namespace

TEST_CASE("json strings: blocks and bytes agree wherever a piece stands", "[json]") {
  for (const std::string& piece : pieces) {
    for (size_t before = 0; before < 160; ++before) {
      for (const size_t behind : {0, 1, 15, 16, 17, 63, 64, 65, 130}) {
        const std::string text = std::string(before, 'x') + piece + std::string(behind, 'y');
        if (!reads_alike(text) || !reads_alike(text + "\"") || !reads_alike(text + "\",\"z")) {
          FAIL("piece " << piece << " behind " << before << " before " << behind);
        }
      }
    }
  }
}

TEST_CASE("json strings: blocks and bytes agree on pairs of pieces across a border", "[json]") {
  for (const std::string& first : pieces) {
    for (const std::string& second : pieces) {
      for (size_t before = 70; before < 86; ++before) {
        const std::string text = std::string(before, 'x') + first + second + std::string(80, 'y') + "\"";
        if (!reads_alike(text)) FAIL("pieces " << first << " and " << second << " behind " << before);
      }
    }
  }
}

TEST_CASE("json strings: blocks and bytes agree on every byte and every cut", "[json]") {
  std::string text(80, 'x');
  for (int i = 0; i < 12; ++i)
    text += "a\\n b\\\" \xe2\x80\x94 c\\\\ \\u00e9 plain words in a row and more of them\\n\\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    if (!reads_alike(text.substr(0, cut)) || !reads_alike(text.substr(0, cut) + "\"")) FAIL("cut at " << cut);
  }
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t at = 60; at < 240; ++at) {
      std::string changed = text;
      changed[at] = static_cast<char>(byte);
      if (!reads_alike(changed + "\"")) FAIL("byte " << byte << " at " << at);
    }
  }
}

TEST_CASE("json reader: a name is read alike at every distance from the end", "[json]") {
  for (size_t length = 0; length < 20; ++length) {
    for (const std::string between : {":", ": ", " :", " : ", "", "::"}) {
      for (const std::string value : {"1", "\"\"", "[]", ""}) {
        const std::string text = "[{\"" + std::string(length, 'k') + "\"" + between + value + "}]";
        json::Reader walk(text);
        while (walk.next() != json::Token::end && walk.current() != json::Token::error) {
        }
        json::Reader skip(text);
        if (skip.skip_value()) skip.next();
        INFO(text);
        CHECK(skip.current() == walk.current());
        CHECK(skip.error().offset == walk.error().offset);
        CHECK(skip.error().what == walk.error().what);
      }
    }
  }
}
