#include <catch2/catch.hpp>

#include <string>

#include "json/reader.h"
#include "json/writer.h"

using namespace signalbox::json;
using namespace std::string_literals;

TEST_CASE("json writer: commas come by themselves", "[json]") {
  std::string out;
  Writer w(out);
  w.begin_object().key("a").number(1).key("b").begin_array().number(-2).string("x").begin_object().end_object();
  w.begin_array()
      .end_array()
      .raw("{\"r\":[]}")
      .end_array()
      .key("c")
      .boolean(true)
      .key("d")
      .null()
      .key("e")
      .raw("1e400");
  w.key("f").begin_object().key("g").boolean(false).end_object().end_object();
  CHECK(out == R"({"a":1,"b":[-2,"x",{},[],{"r":[]}],"c":true,"d":null,"e":1e400,"f":{"g":false}})");
}

TEST_CASE("json writer: what the text held before stays", "[json]") {
  std::string out = "data: ";
  Writer(out).begin_array().number(INT64_MIN).number(INT64_MAX).end_array();
  CHECK(out == "data: [-9223372036854775808,9223372036854775807]");
  out.clear();
  Writer(out).string("alone");
  CHECK(out == "\"alone\"");
}

TEST_CASE("json writer: nesting has no limit", "[json]") {
  std::string out;
  Writer w(out);
  for (int i = 0; i < 100'000; ++i) w.begin_array();
  for (int i = 0; i < 100'000; ++i) w.end_array();
  w.null();
  CHECK(out.size() == 200'005);
  CHECK(out.substr(199'995) == "]]]]],null");
}

TEST_CASE("json writer: strings are escaped", "[json]") {
  std::string out;
  Writer(out).string("q\" b\\ / \b\f\n\r\t \x01\x1f\x7f \0."s);
  CHECK(out == "\"q\\\" b\\\\ / \\b\\f\\n\\r\\t \\u0001\\u001f\x7f \\u0000.\"");
  out.clear();
  Writer(out).begin_object().plain_key("k\n\"").null().end_object();
  CHECK(out == R"({"k\n\"":null})");
}

TEST_CASE("json writer: invalid UTF-8 is replaced, valid UTF-8 kept", "[json]") {
  const auto escaped = [](std::string_view plain) {
    std::string out;
    escape(plain, out);
    return out;
  };
  CHECK(escaped("\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80") == "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80");
  CHECK(escaped("a\xff"
                "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(escaped("\xe6\x97") == "\xef\xbf\xbd");
  CHECK(escaped("\xe6\x97z") == "\xef\xbf\xbdz");
  CHECK(escaped("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(escaped("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(escaped("\xf0\x9f\x98\"") == "\xef\xbf\xbd\\\"");
}

TEST_CASE("json writer: whatever bytes go in, the text is valid and reads back", "[json]") {
  for (size_t before = 0; before < 20; ++before) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string plain(before, 'x');
      plain += static_cast<char>(byte);
      plain += "tail";
      std::string out;
      Writer(out).string(plain);
      Reader reader(out);
      REQUIRE(reader.next() == Token::string);
      std::string back;
      REQUIRE(unescape(reader.raw(), back));
      REQUIRE(reader.next() == Token::end);
      if (byte < 0x80) REQUIRE(back == plain);
    }
  }
}
