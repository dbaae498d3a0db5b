// Addresses, the account of a client, and the ledger of all: bounds that hold whatever comes.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/address.h"
#include "limits/client_address.h"
#include "limits/ledger.h"

using namespace signalbox;
using limits::Account;
using limits::Ledger;

namespace {

Address at(std::string_view text) {
  const auto address = base::parse_address(text);
  REQUIRE(address);
  return *address;
}

Network net(std::string_view text) {
  const auto network = base::parse_network(text);
  REQUIRE(network);
  return *network;
}

Now ms(int64_t monotonic) { return {monotonic, 1'700'000'000'000 + monotonic}; }

constexpr std::array<uint8_t, 16> no_seed{};

Address numbered(uint32_t n) {
  Address address = at("2001:db8::");
  for (int i = 0; i < 4; ++i) address.bytes[size_t(4 + i)] = uint8_t(n >> (24 - 8 * i));
  return address;
}

}  // namespace

TEST_CASE("addresses: what every program reads alike, and nothing else") {
  CHECK(at("203.0.113.7") == at("::ffff:203.0.113.7"));
  CHECK(at("::ffff:cb00:7107") == at("203.0.113.7"));
  CHECK(at("2001:DB8::1") == at("2001:db8:0:0:0:0:0:1"));
  CHECK(at("1:2:3:4:5:6:7::").bytes[13] == 7);
  CHECK(at("::1").bytes[15] == 1);
  CHECK(at("64:ff9b::192.0.2.33").bytes[12] == 192);
  for (std::string_view bad : {"",
                               "1.2.3",
                               "1.2.3.4.5",
                               "01.2.3.4",
                               "256.1.1.1",
                               "1.2.3.4 ",
                               "0x7f.0.0.1",
                               "2130706433",
                               "localhost",
                               "::",
                               ":1",
                               "1:",
                               "1::2::3",
                               "1:2:3:4:5:6:7:8:9",
                               "1:2:3:4:5:6:7",
                               "12345::",
                               "g::",
                               "fe80::1%eth0",
                               "::1.2.3",
                               "1.2.3.4::",
                               "1:2:3:4:5:6:7:1.2.3.4",
                               "1:2:3:4:5:6:7:8::",
                               ":::",
                               "[::1]"}) {
    INFO(bad);
    CHECK_FALSE(base::parse_address(bad));
  }
}

TEST_CASE("addresses: what proxies put around one") {
  for (std::string_view same :
       {"203.0.113.7", " 203.0.113.7\t", "203.0.113.7:80", "\"203.0.113.7:80\"", "[::ffff:203.0.113.7]:80"}) {
    INFO(same);
    CHECK(base::parse_forwarded(same) == at("203.0.113.7"));
  }
  CHECK(base::parse_forwarded("[2001:db8::1]") == at("2001:db8::1"));
  for (std::string_view bad :
       {"unknown", "_hidden", "203.0.113.7:", "203.0.113.7:70000", "[2001:db8::1", "[::1]x", "", "\""})
    CHECK_FALSE(base::parse_forwarded(bad));
}

TEST_CASE("networks") {
  CHECK(base::contains(net("10.0.0.0/8"), at("10.255.0.1")));
  CHECK_FALSE(base::contains(net("10.0.0.0/8"), at("11.0.0.0")));
  CHECK(base::contains(net("10.0.0.0/8"), at("::ffff:10.1.2.3")));
  CHECK(base::contains(net("203.0.113.64/26"), at("203.0.113.127")));
  CHECK_FALSE(base::contains(net("203.0.113.64/26"), at("203.0.113.128")));
  CHECK(base::contains(net("2001:db8::/33"), at("2001:db8:7fff::1")));
  CHECK_FALSE(base::contains(net("2001:db8::/33"), at("2001:db8:8000::1")));
  CHECK(base::contains(net("::/0"), at("203.0.113.7")));
  CHECK(base::contains(net("0.0.0.0/0"), at("203.0.113.7")));
  CHECK_FALSE(base::contains(net("0.0.0.0/0"), at("2001:db8::1")));
  CHECK_FALSE(base::contains(net("203.0.113.7"), at("203.0.113.6")));
  for (std::string_view bad : {"10.0.0.7/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "::/129", "2001:db8::1/64",
                               "/8", "x/8", "10.0.0.0/-1"}) {
    INFO(bad);
    CHECK_FALSE(base::parse_network(bad));
  }
  CHECK(base::client_part(at("2001:db8:1:2:3:4:5:6")) == at("2001:db8:1:2::"));
  CHECK(base::client_part(at("203.0.113.7")) == at("203.0.113.7"));
}

TEST_CASE("client address: only a trusted proxy's word counts, from the end of the list") {
  Clients clients;
  clients.trusted = {net("10.0.0.0/8")};
  Capabilities can;
  const auto from = [&](std::string_view peer, std::vector<Header> headers) {
    return limits::client_address(headers, peer.empty() ? Address{} : at(peer), can, clients);
  };
  CHECK(from("192.0.2.1", {{"x-forwarded-for", "1.1.1.1"}}) == at("192.0.2.1"));
  CHECK(from("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}}) == at("1.1.1.1"));
  CHECK(from("10.0.0.1", {{"x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.9.9.9"}}) == at("1.1.1.1"));
  CHECK(from("10.0.0.1", {{"x-forwarded-for", "6.6.6.6"}, {"x-forwarded-for", "1.1.1.1"}}) == at("1.1.1.1"));
  CHECK(from("10.0.0.1", {{"x-forwarded-for", "10.0.0.3,10.0.0.2"}}) == at("10.0.0.3"));
  CHECK(from("10.0.0.1", {{"x-forwarded-for", "6.6.6.6, made up"}}) == at("10.0.0.1"));
  CHECK(from("10.0.0.1", {{"x-forwarded-for", ""}}) == at("10.0.0.1"));
  CHECK(from("10.0.0.1", {}) == at("10.0.0.1"));
  CHECK_FALSE(from("", {{"x-forwarded-for", "1.1.1.1"}, {"cf-connecting-ip", "1.1.1.1"}}).known());
  CHECK(from("10.0.0.1", {{"cf-connecting-ip", "1.1.1.1"}}) == at("10.0.0.1"));

  clients.address_header = AddressHeader::cf_connecting_ip;
  CHECK(from("10.0.0.1", {{"cf-connecting-ip", "1.1.1.1"}}) == at("1.1.1.1"));
  CHECK(from("10.0.0.1", {{"cf-connecting-ip", "1.1.1.1"}, {"CF-Connecting-IP", "2.2.2.2"}}) == at("10.0.0.1"));
  CHECK(from("192.0.2.1", {{"cf-connecting-ip", "1.1.1.1"}}) == at("192.0.2.1"));

  can.address_header = "cf-connecting-ip";
  CHECK(from("", {{"cf-connecting-ip", "1.1.1.1"}}) == at("1.1.1.1"));
  // Where the host is told by its socket, the platform's header is nothing but a client's.
  CHECK(from("192.0.2.1", {{"cf-connecting-ip", "1.1.1.1"}}) == at("192.0.2.1"));
}

TEST_CASE("account: the bucket fills exactly, and neither time nor configuration takes it out of its bounds") {
  ClientLimits limits;
  limits.requests_per_minute = 60;
  limits.burst = 2;
  Account account;
  const auto asks = [&](int64_t at_ms) {
    const bool free = account.in_the_way(limits, ms(at_ms)).of == ClientLimit::none;
    if (free) account.take(limits);
    return free;
  };
  CHECK(asks(1000));
  CHECK(asks(1000));
  CHECK_FALSE(asks(1000));
  CHECK(account.wait_ms(ClientLimit::rate, limits, ms(1000)) == 1000);
  // Asking all the time wins nothing and loses nothing.
  for (int64_t t = 1001; t < 2000; ++t) CHECK_FALSE(asks(t));
  CHECK(asks(2000));
  CHECK_FALSE(asks(2999));
  CHECK_FALSE(asks(1));  // a clock that goes back fills nothing
  CHECK(asks(3000));
  CHECK(asks(INT64_MAX / 2));
  CHECK(account.nearest(limits, ms(INT64_MAX / 2)).remaining == 1);
  limits.burst = 1;
  account.refresh(limits, ms(INT64_MAX / 2));
  CHECK(account.nearest(limits, ms(INT64_MAX / 2)).limit == 1);
  CHECK(account.nearest(limits, ms(INT64_MAX / 2)).remaining == 1);
}

TEST_CASE("account: the longest of several waits is told") {
  ClientLimits limits;
  limits.requests_per_minute = 60;
  limits.burst = 1;
  limits.window_requests_max = 1;
  Account account;
  REQUIRE(account.in_the_way(limits, ms(0)).of == ClientLimit::none);
  account.take(limits);
  const auto standing = account.in_the_way(limits, ms(0));
  CHECK(standing.of == ClientLimit::window_requests);
  CHECK(account.wait_ms(standing.of, limits, ms(0)) == 3'600'000 - 1'700'000'000'000 % 3'600'000);
}

TEST_CASE("ledger: tokens are set aside, and corrected in the window that began them") {
  Ledger ledger(16);
  ClientLimits limits;
  limits.window_tokens_max = 100;
  const ClientLedger::Client anna{"anna", {}};
  const auto remaining = [&](Now now) {
    std::array<ClientLedger::Standing, 4> standings;
    REQUIRE(ledger.look(anna, limits, now, standings) == 1);
    return standings[0].remaining;
  };
  auto first = ledger.take(anna, limits, no_seed, ms(0));
  REQUIRE(first.share.held());
  CHECK(ledger.reserve(first.share, limits, 60, ms(0)).of == ClientLimit::none);
  CHECK(remaining(ms(0)) == 40);
  auto second = ledger.take(anna, limits, no_seed, ms(0));
  REQUIRE(second.share.held());
  CHECK(ledger.reserve(second.share, limits, 41, ms(0)).of == ClientLimit::window_tokens);
  ledger.settle(second.share, 0);
  CHECK(remaining(ms(0)) == 40);
  ledger.settle(first.share, 10);
  CHECK(remaining(ms(0)) == 90);
  ledger.settle(first.share, 1000);  // once is all
  CHECK(remaining(ms(0)) == 90);
  auto third = ledger.take(anna, limits, no_seed, ms(0));
  ledger.reserve(third.share, limits, 50, ms(0));
  CHECK(remaining(ms(3'600'000)) == 100);
  auto fourth = ledger.take(anna, limits, no_seed, ms(3'600'000));
  ledger.settle(third.share, 5000);  // of a window that is over
  CHECK(remaining(ms(3'600'000)) == 100);
  ledger.settle(fourth.share, INT64_MAX);
  CHECK(remaining(ms(3'600'000)) == 0);
}

TEST_CASE("ledger: nobody gets rid of what he has used by coming with many addresses") {
  Ledger ledger(1024);
  ClientLimits limits;
  limits.requests_per_minute = 1;
  limits.burst = 1;
  auto mine = ledger.take({{}, at("2001:db8:ffff:ffff::")}, limits, no_seed, ms(0));
  REQUIRE(mine.share.held());
  ledger.settle(mine.share, 0);
  const size_t bytes = ledger.address_bytes();
  int let_in = 0;
  for (uint32_t n = 0; n < 100'000; ++n) {
    auto other = ledger.take({{}, numbered(n)}, limits, no_seed, ms(1));
    let_in += other.share.held();
    ledger.settle(other.share, 0);
  }
  CHECK(ledger.address_bytes() == bytes);
  CHECK(let_in <= 1024 + int(limits::shared_accounts));
  CHECK(let_in > 900);
  CHECK_FALSE(ledger.take({{}, at("2001:db8:ffff:ffff::")}, limits, no_seed, ms(2)).share.held());
  // A minute later all buckets are full again, and every place is anybody's.
  CHECK(ledger.take({{}, numbered(200'000)}, limits, no_seed, ms(61'000)).share.held());
}

TEST_CASE("ledger: an account with an open request keeps its place") {
  Ledger ledger(16);
  ClientLimits limits;
  limits.concurrent_max = 1;
  std::vector<ClientLedger::Share> open;
  for (uint32_t n = 0; n < 16; ++n) open.push_back(ledger.take({{}, numbered(n)}, limits, no_seed, ms(0)).share);
  for (auto& each : open) REQUIRE(each.held());
  // No place is left: newcomers of one part of the network share one.
  auto a = ledger.take({{}, at("203.0.113.1")}, limits, no_seed, ms(0));
  CHECK(a.share.held());
  CHECK_FALSE(ledger.take({{}, at("203.0.200.1")}, limits, no_seed, ms(0)).share.held());
  ledger.settle(a.share, 0);
  CHECK(ledger.take({{}, at("203.0.200.1")}, limits, no_seed, ms(0)).share.held());
  CHECK_FALSE(ledger.take({{}, numbered(3)}, limits, no_seed, ms(0)).share.held());
  ledger.settle(open[3], 0);
  CHECK(ledger.take({{}, numbered(3)}, limits, no_seed, ms(0)).share.held());
}

TEST_CASE("ledger: places for exchanges") {
  Ledger ledger(16);
  CHECK(ledger.enter(2));
  CHECK(ledger.enter(2));
  CHECK_FALSE(ledger.enter(2));
  ledger.leave();
  CHECK(ledger.enter(2));
}
