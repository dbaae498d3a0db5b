// Answers of our own: errors, the catalogue, health, estimates; and the end of every exchange.
#include "base/text.h"
#include "exchange/machine.h"
#include "exchange/why_none.h"
#include "http/content_coding.h"
#include "http/endpoint.h"
#include "http/url.h"
#include "json/writer.h"
#include "signalbox/error_body.h"
#include "tokens/calibration.h"

namespace signalbox {

namespace exchange {
namespace {

int status_in(const dialects::DialectRow& dialect, const Fault& fault) {
  const bool busy = fault.kind == FaultKind::overloaded && fault.retry_after_ms >= 0;
  return busy ? dialect.busy_status : row(fault.kind).status;
}

}  // namespace
}  // namespace exchange

void write_error_body(std::string& out, std::string_view target, std::span<const Header> headers, const Fault& fault,
                      std::string_view request_id) {
  const http::Endpoint endpoint = http::match_endpoint("POST", target, headers);
  const dialects::DialectRow& dialect = dialects::row_of(endpoint.shape);
  dialect.write_error(out, fault, exchange::status_in(dialect, fault), request_id);
}

int status_of(const Fault& fault, std::string_view target, std::span<const Header> headers) {
  return exchange::status_in(dialects::row_of(http::match_endpoint("POST", target, headers).shape), fault);
}

namespace exchange {
namespace {

// SDKs keep to a longer retry-after not at all: they come again within seconds, twice, and then tell their user. Told
// that it is of no use they tell at once.
constexpr int64_t sdk_wait_ms_max = 60'000;

// A client's model name may hold anything JSON can spell; a header's value may not.
std::string_view header_safe(std::string_view text, Arena& arena) {
  auto unsafe = [](char c) { return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e; };
  bool clean = true;
  for (char c : text) clean = clean && !unsafe(c);
  if (clean) return text;
  std::span<char> copy = arena.array<char>(text.size());
  for (size_t i = 0; i < text.size(); ++i) copy[i] = unsafe(text[i]) ? '?' : text[i];
  return {copy.data(), copy.size()};
}

}  // namespace

// An error of our own, before any lane was asked.
void Machine::refuse(Fault fault) {
  const int status = status_in(client_dialect(), fault);
  report_.fault = std::move(fault);
  const FaultKind kind = report_.fault.kind;
  Header extra[3];
  size_t filled = 0;
  if (kind == FaultKind::method_not_allowed) extra[filled++] = {"allow", endpoint_.allowed_methods};
  if (kind == FaultKind::unsupported_coding)  // RFC 9110 section 15.5.16
    extra[filled++] = {"accept-encoding", arena_.copy(http::accept_encoding(gateway_.capabilities().request_codings))};
  const int64_t retry_ms = report_.fault.retry_after_ms;
  if (retry_ms >= 0) {
    std::string seconds;
    base::append_decimal(seconds, std::max<int64_t>(1, base::seconds_up(retry_ms)));
    extra[filled++] = {"retry-after", arena_.copy(seconds)};
  }
  if (row(kind).repeating == Repeating::hopeless || retry_ms > sdk_wait_ms_max)
    extra[filled++] = {"x-should-retry", "false"};
  tell_error(report_.fault, status, {extra, filled});
}

// `status` and `headers` hold where there is no head yet; behind one an event tells it.
void Machine::tell_error(const Fault& told, int status, std::span<const Header> headers) {
  if (leads()) share_failure(told, status, headers);
  std::string words;
  if (committed_ != Committed::nothing) {
    client_dialect().write_error_frame(words, told, report_.request_id);
    send(arena_.copy(words));
    return finish(Ending::complete);
  }
  client_dialect().write_error(words, told, status, report_.request_id);
  reply(status, "application/json", words, headers);
}

void Machine::reply(int status, std::string_view content_type, std::string_view body, std::span<const Header> extra) {
  std::span<Header> headers = arena_.array<Header>(extra.size() + 2);
  size_t filled = 0;
  if (!content_type.empty()) headers[filled++] = {"content-type", content_type};
  if (report_.estimated) headers[filled++] = {"x-signalbox-estimate", "true"};
  for (const Header& header : extra) headers[filled++] = header;
  send_head(status, headers.first(filled), int64_t(body.size()), BodyMode::rewrite);
  send(arena_.copy(body));
  finish(Ending::complete);
}

size_t Machine::add_own_headers(std::span<Header> headers, size_t filled, Answerer answerer) {
  headers[filled++] = {"request-id", report_.request_id};
  if (!report_.upstream_request_id.empty())
    headers[filled++] = {"x-signalbox-upstream-request-id", arena_.copy(report_.upstream_request_id)};
  if (limited_) filled = add_limit_headers(headers, filled);
  if (!report_.route.empty()) headers[filled++] = {"x-signalbox-route", report_.route};
  if (answerer == Answerer::open) return filled;
  if (!report_.provider.empty()) {
    headers[filled++] = {"x-signalbox-provider", report_.provider};
    headers[filled++] = {"x-signalbox-model", header_safe(report_.upstream_model, arena_)};
    std::string count;
    base::append_decimal(count, report_.attempt_count);
    headers[filled++] = {"x-signalbox-attempts", arena_.copy(count)};
  }
  if (translation_ && !translation_->losses.empty())
    headers[filled++] = {"x-signalbox-translation-loss", arena_.copy(translation_->losses.joined())};
  if (follows()) {
    headers[filled++] = {"x-signalbox-followed", arena_.copy(report_.followed)};
    if (const std::string& losses = sharing_->broadcast->answerer.losses; !losses.empty())
      headers[filled++] = {"x-signalbox-translation-loss", arena_.copy(losses)};
  }
  return filled;
}

void Machine::reply_models() {
  const auto names = routing::catalogue(*config_, arena_);
  const dialects::DialectRow& dialect = client_dialect();
  std::span<dialects::ModelEntry> entries = arena_.array<dialects::ModelEntry>(2 * names.size());
  size_t filled = 0;
  for (std::string_view name : names) {
    entries[filled++] = describe(name);
    if (!dialect.catalogue_has_aliases) continue;
    const std::string_view alias = routing::alias_of(name, arena_);
    if (routing::without_alias(*config_, alias).size() < alias.size()) entries[filled++] = describe(alias);
  }
  std::string body;
  dialect.write_catalogue(body, entries.first(filled));
  reply(200, "application/json", body);
}

void Machine::reply_model() {
  const std::string id = http::decode_percent(endpoint_.model_id);
  if (id.size() > routing::model_bytes_max || !routing::find_route(*config_, id))
    return refuse(unknown_model(*config_, id, arena_));
  std::string body;
  dialects::row_of(endpoint_.shape).write_model(body, describe(arena_.copy(id)));
  reply(200, "application/json", body);
}

dialects::ModelEntry Machine::describe(std::string_view id) const {
  const std::string_view name = routing::without_alias(*config_, id);
  for (const Model& model : config_->models)
    if (model.name == name || model.name == routing::without_local_suffix(name))
      return {id, name, model.context_tokens_max, model.output_tokens_max};
  return {id, name, 0, 0};
}

void Machine::reply_health() { reply(200, "application/json", R"({"status":"ok"})"); }

// Ready when at least one route leads somewhere. Anyone sees how many problems and warnings there are; what they
// say names the configuration's insides, and is for administrators.
void Machine::reply_ready() {
  bool leads_somewhere = false;
  for (const Route& route : config_->routes)
    for (const Target& target : route.targets)
      leads_somewhere = leads_somewhere || config_->providers[target.provider].enabled;
  std::string body;
  json::Writer w(body);
  w.begin_object().key("status");
  w.string(leads_somewhere ? "ready" : config_->problems.empty() ? "no enabled target" : "unusable configuration");
  w.key("problems").number(int64_t(config_->problems.size()));
  w.key("warnings").number(int64_t(config_->warnings.size()));
  if (has_admin_key_ && !(config_->problems.empty() && config_->warnings.empty())) {
    w.key("messages").begin_array();
    for (const std::string& problem : config_->problems) w.string(problem);
    for (const std::string& warning : config_->warnings) w.string("warning: " + warning);
    w.end_array();
  }
  w.end_object();
  reply(leads_somewhere ? 200 : 503, "application/json", body);
}

void Machine::reply_estimate() {
  report_.estimated = true;
  report_.usage.input_tokens = estimated_tokens(attempt_.lane());
  std::string body;
  client_dialect().write_token_count(body, report_.usage.input_tokens);
  reply(200, "application/json", body);
}

void Machine::finish(Ending ending) {
  if (finished()) return;
  if (sharing_ && end_sharing(ending) == Sharers::client_takes) return;
  if (is_cut_off()) ending = Ending::cut;
  enter(Phase::finished);
  timers_.disarm_all();
  leave_queue();
  report_.total_ms = now_.monotonic_ms - began_.monotonic_ms;
  close_attempt(routing::AttemptEnd::withdrawn);  // what nobody has told of ended by a rule of ours
  const dialects::Observation& last = seen();
  if (last.usage.input_tokens >= 0 || last.usage.output_tokens >= 0) report_.usage = last.usage;
  if (!last.stop_reason.empty()) report_.stop_reason = last.stop_reason;
  if (!probed_ && translation_ && translation_->was_read && last.usage.input_tokens >= 0) {
    // An upstream may count what it likes; no sum of three overflows below this.
    auto sane = [](int64_t count) { return std::clamp<int64_t>(count, 0, INT64_MAX / 4); };
    const int64_t all =
        sane(last.usage.input_tokens) + sane(last.usage.cache_read_tokens) + sane(last.usage.cache_creation_tokens);
    gateway_.calibration().learn(attempt_.lane().key, translation_->rough_tokens, all);
  }
  if (translation_) report_.losses = translation_->losses.paths();
  if (client_left_ && !report_.fault) report_.fault = left_fault();
  if (limited_) settle_limits();
  count_request();
  emit(Finish{ending, &report_});
}

}  // namespace exchange
}  // namespace signalbox
