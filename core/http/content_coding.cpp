#include "http/content_coding.h"

#include "http/header_list.h"

namespace signalbox {

std::string_view name_of(Coding coding) {
  switch (coding) {
    case Coding::gzip: return "gzip";
    case Coding::deflate: return "deflate";
    case Coding::br: return "br";
    case Coding::zstd: return "zstd";
  }
  return {};
}

namespace http {
namespace {

std::optional<Coding> coding_named(std::string_view name) {
  for (Coding coding : {Coding::gzip, Coding::deflate, Coding::br, Coding::zstd})
    if (equals_ignoring_case(name, name_of(coding))) return coding;
  if (equals_ignoring_case(name, "x-gzip")) return Coding::gzip;
  return {};
}

}  // namespace

ContentCoding content_coding(std::span<const Header> headers) {
  ContentCoding found;
  for (const Header& header : headers) {
    if (!equals_ignoring_case(header.name, "content-encoding")) continue;
    TokenList list(header.value);
    for (std::string_view name; list.next(name);) {
      if (equals_ignoring_case(name, "identity")) continue;
      if (found.name.empty()) found = {name, coding_named(name), false};
      else found = {found.name, {}, true};
    }
  }
  return found;
}

bool takes(std::span<const Header> asked, std::string_view coding) {
  const Header* header = find(asked, "accept-encoding");
  TokenList list(header ? header->value : std::string_view());
  for (std::string_view item; list.next(item);) {
    const size_t end = item.find(';');
    if (!equals_ignoring_case(trim(item.substr(0, end)), coding)) continue;
    if (end == item.npos) return true;
    // A weight, of which only nought says no (section 12.4.2).
    return item.find_first_of("123456789", end) != item.npos;
  }
  return false;
}

std::string accept_encoding(std::span<const Coding> taken) {
  if (taken.empty()) return "identity";
  std::string out;
  for (Coding coding : taken) {
    if (!out.empty()) out += ", ";
    out += name_of(coding);
  }
  return out;
}

}  // namespace http
}  // namespace signalbox
