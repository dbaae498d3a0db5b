// Names of tools that one dialect allows and another does not. Where a name is too long or has letters
// that the upstream refuses, it goes out under another one and comes back under its own (translation.md
// section 4): prefix, '_' and eight hex digits of the name's SHA-256, so the same in every request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace signalbox::canonical {

// What a name may begin with: anything that it is made of, or a letter or '_' (Gemini).
enum class FirstByte : uint8_t { any, letter };

class ToolNames {
 public:
  ToolNames() = default;
  ToolNames(const ToolNames&) = delete;
  ToolNames& operator=(const ToolNames&) = delete;
  ToolNames(ToolNames&&) = default;
  ToolNames& operator=(ToolNames&&) = default;

  // The name under which `asked` goes out: itself where it is made of A-Z a-z 0-9 _ - and has at most
  // `bytes_max` bytes (16 or more) and begins with what `first` says, else the derived one. No two names ever share one:
  // who comes second to a name gets a derived one. The view lives as long as this.
  std::string_view sent(std::string_view asked, size_t bytes_max = 64, FirstByte first = FirstByte::any);

  // The name that the client knows for what the upstream calls `sent`; `sent` itself when it was not
  // changed.
  std::string_view asked(std::string_view sent) const;

  void clear();

 private:
  // Every name that went out, also those that were not changed: a derived name must not hit one. The
  // nodes of a map stay where they are, so its strings can be viewed.
  std::map<std::string, std::string_view, std::less<>> sent_by_asked_;
  std::map<std::string, std::string_view, std::less<>> asked_by_sent_;
};

// `id` where a dialect takes it: made of A-Z a-z 0-9 _ - and at most `bytes_max` long. Otherwise `prefix`
// and up to 24 hex digits of its SHA-256, the same for a call and its result. Appended to `out`.
void append_tool_id(std::string& out, std::string_view id, std::string_view prefix, size_t bytes_max);

}  // namespace signalbox::canonical
