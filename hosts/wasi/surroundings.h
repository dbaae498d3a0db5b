// What the host knows besides HTTP: the time, randomness, the environment, and the folders it was given.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abi/handle.h"
#include "signalbox/instant.h"

namespace signalbox::wasi {

Now now();

std::array<uint8_t, 16> random_bytes();

// The variables that the command line passes on, all of them.
std::map<std::string, std::string, std::less<>> environment();

// Appends a line to standard error, newline included. What cannot be written is lost: a log is no reason to stop.
void write_log(std::string_view line);

// A folder that the command line opened for the component. Names are of one part. Every failure is an empty
// answer or false: whoever asks has a way without the file.
class Folder {
 public:
  // The one that stands at `guest_path`; nullopt when there is none.
  static std::optional<Folder> find(std::string_view guest_path);

  // The file, if it can be read to its end and has at most `bytes_max` bytes; otherwise `problem` says why not.
  std::optional<std::string> read(std::string_view name, size_t bytes_max, std::string* problem = nullptr) const;
  // Writes a file so that no reader ever sees a part of it: under another name first, which nobody else uses.
  bool write(std::string_view name, std::string_view bytes, std::string_view passing_name) const;
  // Makes an empty file; false when there is one of this name already.
  bool create(std::string_view name) const;
  bool remove(std::string_view name) const;
  // When it was written last; nullopt when there is none.
  std::optional<int64_t> written_unix_ms(std::string_view name) const;
  // Names of what is in it, `count_max` at most, in no order.
  std::vector<std::string> names(size_t count_max) const;

 private:
  using Descriptor = abi::Handle<abi::drop_descriptor>;
  explicit Folder(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor open(std::string_view name, int32_t open_flags, int32_t flags) const;

  Descriptor descriptor_;
};

}  // namespace signalbox::wasi
