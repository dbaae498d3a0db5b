#include "auth/client_auth.h"

#include "base/sha256.h"
#include "http/header_list.h"

namespace signalbox::auth {
namespace {

using http::equals_ignoring_case;

constexpr std::string_view own_header = "x-signalbox-key";
constexpr std::string_view shared_headers[] = {"x-api-key", "authorization", "x-goog-api-key", "api-key"};

// The key in an Authorization field, whose scheme is compared without regard to case (RFC 9110 section
// 11.1); empty for another scheme.
std::string_view bearer_token(std::string_view value) {
  constexpr std::string_view scheme = "bearer";
  if (value.size() <= scheme.size() || !equals_ignoring_case(value.substr(0, scheme.size()), scheme)) return {};
  std::string_view rest = value.substr(scheme.size());
  return rest[0] == ' ' || rest[0] == '\t' ? http::trim(rest) : std::string_view();
}

class Search {
 public:
  explicit Search(const std::vector<ClientKey>& keys) : keys_(keys) {}

  // Compares what every field called `name` shows with every key.
  void look(std::span<const Header> headers, std::string_view name) {
    for (const Header& header : headers) {
      if (!equals_ignoring_case(header.name, name)) continue;
      std::string_view shown = http::trim(header.value);
      if (name == "authorization") shown = bearer_token(shown);
      if (!shown.empty()) compare(shown, name);
    }
  }

  // Compares what is shown elsewhere, at `place`; empty shows nothing.
  void look_at(std::string_view shown, std::string_view place) {
    if (!shown.empty()) compare(shown, place);
  }

  AuthResult result() const { return result_; }

 private:
  void compare(std::string_view shown, std::string_view name) {
    if (result_.outcome == AuthResult::Outcome::missing) result_.outcome = AuthResult::Outcome::wrong;
    const Sha256 digest = base::sha256(shown);
    const ClientKey* match = nullptr;
    for (const ClientKey& key : keys_) match = base::equal_constant_time(digest, key.digest) ? &key : match;
    if (match && result_.outcome != AuthResult::Outcome::matched)
      result_ = {AuthResult::Outcome::matched, match->name, name};
  }

  const std::vector<ClientKey>& keys_;
  AuthResult result_;
};

}  // namespace

AuthResult authenticate(std::span<const Header> headers, const std::vector<ClientKey>& keys,
                        std::string_view query_key) {
  if (keys.empty()) return {AuthResult::Outcome::open, {}, {}};
  Search search(keys);
  if (http::find(headers, own_header)) {
    search.look(headers, own_header);
  } else {
    for (std::string_view name : shared_headers) search.look(headers, name);
    search.look_at(query_key, "?key");
  }
  return search.result();
}

bool shows_key(const Header& header, const std::vector<ClientKey>& keys) {
  Search search(keys);
  search.look({&header, 1}, own_header);
  for (std::string_view name : shared_headers) search.look({&header, 1}, name);
  return search.result().outcome == AuthResult::Outcome::matched;
}

}  // namespace signalbox::auth
