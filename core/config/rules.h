// What a single text of the configuration must look like. Each rule answers with an empty string when
// the text keeps it, else with what to do about it, as in "must be ...". No rule repeats the text: it
// may hold a secret in the wrong place.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::config {

using TextRule = std::string (*)(std::string_view text);

// A provider, credential or client key: letters, digits, '.', '_', '-', at most 64. No '/', which
// parts provider and model in a target, and nothing a header value could not carry.
std::string rule_name(std::string_view text);

// A models entry: as a name, but may also hold '/', ':', '@' and 128 bytes, as real models' names do.
std::string rule_model_name(std::string_view text);

// What an upstream calls its model: printable ASCII, at most 256 bytes.
std::string rule_upstream_model(std::string_view text);

// A pattern over models' names: printable ASCII, at most 128 bytes.
std::string rule_pattern(std::string_view text);

// Words of an error, with '*' between: no control characters, at most 256 bytes, and not '*' alone.
std::string rule_error_pattern(std::string_view text);

// http or https, a host, no user, no query, no fragment (translation.md section 1 joins paths to it).
std::string rule_base_url(std::string_view text);

// http, https or socks5 proxy with a host and nothing behind the port.
std::string rule_proxy(std::string_view text);

// "127.0.0.1:8484", "[::1]:8484", "localhost:8484"; port 0 asks the system for a free one.
std::string rule_listen(std::string_view text);

// An address or a network, IPv4 or IPv6: "203.0.113.7", "10.0.0.0/8", "2001:db8::/32".
std::string rule_network(std::string_view text);

// A Host name without scheme, port or path.
std::string rule_host(std::string_view text);

// "https://ui.example" or "http://localhost:3000": scheme, host, perhaps a port, nothing more.
std::string rule_origin(std::string_view text);

// A path without NUL or line breaks.
std::string rule_path(std::string_view text);

// Names, indices and '*' with dots between, not `model` or `stream`, at most twelve and 256 bytes.
std::string rule_rewrite_path(std::string_view text);

// One name of such a path.
std::string rule_rewrite_name(std::string_view text);

// RFC 9110 section 5.1 token that is neither the gateway's own business nor a credential.
std::string rule_header_name(std::string_view text);

// The same of a header that a rule looks at: it may be the gateway's own business, and is no credential.
std::string rule_matched_header(std::string_view text);

// RFC 9110 section 5.5: no CR, LF or NUL, no other control character but tab.
std::string rule_header_value(std::string_view text);

// What is wrong with an address to listen on that is not loopback when there are no client keys.
inline constexpr std::string_view open_listen_fault =
    "is open to others, so that server.client_keys is required; or listen on 127.0.0.1";

// Whether a listen address that keeps rule_listen is reachable from this machine alone.
bool is_loopback(std::string_view listen);

// Whether `text` is one whole "${NAME}"; `name` then views it.
bool is_variable(std::string_view text, std::string_view& name);

}  // namespace signalbox::config
