#include "explain_words.h"

#include <span>

namespace signalbox::native {
namespace {

std::string_view find(std::span<const Word> words, std::string_view name) {
  for (const Word& each : words)
    if (each.name == name) return each.says;
  return name;
}

}  // namespace

std::string_view fact_called(std::string_view name) {
  static constexpr Word words[] = {
      {"tokens", "tokens (of a short body, its bytes)"},
      {"thinks", "thinking with a budget is on"},
      {"effort", "effort asked for"},
      {"web_search", "a tool that searches the web"},
      {"image_in_last_turn", "an image in the user's last turn"},
      {"images", "images anywhere"},
      {"documents", "documents anywhere"},
      {"tools", "tools"},
      {"subagent", "comes from a subagent"},
      {"session", "names a session"},
      {"tag", "a tag that names who answers"},
  };
  return find(words, name);
}

std::string_view rule_broken(std::string_view why) {
  static constexpr Word words[] = {
      {"model", "does not hold: the model's name is none of its patterns."},
      {"path", "does not hold: the path is none of its patterns."},
      {"client_key", "does not hold: it is for other client keys."},
      {"header", "does not hold: a header that it wants is missing, or has another value."},
      {"tools", "does not hold: it wants tools where there are none, or none where there are some."},
      {"tokens_min", "does not hold: the request has fewer tokens than its tokens_min."},
      {"tokens_max", "does not hold: the request has more tokens than its tokens_max."},
      {"session", "does not hold: no session is named, or none of its patterns fits."},
      {"task", "does not hold: the request is for none of its tasks."},
      {"not asked", "was not asked: the client itself has said who answers."},
      {"behind the rule that decides", "was not asked: an earlier rule has decided."},
  };
  return find(words, why);
}

std::string_view route_chosen(std::string_view reason) {
  static constexpr Word words[] = {
      {"forced", "The header x-signalbox-provider of the request forces the provider"},
      {"named", "The model's name in the request names the provider"},
      {"rule", "The first rule that holds decides"},
      {"tag", "A tag in the prompt names who answers"},
      {"task", "No rule decides; the task that the request is for does"},
      {"pattern", "The model's name decides: it fits the route's pattern"},
      {"default", "No route takes the model's name, so tasks.default answers"},
  };
  return find(words, reason);
}

std::string_view lane_stands(std::string_view standing) {
  static constexpr Word words[] = {
      {"ready", "Healthy."},
      {"cooling", "Cooling down"},
      {"probing", "Its cool-down is over; another request is trying it, and until that ends it is asked last."},
      {"half_open", "Its cool-down is over; this request would be the one that tries it."},
  };
  return find(words, standing);
}

std::string_view cooled_because(std::string_view why) {
  static constexpr Word words[] = {
      {"hiccup", "it failed"},
      {"limited", "it was asked too often (rate limit)"},
      {"exhausted", "its plan or balance is used up"},
      {"refused", "its credential was refused"},
      {"model_missing", "it does not have the model"},
      {"doubtful", "its answer was doubtful"},
      {"unreachable", "it could not be reached"},
      {"breaker", "too many of its requests failed (circuit breaker)"},
      {"asked", "it failed and asked for so long"},
      {"no_credential", "it wants a credential, and none is configured"},
      {"unknown", "it failed"},
  };
  return find(words, why);
}

std::string_view who_suffers(std::string_view scope) {
  static constexpr Word words[] = {
      {"lane", "the lane"},
      {"credential", "the credential"},
      {"provider", "the provider"},
  };
  return find(words, scope);
}

std::string_view who_is_concerned(std::string_view scope) {
  static constexpr Word words[] = {
      {"lane", "This concerns no other lane."},
      {"credential", "This concerns every lane with this credential."},
      {"provider", "This concerns every lane of this provider."},
  };
  return find(words, scope);
}

std::string_view failure_called(std::string_view name) {
  static constexpr Word words[] = {
      {"status_401", "401 credential refused"},   {"status_402", "402 to be paid"},
      {"status_429", "429 too many requests"},    {"status_500", "500 upstream error"},
      {"timeout", "no answer in time"},           {"unreachable", "cannot be reached"},
      {"context_overflow", "prompt is too long"}, {"status_400", "400 request refused"},
  };
  return find(words, name);
}

std::string_view what_then(std::string_view then) {
  static constexpr Word words[] = {
      {"answer", "the client gets this answer; nobody else is asked"},
      {"next_lane", "the next lane is asked"},
      {"larger_lane", "a lane with a larger context is asked, if there is one"},
  };
  return find(words, then);
}

std::string duration(int64_t ms) {
  if (ms < 0) ms = 0;
  if (ms < 1000) return std::to_string(ms) + " ms";
  const int64_t s = (ms + 999) / 1000;
  struct Unit {
    int64_t seconds;
    const char* name;
  };
  std::string out;
  int64_t left = s;
  for (const Unit& unit : {Unit{86400, " d"}, Unit{3600, " h"}, Unit{60, " min"}, Unit{1, " s"}}) {
    if (left < unit.seconds) continue;
    if (!out.empty()) out += ' ';
    out += std::to_string(left / unit.seconds) + unit.name;
    left %= unit.seconds;
  }
  return out;
}

}  // namespace signalbox::native
