#include "base/address.h"

#include <algorithm>

#include "base/text.h"

namespace signalbox::base {
namespace {

constexpr std::array<uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int v4_prefix_bits = 96;

bool is_v4(const Address& address) { return std::equal(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin()); }

// Four decimal parts, none with a leading zero, which some read as octal.
bool read_v4(std::string_view text, uint8_t* out) {
  for (int part = 0; part < 4; ++part) {
    const size_t dot = text.find('.');
    if ((dot == text.npos) != (part == 3)) return false;
    const std::string_view digits = text.substr(0, dot);
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return false;
    const auto number = parse_decimal(digits);
    if (!number || *number > 255) return false;
    out[part] = uint8_t(*number);
    if (part < 3) text.remove_prefix(dot + 1);
  }
  return true;
}

// RFC 4291 section 2.2: eight groups, one run of them left out, IPv4 in the place of the last two.
bool read_v6(std::string_view text, std::array<uint8_t, 16>& out) {
  uint8_t bytes[16] = {};
  size_t filled = 0;
  constexpr size_t nowhere = 17;
  size_t gap = nowhere;  // where "::" stands
  if (text.substr(0, 2) == "::") {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (filled == 16) return false;
    const size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (group.find('.') != group.npos) {
      if (colon != text.npos || filled > 12 || !read_v4(group, bytes + filled)) return false;
      filled += 4;
      text = {};
      break;
    }
    if (group.empty() || group.size() > 4) return false;
    int value = 0;
    for (const char c : group) {
      const int digit = hex_value(c);
      if (digit < 0) return false;
      value = value * 16 + digit;
    }
    bytes[filled++] = uint8_t(value >> 8);
    bytes[filled++] = uint8_t(value & 255);
    if (colon == text.npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // one colon at the end
    if (text[0] == ':') {
      if (gap != nowhere) return false;
      gap = filled;
      text.remove_prefix(1);
    }
  }
  if (gap == nowhere ? filled != 16 : filled > 14) return false;
  out = {};
  const size_t before = std::min(gap, filled);
  std::copy(bytes, bytes + before, out.begin());
  std::copy(bytes + before, bytes + filled, out.end() - std::ptrdiff_t(filled - before));
  return true;
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The byte of the mask at `index`, for a block of `bits`.
uint8_t mask_byte(size_t index, int bits) {
  const int of_byte = std::clamp(bits - int(index) * 8, 0, 8);
  return uint8_t(0xff00 >> of_byte);
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  Address out;
  if (text.find(':') == text.npos) {
    std::copy(v4_prefix.begin(), v4_prefix.end(), out.bytes.begin());
    if (!read_v4(text, out.bytes.data() + v4_prefix.size())) return std::nullopt;
    return out;
  }
  if (!read_v6(text, out.bytes) || !out.known()) return std::nullopt;
  return out;
}

std::optional<Address> parse_forwarded(std::string_view text) {
  text = without_blanks(text);
  if (text.size() > 1 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const auto is_port = [](std::string_view port) {
    const auto number = parse_decimal(port);
    return port.size() <= 5 && number && *number <= 65535;
  };
  if (!text.empty() && text.front() == '[') {
    const size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    const std::string_view behind = text.substr(end + 1);
    if (!behind.empty() && (behind.front() != ':' || !is_port(behind.substr(1)))) return std::nullopt;
    return parse_address(text.substr(1, end - 1));
  }
  const size_t colon = text.find(':');
  // One colon parts an IPv4 address from a port; two are an IPv6 address.
  if (colon != text.npos && text.find(':', colon + 1) == text.npos) {
    if (!is_port(text.substr(colon + 1))) return std::nullopt;
    text = text.substr(0, colon);
  }
  return parse_address(text);
}

std::optional<Network> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view base = text.substr(0, slash);
  // "::/0" is all of them, though "::" is nobody's address.
  Network out;
  if (base == "::") {
    if (slash == text.npos) return std::nullopt;
  } else {
    const auto address = parse_address(base);
    if (!address) return std::nullopt;
    out.address = *address;
  }
  if (slash == text.npos) return out;
  const std::string_view digits = text.substr(slash + 1);
  if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  const auto length = parse_decimal(digits);
  const bool v4 = base.find(':') == base.npos;
  if (!length || *length > (v4 ? 32 : 128)) return std::nullopt;
  out.bits = uint8_t(*length + (v4 ? v4_prefix_bits : 0));
  for (size_t i = 0; i < out.address.bytes.size(); ++i)
    if (out.address.bytes[i] & ~mask_byte(i, out.bits)) return std::nullopt;
  return out;
}

bool contains(const Network& network, const Address& address) {
  for (size_t i = 0; i < address.bytes.size(); ++i)
    if ((address.bytes[i] ^ network.address.bytes[i]) & mask_byte(i, network.bits)) return false;
  return true;
}

Address client_part(Address address) {
  if (!is_v4(address)) std::fill(address.bytes.begin() + 8, address.bytes.end(), uint8_t(0));
  return address;
}

}  // namespace signalbox::base
