#include "metrics/exposition.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/text.h"
#include "routing/configured_lanes.h"
#include "routing/health.h"
#include "routing/places.h"
#include "signalbox/config.h"

namespace signalbox::metrics {
namespace {

constexpr std::string_view outcome_names[] = {"ok", "failed", "rejected", "broken", "refused", "client_left"};
static_assert(std::size(outcome_names) == request_outcome_count);
constexpr std::string_view result_names[] = {"answered", "failed", "client_left", "withdrawn"};
static_assert(std::size(result_names) == attempt_result_count);
// What stands for all that found no room; no provider of a configuration is called so.
constexpr std::string_view others_label = "(others)";

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

void append_seconds(std::string& out, uint64_t ms) {
  base::append_decimal(out, int64_t(ms / 1000));
  out += '.';
  for (const uint64_t digit : {ms / 100 % 10, ms / 10 % 10, ms % 10}) out += char('0' + digit);
}

class Text {
 public:
  explicit Text(std::string& out) : out_(out) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP signalbox_").append(name).append(" ").append(help);
    out_.append("\n# TYPE signalbox_").append(name).append(" ").append(type).append("\n");
  }
  void sample(Labels labels, uint64_t value) {
    begin("", labels);
    base::append_decimal(out_, int64_t(value));
    out_ += '\n';
  }
  void sample_ms(Labels labels, uint64_t ms) {
    begin("", labels);
    append_seconds(out_, ms);
    out_ += '\n';
  }
  // Counts by bucket, and the sum behind them.
  void histogram(std::string_view route, std::string_view provider, std::span<const uint64_t> counts, uint64_t sum_ms) {
    uint64_t up_to = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      std::string bound = "+Inf";
      if (i < bucket_ms.size()) {
        bound.clear();
        append_seconds(bound, uint64_t(bucket_ms[i]));
      }
      up_to += counts[i];
      begin("_bucket", {{"route", route}, {"provider", provider}, {"le", bound}});
      base::append_decimal(out_, int64_t(up_to));
      out_ += '\n';
    }
    begin("_sum", {{"route", route}, {"provider", provider}});
    append_seconds(out_, sum_ms);
    out_ += '\n';
    begin("_count", {{"route", route}, {"provider", provider}});
    base::append_decimal(out_, int64_t(up_to));
    out_ += '\n';
  }

 private:
  void begin(std::string_view suffix, Labels labels) {
    out_.append("signalbox_").append(name_).append(suffix);
    char before = '{';
    for (const auto& [key, value] : labels) {
      out_ += before;
      before = ',';
      out_.append(key).append("=\"");
      for (const char c : value) {
        if (c == '\n') {
          out_ += "\\n";
          continue;
        }
        if (c == '"' || c == '\\') out_ += '\\';
        out_ += c;
      }
      out_ += '"';
    }
    out_ += labels.size() ? "} " : " ";
  }

  std::string& out_;
  std::string_view name_;
};

// One row's sum over all tables.
struct SeriesSum {
  std::string_view route, provider;
  uint64_t requests = 0;
  std::array<uint64_t, request_outcome_count> outcomes = {};
  std::array<uint64_t, bucket_ms.size() + 1> total = {}, first_content = {};
  uint64_t total_ms = 0, first_content_ms = 0;
  std::array<uint64_t, token_kinds.size()> tokens = {};
};

template <class Counts, class Sums>
uint64_t add_all(const Counts& counts, Sums& sums) {
  uint64_t all = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    sums[i] += counts[i].get();
    all += counts[i].get();
  }
  return all;
}

void add(const Series& row, SeriesSum& sum) {
  sum.requests += add_all(row.outcomes, sum.outcomes);
  add_all(row.total.counts, sum.total);
  add_all(row.first_content.counts, sum.first_content);
  sum.total_ms += row.total.sum_ms.get();
  sum.first_content_ms += row.first_content.sum_ms.get();
  add_all(row.tokens, sum.tokens);
}

std::vector<SeriesSum> sum_series(std::span<const Table* const> tables, const Config& config) {
  // What was refused before a route was found, or a provider, has none.
  std::vector<std::string_view> routes = {""}, providers = {""};
  const auto add_route = [&](const Route& route) {
    if (std::find(routes.begin(), routes.end(), route.label()) == routes.end()) routes.push_back(route.label());
  };
  for (const Route& route : config.routes) add_route(route);
  for (const Route& route : config.provider_routes) add_route(route);
  for (const Provider& provider : config.providers) providers.push_back(provider.name);
  std::vector<SeriesSum> sums;
  for (const std::string_view route : routes)
    for (const std::string_view provider : providers) {
      SeriesSum sum{route, provider};
      for (const Table* table : tables)
        if (const Series* row = table->series.find(key_of(route, provider))) add(*row, sum);
      if (sum.requests) sums.push_back(sum);
    }
  SeriesSum others{others_label, others_label};
  for (const Table* table : tables) add(table->series.others(), others);
  if (others.requests) sums.push_back(others);
  return sums;
}

void write_requests(Text& text, std::span<const Table* const> tables, const Config& config) {
  const std::vector<SeriesSum> all = sum_series(tables, config);
  text.family("requests_total", "counter", "Requests for models that have ended, by how.");
  for (const SeriesSum& sum : all)
    for (size_t i = 0; i < sum.outcomes.size(); ++i)
      if (sum.outcomes[i])
        text.sample({{"route", sum.route}, {"provider", sum.provider}, {"outcome", outcome_names[i]}}, sum.outcomes[i]);
  text.family("request_duration_seconds", "histogram", "From a request's head to the end of its answer.");
  for (const SeriesSum& sum : all) text.histogram(sum.route, sum.provider, sum.total, sum.total_ms);
  text.family("first_content_seconds", "histogram", "From a request's head to the first content of its answer.");
  for (const SeriesSum& sum : all) text.histogram(sum.route, sum.provider, sum.first_content, sum.first_content_ms);
  text.family("tokens_total", "counter", "Tokens as upstreams counted them.");
  for (const SeriesSum& sum : all)
    for (size_t i = 0; i < sum.tokens.size(); ++i)
      if (sum.tokens[i])
        text.sample({{"route", sum.route}, {"provider", sum.provider}, {"kind", token_kinds[i]}}, sum.tokens[i]);

  std::array<uint64_t, fault_count> faults = {};
  uint64_t begun = 0, ended = 0;
  for (const Table* table : tables) {
    add_all(table->faults, faults);
    ended += table->ended.get();
    begun += table->begun.get();
  }
  text.family("faults_total", "counter", "What ended requests badly.");
  for (size_t i = 0; i < faults.size(); ++i)
    if (faults[i]) text.sample({{"fault", row(FaultKind(i)).name}}, faults[i]);
  text.family("requests_in_flight", "gauge", "Requests for models that have not ended.");
  text.sample({}, begun > ended ? begun - ended : 0);
}

void write_attempts(Text& text, std::span<const Table* const> tables, const Config& config) {
  struct Sum {
    std::string_view provider;
    std::array<uint64_t, attempt_result_count> results = {};
    std::array<uint64_t, fault_count> failures = {};
  };
  std::vector<Sum> all;
  for (const Provider& provider : config.providers) {
    Sum& sum = all.emplace_back(Sum{provider.name});
    for (const Table* table : tables)
      if (const Attempts* attempts = table->attempts.find(key_of(provider.name))) {
        add_all(attempts->results, sum.results);
        add_all(attempts->failures, sum.failures);
      }
  }
  Sum& others = all.emplace_back(Sum{others_label});
  for (const Table* table : tables) {
    add_all(table->attempts.others().results, others.results);
    add_all(table->attempts.others().failures, others.failures);
  }
  text.family("attempts_total", "counter", "Attempts at lanes that have ended, by how.");
  for (const Sum& sum : all)
    for (size_t i = 0; i < sum.results.size(); ++i)
      if (sum.results[i]) text.sample({{"provider", sum.provider}, {"result", result_names[i]}}, sum.results[i]);
  text.family("attempt_failures_total", "counter", "Attempts that failed, by what went wrong.");
  for (const Sum& sum : all)
    for (size_t i = 0; i < sum.failures.size(); ++i)
      if (sum.failures[i])
        text.sample({{"provider", sum.provider}, {"fault", row(FaultKind(i)).name}}, sum.failures[i]);
}

void write_gauges(Text& text, Gateway& gateway, Now now) {
  const Config& config = *gateway.config();
  const routing::Health& health = gateway.health();
  text.family("requests_waiting", "gauge", "Requests that wait for a place.");
  for (const Route& route : config.routes)
    if (route.queue.places_max > 0)
      text.sample({{"route", route.label()}}, uint64_t(gateway.places().waiting(route.label())));
  text.family("provider_enabled", "gauge", "Whether a provider is switched on.");
  for (const Provider& each : config.providers)
    text.sample({{"provider", each.name}}, health.enabled(each.name, each.enabled) ? 1 : 0);
  struct Lane {
    std::string name;
    routing::Standing standing;
  };
  std::vector<Lane> lanes;
  routing::each_lane(config, [&](const Provider&, std::string_view, std::string_view, const std::string& key) {
    lanes.push_back({key, health.standing(key, now.unix_ms)});
  });
  text.family("lane_up", "gauge", "Whether a lane is ready: neither cooling nor half-open.");
  for (const Lane& lane : lanes)
    text.sample({{"lane", lane.name}}, lane.standing.until_unix_ms || lane.standing.half_open ? 0 : 1);
  text.family("lane_cooling_seconds", "gauge", "For how long a lane goes behind the others.");
  for (const Lane& lane : lanes)
    text.sample_ms({{"lane", lane.name}}, uint64_t(std::max<int64_t>(0, lane.standing.until_unix_ms - now.unix_ms)));
}

}  // namespace

void write_exposition(std::string& out, std::span<const Table* const> tables, Gateway& gateway, Now now) {
  Text text(out);
  write_requests(text, tables, *gateway.config());
  write_attempts(text, tables, *gateway.config());
  write_gauges(text, gateway, now);
}

}  // namespace signalbox::metrics
