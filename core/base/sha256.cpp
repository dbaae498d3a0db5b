#include "base/sha256.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace signalbox::base {
namespace {

// FIPS 180-4 section 4.2.2: the first 32 bits of the fractions of the cube roots of the first 64 primes.
constexpr uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// Section 5.3.3: the same of the square roots of the first 8 primes.
constexpr uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

constexpr size_t block_bytes = 64;
constexpr size_t length_bytes = 8;

constexpr uint32_t rotate_right(uint32_t word, int by) { return (word >> by) | (word << (32 - by)); }

// Section 6.2.2.
void take_block(uint32_t (&state)[8], const uint8_t* block) {
  uint32_t schedule[64];
  for (size_t t = 0; t < 16; ++t)
    schedule[t] = uint32_t(block[4 * t]) << 24 | uint32_t(block[4 * t + 1]) << 16 | uint32_t(block[4 * t + 2]) << 8 |
                  uint32_t(block[4 * t + 3]);
  for (size_t t = 16; t < 64; ++t) {
    uint32_t w15 = schedule[t - 15];
    uint32_t w2 = schedule[t - 2];
    uint32_t small0 = rotate_right(w15, 7) ^ rotate_right(w15, 18) ^ (w15 >> 3);
    uint32_t small1 = rotate_right(w2, 17) ^ rotate_right(w2, 19) ^ (w2 >> 10);
    schedule[t] = small1 + schedule[t - 7] + small0 + schedule[t - 16];
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (size_t t = 0; t < 64; ++t) {
    uint32_t big1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
    uint32_t choice = (e & f) ^ (~e & g);
    uint32_t t1 = h + big1 + choice + round_constants[t] + schedule[t];
    uint32_t big0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
    uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
    uint32_t t2 = big0 + majority;
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

}  // namespace

Sha256 sha256(std::string_view message) {
  uint32_t state[8];
  std::memcpy(state, initial_state, sizeof state);
  const auto* bytes = reinterpret_cast<const uint8_t*>(message.data());
  size_t left = message.size();
  for (; left >= block_bytes; left -= block_bytes, bytes += block_bytes) take_block(state, bytes);

  // Section 5.1.1: a one bit, zeroes, and the length in bits; in a block of their own where they do not
  // fit behind the rest.
  uint8_t tail[2 * block_bytes] = {};
  if (left) std::memcpy(tail, bytes, left);
  tail[left] = 0x80;
  size_t tail_bytes = left + 1 + length_bytes <= block_bytes ? block_bytes : 2 * block_bytes;
  uint64_t bits = uint64_t(message.size()) * 8;
  for (size_t i = 0; i < length_bytes; ++i) tail[tail_bytes - 1 - i] = uint8_t(bits >> (8 * i));
  for (size_t at = 0; at < tail_bytes; at += block_bytes) take_block(state, tail + at);

  Sha256 digest;
  for (size_t i = 0; i < digest.size(); ++i) digest[i] = uint8_t(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

bool equal_constant_time(const Sha256& a, const Sha256& b) {
  uint8_t different = 0;
  for (size_t i = 0; i < a.size(); ++i) different = uint8_t(different | (a[i] ^ b[i]));
  return different == 0;
}

}  // namespace signalbox::base
