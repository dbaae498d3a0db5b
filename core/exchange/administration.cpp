// The state of lanes for whoever administrates: looked at, reset, and providers and credentials switched. Names are the
// configuration's; what is none of them changes nothing and is answered with the nearest.
#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "exchange/machine.h"
#include "http/url.h"
#include "json/writer.h"
#include "routing/configured_lanes.h"
#include "routing/health.h"

namespace signalbox::exchange {
namespace {

using routing::each_lane;
using routing::Health;

// The parameters that an operation takes, decoded; empty: not given.
struct Asked {
  std::string provider, credential, lane;
};

// What of a name is repeated in an answer.
constexpr size_t shown_bytes_max = 128;

std::string unknown(std::string_view what, std::string_view name, std::span<const std::string_view> known) {
  std::string text = "There is no ";
  text += what;
  text += " \"";
  text += name.substr(0, shown_bytes_max);
  text += "\".";
  if (const auto near = base::nearest(name, known)) {
    text += " Did you mean \"";
    text += *near;
    text += "\"?";
  }
  return text;
}

// Reads `query` into `asked`; what is wrong with it, or nothing.
std::string read_query(std::string_view query, std::span<const std::string_view> known, Asked& asked) {
  while (!query.empty()) {
    const std::string_view parameter = http::take_parameter(query);
    if (parameter.empty()) continue;
    const size_t equals = parameter.find('=');
    const std::string name = http::decode_percent(parameter.substr(0, equals));
    std::string value = http::decode_percent(equals == parameter.npos ? "" : parameter.substr(equals + 1));
    bool taken = false;
    for (std::string_view each : known) taken = taken || each == name;
    if (!taken) return unknown("parameter", name, known);
    std::string& place = name == "provider" ? asked.provider : name == "lane" ? asked.lane : asked.credential;
    if (value.empty()) return "The parameter \"" + name + "\" has no value.";
    if (!place.empty()) return "The parameter \"" + name + "\" stands twice.";
    place = std::move(value);
  }
  return {};
}

const Provider* find_provider(const Config& config, std::string_view name) {
  for (const Provider& each : config.providers)
    if (each.name == name) return &each;
  return nullptr;
}

// What is wrong with the names, or nothing.
std::string check_names(const Config& config, const Asked& asked) {
  if (!asked.provider.empty()) {
    const Provider* provider = find_provider(config, asked.provider);
    std::vector<std::string_view> names;
    for (const Provider& each : config.providers) names.push_back(each.name);
    if (!provider) return unknown("provider", asked.provider, names);
    names.clear();
    bool known = asked.credential.empty();
    for (const Credential& each : provider->credentials) {
      names.push_back(each.name);
      known = known || each.name == asked.credential;
    }
    if (!known) return unknown("credential", asked.credential, names);
  } else if (!asked.credential.empty()) {
    return "A credential is known by its provider: give the parameter \"provider\" too.";
  }
  return {};
}

void write_standing(json::Writer& w, const Health& health, std::string_view key, int64_t window_ms, int64_t now) {
  const routing::Standing standing = health.standing(key, now);
  const std::string_view state = standing.until_unix_ms ? "cooling"
                                 : standing.probing     ? "probing"
                                 : standing.half_open   ? "half_open"
                                                        : "ready";
  w.key("standing").string(state);
  if (standing.until_unix_ms) {
    w.key("why").string(routing::name_of(standing.why)).key("suffers").string(routing::name_of(standing.scope));
    w.key("until_unix_ms").number(standing.until_unix_ms).key("for_ms").number(standing.until_unix_ms - now);
  }
  if (const auto sums = health.counted(key, window_ms, now); sums.requests) {
    w.key("window").begin_object().key("requests").number(int64_t(sums.requests));
    w.key("failures").number(int64_t(sums.failures)).end_object();
  }
}

}  // namespace

void Machine::reply_state() {
  Asked asked;
  if (std::string wrong = read_query(endpoint_.query, {}, asked); !wrong.empty())
    return refuse({FaultKind::bad_request, std::move(wrong)});
  const Health& health = gateway_.health();
  const int64_t window_ms = config_->failures.window_ms, now = now_.unix_ms;
  std::string body;
  json::Writer w(body);
  w.begin_object().key("time_unix_ms").number(now);
  if (const std::string_view selected = health.selected(); !selected.empty()) w.key("selected").string(selected);
  w.key("providers").begin_array();
  for (const Provider& each : config_->providers) {
    w.begin_object().key("name").string(each.name);
    w.key("enabled").boolean(health.enabled(each.name, each.enabled));
    w.key("credentials").begin_array();
    for (const Credential& credential : each.credentials) {
      w.begin_object().key("name").string(credential.name);
      w.key("enabled").boolean(health.enabled(each.name + "/" + credential.name, credential.enabled)).end_object();
    }
    w.end_array().end_object();
  }
  w.end_array().key("lanes").begin_array();
  each_lane(*config_,
            [&](const Provider& provider, std::string_view credential, std::string_view model, std::string_view key) {
              const auto& all = provider.credentials;
              const auto its =
                  std::find_if(all.begin(), all.end(), [&](const Credential& each) { return each.name == credential; });
              const bool on = health.enabled(provider, credential, its == all.end() || its->enabled);
              w.begin_object().key("lane").string(key).key("enabled").boolean(on);
              write_standing(w, health, key, window_ms, now);
              w.end_object();
              if (!model.empty()) return;
              // The models that clients have named and that something is known of.
              health.each_wild(key.substr(0, key.size() - 1), [&](std::string_view wild) {
                w.begin_object().key("lane").string(wild.substr(1)).key("enabled").boolean(on);
                write_standing(w, health, wild, window_ms, now);
                w.end_object();
              });
            });
  w.end_array().end_object();
  reply(200, "application/json", body);
}

void Machine::administrate() {
  constexpr std::string_view of_reset[] = {"lane", "provider"}, of_switch[] = {"provider", "credential"};
  const bool probes = endpoint_.operation == Operation::probe;
  const bool resets = endpoint_.operation == Operation::reset, selects = endpoint_.operation == Operation::select;
  const bool lifts = selects && head_.method == "DELETE";
  Asked asked;
  const std::span<const std::string_view> of_select = std::span(of_switch).first(lifts ? 0 : 1);
  std::string wrong = read_query(endpoint_.query, resets || probes ? of_reset : selects ? of_select : of_switch, asked);
  if (wrong.empty()) wrong = check_names(*config_, asked);
  if (wrong.empty() && (resets || probes) && !asked.lane.empty()) {
    if (!asked.provider.empty()) wrong = "Give one of the parameters \"lane\" and \"provider\".";
    std::vector<std::string> names;
    bool known = false;
    each_lane(*config_, [&](const Provider& provider, std::string_view credential, std::string_view model,
                            std::string_view key) {
      names.emplace_back(key);
      const std::string begins = provider.name + "/" + std::string(credential) + "/";
      known = known || asked.lane == key || (model.empty() && asked.lane.compare(0, begins.size(), begins) == 0);
    });
    if (wrong.empty() && !known)
      wrong = unknown("lane", asked.lane, std::vector<std::string_view>(names.begin(), names.end()));
  }
  if (wrong.empty() && !resets && !probes && !lifts && asked.provider.empty())
    wrong = "Say which provider, with the parameter \"provider\".";
  if (!wrong.empty()) return refuse({FaultKind::bad_request, std::move(wrong)});

  if (probes) return probe(arena_.copy(asked.lane), arena_.copy(asked.provider));
  Health& health = gateway_.health();
  if (resets) {
    const std::string& name = asked.lane.empty() ? asked.provider : asked.lane;
    health.reset(name, now_.unix_ms);
    gateway_.lane_stats().forget_limits(name);
  } else if (selects) {
    health.select(asked.provider, now_.unix_ms);
  } else {
    const std::string name = asked.credential.empty() ? asked.provider : asked.provider + "/" + asked.credential;
    health.turn(name, endpoint_.operation == Operation::enable ? routing::Switch::on : routing::Switch::off,
                now_.unix_ms);
  }
  endpoint_.query = {};
  reply_state();
}

}  // namespace signalbox::exchange
