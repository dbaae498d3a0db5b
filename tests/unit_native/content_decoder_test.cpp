// Content codings, by RFC 1950, 1951, 1952, 7932, 8878 and 9659. What is coded here is decoded whole, byte by byte, at every
// single cut and into every small room: the content and the flaw must not change.
#include "content_decoder.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace signalbox;
using namespace signalbox::native;
using Flaw = ContentDecoder::Flaw;

namespace {

std::string by_zlib(const std::string& content, int window_bits) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, content.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = uInt(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = uInt(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}
std::string gzip(const std::string& content) { return by_zlib(content, 31); }
std::string zlib(const std::string& content) { return by_zlib(content, 15); }
std::string bare_deflate(const std::string& content) { return by_zlib(content, -15); }

std::string br(const std::string& content, int window_log = 22) {
  size_t size = BrotliEncoderMaxCompressedSize(content.size()) + 64;
  std::string out(size, '\0');
  REQUIRE(BrotliEncoderCompress(5, window_log, BROTLI_MODE_TEXT, content.size(),
                                reinterpret_cast<const uint8_t*>(content.data()), &size,
                                reinterpret_cast<uint8_t*>(out.data())));
  out.resize(size);
  return out;
}

// In pieces, so that the frame names no content size and its window is `window_log`.
std::string zstd(const std::string& content, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (window_log) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(content.size()) + 64, '\0');
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  ZSTD_inBuffer input{content.data(), content.size(), 0};
  if (window_log) REQUIRE(!ZSTD_isError(ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue)));
  REQUIRE(ZSTD_compressStream2(context, &output, &input, ZSTD_e_end) == 0);
  out.resize(output.pos);
  ZSTD_freeCCtx(context);
  return out;
}

struct Decoded {
  std::string content;
  Flaw flaw = Flaw::none;
};

// As the connection does, in pieces ending at `cuts`; a read may also bring nothing but framing.
Decoded decode(Coding coding, const std::string& coded, const std::vector<size_t>& cuts, size_t room_bytes = 4096) {
  Decoded d;
  const auto decoder = make_content_decoder(coding);
  std::string room(room_bytes, '\0');
  size_t at = 0;
  for (size_t cut : cuts) {
    for (bool more = true; more;) {
      const auto r = decoder->feed(std::string_view(coded).substr(at, cut - at), room.data(), room.size());
      at += r.consumed;
      d.content.append(room, 0, r.produced);
      d.flaw = r.flaw;
      if (d.flaw != Flaw::none) return d;
      more = r.produced == room.size();
      REQUIRE((more || at == cut));
    }
  }
  if (!decoder->complete()) d.flaw = Flaw::cut;
  return d;
}

std::vector<size_t> each_byte(size_t size) {
  std::vector<size_t> cuts;
  for (size_t i = 1; i <= size; ++i) cuts.push_back(i);
  return cuts;
}

// A decoder may be told nothing as often as it likes: libzstd takes 16 such calls in a row for a fault.
std::vector<size_t> with_nothing_between(const std::vector<size_t>& cuts) {
  std::vector<size_t> out(20, 0);
  for (size_t cut : cuts) out.insert(out.end(), 20, cut);
  return out;
}

Decoded decode_in_every_way(Coding coding, const std::string& coded) {
  const Decoded whole = decode(coding, coded, {coded.size()});
  const auto same = [&](const Decoded& other) {
    // What comes out before a flaw is nobody's, and may be less.
    REQUIRE(other.flaw == whole.flaw);
    if (whole.flaw == Flaw::none) REQUIRE(other.content == whole.content);
  };
  same(decode(coding, coded, each_byte(coded.size())));
  same(decode(coding, coded, {coded.size()}, 1));
  same(decode(coding, coded, each_byte(coded.size()), 1));
  same(decode(coding, coded, with_nothing_between(each_byte(coded.size()))));
  same(decode(coding, coded, {coded.size()}, 7));
  for (size_t i = 1; i < coded.size(); ++i) same(decode(coding, coded, {i, coded.size()}));
  return whole;
}

const std::string body =
    R"({"model":"a","messages":[{"role":"user","content":"hi hi hi hi hi hi hi hi hi hi hi, there, there"}]})";

struct Coded {
  const char* name;
  Coding coding;
  std::string bytes;
};
std::vector<Coded> all_of(const std::string& content) {
  return {{"gzip", Coding::gzip, gzip(content)},
          {"zlib", Coding::deflate, zlib(content)},
          {"bare", Coding::deflate, bare_deflate(content)},
          {"br", Coding::br, br(content)},
          {"zstd", Coding::zstd, zstd(content)},
          {"zstd in pieces", Coding::zstd, zstd(content, 20)}};
}

}  // namespace

TEST_CASE("codings: what was coded comes out, however it comes in") {
  std::string binary;
  for (int i = 0; i < 300; ++i) binary += char(i * 7919 >> 3);
  for (const std::string& content : {std::string(), std::string("a"), body, binary, std::string(5000, 'x')})
    for (const Coded& coded : all_of(content)) {
      CAPTURE(coded.name, content.size());
      const Decoded d = decode_in_every_way(coded.coding, coded.bytes);
      CHECK(d.flaw == Flaw::none);
      CHECK(d.content == content);
    }
}

TEST_CASE("codings: members of gzip and frames of zstd may follow one another, nothing else") {
  const std::string skipped("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11), skipped_empty("\x50\x2a\x4d\x18\0\0\0\0", 8);
  CHECK(decode_in_every_way(Coding::gzip, gzip(body) + gzip("") + gzip(body)).content == body + body);
  CHECK(decode_in_every_way(Coding::zstd, skipped_empty + zstd(body) + zstd("") + skipped + zstd(body, 20)).content ==
        body + body);
  for (const Coded& coded : all_of(body)) {
    CAPTURE(coded.name);
    for (const std::string& behind : {std::string("xy"), std::string(2, '\0'), std::string("{}")})
      CHECK(decode_in_every_way(coded.coding, coded.bytes + behind).flaw == Flaw::behind);
    const bool repeats = coded.coding == Coding::gzip || coded.coding == Coding::zstd;
    CHECK(decode_in_every_way(coded.coding, coded.bytes + coded.bytes).flaw == (repeats ? Flaw::none : Flaw::behind));
  }
}

TEST_CASE("codings: a body that is cut anywhere is not whole") {
  for (const Coded& coded : all_of(body))
    for (size_t size = 0; size < coded.bytes.size(); ++size) {
      CAPTURE(coded.name, size);
      CHECK(decode(coded.coding, coded.bytes.substr(0, size), {size}).flaw == Flaw::cut);
    }
}

TEST_CASE("codings: a byte that is another one is noticed, where the coding can tell") {
  for (const Coded& coded : all_of(body)) {
    size_t unnoticed = 0;
    for (size_t at = 0; at < coded.bytes.size(); ++at)
      for (unsigned change : {0x01u, 0x10u, 0x80u, 0xffu}) {
        std::string changed = coded.bytes;
        changed[at] = char(uint8_t(changed[at]) ^ change);
        const Decoded d = decode_in_every_way(coded.coding, changed);
        unnoticed += d.flaw == Flaw::none && d.content != body;
      }
    CAPTURE(coded.name);
    // Bare deflate and br have no checksum.
    if (std::string(coded.name) != "bare" && coded.coding != Coding::br) CHECK(unnoticed == 0);
  }
}

TEST_CASE("codings: a flaw has its name") {
  const auto changed = [](std::string coded, size_t from_end) {
    coded[coded.size() - from_end] = char(coded[coded.size() - from_end] ^ 0x55);
    return coded;
  };
  CHECK(decode_in_every_way(Coding::gzip, changed(gzip(body), 8)).flaw == Flaw::checksum);
  CHECK(decode_in_every_way(Coding::gzip, changed(gzip(body), 1)).flaw == Flaw::checksum);  // the length
  CHECK(decode_in_every_way(Coding::deflate, changed(zlib(body), 1)).flaw == Flaw::checksum);
  CHECK(decode_in_every_way(Coding::zstd, changed(zstd(body), 1)).flaw == Flaw::checksum);
  for (Coding coding : {Coding::gzip, Coding::deflate, Coding::br, Coding::zstd}) {
    CAPTURE(name_of(coding));
    CHECK(decode_in_every_way(coding, body).flaw == Flaw::invalid);
    CHECK(decode_in_every_way(coding, {}).flaw == Flaw::cut);
    for (Flaw flaw : {Flaw::invalid, Flaw::checksum, Flaw::behind, Flaw::cut})
      CHECK(sentence(flaw, coding).find(name_of(coding)) != std::string::npos);
  }
  // RFC 9659: no more than 8 MiB, whether the frame is there whole or not.
  const std::string large(100'000, 'x');
  CHECK(decode(Coding::zstd, zstd(large, 23), {zstd(large, 23).size()}).content == large);
  CHECK(decode_in_every_way(Coding::zstd, zstd(large, 24)).flaw == Flaw::window);
  CHECK(decode_in_every_way(Coding::zstd, std::string("\x28\xb5\x2f\xfd\x00\x69\x01\0\0", 9)).flaw ==
        Flaw::window);  // 9 MiB
  // A single segment's window is its content: 9 MiB of it are too many.
  const std::string segment("\x28\xb5\x2f\xfd\xa0\x00\x00\x90\x00", 9);
  CHECK(decode_in_every_way(Coding::zstd, segment).flaw == Flaw::window);
  CHECK(decode_in_every_way(Coding::zstd, std::string("\x28\xb5\x2f\xfd\x21\x01\x00\x01\x00\x00", 10)).flaw ==
        Flaw::dictionary);
  CHECK(decode_in_every_way(Coding::deflate, std::string("\x78\xbb\0\0\0\1", 6)).flaw == Flaw::dictionary);
  // Zstandard 0.7, which the library may know.
  CHECK(decode_in_every_way(Coding::zstd, "\x27\xb5\x2f\xfd").flaw == Flaw::invalid);
  // Brotli's large windows are not of RFC 7932.
  CHECK(decode_in_every_way(Coding::br, std::string("\x11\x1e\x06", 3)).flaw == Flaw::invalid);
}

TEST_CASE("codings: what yields nothing costs little for each byte, and needs no room") {
  // Members, frames and blocks. Each is taken in by the call that brings it, all of a million bytes by two calls.
  const auto bytes = [](auto&&... each) { return std::string{char(each)...}; };
  struct Nothing {
    Coding coding;
    std::string begin, piece, end;
  };
  const Nothing every[] = {
      {Coding::gzip, "", gzip(""), ""},
      {Coding::deflate, bytes(0x78, 0x9c), bytes(0, 0, 0, 0xff, 0xff), bytes(3, 0, 0, 0, 0, 1)},
      {Coding::deflate, "", bytes(0, 0, 0, 0xff, 0xff), bytes(3, 0)},
      {Coding::br, bytes(0x0c), bytes(0x06), bytes(0x03)},  // blocks of metadata, RFC 7932 section 9.2
      {Coding::zstd, "", bytes(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0), zstd("")},
      {Coding::zstd, "", zstd("", 20), ""},
      {Coding::zstd, bytes(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38), bytes(0, 0, 0), bytes(1, 0, 0)},
  };
  for (const auto& [coding, begin, piece, end] : every) {
    CAPTURE(name_of(coding), piece.size());
    std::string coded = begin;
    while (coded.size() < 1'000'000) coded += piece;
    coded += end;
    const auto decoder = make_content_decoder(coding);
    char room[64];
    size_t at = 0;
    for (size_t cut : {coded.size() / 3, coded.size()}) {
      const auto r = decoder->feed(std::string_view(coded).substr(at, cut - at), room, sizeof room);
      at += r.consumed;
      REQUIRE(r.flaw == Flaw::none);
      REQUIRE(r.produced == 0);
      REQUIRE(at == cut);
    }
    CHECK(decoder->complete());
  }
}
