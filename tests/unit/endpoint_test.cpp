#include "http/endpoint.h"

#include <catch2/catch.hpp>
#include <string>
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
  for (const char* target : {"", "/", "*", "/v1", "/v1/", "/v1/messages/", "/v1/messagesx", "/V1/messages",
                             "/v1/models/", "v1/messages", "/v1/chat/completionsx", "/v1/models/:generateContent",
                             "/v1beta/models/m:embedContent", "/v1/responses/x", "/v1beta", "/messages"}) {
    INFO(target);
    CHECK(ask("POST", target).operation == Operation::unknown);
    CHECK(ask("POST", target).method_allowed);
  }
}

TEST_CASE("endpoint: Responses") {
  CHECK(ask("POST", "/v1/responses").operation == Operation::conversation);
  CHECK(ask("POST", "/v1/responses").shape == Dialect::openai_responses);
  CHECK(ask("POST", "/v1/responses/compact").operation == Operation::compaction);
  CHECK(ask("POST", "/v1/responses/input_tokens").operation == Operation::count_tokens);
  CHECK_FALSE(ask("GET", "/v1/responses").method_allowed);
  CHECK(name_of(ask("POST", "/v1/responses")) == "responses");
  CHECK(name_of(ask("POST", "/v1/responses/compact")) == "compact");
}

TEST_CASE("endpoint: Gemini's model and verb stand in the path, below either version") {
  for (const char* version : {"/v1beta", "/v1", "/v1/v1beta"}) {
    INFO(version);
    const auto at = [&](std::string_view rest) { return std::string(version) + "/models/" + std::string(rest); };
    const std::string whole = at("gemini-2.5-pro:generateContent");
    CHECK(ask("POST", whole).operation == Operation::conversation);
    CHECK(ask("POST", whole).shape == Dialect::gemini);
    CHECK(ask("POST", whole).model_id == "gemini-2.5-pro");
    CHECK(ask("POST", whole).form == Endpoint::Form::whole);
    CHECK(name_of(ask("POST", whole)) == "generate_content");
    CHECK_FALSE(ask("GET", whole).method_allowed);
    const std::string count = at("models/m:countTokens");
    CHECK(ask("POST", count).operation == Operation::count_tokens);
    CHECK(ask("POST", count).model_id == "models/m");
    const std::string id = at("a/llama3:8b");
    CHECK(ask("GET", id).operation == Operation::model_get);
    CHECK(ask("GET", id).model_id == "a/llama3:8b");
    const std::string stream = at("a%2Fb:streamGenerateContent");
    CHECK(ask("POST", stream).form == Endpoint::Form::listed);
    CHECK(ask("POST", stream).model_id == "a%2Fb");
    for (const char* query : {"?alt=sse", "?key=k&alt=sse", "?%24alt=sse&x=y", "?$alt=sse"}) {
      const std::string target = stream + query;
      CHECK(ask("POST", target).form == Endpoint::Form::streamed);
    }
    const std::string json = stream + "?alt=json";
    CHECK(ask("POST", json).form == Endpoint::Form::listed);
  }
  CHECK(ask("GET", "/v1beta/models?pageSize=3").operation == Operation::models_list);
  CHECK(ask("GET", "/v1beta/models/m").shape == Dialect::gemini);
}

TEST_CASE("endpoint: the key in a query is no upstream's") {
  const Endpoint gemini =
      ask("POST", "/v1beta/models/m:streamGenerateContent?x=1&key=sb%2Done&alt=sse&%6bey=k&$fields=a");
  CHECK(key_in_query(gemini) == "sb-one");
  CHECK(forwarded_query(gemini) == "x=1&$fields=a");
  CHECK(forwarded_query(ask("POST", "/v1beta/models/m:generateContent?access_token=t&alt=json&%24alt=media&a=b")) ==
        "a=b");
  CHECK(forwarded_query(ask("POST", "/v1beta/models/m:generateContent")).empty());
  const Endpoint dollars = ask("POST", "/v1beta/models/m:generateContent?$key=sb-two&%24access_token=t&x=1");
  CHECK(key_in_query(dollars) == "sb-two");
  CHECK(forwarded_query(dollars) == "x=1");
  // In the query of another dialect a key is nobody's, and does not travel either.
  const Endpoint messages = ask("POST", "/v1/messages?key=sb-one&beta=true");
  CHECK(key_in_query(messages).empty());
  CHECK(forwarded_query(messages) == "beta=true");
  CHECK(forwarded_query(ask("POST", "/v1/messages?beta=true&x")) == "beta=true&x");
}

TEST_CASE("endpoint: a key in a query is one however it is spelt") {
  const std::string path = "/v1beta/models/m:streamGenerateContent?";
  for (const char* key : {"Key", "KEY", "%4bEY", "%6b%65%79", "$Key", "%24KEY", "key%00", "key%20", "+key", "key[]",
                          "api-key", "Access_Token", "OAUTH%5FTOKEN", "subscription-key", "x-goog-api-key"}) {
    INFO(key);
    for (const std::string& query :
         {key + std::string("=sekrit"), key + std::string("=sekrit&"), "a=1&" + std::string(key) + "=sekrit",
          "a=1;" + std::string(key) + "=sekrit", std::string(key) + "=sekrit;a=1&" + key + "=sekrit"}) {
      INFO(query);
      const std::string target = path + query;
      const std::string kept = forwarded_query(ask("POST", target));
      CHECK(kept == (query.find("a=1") == query.npos ? "" : "a=1"));
    }
  }
  const std::string target = path + "Key=sb-one&%41LT=%73se&Alt=json&b=2;c=3";
  const Endpoint odd = ask("POST", target);
  CHECK(key_in_query(odd) == "sb-one");
  CHECK(odd.form == Endpoint::Form::streamed);
  CHECK(forwarded_query(odd) == "b=2;c=3");
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
