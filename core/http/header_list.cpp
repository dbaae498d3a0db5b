#include "http/header_list.h"

namespace signalbox::http {
namespace {

constexpr bool blank(char byte) { return byte == ' ' || byte == '\t'; }

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

const Header* find(std::span<const Header> headers, std::string_view name) {
  for (const Header& header : headers)
    if (equals_ignoring_case(header.name, name)) return &header;
  return nullptr;
}

bool TokenList::next(std::string_view& item) {
  while (!rest_.empty()) {
    size_t comma = rest_.find(',');
    std::string_view token = trim(rest_.substr(0, comma));
    rest_ = comma == std::string_view::npos ? std::string_view() : rest_.substr(comma + 1);
    if (token.empty()) continue;
    item = token;
    return true;
  }
  return false;
}

bool lists_token(std::string_view value, std::string_view token) {
  TokenList list(value);
  std::string_view item;
  while (list.next(item))
    if (equals_ignoring_case(item, token)) return true;
  return false;
}

bool is_hop_by_hop(std::string_view name) {
  switch (name.size()) {
    case 2: return equals_ignoring_case(name, "te");
    case 7: return equals_ignoring_case(name, "trailer") || equals_ignoring_case(name, "upgrade");
    case 10: return equals_ignoring_case(name, "connection") || equals_ignoring_case(name, "keep-alive");
    case 14: return equals_ignoring_case(name, "http2-settings");  // belongs to an Upgrade (RFC 7540 section 3.2.1)
    case 16: return equals_ignoring_case(name, "proxy-connection");
    case 17: return equals_ignoring_case(name, "transfer-encoding");
    case 18: return equals_ignoring_case(name, "proxy-authenticate");
    case 19: return equals_ignoring_case(name, "proxy-authorization");
    default: return false;
  }
}

ConnectionOptions::ConnectionOptions(std::span<const Header> headers) {
  for (const Header& header : headers) {
    if (!equals_ignoring_case(header.name, "connection")) continue;
    TokenList list(header.value);
    std::string_view item;
    while (list.next(item)) {
      // The two everybody sends are no fields that go on anyway.
      if (equals_ignoring_case(item, "keep-alive") || equals_ignoring_case(item, "close")) continue;
      if (count_ == names_max) {
        too_many_ = true;
        return;
      }
      names_[count_++] = item;
    }
  }
}

bool ConnectionOptions::names(std::string_view name) const {
  if (too_many_) return true;
  for (size_t i = 0; i < count_; ++i)
    if (equals_ignoring_case(names_[i], name)) return true;
  return false;
}

}  // namespace signalbox::http
