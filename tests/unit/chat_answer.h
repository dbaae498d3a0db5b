// A Chat answer as a client's SDK puts it together, from chunks or from a whole one, and whether the
// chunks were what the SDKs and their types expect (translation.md section 11.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signalbox::testing {

struct ChatAnswer {
  struct Call {
    std::string id, name, arguments;  // the arguments still escaped
    bool operator==(const Call& o) const { return id == o.id && name == o.name && arguments == o.arguments; }
  };

  std::string id, created, model;
  std::string content, reasoning, refusal;  // escaped
  std::vector<Call> calls;
  std::string finish_reason;
  std::string usage;  // JSON
  std::string error;  // JSON; of a stream that failed
  // The first thing that must not be; empty when all is well. Not compared.
  std::string wrong;

  bool operator==(const ChatAnswer& o) const {
    return id == o.id && created == o.created && model == o.model && content == o.content && reasoning == o.reasoning &&
           refusal == o.refusal && calls == o.calls && finish_reason == o.finish_reason && usage == o.usage &&
           error == o.error;
  }
};

ChatAnswer chat_answer_of_stream(std::string_view bytes);
ChatAnswer chat_answer_of_whole(std::string_view body);

}  // namespace signalbox::testing
