#include "auth/client_auth.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/sha256.h"

using signalbox::ClientKey;
using signalbox::Header;
using namespace signalbox;
using namespace signalbox::auth;
using Outcome = AuthResult::Outcome;

namespace {

const std::vector<ClientKey> keys = {{"laptop", base::sha256("sb-one")}, {"ci", base::sha256("sb-two")}};

AuthResult ask(std::vector<Header> headers) { return authenticate(headers, keys); }

}  // namespace

TEST_CASE("auth: without keys the door is open") {
  std::vector<Header> headers = {{"x-api-key", "anything"}};
  AuthResult result = authenticate(headers, {});
  CHECK(result.outcome == Outcome::open);
  CHECK(result.allowed());
}

TEST_CASE("auth: each field a client may show its key in") {
  struct Case {
    Header header;
    const char* name;
    const char* shown_in;
  };
  for (const Case& it : {Case{{"X-Api-Key", "sb-one"}, "laptop", "x-api-key"},
                         Case{{"Authorization", "Bearer sb-two"}, "ci", "authorization"},
                         Case{{"authorization", "  bEARER \t sb-two "}, "ci", "authorization"},
                         Case{{"x-goog-api-key", " sb-one"}, "laptop", "x-goog-api-key"},
                         Case{{"Api-Key", "sb-one"}, "laptop", "api-key"},
                         Case{{"X-Signalbox-Key", "sb-two"}, "ci", "x-signalbox-key"}}) {
    INFO(it.header.name << ": " << it.header.value);
    AuthResult result = ask({{"accept", "*/*"}, it.header});
    CHECK(result.outcome == Outcome::matched);
    CHECK(result.key_name == it.name);
    CHECK(result.header == it.shown_in);
    CHECK(result.allowed());
  }
}

TEST_CASE("auth: a key in the query") {
  const std::vector<Header> none;
  CHECK(authenticate(none, keys, "sb-one").outcome == Outcome::matched);
  CHECK(authenticate(none, keys, "sb-one").header == "?key");
  CHECK(authenticate(none, keys, "sb-three").outcome == Outcome::wrong);
  CHECK(authenticate(none, keys, "").outcome == Outcome::missing);
  const std::vector<Header> own = {{"x-signalbox-key", "wrong"}};
  CHECK(authenticate(own, keys, "sb-one").outcome == Outcome::wrong);
}

TEST_CASE("auth: nothing shown, and something wrong") {
  CHECK(ask({}).outcome == Outcome::missing);
  CHECK(ask({{"x-api-key", "  "}}).outcome == Outcome::missing);
  CHECK(ask({{"authorization", "Basic sb-one"}}).outcome == Outcome::missing);
  CHECK(ask({{"authorization", "Bearer"}}).outcome == Outcome::missing);
  CHECK(ask({{"authorization", "Bearersb-one"}}).outcome == Outcome::missing);
  CHECK(ask({{"authorization", "sb-one"}}).outcome == Outcome::missing);
  CHECK(ask({{"x-api-key", "sb-three"}}).outcome == Outcome::wrong);
  CHECK(ask({{"x-api-key", "SB-ONE"}}).outcome == Outcome::wrong);
  CHECK_FALSE(ask({{"x-api-key", "sb-three"}}).allowed());
  CHECK_FALSE(ask({}).allowed());
}

TEST_CASE("auth: one right key among wrong ones is enough") {
  AuthResult result = ask({{"x-api-key", "wrong"}, {"authorization", "Bearer sb-two"}, {"x-goog-api-key", "wrong"}});
  CHECK(result.outcome == Outcome::matched);
  CHECK(result.header == "authorization");
  CHECK(ask({{"x-api-key", "wrong"}, {"x-api-key", "sb-one"}}).outcome == Outcome::matched);
}

TEST_CASE("auth: x-signalbox-key alone counts where it is present") {
  CHECK(ask({{"x-signalbox-key", "wrong"}, {"x-api-key", "sb-one"}}).outcome == Outcome::wrong);
  CHECK(ask({{"x-signalbox-key", ""}, {"x-api-key", "sb-one"}}).outcome == Outcome::missing);
  AuthResult result = ask({{"x-api-key", "sk-the-provider's"}, {"x-signalbox-key", "sb-one"}});
  CHECK(result.outcome == Outcome::matched);
  CHECK(result.header == "x-signalbox-key");
}

TEST_CASE("auth: a key of ours is known in every field") {
  for (const Header& header : std::vector<Header>{{"x-api-key", "sb-one"},
                                                  {"Authorization", "Bearer sb-two"},
                                                  {"x-goog-api-key", "sb-one"},
                                                  {"x-signalbox-key", "sb-one"}})
    CHECK(shows_key(header, keys));
  CHECK_FALSE(shows_key({"authorization", "Bearer sk-the-provider's"}, keys));
  CHECK_FALSE(shows_key({"authorization", "sb-one"}, keys));
  CHECK_FALSE(shows_key({"accept", "sb-one"}, keys));
  CHECK_FALSE(shows_key({"x-api-key", "sb-one"}, {}));
}
