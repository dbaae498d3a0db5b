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
          SchemaChange::widened);
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

TEST_CASE("schema: a root that refers to what is not in it allows everything, and says so", "[schema]") {
  for (const char* reference : {"https://h/schema.json", "#/$defs/y/z", "#/$defs/none"}) {
    std::string out;
    const std::string schema = R"({"$ref":")" + std::string(reference) + R"(","$defs":{"y":{"properties":{"a":{}}}}})";
    CHECK(append_object_schema(out, schema) == SchemaChange::widened);
    CHECK(out == R"({"type":"object","properties":{},"$defs":{"y":{"properties":{"a":{}}}}})");
  }
  std::string out;
  CHECK(append_object_schema(out, R"({"$ref":"#/$defs/y","$defs":{"y":{"properties":{"a":{}}}}})") ==
        SchemaChange::none);
}

TEST_CASE("schema: a reference leads to its definition, however it is spelt", "[schema]") {
  const std::string definitions = R"("$defs":{"x":{"type":"object","properties":{"a":{"type":"string"}}}}})";
  const std::string merged = R"({"type":"object","properties":{"a":{"type":"string"}},)" + definitions;
  for (const char* reference : {"#/$defs/x", R"(#\/$defs\/x)", R"(#/\u0024defs/x)"}) {
    INFO(reference);
    CHECK(object_schema(R"({"$ref":")" + std::string(reference) + "\"," + definitions) == merged);
  }
}

TEST_CASE("schema: definitions of a large schema are merged wherever they stand", "[schema]") {
  std::string schema = R"({"anyOf":[)", properties = R"("properties":{)", definitions = R"("$defs":{)";
  for (int i = 0; i < 64; ++i) {
    const std::string number = std::to_string(i), comma = i == 0 ? "" : ",";
    schema += comma + R"({"$ref":"#/$defs/a)" + number + "\"}";
    definitions += comma + "\"a" + number + R"(":{"$ref":"#/$defs/b)" + number + "\"},";
    definitions += "\"b" + number + R"(":{"properties":{"p)" + number + R"(":{}},"required":["p)" + number + "\"],";
    definitions += R"("description":")" + std::string(20'000, 'x') + "\"}";
    properties += comma + "\"p" + number + "\":{}";
  }
  const std::string merged = object_schema(schema + "]," + definitions + "}}");
  CHECK(merged.substr(0, merged.find(R"(,"$defs")")) == R"({"type":"object",)" + properties + "}");
}

TEST_CASE("schema: merging reads a schema so often, whatever refers to what", "[schema]") {
  // Each is about half of the schema, and is read twice for each reference: for one of its own, and for what
  // it says. So is the schema itself, and what is left is for references.
  constexpr size_t references_max = canonical::merge_reads_max - 2;
  const std::string description = R"("description":")" + std::string(2 * canonical::merge_bytes_min, 'x') + "\"";
  const std::string definitions = R"("$defs":{"A":{"properties":{"a":{}},)" + description +
                                  R"(},"B":{"properties":{"b":{}},)" + description + "}}}";
  const auto properties = [&](size_t references) {
    std::string schema = R"({"anyOf":[)";
    for (size_t i = 0; i < references; ++i) schema += R"({"$ref":"#/$defs/A"},)";
    const std::string merged = object_schema(schema + R"({"$ref":"#/$defs/B"}],)" + definitions);
    return merged.substr(0, merged.find(R"(,"$defs")"));
  };
  CHECK(properties(references_max - 1) == R"({"type":"object","properties":{"a":{},"b":{}})");
  CHECK(properties(references_max) == R"({"type":"object","properties":{"a":{}})");
}

TEST_CASE("schema: what only some of too many branches require is not required", "[schema]") {
  std::string schema = R"({"anyOf":[{"properties":{"a":{}},"required":["a"]})";
  for (int i = 0; i < 64; ++i) schema += R"(,{"required":["a"]})";
  CHECK(object_schema(schema + "]}") == R"({"type":"object","properties":{"a":{}}})");
}

TEST_CASE("schema: members that stand many times cost no more than many members", "[schema]") {
  std::string schema = R"({"anyOf":[],"properties":{"a":0)", variants = "0";
  for (int i = 1; i < 50'000; ++i) {
    schema += R"(,"a":)" + std::to_string(i);
    if (i < 65) variants += "," + std::to_string(i);
  }
  schema += "}";
  for (int i = 0; i < 50'000; ++i) schema += R"(,"required":["a)" + std::to_string(i) + R"("],"anyOf":[])";
  const std::string merged = object_schema(schema + "}");
  const std::string properties = R"({"type":"object","properties":{"a":{"anyOf":[)" + variants + "]}}";
  CHECK(merged.substr(0, properties.size()) == properties);
  CHECK(merged.find(R"("a49999")") != std::string::npos);
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
