// What an error in OpenAI's shape, or near it, is taken to say.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/openai.h"
#include "dialects/openai_chat/openai_chat.h"

using namespace signalbox;

namespace {

struct Said {
  std::string type, code, message;
  int64_t retry_after_ms = -1;
};

Said said_by(std::string_view body) {
  Arena arena;
  const routing::UpstreamError error = dialects::openai_chat_row.read_error(body, arena);
  return {std::string(error.type), std::string(error.code), std::string(error.message), error.retry_after_ms};
}

}  // namespace

TEST_CASE("openai error: OpenAI's own shape", "[openai_error]") {
  const Said said = said_by(
      R"({"error":{"message":"You exceeded \"it\".","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})");
  CHECK(said.type == "insufficient_quota");
  CHECK(said.code == "insufficient_quota");
  CHECK(said.message == "You exceeded \"it\".");
  CHECK(said.retry_after_ms == -1);
}

TEST_CASE("openai error: the shapes of small servers", "[openai_error]") {
  CHECK(said_by(R"({"error":"model 'x' not found"})").message == "model 'x' not found");
  CHECK(said_by(R"({"message":"no"})").message == "no");
  CHECK(said_by(R"({"detail":"Not Found"})").message == "Not Found");
  CHECK(said_by(R"({"detail":[{"loc":["body"],"msg":"field required","type":"value_error"},{"msg":"b"}]})").message ==
        "field required");
  const Said vllm =
      said_by(R"({"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400})");
  CHECK(vllm.message == "too long");
  CHECK(vllm.type == "BadRequestError");
  CHECK(vllm.code == "400");
  CHECK(said_by(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})").type ==
        "overloaded_error");
}

TEST_CASE("openai error: what stands further in is said, wherever it stands", "[openai_error]") {
  CHECK(said_by(R"({"error":{"message":"inner","type":"t"},"message":"outer","type":"o"})").message == "inner");
  CHECK(said_by(R"({"message":"outer","error":{"message":"inner"}})").message == "inner");
}

TEST_CASE("openai error: what a choice says of its error, and nothing of what it said before", "[openai_error]") {
  const Said told = said_by(
      R"({"id":"c","choices":[{"index":0,"delta":{"content":"half"},"error":{"message":"boom","code":502},"finish_reason":"error"}]})");
  CHECK(told.message == "boom");
  CHECK(told.code == "502");
  const Said untold = said_by(R"({"choices":[{"message":{"content":"half"},"finish_reason":"error"}]})");
  CHECK(untold.message == "The upstream broke off its answer.");
  CHECK(said_by(R"({"choices":[{"delta":{},"finish_reason":"insufficient_system_resource"}]})").type ==
        "overloaded_error");
}

TEST_CASE("openai error: OpenRouter's metadata.raw is what its upstream said", "[openai_error]") {
  const Said text = said_by(R"({"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"slow down",)"
                            R"("provider_name":"X"}}})");
  CHECK(text.message == "slow down");
  CHECK(text.code == "429");
  const Said nested =
      said_by(R"({"error":{"message":"Provider returned error","code":400,)"
              R"("metadata":{"raw":"{\"error\":{\"message\":\"bad schema\",\"type\":\"invalid_request_error\"}}"}}})");
  CHECK(nested.message == "bad schema");
  CHECK(nested.type == "invalid_request_error");
}

TEST_CASE("openai error: an error inside a message is unwrapped once", "[openai_error]") {
  CHECK(said_by(R"({"error":{"message":"{\"error\":{\"message\":\"inner\"}}"}})").message == "inner");
  const std::string twice = R"({"error":{"message":"{\"message\":\"{\\\"message\\\":\\\"deep\\\"}\"}"}})";
  CHECK(said_by(twice).message == R"({"message":"deep"})");
}

TEST_CASE("openai error: hints how long to wait", "[openai_error]") {
  CHECK(said_by(R"({"error":{"message":"m","resets_in_seconds":90}})").retry_after_ms == 90'000);
  CHECK(said_by(R"({"error":{"message":"m"},"retry_after":1.5})").retry_after_ms == 1500);
  CHECK(said_by(R"({"error":{"message":"m","retry_after":"7"}})").retry_after_ms == 7000);
  CHECK(said_by(R"({"retry_after_ms":250,"message":"m"})").retry_after_ms == 250);
  const Said gemini = said_by(
      R"([{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x.QuotaFailure"},)"
      R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.0741s"}]}}])");
  CHECK(gemini.message == "quota");
  CHECK(gemini.type == "RESOURCE_EXHAUSTED");
  CHECK(gemini.code == "429");
  CHECK(gemini.retry_after_ms == 34'075);
  for (const char* nonsense : {"-1", "1e9", "99999999999999", "\"soon\"", "null", "{}"}) {
    CAPTURE(nonsense);
    CHECK(said_by(std::string(R"({"message":"m","retry_after":)") + nonsense + "}").retry_after_ms == -1);
  }
}

TEST_CASE("openai error: what is no JSON says what a person can read", "[openai_error]") {
  CHECK(said_by("").message.empty());
  CHECK(said_by("upstream connect error").message == "upstream connect error");
  CHECK(said_by("  <html><body>502</body></html>").message == "The upstream answered with a web page.");
  CHECK(said_by("\"only text\"").message == "only text");
  CHECK(said_by(std::string(10'000, 'x')).message.size() == 512);
  CHECK(said_by(R"({"strange":1})").message == R"({"strange":1})");
  CHECK(said_by(R"({"error":{"code":"model_not_found"}})").message == "model_not_found");
  CHECK(said_by("[]").message == "[]");
}

TEST_CASE("openai error: hostile depth and width end", "[openai_error]") {
  std::string deep = R"({"message":"m"})";
  for (int i = 0; i < 200; ++i) deep = "{\"error\":" + deep + "}";
  CHECK_FALSE(said_by(deep).message.empty());
  std::string wide = "{\"errors\":[{\"msg\":\"first\"}";
  for (int i = 0; i < 100'000; ++i) wide += ",{\"msg\":\"x\"}";
  CHECK(said_by(wide + "]}").message == "first");
}
