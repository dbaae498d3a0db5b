// HTTP/1 input: no byte sequence may crash, and no cut may change the verdict.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http1/chunked.h"
#include "http1/parser.h"

using namespace signalbox;
using namespace signalbox::native::http1;

namespace {

void require(bool held) {
  if (!held) std::abort();
}

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = data[0] % text.size();

  const Verdict whole = scan(text, text.size()), cut_once = scan(text, cut);
  require(whole.outcome == cut_once.outcome && whole.refusal == cut_once.refusal &&
          whole.head_bytes == cut_once.head_bytes);
  if (whole.outcome == Outcome::complete) {
    const std::string head_text(text, 0, whole.head_bytes);
    std::array<Header, headers_max> storage;
    Head head;
    if (parse_request(head_text, storage, head) == Refusal::none) {
      require(head.target.front() == '/' || head.target == "*");
      require(!(head.framing == Framing::chunked && head.length >= 0));
      for (const Header& h : head.headers) require(!h.name.empty());
    }
    parse_answer(head_text, AnswerTo::other, storage, head);
  }

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
  require(all.outcome == part.outcome && all.consumed == part.consumed && all.produced == part.produced);
  require(in_place.compare(0, all.produced, content, 0, part.produced) == 0);
  return 0;
}
