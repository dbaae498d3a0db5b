#include "explain_page.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "explain_lanes.h"
#include "explain_tree.h"
#include "explain_words.h"

namespace signalbox::native {
namespace {

// Deeper than any answer that repeats a request's own members.
constexpr int depth_max = 1200;

void write_request(PageWriter& page, Json request) {
  page.heading("The request");
  std::string text = "POST " + take_text(request, "path");
  if (const auto bytes = take_number(request, "bytes")) text += ", " + std::to_string(*bytes) + " bytes";
  if (const std::string dialect = take_text(request, "dialect"); !dialect.empty())
    text += ", in the dialect " + dialect;
  page.line(text + ".", 2, 4);
  if (const std::string model = take_text(request, "model"); !model.empty())
    page.line("It asks for the model " + quoted_text(model) + ".", 2, 4);
  if (const auto stream = take_bool(request, "stream"))
    page.line(*stream ? "It asks for a stream." : "It is not streamed: the answer comes in one piece.", 2, 4);
  if (const auto tokens = take_number(request, "estimated_input_tokens"))
    page.line("It has about " + std::to_string(*tokens) + " tokens by the gateway's own estimate.", 2, 4);
  if (const std::string key = take_text(request, "client_key"); !key.empty())
    page.line("It is a request of the client key " + quoted_text(key) + ".", 2, 4);
  write_rest(page, request, 2);
}

void write_facts(PageWriter& page, Json facts) {
  if (facts.empty()) return;
  page.line("Read from the body, because the configuration asks about it:", 2);
  for (const auto& [name, value] : facts.items())
    page.row(std::string(fact_called(shown(name))),
             value.is_string() ? shown(value.get<std::string>()) : value_text(value), 4, 36);
}

void write_rules(PageWriter& page, Json rules) {
  if (rules.empty()) return;
  page.line("Rules, in the order of the file:", 2);
  bool decided = false;
  size_t number = 0;
  for (Json& rule : rules) {
    std::string text = std::to_string(++number) + ". ";
    if (!rule.is_object()) {
      page.line(text + value_text(rule), 4, 7);
      continue;
    }
    text += quoted_text(take_text(rule, "name")) + " ";
    const std::string why = take_text(rule, "why_not");
    const auto holds = take_bool(rule, "holds");
    if (!why.empty()) text += rule_broken(why);
    else if (holds.value_or(false)) text += decided ? "holds too." : "holds, and decides.", decided = true;
    page.line(text, 4, 7);
    write_rest(page, rule, 7);
  }
}

// Whether the credentials of some target are in an order of their own.
bool spreads(const Json& lanes) {
  return std::any_of(lanes.begin(), lanes.end(), [](const Json& lane) {
    return lane.is_object() && lane.contains("order") && lane["order"].is_object() && lane["order"].contains("spread");
  });
}

void write_route(PageWriter& page, Json& answer, const Json& lanes) {
  Json decided = take_object(answer, "decided_by"), route = take_object(answer, "route");
  Json rules = take_array(answer, "rules"), facts = take_object(answer, "facts");
  const bool has_tasks = answer.contains("tasks");
  Json tasks = take_array(answer, "tasks"), conversation = take_object(route, "conversation");
  if (decided.empty() && route.empty() && rules.empty() && facts.empty() && !has_tasks) return;
  page.heading("Which route, and why");
  const std::string reason = take_text(decided, "reason"), rule = take_text(decided, "rule"),
                    task = take_text(decided, "task"), label = take_text(decided, "route");
  if (!reason.empty()) {
    std::string text(route_chosen(reason));
    if (!rule.empty()) text += ": " + quoted_text(rule);
    if (!task.empty()) text += ": " + quoted_text(task);
    page.line(text + ".", 2, 4);
  }
  const std::string name = take_text(route, "name"), match = take_text(route, "match");
  // A route that is only there for a rule or a task has no name but theirs.
  if (!match.empty() || (!name.empty() && name != label)) {
    std::string text = "Route";
    if (!name.empty()) text += " " + quoted_text(name);
    if (!match.empty()) text += std::string(name.empty() ? " for" : ", for") + " the models " + quoted_text(match);
    page.line(text + ".", 2, 4);
  }
  if (!label.empty()) page.line("Answers name it in their header x-signalbox-route: " + label, 2, 4);
  if (const std::string selected = take_text(route, "selected"); !selected.empty())
    page.line("Only the provider " + quoted_text(selected) + " is asked: it is selected (POST /signalbox/select).", 2,
              4);
  if (const std::string strategy = take_text(route, "strategy"); !strategy.empty())
    page.line("Its strategy is " + strategy +
                  (spreads(lanes) ? ", for targets; the credentials of one target stand as its provider's spread says."
                                  : ": the lanes below stand in that order."),
              2, 4);
  if (!conversation.empty()) {
    const std::string hash = take_text(conversation, "hash"), home = take_text(conversation, "home"),
                      at = take_text(conversation, "is_at");
    const auto for_ms = take_number(conversation, "for_ms");
    std::string text = "The request belongs to a conversation (" + hash + ")";
    if (!home.empty()) text += ", which belongs to the lane " + home;
    page.line(text + ".", 2, 4);
    if (!at.empty())
      page.line("It stays at the lane " + at + (for_ms ? " for another " + duration(*for_ms) : "") + ".", 2, 4);
    write_rest(page, conversation, 4, "conversation");
  }
  if (Json queue = take_object(route, "queue"); !queue.empty()) {
    std::string text = "When every lane is full,";
    if (const auto places = take_number(queue, "places_max")) text += " up to " + std::to_string(*places) + " requests";
    text += " wait";
    if (const auto wait = take_number(queue, "wait_ms_max")) text += ", each at most " + duration(*wait);
    text += ".";
    if (const auto waiting = take_number(queue, "waiting")) text += " Waiting now: " + std::to_string(*waiting) + ".";
    page.line(text, 2, 4);
    write_rest(page, queue, 4, "queue");
  }
  if (const std::string once = take_text(route, "once"); once == "on")
    page.line("Identical requests that come while it is answered share its call (once).", 2, 4);
  else if (!once.empty()) page.line("once: " + once, 2, 4);
  if (const std::string accounting = take_text(route, "accounting"); accounting == "off")
    page.line("Its answers are not read for what they cost (accounting: off).", 2, 4);
  else if (!accounting.empty() && accounting != "on") page.line("accounting: " + accounting, 2, 4);
  write_rest(page, decided, 2, "decided_by");
  write_rest(page, route, 2, "route");
  write_facts(page, std::move(facts));
  write_rules(page, std::move(rules));
  if (has_tasks) {
    std::string text;
    for (const Json& each : tasks)
      text += (text.empty() ? "" : ", ") + (each.is_string() ? shown(each.get<std::string>()) : value_text(each));
    page.line("The request is for " + (text.empty() ? "none of the tasks." : "the tasks: " + text + "."), 2, 4);
  }
}

void write_limits(PageWriter& page, Json limits) {
  if (limits.empty()) return;
  page.heading("What this client may still ask");
  if (const std::string address = take_text(limits, "address"); !address.empty())
    page.line("Its address is " + address + " by the lists allow and deny.", 2, 4);
  bool any = false;
  for (const auto& [member, whose] : {std::pair("of_key", "key"), std::pair("of_address", "address")}) {
    for (Json& each : take_array(limits, member)) {
      if (!each.is_object()) continue;
      any = true;
      std::string text;
      const auto of = take_number(each, "of"), left = take_number(each, "remaining"),
                 reset = take_number(each, "reset_ms");
      if (left) text += std::to_string(*left);
      if (of) text += " of " + std::to_string(*of);
      text += " left";
      if (reset && *reset > 0) text += "; all of it again in " + duration(*reset);
      page.row(std::string(whose) + ": " + take_text(each, "limit"), text, 2, 32);
      write_rest(page, each, 4);
    }
  }
  if (!any) page.line("No limit holds for its key or address.", 2, 4);
  write_rest(page, limits, 2);
}

// How the first lane that would serve gets the request, and its number on the page.
struct Serving {
  size_t number = 0;
  std::string service;
};

Serving serving_of(const Json& lanes) {
  size_t number = 0;
  for (Json lane : lanes) {
    ++number;
    if (lane.is_object() && !lane.contains("why_not")) return {number, take_text(lane, "service")};
  }
  return {};
}

void write_changes(PageWriter& page, Json& answer, const Serving& serving) {
  const bool has_edits = answer.contains("edits");
  const Json edits = take_array(answer, "edits"), losses = take_array(answer, "losses");
  if (!has_edits && losses.empty()) return;
  const std::string lane = "lane " + std::to_string(serving.number);
  page.heading("What is changed in the request for " + lane);
  if (serving.service == "translate") page.line("It is translated, as " + lane + " above says.", 2, 4);
  else if (serving.service != "forward") page.line("Nothing is sent.", 2, 4);
  else if (edits.empty() && losses.empty()) page.line("Nothing: every byte of the body goes on as it came.", 2, 4);
  write_edits(page, edits, 2);
  for (const Json& loss : losses)
    page.line("Not sent, and named to the client as lost: " +
                  (loss.is_string() ? shown(loss.get<std::string>()) : value_text(loss)),
              2, 4);
}

}  // namespace

std::optional<ExplainedPage> explain_page(std::string_view json, PageStyle style) {
  // What is nested deeper would be printed by as many calls within each other.
  bool too_deep = false;
  Json answer = Json::parse(
      json,
      [&](int depth, Json::parse_event_t, Json&) {
        too_deep = too_deep || depth > depth_max;
        return !too_deep;
      },
      false);
  if (too_deep || !answer.is_object() || !answer.contains("request")) return std::nullopt;
  ExplainedPage explained;
  PageWriter page(style);
  Json would = take_object(answer, "would_answer");
  Json lanes = take_array(answer, "lanes");
  const Serving serving = serving_of(lanes);
  explained.answers = would.empty();

  page.heading("What would happen");
  if (!would.empty()) {
    std::string text = "The client would be refused";
    if (const auto status = take_number(would, "status")) text += " with " + std::to_string(*status);
    if (const std::string fault = take_text(would, "fault"); !fault.empty()) text += " (" + fault + ")";
    page.line(text + ":", 2, 4);
    page.line(take_text(would, "message"), 4);
    write_rest(page, would, 4);
  } else {
    explained.answers = write_first(page, lanes, answer.contains("route") ? answer["route"] : Json::object());
  }
  write_request(page, take_object(answer, "request"));
  write_route(page, answer, lanes);
  write_lanes(page, std::move(lanes));
  write_changes(page, answer, serving);
  write_limits(page, take_object(answer, "limits"));
  if (!answer.empty()) {
    page.heading("Also told");
    write_rest(page, answer, 2);
  }
  explained.text = page.take();
  return explained;
}

}  // namespace signalbox::native
