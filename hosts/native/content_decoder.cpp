#include "content_decoder.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>

namespace signalbox::native {

namespace {

using Flaw = ContentDecoder::Flaw;

class ZlibDecoder final : public ContentDecoder {
 public:
  explicit ZlibDecoder(Coding coding) : is_gzip_(coding == Coding::gzip) {
    if (is_gzip_) begin(gzip_format);
  }
  ~ZlibDecoder() override {
    if (begun_) inflateEnd(&stream_);
  }

  Result feed(std::string_view coded, char* to, size_t room) override {
    Result result;
    if (!is_gzip_ && !begun_ && !find_format(coded, result)) return result;
    while (result.flaw == Flaw::none) {
      // What told the format is fed before what came behind it.
      const bool from_start = start_fed_ < start_bytes_;
      const std::string_view input =
          from_start ? std::string_view(start_ + start_fed_, start_bytes_ - start_fed_) : coded.substr(result.consumed);
      if (ended_) {
        if (input.empty()) break;
        if (!is_gzip_) {
          result.flaw = Flaw::behind;
          break;
        }
        inflateReset(&stream_);
        ended_ = false;
        more_members_ = true;
      }
      const size_t room_left = std::min(room - result.produced, size_t(std::numeric_limits<uInt>::max()));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
      stream_.avail_in = uInt(std::min(input.size(), size_t(std::numeric_limits<uInt>::max())));
      stream_.next_out = reinterpret_cast<Bytef*>(to + result.produced);
      stream_.avail_out = uInt(room_left);
      const size_t offered = stream_.avail_in;
      const int told = inflate(&stream_, Z_NO_FLUSH);
      (from_start ? start_fed_ : result.consumed) += offered - stream_.avail_in;
      result.produced += room_left - stream_.avail_out;
      switch (told) {
        case Z_OK: break;
        case Z_STREAM_END: ended_ = true; continue;
        case Z_BUF_ERROR: return result;  // nothing to do: no input, or no room
        case Z_NEED_DICT: result.flaw = Flaw::dictionary; break;
        case Z_MEM_ERROR: result.flaw = Flaw::no_memory; break;
        default: result.flaw = flaw(); break;
      }
    }
    return result;
  }

  bool complete() const override { return ended_; }

 private:
  static constexpr int window_bits = 15;
  static constexpr int gzip_format = window_bits + 16, zlib_format = window_bits, bare_format = -window_bits;

  void begin(int format) {
    begun_ = inflateInit2(&stream_, format) == Z_OK;
    if (!begun_) no_memory_ = true;
  }

  // Whether it is known by now; takes the bytes that tell it into `start_`.
  bool find_format(std::string_view coded, Result& result) {
    while (start_bytes_ < 2 && result.consumed < coded.size()) start_[start_bytes_++] = coded[result.consumed++];
    if (start_bytes_ < 2) return false;
    const unsigned cmf = uint8_t(start_[0]), flg = uint8_t(start_[1]);
    const bool zlib_header = (cmf & 15) == 8 && (cmf >> 4) <= 7 && (cmf << 8 | flg) % 31 == 0;  // RFC 1950 section 2.2
    begin(zlib_header ? zlib_format : bare_format);
    if (begun_) return true;
    result.flaw = Flaw::no_memory;
    return false;
  }

  Flaw flaw() const {
    if (no_memory_) return Flaw::no_memory;
    const std::string_view said = stream_.msg ? stream_.msg : "";
    if (said == "incorrect data check" || said == "incorrect length check") return Flaw::checksum;
    if (said == "incorrect header check" && more_members_) return Flaw::behind;
    return Flaw::invalid;
  }

  z_stream stream_{};
  const bool is_gzip_;
  bool begun_ = false;
  bool no_memory_ = false;
  bool ended_ = false;
  bool more_members_ = false;
  size_t start_bytes_ = 0, start_fed_ = 0;
  char start_[2] = {};
};

class BrotliDecoder final : public ContentDecoder {
 public:
  ~BrotliDecoder() override {
    if (state_) BrotliDecoderDestroyInstance(state_);
  }

  Result feed(std::string_view coded, char* to, size_t room) override {
    Result result;
    if (!state_) {
      result.flaw = Flaw::no_memory;
      return result;
    }
    if (ended_) {
      if (!coded.empty()) result.flaw = Flaw::behind;
      return result;
    }
    size_t input_left = coded.size(), room_left = room;
    const auto* input = reinterpret_cast<const uint8_t*>(coded.data());
    auto* output = reinterpret_cast<uint8_t*>(to);
    const BrotliDecoderResult told =
        BrotliDecoderDecompressStream(state_, &input_left, &input, &room_left, &output, nullptr);
    result.consumed = coded.size() - input_left;
    result.produced = room - room_left;
    switch (told) {
      case BROTLI_DECODER_RESULT_SUCCESS:
        ended_ = true;
        if (input_left > 0) result.flaw = Flaw::behind;
        break;
      case BROTLI_DECODER_RESULT_ERROR: {
        const int code = BrotliDecoderGetErrorCode(state_);
        const bool memory =
            code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
        result.flaw = memory ? Flaw::no_memory : Flaw::invalid;
        break;
      }
      default: break;
    }
    return result;
  }

  bool complete() const override { return ended_; }

 private:
  BrotliDecoderState* state_ = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  bool ended_ = false;
};

class ZstdDecoder final : public ContentDecoder {
 public:
  ZstdDecoder() {
    if (stream_) ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, window_log_max);
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(stream_); }

  Result feed(std::string_view coded, char* to, size_t room) override {
    Result result;
    if (!stream_) result.flaw = Flaw::no_memory;
    while (result.flaw == Flaw::none) {
      if (head_bytes_ < head_bytes_known_) {
        if (result.consumed == coded.size()) break;
        result.flaw = take_head(coded[result.consumed++]);
        continue;
      }
      ZSTD_inBuffer input{coded.data(), coded.size(), result.consumed};
      ZSTD_outBuffer output{to, room, result.produced};
      // Asked in vain, the library gives an error after a while.
      if (input.pos == input.size && !(holds_more_ && output.pos < output.size)) break;
      const size_t told = ZSTD_decompressStream(stream_, &output, &input);
      const bool stuck = input.pos == result.consumed && output.pos == result.produced;
      result.consumed = input.pos;
      result.produced = output.pos;
      holds_more_ = output.pos == output.size;
      if (ZSTD_isError(told)) result.flaw = flaw(told);
      else if (told == 0) next_frame();
      else if (stuck || input.pos == input.size) break;
    }
    return result;
  }

  bool complete() const override { return frames_ > 0 && head_bytes_ == 0; }

 private:
  static constexpr int window_log_max = 23;  // RFC 9659
  static constexpr size_t magic_bytes = 4;

  // A frame's head goes to the library byte by byte and without room: with more it would take a frame that is there
  // whole by another way, on which other bounds hold.
  Flaw take_head(char byte) {
    const auto value = uint8_t(byte);
    if (head_bytes_ == 0) skippable_ = (value & 0xf0) == 0x50;
    static constexpr uint8_t frame[magic_bytes] = {0x28, 0xb5, 0x2f, 0xfd},
                             skippable[magic_bytes] = {0x50, 0x2a, 0x4d, 0x18};
    // Nor are the formats taken that came before RFC 8878.
    if (head_bytes_ < magic_bytes && (head_bytes_ > 0 || !skippable_) &&
        value != (skippable_ ? skippable : frame)[head_bytes_])
      return frames_ > 0 ? Flaw::behind : Flaw::invalid;
    if (!skippable_ && head_bytes_ == magic_bytes) {
      // Frame_Header_Descriptor (RFC 8878 section 3.1.1.1.1)
      if (value & 3) return Flaw::dictionary;
      const bool single_segment = value & 0x20;
      constexpr uint8_t content_size_bytes[] = {0, 2, 4, 8};
      const size_t size_bytes = (value >> 6) == 0 && single_segment ? 1 : content_size_bytes[value >> 6];
      head_bytes_known_ += size_bytes + (single_segment ? 0 : 1);
    }
    ++head_bytes_;
    ZSTD_inBuffer input{&byte, 1, 0};
    char nothing = 0;
    ZSTD_outBuffer output{&nothing, 0, 0};
    const size_t told = ZSTD_decompressStream(stream_, &output, &input);
    return ZSTD_isError(told) ? flaw(told) : Flaw::none;
  }

  void next_frame() {
    ++frames_;
    holds_more_ = false;
    head_bytes_ = 0;
    head_bytes_known_ = magic_bytes + 1;
  }

  Flaw flaw(size_t told) const {
    switch (ZSTD_getErrorCode(told)) {
      case ZSTD_error_checksum_wrong: return Flaw::checksum;
      case ZSTD_error_frameParameter_windowTooLarge: return Flaw::window;
      case ZSTD_error_dictionary_wrong: return Flaw::dictionary;
      case ZSTD_error_memory_allocation: return Flaw::no_memory;
      default: return Flaw::invalid;
    }
  }

  ZSTD_DCtx* stream_ = ZSTD_createDCtx();
  uint64_t frames_ = 0;
  size_t head_bytes_ = 0;                      // of this frame, taken
  size_t head_bytes_known_ = magic_bytes + 1;  // how many it has, as far as is known
  bool skippable_ = false;
  bool holds_more_ = false;  // the last call filled its room
};

}  // namespace

std::unique_ptr<ContentDecoder> make_content_decoder(Coding coding) {
  switch (coding) {
    case Coding::br: return std::make_unique<BrotliDecoder>();
    case Coding::zstd: return std::make_unique<ZstdDecoder>();
    default: return std::make_unique<ZlibDecoder>(coding);
  }
}

std::string sentence(Flaw flaw, Coding coding) {
  const std::string name(name_of(coding));
  switch (flaw) {
    case Flaw::checksum: return "The request's body does not have the checksum that its " + name + " coding gives.";
    case Flaw::behind: return "The request's body goes on behind the end of its " + name + " coding.";
    case Flaw::cut: return "The request's body ends before its " + name + " coding does.";
    case Flaw::window:
      return "The request's body needs a larger window than the 8 MiB that the coding zstd has (RFC 9659): "
             "compress with a window of 8 MiB at most (zstd -19 or lower, no --long).";
    case Flaw::dictionary: return "The request's body is coded with a dictionary, and nobody here has it.";
    default: return "The request's body is not valid in the coding " + name + ".";
  }
}

}  // namespace signalbox::native
