// What a part of the seeds has besides what plan.cpp makes. Each kind has a key of its own, so that it changes no other seed.
#include <algorithm>

#include "plan.h"

namespace signalbox::simulation {
namespace {

bool is_bounded(const Setting& setting) {
  return std::any_of(setting.providers.begin(), setting.providers.end(),
                     [](const ProviderSpec& provider) { return provider.concurrent_max > 0; });
}

// Strategies, and clients that go on with a conversation.
void converse(Plan& plan, Random random) {
  constexpr const char* strategies[] = {"round_robin", "weighted", "random", "least_busy", "fastest", "quota"};
  const std::string strategy = random.one_of(strategies);
  for (Setting& setting : plan.settings)
    for (RouteSpec& route : setting.routes) route.strategy = strategy;
  for (Client& client : plan.clients)
    if (random.percent(80)) client.question.session = int(random.between(1, 3));
  if (random.percent(50)) plan.troubles.clear();
}

// Targets without eyes or hands.
void restrain(Plan& plan, Random random) {
  for (Setting& setting : plan.settings)
    for (RouteSpec& route : setting.routes)
      for (TargetSpec& target : route.targets) {
        target.images = !random.percent(40);
        target.tools = !random.percent(30);
        target.documents = !random.percent(30);
      }
  for (Client& client : plan.clients) {
    client.question.image = random.percent(40);
    client.question.tools = random.percent(30);
    client.question.document = random.percent(30);
  }
}

// A rule about tools and a task for images, each with one of the routes' targets in another order.
void divide(Plan& plan, Random random) {
  for (Client& client : plan.clients) {
    client.question.image = client.question.image || random.percent(30);
    client.question.tools = client.question.tools || random.percent(30);
  }
  const bool rule = random.percent(60);
  for (Setting& setting : plan.settings) {
    RouteSpec own{"rule or task", setting.routes.back().targets};
    std::reverse(own.targets.begin(), own.targets.end());
    own.targets.push_back({0, "own-p0"});
    if (rule) setting.tools_rule = own;
    own.targets.erase(own.targets.begin(), own.targets.end() - 1);
    setting.image_task = own;
  }
}

// Every failure that counts opens its lane's breaker; then many come at once.
void open_breakers(Plan& plan, Random random) {
  plan.gateways = random.percent(50) ? 1 : 2;
  plan.hardships.deltas_late = false;
  plan.reloads.clear();
  plan.jumps.clear();
  plan.hardships.clocks_differ = false;
  for (Setting& setting : plan.settings) setting.touchy = true;
  plan.troubles.clear();
  for (int64_t n = random.between(1, 2); n > 0; --n) {
    constexpr TroubleKind kinds[] = {TroubleKind::failing, TroubleKind::overloaded, TroubleKind::failing,
                                     TroubleKind::rejects};
    Trouble trouble;
    trouble.kind = random.one_of(kinds);
    trouble.to_ms = random.between(100, 3'000);
    trouble.percent = int(random.between(40, 100));
    plan.troubles.push_back(trouble);
  }
  const int64_t return_ms = touchy_open_ms + random.between(1'000, 5'000);
  for (Client& client : plan.clients) {
    client.gateway = int(random.below(plan.gateways));
    client.at_ms = random.percent(40) ? random.below(3'000) : return_ms + random.below(400);
    client.leaves_after_ms = random.percent(10) ? random.below(2'000) : -1;
  }
  for (Flip& flip : plan.flips) flip.gateway = std::min(flip.gateway, plan.gateways - 1);
}

void limit(Plan& plan, Random random) {
  LimitsSpec limits;
  if (random.percent(60)) {
    limits.requests_per_minute = random.between(1, 120);
    limits.burst = random.between(1, 4);
  }
  if (random.percent(50)) limits.concurrent_max = random.between(1, 3);
  const bool clocks = !plan.hardships.clocks_differ && plan.jumps.empty();
  if (clocks && random.percent(40)) {
    limits.window_ms = random.between(1'000, 20'000);
    limits.window_requests_max = random.between(1, 4);
  }
  for (Setting& setting : plan.settings) {
    setting.client_key = true;
    setting.limits = limits;
  }
}

void flip(Plan& plan, Random random) {
  plan.reloads.clear();
  for (int64_t n = random.between(1, 3); n > 0; --n) {
    Flip flip;
    flip.at_ms = random.below(30'000);
    flip.gateway = int(random.below(plan.gateways));
    flip.provider = int(random.below(int64_t(plan.settings[0].providers.size())));
    const int credentials = plan.settings[0].providers[size_t(flip.provider)].credentials;
    if (random.percent(40)) flip.credential = int(random.below(credentials));
    flip.on = !plan.flips.empty() && random.percent(30);
    plan.flips.push_back(flip);
  }
}

// Bounds of models' entries beside those of providers.
void bound_entries(Plan& plan, Random random) {
  for (Setting& setting : plan.settings)
    for (RouteSpec& route : setting.routes)
      for (TargetSpec& target : route.targets)
        if (random.percent(40)) target.concurrent_max = random.between(1, 2);
}

}  // namespace

void widen(Plan& plan) {
  const auto with = [&](uint64_t kind, int percent) { return Random(plan.seed, kind).percent(percent); };
  const bool bounded = is_bounded(plan.settings[0]);
  if (with(14, 10)) divide(plan, Random(plan.seed, 14, 1));
  if (with(10, 12)) restrain(plan, Random(plan.seed, 10, 1));
  if (with(12, 10)) flip(plan, Random(plan.seed, 12, 1));
  if (with(11, 10)) limit(plan, Random(plan.seed, 11, 1));
  if (bounded && with(13, 30)) bound_entries(plan, Random(plan.seed, 13, 1));
  if (!bounded && with(9, 15)) converse(plan, Random(plan.seed, 9, 1));
  if (!bounded && with(8, 12)) open_breakers(plan, Random(plan.seed, 8, 1));
}

}  // namespace signalbox::simulation
