// What an exchange could not carry from one dialect to the other, by path: "context_management",
// "messages.image", "answer.citations". Nothing is lost silently (translation.md section 0.3): the list
// goes into x-signalbox-translation-loss, the log and, with `on_loss: reject`, into a 400.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::canonical {

class Losses {
 public:
  // So many different losses are named; what comes after them is counted as one, "and_more".
  static constexpr size_t named_max = 24;
  // A longer path is cut. Bytes that a header's value cannot hold become '_'.
  static constexpr size_t path_bytes_max = 64;

  // What is noted from here on is of the answer: its paths begin with "answer.".
  void answer_begins() { prefix_ = "answer."; }

  // Notes that `path` was lost; the second time changes nothing.
  void add(std::string_view path);
  // The same for a member called `name` (as a client wrote it) below `path`.
  void add(std::string_view path, std::string_view name);

  bool empty() const { return paths_.empty(); }
  const std::vector<std::string>& paths() const { return paths_; }
  // "a;b;c", as the header has it.
  std::string joined() const;
  void clear() { *this = {}; }

 private:
  std::vector<std::string> paths_;
  std::string_view prefix_;
};

}  // namespace signalbox::canonical
