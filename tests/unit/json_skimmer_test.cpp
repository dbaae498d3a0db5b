#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "json/skimmer.h"

using namespace signalbox::json;

namespace {

const std::vector<std::string_view> keys = {"usage", "stop_reason", "model"};

struct Seen {
  std::vector<std::string> values;
  bool whole = false;
  bool is_object = false;
  bool operator==(const Seen& other) const {
    return values == other.values && whole == other.whole && is_object == other.is_object;
  }
};

Seen seen(const Skimmer& skimmer) {
  Seen result{{}, skimmer.whole(), skimmer.is_object()};
  for (size_t i = 0; i < keys.size(); ++i) result.values.emplace_back(skimmer.value(i));
  return result;
}

// What is kept of `text`, the same however it was cut.
Seen skim(const std::string& text, size_t value_bytes_max = 1000) {
  Skimmer skimmer(keys, value_bytes_max);
  skimmer.feed(text);
  const Seen whole = seen(skimmer);
  Skimmer bytewise(keys, value_bytes_max);
  CHECK(seen(bytewise) == Seen{{"", "", ""}, false, false});
  for (const char c : text) bytewise.feed(std::string(1, c));
  INFO(text);
  CHECK(seen(bytewise) == whole);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    INFO("cut at " << cut);
    Skimmer halves(keys, value_bytes_max);
    halves.feed(std::string(text, 0, cut));
    halves.feed("");
    halves.feed(std::string(text, cut));
    CHECK(seen(halves) == whole);
  }
  return whole;
}

}  // namespace

TEST_CASE("json skimmer: keeps named members of the root object", "[json]") {
  const Seen s = skim(
      "\n {\"id\":\"x\",\"model\" : \"a\\\"}\\\\\" "
      ",\"content\":[{\"text\":\"usage\\\":1,{[\",\"model\":\"no\"},\"model\"],"
      "\"stop_reason\":null , \"usage\":{\"input_tokens\":1,\"a\":[{},\"]}\"]}} trailing {\"model\":1}");
  CHECK(s.whole);
  CHECK(s.is_object);
  CHECK(s.values == std::vector<std::string>{R"({"input_tokens":1,"a":[{},"]}"]})", "null", R"("a\"}\\")"});
}

TEST_CASE("json skimmer: scalars end at what follows them", "[json]") {
  CHECK(skim("{\"usage\":12}").values[0] == "12");
  CHECK(skim("{\"usage\":-1.5e3 ,\"model\":true}").values == std::vector<std::string>{"-1.5e3", "", "true"});
  CHECK(skim("{\"usage\":12").values[0] == "");
}

TEST_CASE("json skimmer: the last of duplicates counts, also while it is not whole", "[json]") {
  CHECK(skim("{\"model\":1,\"model\":22}").values[2] == "22");
  CHECK(skim("{\"model\":1,\"model\":\"22").values[2] == "");
  CHECK(skim("{\"model\":1,\"model\":\"" + std::string(2000, 'x') + "\"}").values[2] == "");
  CHECK(skim("{\"model\":\"" + std::string(2000, 'x') + "\",\"model\":1}").values[2] == "1");
}

TEST_CASE("json skimmer: names may be escaped", "[json]") {
  CHECK(skim(R"({"mod\u0065l":1})").values[2] == "1");
  CHECK(skim(R"({"\u006d\u006f\u0064\u0065\u006c":1})").values[2] == "1");
  CHECK(skim("{\"" + std::string(5000, 'm') + "\":1,\"model\":2}").values[2] == "2");
  CHECK(skim(R"({"model\"":1})").values[2] == "");
}

TEST_CASE("json skimmer: a value over the bound reads as absent", "[json]") {
  CHECK(skim("{\"model\":\"12345678\"}", 10).values[2] == "\"12345678\"");
  CHECK(skim("{\"model\":\"123456789\",\"usage\":1}", 10).values == std::vector<std::string>{"1", "", ""});
  CHECK(skim("{\"model\":[[[[[[[]]]]]]],\"usage\":1}", 10).values == std::vector<std::string>{"1", "", ""});
}

TEST_CASE("json skimmer: a value over the bound is told from an absent one", "[json]") {
  Skimmer skimmer(keys, 10);
  skimmer.feed("{\"model\":\"12345678");
  CHECK_FALSE(skimmer.too_long(2));
  skimmer.feed("9");
  CHECK_FALSE(skimmer.too_long(2));  // ten bytes, and the quote is yet to come
  skimmer.feed("\",\"usage\":1}");
  CHECK(skimmer.too_long(2));
  CHECK_FALSE(skimmer.too_long(0));
  CHECK_FALSE(skimmer.too_long(1));
  CHECK_FALSE(skimmer.too_long(3));
  Skimmer again(keys, 10);
  again.feed("{\"model\":\"1234567890\",\"model\":2}");
  CHECK_FALSE(again.too_long(2));
  CHECK(again.value(2) == "2");
}

TEST_CASE("json skimmer: other roots, and texts that are none", "[json]") {
  CHECK(skim("[{\"model\":1},[]]") == Seen{{"", "", ""}, true, false});
  CHECK(skim("{}") == Seen{{"", "", ""}, true, true});
  CHECK(skim("") == Seen{{"", "", ""}, false, false});
  CHECK(skim("\"model\"") == Seen{{"", "", ""}, false, false});
  CHECK(skim("<html>{\"model\":1}") == Seen{{"", "", ""}, false, false});
  for (const char* text : {"{\"model\":1,,}", "{\"model\":1 2}", "{\"model\":1,usage:2}", "{\"model\":1,\"usage\"}",
                           "{\"model\":1,\"usage\":}", "{\"model\":1,]", "{\"model\":1,\"usage\":]"}) {
    const Seen s = skim(text);
    INFO(text);
    CHECK_FALSE(s.whole);
    CHECK(s.values == std::vector<std::string>{"", "", "1"});
  }
}

TEST_CASE("json skimmer: deep nesting costs nothing", "[json]") {
  Skimmer skimmer(keys, 100);
  skimmer.feed("{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + ",\"model\":7}");
  CHECK(skimmer.whole());
  CHECK(skimmer.value(2) == "7");
  CHECK(skimmer.value(3) == "");
}
