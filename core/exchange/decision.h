// What is to be done with a conversation, decided once and purely: the machine does it, explain prints it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "dialects/dialect.h"
#include "http/endpoint.h"
#include "routing/facts.h"
#include "routing/match.h"
#include "routing/plan.h"
#include "routing/takes.h"
#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox::exchange {

using Operation = http::Endpoint::Operation;

// Whose credentials a request may spend.
enum class Access : uint8_t {
  all,
  mock_only,  // nobody can tell who asks: no client key is configured, and the host does not see the peer
};

// How a lane serves an operation.
enum class Service : uint8_t {
  forward,    // by asking the upstream, in the client's own dialect
  translate,  // by asking the upstream in its dialect
  estimate,   // by our own count of tokens
  mock,       // by the built-in mock
  none,       // not at all; `why_not` says why
};

struct Choice {
  const routing::Lane* lane = nullptr;
  Service service = Service::none;
  FaultKind why_not = FaultKind::none;
  routing::TakingResult taking{};
};

// What lanes are judged by, beside the facts.
struct Judging {
  const Config* config = nullptr;
  Operation operation = Operation::unknown;
  Dialect shape = Dialect::anthropic;  // the client's
  Access access = Access::all;
};

// `facts` are empty when the body could not be read: what stands in such a body is nobody's to repeat.
// `choices` are the plan's lanes in the order of trying. `first` is the one that serves; null exactly
// when `fault` says why nothing does. Like the plan's lanes, only the first `plan.ordered` choices stand in their order.
struct Decision {
  Fault fault;
  routing::Facts facts;
  routing::TaskFacts known;  // what rules, tasks and targets have asked about
  routing::Match match;
  std::string_view label;  // of `match`, for headers and logs
  routing::Plan plan;
  std::span<Choice> choices;
  size_t judged = 0;  // so many of them, from the first on; the others are made when they are put into their order
  Judging judging;
  const Choice* first = nullptr;
};

// What the client sent, as far as deciding needs it.
struct Conversation {
  const http::Endpoint& endpoint;
  std::string_view body;
  Access access = Access::all;
  routing::Asker asker{};
  routing::Asked asked{};  // what choosing among lanes goes by; `body` above stands for its own
};

// Reads the facts, finds the route, judges each of its lanes. Views into `body`, `config` and `arena`.
Decision decide(const Conversation& conversation, const Config& config, const routing::Health& health,
                int64_t now_unix_ms, Arena& arena);
// The same into `decision`, which nothing has been decided in yet.
void decide(const Conversation& conversation, const Config& config, const routing::Health& health, int64_t now_unix_ms,
            Arena& arena, Decision& decision);

// The one behind `choice`, put into its order where it is not yet; null behind the last.
const Choice* next_choice(Decision& decision, const Choice& choice, Arena& arena);

// Puts all of `decision`'s lanes and choices into the order of trying. Those in front stay where they are.
void order_rest(Decision& decision, Arena& arena);

using dialects::Edit;

// The path of an edit that takes out a tag which names who answers (dialects/tags.h); nothing of the request is lost by it.
inline constexpr std::string_view tag_path = "tag";

// What a lane needs changed in a body of its own dialect: the model's token where the name differs, and
// what other vendors left in it, and what is unwanted; usually nothing is. Everything else stays, because
// prompt caches and thinking signatures hang on every other byte.
std::span<const Edit> edits_for(const routing::Facts& facts, std::string_view body, const routing::Lane& lane,
                                const dialects::DialectRow& dialect, const dialects::Unwanted& unwanted, Arena& arena);

// What an upstream is asked for, for a request to `endpoint`.
dialects::Ask ask_of(const http::Endpoint& endpoint, const routing::Facts& facts);

// The address that `ask` has at `provider` for the model `upstream_model`. `query` is the client's own, where
// the provider speaks its dialect.
std::string address_of(const Provider& provider, std::string_view upstream_model, dialects::Ask ask,
                       std::string_view query);

// The body with the edits, which are in order and do not overlap, as a gather list over the same bytes.
std::span<const std::string_view> edited(std::string_view body, std::span<const Edit> edits, Arena& arena);

}  // namespace signalbox::exchange
