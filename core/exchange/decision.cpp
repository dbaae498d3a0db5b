#include "exchange/decision.h"

#include <algorithm>
#include <new>

#include "base/text.h"
#include "dialects/canonical/effort.h"
#include "dialects/dialect.h"
#include "exchange/why_none.h"
#include "http/url.h"
#include "json/writer.h"
#include "routing/thinking_suffix.h"
#include "tokens/estimate.h"

namespace signalbox::exchange {
namespace {

Choice judge(const routing::Lane& lane, const Judging& by, const routing::Facts& facts) {
  const Provider& provider = by.config->providers[lane.provider];
  const bool counting = by.operation == Operation::count_tokens;
  const bool compacting = by.operation == Operation::compaction;
  if (compacting && (provider.mock || provider.dialect != by.shape))
    return {&lane, Service::none, FaultKind::not_supported};
  if (provider.mock) return {&lane, counting ? Service::estimate : Service::mock, FaultKind::none};
  if (by.access == Access::mock_only) return {&lane, Service::none, FaultKind::no_client_key};
  const dialects::DialectRow& client = dialects::row_of(by.shape);
  const dialects::DialectRow& upstream = dialects::row_of(provider.dialect);
  if (provider.dialect != client.dialect) {
    if (!client.translates() || !upstream.translates()) return {&lane, Service::none, FaultKind::not_supported};
    // What is kept elsewhere cannot be put into other words, and without it another question would be answered.
    if (!facts.kept_history.empty() && !counting) return {&lane, Service::none, FaultKind::previous_response_not_found};
    // Other dialects count other requests; what the client asks about is this one.
    return {&lane, counting ? Service::estimate : Service::translate, FaultKind::none};
  }
  // How much thinking is said in the body's words, and those differ from lane to lane.
  if (facts.thinking.any() && !counting && !compacting && client.translates()) {
    if (!facts.kept_history.empty()) return {&lane, Service::none, FaultKind::previous_response_not_found};
    return {&lane, Service::translate, FaultKind::none};
  }
  if (counting && (!lane.flags.count_tokens || !upstream.counts_tokens))
    return {&lane, Service::estimate, FaultKind::none};
  return {&lane, Service::forward, FaultKind::none};
}

// Judges all choices up to `count`, from the first on that is not yet.
void judge_up_to(size_t count, Decision& decision) {
  for (size_t& i = decision.judged; i < count; ++i)
    ::new (static_cast<void*>(&decision.choices[i]))
        Choice(judge(*decision.plan.lanes[i], decision.judging, decision.facts));
}

// Reads what is not known yet. A fault is one of the client's.
Fault read_more(const Conversation& conversation, FactSet wanted, int64_t tokens_asked_min, Decision& decision,
                Arena& arena) {
  routing::TaskFacts& known = decision.known;
  const std::string_view body = conversation.body;
  wanted = FactSet(wanted & ~known.read);
  if (wanted & bit_of(Fact::tokens)) {
    // A body has more bytes than tokens, so that a small one need not be counted.
    known.tokens = int64_t(body.size());
    if (known.tokens >= tokens_asked_min) known.tokens = std::min(known.tokens, tokens::estimate_tokens(body));
    known.read = FactSet(known.read | bit_of(Fact::tokens));
    wanted = FactSet(wanted & ~bit_of(Fact::tokens));
  }
  const auto read_task_facts = dialects::row_of(conversation.endpoint.shape).read_task_facts;
  if (!wanted || !read_task_facts) return {};
  routing::TaskFactsResult result = read_task_facts(body, wanted, arena);
  routing::TaskFacts read = result.facts;
  read.read = FactSet(read.read | known.read);
  read.tokens = known.tokens;
  if (wanted & bit_of(Fact::tags)) {
    decision.facts.tag_cuts = read.tag_cuts;
    decision.facts.tag_cuts_within = read.tag_cuts_within;
  }
  // Those that were read before.
  read.thinks = read.thinks || known.thinks;
  read.effort = std::max(read.effort, known.effort);
  read.web_search = read.web_search || known.web_search;
  read.image_asked = read.image_asked || known.image_asked;
  read.subagent = read.subagent || known.subagent;
  read.tools = read.tools || known.tools;
  read.images = read.images || known.images;
  read.documents = read.documents || known.documents;
  if (known.tagged) read.tagged = true, read.tag = known.tag;
  if (!known.session.empty()) read.session = known.session;
  known = read;
  return std::move(result.fault);
}

// What stands behind the model's name takes the place of what the body says.
void heed(const routing::ThinkingSaid& said, routing::TaskFacts& known) {
  const auto effort = canonical::effort_of(canonical::Reasoning{canonical::Effort(said.effort), said.budget_tokens});
  known.thinks = said.budget_tokens > 0;
  known.effort = uint8_t(effort);
}

// Of lanes that the client names a model of the takes are not known before, and of fewer less may be asked.
bool takes_are_prepared(const routing::Plan& plan) {
  return !plan.prepared->named_by_client && plan.lanes.size() == plan.prepared->lanes.size();
}

// Leaves out the lanes that cannot take the request, by the facts that they ask about; a fault where that leaves none.
Fault filter(FactSet asked, const Conversation& conversation, const Config& config, Decision& decision, Arena& arena) {
  const std::span<Choice> choices = decision.choices;
  // Who asks how long a request is must hear of it.
  const bool counting = conversation.endpoint.operation == Operation::count_tokens;
  if (counting) asked = FactSet(asked & ~bit_of(Fact::tokens));
  if (!asked) return {};
  const routing::Plan& plan = decision.plan;
  const int64_t shortest = takes_are_prepared(plan) ? plan.prepared->tokens_least : routing::tokens_least(plan.lanes);
  if (asked & bit_of(Fact::tokens) && int64_t(conversation.body.size()) <= shortest)
    asked = FactSet(asked & ~bit_of(Fact::tokens));
  else if (decision.known.tokens == int64_t(conversation.body.size()))
    decision.known.read = FactSet(decision.known.read & ~bit_of(Fact::tokens));  // not counted until now
  if (Fault fault = read_more(conversation, asked, shortest, decision, arena)) return fault;
  const Choice* refused = nullptr;
  bool any_whole = false, any = false;
  for (Choice& choice : choices) {
    if (choice.service == Service::none) continue;
    choice.taking = routing::taking_of(*choice.lane, decision.known);
    if (counting && choice.taking.what == "tokens") choice.taking = {};
    any_whole = any_whole || choice.taking.taking == routing::Taking::whole;
  }
  for (Choice& choice : choices) {
    if (choice.service == Service::none) continue;
    if (choice.taking.taking == routing::Taking::whole ||
        (choice.taking.taking == routing::Taking::partly && !any_whole)) {
      any = true;
      continue;
    }
    choice.service = Service::none;
    const bool too_long = choice.taking.what == "tokens";
    choice.why_not = too_long ? FaultKind::upstream_context_overflow : FaultKind::cannot_take;
    // The nearest to it: of lanes that are too short the longest.
    if (!refused || (too_long && choice.lane->takes.tokens_max > refused->lane->takes.tokens_max)) refused = &choice;
  }
  if (any || !refused) return {};
  return routing::cannot_take(config, *refused->lane, refused->taking, decision.known);
}

// Whether the two share a byte, or stand so near to each other that both might take the comma between them.
bool touch(const routing::Cut& cut, const Edit& edit) { return cut.begin <= edit.end && edit.begin <= cut.end; }

// `edits` with the cuts of tags among them.
std::span<const Edit> with_tags_cut(std::span<const Edit> edits, const routing::Facts& facts, Arena& arena) {
  if (facts.tag_cuts.empty() && facts.tag_cuts_within.empty()) return edits;
  const auto touched = [&](const routing::Cut& cut) {
    return std::any_of(edits.begin(), edits.end(), [&](const Edit& edit) { return touch(cut, edit); });
  };
  const bool conflict = std::any_of(facts.tag_cuts.begin(), facts.tag_cuts.end(), touched);
  const std::span<const routing::Cut> cuts = conflict ? facts.tag_cuts_within : facts.tag_cuts;
  const std::span<Edit> all = arena.array<Edit>(edits.size() + cuts.size());
  size_t filled = 0, next = 0;
  for (const Edit& edit : edits) {
    while (next < cuts.size() && cuts[next].begin < edit.begin) {
      const routing::Cut& cut = cuts[next++];
      if (!touched(cut)) all[filled++] = {tag_path, cut.begin, cut.end, cut.text};
    }
    all[filled++] = edit;
  }
  for (; next < cuts.size(); ++next)
    if (!touched(cuts[next])) all[filled++] = {tag_path, cuts[next].begin, cuts[next].end, cuts[next].text};
  return all.first(filled);
}

}  // namespace

Decision decide(const Conversation& conversation, const Config& config, const routing::Health& health,
                int64_t now_unix_ms, Arena& arena) {
  Decision decision;
  decide(conversation, config, health, now_unix_ms, arena, decision);
  return decision;
}

void decide(const Conversation& conversation, const Config& config, const routing::Health& health, int64_t now_unix_ms,
            Arena& arena, Decision& decision) {
  routing::FactsResult read =
      dialects::row_of(conversation.endpoint.shape).read_facts(conversation.endpoint, conversation.body, arena);
  if (read.fault) {
    decision.fault = std::move(read.fault);
    return;
  }
  decision.facts = read.facts;
  if (conversation.endpoint.operation == Operation::compaction) decision.facts.streamed = false;
  decision.facts.thinking = routing::without_thinking(config, decision.facts.model).thinking;
  decision.match = routing::match_said(config, health, conversation.asker, decision.facts);
  // Tags go whoever answers.
  const FactSet wanted =
      decision.match.decided() ? FactSet(config.facts_wanted & bit_of(Fact::tags)) : config.facts_wanted;
  if (wanted) decision.fault = read_more(conversation, wanted, config.tokens_asked_min, decision, arena);
  if (decision.fault) return;
  if (decision.facts.thinking.any()) heed(decision.facts.thinking, decision.known);
  if (!decision.match.decided())
    decision.match = routing::match_facts(config, health, conversation.asker, decision.facts, decision.known, arena);
  if (decision.match.fault) {
    decision.fault = std::move(decision.match.fault);
    return;
  }
  if (decision.match.reason == routing::Reason::tag)
    decision.facts.thinking = routing::without_thinking(config, decision.known.tag).thinking;
  routing::Asked asked = conversation.asked;
  asked.body = conversation.body;
  decision.plan = routing::lanes_of(decision.match, config, health, decision.facts, now_unix_ms, arena, asked);
  if (!decision.plan.route) {
    decision.fault = unknown_model(config, decision.facts.model, arena);
    return;
  }
  decision.label = routing::label_of(decision.match, config, arena);
  const routing::Plan& plan = decision.plan;
  const size_t count = plan.lanes.size();
  decision.choices = {static_cast<Choice*>(arena.allocate(count * sizeof(Choice), alignof(Choice))), count};
  const std::span<Choice> choices = decision.choices;
  decision.judging = {&config, conversation.endpoint.operation, conversation.endpoint.shape, conversation.access};
  const FactSet asked_by_lanes = takes_are_prepared(plan) ? plan.prepared->facts_asked : routing::asked_by(plan.lanes);
  const auto kept_item = dialects::row_of(conversation.endpoint.shape).kept_item;
  const auto any = [&](Service service) {
    return std::any_of(choices.begin(), choices.end(), [&](const Choice& each) { return each.service == service; });
  };
  // Where it takes all to judge one, all are judged.
  judge_up_to(asked_by_lanes || kept_item ? count : plan.ordered, decision);
  // Where no lane can read it, the translation says so, and why. Nobody else needs this second look at the body.
  if (kept_item && any(Service::translate) && any(Service::forward)) {
    decision.facts.kept_history = kept_item(conversation.body);
    decision.judged = decision.facts.kept_history.empty() ? count : 0;
    judge_up_to(count, decision);
  }
  if (Fault fault = filter(asked_by_lanes, conversation, config, decision, arena)) {
    decision.fault = std::move(fault);
    return;
  }
  const Choice* first = choices.data();
  while (first && !choices.empty() && first->service == Service::none) first = next_choice(decision, *first, arena);
  if (!choices.empty()) decision.first = first;
  if (!decision.first)
    decision.fault = choices.empty() ? none_enabled(plan, decision.match, config)
                                     : why_none(choices.front(), conversation, decision.facts, config);
}

const Choice* next_choice(Decision& decision, const Choice& choice, Arena& arena) {
  const size_t next = size_t(&choice - decision.choices.data()) + 1;
  if (next == decision.choices.size()) return nullptr;
  if (next >= decision.plan.ordered) order_rest(decision, arena);
  return &decision.choices[next];
}

void order_rest(Decision& decision, Arena& arena) {
  const size_t ordered = decision.plan.ordered;
  if (ordered >= decision.choices.size()) return;
  if (decision.judged < decision.choices.size()) {
    routing::order_rest(decision.plan, arena);
    return judge_up_to(decision.choices.size(), decision);
  }
  const std::span<Choice> rest = decision.choices.subspan(ordered);
  const std::span<const Choice*> of_place = arena.array<const Choice*>(decision.plan.prepared->lanes.size());
  const std::span<Choice> before = arena.array<Choice>(rest.size());
  std::copy(rest.begin(), rest.end(), before.begin());
  for (const Choice& each : before) of_place[each.lane->place] = &each;
  routing::order_rest(decision.plan, arena);
  for (size_t i = 0; i < rest.size(); ++i) rest[i] = *of_place[decision.plan.lanes[ordered + i]->place];
}

std::span<const Edit> edits_for(const routing::Facts& facts, std::string_view body, const routing::Lane& lane,
                                const dialects::DialectRow& dialect, const dialects::Unwanted& unwanted, Arena& arena) {
  std::span<const Edit> removals;
  if (dialect.removals && (facts.envelopes || unwanted.any())) removals = dialect.removals(body, unwanted, arena);
  const bool renamed = facts.model_end > 0 && lane.upstream_model != facts.model;
  if (!renamed) return with_tags_cut(removals, facts, arena);
  std::span<Edit> edits = arena.array<Edit>(removals.size() + 1);
  std::string token = "\"";
  json::escape(lane.upstream_model, token);
  token += '"';
  const auto behind = std::find_if(removals.begin(), removals.end(),
                                   [&](const Edit& removal) { return removal.begin > facts.model_begin; });
  const auto next = std::copy(removals.begin(), behind, edits.begin());
  *next = {"model", facts.model_begin, facts.model_end, arena.copy(token)};
  std::copy(behind, removals.end(), next + 1);
  return with_tags_cut(edits, facts, arena);
}

dialects::Ask ask_of(const http::Endpoint& endpoint, const routing::Facts& facts) {
  if (endpoint.operation == Operation::count_tokens) return dialects::Ask::token_count;
  if (endpoint.operation == Operation::compaction) return dialects::Ask::compaction;
  if (facts.listed) return dialects::Ask::listed_answer;
  return facts.streamed ? dialects::Ask::streamed_answer : dialects::Ask::whole_answer;
}

std::string address_of(const Provider& provider, std::string_view upstream_model, dialects::Ask ask,
                       std::string_view query) {
  std::string path;
  dialects::row_of(provider.dialect).write_path(path, upstream_model, ask);
  return http::join_url(provider.base_url, path, query);
}

std::span<const std::string_view> edited(std::string_view body, std::span<const Edit> edits, Arena& arena) {
  const std::span<std::string_view> pieces = arena.array<std::string_view>(2 * edits.size() + 1);
  size_t filled = 0;
  size_t copied_to = 0;
  for (const Edit& edit : edits) {
    pieces[filled++] = body.substr(copied_to, edit.begin - copied_to);
    pieces[filled++] = edit.text;
    copied_to = edit.end;
  }
  pieces[filled++] = body.substr(copied_to);
  return pieces;
}

}  // namespace signalbox::exchange
