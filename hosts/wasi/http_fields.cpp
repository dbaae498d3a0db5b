#include "http_fields.h"

#include "abi/memory.h"
#include "base/text.h"

namespace signalbox::wasi {

std::vector<Header> read_fields(abi::RawHandle raw, Arena& arena) {
  const abi::Fields fields(raw);
  abi::ReturnArea area;  // list<tuple<string, list<u8>>>
  {
    abi::Reception reception(arena);
    abi::fields_entries(fields.raw(), area);
  }
  std::vector<Header> headers;
  for (const abi::RawPair& pair : abi::list_of<abi::RawPair>(area, 0)) headers.push_back({pair.first, pair.second});
  return headers;
}

void add_field(const abi::Fields& fields, std::string_view name, std::string_view value) {
  abi::ReturnArea area;  // result<_, header-error>
  abi::fields_append(fields.raw(), name.data(), name.size(), value.data(), value.size(), area);
}

size_t bytes_of(std::span<const Header> headers) {
  constexpr size_t marks_bytes = 4;  // ": " and the line's end
  size_t bytes = 0;
  for (const Header& header : headers) bytes += header.name.size() + header.value.size() + marks_bytes;
  return bytes;
}

bool is_framing(std::string_view name) {
  for (const std::string_view each : {"content-length", "transfer-encoding", "connection", "date"})
    if (base::equals_ignoring_case(name, each)) return true;
  return false;
}

}  // namespace signalbox::wasi
