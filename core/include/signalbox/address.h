// Where on a network somebody sits. One form for both families: IPv4 stands as ::ffff:a.b.c.d (RFC 4291 section
// 2.5.5.2), so that a client is the same whichever socket it came through.
#pragma once

#include <array>
#include <cstdint>

namespace signalbox {

struct Address {
  std::array<uint8_t, 16> bytes{};  // all zeros, which nobody can have (RFC 4291 section 2.5.2): not known

  bool known() const { return bytes != std::array<uint8_t, 16>{}; }
  bool operator==(const Address& other) const { return bytes == other.bytes; }
};

// The addresses that begin with the first `bits` bits of `address`: a CIDR block, whose length for IPv4 is counted with
// the 96 bits before it.
struct Network {
  Address address;
  uint8_t bits = 128;
};

}  // namespace signalbox
