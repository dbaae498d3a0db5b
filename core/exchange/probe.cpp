// A lane that is cooling is asked a few words of ours, whether it serves again (docs/health.md, Probes). An ordinary
// attempt, over the same path and with what the lane is configured to get, of an exchange whose client gets a report and
// no answer. What came of it is told where that of every attempt is.
//
// It counts for the lane's health and its bounds, and what its answer's head says of limits counts; no session, no turn, no
// latency, no lesson in counting tokens, no client's limits. An answer is read to its end, whatever its route says of
// `commit` and `accounting`.
#include <algorithm>

#include "exchange/machine.h"
#include "json/writer.h"
#include "routing/health.h"
#include "routing/probing.h"

namespace signalbox::exchange {
namespace {

// Anthropic's words, because all others can be made of them. Sixteen tokens are the least that every dialect takes.
constexpr Dialect words = Dialect::anthropic;
constexpr std::string_view body_begin = R"({"model":)";
constexpr std::string_view body_end = R"(,"max_tokens":16,"messages":[{"role":"user","content":"ping"}]})";
constexpr Header headers[] = {
    {"content-type", "application/json"}, {"accept", "application/json"}, {"anthropic-version", "2023-06-01"}};

// As long as an attempt takes at most: to connect and to begin, each bounded by itself, and to end.
constexpr int64_t waits = 2;

}  // namespace

// The lane called `name`, as it is planned for a request. Null where the configuration has none.
const routing::Lane* Machine::lane_called(std::string_view name) {
  for (const bool wild : {false, true})
    for (const Route& route : config_->routes) {
      const routing::RouteLanes* prepared = lane_table_.of(route);
      if (!prepared) continue;
      for (const routing::Lane& lane : prepared->lanes) {
        if (lane.upstream_model.empty() != wild) continue;
        const std::string_view begins = lane.name.substr(0, lane.name.size() - 1);  // of "provider/credential/*"
        const bool found =
            wild ? name.size() > begins.size() && name.substr(0, begins.size()) == begins && name.back() != '*'
                 : lane.name == name;
        if (!found) continue;
        decision_.plan.route = &route;
        decision_.plan.prepared = prepared;
        if (!wild) return &lane;
        return routing::named(lane, config_->providers[lane.provider], nullptr, arena_.copy(name.substr(begins.size())),
                              arena_);
      }
    }
  return nullptr;
}

// Probes `name`, or the lane that is due where it is empty.
void Machine::probe(std::string_view name, std::string_view provider_name) {
  routing::Health& health = gateway_.health();
  const int64_t every_ms = config_->probes.every_ms;
  if (name.empty()) {
    const DueProbe due = routing::next_probe(*config_, health, provider_name, every_ms, now_.unix_ms);
    if (due.at_unix_ms > now_.unix_ms) return reply_unasked({}, "no lane is cooling that is to be asked now");
    name = arena_.copy(due.lane);
  }
  const routing::Lane* const found = lane_called(name);
  if (!found) return reply_unasked(name, "it names no model");
  const std::span<routing::Lane> lane = arena_.array<routing::Lane>(1);
  lane[0] = *found;
  const Provider& to = config_->providers[lane[0].provider];
  if (to.mock) return reply_unasked(name, "the built-in mock is always there");
  if (to.passthrough) return reply_unasked(name, "its credential is each client's own");
  if (!health.enabled(to, lane[0].credential, lane[0].enabled)) return reply_unasked(name, "it is switched off");

  const routing::Standing standing = health.standing(lane[0].key, now_.unix_ms);
  const bool cooling = standing.until_unix_ms != 0 || standing.half_open;
  if (standing.until_unix_ms != 0 && routing::ends_by_itself(standing.why))
    return reply_unasked(name, "it is known when it may be asked again");
  if (standing.why == routing::Why::refused && cooling &&
      routing::probe_at(health, lane[0].key, standing, every_ms) > now_.unix_ms)
    return reply_unasked(name, "a refused credential is asked about every ten minutes at most");
  const std::string_view suffers = routing::scoped(lane[0].key, standing.scope);  // one is asked for all of it
  health.note_probe(suffers, now_.unix_ms);
  if (cooling && !gateway_.places().take_probe(suffers, now_.monotonic_ms, probe_))
    return reply_unasked(name, "another attempt is finding out");
  if (!gateway_.places().take(lane[0].bounds, place_)) return reply_unasked(name, "it has as many requests as it may");
  // Nobody else is to find out meanwhile.
  if (cooling) health.hold(suffers, now_.unix_ms + waits * config_->probes.wait_ms_max, now_.unix_ms);
  const routing::Standing held = health.standing(lane[0].key, now_.unix_ms);
  lane[0].cooled_until_unix_ms = held.until_unix_ms;
  lane[0].known_until_unix_ms = held.known;
  const size_t scope = size_t(standing.scope);
  if (held.known[scope] != standing.known[scope])
    hold_ = {arena_.copy(suffers), held.known[scope], standing.known[scope]};

  std::string body(body_begin);
  json::Writer w(body);
  w.string(lane[0].upstream_model);
  body += body_end;
  body_ = arena_.copy(body);
  head_.headers = headers;
  endpoint_ = {};
  endpoint_.operation = Operation::conversation;
  endpoint_.shape = words;
  decision_.facts = dialects::row_of(words).read_facts(endpoint_, body_, arena_).facts;
  const std::span<Choice> choice = arena_.array<Choice>(1);
  choice[0] = {.lane = lane.data(), .service = to.dialect == words ? Service::forward : Service::translate};
  decision_.choices = choice;
  decision_.first = probed_ = choice.data();
  begin_attempt(*probed_);
  name_lane(lane[0]);
  if (choice[0].service == Service::translate)
    if (Fault fault = translate_request(lane[0])) return reply_unasked(name, fault.message());
  open_attempt();
}

// It has found nothing out that lifts: what was held rests as long as it did before, or as its failure says.
void Machine::end_hold() {
  if (!hold_.name.empty())
    gateway_.health().unhold(hold_.name, hold_.until_unix_ms, hold_.before_unix_ms, now_.unix_ms);
  hold_ = {};
}

// The probe has come to something: an answer where `failure` is null.
void Machine::end_probe(const Failure* failure) {
  drop_attempt();
  if (!failure) close_attempt(routing::AttemptEnd::answered);
  const routing::Lane& lane = *probed_->lane;
  std::string body;
  json::Writer w(body);
  w.begin_object().key("lane").string(lane.name).key("asked").boolean(true).key("serves").boolean(!failure);
  if (attempt_.status) w.key("status").number(attempt_.status);
  if (failure) {
    report_.fault = logged(*failure);
    w.key("fault").string(row(failure->kind).name).key("message").string(report_.fault.detail);
    if (report_.lane_rests_ms > 0) w.key("rests_ms").number(report_.lane_rests_ms);
  }
  const bool rests = gateway_.health().standing(lane.key, now_.unix_ms).until_unix_ms != 0;
  w.key("standing").string(rests ? "cooling" : "ready").end_object();
  reply(200, "application/json", body);
  report_.status = attempt_.status;  // the log's line is about the lane
}

// Nothing was sent. `name` empty: there was nobody to ask.
void Machine::reply_unasked(std::string_view name, std::string_view why) {
  probed_ = nullptr;
  end_hold();
  probe_.end();
  place_.give_back();
  std::string body;
  json::Writer w(body);
  w.begin_object();
  if (!name.empty()) w.key("lane").string(name);
  w.key("asked").boolean(false).key("why").string(why).end_object();
  reply(200, "application/json", body);
}

}  // namespace signalbox::exchange
