// Questions about a list of header fields. Nothing here owns or copies anything: what comes out points
// into what went in. Names compare without regard to case (RFC 9110 section 5.1).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/text.h"
#include "signalbox/header.h"

namespace signalbox::http {

using base::equals_ignoring_case;

// `text` without the spaces and tabs around it (OWS, RFC 9110 section 5.6.3).
std::string_view trim(std::string_view text);

// The first field called `name`, or null.
const Header* find(std::span<const Header> headers, std::string_view name);

// The members of a comma-separated field value, trimmed; empty members are skipped (RFC 9110 section
// 5.6.1). `while (list.next(item)) ...`. Not for values with quoted commas.
class TokenList {
 public:
  explicit TokenList(std::string_view value) : rest_(value) {}
  // The next member into `item`; false, and `item` untouched, when there are no more.
  bool next(std::string_view& item);

 private:
  std::string_view rest_;
};

// Whether the comma-separated `value` has the member `token`, whatever its case.
bool lists_token(std::string_view value, std::string_view token);

// Whether the field speaks about one connection only and is never sent on (RFC 9110 section 7.6.1,
// with the credentials for a proxy of section 11.7).
bool is_hop_by_hop(std::string_view name);

// The field names that a message's Connection fields list and that are therefore not sent on. Built
// once for a message; views into its headers.
class ConnectionOptions {
 public:
  // An honest message names two or three. One that names more than this is taken to name everything,
  // so that a hostile list cannot make each header cost a walk over thousands of names.
  static constexpr size_t names_max = 16;

  explicit ConnectionOptions(std::span<const Header> headers);
  bool names(std::string_view name) const;

 private:
  std::string_view names_[names_max];
  size_t count_ = 0;
  bool too_many_ = false;
};

}  // namespace signalbox::http
