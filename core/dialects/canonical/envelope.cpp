// Base64 is the URL's alphabet without padding (RFC 4648 section 5). What is read back is what was
// written and nothing else: a text with spare bits, foreign letters or bytes that are no UTF-8 is damaged.
#include "dialects/canonical/envelope.h"

#include <algorithm>
#include <array>

#include "base/sha256.h"
#include "base/utf8.h"
#include "json/writer.h"

namespace signalbox::canonical {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Vendors by the names of their dialects; here once more, because the rows know the hub and not the reverse.
struct Vendor {
  Dialect dialect;
  std::string_view name;
};
constexpr Vendor vendors[] = {{Dialect::anthropic, "anthropic"},
                              {Dialect::openai_chat, "openai_chat"},
                              {Dialect::openai_responses, "openai_responses"},
                              {Dialect::gemini, "gemini"}};

std::string_view vendor_name(Dialect dialect) {
  for (const Vendor& vendor : vendors)
    if (vendor.dialect == dialect) return vendor.name;
  return vendors[0].name;
}

void append_base64(std::string& out, std::string_view bytes) {
  uint32_t bits = 0;
  unsigned count = 0;
  for (char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += alphabet[bits >> (count - 6) & 63];
  }
  if (count > 0) out += alphabet[bits << (6 - count) & 63];
}

constexpr std::array<int8_t, 256> values_of_letters() {
  std::array<int8_t, 256> values{};
  for (int8_t& value : values) value = -1;
  for (size_t i = 0; i < alphabet.size(); ++i) values[static_cast<unsigned char>(alphabet[i])] = int8_t(i);
  return values;
}
constexpr std::array<int8_t, 256> letter_values = values_of_letters();

// What `text` says, in `arena`; empty where it is no base64.
std::string_view read_base64(std::string_view text, Arena& arena) {
  char* const bytes = static_cast<char*>(arena.allocate(text.size() / 4 * 3 + 3, 1));
  size_t size = 0;
  uint32_t bits = 0;
  unsigned count = 0;
  for (char c : text) {
    const int8_t value = letter_values[static_cast<unsigned char>(c)];
    if (value < 0) return {};
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[size++] = static_cast<char>(bits >> count & 255);
  }
  const bool whole = count < 6 && (bits & ((1u << count) - 1)) == 0;
  return {bytes, whole ? size : 0};
}

bool needs_escapes(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
}

bool is_utf8(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const base::Utf8Step step = base::utf8_step(p, end);
    if (!step.valid) return false;
    p += step.bytes;
  }
  return true;
}

bool is_scope(std::string_view text) {
  for (char c : text)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  return text.size() <= 8;
}

// Takes what stands before the next '.' off `text`.
std::optional<std::string_view> take_field(std::string_view& text) {
  const size_t dot = text.find('.');
  if (dot == text.npos) return std::nullopt;
  const std::string_view field = text.substr(0, dot);
  text.remove_prefix(dot + 1);
  return field;
}

}  // namespace

void append_envelope(std::string& out, const Provenance& from) {
  out += envelope_mark;
  out += vendor_name(from.vendor);
  out += '.';
  out += from.scope;
  out += '.';
  if (from.state.inside.find('\\') == std::string_view::npos) return append_base64(out, from.state.inside);
  std::string bytes;
  json::unescape(from.state, bytes);
  append_base64(out, bytes);
}

std::optional<Provenance> open_envelope(Escaped text, Arena& arena) {
  if (!is_envelope(text)) return std::nullopt;
  std::string plain;
  std::string_view rest = text.inside;
  // We never write an escape, but a client may.
  if (rest.find('\\') != rest.npos) {
    json::unescape(text, plain);
    rest = plain;
  }
  rest.remove_prefix(envelope_mark.size());
  const auto name = take_field(rest);
  const auto scope = take_field(rest);
  if (!name || !scope || !is_scope(*scope)) return std::nullopt;
  const Vendor* vendor = nullptr;
  for (const Vendor& candidate : vendors)
    if (candidate.name == *name) vendor = &candidate;
  // States are long, images even; so no more than one copy of them is held beside the body.
  if (!vendor || rest.empty()) return std::nullopt;
  const std::string_view bytes = read_base64(rest, arena);
  if (bytes.empty() || !is_utf8(bytes)) return std::nullopt;
  if (!needs_escapes(bytes)) return Provenance{vendor->dialect, arena.copy(*scope), {bytes}};
  std::string state;
  json::escape(bytes, state);
  return Provenance{vendor->dialect, arena.copy(*scope), {arena.copy(state)}};
}

bool is_envelope(Escaped text) {
  const std::string_view inside = text.inside;
  if (inside.substr(0, envelope_mark.size()) == envelope_mark) return true;
  // The mark, spelt with escapes: none of its characters needs more than six bytes.
  const std::string_view begin = inside.substr(0, 6 * envelope_mark.size());
  if (begin.find('\\') == begin.npos) return false;
  std::string plain;
  json::unescape(begin, plain);  // stops at an escape that is cut, which then is behind the mark
  return std::string_view(plain).substr(0, envelope_mark.size()) == envelope_mark;
}

std::string_view scope_of(std::string_view provider, std::string_view credential, Arena& arena) {
  static constexpr char digits[] = "0123456789abcdef";
  const Sha256 digest = base::sha256(arena.concat({provider, "/", credential}));
  char hex[8];
  for (size_t i = 0; i < 4; ++i) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  return arena.copy({hex, sizeof hex});
}

}  // namespace signalbox::canonical
