// The boundary in linear memory: the JavaScript side is made from the C++ side, and what stands in the repository
// is what is made.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "source_tree.h"
#include "wasm/fields.h"
#include "wasm/records.h"

using namespace signalbox;
using namespace signalbox::bindings;

TEST_CASE("the boundary's JavaScript is what its C++ describes (scripts/bindings writes it)") {
  std::ifstream file(SIGNALBOX_ROOT "/bindings/javascript/boundary.js", std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  CHECK(text.str() == boundary_javascript());
}

TEST_CASE("records are rows of words in the order in which the boundary's JavaScript counts them") {
  EffectRecord record;
  const auto word_of = [&](const uint32_t& member) { return &member - &record.kind; };
  CHECK(word_of(record.kind) == 0);
  CHECK(word_of(record.attempt) == 1);
  CHECK(word_of(record.turn_1) == ptrdiff_t(sizeof record / sizeof(uint32_t)) - 1);
  CHECK(sizeof(EventRecord) % sizeof(uint32_t) == 0);
  const std::string script = boundary_javascript();
  std::string last = "  level: " + std::to_string(word_of(record.level)) + ", //";
  CHECK(script.find(last) != std::string::npos);
}

TEST_CASE("fields end at their NUL, and past the end of the text they are empty") {
  using namespace std::string_view_literals;
  Fields fields("GET\0/v1/models\0a\0one\0b\0\0c"sv);
  CHECK(fields.next() == "GET");
  CHECK(fields.next() == "/v1/models");
  std::vector<Header> headers;
  fields.next_headers(headers);
  REQUIRE(headers.size() == 3);
  CHECK(headers[0].name == "a");
  CHECK(headers[0].value == "one");
  CHECK(headers[1].value.empty());
  CHECK(headers[2].name == "c");
  CHECK(headers[2].value.empty());
  CHECK_FALSE(fields.more());
  CHECK(fields.next().empty());
}
