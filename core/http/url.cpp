#include "http/url.h"

#include "base/text.h"

namespace signalbox::http {
namespace {

using base::begins_ignoring_case;

// Ways of an endpoint below its version, longest first, that users paste with the base.
constexpr std::string_view endpoint_tails[] = {"/messages/count_tokens",
                                               "/responses/input_tokens",
                                               "/responses/compact",
                                               "/chat/completions",
                                               "/messages",
                                               "/responses"};
// The same, but so plain that it is one only behind a version or a publisher: Azure serves
// /models/chat/completions.
constexpr std::string_view versioned_tail = "/models";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

void drop_slashes(std::string_view& path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
}

// Length of a version at the start of `path`, slash included ("/v1", "/v1beta"); 0 when there is none.
size_t version_bytes(std::string_view path) {
  if (path.size() < 3 || path[0] != '/' || path[1] != 'v' || path[2] < '0' || path[2] > '9') return 0;
  size_t at = 3;
  while (at < path.size() && path[at] != '/') {
    char byte = base::lower(path[at]);
    if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))) return 0;
    ++at;
  }
  return at;
}

// Length of a version at the end of `path`, slash included.
size_t trailing_version_bytes(std::string_view path) {
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return 0;
  return version_bytes(path.substr(slash));
}

// Where the path of an absolute address begins: behind its host.
size_t path_begin(std::string_view url) {
  size_t scheme = url.find("://");
  size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  size_t path = url.find('/', host);
  return path == std::string_view::npos ? url.size() : path;
}

struct Cut {
  std::string_view path;
  bool endpoint = false;  // the way of an endpoint was cut off
};

// Vertex has a project and a place between the version and the publisher whose models they are.
bool ends_in_publisher(std::string_view path) {
  constexpr std::string_view publishers = "/publishers";
  const size_t slash = path.rfind('/');
  return slash != path.npos && slash + 1 < path.size() && ends_with(path.substr(0, slash), publishers);
}

// Google and Vertex serve OpenAI's dialects below a version of their own, and without one behind it: /v1beta/openai,
// /v1/projects/p/locations/l/endpoints/openapi. Behind no version, as Azure has it, the name alone says nothing.
bool ends_in_openai_behind_version(std::string_view path) {
  size_t slash = path.rfind('/');
  if (slash == path.npos || (path.substr(slash) != "/openai" && path.substr(slash) != "/openapi")) return false;
  for (path = path.substr(0, slash); (slash = path.rfind('/')) != path.npos; path = path.substr(0, slash))
    if (trailing_version_bytes(path)) return true;
  return false;
}

// How long `path` is without a model and its verb, "/models/gemini-2.5-pro:generateContent"; 0 when it has none.
size_t bytes_before_model(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos || path.find(':', slash) == path.npos) return 0;
  return ends_with(path.substr(0, slash), versioned_tail) ? slash - versioned_tail.size() : 0;
}

Cut cut_endpoint(std::string_view path) {
  if (const size_t before = bytes_before_model(path)) return {path.substr(0, before), true};
  for (std::string_view tail : endpoint_tails)
    if (ends_with(path, tail)) return {path.substr(0, path.size() - tail.size()), true};
  if (ends_with(path, versioned_tail)) {
    std::string_view rest = path.substr(0, path.size() - versioned_tail.size());
    if (trailing_version_bytes(rest) || ends_in_publisher(rest)) return {rest, true};
  }
  return {path, false};
}

void append_query(std::string& url, std::string_view query) {
  if (query.empty()) return;
  url += url.find('?') == std::string::npos ? '?' : '&';
  url += query;
}

// What a host name or an address may be made of; the rest is for the resolver to judge.
bool is_host_byte(char byte) {
  auto code = static_cast<unsigned char>(byte);
  return code > ' ' && code != 0x7f && byte != '[' && byte != ']' && byte != '@' && byte != ':' && byte != '"' &&
         byte != '<' && byte != '>' && byte != '\\' && byte != '/';
}

bool is_host(std::string_view text) {
  for (char byte : text)
    if (!is_host_byte(byte)) return false;
  return !text.empty();
}

bool is_bracketed(std::string_view text) {
  if (text.size() < 4 || text.front() != '[' || text.back() != ']') return false;
  for (char byte : text.substr(1, text.size() - 2)) {
    char low = base::lower(byte);
    if (!((low >= '0' && low <= '9') || (low >= 'a' && low <= 'f') || low == ':' || low == '.')) return false;
  }
  return true;
}

// A host and what follows its colon. `host` is empty when the authority is malformed.
struct Authority {
  std::string_view host;
  std::string_view port;
};

Authority split_authority(std::string_view text) {
  size_t host_bytes;
  if (!text.empty() && text[0] == '[') {
    size_t close = text.find(']');
    if (close == std::string_view::npos) return {};
    host_bytes = close + 1;
    if (!is_bracketed(text.substr(0, host_bytes))) return {};
  } else {
    size_t colon = text.find(':');
    host_bytes = colon == std::string_view::npos ? text.size() : colon;
    if (!is_host(text.substr(0, host_bytes))) return {};
  }
  std::string_view rest = text.substr(host_bytes);
  if (rest.empty()) return {text.substr(0, host_bytes), {}};
  if (rest[0] != ':') return {};
  // An empty port is legal (RFC 3986 section 3.2.3).
  std::string_view port = rest.substr(1);
  for (char byte : port)
    if (byte < '0' || byte > '9') return {};
  return {text.substr(0, host_bytes), port};
}

}  // namespace

std::string join_url(std::string_view base_url, std::string_view path, std::string_view query) {
  base_url = base_url.substr(0, base_url.find('#'));
  std::string_view base_query;
  if (size_t mark = base_url.find('?'); mark != std::string_view::npos) {
    base_query = base_url.substr(mark + 1);
    base_url = base_url.substr(0, mark);
  }
  size_t begin = path_begin(base_url);
  std::string_view origin = base_url.substr(0, begin);
  std::string_view base_path = base_url.substr(begin);
  drop_slashes(base_path);
  Cut cut = cut_endpoint(base_path);
  base_path = cut.path;
  drop_slashes(base_path);
  // Somebody who joined /v1 to a base that had it.
  while (size_t version = trailing_version_bytes(base_path)) {
    std::string_view before = base_path.substr(0, base_path.size() - version);
    if (!ends_with(before, base_path.substr(before.size()))) break;
    base_path = before;
  }

  size_t version = version_bytes(path);
  // The full address of an endpoint without a version shows that this upstream has none.
  bool base_decides = cut.endpoint || trailing_version_bytes(base_path) != 0 || ends_in_publisher(base_path) ||
                      ends_in_openai_behind_version(base_path);
  if (base_decides) path.remove_prefix(version);

  std::string url;
  url.reserve(origin.size() + base_path.size() + path.size() + base_query.size() + query.size() + 3);
  url += origin;
  url += base_path;
  if (!path.empty() && path[0] != '/') url += '/';
  url += path;
  append_query(url, base_query);
  append_query(url, query);
  return url;
}

std::optional<UrlParts> split_url(std::string_view url) {
  UrlParts parts;
  if (begins_ignoring_case(url, "https://")) {
    parts.scheme = url.substr(0, 5);
    parts.tls = true;
  } else if (begins_ignoring_case(url, "http://")) {
    parts.scheme = url.substr(0, 4);
  } else {
    return std::nullopt;
  }
  url = url.substr(0, url.find('#'));
  for (char byte : url)
    if (static_cast<unsigned char>(byte) <= ' ' || byte == 0x7f) return std::nullopt;

  url.remove_prefix(parts.scheme.size() + 3);
  size_t authority_bytes = url.find_first_of("/?");
  if (authority_bytes == std::string_view::npos) authority_bytes = url.size();
  Authority authority = split_authority(url.substr(0, authority_bytes));
  if (authority.host.empty()) return std::nullopt;
  parts.host = authority.host;
  if (parts.host.front() == '[') parts.host = parts.host.substr(1, parts.host.size() - 2);
  parts.port = parts.tls ? 443 : 80;
  if (!authority.port.empty()) {
    auto port = base::parse_decimal(authority.port);
    if (!port || *port < 1 || *port > UINT16_MAX) return std::nullopt;
    parts.port = uint16_t(*port);
  }
  parts.path = url.substr(authority_bytes);
  if (parts.path.empty()) parts.path = "/";
  if (parts.path[0] == '?') return std::nullopt;  // its path would have to be made, and a view makes nothing
  return parts;
}

std::string_view host_of(std::string_view host_field) { return split_authority(host_field).host; }

void append_encoded(std::string& path, std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  constexpr std::string_view marks = "-._~@!$'()*,;=:";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const char low = base::lower(c);
    if ((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || marks.find(c) != marks.npos) {
      path += c;
    } else {
      path += '%';
      path += digits[byte >> 4];
      path += digits[byte & 15];
    }
  }
}

std::string_view without_models(std::string_view model) {
  constexpr std::string_view prefix = "models/";
  return model.substr(0, prefix.size()) == prefix ? model.substr(prefix.size()) : model;
}

std::string decode_percent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    int high = -1;
    int low = -1;
    if (text[i] == '%' && i + 2 < text.size()) {
      high = base::hex_value(text[i + 1]);
      low = base::hex_value(text[i + 2]);
    }
    if (high >= 0 && low >= 0) {
      out += char(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace signalbox::http
