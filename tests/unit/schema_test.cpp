// Schemas on their way to a provider: their root, and whether strict mode takes them.
#include "dialects/canonical/schema.h"

#include <catch2/catch.hpp>

#include <string>

#include "dialects/canonical/billing.h"
#include "json/walk.h"

using namespace signalbox;
using canonical::append_object_schema;
using canonical::is_strict;
using canonical::SchemaChange;

namespace {

std::string object_schema(std::string_view schema) {
  std::string out;
  append_object_schema(out, schema);
  return out;
}

}  // namespace

TEST_CASE("schema: an object schema goes on byte by byte", "[schema]") {
  const std::string schema = R"({ "type" : "object","properties":{"pattern":{"type":"string"}} , "x":1.50})";
  CHECK(object_schema(schema) == schema);
}

TEST_CASE("schema: what a root lacks is added (defaults_missing_tool_schema_type)", "[schema]") {
  CHECK(object_schema("") == R"({"type":"object","properties":{}})");
  CHECK(object_schema("{}") == R"({"type":"object","properties":{}})");
  CHECK(object_schema(R"({"type":"object"})") == R"({"type":"object","properties":{}})");
  CHECK(object_schema(R"({"properties":{"a":{}}})") == R"({"type":"object","properties":{"a":{}}})");
  CHECK(object_schema(R"({"type":"object","additionalProperties":false})") ==
        R"({"type":"object","properties":{},"additionalProperties":false})");
  CHECK(object_schema(R"({"type":["object","null"],"properties":{}})") == R"({"type":"object","properties":{}})");
  CHECK(object_schema(R"({"type":null,"properties":null})") == R"({"type":"object","properties":{}})");
}

TEST_CASE("schema: a union at the root is merged (NormalizesRootToolSchemaUnions)", "[schema]") {
  SECTION("alternatives of required names") {
    CHECK(object_schema(R"({"type":"object","properties":{"a":{},"b":{}},"required":["c"],)"
                        R"("anyOf":[{"required":["a"]},{"required":["b"]}]})") ==
          R"({"type":"object","properties":{"a":{},"b":{}},"required":["c"]})");
  }
  SECTION("alternatives of properties") {
    std::string out;
    CHECK(append_object_schema(out, R"({"oneOf":[{"properties":{"k":{"const":1},"a":{}},"required":["k","a"]},)"
                                    R"({"properties":{"k":{"const":2},"b":{}},"required":["k","b"]}],"x":0})") ==
          SchemaChange::union_merged);
    CHECK(out == R"({"type":"object","properties":{"k":{"anyOf":[{"const":1},{"const":2}]},"a":{},"b":{}},)"
                 R"("required":["k"],"x":0})");
  }
  SECTION("all of several, one by reference") {
    CHECK(object_schema(R"({"allOf":[{"$ref":"#/$defs/A"},{"properties":{"b":{}},"required":["b"]}],)"
                        R"("$defs":{"A":{"properties":{"a":{}},"required":["a"]}}})") ==
          R"({"type":"object","properties":{"a":{},"b":{}},"required":["a","b"],)"
          R"("$defs":{"A":{"properties":{"a":{}},"required":["a"]}}})");
  }
  SECTION("a reference at the root") {
    CHECK(object_schema(R"({"$ref":"#/definitions/A","definitions":{"A":{"properties":{"a":{}}}}})") ==
          R"({"type":"object","properties":{"a":{}},"definitions":{"A":{"properties":{"a":{}}}}})");
  }
  SECTION("references in a circle, and unions in unions, end") {
    CHECK(json::is_whole_object(object_schema(R"({"$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/A"}}})")));
    std::string deep = R"({"properties":{"a":{}}})";
    for (int i = 0; i < 100; ++i) deep = R"({"anyOf":[)" + deep + "]}";
    CHECK(json::is_whole_object(object_schema(deep)));
    std::string wide = R"({"anyOf":[{"$ref":"#/$defs/A"})";
    for (int i = 0; i < 100'000; ++i) wide += R"(,{"$ref":"#/$defs/A"})";
    wide += R"(],"$defs":{"A":{"properties":{"a":{}}}}})";
    CHECK(object_schema(wide).substr(0, 45) == R"({"type":"object","properties":{"a":{}},"$defs)");
  }
}

TEST_CASE("schema: strict is what closes every object and requires all it names", "[schema]") {
  CHECK(is_strict(
      R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})"));
  CHECK_FALSE(is_strict(R"({"type":"object","properties":{"a":{}},"required":["a"]})"));
  CHECK_FALSE(is_strict(R"({"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":true})"));
  CHECK_FALSE(
      is_strict(R"({"type":"object","properties":{"a":{},"b":{}},"required":["a"],"additionalProperties":false})"));
  CHECK_FALSE(
      is_strict(R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{}}}},)"
                R"("required":["a"],"additionalProperties":false})"));
  CHECK(is_strict(
      R"({"type":"object","properties":{"a":{"anyOf":[{"type":"null"},{"type":"array","items":{"type":"string"}}]}},)"
      R"("required":["a"],"additionalProperties":false})"));
  CHECK_FALSE(is_strict("{\"allOf\":[]}"));
  CHECK_FALSE(is_strict(""));
  std::string deep = R"({"type":"string"})";
  for (int i = 0; i < 400; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  CHECK_FALSE(is_strict(deep));
}

TEST_CASE("billing: only a leading billing line goes, what follows it stays", "[billing]") {
  const auto without = [](std::string_view text) { return canonical::without_billing({text}).inside; };
  CHECK(without("x-anthropic-billing-header: cc_version=2; cch=a1;") == "");
  CHECK(without(R"(x-anthropic-billing-header: cch=a1;\nYou are\nhere)") == R"(You are\nhere)");
  CHECK(without(R"(x-anthropic-billing-header: a\r\n\nYou)") == "You");
  CHECK(without(R"(x-anthropic-billing-header: a\u000aYou)") == "You");
  CHECK(without(R"(x-anthropic-billing-header: C:\\nope "\" more\nYou)") == "You");
  CHECK(without(R"(You\nx-anthropic-billing-header: a)") == R"(You\nx-anthropic-billing-header: a)");
  CHECK(without("") == "");
}
