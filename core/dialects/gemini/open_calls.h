// The calls of the model's turn that wait for a response: which of them a response is for. Inside of the folder.
#pragma once

#include <cstddef>
#include <map>
#include <string_view>
#include <vector>

namespace signalbox::dialects::gemini {

// Holds views; what they point into outlives it.
class OpenCalls {
 public:
  void add(std::string_view id, std::string_view name) {
    by_name_[name].calls.push_back(calls_.size());
    by_id_.emplace(id, calls_.size());
    calls_.push_back({id, false});
  }

  // The id of the call that a response of this id and name is for, which waits no longer: the call of the id, or
  // the first of the name. Where none waits, an id that no call has: the response is then said as text.
  std::string_view answer(std::string_view id, std::string_view name) {
    if (const auto found = by_id_.find(id); !id.empty() && found != by_id_.end() && !calls_[found->second].answered)
      return answer(found->second);
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
      OfName& of_name = found->second;
      while (of_name.next < of_name.calls.size() && calls_[of_name.calls[of_name.next]].answered) ++of_name.next;
      if (of_name.next < of_name.calls.size()) return answer(of_name.calls[of_name.next++]);
    }
    return id.empty() ? "unknown" : id;
  }

  void clear() {
    calls_.clear();
    by_id_.clear();
    by_name_.clear();
  }

 private:
  struct Call {
    std::string_view id;
    bool answered = false;
  };
  struct OfName {
    std::vector<size_t> calls;
    size_t next = 0;
  };

  std::string_view answer(size_t call) {
    calls_[call].answered = true;
    return calls_[call].id;
  }

  std::vector<Call> calls_;
  std::map<std::string_view, size_t> by_id_;
  std::map<std::string_view, OfName> by_name_;
};

}  // namespace signalbox::dialects::gemini
