// Vectors in the manner of JSONTestSuite: y must be accepted, n refused, i is ours to decide.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"

using namespace signalbox::json;
using namespace std::string_literals;

namespace {

// The text in memory of exactly its size, so that ASan sees a byte read past it.
struct Exact {
  explicit Exact(const std::string& text) : bytes(new char[text.size()]), size(text.size()) {
    std::memcpy(bytes.get(), text.data(), size);
  }
  std::string_view view() const { return {bytes.get(), size}; }
  std::unique_ptr<char[]> bytes;
  size_t size;
};

// Both ways over a text say the same.
Error judge(const std::string& text, size_t depth_max = depth_default) {
  const Exact exact(text);
  Reader walk(exact.view(), depth_max);
  while (walk.next() != Token::end && walk.current() != Token::error) {
  }
  Reader skip(exact.view(), depth_max);
  const auto value = skip.skip_value();
  const Token last = value ? skip.next() : skip.current();
  INFO(text.substr(0, 200));
  CHECK(last == walk.current());
  CHECK(skip.error().offset == walk.error().offset);
  CHECK(skip.error().what == walk.error().what);
  CHECK(walk.error().what.empty() == (walk.current() == Token::end));
  // For ever.
  const Error error = walk.error();
  CHECK(walk.next() == last);
  CHECK(walk.next() == last);
  CHECK_FALSE(walk.skip_value());
  CHECK(walk.error().offset == error.offset);
  return error;
}

bool accepts(const std::string& text) { return judge(text).what.empty(); }

std::vector<Token> tokens_of(const std::string& text) {
  std::vector<Token> tokens;
  Reader reader(text);
  do {
    tokens.push_back(reader.next());
  } while (tokens.back() != Token::end && tokens.back() != Token::error);
  return tokens;
}

// clang-format off
const std::vector<std::string> accepted = {
    "[[]   ]", "[\"\"]", "[]", "[\"a\"]", "[false]", "[null, 1, \"1\", {}]", "[null]", "[1\n]", " [1]",
    "[1,null,null,null,2]", "[2] ", "[123e65]", "[0e+1]", "[0e1]", "[ 4]", "[-0.000000000000000000000000001]",
    "[20e1]", "[-0]", "[-123]", "[-1]", "[1E22]", "[1E-2]", "[1E+2]", "[123e45]", "[123.456e78]", "[1e-2]",
    "[1e+2]", "[123]", "[123.456789]", "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}", "{\"asd\":\"sdf\"}",
    "{\"a\":\"b\",\"a\":\"c\"}", "{\"a\":\"b\",\"a\":\"b\"}", "{}", "{\"\":0}", "{\"foo\\u0000bar\": 42}",
    "{ \"min\": -1.0e+28, \"max\": 1.0e+28 }", "{\"a\":[]}", "{\n\"a\": \"b\"\n}", "[\"\\u0060\\u012a\\u12AB\"]",
    "[\"\\uD801\\udc37\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\\u0000\"]", "[\"\\\"\"]", "[\"a/*b*/c/*d//e\"]",
    "[\"\\\\a\"]", "[\"\\u0012\"]", "[\"\\uFFFF\"]", "[ \"asd\"]", "[\"\xf4\x8f\xbf\xbf\"]", "[\"\xef\xbf\xbf\"]",
    "[\"\\u0000\"]", "[\"\\u002c\"]", "[\"\xcf\x80\"]", "[\"asd \"]", "\" \"", "[\"\xe2\x80\xa8\"]",
    "[\"\xe2\x80\xa9\"]", "[\"new\\u00A0line\"]", "[\"\x7f\"]", "[\"a\x7f" "a\"]", "false", "42", "-0.1", "null",
    "\"asd\"", "true", "\"\"", "[\"a\"]\n", "[true]", " [] ", "\t\r\n 1 \t\r\n", "0", "-0", "0.0", "1.5e300",
    "[\"\xf0\x9f\x98\x80\xe6\x97\xa5\xc3\xa9 plain\"]", "{\"a\":{\"b\":[{\"c\":[[[]]]}]}}",
    // A level is an object first and an array later, and the other way round.
    "[{\"a\":{}},[[1],2]]", "[[[]],{\"a\":[],\"b\":1}]",
};
// clang-format on

// clang-format off
const std::vector<std::string> refused = {
    "", " ", "[1 true]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]", "[\"x\"]]", "[\"\",]", "[\"x\"",
    "[x", "[3[4]]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]", "[1,,]", "[*]", "[\"\"", "[1,", "[1,\n1\n,1",
    "[{}", "[fals]", "[nul]", "[tru]", "[falsey]", "123\0"s, "[++1234]", "[+1]", "[+Inf]", "[-01]", "[-1.0.]",
    "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]", "[0.1.2]", "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0E]", "[0e+]",
    "[0e]", "[1.0e+]", "[1.0e-]", "[1.0e]", "[1 000.0]", "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]",
    "[Inf]", "[NaN]", "[\xef\xbc\x91]", "[1+2]", "[0x1]", "[0x42]", "[Infinity]", "[0e+-1]", "[-123.123foo]",
    "[-Infinity]", "[-foo]", "[- 1]", "[-012]", "[-.123]", "[-1x]", "[1ea]", "[1.]", "[.123]", "[1.2a-3]",
    "[1.8011670033376514H-308]", "[012]", "00", "01", "1.", "[\"x\", truth]", "{[: \"x\"}\n", "{\"x\", null}",
    "{\"x\"::\"b\"}", "{\xf0\x9f\x87\xa8}", "{\"a\":\"a\" 123}", "{key: 'value'}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}",
    "{\"a\":", "{\"a\"", "{1:1}", "{9999E9999:1}", "{null:null,null:null}", "{\"id\":0,,,,,}", "{'a':0}",
    "{\"id\":0,}", "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}//", "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}", "{\"a\":\"a",
    "{ \"foo\" : \"bar\", \"a\" }", "{\"a\":\"b\"}#", "[\"\\uD800\\\"]", "[\"\\uD800\\u\"]", "[\"\\uD800\\u1\"]",
    "[\"\\uD800\\u1x\"]", "[\xc3\xa9]", "[\"\\\0\"]"s, "[\"\\x00\"]", "[\"\\\\\\\"]", "[\"\\\t\"]", "[\"\\\xf0\x9f\x8c\x80\"]",
    "[\"\\\"]", "[\"\\u00A\"]", "[\"\\uD834\\uDd\"]", "[\"\\a\"]", "[\"\\uqqqq\"]", "[\"\\u0g00\"]", "[\\n]", "\"", "['a']",
    "[\"a\0a\"]"s, "[\"new\nline\"]", "[\"\t\"]", "[\"\x1f\"]", "\"\\UA66D\"", "abc", "[<null>]", "[a\x00]"s,
    "[\"asd]", "1]", "{\"x\": true,", "[][]", "]", "{}}", "{\"\":", "{\"a\":/*comment*/\"b\"}", "{\"a\": true} \"x\"",
    "['", "[,", "[{", "[\"a", "[\"a\"", "{", "{]", "{,", "{[", "{\"a", "{'a'", "*", "[\"\\{[\"\\{[\"\\{[\"\\{",
    "[True]", "[1}", "{\"x\": true]", "1 2", "[\xe2\x81\xa0]", "[\x0c]", "\x0b", "\xef\xbb\xbf", "\xef\xbb\xbf{}",
    "{}\0"s, "\0"s, "[\"\xe5\"]", "\"", "\"\\", "\"\\u", "\"\\u12", "-", "t", "nul", "{\"a\":1 \"b\":2}", "[1 2]", "{\"a\":}",
    "{\"a\":1,}", "{,\"a\":1}", "[1]x", "+1", ".5", "--1", "1e", "1e+", "tRue", "nulL", "nulll",
    // RFC 3629: lone continuations, overlong, surrogates, beyond U+10FFFF, cut short.
    "\"\x80\"", "\"\xbf\"", "\"\xc0\xaf\"", "\"\xc1\xbf\"", "\"\xe0\x80\xaf\"", "\"\xe0\x9f\xbf\"", "\"\xf0\x80\x80\xaf\"",
    "\"\xf0\x8f\xbf\xbf\"", "\"\xed\xa0\x80\"", "\"\xed\xbf\xbf\"", "\"\xf4\x90\x80\x80\"", "\"\xf5\x80\x80\x80\"",
    "\"\xff\"", "\"\xfe\"", "\"\xc3\"", "\"\xe2\x82\"", "\"\xf0\x9f\x98\"", "\"\xe2\x28\xa1\"", "\"\xc3\x28\"",
    "{\"\xff\":1}",
};
// clang-format on

// clang-format off
const std::vector<std::string> carried = {
    "[\"\\ud800\"]", "[\"\\udc00\"]", "[\"\\uDd1e\\uD834\"]", "[\"\\uD800\\uD800\\n\"]", "[\"\\uD800abc\"]",
    "[\"\\uD888\\u1234\"]", "[0.4e00669999999999999999999999999999999999999999999999999999999999999999]", "[1e400]",
    "[-1e+9999]", "[123123e100000]", "[-123123123123123123123123123123]", "[100000000000000000000]",
};
// clang-format on

}  // namespace

TEST_CASE("json reader: what is JSON is accepted", "[json]") {
  for (const std::string& text : accepted) {
    INFO(text);
    CHECK(accepts(text));
  }
}

TEST_CASE("json reader: what is no JSON is refused", "[json]") {
  for (const std::string& text : refused) {
    INFO(text);
    CHECK_FALSE(accepts(text));
  }
}

TEST_CASE("json reader: what another reader may refuse is carried", "[json]") {
  for (const std::string& text : carried) {
    INFO(text);
    CHECK(accepts(text));
  }
  CHECK(accepts("[" + std::string(100'000, '7') + "]"));
}

TEST_CASE("json reader: every accepted text cut short is refused, if it is a container or a string", "[json]") {
  for (const std::string& text : accepted) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (std::string("[{\"").find(text[first]) == std::string::npos) continue;
    const size_t whole = text.find_last_not_of(" \t\r\n") + 1;
    for (size_t cut = 0; cut < whole; ++cut) {
      INFO(text << " cut at " << cut);
      CHECK_FALSE(accepts(text.substr(0, cut)));
    }
  }
}

TEST_CASE("json reader: a fault in a string is found at every distance from block borders", "[json]") {
  const std::vector<std::string> faults = {"\n", "\x1f", "\0"s, "\\x", "\xff", "\xc3", "\xed\xa0\x80", "\\u12"};
  for (size_t before = 0; before < 40; ++before) {
    const std::string run(before, 'x');
    CHECK(accepts("\"" + run + "\xc3\xa9" + run + "\\n" + run + "\""));
    CHECK(accepts("\"" + run + "\""));
    CHECK_FALSE(accepts("\"" + run));
    for (const std::string& fault : faults) {
      const Error error = judge("\"" + run + fault + run + "\"");
      CHECK(error.offset == 1 + before);
    }
  }
}

TEST_CASE("json reader: an error says where", "[json]") {
  const std::vector<std::pair<std::string, size_t>> cases = {
      {"", 0},
      {"  ", 2},
      {"{\"a\":tru}", 5},
      {"[1,]", 3},
      {"[01]", 2},
      {"{\"a\" 1}", 5},
      {"{} x", 3},
      {"{\"a\":1,}", 7},
      {"[1", 2},
      {"\"ab\ncd\"", 3},
      {"[1}", 2},
      {"{\"a\":1]", 6},
      {"[\"\\q\"]", 2},
      {"\xef\xbb\xbf{}", 0},
  };
  for (const auto& [text, offset] : cases) {
    INFO(text);
    const Error error = judge(text);
    CHECK(error.offset == offset);
    CHECK_FALSE(error.what.empty());
  }
  CHECK(judge("[-01]").what == "a number with a leading zero");
}

TEST_CASE("json reader: depth is bounded, and the bound has a place", "[json]") {
  CHECK(accepts(std::string(512, '[') + std::string(512, ']')));
  CHECK(judge(std::string(513, '[') + std::string(513, ']')).offset == 512);
  CHECK(judge(std::string(100'000, '[')).offset == 512);
  CHECK(judge(std::string(100'000, '['), 1'000'000).offset == depth_ceiling);
  CHECK(judge("[[1]]", 1).offset == 1);
  CHECK(judge("[{}]", 2).what.empty());
  CHECK(judge("1", 0).what.empty());
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(judge(objects).offset == 512 * 5);
  // Objects and arrays in turn, so that every bit of the stack matters.
  std::string open, close;
  for (int i = 0; i < 256; ++i) {
    open += i % 3 ? "{\"a\":[" : "[[";
    close.insert(0, i % 3 ? "]}" : "]]");
  }
  CHECK(accepts(open + close));
  std::replace(close.begin(), close.end(), '}', ']');
  CHECK_FALSE(accepts(open + close));
}

TEST_CASE("json reader: tokens in order", "[json]") {
  using T = Token;
  CHECK(tokens_of(R"({"a":[1,"x",true],"b":{"c":null},"d":false})") ==
        std::vector<T>{T::begin_object, T::key, T::begin_array, T::number, T::string, T::true_, T::end_array, T::key,
                       T::begin_object, T::key, T::null_, T::end_object, T::key, T::false_, T::end_object, T::end});
  CHECK(tokens_of("[]") == std::vector<T>{T::begin_array, T::end_array, T::end});
  CHECK(tokens_of("[1,]") == std::vector<T>{T::begin_array, T::number, T::error});
}

TEST_CASE("json reader: places and raw text", "[json]") {
  const std::string text = R"( { "na\"me" : "v\n" , "n" : -1.5e3 } )";
  Reader reader(text);
  CHECK(reader.next() == Token::begin_object);
  CHECK(reader.offset() == 1);
  CHECK(reader.end_offset() == 2);
  CHECK(reader.depth() == 1);
  CHECK(reader.next() == Token::key);
  CHECK(reader.raw() == R"(na\"me)");
  CHECK(reader.escaped());
  CHECK(reader.offset() == 3);
  CHECK(reader.end_offset() == 11);
  CHECK(reader.next() == Token::string);
  CHECK(reader.raw() == R"(v\n)");
  CHECK(reader.escaped());
  CHECK(text.substr(reader.offset(), reader.end_offset() - reader.offset()) == R"("v\n")");
  CHECK(reader.next() == Token::key);
  CHECK(reader.raw() == "n");
  CHECK_FALSE(reader.escaped());
  CHECK(reader.next() == Token::number);
  CHECK(reader.raw() == "-1.5e3");
  CHECK(reader.next() == Token::end_object);
  CHECK(reader.depth() == 0);
  CHECK(reader.raw().empty());
  CHECK(reader.next() == Token::end);
  CHECK(reader.offset() == text.size());
}

TEST_CASE("json reader: skip_value reads over whole values", "[json]") {
  const std::string text = R"({"a": {"x":[1,{"y":"}"}]} ,"b":"s\"t","c":[ ],"d":12,"e":null})";
  Reader reader(text);
  reader.next();
  std::vector<std::string> seen;
  while (reader.next() == Token::key) {
    const std::string key(reader.raw());
    const auto value = reader.skip_value();
    REQUIRE(value);
    CHECK(*value == text.substr(reader.offset(), reader.end_offset() - reader.offset()));
    seen.push_back(key + "=" + std::string(*value));
    CHECK(reader.skipped_kind() == reader.current());
  }
  CHECK(reader.current() == Token::end_object);
  CHECK(seen == std::vector<std::string>{R"(a={"x":[1,{"y":"}"}]})", R"(b="s\"t")", "c=[ ]", "d=12", "e=null"});
  CHECK(reader.next() == Token::end);
}

TEST_CASE("json reader: skip_value walks an array and stops at its end", "[json]") {
  Reader reader(R"([1, "two",[3],{}, true])");
  reader.next();
  std::vector<Token> kinds;
  while (reader.skip_value()) kinds.push_back(reader.skipped_kind());
  CHECK(kinds ==
        std::vector<Token>{Token::number, Token::string, Token::begin_array, Token::begin_object, Token::true_});
  CHECK(reader.current() == Token::end_array);
  CHECK(reader.next() == Token::end);
  CHECK_FALSE(reader.skip_value());
  CHECK(reader.current() == Token::end);

  Reader empty("[[]]");
  empty.next();
  empty.next();
  CHECK_FALSE(empty.skip_value());
  CHECK(empty.current() == Token::end_array);
  CHECK(empty.depth() == 1);

  Reader misused("{\"a\":1}");
  misused.next();
  CHECK_FALSE(misused.skip_value());
  CHECK(misused.current() == Token::error);
}

TEST_CASE("json strings: equals and unescape", "[json]") {
  CHECK(equals("model", "model"));
  CHECK_FALSE(equals("model", "mode"));
  CHECK_FALSE(equals("mode", "model"));
  CHECK(equals("", ""));
  CHECK_FALSE(equals("", "a"));
  CHECK_FALSE(equals("a", ""));
  CHECK(equals(R"(mod\u0065l)", "model"));
  CHECK(equals(R"(\u006d\u006fdel)", "model"));
  CHECK_FALSE(equals(R"(model\u0000)", "model"));
  CHECK(equals(R"(model\u0000)", "model\0"s));
  CHECK(equals(R"(a\/b\n\"\\)", "a/b\n\"\\"));
  CHECK(equals(R"(\ud83d\ude00)", "\xf0\x9f\x98\x80"));
  CHECK_FALSE(equals(R"(\ud83d)", "\xef\xbf\xbd"));
  CHECK_FALSE(equals(R"(\ud83d)", "\xed\xa0\xbd"));

  const auto plain = [](std::string_view raw) {
    std::string out = "> ";
    CHECK(unescape(raw, out));
    return out.substr(2);
  };
  CHECK(plain("") == "");
  CHECK(plain(R"(\"\\\/\b\f\n\r\t)") == "\"\\/\b\f\n\r\t");
  CHECK(plain(R"(\u0041\u00e9\u20AC\uD83D\uDE00\u0000z)") == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0z"s);
  CHECK(plain(R"(\ud800)") == "\xef\xbf\xbd");
  CHECK(plain(R"(\udc00\ud800\ud83d\ude00\ud800\u0041)") ==
        "\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd"
        "A");
  std::string out;
  CHECK_FALSE(unescape(R"(a\q)", out));
  CHECK_FALSE(unescape("a\\", out));
  CHECK_FALSE(unescape(R"(\u12)", out));
}

TEST_CASE("json numbers: to_int64", "[json]") {
  CHECK(to_int64("0") == 0);
  CHECK(to_int64("-0") == 0);
  CHECK(to_int64("32000") == 32000);
  CHECK(to_int64("-17") == -17);
  CHECK(to_int64("9223372036854775807") == INT64_MAX);
  CHECK(to_int64("-9223372036854775808") == INT64_MIN);
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "1.0", "1e3", "", "-", "+1", " 1", "1 ", "x",
                           "99999999999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(to_int64(text));
  }
}

TEST_CASE("json reader: takes note of strings with a certain beginning", "[json]") {
  const auto sees = [](std::string_view text) {
    Reader reader(text);
    reader.watch_for("sb1.");
    CHECK(reader.skip_value());
    return reader.seen();
  };
  CHECK(sees(R"({"a":[1,{"signature":"sb1.x"}]})"));
  CHECK(sees(R"(["sb1."])"));
  CHECK(sees(R"([ "", "sb1.", "z" ])"));
  CHECK_FALSE(sees(R"(["sb1"])"));
  CHECK_FALSE(sees(R"(["sb1",".x"])"));
  CHECK_FALSE(sees(R"([" sb1.", "a sb1.", "SB1.", "", "s"])"));
  CHECK_FALSE(sees(R"({"sb1.":1})"));
  CHECK_FALSE(sees(R"([])"));

  Reader unwatched(R"(["sb1."])");
  CHECK(unwatched.skip_value());
  CHECK_FALSE(unwatched.seen());
}
