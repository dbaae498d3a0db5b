// Schemas in the words of Gemini's older members, and back from them.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/gemini/reading.h"
#include "dialects/gemini/schema_dialect.h"
#include "json/walk.h"

using namespace signalbox;
using dialects::gemini::SchemaCut;

namespace {

std::string openapi(std::string_view schema, SchemaCut cut = SchemaCut::none) {
  std::string out;
  CHECK(dialects::gemini::append_openapi_schema(out, schema) == cut);
  INFO(out);
  CHECK(json::is_whole_object(out));
  return out;
}

std::string json_schema(std::string_view schema) {
  Arena arena;
  canonical::Losses losses;
  dialects::Reading reading(schema, arena, losses);
  const std::string out(dialects::gemini::json_schema_of(schema, reading));
  INFO(out);
  CHECK(json::is_whole_object(out));
  return out;
}

}  // namespace

TEST_CASE("gemini schema: types, members and what is required", "[gemini_schema]") {
  CHECK(
      openapi(
          R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"object","title":"T","additionalProperties":false,"properties":{"a":{"type":"string","description":"d"},"n":{"type":"integer","minimum":0,"maximum":9},"l":{"type":"array","items":{"type":"number"}},"o":{"type":"object"},"b":{"type":"boolean"}},"required":["a","gone","a"]})") ==
      R"({"type":"OBJECT","properties":{"a":{"type":"STRING","description":"d"},"n":{"type":"INTEGER","minimum":0,"maximum":9},"l":{"type":"ARRAY","items":{"type":"NUMBER"}},"o":{"type":"OBJECT"},"b":{"type":"BOOLEAN"}},"required":["a"]})");
}

TEST_CASE("gemini schema: properties that are called as keywords are", "[gemini_schema]") {
  CHECK(
      openapi(
          R"({"type":"object","properties":{"pattern":{"type":"string"},"format":{"type":"string"},"$ref":{"type":"string"},"type":{"type":"string"},"const":{"type":"string"}},"required":["pattern","type"]})") ==
      R"({"type":"OBJECT","properties":{"pattern":{"type":"STRING"},"format":{"type":"STRING"},"$ref":{"type":"STRING"},"type":{"type":"STRING"},"const":{"type":"STRING"}},"required":["pattern","type"]})");
}

TEST_CASE("gemini schema: bounds without a word are told", "[gemini_schema]") {
  CHECK(
      openapi(
          R"({"type":"string","description":"An id.","pattern":"^\\d+$","minLength":2,"format":"uri","default":"x"})") ==
      R"RAW({"type":"STRING","description":"An id. (pattern: \"^\\\\d+$\") (minLength: 2) (default: \"x\") (format: \"uri\")"})RAW");
  CHECK(openapi(R"({"type":"integer","exclusiveMinimum":0})") ==
        R"RAW({"type":"INTEGER","description":"(exclusiveMinimum: 0)"})RAW");
  CHECK(openapi(R"({"type":"string","format":"date-time"})") == R"({"type":"STRING","format":"date-time"})");
  // Google: "only 'enum' and 'date-time' are supported for STRING type".
  CHECK(openapi(R"({"type":"string","format":"int64"})") ==
        R"RAW({"type":"STRING","description":"(format: \"int64\")"})RAW");
}

TEST_CASE("gemini schema: fixed values", "[gemini_schema]") {
  CHECK(openapi(R"({"const":"a"})") == R"({"type":"STRING","enum":["a"]})");
  // Google: "enum: only allowed for STRING type", "enum[0]: cannot be empty".
  CHECK(openapi(R"({"type":"integer","enum":[1,2]})") == R"RAW({"type":"INTEGER","description":"(enum: [1,2])"})RAW");
  CHECK(openapi(R"({"type":"string","enum":["","a"]})") ==
        R"RAW({"type":"STRING","enum":["a"],"description":"(enum: [\"\",\"a\"])"})RAW");
  CHECK(openapi(R"({"type":"string","enum":[""]})") == R"RAW({"type":"STRING","description":"(enum: [\"\"])"})RAW");
  CHECK(openapi(R"({"enum":["a",null]})") == R"({"type":"STRING","enum":["a"]})");
  CHECK(openapi(R"({"const":true})") == R"RAW({"type":"BOOLEAN","description":"(enum: true)"})RAW");
}

TEST_CASE("gemini schema: several types, and unions", "[gemini_schema]") {
  CHECK(openapi(R"({"type":["string","null"]})") == R"({"type":"STRING","nullable":true})");
  CHECK(openapi(R"({"type":["null","number","string"]})") ==
        R"RAW({"type":"NUMBER","description":"(or type: string)","nullable":true})RAW");
  CHECK(openapi(R"({"anyOf":[{"type":"string","description":"s"},{"type":"null"}]})") ==
        R"({"type":"STRING","description":"s","nullable":true})");
  CHECK(
      openapi(
          R"({"description":"d","oneOf":[{"type":"string"},{"type":"object","properties":{"a":{"type":"number"}}},{"type":"null"}]})") ==
      R"({"description":"d","nullable":true,"anyOf":[{"type":"STRING"},{"type":"OBJECT","properties":{"a":{"type":"NUMBER"}}}]})");
  CHECK(openapi(
            R"({"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"required":["a"]},{"required":["b"]}]})",
            SchemaCut::some) == R"({"type":"OBJECT","properties":{"a":{"type":"STRING"}}})");
  CHECK(
      openapi(
          R"({"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"number"}},"required":["b"]}]})") ==
      R"({"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"NUMBER"}},"required":["a","b"]})");
}

TEST_CASE("gemini schema: what is said beside a union, or of another type, is told or owned up to", "[gemini_schema]") {
  CHECK(
      openapi(R"({"type":"integer","minimum":1,"enum":[1,2],"anyOf":[{"maximum":3},{"exclusiveMinimum":9}]})") ==
      R"RAW({"description":"(minimum: 1) (enum: [1,2])","anyOf":[{"type":"INTEGER","maximum":3},{"type":"INTEGER","description":"(exclusiveMinimum: 9)"}]})RAW");
  CHECK(openapi(R"({"type":["string","number"],"minimum":2,"format":"double"})") ==
        R"RAW({"type":"STRING","description":"(or type: number) (format: \"double\") (minimum: 2)"})RAW");
  CHECK(openapi(R"({"type":["string","array"],"items":{"type":"number"}})", SchemaCut::some) ==
        R"RAW({"type":"STRING","description":"(or type: array)"})RAW");
  CHECK(openapi(R"({"type":"string","properties":{"a":{"type":"number"}}})", SchemaCut::some) ==
        R"({"type":"STRING"})");
  CHECK(openapi(R"({"anyOf":[{"type":"string"},{"type":"number"}],"oneOf":[{"minLength":1},{"minimum":2}]})",
                SchemaCut::some) == R"({"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]})");
}

TEST_CASE("gemini schema: references stand for what they lead to", "[gemini_schema]") {
  CHECK(
      openapi(
          R"({"type":"object","properties":{"a":{"$ref":"#/$defs/A","description":"mine"},"b":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string","description":"its"}}})") ==
      R"({"type":"OBJECT","properties":{"a":{"type":"STRING","description":"mine"},"b":{"type":"STRING","description":"its"}}})");
  CHECK(
      openapi(
          R"({"$ref":"#/definitions/N","definitions":{"N":{"type":"object","properties":{"next":{"$ref":"#/definitions/N"},"v":{"type":"string"}}}}})",
          SchemaCut::some) == R"({"type":"OBJECT","properties":{"next":{"type":"OBJECT"},"v":{"type":"STRING"}}})");
  // As zod-to-json-schema refers to what it has said before, and names with a slash in them (RFC 6901).
  CHECK(
      openapi(
          R"({"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"number"}]},"b":{"$ref":"#/properties/a/anyOf/1"},"c/d":{"type":"boolean"},"e":{"$ref":"#/properties/c~1d"}}})") ==
      R"({"type":"OBJECT","properties":{"a":{"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]},"b":{"type":"NUMBER"},"c/d":{"type":"BOOLEAN"},"e":{"type":"BOOLEAN"}}})");
  CHECK(openapi(R"({"type":"object","properties":{"a":{"$ref":"#/nowhere"}}})", SchemaCut::some) ==
        R"({"type":"OBJECT","properties":{"a":{"type":"OBJECT"}}})");
}

TEST_CASE("gemini schema: what cannot be said is cut, and is said to be", "[gemini_schema]") {
  CHECK(openapi(R"({"type":"object","patternProperties":{"^x":{"type":"string"}}})", SchemaCut::some) ==
        R"({"type":"OBJECT"})");
  CHECK(openapi(R"({"type":"object","additionalProperties":{"type":"string"}})", SchemaCut::some) ==
        R"({"type":"OBJECT"})");
  CHECK(openapi(R"({"type":"array"})", SchemaCut::some) == R"({"type":"ARRAY","items":{"type":"STRING"}})");
  CHECK(openapi(R"({"type":"object","properties":{"any":{},"yes":true}})", SchemaCut::some) ==
        R"({"type":"OBJECT","properties":{"any":{"type":"STRING"},"yes":{"type":"OBJECT"}}})");
}

TEST_CASE("gemini schema: schemas made to cost time end", "[gemini_schema]") {
  std::string deep = R"({"type":"object")";
  for (int i = 0; i < 100; ++i) deep += R"(,"properties":{"a":{"type":"object")";
  for (int i = 0; i < 100; ++i) deep += "}}";
  deep += "}";
  openapi(deep, SchemaCut::some);
  // Each definition refers to the next one twice: two to the thirtieth, if nothing stopped it.
  std::string wide = R"({"$ref":"#/$defs/0","$defs":{)";
  for (int i = 0; i < 30; ++i)
    wide += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"type":"object","properties":{"l":{"$ref":"#/$defs/)" +
            std::to_string(i + 1) + R"("},"r":{"$ref":"#/$defs/)" + std::to_string(i + 1) + R"("}}})";
  wide += R"(,"30":{"type":"string"}}})";
  CHECK(openapi(wide, SchemaCut::some).size() < size_t(1) << 20);
}

TEST_CASE("gemini schema: the older words as JSON Schema", "[gemini_schema]") {
  CHECK(
      json_schema(
          R"({"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true,"format":"enum","enum":["A"]},"nullable":{"type":"BOOLEAN"},"l":{"type":"ARRAY","items":{"type":"INTEGER"},"minItems":"1","max_items":5}},"required":["type"],"propertyOrdering":["type"]})") ==
      R"({"properties":{"type":{"enum":["A"],"type":["string","null"]},"nullable":{"type":"boolean"},"l":{"items":{"type":"integer"},"minItems":1,"maxItems":5,"type":"array"}},"required":["type"],"type":"object"})");
  CHECK(json_schema(R"({"any_of":[{"type":"STRING"},{"type":"NUMBER","example":3}],"description":"d"})") ==
        R"({"anyOf":[{"type":"string"},{"examples":[3],"type":"number"}],"description":"d"})");
  CHECK(json_schema(R"({"type":"TYPE_UNSPECIFIED"})") == "{}");
  CHECK(json_schema(R"({"type":["string","null"],"properties":7,"items":[]})") ==
        R"({"properties":7,"items":[],"type":["string","null"]})");
}
