// Schemas of tools in the words of Gemini's older members: those of real agents (tests/corpora/schemas), and generated
// and made-up ones as MCP servers have them. Anything else than the words below is refused by Google with the whole request
// (translation.md section 4, "Gemini schema cleaning").
#include <catch2/catch.hpp>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "answer_player.h"
#include "dialects/canonical/schema.h"
#include "dialects/gemini/schema_dialect.h"
#include "json/escaped.h"
#include "json/walk.h"

using namespace signalbox;

namespace {

template <size_t count>
bool is_one_of(std::string_view word, const std::string_view (&words)[count]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// Finds what Google refuses in a cleaned schema, and what it lacks of the one that it came from.
class Checker {
 public:
  // `source` may be empty: then only the form is checked.
  void check(std::string_view schema, std::string_view source) {
    static constexpr std::string_view types[] = {R"("OBJECT")", R"("ARRAY")",  R"("INTEGER")",
                                                 R"("NUMBER")", R"("STRING")", R"("BOOLEAN")"};
    static constexpr std::string_view formats[] = {R"("STRING" "enum")",   R"("STRING" "date-time")",
                                                   R"("INTEGER" "int32")", R"("INTEGER" "int64")",
                                                   R"("NUMBER" "float")",  R"("NUMBER" "double")"};
    const std::string_view type = json::member(schema, "type");
    if (!type.empty() && !is_one_of(type, types)) wrong("type", type);
    if (type.empty() && json::member(schema, "anyOf").empty()) wrong("no type", schema);
    json::each_member(schema, [&](std::string_view key, std::string_view value) {
      if (key == "properties") check_properties(value, json::member(source, "properties"));
      else if (key == "items") check(value, json::member(source, "items"));
      else if (key == "anyOf") json::each_element(value, [&](std::string_view branch) { check(branch, {}); });
      else if (key == "required") check_required(value, json::member(schema, "properties"));
      else if (key == "enum") check_enum(value, type);
      else if (key == "description") must_be_text(value);
      else if (key == "format")
        is_one_of(std::string(type) + " " + std::string(value), formats) ? void() : wrong("format", value);
      else if (key != "type" && key != "nullable" && key != "minimum" && key != "maximum") wrong("word", key);
    });
    if (type == R"("ARRAY")" && json::member(schema, "items").empty()) wrong("no items", schema);
    if (!json::member(source, "properties").empty() && json::member(source, "properties") != "{}" &&
        json::member(schema, "properties").empty())
      wrong("properties gone", source);
  }

  // Whether all that `source` says of a value is in `schema`, in words or in its description, or else is owned up to.
  // References and what is put together of several schemas are left out: they may stand anywhere.
  void check_said(std::string_view schema, std::string_view source, dialects::gemini::SchemaCut cut) {
    static constexpr std::string_view told[] = {
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern",  "minLength",     "maxLength",    "default",
        "examples",         "uniqueItems",      "minItems",   "maxItems", "minProperties", "maxProperties"};
    static constexpr std::string_view not_said[] = {"not",
                                                    "if",
                                                    "then",
                                                    "else",
                                                    "contains",
                                                    "patternProperties",
                                                    "prefixItems",
                                                    "propertyNames",
                                                    "dependentRequired"};
    if (cut == dialects::gemini::SchemaCut::some) return;
    if (!json::member(source, "$ref").empty() || !json::member(source, "allOf").empty()) return;
    const std::string_view type = json::member(schema, "type");
    const bool is_union = !json::member(schema, "anyOf").empty();
    std::string description;
    json::unescape(json::string_inside(json::member(schema, "description")), description);
    const auto tells = [&](std::string_view key) {
      return description.find("(" + std::string(key) + ": ") != description.npos;
    };
    json::each_member(source, [&](std::string_view key, std::string_view value) {
      const bool same = json::member(schema, key) == value;
      if (is_one_of(key, told) && !tells(key)) wrong("untold", key);
      if (is_one_of(key, not_said)) wrong("unsaid", key);
      if ((key == "format" || key == "minimum" || key == "maximum") && !same && !tells(key)) wrong("gone", key);
      if ((key == "enum" || key == "const") && json::member(schema, "enum").empty() && !tells("enum"))
        wrong("gone", key);
      if (key == "additionalProperties" && value.front() == '{') wrong("unsaid", key);
      if (key == "type" && value.front() == '[') check_types(value, schema, tells("or type"));
      if (key == "items" && type != R"("ARRAY")") wrong("gone", key);
      if (key == "properties" && type != R"("OBJECT")") wrong("gone", key);
      if ((key == "anyOf" || key == "oneOf") && !is_union) check_one_branch(value);
      if (key == "items") check_said(json::member(schema, key), value, cut);
      if (key != "properties") return;
      json::each_member(value, [&](std::string_view name, std::string_view of) {
        check_said(json::member(json::member(schema, "properties"), name), of, cut);
      });
    });
    if (is_union && !json::member(source, "type").empty()) wrong("gone", "type");
  }

  const std::string& problems() const { return problems_; }

 private:
  void check_types(std::string_view types, std::string_view schema, bool tells) {
    size_t count = 0;
    json::each_element(types, [&](std::string_view type) {
      if (type != R"("null")") ++count;
      else if (json::member(schema, "nullable") != "true") wrong("not nullable", types);
    });
    if (count > 1 && !tells) wrong("untold", types);
  }
  void check_one_branch(std::string_view branches) {
    size_t count = 0;
    json::each_element(branches,
                       [&](std::string_view branch) { count += json::member(branch, "type") != R"("null")"; });
    if (count > 1) wrong("branches gone", branches);
  }
  void wrong(const char* what, std::string_view where) {
    problems_ += std::string(what) + " " + std::string(where) + "\n";
  }
  void must_be_text(std::string_view value) {
    if (value.empty() || value.front() != '"') wrong("no text", value);
  }
  void check_enum(std::string_view words, std::string_view type) {
    if (type != R"("STRING")") wrong("enum of", type);
    bool any = false;
    json::each_element(words, [&](std::string_view word) {
      any = true;
      must_be_text(word);
      if (word == R"("")") wrong("empty word", words);
    });
    if (!any) wrong("empty enum", words);
  }
  void check_properties(std::string_view properties, std::string_view source) {
    json::each_member(properties,
                      [&](std::string_view key, std::string_view value) { check(value, json::member(source, key)); });
    json::each_member(source, [&](std::string_view key, std::string_view) {
      if (json::member(properties, key).empty()) wrong("property gone", key);
    });
  }
  void check_required(std::string_view required, std::string_view properties) {
    json::each_element(required, [&](std::string_view name) {
      if (json::member(properties, json::string_inside(name)).empty()) wrong("required and not there", name);
    });
  }

  std::string problems_;
};

// As a tool's schema: what its root lacks is added first.
void check(std::string_view of_tool) {
  std::string schema, cleaned, again;
  canonical::append_object_schema(schema, of_tool);
  INFO(schema);
  // What the other three ask of a root.
  CHECK(json::member(schema, "type") == R"("object")");
  CHECK(json::member(schema, "properties").substr(0, 1) == "{");
  for (const std::string_view key : {"anyOf", "oneOf", "allOf", "$ref"}) CHECK(json::member(schema, key) == "");
  const dialects::gemini::SchemaCut cut = dialects::gemini::append_openapi_schema(cleaned, schema);
  INFO(cleaned);
  CHECK(json::is_whole_object(cleaned));
  CHECK(json::member(cleaned, "type") == R"("OBJECT")");
  Checker checker;
  checker.check(cleaned, schema);
  checker.check_said(cleaned, schema, cut);
  CHECK(checker.problems() == "");
  dialects::gemini::append_openapi_schema(again, std::string(schema));
  CHECK(again == cleaned);
}

// Makes schemas of all words that JSON Schema has, properties with the names of words among them.
class SchemaGenerator {
 public:
  explicit SchemaGenerator(unsigned seed) : random_(seed) {}

  std::string tool() { return object(0, R"("$schema":"https://json-schema.org/draft/2020-12/schema",)"); }

 private:
  size_t below(size_t bound) { return random_() % bound; }
  bool some() { return below(2) == 0; }
  std::string one_of(std::initializer_list<const char*> words) { return words.begin()[below(words.size())]; }

  std::string object(int depth, const std::string& more = {}) {
    std::string members, names;
    for (const char* name : {"type", "pattern", "format", "required", "properties", "items", "$ref", "a b", "größe"}) {
      if (below(3) != 0) continue;
      members += (members.empty() ? "\"" : ",\"") + std::string(name) + "\":" + value(depth + 1);
      if (some()) names += (names.empty() ? "\"" : ",\"") + std::string(name) + "\"";
    }
    if (some()) names += names.empty() ? "\"gone\"" : ",\"gone\"";
    return "{" + more + R"("type":"object","properties":{)" + members + "}" +
           (some() ? ",\"required\":[" + names + "]" : "") +
           one_of({"", R"(,"additionalProperties":false)", R"(,"additionalProperties":{"type":"string"})",
                   R"(,"propertyNames":{"pattern":"^a"})", R"(,"$defs":{"x":{"type":"string"}})",
                   R"(,"x-order":1,"title":"T","readOnly":true)", R"(,"if":{},"then":{},"not":{"type":"null"})"}) +
           "}";
  }

  std::string value(int depth) {
    const std::string description = one_of({"", R"(,"description":"says \"x\"")"});
    switch (below(depth < 4 ? 10 : 5)) {
      case 0:
        return R"({"type":"string")" + description +
               one_of({"", R"(,"enum":["a","b"])", R"(,"pattern":"^\\d+$","minLength":1)", R"(,"format":"uri")",
                       R"(,"format":"date-time","default":"")", R"(,"const":"a")", R"(,"examples":["a"])"}) +
               "}";
      case 1:
        return R"({"type":)" + one_of({R"("integer")", R"("number")", R"(["integer","null"])"}) + description +
               one_of({"", R"(,"minimum":0,"maximum":9007199254740991)", R"(,"exclusiveMinimum":0)", R"(,"enum":[1,2])",
                       R"(,"multipleOf":2,"default":4)"}) +
               "}";
      case 2: return R"({"type":["string","number","null"])" + description + "}";
      case 3: return one_of({"{}", "true", R"({"const":1})", R"({"enum":["a",null]})", R"({"type":"array"})"});
      case 4: return R"({"type":"boolean","default":true)" + description + "}";
      case 5:
        return R"({"type":"array","items":)" + value(depth + 1) + R"(,"minItems":1,"uniqueItems":true)" + description +
               "}";
      case 6:
        return R"({"anyOf":[)" + value(depth + 1) + "," + value(depth + 1) + R"(,{"type":"null"}])" + description + "}";
      case 7: return R"({"oneOf":[)" + object(depth + 1) + "," + value(depth + 1) + "]" + description + "}";
      case 8: return R"({"allOf":[)" + object(depth + 1) + "," + object(depth + 1) + "]" + description + "}";
      default: return object(depth + 1);
    }
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("gemini schema: every tool of the corpus is one that Google takes", "[gemini_schema]") {
  size_t count = 0, of_servers = 0;
  for (const std::string& path : testing::corpus("schemas", ".json")) {
    INFO(path);
    const bool is_of_servers = path.find("mcp_servers") != path.npos;
    const std::string tools = testing::text_of(path);
    json::each_member(tools, [&](std::string_view name, std::string_view schema) {
      INFO(name);
      check(schema);
      ++count;
      of_servers += is_of_servers;
    });
  }
  CHECK(count > 300);
  CHECK(of_servers >= 200);
}

TEST_CASE("gemini schema: every generated one becomes one that Google takes", "[gemini_schema]") {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    check(SchemaGenerator(seed).tool());
  }
}
