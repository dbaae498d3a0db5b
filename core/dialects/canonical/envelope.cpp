// Base64 is the URL's alphabet without padding (RFC 4648 section 5); around a whole envelope it is the usual one with
// padding, of which clients that read bytes make the other. What is read back is what was written and nothing else:
// a text with spare bits, foreign letters or bytes that are no UTF-8 is damaged.
#include "dialects/canonical/envelope.h"

#include <algorithm>
#include <array>

#include "base/sha256.h"
#include "base/text.h"
#include "base/utf8.h"
#include "json/reader.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::canonical {
namespace {

constexpr char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char usual_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char carried_mark = '*';  // behind the vendor

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

void append_base64(std::string& out, std::string_view bytes, const char* alphabet = url_alphabet) {
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
  for (const char* alphabet : {url_alphabet, usual_alphabet})
    for (size_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(alphabet[i])] = int8_t(i);
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

// An envelope that was taken apart, its contents as they stand in it.
struct Opened {
  Dialect vendor{};
  bool carried = false;
  std::string_view scope;
  std::string_view contents;  // never empty
};

// `text` without its mark, and not escaped.
std::optional<Opened> take_apart(std::string_view text) {
  auto name = take_field(text);
  const auto scope = take_field(text);
  if (!name || !scope || !is_scope(*scope) || text.empty()) return std::nullopt;
  const bool carried = !name->empty() && name->back() == carried_mark;
  if (carried) name->remove_suffix(1);
  for (const Vendor& vendor : vendors)
    if (vendor.name == *name) return Opened{vendor.dialect, carried, *scope, text};
  return std::nullopt;
}

// `text` as it is spelt: we never write an escape, but a client may. `plain` holds what is made.
std::string_view spelt(Escaped text, std::string& plain) {
  if (text.inside.find('\\') == std::string_view::npos) return text.inside;
  json::unescape(text, plain);
  return plain;
}

// Whether `text` begins with `mark`, which then is gone.
bool take_mark(std::string_view& text, std::string_view mark) {
  if (text.substr(0, mark.size()) != mark) return false;
  text.remove_prefix(mark.size());
  return true;
}

void append_head(std::string& out, const Provenance& from, std::string_view carried) {
  out += envelope_mark;
  out += vendor_name(from.vendor);
  out += carried;
  out += '.';
  out += from.scope;
  out += '.';
}

void append_list(std::string& out, std::span<const Thinking> thinkings) {
  json::Writer w(out);
  w.begin_array();
  for (const Thinking& thinking : thinkings) {
    w.begin_object();
    if (!thinking.text.empty()) w.key("text").string(thinking.text);
    if (!thinking.from.state.empty()) w.key("state").string(thinking.from.state);
    if (thinking.redacted) w.key("redacted").boolean(true);
    w.end_object();
  }
  w.end_array();
}

// The thinkings of a list that append_list wrote, as views into it; empty where it is none.
std::span<const Thinking> read_list(std::string_view list, const Provenance& from, Arena& arena) {
  json::Reader reader(list);
  if (!reader.skip_value() || reader.next() != json::Token::end) return {};
  size_t count = 0;
  bool sound = true;
  json::each_element(list, [&](std::string_view) { ++count; });
  if (count > elements_max) return {};
  const auto thinkings = arena.array<Thinking>(count);
  count = 0;
  json::each_element(list, [&](std::string_view element) {
    Thinking& thinking = thinkings[count++];
    thinking.from = from;
    sound = sound && element.front() == '{';
    json::each_member(element, [&](std::string_view key, std::string_view value) {
      if (key == "redacted") thinking.redacted = value == "true";
      else if (value.front() != '"') sound = false;
      else if (key == "text") thinking.text = json::escaped(value);
      else if (key == "state") thinking.from.state = json::escaped(value);
    });
  });
  if (!sound) return {};
  return thinkings;
}

}  // namespace

void append_envelope(std::string& out, const Provenance& from) {
  append_head(out, from, {});
  if (from.state.inside.find('\\') == std::string_view::npos) return append_base64(out, from.state.inside);
  std::string bytes;
  json::unescape(from.state, bytes);
  append_base64(out, bytes);
}

void append_carried(std::string& out, std::span<const Thinking> thinkings) {
  append_head(out, thinkings[0].from, {&carried_mark, 1});
  std::string list;
  append_list(list, thinkings);
  append_base64(out, list);
}

void append_carried_bytes(std::string& out, std::span<const Thinking> thinkings) {
  std::string envelope;
  append_head(envelope, thinkings[0].from, {&carried_mark, 1});
  append_list(envelope, thinkings);
  append_base64(out, envelope, usual_alphabet);
  for (size_t bytes = envelope.size(); bytes % 3 != 0; ++bytes) out += '=';
}

std::optional<Provenance> open_envelope(Escaped text, Arena& arena) {
  if (!is_envelope(text)) return std::nullopt;
  std::string plain;
  std::string_view rest = spelt(text, plain);
  if (!take_mark(rest, envelope_mark)) return std::nullopt;
  const auto opened = take_apart(rest);
  if (!opened || opened->carried) return std::nullopt;
  // States are long, images even; so no more than one copy of them is held beside the body.
  const std::string_view bytes = read_base64(opened->contents, arena);
  if (bytes.empty() || !base::is_utf8(bytes)) return std::nullopt;
  if (!needs_escapes(bytes)) return Provenance{opened->vendor, arena.copy(opened->scope), {bytes}};
  std::string state;
  json::escape(bytes, state);
  return Provenance{opened->vendor, arena.copy(opened->scope), {arena.copy(state)}};
}

std::span<const Thinking> open_carried(Escaped text, Arena& arena) {
  if (const auto from = open_envelope(text, arena)) {
    const auto thinkings = arena.array<Thinking>(1);
    thinkings[0] = {{}, *from, true};
    return thinkings;
  }
  if (!is_envelope(text)) return {};
  std::string plain;
  std::string_view rest = spelt(text, plain);
  const bool is_bytes = rest.substr(0, envelope_bytes_mark.size()) == envelope_bytes_mark;
  if (is_bytes) rest = read_base64(rest.substr(0, rest.find('=')), arena);
  if (!take_mark(rest, envelope_mark)) return {};
  const auto opened = take_apart(rest);
  if (!opened || !opened->carried) return {};
  const std::string_view list = is_bytes ? opened->contents : read_base64(opened->contents, arena);
  if (list.empty() || !base::is_utf8(list)) return {};
  return read_list(list, {opened->vendor, arena.copy(opened->scope), {}}, arena);
}

bool is_envelope(Escaped text) {
  const std::string_view inside = text.inside;
  if (inside.substr(0, envelope_mark.size()) == envelope_mark) return true;
  if (inside.substr(0, envelope_bytes_mark.size()) == envelope_bytes_mark) return true;
  // The mark, spelt with escapes: none of its characters needs more than six bytes.
  const std::string_view begin = inside.substr(0, 6 * envelope_mark.size());
  if (begin.find('\\') == begin.npos) return false;
  std::string plain;
  json::unescape(begin, plain);  // stops at an escape that is cut, which then is behind the mark
  return plain.compare(0, envelope_mark.size(), envelope_mark) == 0;
}

std::string_view scope_of(std::string_view provider, std::string_view credential, Arena& arena) {
  const Sha256 digest = base::sha256(arena.concat({provider, "/", credential}));
  std::string hex;
  base::append_hex(hex, std::span(digest).first(4));
  return arena.copy(hex);
}

}  // namespace signalbox::canonical
