// Envelopes of foreign reasoning state: translation.md section 5, "Signature provenance".
#include "dialects/canonical/envelope.h"

#include <catch2/catch.hpp>

#include <string>

using signalbox::Arena;
using signalbox::Dialect;
using signalbox::canonical::append_envelope;
using signalbox::canonical::Escaped;
using signalbox::canonical::is_envelope;
using signalbox::canonical::open_envelope;
using signalbox::canonical::Provenance;
using signalbox::canonical::scope_of;

namespace {

std::string envelope(Dialect vendor, std::string_view scope, std::string_view state) {
  std::string out;
  append_envelope(out, Provenance{vendor, scope, {state}});
  return out;
}

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
