// What a request becomes on its way to an upstream, and an answer on its way back, without an exchange: for people
// who want to see it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox {

// `fault` says why there is no `body`. `losses` are the paths of what `body` cannot carry (translation.md
// section 0.3), each once.
struct Transformed {
  Fault fault;
  std::string body;
  std::vector<std::string> losses;
  bool recognised = true;  // of an answer: whether anything in it is one of the upstream's dialect, be it an error
  size_t stops_left = 0;   // stop sequences that `body` does not have, for which a gateway looks in the answer
};

// `body`, a conversation request of the dialect `from`, as the first lane of `target` would get it; `target`
// names a provider of `config`. For the provider's own dialect that is `body` with the edits it needs, for any
// other its translation. Faults: those of a body that cannot be read, and not_supported.
Transformed transform(std::string_view body, Dialect from, const Config& config, const Target& target);

// Whether an answer is a stream of events or one JSON text.
enum class AnswerForm : uint8_t { as_it_came, streamed, whole };

// `answer`, recorded from the first lane of `target`, which names a provider of `config`, as a client of the dialect
// `to` would get it: whole or a stream of events, as its first byte says. Where the answer is none, or breaks off, `fault` says why, and `body`
// holds what the client would have had by then, the error included. Ids that nobody gave are always the
// same ones.
Transformed transform_answer(std::string_view answer, const Config& config, const Target& target, Dialect to,
                             AnswerForm form);

}  // namespace signalbox
