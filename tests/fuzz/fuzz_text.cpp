// Small things that are said of texts from outside: patterns of routes, near names, keys in messages, numbers, UTF-8,
// and the envelopes in which clients keep another vendor's reasoning.
#include <cstdint>
#include <string>
#include <vector>

#include "base/masked.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dialects/canonical/envelope.h"
#include "json/writer.h"
#include "require.h"

using namespace signalbox;
using testing::require;
using testing::take_until;

namespace {

// base::matches as one would say it: which ends of `text` each beginning of the pattern reaches.
bool matches_by_table(std::string_view pattern, std::string_view text) {
  std::vector<bool> reached(text.size() + 1);
  reached[0] = true;
  for (const char c : pattern) {
    std::vector<bool> next(text.size() + 1);
    for (size_t at = 0; at <= text.size(); ++at) {
      if (c == '*') next[at] = reached[at] || (at > 0 && next[at - 1]);
      else next[at] = at > 0 && reached[at - 1] && text[at - 1] == c;
    }
    reached = next;
  }
  return reached[text.size()];
}

void check_words(std::string_view word, std::string_view other) {
  require(base::matches(word, other) == matches_by_table(word, other), "a pattern means what it says");
  const std::string_view candidates[] = {other, word};
  const auto near = base::nearest(word, candidates);
  require(near.has_value() == (!word.empty() && word.size() <= base::nearest_word_bytes_max),
          "nothing is nearer than itself");
  require(!near || base::equals_ignoring_case(*near, word), "nothing is nearer than itself");
  if (const auto number = base::parse_decimal(word)) {
    std::string back;
    base::append_decimal(back, *number);
    require(word.find_first_not_of("0123456789") == word.npos, "digits alone");
    require(*number == 0 || back == word.substr(word.find_first_not_of('0')), "the number it is");
  }
}

void check_utf8(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const base::Utf8Step step = base::utf8_step(p, end);
    require(step.bytes >= 1 && step.bytes <= 4 && step.bytes <= size_t(end - p), "a step within the text");
    p += step.bytes;
  }
}

void check_envelope(std::string_view text, uint8_t seed) {
  std::string state;
  json::escape(text, state);
  const canonical::Provenance from{Dialect(seed % 4), seed & 4 ? "0a1b2c3d" : "", {state}};
  std::string sealed;
  canonical::append_envelope(sealed, from);
  Arena arena;
  require(canonical::is_envelope({sealed}), "an envelope is one");
  const auto opened = canonical::open_envelope({sealed}, arena);
  require(opened.has_value() == !state.empty(), "what is in it comes out");
  if (opened) {
    std::string before, after;
    json::unescape(from.state, before), json::unescape(opened->state, after);
    require(opened->vendor == from.vendor && opened->scope == from.scope && before == after, "the same comes out");
  }
  // Any text behind the mark: what opens is what we would have written.
  const std::string foreign = "sb1." + std::string(text);
  const std::string quoted = "\"" + foreign + "\"";
  json::Reader whole(quoted);
  if (whole.next() != json::Token::string || whole.next() != json::Token::end) return;
  if (const auto read = canonical::open_envelope({foreign}, arena)) {
    std::string plain, again;
    json::unescape(foreign, plain);
    canonical::append_envelope(again, *read);
    require(again == plain, "what is read is what was written", again);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string_view rest = text;
  const std::string_view word = take_until(rest, '\n');
  check_words(word.substr(0, 128), rest.substr(0, 128));  // the table is as large as both
  check_utf8(text);
  check_envelope(text, data[0]);
  const std::string once = base::masked(text);
  require(base::masked(once) == once, "what is masked shows no key", once);
  return 0;
}
