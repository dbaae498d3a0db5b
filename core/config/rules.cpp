#include "config/rules.h"

#include "base/address.h"
#include "base/text.h"

namespace signalbox::config {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool made_of(std::string_view text, std::string_view punctuation) {
  for (char c : text) {
    if (!is_letter(c) && !is_digit(c) && !is_one_of(c, punctuation)) return false;
  }
  return !text.empty();
}

bool printable(std::string_view text) {
  for (char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// "host", "host:port", "[v6]:port" in parts. `has_port` tells "host:" (an empty port) from "host".
struct Authority {
  bool good = false;
  bool bracketed = false;
  bool has_port = false;
  std::string_view host;
  std::string_view port;
};

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  uint32_t value = 0;
  for (char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + uint32_t(c - '0');
  }
  return value <= 65535;
}

Authority parse_authority(std::string_view text) {
  Authority out;
  std::string_view rest;
  if (starts_with(text, "[")) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return out;
    out.bracketed = true;
    out.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
    if (!made_of(out.host, ":.%")) return out;
  } else {
    const size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
    if (!made_of(out.host, "-._")) return out;
  }
  if (!rest.empty()) {
    if (rest[0] != ':' || !is_port(rest.substr(1))) return out;
    out.has_port = true;
    out.port = rest.substr(1);
  }
  out.good = true;
  return out;
}

// Takes one of the schemes (with "://") off the front.
bool take_scheme(std::string_view& text, std::string_view a, std::string_view b, std::string_view c) {
  for (std::string_view scheme : {a, b, c}) {
    if (!scheme.empty() && base::begins_ignoring_case(text, scheme)) {
      text.remove_prefix(scheme.size());
      return true;
    }
  }
  return false;
}

bool is_credential_header(std::string_view name) {
  for (std::string_view credential :
       {"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "proxy-authorization"}) {
    if (base::equals_ignoring_case(name, credential)) return true;
  }
  return false;
}

}  // namespace

std::string rule_name(std::string_view text) {
  if (text.size() <= 64 && made_of(text, "._-")) return {};
  return "must be 1 to 64 letters, digits, '.', '_' and '-'";
}

std::string rule_model_name(std::string_view text) {
  if (text.size() <= 128 && made_of(text, "._-/:@+[]")) return {};
  return "must be 1 to 128 letters, digits and '._-/:@+[]'";
}

std::string rule_upstream_model(std::string_view text) {
  if (!text.empty() && text.size() <= 256 && printable(text)) return {};
  return "must be a model's name of 1 to 256 printable ASCII characters";
}

std::string rule_pattern(std::string_view text) {
  if (!text.empty() && text.size() <= 128 && printable(text)) return {};
  return "must be a pattern of 1 to 128 printable ASCII characters, in which '*' stands for any run";
}

std::string rule_error_pattern(std::string_view text) {
  bool good = text.size() <= 256 && text.find_first_not_of('*') != text.npos;
  for (char c : text) good = good && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  return good ? std::string() : "must be 1 to 256 bytes of what an error says, in which '*' stands for any run";
}

std::string rule_base_url(std::string_view text) {
  if (!printable(text) || is_one_of(' ', text)) return "must be a URL without spaces and control characters";
  std::string_view rest = text;
  if (!take_scheme(rest, "https://", "http://", "")) return "must begin with http:// or https://";
  if (rest.find('#') != std::string_view::npos) return "must not hold a fragment ('#')";
  if (rest.find('?') != std::string_view::npos) return "must not hold a query ('?'); keys go into credentials";
  const std::string_view authority = rest.substr(0, rest.find('/'));
  if (authority.find('@') != std::string_view::npos) return "must not hold a user or password; use credentials";
  if (!parse_authority(authority).good) return "must name a host, with or without a port, after the scheme";
  return {};
}

std::string rule_proxy(std::string_view text) {
  std::string_view rest = text;
  if (!take_scheme(rest, "http://", "https://", "socks5://") && !take_scheme(rest, "socks5h://", "", "")) {
    return "must begin with http://, https://, socks5:// or socks5h://";
  }
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (rest.find('@') != std::string_view::npos) {
    return "must not hold a user or password: the configuration keeps no secret of a proxy";
  }
  if (!parse_authority(rest).good) return "must be scheme, host and port, as in http://127.0.0.1:3128";
  return {};
}

std::string rule_listen(std::string_view text) {
  const Authority parts = parse_authority(text);
  if (!parts.good || !parts.has_port) return "must be an address and a port, as in 127.0.0.1:8484 or [::1]:8484";
  return {};
}

std::string rule_network(std::string_view text) {
  if (base::parse_network(text)) return {};
  return "must be an address or a network, as in 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32, with nothing but zeros "
         "behind "
         "the network's length";
}

std::string rule_host(std::string_view text) {
  const Authority parts = parse_authority(text);
  if (!parts.good || parts.has_port) return "must be a host's name alone, without scheme, port or path";
  return {};
}

std::string rule_origin(std::string_view text) {
  if (text == "*") return "must name one origin; every web page in the world is too many";
  std::string_view rest = text;
  if (!take_scheme(rest, "https://", "http://", "") || !parse_authority(rest).good) {
    return "must be an origin: scheme and host, as in https://ui.example, without a path";
  }
  return {};
}

std::string rule_path(std::string_view text) {
  if (text.empty()) return "must not be empty";
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "must not hold control characters";
  }
  return {};
}

std::string rule_rewrite_name(std::string_view text) {
  if (text.size() <= 128 && made_of(text, "_-$@:/")) return {};
  return "must be a member's name: 1 to 128 letters, digits and '_-$@:/'";
}

std::string rule_rewrite_path(std::string_view text) {
  constexpr size_t parts_max = 12;
  if (text.size() > 256) return "must be at most 256 bytes";
  std::string_view rest = text;
  for (size_t parts = 1;; ++parts) {
    const size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    if (part != "*" && !rule_rewrite_name(part).empty())
      return "must be a path: names of members, indices and '*', with dots between, as in tools.*.strict";
    if (parts > parts_max) return "must have no more than 12 parts";
    if (dot == rest.npos) break;
    rest.remove_prefix(dot + 1);
  }
  const std::string_view first = text.substr(0, text.find('.'));
  if (first == "model") return "must not name the model: upstream_model says what it is called";
  if (first == "stream") return "must not name stream, which is the client's to say";
  if (first == "*") return "must begin with a name: '*' would take in model and stream";
  return {};
}

std::string rule_header_name(std::string_view text) {
  if (text.size() > 256 || !made_of(text, "!#$%&'*+-.^_`|~")) return "is not a header's name";
  for (std::string_view own :
       {"host", "content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "te", "trailer",
        "upgrade", "expect", "accept-encoding", "proxy-connection", "request-id"}) {
    if (base::equals_ignoring_case(text, own)) return "is a header that the gateway sets itself";
  }
  if (base::begins_ignoring_case(text, "x-signalbox-")) return "is a header that the gateway sets itself";
  if (is_credential_header(text)) return "carries a credential: those go into credentials, where no log finds them";
  return {};
}

std::string rule_matched_header(std::string_view text) {
  if (text.size() > 256 || !made_of(text, "!#$%&'*+-.^_`|~")) return "is not a header's name";
  if (is_credential_header(text) || base::equals_ignoring_case(text, "x-signalbox-key"))
    return "carries a credential: a rule knows clients by client_key";
  return {};
}

std::string rule_header_value(std::string_view text) {
  if (text.size() > 4096) return "must be at most 4096 bytes";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return "must not hold line breaks or other control characters";
  }
  if (!text.empty() && (is_one_of(text.front(), " \t") || is_one_of(text.back(), " \t"))) {
    return "must not begin or end with a space";
  }
  return {};
}

bool is_loopback(std::string_view listen) {
  const Authority parts = parse_authority(listen);
  if (!parts.good) return false;
  if (parts.bracketed) return parts.host == "::1";
  if (base::equals_ignoring_case(parts.host, "localhost")) return true;
  // 127.0.0.0/8, and only when it is an address: 127.example.com is a name.
  if (!starts_with(parts.host, "127.")) return false;
  uint32_t dots = 0;
  for (char c : parts.host) {
    if (c == '.') {
      ++dots;
    } else if (!is_digit(c)) {
      return false;
    }
  }
  return dots == 3;
}

bool is_variable(std::string_view text, std::string_view& name) {
  if (text.size() < 4 || !starts_with(text, "${") || text.back() != '}') return false;
  const std::string_view inside = text.substr(2, text.size() - 3);
  if (!made_of(inside, "_") || is_digit(inside[0])) return false;
  name = inside;
  return true;
}

}  // namespace signalbox::config
