// The headers with which a lane is asked.
#include <algorithm>

#include "auth/client_auth.h"
#include "base/text.h"
#include "exchange/machine.h"
#include "http/forward.h"
#include "http/header_list.h"

namespace signalbox::exchange {

// What a request in another dialect than the client's carries: the client's own headers speak of a
// protocol that is not spoken here.
std::span<const Header> Machine::translated_headers(const Provider& to) {
  const dialects::DialectRow& dialect = upstream_dialect();
  // In the client's own dialect its credential is understood all the same.
  const bool passes_own = to.dialect == endpoint_.shape && attempt_.lane().credential.empty();
  const std::span<const Header> own = passes_own ? head_.headers : std::span<const Header>();
  std::span<Header> headers = arena_.array<Header>(3 + dialect.request_headers.size() + own.size() + to.headers.size());
  size_t filled = 0;
  auto add = [&](const Header& header) {
    for (const ExtraHeader& extra : to.headers)
      if (http::equals_ignoring_case(extra.name, header.name)) return;
    headers[filled++] = header;
  };
  add({"content-type", "application/json"});
  add({"accept", decision_.facts.streamed ? "text/event-stream" : "application/json"});
  add({"accept-encoding", "identity"});
  for (const Header& header : dialect.request_headers) add(header);
  for (const Header& header : own)
    if (passes_credential(to, header)) add(header);
  for (const ExtraHeader& extra : to.headers) headers[filled++] = {extra.name, extra.value};
  return headers.first(filled);
}

// Of the features that a client asks for, those that `to` allows: all where it names none.
std::string_view Machine::allowed_features(const Provider& to, std::string_view asked) {
  if (to.beta_allow.empty()) return asked;
  std::string allowed;
  http::TokenList list(asked);
  for (std::string_view name; list.next(name);) {
    const bool one = std::any_of(to.beta_allow.begin(), to.beta_allow.end(),
                                 [&](const std::string& pattern) { return base::matches(pattern, name); });
    if (!one) continue;
    if (!allowed.empty()) allowed += ',';
    allowed += name;
  }
  return arena_.copy(allowed);
}

// The client's own credential goes on only where the configuration says so; a key of ours never does, in whichever field
// it stands.
bool Machine::passes_credential(const Provider& to, const Header& header) const {
  const Server& server = config_->server;
  return to.passthrough && http::is_client_credential(header.name) && !auth::shows_key(header, server.client_keys) &&
         !auth::shows_key(header, server.admin_keys);
}

// The client's headers less what is not the upstream's business, then what the configuration adds.
std::span<const Header> Machine::forwarded_headers(const Provider& to, CredentialPlace place) {
  std::span<Header> headers = arena_.array<Header>(head_.headers.size() + to.headers.size() + 1);
  size_t filled = 0;
  const http::ConnectionOptions options(head_.headers);
  const std::string_view features = upstream_dialect().feature_header;
  for (const Header& header : head_.headers) {
    bool overridden = false;
    for (const ExtraHeader& extra : to.headers)
      overridden = overridden || http::equals_ignoring_case(extra.name, header.name);
    if (overridden) continue;
    const bool own_credential = place == CredentialPlace::none && passes_credential(to, header);
    if (!own_credential && !http::forwards_to_upstream(header, options)) continue;
    headers[filled] = header;
    if (!features.empty() && http::equals_ignoring_case(header.name, features))
      headers[filled].value = allowed_features(to, header.value);
    if (!headers[filled].value.empty() || header.value.empty()) ++filled;
  }
  for (const ExtraHeader& extra : to.headers) headers[filled++] = {extra.name, extra.value};
  // The core reads the answer as it goes by, and hosts decode nothing yet; what it does not read may come
  // in whatever coding the client takes.
  const bool unread = accounting() == Accounting::off;
  const Header* accepted = unread ? http::find(head_.headers, "accept-encoding") : nullptr;
  headers[filled++] = accepted ? *accepted : Header{"accept-encoding", "identity"};
  return headers.first(filled);
}

}  // namespace signalbox::exchange
