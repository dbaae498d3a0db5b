#include "surroundings.h"

#include <algorithm>
#include <memory>

#include "abi/memory.h"
#include "base/text.h"

namespace signalbox::wasi {

namespace {

// What one blocking write may carry (wasi:io, blocking-write-and-flush).
constexpr size_t log_piece_bytes_max = 4096;

enum PathFlags : int32_t { no_path_flags = 0 };
enum OpenFlags : int32_t { create_flag = 1, exclusive_flag = 4, truncate_flag = 8 };
enum DescriptorFlags : int32_t { read_flag = 1, write_flag = 2 };

// Why a file cannot be read: the error-code of wasi:filesystem, in words where it tells something to do.
std::string fault_of(uint8_t error_code) {
  switch (error_code) {
    case 0:                                                     // access
    case 31: return "the file cannot be read: no permission";   // not-permitted
    case 14: return "the file cannot be read: it is a folder";  // is-directory
    case 20: return "the file is missing";                      // no-entry
    default: break;
  }
  std::string fault = "the file cannot be read: error ";
  base::append_decimal(fault, error_code);
  return fault + " of wasi:filesystem";
}

}  // namespace

Now now() {
  abi::ReturnArea area;  // datetime
  abi::wall_clock_now(area);
  return {abi::monotonic_ns() / 1'000'000,
          int64_t(area.number<uint64_t>(0)) * 1000 + area.number<uint32_t>(8) / 1'000'000};
}

std::array<uint8_t, 16> random_bytes() {
  std::array<uint8_t, 16> bytes{};
  Arena arena;
  abi::Reception reception(arena);
  abi::ReturnArea area;
  abi::get_random_bytes(int64_t(bytes.size()), area);
  const std::string_view given = area.text(0);
  std::copy_n(given.begin(), std::min(given.size(), bytes.size()), bytes.begin());
  return bytes;
}

std::map<std::string, std::string, std::less<>> environment() {
  Arena arena;
  abi::Reception reception(arena);
  abi::ReturnArea area;
  abi::get_environment(area);
  std::map<std::string, std::string, std::less<>> variables;
  for (const abi::RawPair& pair : abi::list_of<abi::RawPair>(area, 0))
    variables.emplace(std::string_view(pair.first), std::string_view(pair.second));
  return variables;
}

void write_log(std::string_view line) {
  abi::Handle<abi::drop_output_stream> stream(abi::get_stderr());
  while (!line.empty()) {
    const std::string_view piece = line.substr(0, log_piece_bytes_max);
    abi::ReturnArea area;  // result<_, stream-error>
    abi::output_stream_write_now(stream.raw(), piece.data(), piece.size(), area);
    if (area.tag(0)) {
      if (area.tag(4) == 0) abi::drop_error(area.handle(8));
      return;
    }
    line.remove_prefix(piece.size());
  }
}

std::optional<Folder> Folder::find(std::string_view guest_path) {
  struct Preopen {
    abi::RawHandle descriptor;
    abi::RawText path;
  };
  Arena arena;
  abi::ReturnArea area;
  {
    abi::Reception reception(arena);
    abi::get_directories(area);
  }
  std::optional<Folder> found;
  for (const Preopen& each : abi::list_of<Preopen>(area, 0)) {
    Descriptor descriptor(each.descriptor);
    if (std::string_view(each.path) == guest_path) found = Folder(std::move(descriptor));
  }
  return found;
}

Folder::Descriptor Folder::open(std::string_view name, int32_t open_flags, int32_t flags) const {
  abi::ReturnArea area;  // result<descriptor, error-code>
  abi::descriptor_open_at(descriptor_.raw(), no_path_flags, name.data(), name.size(), open_flags, flags, area);
  return area.tag(0) == 0 ? Descriptor(area.handle(4)) : Descriptor();
}

std::optional<std::string> Folder::read(std::string_view name, size_t bytes_max, std::string* problem) const {
  const auto none = [&](std::string why) -> std::optional<std::string> {
    if (problem) *problem = std::move(why);
    return std::nullopt;
  };
  // Files of a configuration are often links (a mounted secret): the host keeps them inside the folder.
  constexpr int32_t follow = 1;
  abi::ReturnArea area;
  abi::descriptor_open_at(descriptor_.raw(), follow, name.data(), name.size(), 0, read_flag, area);
  if (area.tag(0)) return none(fault_of(area.tag(4)));
  const Descriptor file(area.handle(4));
  std::string text;
  for (;;) {
    Arena arena;
    abi::Reception reception(arena);
    // result<tuple<list<u8>, bool>, error-code>; the bool says that the end is reached
    abi::descriptor_read(file.raw(), 64 << 10, int64_t(text.size()), area);
    if (area.tag(0)) return none(fault_of(area.tag(4)));
    text += area.text(4);
    if (text.size() > bytes_max) {
      std::string why = "the file is larger than ";
      base::append_decimal(why, int64_t(bytes_max));
      return none(why + " bytes");
    }
    if (area.tag(12) || area.text(4).empty()) return text;
  }
}

bool Folder::write(std::string_view name, std::string_view bytes, std::string_view passing_name) const {
  abi::ReturnArea area;
  {
    const Descriptor file = open(passing_name, create_flag | truncate_flag, write_flag);
    if (!file) return false;
    for (size_t written = 0; written < bytes.size();) {
      // result<filesize, error-code>
      abi::descriptor_write(file.raw(), bytes.data() + written, bytes.size() - written, int64_t(written), area);
      if (area.tag(0) || area.number<uint64_t>(8) == 0) {
        remove(passing_name);
        return false;
      }
      written += size_t(area.number<uint64_t>(8));
    }
  }
  abi::descriptor_rename_at(descriptor_.raw(), passing_name.data(), passing_name.size(), descriptor_.raw(), name.data(),
                            name.size(), area);
  return area.tag(0) == 0;
}

bool Folder::create(std::string_view name) const { return bool(open(name, create_flag | exclusive_flag, write_flag)); }

bool Folder::remove(std::string_view name) const {
  abi::ReturnArea area;  // result<_, error-code>
  abi::descriptor_unlink_file_at(descriptor_.raw(), name.data(), name.size(), area);
  return area.tag(0) == 0;
}

std::optional<int64_t> Folder::written_unix_ms(std::string_view name) const {
  abi::ReturnArea area;  // result<descriptor-stat, error-code>: the second time of three is at 8 + 48
  abi::descriptor_stat_at(descriptor_.raw(), no_path_flags, name.data(), name.size(), area);
  if (area.tag(0) || area.tag(56) == 0) return std::nullopt;
  return int64_t(area.number<uint64_t>(64)) * 1000 + area.number<uint32_t>(72) / 1'000'000;
}

std::vector<std::string> Folder::names(size_t count_max) const {
  std::vector<std::string> names;
  abi::ReturnArea area;  // result<directory-entry-stream, error-code>
  abi::descriptor_read_directory(descriptor_.raw(), area);
  if (area.tag(0)) return names;
  const abi::Handle<abi::drop_directory_entry_stream> entries(area.handle(4));
  while (names.size() < count_max) {
    Arena arena;
    abi::Reception reception(arena);
    // result<option<directory-entry>, error-code>: the entry's name is at 8 + 4
    abi::read_directory_entry(entries.raw(), area);
    if (area.tag(0) || area.tag(4) == 0) break;
    names.emplace_back(area.text(12));
  }
  return names;
}

}  // namespace signalbox::wasi
