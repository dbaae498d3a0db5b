// Envelopes of foreign reasoning state: translation.md section 5, "Signature provenance".
#include "dialects/canonical/envelope.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using signalbox::Arena;
using signalbox::Dialect;
using signalbox::canonical::append_carried;
using signalbox::canonical::append_carried_bytes;
using signalbox::canonical::append_envelope;
using signalbox::canonical::elements_max;
using signalbox::canonical::Escaped;
using signalbox::canonical::is_envelope;
using signalbox::canonical::open_carried;
using signalbox::canonical::open_envelope;
using signalbox::canonical::Provenance;
using signalbox::canonical::scope_of;
using signalbox::canonical::Thinking;

namespace {

std::string envelope(Dialect vendor, std::string_view scope, std::string_view state) {
  std::string out;
  append_envelope(out, Provenance{vendor, scope, {state}});
  return out;
}

std::string carried(const std::vector<Thinking>& thinkings) {
  std::string out;
  append_carried(out, thinkings);
  return out;
}

std::string carried_bytes(const std::vector<Thinking>& thinkings) {
  std::string out;
  append_carried_bytes(out, thinkings);
  return out;
}

const std::vector<Thinking> three_thinkings = {
    {{R"(because\n\u00e9)"}, {Dialect::anthropic, "0a1b2c3d", {"EqQB"}}, false},
    {{}, {Dialect::anthropic, "0a1b2c3d", {R"(opaque \"state\")"}}, true},
    {{"so"}, {Dialect::anthropic, "0a1b2c3d", {}}, false},
};

}  // namespace

TEST_CASE("envelope: what was put in comes out, for every vendor and every length") {
  Arena arena;
  for (const Dialect vendor : {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses, Dialect::gemini}) {
    std::string state;
    for (int length = 1; length < 40; ++length) {
      state += char('a' + length % 26);
      const std::string text = envelope(vendor, "0a1b2c3d", state);
      CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == text.npos);
      const auto opened = open_envelope({text}, arena);
      REQUIRE(opened);
      CHECK(opened->vendor == vendor);
      CHECK(opened->scope == "0a1b2c3d");
      CHECK(opened->state.inside == state);
    }
  }
}

TEST_CASE("envelope: is written as documented") {
  CHECK(envelope(Dialect::openai_responses, "deadbeef", "hi>?") == "sb1.openai_responses.deadbeef.aGk-Pw");
}

TEST_CASE("envelope: a state with escapes keeps what it spells") {
  Arena arena;
  const std::string text = envelope(Dialect::openai_responses, "00000000", R"({\"id\":\"rs_1\",\"t\":\"\u00e9\n\"})");
  const auto opened = open_envelope({text}, arena);
  REQUIRE(opened);
  CHECK(opened->state.inside == "{\\\"id\\\":\\\"rs_1\\\",\\\"t\\\":\\\"\xc3\xa9\\n\\\"}");
}

TEST_CASE("envelope: damaged ones give nothing and are known as envelopes all the same") {
  Arena arena;
  for (const char* text :
       {"sb1.", "sb1.gemini", "sb1.gemini.00000000", "sb1.gemini.00000000.", "sb1.gemini.00000000.A",
        "sb1.gemini.00000000.AB", "sb1.gemini.00000000.A+/=", "sb1.gemini.0000000g.QUJD", "sb1.gemini.000000000.QUJD",
        "sb1.someone.00000000.QUJD", "sb1.gemini.00000000._w", "sb1.gemini.00000000.QUJD.x"}) {
    INFO(text);
    CHECK_FALSE(open_envelope({text}, arena));
    CHECK(is_envelope({text}));
  }
}

TEST_CASE("envelope: the mark is seen through a client's escapes") {
  Arena arena;
  const Escaped text{R"(\u0073b1\u002egemini.00000000.QUJD)"};
  CHECK(is_envelope(text));
  const auto opened = open_envelope(text, arena);
  REQUIRE(opened);
  CHECK(opened->state.inside == "ABC");
  CHECK(is_envelope({R"(\u0073\u0062\u0031\u002e\n)"}));
}

TEST_CASE("envelope: other signatures are none") {
  Arena arena;
  for (const char* text : {"", "sb1", "sb2.gemini.0.QUJD", "EqQBCkYIBRgCIkD", "gAAAAABo", "\\", "\\u0073b2."}) {
    INFO(text);
    CHECK_FALSE(is_envelope({text}));
    CHECK_FALSE(open_envelope({text}, arena));
  }
}

TEST_CASE("envelope: a scope is eight digits of provider and credential together") {
  Arena arena;
  const auto scope = scope_of("openrouter", "main", arena);
  CHECK(scope.size() == 8);
  CHECK(scope.find_first_not_of("0123456789abcdef") == scope.npos);
  CHECK(scope == scope_of("openrouter", "main", arena));
  CHECK(scope != scope_of("openrouter", "other", arena));
  CHECK(scope != scope_of("openroute", "r/main", arena));
}

TEST_CASE("envelope: of a long state one copy is held") {
  Arena arena;
  const std::string state(1 << 20, 'a');
  const auto opened = open_envelope({envelope(Dialect::gemini, "00000000", state)}, arena);
  REQUIRE(opened);
  CHECK(opened->state.inside == state);
  CHECK(arena.held_bytes() < state.size() + state.size() / 8);
}

TEST_CASE("envelope: several thinkings are carried in one, as text and as bytes") {
  Arena arena;
  std::string url = carried_bytes(three_thinkings);
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  for (const std::string& text : {carried(three_thinkings), carried_bytes(three_thinkings), url}) {
    INFO(text);
    CHECK(is_envelope({text}));
    CHECK_FALSE(open_envelope({text}, arena));
    const auto opened = open_carried({text}, arena);
    REQUIRE(opened.size() == 3);
    for (size_t i = 0; i < 3; ++i) {
      CHECK(opened[i].text == three_thinkings[i].text);
      CHECK(opened[i].from.state == three_thinkings[i].from.state);
      CHECK(opened[i].from.vendor == Dialect::anthropic);
      CHECK(opened[i].from.scope == "0a1b2c3d");
      CHECK(opened[i].redacted == three_thinkings[i].redacted);
    }
  }
}

TEST_CASE("envelope: carried ones are written as documented") {
  const std::vector<Thinking> one = {{{"a"}, {Dialect::gemini, "deadbeef", {"s"}}, true}};
  CHECK(carried(one) == "sb1.gemini*.deadbeef.W3sidGV4dCI6ImEiLCJzdGF0ZSI6InMiLCJyZWRhY3RlZCI6dHJ1ZX1d");
  CHECK(carried_bytes(one) == "c2IxLmdlbWluaSouZGVhZGJlZWYuW3sidGV4dCI6ImEiLCJzdGF0ZSI6InMiLCJyZWRhY3RlZCI6dHJ1ZX1d");
}

TEST_CASE("envelope: bytes of every length are base64 with its padding") {
  Arena arena;
  std::string state;
  for (int length = 1; length < 10; ++length) {
    state += '?';
    const std::vector<Thinking> one = {{{}, {Dialect::openai_responses, "", {state}}, true}};
    const std::string text = carried_bytes(one);
    CHECK(text.size() % 4 == 0);
    CHECK(text.find_first_of(".*-_") == text.npos);
    const auto opened = open_carried({text}, arena);
    REQUIRE(opened.size() == 1);
    CHECK(opened[0].from.state.inside == state);
    // Some clients leave the padding out.
    CHECK(open_carried({text.substr(0, text.find('='))}, arena).size() == 1);
  }
}

TEST_CASE("envelope: the envelope of a state alone is a thinking of its own where one is carried") {
  Arena arena;
  const std::string text = envelope(Dialect::gemini, "0a1b2c3d", "call:CiQ");
  const auto opened = open_carried({text}, arena);
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].redacted);
  CHECK(opened[0].text.empty());
  CHECK(opened[0].from.state.inside == "call:CiQ");
  CHECK(opened[0].from.scope == "0a1b2c3d");
}

TEST_CASE("envelope: damaged ones carry nothing, and are known as envelopes") {
  Arena arena;
  const std::string whole = carried(three_thinkings), bytes = carried_bytes(three_thinkings);
  std::vector<std::string> damaged = {
      "sb1.gemini*",
      "sb1.gemini*.00000000.",
      "sb1.*.00000000.W10",
      "sb1.someone*.00000000.W10",
      "sb1.gemini*.00000000.[]",                // the list must be in base64
      "sb1.gemini*.00000000.e30",               // {}
      "sb1.gemini*.00000000.WzFd",              // [1]
      "sb1.gemini*.00000000.W3sidGV4dCI6MX1d",  // [{"text":1}]
      "sb1.gemini*.00000000.W3t9XQ.x",
      "c2IxLg==",
      "c2IxLmdlbWluaQ",
      "c2IxLmdlbWluaS4wLlFVSkQ=",  // an envelope of one state needs no base64 around it
  };
  for (size_t size = 4; size < whole.size(); size += 7) damaged.push_back(whole.substr(0, size));
  for (size_t size = 5; size < bytes.size(); size += 7) damaged.push_back(bytes.substr(0, size));
  for (const std::string& text : damaged) {
    INFO(text);
    CHECK(open_carried({text}, arena).empty());
    CHECK(is_envelope({text}));
  }
  CHECK(open_carried({"EqQBCkYIBRgCIkD"}, arena).empty());
}

TEST_CASE("envelope: a list of more than a request may have is damaged") {
  // An element may be three bytes and takes thirty times as many in memory.
  const std::vector<Thinking> many(elements_max, Thinking{{}, {Dialect::gemini, "", {}}, false});
  Arena arena;
  CHECK(open_carried({carried(many)}, arena).size() == elements_max);
  std::vector<Thinking> more = many;
  more.push_back(many[0]);
  CHECK(open_carried({carried(more)}, arena).empty());
}
