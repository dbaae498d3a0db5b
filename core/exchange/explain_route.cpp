#include "exchange/explain_route.h"

#include <string>

#include "dialects/canonical/effort.h"
#include "routing/match.h"

namespace signalbox::exchange {
namespace {

using routing::Reason;

void write_facts(json::Writer& w, const routing::TaskFacts& known) {
  w.key("facts").begin_object();
  const auto tell = [&](Fact fact, std::string_view name, bool value) {
    if (known.knows(fact)) w.plain_key(name).boolean(value);
  };
  if (known.knows(Fact::tokens)) w.key("tokens").number(known.tokens);
  tell(Fact::effort, "thinks", known.thinks);
  if (known.knows(Fact::effort) && known.effort > 0)
    w.key("effort").string(canonical::word_of(canonical::Effort(known.effort)));
  tell(Fact::web_search, "web_search", known.web_search);
  tell(Fact::image_asked, "image_in_last_turn", known.image_asked);
  tell(Fact::media, "images", known.images);
  tell(Fact::media, "documents", known.documents);
  tell(Fact::tools, "tools", known.tools);
  tell(Fact::subagent, "subagent", known.subagent);
  if (known.knows(Fact::session)) w.key("session").boolean(!known.session.empty());
  if (known.tagged) w.key("tag").string(known.tag);
  w.end_object();
}

}  // namespace

void explain_route(json::Writer& w, const Decision& decision, const routing::Asker& asker, const Config& config) {
  if (decision.facts.model.empty()) return;
  if (decision.known.read) write_facts(w, decision.known);
  const routing::Match& match = decision.match;
  // What stands before the rules has decided without them.
  const bool asked = match.reason != Reason::forced && match.reason != Reason::named;
  if (!config.rules.empty()) {
    w.key("rules").begin_array();
    for (size_t i = 0; i < config.rules.size(); ++i) {
      const Rule& rule = config.rules[i];
      w.begin_object().key("name").string(rule.name);
      if (!asked) {
        w.key("why_not").string("not asked");
      } else if (match.reason == Reason::rule && i > match.rule) {
        w.key("why_not").string("behind the rule that decides");
      } else if (const auto broken = routing::broken_by(rule.when, config, asker, decision.facts, decision.known);
                 !broken.empty()) {
        w.key("why_not").string(broken);
      } else {
        w.key("holds").boolean(true);
      }
      w.end_object();
    }
    w.end_array();
  }
  if (asked && config.facts_wanted) {
    w.key("tasks").begin_array();
    for (size_t i = 0; i < task_count; ++i)
      if (routing::is_for(Task(i), config, decision.facts, decision.known)) w.string(name_of(Task(i)));
    w.end_array();
  }
  if (match.reason == Reason::none) return;
  w.key("decided_by").begin_object().key("reason").string(routing::name_of(match.reason));
  if (match.reason == Reason::rule) w.key("rule").string(config.rules[match.rule].name);
  if (match.reason == Reason::task) w.key("task").string(name_of(match.task));
  if (!decision.label.empty()) w.key("route").string(decision.label);
  w.end_object();
}

void explain_taking(json::Writer& w, const Choice& choice) {
  if (choice.taking.taking == routing::Taking::whole) return;
  w.plain_key(choice.taking.taking == routing::Taking::no ? "cannot_take" : "takes_only_without")
      .string(choice.taking.what);
}

}  // namespace signalbox::exchange
