// What clients have used of their limits. A gateway makes one of its own; a host with several gateways in one process
// may give them one in common (Gateway::share_ledger), behind a lock of its own: it is asked at a request's
// beginning, where its body has been read, and at its end, and never for a frame.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "signalbox/address.h"
#include "signalbox/config.h"
#include "signalbox/instant.h"

namespace signalbox {

// The limits of ClientLimits.
enum class ClientLimit : uint8_t { none, rate, concurrency, window_requests, window_tokens };

class ClientLedger {
 public:
  virtual ~ClientLedger() = default;

  // Whose account: a client key's, by its configured name, or an address's where the name is empty. The address is a
  // client's part of it (base::client_part).
  struct Client {
    std::string_view key;
    Address address;
  };

  // How one limit stands. `remaining` is never below zero and never above `limit`; `reset_ms` is the time until all of
  // it is there again (of concurrency: 0, nobody knows).
  struct Standing {
    ClientLimit of = ClientLimit::none;
    int64_t limit = 0;
    int64_t remaining = 0;
    int64_t reset_ms = 0;
  };

  // What a request has taken, to be given back once with `settle`.
  struct Share {
    uint32_t account = none;
    int64_t window_end_unix_ms = 0;  // of the window in which the request began, and which pays for it
    int64_t reserved_tokens = 0;
    static constexpr uint32_t none = UINT32_MAX;

    bool held() const { return account != none; }
  };

  // Takes one request out of the account. Not taken: `share` is not held, nothing has changed, `standing` is of the
  // limit that is in the way and `retry_ms` is when it may be out of it. Taken: `standing` is of the limit that is
  // nearest to being used up.
  struct Taken {
    Share share;
    Standing standing;
    int64_t retry_ms = 0;
  };
  virtual Taken take(const Client& client, const ClientLimits& limits, const std::array<uint8_t, 16>& random,
                     Now now) = 0;

  // Sets aside `tokens` of the window for `share`. Where the window has not so many left, nothing is, and the answer is
  // its standing; else none.
  virtual Standing reserve(Share& share, const ClientLimits& limits, int64_t tokens, Now now) = 0;

  // The request is over and has cost `tokens`, in the place of what was reserved. `share` is held no more.
  virtual void settle(Share& share, int64_t tokens) = 0;

  // How every limit of `limits` stands for a client, whether or not it has an account; changes nothing. How many there
  // are is answered.
  virtual size_t look(const Client& client, const ClientLimits& limits, Now now,
                      std::array<Standing, 4>& standings) const = 0;

  // One of `exchanges_max` places for exchanges of all clients together; false when there is none.
  virtual bool enter(int64_t exchanges_max) = 0;
  virtual void leave() = 0;
};

// A ledger for at most `addresses_max` addresses beside the configured keys. It takes the memory for them, 64 bytes
// each, with the first that it sees.
std::unique_ptr<ClientLedger> make_client_ledger(int64_t addresses_max);

}  // namespace signalbox
