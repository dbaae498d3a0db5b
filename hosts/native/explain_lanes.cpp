#include "explain_lanes.h"

#include <string>
#include <utility>
#include <vector>

#include "explain_words.h"

namespace signalbox::native {
namespace {

std::string name_of(Json& lane) {
  const std::string provider = take_text(lane, "provider"), model = take_text(lane, "model"),
                    credential = take_text(lane, "credential");
  std::string name = "provider " + quoted_text(provider) + ", model " + quoted_text(model);
  if (credential == "(the client's own)") name += ", with the client's own credential";
  else if (!credential.empty()) name += ", credential " + quoted_text(credential);
  return name;
}

std::string listed(const Json& words) {
  std::string text;
  for (const Json& word : words)
    text += (text.empty() ? "" : ", ") + (word.is_string() ? shown(word.get<std::string>()) : value_text(word));
  return text;
}

void write_service(PageWriter& page, Json& lane) {
  const std::string service = take_text(lane, "service"), dialect = take_text(lane, "dialect"),
                    url = take_text(lane, "url"), why_not = take_text(lane, "why_not");
  Json translation = take_object(lane, "translation");
  if (!why_not.empty()) page.line("It is passed over: " + why_not, 5, 7);
  if (service == "forward") {
    page.line("Speaks the client's dialect (" + dialect + "): the request goes on in its own words.", 5, 7);
  } else if (service == "translate") {
    std::string text = "Speaks " + dialect + ": the request is translated";
    if (const auto bytes = take_number(translation, "bytes")) text += ", to " + std::to_string(*bytes) + " bytes";
    page.line(text + ".", 5, 7);
  } else if (service == "mock") {
    page.line("The built-in mock: it answers by itself, and nothing is sent anywhere.", 5, 7);
  } else if (service == "estimate") {
    page.line("Tokens are counted by the gateway itself; nothing is sent anywhere.", 5, 7);
  } else if (service != "none") {
    page.line("Service: " + service + (dialect.empty() ? "" : ", dialect " + dialect), 5, 7);
  }
  if (!url.empty()) page.line("Address: " + url, 5, 7);
  if (const Json set = take_array(lane, "headers_set"); !set.empty())
    page.line("Headers that the configuration sets: " + listed(set), 5, 7);
  if (const Json losses = take_array(translation, "losses"); !losses.empty())
    page.line("It cannot be told, and the client hears that it was lost: " + listed(losses), 5, 7);
  if (const auto body = translation.find("body"); body != translation.end()) {
    page.line("It would get this body:", 5);
    page.raw(shown(body->dump(-1, ' ', false, Json::error_handler_t::replace)));
    translation.erase(body);
  }
  write_rest(page, translation, 5, "translation");
  if (const Json rewrites = take_array(lane, "rewrites"); !rewrites.empty()) {
    page.line("The configuration's own rules (rewrite) change:", 5);
    write_edits(page, rewrites, 7);
  }
}

void write_standing(PageWriter& page, Json& lane) {
  const auto cooling_ms = take_number(lane, "cooling_for_ms"), probe_ms = take_number(lane, "probe_in_ms");
  const std::string standing = take_text(lane, "standing"), why = take_text(lane, "why"),
                    suffers = take_text(lane, "suffers");
  if (!standing.empty() || cooling_ms) {
    std::string text(standing.empty() ? lane_stands("cooling") : lane_stands(standing));
    if (cooling_ms) text += " for another " + duration(*cooling_ms);
    if (!why.empty()) text += ", because " + std::string(cooled_because(why));
    if (text.back() != '.') text += ". Until then it is asked only after all others.";
    if (!suffers.empty()) text += " " + std::string(who_is_concerned(suffers));
    if (probe_ms) text += " It is probed " + (*probe_ms > 0 ? "in " + duration(*probe_ms) : std::string("now")) + ".";
    page.line(text, 5, 7);
  }
  if (const std::string what = take_text(lane, "cannot_take"); !what.empty())
    page.line("It cannot take the request's " + what + " (so says the configuration).", 5, 7);
  if (const std::string what = take_text(lane, "takes_only_without"); !what.empty())
    page.line(what == "tokens" ? "The request is likely too long for it."
                               : "It would get the request without its " + what + ".",
              5, 7);
  for (Json& bound : take_array(lane, "bounds")) {
    const auto in_use = take_number(bound, "in_use"), most = take_number(bound, "concurrent_max");
    std::string text = "Requests at a time at " + take_text(bound, "of") + ": ";
    if (in_use) text += std::to_string(*in_use) + " open";
    if (most) text += " of at most " + std::to_string(*most);
    if (in_use && most && *in_use >= *most) text += "; it is full and passed over until one ends";
    page.line(text + ".", 5, 7);
    write_rest(page, bound, 7);
  }
}

void write_order(PageWriter& page, Json& lane) {
  Json order = take_object(lane, "order");
  if (order.empty()) return;
  std::string text = "Stands here by: " + take_text(order, "by");
  const auto add = [&](const char* name, std::string_view before, std::string_view after) {
    if (const auto number = take_number(order, name))
      text += "; " + std::string(before) + std::to_string(*number) + std::string(after);
  };
  add("score", "score ", " (the least is first)");
  add("weight", "weight ", "");
  add("open", "requests open: ", "");
  if (const auto ms = take_number(order, "first_content_ms")) text += "; first content of late after " + duration(*ms);
  add("cached_percent", "", " % of prompts from the cache");
  add("headroom_percent", "", " % of its limits left");
  if (const std::string spread = take_text(order, "spread"); !spread.empty())
    text += "; its credentials are spread by " + spread;
  if (take_bool(order, "full").value_or(false)) text += "; it is full";
  page.line(text + ".", 5, 7);
  write_rest(page, order, 5, "order");
}

// Whether it has as many requests open as one of its bounds lets it have.
bool is_full(const Json& lane) {
  const auto order = lane.find("order");
  if (order != lane.end() && order->is_object() && order->contains("full")) return true;
  const auto bounds = lane.find("bounds");
  if (bounds == lane.end() || !bounds->is_array()) return false;
  for (Json bound : *bounds) {
    const auto in_use = take_number(bound, "in_use"), most = take_number(bound, "concurrent_max");
    if (in_use && most && *in_use >= *most) return true;
  }
  return false;
}

enum class Others : uint8_t { none, some };

// What a failure does, in words.
std::string consequence(Json& failure, Others others) {
  const std::string then = take_text(failure, "then");
  std::string text(others == Others::some || then == "answer" ? what_then(then) : "the client is told");
  const std::string suffers = take_text(failure, "suffers");
  const auto for_ms = take_number(failure, "for_ms");
  if (!suffers.empty()) text += "; " + std::string(who_suffers(suffers)) + " is asked last";
  if (for_ms) text += " for " + duration(*for_ms);
  return text;
}

struct Consequences {
  Json on_failure;
  std::vector<size_t> lanes;  // by their number on the page
};

void write_failures(PageWriter& page, std::vector<Consequences> groups, size_t lanes, Others others) {
  if (groups.empty()) return;
  page.heading("If a lane fails before it has said anything");
  for (Consequences& group : groups) {
    std::string numbers;
    for (size_t i = 0; i < group.lanes.size(); ++i)
      numbers += (i == 0 ? "" : i + 1 == group.lanes.size() ? " and " : ", ") + std::to_string(group.lanes[i]);
    if (group.lanes.size() != lanes) page.line((group.lanes.size() == 1 ? "Lane " : "Lanes ") + numbers + ":", 2);
    for (auto& [name, failure] : group.on_failure.items()) {
      page.row(std::string(failure_called(shown(name))), consequence(failure, others), 2, 24);
      write_rest(page, failure, 4);
    }
  }
  page.line(
      std::string(
          others == Others::some
              ? "Where no lane is left, the client is told of the failure. \"Asked last\" keeps nobody out: where "
                "all others fail too, the turn comes."
              : "\"Asked last\" keeps nobody out: the only lane is asked all the same.") +
          " A time that the failed answer names itself (retry-after) takes the place of the one here, but for 401. "
          "Who fails again and again is asked last for longer.",
      2);
}

}  // namespace

bool write_first(PageWriter& page, const Json& lanes, const Json& route) {
  const Json* waits = nullptr;  // the first that would serve and has no free place
  for (const Json& lane : lanes) {
    if (!lane.is_object() || lane.contains("why_not")) continue;
    Json named = lane;
    if (!is_full(lane)) {
      page.line("It would be answered by " + name_of(named) + ".", 2, 4);
      return true;
    }
    if (!waits) waits = &lane;
  }
  if (!waits) return true;
  const std::string full = "Every lane has as many requests open as it takes";
  const Json queue = route.contains("queue") ? route["queue"] : Json();
  if (!queue.is_object()) {
    page.line(full + ", and the route has no queue: this one would be refused.", 2, 4);
    return false;
  }
  const auto number = [&](const char* key) {
    const auto found = queue.find(key);
    return found != queue.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
  };
  if (number("waiting") >= number("places_max")) {
    page.line(full + ", and so many wait as may: this one would be refused.", 2, 4);
    return false;
  }
  Json named = *waits;
  page.line(full + ": this one would wait for a place, and be refused where none comes free in time.", 2, 4);
  page.line("The first in the order is " + name_of(named) + ".", 2, 4);
  return true;
}

void write_edits(PageWriter& page, const Json& edits, size_t indent) {
  for (Json edit : edits) {
    if (!edit.is_object()) {
      page.line(value_text(edit), indent, indent + 2);
      continue;
    }
    std::string text = take_text(edit, "path") + ": ";
    const auto piece = [&](const char* name) {
      const auto found = edit.find(name);
      if (found == edit.end()) return std::string();
      const std::string value = value_text(*found);
      edit.erase(found);
      return value;
    };
    const auto at = take_number(edit, "at_byte");
    if (const auto removed = take_number(edit, "removed_bytes"))
      text += std::to_string(*removed) + " bytes are taken out";
    const auto from_bytes = take_number(edit, "from_bytes"), to_bytes = take_number(edit, "to_bytes");
    if (from_bytes && to_bytes) text += std::to_string(*from_bytes) + " bytes become " + std::to_string(*to_bytes);
    if (edit.contains("added")) text += take_text(edit, "added") + " is added";
    const std::string from = piece("from"), to = piece("to");
    if (!from.empty()) text += from + " becomes " + to;
    if (at) text += " (at byte " + std::to_string(*at) + ")";
    page.line(text, indent, indent + 2);
    write_rest(page, edit, indent + 2);
  }
}

void write_lanes(PageWriter& page, Json lanes) {
  if (lanes.empty()) return;
  page.heading("Who is asked, in this order");
  page.line(lanes.size() > 1
                ? "A lane is a model of a provider with a credential. The next one is asked when one fails."
                : "There is one lane (a model of a provider with a credential), and no other to fall back on.",
            2);
  std::vector<Consequences> groups;
  size_t number = 0, with_consequences = 0;
  for (Json& lane : lanes) {
    ++number;
    if (!lane.is_object()) {
      page.line(std::to_string(number) + ". " + value_text(lane), 2, 5);
      continue;
    }
    if (Json on_failure = take_object(lane, "on_failure"); !on_failure.empty()) {
      ++with_consequences;
      size_t at = 0;
      while (at < groups.size() && groups[at].on_failure != on_failure) ++at;
      if (at == groups.size()) groups.push_back({std::move(on_failure), {}});
      groups[at].lanes.push_back(number);
    }
    const std::string name = name_of(lane);
    page.line(std::to_string(number) + ". " + name, 2, 5);
    write_standing(page, lane);
    write_order(page, lane);
    write_service(page, lane);
    write_rest(page, lane, 5);
  }
  write_failures(page, std::move(groups), with_consequences, number > 1 ? Others::some : Others::none);
}

}  // namespace signalbox::native
