#include "http/endpoint.h"

#include "http/header_list.h"

namespace signalbox::http {
namespace {

using Operation = Endpoint::Operation;

constexpr std::string_view post = "POST";
constexpr std::string_view get = "GET, HEAD";

struct PathRow {
  std::string_view path;
  Operation operation;
  std::string_view methods;
};

constexpr PathRow paths[] = {
    {"/v1/messages", Operation::conversation, post},
    {"/v1/messages/count_tokens", Operation::count_tokens, post},
    {"/v1/chat/completions", Operation::conversation, post},
    {"/v1/models", Operation::models_list, get},
    {"/healthz", Operation::healthz, get},
    {"/readyz", Operation::readyz, get},
    {"/signalbox/explain", Operation::explain, post},
};

constexpr std::string_view models_prefix = "/v1/models/";

struct PrefixRow {
  std::string_view prefix;
  Dialect shape;
};

constexpr PrefixRow prefixes[] = {
    {"/v1/messages", Dialect::anthropic},
    {"/v1/chat/completions", Dialect::openai_chat},
    {"/v1/responses", Dialect::openai_responses},
    {"/v1beta", Dialect::gemini},
};

// Gemini's verbs; the SDK for Python 3.4 puts them below /v1 (translation.md section 1).
constexpr std::string_view gemini_verbs[] = {":generateContent", ":streamGenerateContent", ":countTokens"};

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Whether `path` is `prefix` or lies below it.
bool is_below(std::string_view path, std::string_view prefix) {
  return begins_with(path, prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

bool has_gemini_verb(std::string_view path) {
  size_t colon = path.rfind(':');
  if (colon == std::string_view::npos) return false;
  for (std::string_view verb : gemini_verbs)
    if (path.substr(colon) == verb) return true;
  return false;
}

Dialect shape_by_headers(std::span<const Header> headers) {
  if (find(headers, "anthropic-version")) return Dialect::anthropic;
  if (find(headers, "x-goog-api-key")) return Dialect::gemini;
  return Dialect::openai_chat;
}

Dialect shape_of(std::string_view path, std::span<const Header> headers) {
  for (const PrefixRow& row : prefixes)
    if (is_below(path, row.prefix)) return row.shape;
  if (begins_with(path, models_prefix) && has_gemini_verb(path)) return Dialect::gemini;
  // The one path that two dialects share. Anthropic's SDK may send a key and no version (translation.md
  // section 13).
  if (is_below(path, "/v1/models") && find(headers, "x-api-key")) return Dialect::anthropic;
  return shape_by_headers(headers);
}

bool takes(std::string_view methods, std::string_view method) {
  TokenList list(methods);
  std::string_view item;
  while (list.next(item))
    if (item == method) return true;  // methods are case-sensitive (RFC 9110 section 9.1)
  return false;
}

}  // namespace

std::string_view name_of(const Endpoint& endpoint) {
  switch (endpoint.operation) {
    case Operation::conversation: return endpoint.shape == Dialect::anthropic ? "messages" : "chat_completions";
    case Operation::count_tokens: return "count_tokens";
    case Operation::models_list: return "models";
    case Operation::model_get: return "model";
    case Operation::healthz: return "healthz";
    case Operation::readyz: return "readyz";
    case Operation::explain: return "explain";
    case Operation::options: return "options";
    case Operation::unknown: break;
  }
  return "unknown";
}

Endpoint match_endpoint(std::string_view method, std::string_view target, std::span<const Header> headers) {
  Endpoint endpoint;
  size_t mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  if (mark != std::string_view::npos) endpoint.query = target.substr(mark + 1);
  // Users give clients a base that ends in /v1 already (translation.md section 1).
  while (begins_with(path, "/v1/v1/") || path == "/v1/v1" || begins_with(path, "/v1/v1beta/")) path.remove_prefix(3);

  endpoint.shape = shape_of(path, headers);
  if (method == "OPTIONS") {
    endpoint.operation = Operation::options;
    return endpoint;
  }
  for (const PathRow& row : paths) {
    if (path != row.path) continue;
    endpoint.operation = row.operation;
    endpoint.allowed_methods = row.methods;
  }
  if (begins_with(path, models_prefix) && path.size() > models_prefix.size() && !has_gemini_verb(path)) {
    endpoint.operation = Operation::model_get;
    endpoint.allowed_methods = get;
    endpoint.model_id = path.substr(models_prefix.size());
  }
  if (endpoint.operation != Operation::unknown) endpoint.method_allowed = takes(endpoint.allowed_methods, method);
  return endpoint;
}

}  // namespace signalbox::http
