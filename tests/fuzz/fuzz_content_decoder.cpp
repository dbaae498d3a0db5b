// Content codings: no bytes may crash, make memory without end, or be decoded otherwise when they are cut otherwise.
// Before the coded bytes: the coding, where to cut, and how much room there is.
#include <cstddef>
#include <cstdint>
#include <string>

#include "content_decoder.h"
#include "require.h"

using namespace signalbox;
using namespace signalbox::native;
using signalbox::testing::require;
using Flaw = ContentDecoder::Flaw;

namespace {

constexpr size_t content_bytes_max = 1 << 20;

struct Decoded {
  std::string content;
  Flaw flaw = Flaw::none;
  bool too_large = false;
};

void feed(ContentDecoder& decoder, std::string_view coded, std::string& room, Decoded& d) {
  for (bool more = true; more && d.flaw == Flaw::none && !d.too_large;) {
    const auto r = decoder.feed(coded, room.data(), room.size());
    require(r.consumed <= coded.size() && r.produced <= room.size(), "no more than there is");
    coded.remove_prefix(r.consumed);
    d.content.append(room, 0, r.produced);
    d.flaw = r.flaw;
    more = r.produced == room.size();
    require(more || coded.empty() || d.flaw != Flaw::none, "all is consumed where there is room");
    d.too_large = d.content.size() > content_bytes_max;
  }
}

Decoded decode(Coding coding, std::string_view coded, size_t cut, size_t room_bytes) {
  Decoded d;
  const auto decoder = make_content_decoder(coding);
  std::string room(room_bytes, '\0');
  feed(*decoder, coded.substr(0, cut), room, d);
  // A read may bring nothing but framing.
  for (int i = 0; i < 20; ++i) feed(*decoder, {}, room, d);
  feed(*decoder, coded.substr(cut), room, d);
  if (d.flaw == Flaw::none && !d.too_large && !decoder->complete()) d.flaw = Flaw::cut;
  return d;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const auto coding = Coding(data[0] % 4);
  const std::string_view coded(reinterpret_cast<const char*>(data) + 3, size - 3);
  const size_t cut = data[1] % (coded.size() + 1);
  const Decoded whole = decode(coding, coded, coded.size(), 64 << 10);
  const Decoded in_two = decode(coding, coded, cut, 1 + data[2]);
  if (whole.too_large || in_two.too_large) return 0;
  require(whole.flaw == in_two.flaw, "the same flaw however it is cut");
  require(whole.flaw != Flaw::none || whole.content == in_two.content, "the same content however it is cut");
  return 0;
}
