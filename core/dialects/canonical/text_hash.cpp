#include "dialects/canonical/text_hash.h"

namespace signalbox::canonical {

void TextHash::add(json::Escaped piece) {
  std::string_view plain = piece.inside;
  if (plain.find('\\') != plain.npos) {
    plain_.clear();
    json::unescape(piece, plain_);
    plain = plain_;
  }
  value_ = base::fnv1a(plain, value_);
}

void TextHash::append_hex(std::string& out) const {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[value_ >> shift & 15];
}

}  // namespace signalbox::canonical
