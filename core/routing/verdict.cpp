// The table that says what an upstream's error means (translation.md section 12): words and sentences
// first, because statuses are used loosely, then the status.
#include "routing/verdict.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/text.h"

namespace signalbox::routing {
namespace {

using Kind = FaultKind;

// Known sentences come early; what follows them is a provider's prose or the client's own text.
constexpr size_t message_bytes_max = 4096;
constexpr size_t pattern_bytes_max = 256;  // rule_error_pattern

// What a status says, so that a row can speak for some statuses only.
enum Says : unsigned {
  nothing = 1,  // the error stands inside a success
  wrong = 2,    // something is wrong with the request
  unknown_caller = 4,
  unpaid = 8,
  missing = 16,
  too_large = 32,
  limited = 64,
  failing = 128,  // the upstream blames itself
  overloaded = 256,
  elsewhere = 512,
  forbidden = 1024,  // to this caller, or to anybody who asks such a thing
};
constexpr unsigned not_allowed = unknown_caller | forbidden;
constexpr unsigned blames_request = wrong | not_allowed | missing;
constexpr unsigned blames_itself = failing | overloaded;
constexpr unsigned anything = nothing | blames_request | unpaid | too_large | limited | blames_itself;
// A 429 that names the length of a request speaks of tokens a minute.
constexpr unsigned may_overflow = anything & ~limited & ~not_allowed;
constexpr unsigned may_be_used_up = anything & ~missing & ~too_large;
constexpr unsigned may_be_refused = nothing | wrong | failing | forbidden;

struct StatusRow {
  int from;
  int to;
  Says says;
  Kind kind;
};

// The first that fits.
constexpr StatusRow statuses[] = {
    {0, 299, nothing, Kind::upstream_error},
    {300, 399, elsewhere, Kind::upstream_redirect},
    {401, 401, unknown_caller, Kind::upstream_credential_refused},
    {402, 402, unpaid, Kind::upstream_unpaid},  // of a request that is too long for what is left, also (OpenRouter)
    {403, 403, forbidden, Kind::upstream_forbidden},  // this model, this region, this prompt, or this credential
    {404, 404, missing, Kind::upstream_model_missing},
    {405, 405, failing, Kind::upstream_error},  // the method is not the client's choice
    {408, 409, failing, Kind::upstream_error},
    {410, 410, missing, Kind::upstream_model_missing},
    {413, 413, too_large, Kind::upstream_too_large},
    {424, 425, failing, Kind::upstream_error},  // 424: a generation that broke (text-generation-inference)
    {429, 429, limited, Kind::upstream_rate_limited},
    {498, 498, overloaded, Kind::upstream_overloaded},  // Groq: its flexible tier is full
    {400, 498, wrong, Kind::upstream_rejected},
    {503, 503, overloaded, Kind::upstream_overloaded},
    {529, 529, overloaded, Kind::upstream_overloaded},
};
constexpr StatusRow any_other_status = {0, 0, failing, Kind::upstream_error};

// Where a text has to stand.
enum class In : uint8_t {
  word,      // alone, as the error's type or code
  sentence,  // anywhere in the message
};

struct TextRow {
  unsigned statuses;
  In in;
  std::string_view text;  // in lower case
  Kind kind;
};

// The first that fits, so what is more particular stands first: a conversation that is too long must be
// told even where the upstream calls that a fault of its own, and an empty account must not pass for a
// limit that ends within the minute.
constexpr TextRow texts[] = {
    {may_overflow, In::word, "context_length_exceeded", Kind::upstream_context_overflow},
    {may_overflow, In::word, "exceed_context_size_error", Kind::upstream_context_overflow},         // llama.cpp
    {may_overflow, In::word, "model_max_prompt_tokens_exceeded", Kind::upstream_context_overflow},  // Copilot
    {may_overflow, In::sentence, "prompt is too long", Kind::upstream_context_overflow},            // Anthropic
    {may_overflow, In::sentence, "exceed context limit", Kind::upstream_context_overflow},          // Anthropic
    {may_overflow, In::sentence, "maximum context length", Kind::upstream_context_overflow},        // OpenAI and most
    {may_overflow, In::sentence, "context window", Kind::upstream_context_overflow},                // OpenAI, MiniMax
    {may_overflow, In::sentence, "context length exceeded", Kind::upstream_context_overflow},
    {may_overflow, In::sentence, "exceeds the context", Kind::upstream_context_overflow},
    {may_overflow, In::sentence, "exceeds the available context", Kind::upstream_context_overflow},    // llama.cpp
    {may_overflow, In::sentence, "greater than the context length", Kind::upstream_context_overflow},  // LM Studio
    {may_overflow, In::sentence, "input token count", Kind::upstream_context_overflow},                // Gemini
    {may_overflow, In::sentence, "prompt token count", Kind::upstream_context_overflow},               // Copilot
    {may_overflow, In::sentence, "maximum prompt length", Kind::upstream_context_overflow},            // xAI
    {may_overflow, In::sentence, "exceeded model token limit", Kind::upstream_context_overflow},       // Moonshot
    {may_overflow, In::sentence, "range of input length", Kind::upstream_context_overflow},            // DashScope
    {may_overflow, In::sentence, "prompt exceeds max length", Kind::upstream_context_overflow},        // GLM
    {may_overflow, In::sentence, "input is too long for requested model", Kind::upstream_context_overflow},  // Bedrock
    {may_overflow, In::sentence, "reduce the length of the messages", Kind::upstream_context_overflow},      // Groq

    // More in one request than is let through in a minute: to wait would not help.
    {limited, In::sentence, "must be reduced in order to run", Kind::upstream_too_large},  // OpenAI
    {nothing | wrong, In::word, "request_too_large", Kind::upstream_too_large},

    {may_be_used_up, In::word, "insufficient_quota", Kind::upstream_exhausted},
    {may_be_used_up, In::word, "insufficient_user_quota", Kind::upstream_exhausted},       // One API
    {may_be_used_up, In::word, "exceeded_current_quota_error", Kind::upstream_exhausted},  // Moonshot
    {may_be_used_up, In::word, "billing_error", Kind::upstream_exhausted},
    {may_be_used_up, In::word, "billing_hard_limit_reached", Kind::upstream_exhausted},
    {may_be_used_up, In::word, "billing_not_active", Kind::upstream_exhausted},
    {may_be_used_up, In::word, "usage_limit_reached", Kind::upstream_exhausted},            // ChatGPT plans
    {may_be_used_up, In::word, "arrearage", Kind::upstream_exhausted},                      // DashScope
    {limited, In::word, "1113", Kind::upstream_exhausted},                                  // GLM
    {may_be_used_up, In::sentence, "credit balance is too low", Kind::upstream_exhausted},  // Anthropic
    {may_be_used_up, In::sentence, "reached your specified api usage limits", Kind::upstream_exhausted},  // Anthropic
    {may_be_used_up, In::sentence, "insufficient balance", Kind::upstream_exhausted},        // DeepSeek, GLM
    {may_be_used_up, In::sentence, "insufficient credits", Kind::upstream_exhausted},        // OpenRouter
    {may_be_used_up, In::sentence, "used all available credits", Kind::upstream_exhausted},  // xAI
    {may_be_used_up, In::sentence, "doesn't have any credits", Kind::upstream_exhausted},    // xAI
    {may_be_used_up, In::sentence, "spending limit", Kind::upstream_exhausted},              // xAI
    {may_be_used_up, In::sentence, "spending cap", Kind::upstream_exhausted},                // Gemini

    // Gemini says the sentence below of a minute's limit too, under this word.
    {nothing | limited | blames_itself, In::word, "resource_exhausted", Kind::upstream_rate_limited},
    {may_be_used_up, In::sentence, "exceeded your current quota", Kind::upstream_exhausted},  // OpenAI
    {nothing | blames_itself, In::word, "rate_limit_error", Kind::upstream_rate_limited},
    {nothing | blames_itself, In::word, "rate_limit_exceeded", Kind::upstream_rate_limited},
    {nothing | blames_itself, In::word, "too_many_requests", Kind::upstream_rate_limited},

    {nothing | failing, In::word, "overloaded_error", Kind::upstream_overloaded},
    {nothing | failing, In::word, "engine_overloaded_error", Kind::upstream_overloaded},  // Moonshot
    {nothing | failing, In::word, "server_is_overloaded", Kind::upstream_overloaded},     // ChatGPT plans
    {nothing | failing, In::word, "service_unavailable", Kind::upstream_overloaded},
    {nothing | failing, In::word, "slow_down", Kind::upstream_overloaded},
    {nothing | failing, In::word, "unavailable", Kind::upstream_overloaded},  // Gemini

    // Something else than the model is missing, and the client named it.
    {nothing | missing | wrong, In::word, "previous_response_not_found", Kind::upstream_rejected},
    {missing, In::sentence, "item with id", Kind::upstream_rejected},    // Responses
    {missing, In::sentence, "file not found", Kind::upstream_rejected},  // Anthropic
    {not_allowed, In::sentence, "flagged", Kind::upstream_rejected},     // OpenRouter's moderation

    {nothing | blames_request, In::word, "model_not_found", Kind::upstream_model_missing},
    {nothing | blames_request, In::word, "model_not_supported", Kind::upstream_model_missing},   // Copilot
    {nothing | blames_request, In::word, "model_decommissioned", Kind::upstream_model_missing},  // Groq
    {nothing, In::word, "not_found_error", Kind::upstream_model_missing},
    {nothing, In::word, "not_found", Kind::upstream_model_missing},
    {wrong, In::sentence, "model not exist", Kind::upstream_model_missing},  // DeepSeek
    {wrong, In::sentence, "model not found", Kind::upstream_model_missing},
    {wrong, In::sentence, "model does not exist", Kind::upstream_model_missing},
    {wrong, In::sentence, "not a valid model", Kind::upstream_model_missing},  // OpenRouter
    {wrong, In::sentence, "invalid model", Kind::upstream_model_missing},      // LiteLLM
    {wrong, In::sentence, "unknown model", Kind::upstream_model_missing},
    {wrong, In::sentence, "model is not available", Kind::upstream_model_missing},
    {wrong, In::sentence, "model unavailable", Kind::upstream_model_missing},
    {wrong, In::sentence, "model is not supported", Kind::upstream_model_missing},  // Copilot

    {may_be_refused, In::word, "authentication_error", Kind::upstream_credential_refused},
    {may_be_refused, In::word, "invalid_api_key", Kind::upstream_credential_refused},
    {may_be_refused, In::word, "unauthenticated", Kind::upstream_credential_refused},
    {may_be_refused, In::word, "account_deactivated", Kind::upstream_credential_refused},  // OpenAI
    {may_be_refused, In::word, "permission_error", Kind::upstream_forbidden},
    {may_be_refused, In::word, "permission_denied", Kind::upstream_forbidden},
    {nothing | wrong | failing, In::sentence, "api key not valid", Kind::upstream_credential_refused},  // Gemini
    {nothing | wrong | failing, In::sentence, "incorrect api key", Kind::upstream_credential_refused},  // xAI
    {nothing | wrong | failing, In::sentence, "invalid api key", Kind::upstream_credential_refused},

    {nothing, In::word, "invalid_request_error", Kind::upstream_rejected},
    {nothing, In::word, "invalid_argument", Kind::upstream_rejected},
    {nothing, In::word, "failed_precondition", Kind::upstream_rejected},
};

// Statuses that a client is told as they came; any other becomes the row's.
struct KeptRow {
  Kind kind;
  int from;
  int to;
};
constexpr KeptRow kept[] = {
    {Kind::upstream_exhausted, 402, 402}, {Kind::upstream_unpaid, 402, 402},   {Kind::upstream_overloaded, 503, 503},
    {Kind::upstream_error, 408, 409},     {Kind::upstream_error, 425, 425},    {Kind::upstream_error, 500, 500},
    {Kind::upstream_error, 502, 502},     {Kind::upstream_error, 504, 504},    {Kind::upstream_rejected, 400, 406},
    {Kind::upstream_rejected, 408, 499},  // a 407 would speak of the client's own proxy
    {Kind::upstream_in_doubt, 400, 406},  {Kind::upstream_in_doubt, 408, 499},
};

const StatusRow& row_of_status(int status) {
  for (const StatusRow& row : statuses)
    if (status >= row.from && status <= row.to) return row;
  return any_other_status;
}

// A status that stands inside a success as the error's code, as OpenRouter and Gemini have it; else 0.
int status_inside(const UpstreamError& error) {
  const std::optional<int64_t> code = base::parse_decimal(error.code);
  return code && *code >= 400 && *code <= 599 ? int(*code) : 0;
}

// Whether an error inside a success is called the request's own fault.
bool is_called_the_requests(const UpstreamError& error) {
  constexpr std::string_view words[] = {"invalid_request_error", "invalid_argument"};
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return base::equals_ignoring_case(error.type, word); });
}

// What a sentence that says `said` amounts to where the request may have put it there, to be quoted: it may cost the
// lane its turn, and no more. What a program is told, the type, the code or the status, counts in full.
FaultKind as_quoted(FaultKind said, const StatusRow& status, const UpstreamError& error) {
  switch (said) {
    case Kind::upstream_exhausted:
      if (status.says & (wrong | missing)) return Kind::upstream_in_doubt;
      // A limit has its own end, and who blames himself or knows no such caller has said enough.
      return status.says & (nothing | unpaid | forbidden) ? Kind::upstream_unpaid : status.kind;
    case Kind::upstream_credential_refused:
      if (status.says & wrong) return Kind::upstream_in_doubt;
      return status.says & nothing ? Kind::upstream_forbidden : status.kind;
    case Kind::upstream_model_missing: return Kind::upstream_model_in_doubt;
    case Kind::upstream_context_overflow:
      // Whoever finds the request wrong anyway asks nobody else for less.
      if (status.says & (wrong | too_large)) return said;
      return status.says & nothing && is_called_the_requests(error) ? said : Kind::upstream_overflow_in_doubt;
    default: return said;
  }
}

FaultKind kind_as_said(const UpstreamError& error) {
  const StatusRow* status = &row_of_status(error.status);
  if (status->says == nothing) status = &row_of_status(status_inside(error));

  std::array<char, message_bytes_max> lower;
  const std::string_view head = error.message.substr(0, lower.size());
  std::transform(head.begin(), head.end(), lower.begin(), base::lower);
  const std::string_view message(lower.data(), head.size());

  for (const TextRow& row : texts) {
    if (!(row.statuses & status->says)) continue;
    const bool found = row.in == In::word ? base::equals_ignoring_case(error.type, row.text) ||
                                                base::equals_ignoring_case(error.code, row.text)
                                          : message.find(row.text) != message.npos;
    if (found) return row.in == In::word ? row.kind : as_quoted(row.kind, *status, error);
  }
  return status->kind;
}

}  // namespace

FaultKind kind_of(const UpstreamError& error, CredentialOwner owner, ModelNamed named) {
  const FaultKind kind = kind_as_said(error);
  // What the client brought itself is its own to mend.
  if (owner == CredentialOwner::client) {
    if (kind == Kind::upstream_credential_refused || kind == Kind::upstream_forbidden) return Kind::upstream_rejected;
    if (kind == Kind::upstream_unpaid) return Kind::upstream_exhausted;
  }
  if (kind == Kind::upstream_model_missing && named == ModelNamed::by_client) return Kind::upstream_rejected;
  return kind;
}

Sign sign_of(const FailureSigns& signs, const UpstreamError& error) {
  if (std::find(signs.statuses.begin(), signs.statuses.end(), error.status) != signs.statuses.end())
    return Sign::status;
  std::array<char, message_bytes_max> lower;
  std::array<char, pattern_bytes_max + 2> wanted;
  for (const std::string& pattern : signs.patterns) {
    // Anywhere in it, as what a person has copied out of an error is.
    const size_t size = std::min(pattern.size(), pattern_bytes_max);
    wanted[0] = wanted[size + 1] = '*';
    std::transform(pattern.begin(), pattern.begin() + std::ptrdiff_t(size), wanted.begin() + 1, base::lower);
    for (std::string_view said : {error.type, error.code, error.message}) {
      said = said.substr(0, lower.size());
      std::transform(said.begin(), said.end(), lower.begin(), base::lower);
      if (base::matches({wanted.data(), size + 2}, {lower.data(), said.size()})) return Sign::words;
    }
  }
  return Sign::none;
}

int status_for(FaultKind kind, int upstream_status) {
  for (const KeptRow& row : kept)
    if (row.kind == kind && upstream_status >= row.from && upstream_status <= row.to) return upstream_status;
  return row(kind).status;
}

}  // namespace signalbox::routing
