#include "http/endpoint.h"

#include <catch2/catch.hpp>
#include <vector>

using signalbox::Dialect;
using signalbox::Header;
using namespace signalbox::http;
using Operation = Endpoint::Operation;

namespace {

Endpoint ask(std::string_view method, std::string_view target, std::vector<Header> headers = {}) {
  return match_endpoint(method, target, headers);
}

}  // namespace

TEST_CASE("endpoint: what each path is") {
  CHECK(ask("POST", "/v1/messages").operation == Operation::conversation);
  CHECK(ask("POST", "/v1/messages?beta=true").operation == Operation::conversation);
  CHECK(ask("POST", "/v1/messages?beta=true").query == "beta=true");
  CHECK(ask("POST", "/v1/messages?").query.empty());
  CHECK(ask("POST", "/v1/messages/count_tokens").operation == Operation::count_tokens);
  CHECK(ask("POST", "/v1/chat/completions").operation == Operation::conversation);
  CHECK(ask("POST", "/v1/chat/completions").shape == Dialect::openai_chat);
  CHECK(ask("GET", "/v1/models?limit=1000").operation == Operation::models_list);
  CHECK(ask("GET", "/healthz").operation == Operation::healthz);
  CHECK(ask("GET", "/readyz").operation == Operation::readyz);
  CHECK(ask("POST", "/signalbox/explain").operation == Operation::explain);
  CHECK(ask("GET", "/v1/models/claude-sonnet-4-5").model_id == "claude-sonnet-4-5");
  CHECK(ask("GET", "/v1/models/a/b%2Fc?x=/").model_id == "a/b%2Fc");
  for (const char* target :
       {"", "/", "*", "/v1", "/v1/", "/v1/messages/", "/v1/messagesx", "/V1/messages", "/v1/models/", "v1/messages",
        "/v1/chat/completionsx", "/v1/models/m:generateContent", "/messages"}) {
    INFO(target);
    CHECK(ask("POST", target).operation == Operation::unknown);
    CHECK(ask("POST", target).method_allowed);
  }
}

TEST_CASE("endpoint: a repeated prefix is read as one") {
  CHECK(ask("POST", "/v1/v1/messages").operation == Operation::conversation);
  CHECK(ask("POST", "/v1/v1/v1/messages/count_tokens").operation == Operation::count_tokens);
  CHECK(ask("GET", "/v1/v1/models/v1").model_id == "v1");
  CHECK(ask("GET", "/v1/v1beta/models").shape == Dialect::gemini);
  CHECK(ask("GET", "/v1/v1").operation == Operation::unknown);
}

TEST_CASE("endpoint: methods") {
  CHECK(ask("HEAD", "/v1/models").method_allowed);
  CHECK(ask("HEAD", "/healthz").method_allowed);
  Endpoint wrong = ask("GET", "/v1/messages");
  CHECK(wrong.operation == Operation::conversation);
  CHECK_FALSE(wrong.method_allowed);
  CHECK(wrong.allowed_methods == "POST");
  CHECK_FALSE(ask("post", "/v1/messages").method_allowed);
  CHECK_FALSE(ask("DELETE", "/v1/models/m").method_allowed);
  CHECK(ask("DELETE", "/v1/models/m").allowed_methods == "GET, HEAD");
  CHECK(ask("OPTIONS", "/v1/messages").operation == Operation::options);
  CHECK(ask("OPTIONS", "*").operation == Operation::options);
}

TEST_CASE("endpoint: the shape is the path's") {
  std::vector<Header> misleading = {{"anthropic-version", "2023-06-01"}, {"x-goog-api-key", "k"}};
  CHECK(ask("POST", "/v1/messages").shape == Dialect::anthropic);
  CHECK(ask("POST", "/v1/messages/batches").shape == Dialect::anthropic);
  CHECK(ask("POST", "/v1/chat/completions", misleading).shape == Dialect::openai_chat);
  CHECK(ask("POST", "/v1/responses/compact", misleading).shape == Dialect::openai_responses);
  CHECK(ask("GET", "/v1beta/models", misleading).shape == Dialect::gemini);
  CHECK(ask("POST", "/v1/models/m:streamGenerateContent", misleading).shape == Dialect::gemini);
}

TEST_CASE("endpoint: else the headers', else OpenAI's") {
  for (const char* target : {"/nothing", "/healthz", "/v1/messagesx", "/v1/models", "/v1/models/m"}) {
    INFO(target);
    CHECK(ask("GET", target).shape == Dialect::openai_chat);
    CHECK(ask("GET", target, {{"Anthropic-Version", "2023-06-01"}}).shape == Dialect::anthropic);
    CHECK(ask("GET", target, {{"anthropic-version", "1"}, {"x-goog-api-key", "k"}}).shape == Dialect::anthropic);
    CHECK(ask("GET", target, {{"X-Goog-Api-Key", "k"}}).shape == Dialect::gemini);
  }
}

TEST_CASE("endpoint: a key as Anthropic's clients send it asks for Anthropic's catalogue only") {
  std::vector<Header> key = {{"x-api-key", "k"}};
  CHECK(ask("GET", "/v1/models", key).shape == Dialect::anthropic);
  CHECK(ask("GET", "/v1/models/m", key).shape == Dialect::anthropic);
  CHECK(ask("GET", "/nothing", key).shape == Dialect::openai_chat);
}
