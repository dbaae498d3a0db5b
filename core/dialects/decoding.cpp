#include "dialects/decoding.h"

#include <string>

#include "base/arena.h"

namespace signalbox::dialects {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::string_view plain(json::Escaped text, canonical::Deltas& out) {
  if (text.inside.find('\\') == std::string_view::npos) return text.inside;
  std::string unescaped;
  json::unescape(text, unescaped);
  return out.keep(unescaped);
}

Fault fault_of(const DialectRow& dialect, std::string_view error, const canonical::DecodeContext& context) {
  // A sentence for a person, of which the beginning is enough.
  constexpr size_t detail_bytes_max = 1000;
  Arena arena;
  const routing::UpstreamError told = dialect.read_error(error, arena);
  Fault fault{routing::kind_of(told, context.credential, context.model_named), {}};
  // Upstreams name the key they refuse.
  if (fault.kind != FaultKind::upstream_credential_refused) fault.detail = told.message.substr(0, detail_bytes_max);
  return fault;
}

}  // namespace signalbox::dialects
