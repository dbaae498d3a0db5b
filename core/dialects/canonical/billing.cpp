#include "dialects/canonical/billing.h"

#include <string_view>

namespace signalbox::canonical {
namespace {

constexpr std::string_view mark = "x-anthropic-billing-header:";

// How many bytes of `text` a line end takes at its beginning; 0 when there is none.
size_t line_end_bytes(std::string_view text) {
  if (text.substr(0, 2) == "\\n" || text.substr(0, 2) == "\\r") return 2;
  if (json::equals(text.substr(0, 6), "\n") || json::equals(text.substr(0, 6), "\r")) return 6;
  return 0;
}

}  // namespace

json::Escaped without_billing(json::Escaped text) {
  std::string_view rest = text.inside;
  if (rest.substr(0, mark.size()) != mark) return text;
  while (!rest.empty() && line_end_bytes(rest) == 0) {
    // Only a whole escape may be passed over: in "\\n" the second byte begins none.
    rest.remove_prefix(rest.front() == '\\' && rest.size() > 1 ? 2 : 1);
  }
  while (const size_t bytes = line_end_bytes(rest)) rest.remove_prefix(bytes);
  return {rest};
}

}  // namespace signalbox::canonical
