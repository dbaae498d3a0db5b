// Stop sequences that the gateway looks for itself: however the text is cut and escaped.
#include "dialects/canonical/stop_matcher.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "answer_player.h"

using namespace signalbox;
using namespace signalbox::canonical;
using signalbox::testing::DeltaText;

namespace {

std::vector<Escaped> escaped(const std::vector<std::string>& texts) {
  std::vector<Escaped> all;
  for (const std::string& text : texts) all.push_back({text});
  return all;
}

// What becomes of one text that comes in these pieces, each in a step of its own whose memory is gone after it.
std::string searched(const std::vector<std::string>& stops, const std::vector<std::string>& pieces,
                     BlockKind kind = BlockKind::text) {
  StopMatcher matcher(escaped(stops));
  DeltaText result;
  const auto step = [&](const std::vector<Delta>& in) {
    if (matcher.matched()) return;
    Deltas out;
    matcher.take(in, out);
    for (const Delta& delta : out.items()) result.add(delta);
  };
  step({AnswerBegin{}, BlockBegin{kind, {}, {}}});
  for (std::string piece : pieces) {
    step({Fragment{{piece}}});
    piece.assign(piece.size(), '#');
  }
  step({BlockEnd{}, Stopped{}, AnswerEnd{}});
  return result.text();
}

std::string ended(const std::string& text, const std::string& stop) {
  return "begin \n" + (text.empty() ? "" : "text \"" + text + "\"\n") + "stopped stop_sequence \"" + stop + "\"\nend\n";
}

std::string untouched(const std::string& text) { return "begin \ntext \"" + text + "\"\nstopped end_turn\nend\n"; }

// The units of an escaped text: no frame cuts within one but between the two halves of a pair.
std::vector<std::string> units(const std::string& text) {
  std::vector<std::string> all;
  for (size_t at = 0; at < text.size();) {
    size_t bytes = text[at] == '\\' ? (text[at + 1] == 'u' ? 6 : 2) : 1;
    if (text[at] != '\\')
      while (at + bytes < text.size() && (text[at + bytes] & 0xc0) == 0x80) ++bytes;
    all.push_back(text.substr(at, bytes));
    at += bytes;
  }
  return all;
}

// Plays `text` whole, in all pairs of pieces and unit by unit; all must be the same.
std::string at_every_cut(const std::vector<std::string>& stops, const std::string& text) {
  const std::string whole = searched(stops, {text});
  const std::vector<std::string> single = units(text);
  CHECK(searched(stops, single) == whole);
  std::string before;
  for (const std::string& unit : single) {
    before += unit;
    if (before.size() == text.size()) break;
    INFO(before);
    CHECK(searched(stops, {before, text.substr(before.size())}) == whole);
    CHECK(searched(stops, {before, units(text.substr(before.size()))[0],
                           text.substr(before.size() + units(text.substr(before.size()))[0].size())}) == whole);
  }
  return whole;
}

}  // namespace

TEST_CASE("stop matcher: the text before a sequence goes out, and the answer ends") {
  CHECK(at_every_cut({"END"}, "one ENENDtwo") == ended("one EN", "END"));
  CHECK(at_every_cut({"END"}, "END of it") == ended("", "END"));
  CHECK(at_every_cut({"END"}, "the END") == ended("the ", "END"));
  CHECK(at_every_cut({"END"}, "the EN") == untouched("the EN"));
  CHECK(at_every_cut({"END"}, "EEENNDEN") == untouched("EEENNDEN"));
  CHECK(at_every_cut({"abab"}, "aabaabab") == ended("aaba", "abab"));
  CHECK(at_every_cut({"aab"}, "aaab!") == ended("a", "aab"));
}

TEST_CASE("stop matcher: of several the one that is complete first, and of those the longest") {
  CHECK(at_every_cut({"abcd", "bc"}, "xabcd") == ended("xa", "bc"));
  CHECK(at_every_cut({"bc", "abc"}, "xabcd") == ended("x", "abc"));
  CHECK(at_every_cut({"nothing", "b", "a"}, "xab") == ended("x", "a"));
  CHECK(at_every_cut({"abcx", "cde"}, "abcdef") == ended("ab", "cde"));
  CHECK(at_every_cut({"abc", "y"}, "xabc") == ended("x", "abc"));
}

TEST_CASE("stop matcher: it is the meaning that counts, and spellings stay what they were") {
  CHECK(at_every_cut({"\\n\\n"}, "a\\u000ab\\n\\u000Ac") == ended("a\\u000ab", "\\n\\n"));
  CHECK(at_every_cut({"\\u003c/x>"}, "a<\\/x>b") == ended("a", "\\u003c/x>"));
  CHECK(at_every_cut({"\\\\n"}, "a\\nb\\\\nc") == ended("a\\nb", "\\\\n"));
  CHECK(at_every_cut({"é!"}, "\\u00e9?\\u00e9!") == ended("\\u00e9?", "é!"));
  CHECK(at_every_cut({"\\u00e9!"}, "èé?é!") == ended("èé?", "\\u00e9!"));
  // One code point in two escapes, the second of which may come later, or another, or none.
  CHECK(at_every_cut({"😀!"}, "x\\ud83d\\ude00\\ud83d\\ude00!y") == ended("x\\ud83d\\ude00", "😀!"));
  CHECK(at_every_cut({"\\ud83d\\ude00"}, "x😁😀") == ended("x😁", "\\ud83d\\ude00"));
  CHECK(at_every_cut({"😀"}, "x\\ud83d\\ude01\\ud83d") == untouched("x\\ud83d\\ude01\\ud83d"));
  CHECK(at_every_cut({"a"}, "x\\ud83da") == ended("x\\ud83d", "a"));
}

TEST_CASE("stop matcher: texts only, each for itself") {
  CHECK(searched({"END"}, {"the END"}, BlockKind::thinking) == "begin \nthinking \"the END\"\nstopped end_turn\nend\n");
  CHECK(searched({"END"}, {"the END"}, BlockKind::refusal) == "begin \nrefusal \"the END\"\nstopped end_turn\nend\n");
  StopMatcher matcher(escaped({"END"}));
  Deltas out;
  matcher.take({AnswerBegin{}, BlockBegin{}, Fragment{{"E"}}, BlockEnd{}, BlockBegin{}, Fragment{{"ND"}}, BlockEnd{},
                Stopped{}, AnswerEnd{}},
               out);
  DeltaText text;
  for (const Delta& delta : out.items()) text.add(delta);
  CHECK(text.text() == "begin \ntext \"E\"\ntext \"ND\"\nstopped end_turn\nend\n");
}

TEST_CASE("stop matcher: of a whole answer the counts stay, and what was said behind the sequence goes") {
  StopMatcher matcher(escaped({"END"}));
  Deltas out;
  matcher.take({AnswerBegin{}, BlockBegin{}, Fragment{{"the END, is it?"}}, BlockEnd{},
                BlockBegin{BlockKind::tool_call, "1", "Bash"}, Fragment{{"{}"}}, BlockEnd{},
                Stopped{StopReason::tool_use, {}}, UsageSeen{{.output_tokens = 5}}, AnswerEnd{}},
               out);
  DeltaText text;
  for (const Delta& delta : out.items()) text.add(delta);
  CHECK(text.text() == "begin \ntext \"the \"\nusage output 5\nstopped stop_sequence \"END\"\nend\n");
  CHECK(matcher.matched());
}

TEST_CASE("stop matcher: what it looks for is bounded, and what is beyond is named as lost") {
  const LaneFlags flags;
  Arena arena;
  ToolNames names;
  Losses losses;
  std::vector<Escaped> left;
  const WriteContext context{
      .model = "m", .flags = flags, .scope = {}, .arena = arena, .names = names, .losses = losses, .stops_left = &left};
  const std::string longest(stop_bytes_max, 'a');
  const std::string too_long(stop_bytes_max + 1, 'a');
  leave_stop({longest}, context);
  CHECK(losses.empty());
  leave_stop({too_long}, context);
  CHECK(losses.joined() == "stop_sequences");
  losses.clear();
  leave_stop({""}, context);
  CHECK(losses.joined() == "stop_sequences");
  losses.clear();
  while (left.size() < stops_left_max) leave_stop({"b"}, context);
  CHECK(losses.empty());
  leave_stop({"b"}, context);
  CHECK(losses.joined() == "stop_sequences");
  CHECK(left.size() == stops_left_max);
}
