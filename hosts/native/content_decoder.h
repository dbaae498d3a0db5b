// Takes a request's body out of its coding (RFC 9110 section 8.4.1), as it comes and into the place that is given.
//
// What is taken, where the documents leave a choice
//   gzip     members one behind the other (RFC 1952 section 2.2)
//   deflate  zlib's format (RFC 1950), and the bare deflate that some senders take the name for; the first two
//            bytes tell them apart, since no encoder begins bare deflate with what would be a zlib header
//   br       windows up to 16 MiB; the large ones, which RFC 7932 does not have, are refused
//   zstd     frames one behind the other, skippable ones among them; windows up to 8 MiB (RFC 9659), no dictionary
// Bytes behind the end are refused, and so is every checksum that does not hold.
//
// Memory, by coding: 43 KiB for gzip and deflate, up to 17 MiB for br and up to 9 MiB for zstd, of which only what the body
// uses is ever touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "signalbox/capabilities.h"

namespace signalbox::native {

class ContentDecoder {
 public:
  enum class Flaw : uint8_t { none, invalid, checksum, behind, cut, window, dictionary, no_memory };

  struct Result {
    size_t consumed = 0;  // of the input
    size_t produced = 0;  // of the room
    Flaw flaw = Flaw::none;
  };

  virtual ~ContentDecoder() = default;

  // Decodes more. Where it fills the room there may be more to come, without further input; otherwise it has consumed all.
  // The same bytes give the same content and the same flaw, however they are cut. Not called again after a flaw.
  virtual Result feed(std::string_view coded, char* to, size_t room) = 0;

  // Whether the body may end here.
  virtual bool complete() const = 0;
};

// Never null; what has no memory says so when it is fed.
std::unique_ptr<ContentDecoder> make_content_decoder(Coding coding);

// What to say to a client.
std::string sentence(ContentDecoder::Flaw flaw, Coding coding);

}  // namespace signalbox::native
