// What an upstream's error means.
#include <catch2/catch.hpp>
#include <string>

#include "routing/verdict.h"

using namespace signalbox;
using namespace signalbox::routing;

namespace {

struct Said {
  int status;
  std::string_view type;
  std::string_view code;
  std::string_view message;
  FaultKind kind;
};

FaultKind kind_with_ours(const Said& said) {
  return kind_of({said.status, said.type, said.code, said.message, -1}, CredentialOwner::ours,
                 ModelNamed::by_configuration);
}

void check(std::initializer_list<Said> all) {
  for (const Said& said : all) {
    INFO(said.status << " " << said.type << " " << said.code << " " << said.message);
    CHECK(row(kind_with_ours(said)).name == row(said.kind).name);
  }
}

FaultKind bare(int status, CredentialOwner owner = CredentialOwner::ours,
               ModelNamed named = ModelNamed::by_configuration) {
  return kind_of({status, {}, {}, {}, -1}, owner, named);
}

}  // namespace

TEST_CASE("verdict: a status alone says what went wrong", "[verdict]") {
  for (int status : {400, 406, 414, 415, 422, 431, 451}) CHECK(bare(status) == FaultKind::upstream_rejected);
  for (int status : {405, 408, 409, 424, 425, 499, 500, 501, 502, 504, 520, 530, 599, 600, 999, -1})
    CHECK(bare(status) == FaultKind::upstream_error);
  for (int status : {498, 503, 529}) CHECK(bare(status) == FaultKind::upstream_overloaded);
  for (int status : {300, 301, 302, 307, 308, 399}) CHECK(bare(status) == FaultKind::upstream_redirect);
  CHECK(bare(401) == FaultKind::upstream_credential_refused);
  CHECK(bare(403) == FaultKind::upstream_forbidden);
  for (int status : {404, 410}) CHECK(bare(status) == FaultKind::upstream_model_missing);
  for (int status : {0, 200, 206}) CHECK(bare(status) == FaultKind::upstream_error);
  CHECK(bare(402) == FaultKind::upstream_unpaid);
  CHECK(bare(413) == FaultKind::upstream_too_large);
  CHECK(bare(429) == FaultKind::upstream_rate_limited);
}

TEST_CASE("verdict: what a client brought itself is no news about a lane", "[verdict]") {
  for (int status : {401, 403}) CHECK(bare(status, CredentialOwner::client) == FaultKind::upstream_rejected);
  CHECK(kind_of({0, "authentication_error", {}, {}, -1}, CredentialOwner::client, ModelNamed::by_configuration) ==
        FaultKind::upstream_rejected);
  for (int status : {404, 410})
    CHECK(bare(status, CredentialOwner::ours, ModelNamed::by_client) == FaultKind::upstream_rejected);
  CHECK(kind_of({400, {}, "model_not_found", {}, -1}, CredentialOwner::ours, ModelNamed::by_client) ==
        FaultKind::upstream_rejected);
  // Neither owner changes anything else.
  CHECK(bare(402, CredentialOwner::client) == FaultKind::upstream_exhausted);
  for (int status : {400, 413, 429, 500, 503, 529})
    CHECK(bare(status) == bare(status, CredentialOwner::client, ModelNamed::by_client));
}

TEST_CASE("verdict: a conversation that is too long is known by each provider's words", "[verdict]") {
  constexpr auto overflow = FaultKind::upstream_context_overflow;
  check({
      {400, "invalid_request_error", "", "prompt is too long: 213462 tokens > 200000 maximum", overflow},
      {400, "invalid_request_error", "",
       "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length", overflow},
      {400, "invalid_request_error", "context_length_exceeded", "", overflow},
      {400, "BadRequestError", "400", "This model's maximum context length is 8192 tokens. However, you ...", overflow},
      {400, "invalid_request_error", "", "Your input exceeds the context window of this model.", overflow},
      {400, "", "", "invalid params, context window exceeds limit (2013)", overflow},
      {400, "INVALID_ARGUMENT", "400", "The input token count (1196265) exceeds the maximum number of tokens",
       overflow},
      {400, "", "model_max_prompt_tokens_exceeded", "", overflow},
      {400, "", "", "prompt token count of 140000 exceeds the limit of 128000", overflow},
      {400, "", "", "This model's maximum prompt length is 131072 but the request contains 537812 tokens", overflow},
      {400, "", "", "Your request exceeded model token limit: 131072", overflow},
      {400, "", "", "Range of input length should be [1, 129024]", overflow},
      {400, "", "1261", "Prompt exceeds max length", overflow},
      {413, "", "", "Please reduce the length of the messages or completion.", overflow},
      {500, "exceed_context_size_error", "", "the request exceeds the available context size, try increasing it",
       overflow},
      {0, "", "context_length_exceeded", "", overflow},
      {0, "invalid_request_error", "", "prompt is too long: 213462 tokens > 200000 maximum", overflow},
      {400, "", "", "PROMPT IS TOO LONG", overflow},
  });
  // Who says that the fault is elsewhere may be quoting: the next lane is asked all the same, and nobody suffers.
  constexpr auto doubt = FaultKind::upstream_overflow_in_doubt;
  check({
      {500, "server_error", "", "the request exceeds the available context size, try increasing it", doubt},
      {500, "", "", "The number of tokens to keep is greater than the context length", doubt},
      {503, "", "", "cannot serve 'prompt is too long'", doubt},
      {404, "", "", "No endpoints for 'context window'", doubt},
      {0, "", "", "prompt is too long", doubt},
      {0, "server_error", "", "prompt is too long", doubt},
  });
  CHECK(row(doubt).retry == RetryClass::next_lane);
  CHECK(row(doubt).cooling == Cooling::none);
  CHECK(status_for(doubt, 500) == 400);
  // About tokens a minute, or about the answer, and not about the context.
  check({
      {429, "tokens", "rate_limit_exceeded", "Rate limit reached. See what maximum context length means.",
       FaultKind::upstream_rate_limited},
      {400, "invalid_request_error", "", "max_tokens is too large: 100000. This model supports at most 16384",
       FaultKind::upstream_rejected},
  });
}

TEST_CASE("verdict: used up is not the same as limited", "[verdict]") {
  constexpr auto exhausted = FaultKind::upstream_exhausted;
  constexpr auto limited = FaultKind::upstream_rate_limited;
  check({
      {429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check ...", exhausted},
      {429, "", "", "You exceeded your current quota, please check your plan and billing details.", limited},
      {429, "RESOURCE_EXHAUSTED", "429", "You exceeded your current quota, please check your plan", limited},
      {429, "RESOURCE_EXHAUSTED", "429", "Your project has exceeded its monthly spending cap.", limited},
      {429, "usage_limit_reached", "", "The usage limit has been reached", exhausted},
      {429, "exceeded_current_quota_error", "", "Your account is suspended", exhausted},
      {403, "", "insufficient_user_quota", "", exhausted},
      {403, "", "", "Your team has either used all available credits or reached its monthly spending limit.",
       FaultKind::upstream_unpaid},
      {402, "", "", "Insufficient Balance", FaultKind::upstream_unpaid},
      {402, "", "402", "This request requires more credits, or fewer max_tokens.", FaultKind::upstream_unpaid},
      {402, "billing_error", "", "", exhausted},
      {0, "", "", "insufficient credits", FaultKind::upstream_unpaid},
      {401, "", "", "insufficient credits", FaultKind::upstream_credential_refused},
      {400, "invalid_request_error", "", "Your credit balance is too low to access the Anthropic API.",
       FaultKind::upstream_in_doubt},
      {400, "invalid_request_error", "", "You have reached your specified API usage limits.",
       FaultKind::upstream_in_doubt},
      {400, "", "Arrearage", "Access denied", exhausted},
      // Who blames himself may be quoting; what a program is told counts.
      {503, "", "", "No available channel for model your credit balance is too low", FaultKind::upstream_overloaded},
      {500, "", "", "Cannot complete: \"insufficient credits\"", FaultKind::upstream_error},
      {503, "", "insufficient_quota", "", exhausted},
      {0, "billing_error", "", "", exhausted},
      {429, "rate_limit_error", "", "This request would exceed your account's rate limit.", limited},
      {429, "tokens", "rate_limit_exceeded", "Rate limit reached for gpt-5", limited},
      {429, "engine_overloaded_error", "", "The engine is currently overloaded", limited},
      {0, "rate_limit_error", "", "", limited},
      {0, "", "rate_limit_exceeded", "", limited},
      {503, "RESOURCE_EXHAUSTED", "", "", limited},
      {429, "tokens", "rate_limit_exceeded",
       "Request too large for gpt-5 on tokens per min. The input or output tokens must be reduced in order to run "
       "successfully.",
       FaultKind::upstream_too_large},
  });
}

TEST_CASE("verdict: an error inside a success is known by its type or code", "[verdict]") {
  check({
      {0, "overloaded_error", "", "Overloaded", FaultKind::upstream_overloaded},
      {0, "UNAVAILABLE", "503", "", FaultKind::upstream_overloaded},
      {0, "", "server_is_overloaded", "", FaultKind::upstream_overloaded},
      {0, "api_error", "", "Internal server error", FaultKind::upstream_error},
      {0, "server_error", "", "", FaultKind::upstream_error},
      {0, "timeout_error", "", "", FaultKind::upstream_error},
      {0, "INTERNAL", "500", "", FaultKind::upstream_error},
      {0, "invalid_request_error", "", "", FaultKind::upstream_rejected},
      {0, "INVALID_ARGUMENT", "", "", FaultKind::upstream_rejected},
      {0, "authentication_error", "", "", FaultKind::upstream_credential_refused},
      {0, "permission_error", "", "", FaultKind::upstream_forbidden},
      {0, "not_found_error", "", "", FaultKind::upstream_model_missing},
      {0, "request_too_large", "", "", FaultKind::upstream_too_large},
      {0, "", "429", "Rate limited upstream", FaultKind::upstream_rate_limited},
      {200, "", "402", "", FaultKind::upstream_unpaid},
      {0, "", "529", "", FaultKind::upstream_overloaded},
      {0, "", "200", "", FaultKind::upstream_error},
      {0, "", "", "", FaultKind::upstream_error},
  });
}

TEST_CASE("verdict: a model or a credential that is refused with a 400 is known by its words", "[verdict]") {
  check({
      {400, "invalid_request_error", "", "Model Not Exist", FaultKind::upstream_model_in_doubt},
      {400, "", "", "foo/bar is not a valid model ID", FaultKind::upstream_model_in_doubt},
      {400, "", "model_not_supported", "The requested model is not supported.", FaultKind::upstream_model_missing},
      {400, "", "model_decommissioned", "", FaultKind::upstream_model_missing},
      {403, "invalid_request_error", "model_not_found", "No access to model", FaultKind::upstream_model_missing},
      {400, "INVALID_ARGUMENT", "400", "API key not valid. Please pass a valid API key.", FaultKind::upstream_in_doubt},
      {400, "", "", "Incorrect API key provided: xx***", FaultKind::upstream_in_doubt},
      {401, "invalid_request_error", "invalid_api_key", "", FaultKind::upstream_credential_refused},
      {403, "", "invalid_api_key", "", FaultKind::upstream_credential_refused},
      {403, "permission_error", "", "No access to this model", FaultKind::upstream_forbidden},
      {403, "", "", "invalid api key", FaultKind::upstream_forbidden},
      {500, "", "invalid_api_key", "", FaultKind::upstream_credential_refused},
      {500, "", "", "Cannot complete: 'invalid api key'", FaultKind::upstream_error},
      {503, "", "", "Incorrect API key provided", FaultKind::upstream_overloaded},
      {0, "", "", "Invalid API key", FaultKind::upstream_forbidden},
      {400, "invalid_request_error", "", "messages: at least one message is required", FaultKind::upstream_rejected},
  });
}

TEST_CASE("verdict: what else than the model is missing or refused is the client's fault", "[verdict]") {
  check({
      {404, "not_found_error", "", "File not found: file_011", FaultKind::upstream_rejected},
      {404, "invalid_request_error", "", "Item with id 'rs_1' not found.", FaultKind::upstream_rejected},
      {400, "", "previous_response_not_found", "", FaultKind::upstream_rejected},
      {403, "", "403", "The model requires moderation. Your input was flagged", FaultKind::upstream_rejected},
      {404, "not_found_error", "", "model: claude-x", FaultKind::upstream_model_missing},
  });
}

TEST_CASE("verdict: each known word decides alone", "[verdict]") {
  constexpr auto overflow = FaultKind::upstream_context_overflow;
  constexpr auto exhausted = FaultKind::upstream_exhausted;
  constexpr auto missing = FaultKind::upstream_model_missing;
  constexpr auto refused = FaultKind::upstream_credential_refused;
  constexpr auto overloaded = FaultKind::upstream_overloaded;
  check({
      {500, "exceed_context_size_error", "", "", overflow},
      {429, "insufficient_quota", "", "", exhausted},
      {403, "", "insufficient_quota", "", exhausted},
      {400, "", "billing_hard_limit_reached", "", exhausted},
      {429, "", "billing_not_active", "", exhausted},
      {0, "", "too_many_requests", "", FaultKind::upstream_rate_limited},
      {500, "engine_overloaded_error", "", "", overloaded},
      {500, "service_unavailable", "", "", overloaded},
      {500, "", "slow_down", "", overloaded},
      {0, "UNAVAILABLE", "", "", overloaded},
      {404, "", "previous_response_not_found", "", FaultKind::upstream_rejected},
      {400, "", "model_not_supported", "", missing},
      {0, "NOT_FOUND", "", "", missing},
      {400, "", "invalid_api_key", "", refused},
      {0, "UNAUTHENTICATED", "", "", refused},
      {0, "PERMISSION_DENIED", "", "", FaultKind::upstream_forbidden},
      {403, "", "account_deactivated", "", refused},
      {0, "FAILED_PRECONDITION", "", "", FaultKind::upstream_rejected},
  });
}

TEST_CASE("verdict: each known sentence decides alone", "[verdict]") {
  constexpr auto overflow = FaultKind::upstream_context_overflow;
  constexpr auto exhausted = FaultKind::upstream_exhausted;
  constexpr auto missing = FaultKind::upstream_model_in_doubt;
  constexpr auto unpaid = FaultKind::upstream_unpaid;
  check({
      {400, "", "", "Context length exceeded", overflow},
      {400, "", "", "Your message exceeds the context of this model", overflow},
      {400, "", "", "Input is too long for requested model.", overflow},
      {429, "", "1113", "Insufficient balance or no resource package. Please recharge.", exhausted},
      {429, "", "", "Insufficient balance", FaultKind::upstream_rate_limited},
      {403, "", "", "Insufficient credits. Add more.", unpaid},
      {403, "", "", "Your team has used all available credits.", unpaid},
      {403, "", "", "Your newly created team doesn't have any credits yet.", unpaid},
      {403, "", "", "You have reached your monthly spending limit.", unpaid},
      {400, "", "", "Model not found: x", missing},
      {400, "", "", "The model does not exist", missing},
      {400, "", "", "Invalid model name passed in model=x", missing},
      {400, "", "", "Unknown Model, please check the model code.", missing},
      {400, "", "", "This model is not available in your region", missing},
      {400, "", "", "Model unavailable", missing},
      {400, "", "", "The requested model is not supported.", missing},
  });
}

TEST_CASE("verdict: a refusal that quotes the request punishes nobody for what it quotes", "[verdict]") {
  constexpr auto doubt = FaultKind::upstream_in_doubt;
  check({
      {400, "invalid_request_error", "", "Invalid value: 'tell me of insufficient credits'", doubt},
      {422, "", "", "messages.0.content: 'you exceeded your current quota'", doubt},
      {400, "insufficient_quota", "", "Invalid value: 'insufficient credits'", FaultKind::upstream_exhausted},
      {402, "", "", "insufficient credits", FaultKind::upstream_unpaid},
  });
  // And the lane suffers no longer than for any hiccup, and no worse for the next one.
  CHECK(row(doubt).cooling == Cooling::doubtful);
  CHECK(row(FaultKind::upstream_model_in_doubt).cooling == Cooling::doubtful);
  // A length that the balance is not enough for, a model that is not everybody's: others have another.
  CHECK(row(FaultKind::upstream_unpaid).cooling == Cooling::doubtful);
  CHECK(row(FaultKind::upstream_forbidden).cooling == Cooling::doubtful);
}

TEST_CASE("verdict: what a user calls a failure is looked for in type, code and message", "[verdict]") {
  const FailureSigns signs{{418, 422}, {"out of *coffee", "E-17"}};
  CHECK(sign_of(signs, {422, "", "", "no"}) == Sign::status);
  CHECK(sign_of(signs, {400, "", "", "We are OUT of good Coffee today"}) == Sign::words);
  CHECK(sign_of(signs, {400, "", "e-17", ""}) == Sign::words);
  CHECK(sign_of(signs, {400, "", "", "coffee is out"}) == Sign::none);
  CHECK(sign_of({}, {400, "", "", "out of coffee"}) == Sign::none);
}

TEST_CASE("verdict: a sentence is looked for in the beginning of a message only", "[verdict]") {
  const std::string sentence = "prompt is too long";
  std::string last(4096 - sentence.size(), 'x');
  last += sentence;
  CHECK(kind_with_ours({400, "", "", last, FaultKind::none}) == FaultKind::upstream_context_overflow);
  last.insert(0, 1, 'x');
  CHECK(kind_with_ours({400, "", "", last, FaultKind::none}) == FaultKind::upstream_rejected);
  CHECK(kind_with_ours({400, "", "", std::string(size_t(10) << 20, 'p'), FaultKind::none}) ==
        FaultKind::upstream_rejected);
}

TEST_CASE("verdict: a client sees the upstream's status where it says the same to a client", "[verdict]") {
  CHECK(status_for(FaultKind::upstream_rate_limited, 429) == 429);
  CHECK(status_for(FaultKind::upstream_overloaded, 529) == 529);
  CHECK(status_for(FaultKind::upstream_overloaded, 503) == 503);
  CHECK(status_for(FaultKind::upstream_exhausted, 402) == 402);
  CHECK(status_for(FaultKind::upstream_too_large, 413) == 413);
  for (int status : {408, 409, 425, 500, 502, 504}) CHECK(status_for(FaultKind::upstream_error, status) == status);
  for (int status : {400, 401, 403, 404, 406, 422, 451})
    CHECK(status_for(FaultKind::upstream_rejected, status) == status);
}

TEST_CASE("verdict: a client sees our status where the upstream's would mislead", "[verdict]") {
  for (int status : {401, 403, 400}) CHECK(status_for(FaultKind::upstream_credential_refused, status) == 502);
  for (int status : {403, 0}) CHECK(status_for(FaultKind::upstream_forbidden, status) == 502);
  CHECK(status_for(FaultKind::upstream_unpaid, 402) == 402);
  for (int status : {403, 0}) CHECK(status_for(FaultKind::upstream_unpaid, status) == 429);
  for (int status : {400, 403, 429, 0}) CHECK(status_for(FaultKind::upstream_exhausted, status) == 429);
  for (int status : {400, 404, 410}) CHECK(status_for(FaultKind::upstream_model_missing, status) == 404);
  for (int status : {400, 413, 500}) CHECK(status_for(FaultKind::upstream_context_overflow, status) == 400);
  for (int status : {405, 501, 511, 520, 999, 0}) CHECK(status_for(FaultKind::upstream_error, status) == 502);
  for (int status : {0, 500}) CHECK(status_for(FaultKind::upstream_overloaded, status) == 529);
  for (int status : {0, 200, 407, 500}) CHECK(status_for(FaultKind::upstream_rejected, status) == 400);
  CHECK(status_for(FaultKind::upstream_redirect, 302) == 502);
  CHECK(status_for(FaultKind::upstream_rate_limited, 503) == 429);
}

TEST_CASE("verdict: every status has one, and it is never none", "[verdict]") {
  for (int status = -1; status < 1100; ++status) {
    for (CredentialOwner owner : {CredentialOwner::ours, CredentialOwner::client}) {
      for (ModelNamed named : {ModelNamed::by_client, ModelNamed::by_configuration}) {
        const FaultKind kind = bare(status, owner, named);
        CHECK(kind != FaultKind::none);
        CHECK(status_for(kind, status) >= 400);
        CHECK(status_for(kind, status) < 600);
      }
    }
  }
}
