// What feeds clients' limits. The texts: addresses, networks and the headers of proxies, as a stranger may write them.
// Then a ledger that many clients ask at hostile instants and under changing limits: no bucket is ever below nothing or
// above its burst, nothing beyond a bound is let in, and memory stays as it is.
#include <array>
#include <string>
#include <vector>

#include "base/address.h"
#include "bytes.h"
#include "limits/client_address.h"
#include "limits/ledger.h"
#include "require.h"

using namespace signalbox;
using signalbox::testing::Bytes;
using signalbox::testing::require;

namespace {

void check_texts(std::string_view text) {
  const auto network = base::parse_network(text);
  if (network) {
    require(network->bits <= 128 && base::contains(*network, network->address), "a network contains its own address",
            text);
    require(text.find('/') != text.npos || network->bits == 128, "an address alone is all of its bits", text);
  }
  const auto address = base::parse_address(text);
  if (address) {
    require(address->known(), "who is read is known", text);
    require(base::parse_forwarded(text) == address, "an address needs nothing around it", text);
    require(network && network->address == *address, "an address is a network", text);
    const Address part = base::client_part(*address);
    require(base::client_part(part) == part, "a part's part is itself", text);
  }
  Clients clients;
  clients.trusted = {*base::parse_network("10.0.0.0/8")};
  const Address proxy = *base::parse_address("10.0.0.1"), stranger = *base::parse_address("192.0.2.1");
  const std::string honest = std::string(text) + ", 203.0.113.9";
  const Header said[] = {{"x-forwarded-for", text}, {"x-forwarded-for", "203.0.113.9"}};
  const Header joined[] = {{"x-forwarded-for", honest}};
  Capabilities can;
  require(limits::client_address(said, stranger, can, clients) == stranger, "a stranger's word does not count", text);
  const Address nearest = *base::parse_address("203.0.113.9");
  require(limits::client_address(said, proxy, can, clients) == nearest, "what a client wrote before does not count",
          text);
  require(limits::client_address(joined, proxy, can, clients) == nearest, "nor on one line", text);
  limits::client_address({said, 1}, proxy, can, clients);
  for (AddressHeader header : {AddressHeader::cf_connecting_ip, AddressHeader::x_real_ip}) {
    clients.address_header = header;
    const Header one[] = {{"cf-connecting-ip", text}, {"x-real-ip", text}};
    const auto read = base::parse_forwarded(text);
    require(limits::client_address(one, proxy, can, clients) == read.value_or(proxy), "one address or the proxy", text);
    require(limits::client_address(one, stranger, can, clients) == stranger, "a stranger's word does not count", text);
  }
}

void check_ledger(Bytes choices) {
  limits::Ledger ledger(16 << choices.below(3));
  struct Open {
    ClientLedger::Share share;
  };
  std::vector<Open> open;
  ClientLimits limits;
  Now now{1000, 1'700'000'000'000};
  size_t bytes = 0;
  while (!choices.empty()) {
    switch (choices.below(6)) {
      case 0:
        limits.requests_per_minute = int64_t(choices.next()) * 4000;
        limits.burst = 1 + choices.next();
        limits.concurrent_max = choices.below(4);
        limits.window_ms = 10 + int64_t(choices.next()) * 1'000'000;
        limits.window_requests_max = choices.below(9);
        limits.window_tokens_max = int64_t(choices.below(3)) * 100;
        break;
      case 1: {
        // Small steps, long ones, and clocks that go back.
        const int64_t step = int64_t(1) << choices.below(40);
        now.monotonic_ms += choices.below(8) == 0 ? -step : step;
        now.unix_ms += choices.below(8) == 0 ? -step : step;
        if (now.unix_ms < 0 || now.monotonic_ms < 0) now = {1000, 1'700'000'000'000};
        break;
      }
      case 2:
        if (open.empty()) break;
        ledger.settle(open.back().share, int64_t(choices.next()) << choices.below(56));
        require(!open.back().share.held(), "settled is held no more");
        open.pop_back();
        break;
      default: {
        Address from;
        from.bytes[0] = 0x20;
        from.bytes[3] = uint8_t(choices.next());
        const std::string key(1, char('a' + choices.below(26)));
        const ClientLedger::Client client{choices.below(3) == 0 ? std::string_view(key) : std::string_view{}, from};
        auto taken = ledger.take(client, limits, {1, 2, 3}, now);
        require(taken.retry_ms >= 0, "nobody is sent back in time");
        if (taken.share.held()) {
          ledger.reserve(taken.share, limits, choices.next(), now);
          require(taken.share.reserved_tokens <= std::max<int64_t>(limits.window_tokens_max, 0),
                  "no more is set aside than there is");
          open.push_back({taken.share});
        } else {
          require(taken.standing.of != ClientLimit::none && taken.standing.remaining == 0,
                  "who is refused has none left");
        }
        std::array<ClientLedger::Standing, 4> standings;
        const size_t count = ledger.look(client, limits, now, standings);
        for (size_t i = 0; i < count; ++i) {
          const auto& each = standings[i];
          require(each.remaining >= 0 && each.remaining <= each.limit, "between nothing and all");
          require(each.reset_ms >= 0, "nothing was full in the future");
        }
        if (bytes == 0) bytes = ledger.address_bytes();
        require(bytes == 0 || ledger.address_bytes() == bytes, "memory stays");
      }
    }
  }
  for (auto& each : open) ledger.settle(each.share, 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_texts({reinterpret_cast<const char*>(data), size});
  check_ledger(Bytes(data, size));
  return 0;
}
