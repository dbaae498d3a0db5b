#include "tokens/estimate.h"

#include <catch2/catch.hpp>
#include <string>

using namespace signalbox::tokens;

namespace {

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string message(std::string_view content) {
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":)" + std::string(content) + "}]}";
}

std::string image(std::string_view data) {
  return R"([{"type":"image","source":{"type":"base64","media_type":"image/png","data":")" + std::string(data) +
         R"("}}])";
}

std::string pdf(size_t bytes) {
  return R"([{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":")" +
         std::string(bytes / 3 * 4, 'A') + R"("}}])";
}

}  // namespace

TEST_CASE("estimate: text of each script lies where tokenizers put it") {
  // Reasoned, within the span that tokenizers of today show: a common English word is a token, four
  // letters one on average; other European languages take half as many again; an ideograph is about
  // one; in code most signs are one each.
  struct Case {
    const char* what;
    const char* text;
    int64_t tokens_min;
    int64_t tokens_max;
  };
  const Case cases[] = {
      {"English", "The quick brown fox jumps over the lazy dog, and nobody in the village is surprised.", 17, 23},
      {"German",
       "Der schnelle braune Fuchs springt \xc3\xbc"
       "ber den faulen Hund, und im Dorf ist niemand \xc3\xbc"
       "berrascht.",
       21, 34},
      {"Russian", "\xd0\x91\xd1\x8b\xd1\x81\xd1\x82\xd1\x80\xd0\xb0\xd1\x8f \xd0\xbb\xd0\xb8\xd1\x81\xd0\xb0", 4, 9},
      {"Chinese", "\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c\xe4\xb8\x96\xe7\x95\x8c", 4, 8},
      {"Japanese", "\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81\xa1\xe3\x81\xaf", 3, 7},
      {"emoji", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 3, 8},
      {"numbers", "3.14159265358979 2026 11 21", 10, 17},
      {"C", "for (size_t i = 0; i < count; ++i) {\\n        total += values[i];\\n    }\\n", 24, 34},
      {"JSON", R"({"type":"object","properties":{"command":{"type":"string","description":"The command"}}})", 20, 30},
  };
  for (const Case& it : cases) {
    INFO(it.what << ": " << estimate_text_tokens(it.text));
    CHECK(estimate_text_tokens(it.text) >= it.tokens_min);
    CHECK(estimate_text_tokens(it.text) <= it.tokens_max);
  }
}

TEST_CASE("estimate: an escape counts as what it stands for") {
  CHECK(estimate_text_tokens(R"(\u4f60\u597d)") == estimate_text_tokens("\xe4\xbd\xa0\xe5\xa5\xbd"));
  CHECK(estimate_text_tokens(R"(\ud83d\ude00)") == estimate_text_tokens("\xf0\x9f\x98\x80"));
  CHECK(estimate_text_tokens(R"(\u0061\u0062)") == estimate_text_tokens("ab"));
  CHECK(estimate_text_tokens(R"(a\nb)") == estimate_text_tokens("a\nb"));
  CHECK(estimate_text_tokens(R"(\"\\)") == estimate_text_tokens("\"/"));
  // Odd ends are read over, not past.
  for (const char* odd : {"\\", "\\u", "\\u12", "\\ud83d", "\xe4", "\xf0\x9f", "\xff", "\x80"}) {
    INFO(odd);
    CHECK(estimate_text_tokens(odd) >= 0);
  }
}

TEST_CASE("estimate: grows with the text, never below one") {
  CHECK(estimate_tokens("") == 1);
  CHECK(estimate_tokens("null") >= 1);
  CHECK(estimate_tokens("{}") >= 1);
  int64_t small = estimate_tokens(message("\"" + repeat("some words here ", 100) + "\""));
  int64_t large = estimate_tokens(message("\"" + repeat("some words here ", 200) + "\""));
  CHECK(small > 315);  // 300 words of a token each, a little more for safety
  CHECK(small < 380);
  CHECK(large > 2 * small - 40);
  CHECK(large < 2 * small + 40);
}

TEST_CASE("estimate: system, tools, tool calls and results all count") {
  const std::string words = repeat("some words here ", 100);
  int64_t bare = estimate_tokens(message("\"\""));
  auto grows = [&](const std::string& body) { return estimate_tokens(body) - bare; };
  CHECK(grows(R"({"system":")" + words + R"(","messages":[{"role":"user","content":""}]})") > 300);
  CHECK(grows(R"({"system":[{"type":"text","text":")" + words + R"("}],"messages":[]})") > 300);
  CHECK(grows(message(R"([{"type":"tool_use","id":"x","name":"n","input":{"a":")" + words + R"("}}])")) > 300);
  CHECK(grows(message(R"([{"type":"tool_result","tool_use_id":"x","content":")" + words + R"("}])")) > 300);
  CHECK(grows(message(R"([{"type":"tool_result","content":[{"type":"text","text":")" + words + R"("}]}])")) > 300);
  CHECK(grows(message(R"([{"type":"thinking","thinking":")" + words + R"(","signature":"AAAA"}])")) > 300);
  CHECK(grows(message(R"([{"type":"something_new","words":[")" + words + R"("]}])")) > 300);
  CHECK(grows(message(R"([{"type":"document","source":{"type":"text","media_type":"text/plain","data":")" + words +
                      R"("}}])")) > 300);
  CHECK(grows(message(R"([{"type":"document","source":{"type":"content","content":[{"type":"text","text":")" + words +
                      R"("}]}}])")) > 300);
  // Tools bring their own text, their borders, and once the instructions for using tools.
  std::string tool = R"({"name":"Bash","description":")" + words + R"(","input_schema":{"type":"object"}})";
  int64_t one = grows(R"({"messages":[],"tools":[)" + tool + "]}");
  int64_t two = grows(R"({"messages":[],"tools":[)" + tool + "," + tool + "]}");
  CHECK(one > 300 + 346);
  CHECK(two - one > 300);
  CHECK(two - one < 400);
  CHECK(grows(R"({"messages":[],"tools":[{"type":"web_search_20250305","name":"web_search"}]})") > 1000);
}

TEST_CASE("estimate: what the model never reads does not count") {
  const std::string words = repeat("some words here ", 100);
  int64_t bare = estimate_tokens(message(R"([{"type":"text","text":"hi"}])"));
  CHECK(estimate_tokens(message(R"([{"type":"text","text":"hi","cache_control":{"type":"ephemeral","x":")" + words +
                                R"("}}])")) == bare);
  CHECK(estimate_tokens(message(R"([{"type":"text","text":"hi","signature":")" + words + R"("}])")) == bare);
  CHECK(estimate_tokens(R"({"tools":[{"name":"n","input_schema":{},"cache_control":{"x":")" + words + R"("}}]})") ==
        estimate_tokens(R"({"tools":[{"name":"n","input_schema":{}}]})"));
  CHECK(estimate_tokens(R"({"metadata":{"user_id":")" + words +
                        R"("},"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]})") == bare);
}

TEST_CASE("estimate: encoded data counts by its kind") {
  int64_t bare = estimate_tokens(message("[]"));
  int64_t small = estimate_tokens(message(image("AAAA")));
  CHECK(small - bare >= 1600);
  CHECK(small - bare < 1750);
  CHECK(estimate_tokens(message(image(std::string(1 << 20, 'A')))) == small);
  // The order of members does not matter, nor an image inside a tool's result.
  CHECK(estimate_tokens(message(
            R"([{"source":{"data":"AAAA","media_type":"image/png","type":"base64"},"type":"image"}])")) == small);
  CHECK(estimate_tokens(message(R"([{"type":"tool_result","content":)" + image("AAAA") + "}]")) - small < 10);
  CHECK(estimate_tokens(message(R"([{"type":"image","source":{"type":"url","url":"https://h/x.png"}}])")) == small);
  int64_t page = estimate_tokens(message(pdf(30'000)));
  CHECK(page - bare > 3000);
  CHECK(page - bare < 3400);
  CHECK(estimate_tokens(message(pdf(1'000'000))) - bare > 50'000);
  CHECK(estimate_tokens(message(R"([{"type":"document","source":{"type":"file","file_id":"f"}}])")) > page);
}

TEST_CASE("estimate: bodies that are not what they should be still have a number") {
  for (const char* body : {"[", "[1,2", "\"text\"", "{\"messages\":", "{\"messages\":3}", "{\"messages\":[3,[4],{}]}",
                           "{\"messages\":{\"a\":[1]}}", "{\"tools\":[[]]}", "{\"system\":[\"x\"]}",
                           "{\"messages\":[{\"content\":{\"a\":1}}]}"}) {
    INFO(body);
    CHECK(estimate_tokens(body) >= 1);
  }
  std::string words = repeat("some words here ", 100);
  CHECK(estimate_tokens("not JSON: " + words) > 300);
  CHECK(estimate_tokens(R"({"messages":[{"content":{"odd":")" + words + R"("}}]})") > 300);
  // Deeper than content ever is, and deeper than the reader goes.
  std::string deep =
      message(repeat(R"([{"type":"tool_result","content":)", 50) + "\"" + words + "\"" + repeat("}]", 50));
  CHECK(estimate_tokens(deep) > 300);
  CHECK(estimate_tokens(message(repeat("[", 100'000))) >= 1);
}

TEST_CASE("estimate: a request counts alike in whichever dialect it is asked") {
  const std::string words = repeat(" no", 2'000);
  const std::string anthropic = R"({"model":"m","messages":[{"role":"user","content":")" + words + R"("}]})";
  const std::string chat = R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":")" + words +
                           R"("},{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
                           std::string(900'000, 'A') + R"("}}]}]})";
  const std::string responses = R"({"model":"m","instructions":")" + words + R"(","input":"hello"})";
  const std::string items = R"({"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"hello"}]},)"
                            R"({"type":"function_call_output","call_id":"c","output":")" +
                            words + R"("}]})";
  const std::string gemini = R"({"contents":[{"role":"user","parts":[{"text":")" + words +
                             R"("},{"inlineData":{"mimeType":"image/png","data":")" + std::string(900'000, 'A') +
                             R"("}}]}],"systemInstruction":{"parts":[{"text":"hello"}]}})";
  const int64_t known = estimate_tokens(anthropic);
  CHECK(known > 2'000);
  for (const std::string* body : {&chat, &responses, &items, &gemini}) {
    INFO(body->substr(0, 60));
    CHECK(estimate_tokens(*body) > 2'000);
    CHECK(estimate_tokens(*body) < known + 2'000);  // an image is no text
  }
}

TEST_CASE("estimate: a tool counts by its schema in whichever dialect it is defined") {
  const std::string schema = R"({"type":"object","properties":{"command":{"type":"string"}}})";
  const int64_t known = estimate_tokens(R"({"tools":[{"name":"run","input_schema":)" + schema + "}]}");
  const std::string others[] = {
      R"({"tools":[{"type":"function","function":{"name":"run","parameters":)" + schema + "}}]}",
      R"({"tools":[{"type":"function","name":"run","parameters":)" + schema + "}]}",
      R"({"tools":[{"functionDeclarations":[{"name":"run","parameters":)" + schema + "}]}]}",
  };
  for (const std::string& body : others) {
    INFO(body);
    CHECK(estimate_tokens(body) <= known + 30);
    CHECK(estimate_tokens(body) >= known - 30);
  }
}
