#include "http/url.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace signalbox::http;

TEST_CASE("url: a base in every form that users write it") {
  struct Case {
    const char* base;
    const char* path;
    const char* url;
  };
  const Case cases[] = {
      {"https://h", "/v1/messages", "https://h/v1/messages"},
      {"https://h/", "/v1/messages", "https://h/v1/messages"},
      {"https://h/v1", "/v1/messages", "https://h/v1/messages"},
      {"https://h/v1//", "/v1/messages", "https://h/v1/messages"},
      {"https://h/v1/v1", "/v1/messages", "https://h/v1/messages"},
      {"https://h/v1/messages", "/v1/messages", "https://h/v1/messages"},
      {"https://h/v1/messages/", "/v1/messages", "https://h/v1/messages"},
      {"https://h/v1/messages", "/v1/messages/count_tokens", "https://h/v1/messages/count_tokens"},
      {"https://h/v1/messages/count_tokens", "/v1/messages", "https://h/v1/messages"},
      {"https://h/v1/messages", "/v1/models", "https://h/v1/models"},
      {"https://h/v1/models", "/v1/messages", "https://h/v1/messages"},
      {"https://h/v1/v1/messages", "/v1/messages", "https://h/v1/messages"},
      {"https://h/anthropic", "/v1/messages", "https://h/anthropic/v1/messages"},
      {"https://h/anthropic/v1", "/v1/messages", "https://h/anthropic/v1/messages"},
      {"https://h/anthropic/v1/messages", "/v1/messages", "https://h/anthropic/v1/messages"},
      {"https://h/api/v1", "/v1/messages", "https://h/api/v1/messages"},
      {"https://h/api/paas/v4", "/v1/chat/completions", "https://h/api/paas/v4/chat/completions"},
      {"https://h/v1beta", "/v1beta/models/m:generateContent", "https://h/v1beta/models/m:generateContent"},
      {"https://h", "/v1beta/models/m:generateContent", "https://h/v1beta/models/m:generateContent"},
      {"https://h/v1", "/v1beta/models/m:generateContent", "https://h/v1/models/m:generateContent"},
      {"https://h/v1beta/models", "/v1beta/models/m:generateContent", "https://h/v1beta/models/m:generateContent"},
      {"https://h/v1beta/models/a:streamGenerateContent", "/v1beta/models/m:countTokens",
       "https://h/v1beta/models/m:countTokens"},
      {"https://h/g/models/a:generateContent", "/v1beta/models/m:countTokens", "https://h/g/models/m:countTokens"},
      {"https://h/v1/projects/p/locations/l/publishers/google", "/v1beta/models/m:countTokens",
       "https://h/v1/projects/p/locations/l/publishers/google/models/m:countTokens"},
      {"https://h/v1/publishers/google/models/", "/v1beta/models/m:countTokens",
       "https://h/v1/publishers/google/models/m:countTokens"},
      {"https://h/v1beta/openai/", "/v1/chat/completions", "https://h/v1beta/openai/chat/completions"},
      {"https://h/v1/projects/p/locations/l/endpoints/openapi", "/v1/chat/completions",
       "https://h/v1/projects/p/locations/l/endpoints/openapi/chat/completions"},
      {"https://h/openai", "/v1/responses", "https://h/openai/v1/responses"},
      {"https://h/v1/openai-like", "/v1/responses", "https://h/v1/openai-like/v1/responses"},
      {"https://h/publishers", "/v1beta/models/m:countTokens", "https://h/publishers/v1beta/models/m:countTokens"},
      {"https://h/v1/responses", "/v1/responses/input_tokens", "https://h/v1/responses/input_tokens"},
      {"https://h/v1/responses/compact", "/v1/responses", "https://h/v1/responses"},
      {"https://h/v1/chat/completions", "/v1/chat/completions", "https://h/v1/chat/completions"},
      {"https://h/odd/messages", "/v1/messages", "https://h/odd/messages"},
      {"https://h/models", "/v1/chat/completions", "https://h/models/v1/chat/completions"},
      {"https://h/vector", "/v1/messages", "https://h/vector/v1/messages"},
      {"https://h/v1.2-x", "/v1/messages", "https://h/v1.2-x/v1/messages"},
      {"https://messages", "/v1/messages", "https://messages/v1/messages"},
      {"https://v1", "/v1/messages", "https://v1/v1/messages"},
      {"http://127.0.0.1:8080", "/v1/messages", "http://127.0.0.1:8080/v1/messages"},
      {"https://h/v1#top", "/v1/messages", "https://h/v1/messages"},
  };
  for (const Case& it : cases) {
    INFO(it.base << " + " << it.path);
    CHECK(join_url(it.base, it.path) == it.url);
  }
}

TEST_CASE("url: queries of both") {
  CHECK(join_url("https://h", "/v1/messages", "beta=true") == "https://h/v1/messages?beta=true");
  CHECK(join_url("https://h/v1?api-version=1", "/v1/messages", "beta=true") ==
        "https://h/v1/messages?api-version=1&beta=true");
  CHECK(join_url("https://h?api-version=1", "/v1/messages") == "https://h/v1/messages?api-version=1");
  CHECK(join_url("https://h", "/v1/messages", "") == "https://h/v1/messages");
  CHECK(join_url("https://h", "/v1beta/models/m:streamGenerateContent?alt=sse", "a=b") ==
        "https://h/v1beta/models/m:streamGenerateContent?alt=sse&a=b");
}

TEST_CASE("url: a model as one segment of a path") {
  std::string path = "/";
  append_encoded(path, "ft:gemini-2.5_pro~1/x y%?#\xc3\xa4");
  CHECK(path == "/ft:gemini-2.5_pro~1%2Fx%20y%25%3F%23%C3%A4");
  CHECK(without_models("models/gemini") == "gemini");
  CHECK(without_models("mymodels/gemini") == "mymodels/gemini");
}

TEST_CASE("url: taken apart") {
  auto parts = split_url("https://api.example.com/v1/messages?beta=true#x");
  REQUIRE(parts);
  CHECK(parts->scheme == "https");
  CHECK(parts->tls);
  CHECK(parts->host == "api.example.com");
  CHECK(parts->port == 443);
  CHECK(parts->path == "/v1/messages?beta=true");

  parts = split_url("HTTP://[::1]:8484");
  REQUIRE(parts);
  CHECK_FALSE(parts->tls);
  CHECK(parts->host == "::1");
  CHECK(parts->port == 8484);
  CHECK(parts->path == "/");
  CHECK(split_url("http://h:/x")->port == 80);
  CHECK(split_url("http://h:65535/")->port == 65535);

  for (const char* bad : {"",
                          "h/v1",
                          "//h/v1",
                          "ftp://h/",
                          "https://",
                          "https:///v1",
                          "https://h:0/",
                          "https://h:65536/",
                          "https://h:8x/",
                          "https://user:secret@h/",
                          "https://user@h/",
                          "https://h /",
                          "https://h/a b",
                          "https://[::1",
                          "https://[]/",
                          "https://[::1]x/",
                          "https://[fe80::1%eth0]/",
                          "https://a:b:1/",
                          "https://h?x",
                          "https://h\n/"}) {
    INFO(bad);
    CHECK_FALSE(split_url(bad).has_value());
  }
}

TEST_CASE("url: the host of a Host field") {
  CHECK(host_of("localhost:8484") == "localhost");
  CHECK(host_of("localhost") == "localhost");
  CHECK(host_of("[::1]:8484") == "[::1]");
  CHECK(host_of("[::1]") == "[::1]");
  CHECK(host_of("example.com.") == "example.com.");
  for (const char* bad : {"", ":8484", "a:b", "[::1", "[::1]8", "[x]", "a b", "user@h", "::1", "a/b"}) {
    INFO(bad);
    CHECK(host_of(bad).empty());
  }
}

TEST_CASE("url: percent escapes") {
  CHECK(decode_percent("a%2Fb%3a") == "a/b:");
  CHECK(decode_percent("100%") == "100%");
  CHECK(decode_percent("%zz%4") == "%zz%4");
  CHECK(decode_percent("%00") == std::string(1, '\0'));
  CHECK(decode_percent("a+b") == "a+b");
}
