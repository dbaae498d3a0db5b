#include "setting.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "config/read.h"

namespace signalbox::simulation {
namespace {

constexpr Dialect dialects[] = {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses, Dialect::gemini};
constexpr int64_t waits[] = {0, 400, 2'000, 5'000};
constexpr int64_t gates[] = {0, 50, 1'000, 15'000};
constexpr int64_t signs[] = {40, 500, 15'000};
constexpr int64_t percents[] = {0, 1, 20, 100};
constexpr int64_t contexts[] = {0, 1'000, 8'000, 200'000};

std::string number(int64_t n) { return std::to_string(n); }

std::string takes_json(const TargetSpec& target) {
  std::string out;
  const auto add = [&](bool takes, std::string_view name) {
    if (takes) return;
    out += (out.empty() ? R"(,"takes":{")" : R"(,")") + std::string(name) + R"(":"off")";
  };
  add(target.images, "images");
  add(target.tools, "tools");
  add(target.documents, "documents");
  return out.empty() ? out : out + "}";
}

std::string limits_json(const LimitsSpec& limits) {
  return R"("clients":{"each_key":{"requests_per_minute":)" + number(limits.requests_per_minute) +
         ",\"burst\":" + number(limits.burst) + ",\"concurrent_max\":" + number(limits.concurrent_max) +
         ",\"window_ms\":" + number(std::max<int64_t>(limits.window_ms, 1'000)) +
         ",\"window_requests_max\":" + number(limits.window_requests_max) + "}}";
}

TargetSpec any_target(const Setting& setting, Random& random) {
  TargetSpec target;
  target.provider = int(random.below(int64_t(setting.providers.size())));
  target.model = "m" + number(random.below(2)) + "-" + setting.providers[size_t(target.provider)].name;
  return target;
}

std::vector<TargetSpec> any_targets(const Setting& setting, Random& random) {
  std::vector<TargetSpec> targets;
  const bool sized = random.percent(20);
  for (int64_t n = random.between(1, 4); n > 0; --n) {
    TargetSpec target = any_target(setting, random);
    const auto same = [&](const TargetSpec& each) {
      return each.provider == target.provider && each.model == target.model;
    };
    if (std::any_of(targets.begin(), targets.end(), same)) continue;
    if (sized) target.context_tokens_max = random.one_of(contexts);
    targets.push_back(target);
  }
  return targets;
}

}  // namespace

std::string entry_name(const TargetSpec& target) {
  return target.model + "-" + number(target.context_tokens_max) +
         (target.concurrent_max ? "-b" + number(target.concurrent_max) : "") + (target.images ? "" : "-blind") +
         (target.tools ? "" : "-bare") + (target.documents ? "" : "-unread");
}

const RouteSpec& Setting::route_of(const Question& question) const {
  if (tools_rule && question.tools) return *tools_rule;
  if (image_task && question.image) return *image_task;
  for (const RouteSpec& route : routes)
    if (route.match == question.model || route.match == "*") return route;
  return routes.back();
}

Setting make_setting(Random random) {
  Setting setting;
  setting.client_key = random.percent(30);
  const Dialect usual = random.one_of(dialects);
  for (int64_t n = random.between(1, 4), i = 0; i < n; ++i) {
    ProviderSpec provider;
    provider.name = "p" + number(i);
    provider.dialect = random.percent(50) ? usual : random.one_of(dialects);
    provider.credentials = random.percent(30) ? int(random.between(2, 3)) : 1;
    provider.connect_ms = random.between(200, 2'000);
    provider.first_byte_ms = random.between(500, 8'000);
    provider.idle_ms = random.between(1'000, 8'000);  // over every pause of a good answer
    provider.total_ms = random.percent(20) ? random.between(1'000, 20'000) : 3'600'000;
    setting.providers.push_back(provider);
  }
  for (int64_t n = random.between(0, 2), i = 0; i <= n; ++i) {
    RouteSpec route;
    route.match = i < n ? "r" + number(i) : "*";
    route.targets = any_targets(setting, random);
    route.accounting = !random.percent(10);
    route.commit_at_head = random.percent(10);
    setting.routes.push_back(route);
  }
  FailoverSpec& failover = setting.failover;
  if (random.percent(30)) failover.attempts_max = random.between(1, 4);
  if (random.percent(50)) failover.retry_wait_ms_max = random.one_of(waits);
  if (random.percent(60)) failover.gate_ms = random.one_of(gates);
  if (random.percent(60)) failover.keep_alive_ms = random.one_of(signs);
  if (random.percent(50)) failover.retry_budget_percent = random.one_of(percents);
  if (random.percent(20)) failover.gate_bytes_max = 1'024;
  return setting;
}

Setting changed(const Setting& setting, Random random) {
  Setting next = setting;
  for (RouteSpec& route : next.routes)
    if (random.percent(60)) route.targets = any_targets(next, random);
  if (random.percent(40)) {
    ProviderSpec& provider = next.providers[size_t(random.below(int64_t(next.providers.size())))];
    provider.enabled = false;
  }
  if (random.percent(40)) next.failover.attempts_max = random.between(1, 6);
  if (random.percent(40)) next.failover.gate_ms = random.one_of(gates);
  return next;
}

std::string Setting::json() const {
  std::string out = "{";
  if (client_key)
    out +=
        R"("server":{"client_keys":[{"name":"k0","key":"sha256:47ac9cab197e87f9cc768f943a5eb46954f2a6f442cab9aac8f63e4c9b143b0d"}])" +
        (limits.any() ? "," + limits_json(limits) : "") + "},";
  if (touchy)
    out += R"("failures":{"window_requests_min":1,"window_failure_percent":1,"cool_ms_max":5000,"open_ms":)" +
           number(touchy_open_ms) + ",\"open_ms_max\":" + number(touchy_open_ms) + "},";
  out += "\"failover\":{\"attempts_max\":" + number(failover.attempts_max) +
         ",\"retry_wait_ms_max\":" + number(failover.retry_wait_ms_max) + ",\"gate_ms\":" + number(failover.gate_ms) +
         ",\"gate_bytes_max\":" + number(failover.gate_bytes_max) +
         ",\"gate_frames_max\":" + number(failover.gate_frames_max) +
         ",\"keep_alive_ms\":" + number(failover.keep_alive_ms) +
         ",\"retry_budget_percent\":" + number(failover.retry_budget_percent) + "},\"providers\":{";
  for (const ProviderSpec& provider : providers) {
    if (&provider != providers.data()) out += ',';
    out += "\"" + provider.name + R"(":{"dialect":")" + std::string(name_of(provider.dialect)) +
           R"(","base_url":"http://)" + provider.name + R"(.example","credentials":[)";
    for (int i = 0; i < provider.credentials; ++i)
      out += (i ? "," : "") + std::string(R"({"name":"c)") + number(i) + R"(","key":"${SECRET}"})";
    out += "],\"enabled\":" + std::string(provider.enabled ? "true" : "false");
    if (provider.concurrent_max) out += ",\"concurrent_max\":" + number(provider.concurrent_max);
    out += ",\"timeouts\":{\"connect_ms\":" + number(provider.connect_ms) +
           ",\"first_byte_ms\":" + number(provider.first_byte_ms) + ",\"idle_ms\":" + number(provider.idle_ms) +
           ",\"total_ms\":" + number(provider.total_ms) + "}}";
  }
  // Targets that say something of themselves need an entry; its name says which.
  std::string models, list;
  const auto add_targets = [&](std::string& to, const RouteSpec& route) {
    to += '[';
    for (const TargetSpec& target : route.targets) {
      if (&target != route.targets.data()) to += ',';
      if (!target.has_entry()) {
        to += '"' + providers[size_t(target.provider)].name + '/' + target.model + '"';
        continue;
      }
      const std::string name = entry_name(target);
      to += '"' + name + '"';
      if (models.find('"' + name + "\":") != models.npos) continue;
      models += (models.empty() ? "\"" : ",\"") + name + R"(":{"provider":")" +
                providers[size_t(target.provider)].name + R"(","upstream_model":")" + target.model +
                R"(","context_tokens_max":)" + number(target.context_tokens_max) +
                (target.concurrent_max ? ",\"concurrent_max\":" + number(target.concurrent_max) : "") +
                takes_json(target) + "}";
    }
    to += "]";
  };
  for (const RouteSpec& route : routes) {
    if (&route != routes.data()) list += ',';
    list += R"({"match":")" + route.match + R"(","targets":)";
    add_targets(list, route);
    if (!route.strategy.empty()) list += R"(,"strategy":")" + route.strategy + "\"";
    if (!route.accounting) list += R"(,"accounting":"off")";
    if (route.commit_at_head) list += R"(,"commit":"head")";
    if (route.queue_places_max)
      list += ",\"queue\":{\"places_max\":" + number(route.queue_places_max) +
              ",\"wait_ms_max\":" + number(route.queue_wait_ms_max) + "}";
    list += "}";
  }
  out += "},";
  if (tools_rule) {
    out += R"("rules":[{"name":"tools","when":{"tools":"on"},"targets":)";
    add_targets(out, *tools_rule);
    out += "}],";
  }
  if (image_task) {
    out += R"("tasks":{"image":)";
    add_targets(out, *image_task);
    out += "},";
  }
  if (!models.empty()) out += "\"models\":{" + models + "},";
  return out + "\"routes\":[" + list + "]}";
}

std::shared_ptr<const Config> load(const Setting& setting) {
  const std::string text = setting.json();
  config::ReadResult read = config::read_json(text);
  if (read.problems.empty()) return std::make_shared<Config>(std::move(read.config));
  std::fprintf(stderr, "the loader refuses a configuration of the simulation:\n%s\n", text.c_str());
  for (const config::Problem& problem : read.problems) std::fprintf(stderr, "%s\n", config::sentence(problem).c_str());
  std::exit(2);
}

}  // namespace signalbox::simulation
