#include "base/masked.h"

#include <catch2/catch.hpp>

using signalbox::base::masked;

TEST_CASE("masked: what looks like a key is not repeated") {
  CHECK(masked("Incorrect API key provided: sk-proj-abcdEFGH1234.") == "Incorrect API key provided: sk-p***");
  CHECK(masked("invalid x-api-key sk-ant-api03-OURSECRET") == "invalid x-api-key sk-a***");
  CHECK(masked("\"gsk_0123456789abcdef\"") == "\"gsk_***\"");
  CHECK(masked("token Bearer abcdefghij was refused") == "token Bearer abcd*** was refused");
  CHECK(masked("key 0123456789abcdef0123456789abcdef!") == "key 0123***!");
  CHECK(masked("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig") == "eyJh***");
  CHECK(masked("(AIzaSyA-1234567_89)") == "(AIza***)");
  CHECK(masked("sk-x") == "sk-x");  // too short for a key
}

TEST_CASE("masked: names, ids and figures stay") {
  for (const char* text :
       {"", " ", "model claude-sonnet-4-5-20250929 not found", "request req_011CSHoEeqs5C35K2UUqR7Fy",
        "prompt is too long: 213456 tokens > 200000 maximum", "messages.0.content: Input should be a valid list",
        "This model's maximum context length is 8192 tokens.", "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "0123456789012345678901234567890123456789", "Grüße sk Bearer of news"}) {
    CHECK(masked(text) == text);
  }
}
