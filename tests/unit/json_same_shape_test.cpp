#include "json/same_shape.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "json/reader.h"

using signalbox::json::SameShape;

namespace {

const std::string frame = R"({"n":1,"delta":{"content":"Hel"},"end":null})";

SameShape shape_of(const std::string& text, const std::vector<std::string>& values) {
  std::vector<std::string_view> slots;
  size_t from = 0;
  for (const std::string& value : values) {
    from = text.find(value, from);
    slots.push_back(std::string_view(text).substr(from, value.size()));
    from += value.size();
  }
  SameShape shape;
  shape.remember(text, slots);
  return shape;
}

}  // namespace

TEST_CASE("same shape: texts that differ in their slots alone are read by them") {
  SameShape shape = shape_of(frame, {"1", "Hel"});
  const std::string next = R"({"n":22,"delta":{"content":"a\"\\ \u00e9é"},"end":null})";
  REQUIRE(shape.matches(next));
  CHECK(shape.slot(0) == "22");
  CHECK(shape.slot(1) == R"(a\"\\ \u00e9é)");
  REQUIRE(shape.matches(R"({"n":-3,"delta":{"content":""},"end":null})"));
  CHECK(shape.slot(1).empty());
}

TEST_CASE("same shape: anything else is another shape, and so is what is no JSON") {
  SameShape shape = shape_of(frame, {"1", "Hel"});
  for (const char* other :
       {"", "{", R"({"n":1,"delta":{"content":"Hel"},"end":null)", R"({"n":1,"delta":{"content":"Hel"},"end":null}})",
        R"({"n":1,"delta":{"content":"Hel","x":1},"end":null})", R"({"n":1,"delta":{"content":"Hel)",
        R"({"n":1,"delta":{"content":null},"end":null})", R"({"n":"1","delta":{"content":"a"},"end":null})",
        R"({"n":01,"delta":{"content":"a"},"end":null})", "{\"n\":1,\"delta\":{\"content\":\"\n\"},\"end\":null}",
        "{\"n\":1,\"delta\":{\"content\":\"\xff\"},\"end\":null}", R"({"n":1,"delta":{"content":"\x"},"end":null})",
        R"({"n":,"delta":{"content":"a"},"end":null})"})
    CHECK_FALSE(shape.matches(other));
  SameShape nothing;
  CHECK_FALSE(nothing.matches(""));
  shape.forget();
  CHECK_FALSE(shape.matches(frame));
}

TEST_CASE("same shape: every text that matches is valid JSON, cut and changed anywhere") {
  SameShape shape = shape_of(frame, {"1", "Hel"});
  const auto valid = [](std::string_view text) {
    signalbox::json::Reader reader(text);
    return reader.skip_value() && reader.next() == signalbox::json::Token::end;
  };
  for (size_t at = 0; at < frame.size(); ++at) {
    CHECK_FALSE(shape.matches(std::string_view(frame).substr(0, at)));
    for (const char byte : {'"', '\\', '{', '}', '0', 'a', ' ', '\n', '\xc3'}) {
      std::string changed = frame;
      changed[at] = byte;
      if (shape.matches(changed)) CHECK(valid(changed));
    }
  }
}

TEST_CASE("same shape: what is long or has many slots is not remembered") {
  const std::string text = "\"" + std::string(SameShape::text_bytes_max, 'x') + "\"";
  SameShape shape;
  const std::string_view slot = std::string_view(text).substr(1, 3);
  shape.remember(text, {&slot, 1});
  CHECK_FALSE(shape.matches(text));
  const std::vector<std::string_view> many(SameShape::slots_max + 1, slot);
  shape.remember("\"x\"", many);
  CHECK_FALSE(shape.matches("\"x\""));
}

TEST_CASE("same shape: a value that is noted is found in its new place") {
  const std::string text = R"({"a":"xy","u":{"n":1,"m":[2]},"z":0})";
  const auto view = [&](std::string_view of) { return std::string_view(text).substr(text.find(of), of.size()); };
  const std::string_view slots[] = {view("xy"), view("1"), view("2")};
  SameShape shape;
  shape.remember(text, slots, view(R"({"n":1,"m":[2]})"));
  REQUIRE(shape.matches(R"({"a":"","u":{"n":1000,"m":[-2]},"z":0})"));
  CHECK(shape.noted() == R"({"n":1000,"m":[-2]})");
  REQUIRE(shape.matches(text));
  CHECK(shape.noted() == R"({"n":1,"m":[2]})");
  shape.remember(text, slots);
  REQUIRE(shape.matches(text));
  CHECK(shape.noted().empty());
}
