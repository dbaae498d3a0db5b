// HTTP/1 input: no byte sequence may crash, and no cut may change the verdict; a head that is taken, and is written
// again from what was read of it, is read as the same.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "http1/chunked.h"
#include "http1/parser.h"
#include "http1/write.h"
#include "require.h"

using namespace signalbox;
using namespace signalbox::native::http1;
using signalbox::testing::lies_in;
using signalbox::testing::require;

namespace {

struct Verdict {
  Outcome outcome;
  Refusal refusal;
  size_t head_bytes;
};

Verdict scan(const std::string& text, size_t cut) {
  HeadScan scan;
  std::string first(text, 0, cut);
  Outcome o = scan.feed(first, 2048);
  if (o == Outcome::need_more) o = scan.feed(text, 2048);
  return {o, scan.refusal(), o == Outcome::complete ? scan.head_bytes() : 0};
}

// A server before or behind us sees the fields as we write them: they must mean the same there.
void check_written(const std::string& first_line, const Head& head, bool request) {
  std::string written = first_line;
  for (const Header& h : head.headers) append_header(written, h.name, h.value);
  written += "\r\n";
  HeadScan scan;
  require(scan.feed(written, written.size()) == Outcome::complete && scan.head_bytes() == written.size(), "one head",
          written);
  std::array<Header, headers_max> storage;
  Head again;
  const Refusal refusal =
      request ? parse_request(written, storage, again) : parse_answer(written, AnswerTo::other, storage, again);
  require(refusal == Refusal::none, "taken again", written);
  require(again.framing == head.framing && again.length == head.length && again.persistence == head.persistence &&
              again.method == head.method && again.target == head.target && again.status == head.status &&
              again.headers.size() == head.headers.size(),
          "the same head", written);
  for (size_t i = 0; i < head.headers.size(); ++i)
    require(again.headers[i].name == head.headers[i].name && again.headers[i].value == head.headers[i].value,
            "the same fields", written);
}

void check_empty_lines(const std::string& text, size_t cut) {
  const size_t whole = leading_empty_line_bytes(text, 0);
  require(whole <= 4 && whole <= text.size(), "two empty lines at most");
  const std::string first(text, 0, cut);
  const size_t passed = leading_empty_line_bytes(first, 0);
  require(passed + leading_empty_line_bytes(std::string_view(text).substr(passed), passed) == whole, "no cut matters");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = data[0] % text.size();

  const Verdict whole = scan(text, text.size()), cut_once = scan(text, cut);
  require(
      whole.outcome == cut_once.outcome && whole.refusal == cut_once.refusal && whole.head_bytes == cut_once.head_bytes,
      "no cut matters");
  if (whole.outcome == Outcome::complete) {
    const std::string head_text(text, 0, whole.head_bytes);
    std::array<Header, headers_max> storage;
    Head head;
    if (parse_request(head_text, storage, head) == Refusal::none) {
      require(head.target.front() == '/' || head.target == "*", "origin form");
      require(!(head.framing == Framing::chunked && head.length >= 0), "one length");
      for (const Header& h : head.headers)
        require(!h.name.empty() && lies_in(h.name, head_text) && lies_in(h.value, head_text), "a field");
      const std::string line =
          std::string(head.method) + " " + std::string(head.target) + " HTTP/1." + std::to_string(head.minor);
      check_written(line + "\r\n", head, true);
    }
    if (parse_answer(head_text, AnswerTo::other, storage, head) == Refusal::none) {
      require(head.status >= 100 && head.status <= 999, "a status");
      check_written("HTTP/1." + std::to_string(head.minor) + " " + std::to_string(head.status) + " \r\n", head, false);
    }
  }
  check_empty_lines(text, cut);

  std::string in_place = text;
  ChunkedDecoder once;
  const auto all = once.feed(in_place.data(), in_place.size(), in_place.data());
  std::string content(text.size(), '\0');
  ChunkedDecoder twice;
  auto part = twice.feed(text.data(), cut, content.data());
  if (part.outcome == Outcome::need_more) {
    const auto rest = twice.feed(text.data() + cut, text.size() - cut, content.data() + part.produced);
    part = {rest.outcome, part.consumed + rest.consumed, part.produced + rest.produced};
  }
  require(all.outcome == part.outcome && all.consumed == part.consumed && all.produced == part.produced,
          "no cut matters");
  require(in_place.compare(0, all.produced, content, 0, part.produced) == 0, "the same content");
  return 0;
}
