#include "http/endpoint.h"

#include "base/text.h"
#include "http/header_list.h"
#include "http/url.h"

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
    {"/v1/responses", Operation::conversation, post},
    {"/v1/responses/compact", Operation::compaction, post},
    {"/v1/responses/input_tokens", Operation::count_tokens, post},
    {"/v1/models", Operation::models_list, get},
    {"/v1beta/models", Operation::models_list, get},
    {"/healthz", Operation::healthz, get},
    {"/readyz", Operation::readyz, get},
    {"/metrics", Operation::metrics, get},
    {"/signalbox/explain", Operation::explain, post},
    {"/signalbox/state", Operation::state, get},
    {"/signalbox/reset", Operation::reset, post},
    {"/signalbox/probe", Operation::probe, post},
    {"/signalbox/enable", Operation::enable, post},
    {"/signalbox/disable", Operation::disable, post},
    {"/signalbox/select", Operation::select, "POST, DELETE"},
};

constexpr std::string_view models_prefixes[] = {"/v1/models/", "/v1beta/models/"};

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
struct VerbRow {
  std::string_view verb;
  Operation operation;
  Endpoint::Form form;
};

constexpr VerbRow gemini_verbs[] = {{":generateContent", Operation::conversation, Endpoint::Form::whole},
                                    {":streamGenerateContent", Operation::conversation, Endpoint::Form::listed},
                                    {":countTokens", Operation::count_tokens, Endpoint::Form::whole}};

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Whether `path` is `prefix` or lies below it.
bool is_below(std::string_view path, std::string_view prefix) {
  return begins_with(path, prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

// What stands behind "/v1/models/" or "/v1beta/models/"; empty when `path` lies elsewhere.
std::string_view behind_models(std::string_view path) {
  for (std::string_view prefix : models_prefixes)
    if (begins_with(path, prefix)) return path.substr(prefix.size());
  return {};
}

// The verb that ends `path`; null when it ends in none of Gemini's.
const VerbRow* gemini_verb(std::string_view path) {
  const size_t colon = path.rfind(':');
  if (colon == std::string_view::npos) return nullptr;
  for (const VerbRow& row : gemini_verbs)
    if (path.substr(colon) == row.verb) return &row;
  return nullptr;
}

std::string_view parameter_value(std::string_view parameter) {
  const size_t equals = parameter.find('=');
  return equals == parameter.npos ? std::string_view() : parameter.substr(equals + 1);
}

// What a parameter is called, however it is spelt: decoded, in lower case, without the '$' with which Google lets its
// own begin.
std::string parameter_name(std::string_view parameter) {
  std::string name = decode_percent(parameter.substr(0, parameter.find('=')));
  if (name.substr(0, 1) == "$") name.erase(0, 1);
  for (char& c : name) c = base::lower(c);
  return name;
}

// Google's parameter that asks for events.
bool asks_for_events(std::string_view parameter) {
  return parameter_name(parameter) == "alt" && decode_percent(parameter_value(parameter)) == "sse";
}

// Whether a parameter of this name is taken for a credential: key, api-key, access_token and their like. None that
// upstreams know beside them is called so.
bool names_credential(std::string_view name) {
  return name.find("key") != name.npos || name.find("token") != name.npos;
}

bool has_events(std::string_view query) {
  while (!query.empty())
    if (asks_for_events(take_parameter(query))) return true;
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
  if (!behind_models(path).empty() && gemini_verb(path)) return Dialect::gemini;
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
    case Operation::conversation:
      switch (endpoint.shape) {
        case Dialect::anthropic: return "messages";
        case Dialect::openai_chat: return "chat_completions";
        case Dialect::openai_responses: return "responses";
        case Dialect::gemini: return "generate_content";
      }
      break;
    case Operation::count_tokens: return "count_tokens";
    case Operation::compaction: return "compact";
    case Operation::models_list: return "models";
    case Operation::model_get: return "model";
    case Operation::healthz: return "healthz";
    case Operation::readyz: return "readyz";
    case Operation::metrics: return "metrics";
    case Operation::explain: return "explain";
    case Operation::state: return "state";
    case Operation::reset: return "reset";
    case Operation::probe: return "probe";
    case Operation::enable: return "enable";
    case Operation::disable: return "disable";
    case Operation::select: return "select";
    case Operation::options: return "options";
    case Operation::unknown: break;
  }
  return "unknown";
}

bool asks_lanes(const Endpoint& endpoint) {
  return endpoint.operation == Operation::conversation || endpoint.operation == Operation::count_tokens ||
         endpoint.operation == Operation::compaction;
}

// Some servers part them with ';'.
std::string_view take_parameter(std::string_view& query) {
  // Not find_first_of(), which looks each byte up in the list.
  size_t bytes = 0;
  while (bytes < query.size() && query[bytes] != '&' && query[bytes] != ';') ++bytes;
  const std::string_view parameter = query.substr(0, bytes);
  query.remove_prefix(parameter.size() < query.size() ? parameter.size() + 1 : query.size());
  return parameter;
}

std::string key_in_query(const Endpoint& endpoint) {
  if (endpoint.shape != Dialect::gemini) return {};
  std::string_view query = endpoint.query;
  while (!query.empty()) {
    const std::string_view parameter = take_parameter(query);
    if (parameter_name(parameter) == "key") return decode_percent(parameter_value(parameter));
  }
  return {};
}

std::string forwarded_query(const Endpoint& endpoint) {
  std::string kept;
  std::string_view query = endpoint.query;
  for (const char* parted_by = query.data(); !query.empty();) {
    const std::string_view parameter = take_parameter(query);
    const std::string name = parameter_name(parameter);
    const bool goes = !names_credential(name) && !(endpoint.shape == Dialect::gemini && name == "alt");
    if (goes && !kept.empty()) kept += *parted_by;
    if (goes) kept += parameter;
    parted_by = parameter.data() + parameter.size();
  }
  return kept;
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
  if (const std::string_view behind = behind_models(path); !behind.empty()) {
    const VerbRow* verb = gemini_verb(path);
    endpoint.model_id = verb ? behind.substr(0, behind.size() - verb->verb.size()) : behind;
    if (verb && !endpoint.model_id.empty()) {
      endpoint.operation = verb->operation;
      endpoint.allowed_methods = post;
      const bool events = verb->form == Endpoint::Form::listed && has_events(endpoint.query);
      endpoint.form = events ? Endpoint::Form::streamed : verb->form;
    } else if (!verb && !(method == post && behind.find(':') != behind.npos)) {
      // A name may have a colon, and so have Google's verbs that are not served: these are posted.
      endpoint.operation = Operation::model_get;
      endpoint.allowed_methods = get;
    }
  }
  if (endpoint.operation != Operation::unknown) endpoint.method_allowed = takes(endpoint.allowed_methods, method);
  return endpoint;
}

}  // namespace signalbox::http
