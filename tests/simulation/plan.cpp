#include "plan.h"

#include <algorithm>

namespace signalbox::simulation {
namespace {

constexpr Dialect dialects[] = {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses, Dialect::gemini};
constexpr int64_t span_ms = 40'000;  // in which clients come

constexpr const char* trouble_names[] = {"refuses",      "no_connection", "resets",    "no_head",   "no_http",
                                         "limited",      "overloaded",    "failing",   "not_again", "quotes_key",
                                         "unauthorised", "exhausted",     "rejects",   "overflows", "page",
                                         "garbage",      "error_inside",  "cut_early", "cut_late",  "silent_early",
                                         "silent_late",  "slow",          "empty"};
static_assert(sizeof trouble_names / sizeof trouble_names[0] == size_t(TroubleKind::count_));

Client make_client(Random random, const Plan& plan, int number, Dialect usual) {
  Client client;
  client.at_ms = random.below(span_ms);
  client.gateway = int(random.below(plan.gateways));
  Question& question = client.question;
  question.dialect = random.percent(60) ? usual : random.one_of(dialects);
  const auto& routes = plan.settings[0].routes;
  const std::string& match = routes[size_t(random.below(int64_t(routes.size())))].match;
  question.model = match == "*" ? "some-model" : match;
  question.streamed = random.percent(70);
  question.nonce = number;
  question.filler_words = random.percent(20) ? int(random.between(1, 4'000)) : 0;
  client.body_pieces = random.percent(20) ? int(random.between(2, 4)) : 1;
  client.body_gap_ms = random.between(0, 200);
  if (random.percent(12)) client.leaves_after_ms = random.between(0, 6'000);
  if (random.percent(10)) {
    client.deaf_from_ms = client.at_ms + random.between(0, 1'000);
    client.deaf_to_ms = client.deaf_from_ms + random.between(1, 9'000);
  }
  client.bad_json = random.percent(2);
  return client;
}

constexpr int64_t retry_afters[] = {-1, 0, 300, 1'000, 2'000, 5'000, 20'000};

Trouble make_trouble(Random random, const Setting& setting) {
  Trouble trouble;
  trouble.provider = int(random.below(int64_t(setting.providers.size())));
  const int credentials = setting.providers[size_t(trouble.provider)].credentials;
  if (credentials > 1 && random.percent(50)) trouble.credential = int(random.below(credentials));
  trouble.from_ms = random.below(span_ms);
  trouble.to_ms = trouble.from_ms + random.between(100, 30'000);
  trouble.percent = random.percent(60) ? 100 : int(random.between(10, 90));
  trouble.kind = TroubleKind(random.below(int64_t(TroubleKind::count_)));
  trouble.param = random.one_of(retry_afters);
  return trouble;
}

// Many requests at one lane that is well for some and limited for others, while another lane is well: what one of them
// teaches, others under way must not lift.
void aim(Setting& setting) {
  if (setting.providers.size() < 2) setting.providers.push_back(setting.providers[0]);
  setting.providers[1].name = "p1";
  setting.providers[0].credentials = 1;
  setting.routes.resize(2);
  setting.routes[0] = {"r0", {{0, "m0-p0"}}};
  setting.routes[1] = {"*", {{0, "m0-p0"}, {1, "m0-p1"}}};
}

void aim(Plan& plan, Random random) {
  for (Client& client : plan.clients) {
    client.at_ms = random.below(15'000);
    client.question.model = random.percent(60) ? "r0" : "some-model";
  }
  plan.troubles.clear();
  for (int n = 0; n < 3; ++n) {
    constexpr TroubleKind kinds[] = {TroubleKind::limited, TroubleKind::limited, TroubleKind::slow,
                                     TroubleKind::failing};
    Trouble trouble;
    trouble.to_ms = random.between(2'000, 15'000);
    trouble.percent = int(random.between(20, 60));
    trouble.kind = random.one_of(kinds);
    trouble.param = random.percent(70) ? 20'000 : 2'000;
    plan.troubles.push_back(trouble);
  }
}

// A fallback with one place, which others hold, behind a lane that is limited for a moment or says nothing: what was had
// without the fallback is still to be had.
void narrow(Setting& setting, Random random) {
  if (setting.providers.size() < 2) setting.providers.push_back(setting.providers[0]);
  setting.providers[1].name = "p1";
  setting.providers[0].concurrent_max = 0;
  setting.providers[1].concurrent_max = 1;
  setting.routes.resize(2);
  setting.routes[0] = {"r0", {{1, "m0-p1"}}};
  setting.routes[1] = {"*", {{0, "m0-p0"}, {1, "m0-p1"}}};
  if (!random.percent(50)) return;
  setting.routes[1].queue_places_max = random.between(1, 3);
  setting.routes[1].queue_wait_ms_max = random.between(50, 1'000);
}

void narrow(Plan& plan, Random random) {
  plan.troubles.clear();
  constexpr TroubleKind kinds[] = {TroubleKind::limited, TroubleKind::limited, TroubleKind::empty,
                                   TroubleKind::failing};
  for (int n = 0; n < 2; ++n) {
    Trouble trouble;
    trouble.to_ms = 10'000;
    trouble.percent = int(random.between(30, 90));
    trouble.kind = random.one_of(kinds);
    trouble.param = random.between(1, 20) * 100;
    plan.troubles.push_back(trouble);
  }
  for (Client& client : plan.clients) client.question.model = random.percent(40) ? "r0" : "some-model";
}

// Fewer places than requests, and routes that let them wait.
void bound(Setting& setting, Random random) {
  for (ProviderSpec& provider : setting.providers)
    if (random.percent(75)) provider.concurrent_max = random.between(1, 3);
  for (RouteSpec& route : setting.routes) {
    if (!random.percent(75)) continue;
    route.queue_places_max = random.between(1, 6);
    route.queue_wait_ms_max = random.percent(50) ? random.between(50, 3'000) : random.between(3'000, 20'000);
  }
}

}  // namespace

const char* name_of(TroubleKind kind) { return trouble_names[size_t(kind)]; }

Plan make_plan(uint64_t seed) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.gateways = random.percent(50) ? 1 : int(random.between(2, 3));
  plan.settings.push_back(make_setting(Random(seed, 1)));
  const bool aimed = Random(seed, 5).percent(20);
  if (aimed) aim(plan.settings[0]);
  const bool bounded = Random(seed, 6).percent(25);
  const bool narrowed = bounded && Random(seed, 7).percent(25);
  if (narrowed) narrow(plan.settings[0], Random(seed, 7, 1));
  else if (bounded) bound(plan.settings[0], Random(seed, 6, 1));
  const Dialect usual = random.one_of(dialects);
  const int64_t clients = random.between(1, 12);
  // Some come together: a burst.
  const bool burst = random.percent(30);
  for (int i = 0; i < clients; ++i) {
    plan.clients.push_back(make_client(Random(seed, 2, uint64_t(i)), plan, i + 1, usual));
    if (burst && i % 2) plan.clients.back().at_ms = plan.clients[size_t(i) - 1].at_ms + random.below(3);
  }
  const int64_t troubles = random.percent(15) ? 0 : random.between(1, 6);
  for (int i = 0; i < troubles; ++i)
    plan.troubles.push_back(make_trouble(Random(seed, 3, uint64_t(i)), plan.settings[0]));
  if (aimed) aim(plan, Random(seed, 5, 1));
  if (narrowed) narrow(plan, Random(seed, 7, 2));
  Random crowd(seed, 6, 2);
  const int64_t crowd_ms = crowd.between(1, 5'000);
  if (bounded)
    for (Client& client : plan.clients) client.at_ms = crowd.below(crowd_ms);
  const int64_t reloads = random.percent(75) ? 0 : random.between(1, 2);
  for (int i = 0; i < reloads; ++i) {
    plan.settings.push_back(changed(plan.settings[0], Random(seed, 4, uint64_t(i))));
    plan.reloads.push_back({true, random.below(span_ms), i + 1});
  }
  const int64_t jumps = random.percent(85) ? 0 : random.between(1, 2);
  for (int i = 0; i < jumps; ++i)
    plan.jumps.push_back(
        {true, random.below(span_ms), int(random.below(plan.gateways)), random.between(-7'200'000, 7'200'000)});
  plan.hardships.clocks_differ = random.percent(20);
  plan.hardships.deltas_late = random.percent(60);
  plan.hardships.cut_anywhere = random.percent(60);
  plan.hardships.odd_wakes = random.percent(20);
  widen(plan);
  return plan;
}

size_t Plan::part_count() const {
  return clients.size() + troubles.size() + reloads.size() + jumps.size() + flips.size() + 4;
}

void Plan::leave_out(size_t part) {
  const auto within = [&part](size_t size) {
    if (part < size) return true;
    part -= size;
    return false;
  };
  if (within(clients.size())) clients[part].there = false;
  else if (within(troubles.size())) troubles[part].there = false;
  else if (within(reloads.size())) reloads[part].there = false;
  else if (within(jumps.size())) jumps[part].there = false;
  else if (within(flips.size())) flips[part].there = false;
  else if (part == 0) hardships.clocks_differ = false;
  else if (part == 1) hardships.deltas_late = false;
  else if (part == 2) hardships.cut_anywhere = false;
  else hardships.odd_wakes = false;
}

std::string Plan::part_name(size_t part) const {
  const auto within = [&part](size_t size) {
    if (part < size) return true;
    part -= size;
    return false;
  };
  if (within(clients.size())) {
    const Client& c = clients[part];
    return "client " + std::to_string(c.question.nonce) + " at " + std::to_string(c.at_ms) + " ms, gateway " +
           std::to_string(c.gateway) + ", " + std::string(signalbox::name_of(c.question.dialect)) + ", model " +
           c.question.model + (c.question.streamed ? ", streamed" : "") +
           (c.leaves_after_ms >= 0 ? ", leaves after " + std::to_string(c.leaves_after_ms) : "") +
           (c.question.session ? ", session " + std::to_string(c.question.session) : "") +
           (c.question.image ? ", with an image" : "") + (c.question.tools ? ", with tools" : "") +
           (c.question.document ? ", with a document" : "") + (c.deaf_to_ms ? ", deaf" : "") +
           (c.bad_json ? ", bad JSON" : "");
  }
  if (within(troubles.size())) {
    const Trouble& t = troubles[part];
    return "provider p" + std::to_string(t.provider) + (t.credential < 0 ? "" : "/c" + std::to_string(t.credential)) +
           " " + simulation::name_of(t.kind) + " " + std::to_string(t.from_ms) + ".." + std::to_string(t.to_ms) +
           " ms, " + std::to_string(t.percent) + " %, " + std::to_string(t.param);
  }
  if (within(reloads.size())) return "reload at " + std::to_string(reloads[part].at_ms);
  if (within(jumps.size()))
    return "clock of gateway " + std::to_string(jumps[part].gateway) + " set by " + std::to_string(jumps[part].by_ms) +
           " ms at " + std::to_string(jumps[part].at_ms);
  if (within(flips.size())) {
    const Flip& f = flips[part];
    return "p" + std::to_string(f.provider) + (f.credential < 0 ? "" : "/c" + std::to_string(f.credential)) +
           (f.on ? " switched on" : " switched off") + " at " + std::to_string(f.at_ms) + " ms, gateway " +
           std::to_string(f.gateway);
  }
  constexpr const char* names[] = {"clocks differ", "deltas late", "answers cut anywhere", "odd wakes"};
  return names[part];
}

}  // namespace signalbox::simulation
