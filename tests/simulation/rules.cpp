#include "rules.h"

#include <algorithm>

#include "signalbox/report.h"

namespace signalbox::simulation {
namespace {

// The member "model" of a body that has one, or the model in an address.
std::string model_of(Dialect dialect, std::string_view url, std::string_view body) {
  const std::string_view from = dialect == Dialect::gemini ? "/models/" : "\"model\":\"";
  const std::string_view text = dialect == Dialect::gemini ? url : body;
  size_t at = text.find(from);
  if (at == text.npos) return {};
  at += from.size();
  return std::string(text.substr(at, text.find(dialect == Dialect::gemini ? ':' : '"', at) - at));
}

// A token has a byte at least, and no tokenizer makes one of two words.
Fits fits(const Question& question, size_t body_bytes, const TargetSpec& target) {
  if ((question.image && !target.images) || (question.tools && !target.tools)) return Fits::not_at_all;
  if (question.document && !target.documents) return Fits::not_at_all;
  const int64_t tokens_max = target.context_tokens_max;
  if (tokens_max > 0 && (question.image || question.document)) return Fits::perhaps;  // nobody knows what these count
  if (tokens_max == 0 || int64_t(body_bytes) <= tokens_max) return Fits::surely;
  // docs/routing.md: what is longer by no more than a third, as we count, may be sent where nothing else is left.
  return int64_t(question.filler_words) * 2 > tokens_max * 3 ? Fits::not_at_all : Fits::perhaps;
}

// docs/health.md: how long a lane rests at least that failed so and asked for nothing. 0: nothing is certain of it.
int64_t rest_ms_min(TroubleKind trouble, bool touchy) {
  switch (trouble) {
    case TroubleKind::limited: return 15'000;
    case TroubleKind::overloaded:
    case TroubleKind::failing:
    case TroubleKind::not_again:
    case TroubleKind::quotes_key: return touchy ? touchy_open_ms : 5'000;
    default: return 0;
  }
}

}  // namespace

std::string text_of(const LaneId& lane) {
  return "p" + std::to_string(lane.provider) + "/c" + std::to_string(lane.credential) + "/" + lane.model;
}

bool holds_secret(std::string_view text) {
  return text.find("secret-word") != text.npos || text.find("sk-ant-api03-") != text.npos;
}

void Rules::check(bool holds, const char* rule, const Asked& asked, std::string text) {
  if (holds || broken_) return;
  broken_.rule = rule;
  broken_.text = "client " + std::to_string(asked.question().nonce) + ": " + std::move(text);
}

std::vector<LaneId> Rules::lanes(const Asked& asked) const {
  std::vector<LaneId> out;
  const Setting& s = setting(asked);
  for (const TargetSpec& target : s.route_of(asked.question()).targets) {
    const ProviderSpec& provider = s.providers[size_t(target.provider)];
    if (!provider.enabled) continue;
    for (int c = 0; c < provider.credentials; ++c) out.push_back({target.provider, c, target.model});
  }
  return out;
}

void Rules::decided(Asked& asked, int64_t now_ms) {
  asked.decided_ms = now_ms;
  const auto& targets = setting(asked).route_of(asked.question()).targets;
  for (LaneId& lane : lanes(asked)) {
    Asked::Standing standing;
    const auto target = std::find_if(targets.begin(), targets.end(), [&](const TargetSpec& each) {
      return each.provider == lane.provider && each.model == lane.model;
    });
    standing.context_tokens_max = target->context_tokens_max;
    standing.concurrent_max = target->concurrent_max;
    if (target->concurrent_max) standing.entry = entry_name(*target);
    const Off off = is_off(asked.client->gateway, lane, now_ms);
    standing.off = off == Off::surely;
    standing.fits = fits(asked.question(), asked.body.size(), *target);
    if (off != Off::no && standing.fits == Fits::surely) standing.fits = Fits::perhaps;
    standing.clean = off == Off::no && ledger_.clean(lane);
    standing.rests = off == Off::no && ledger_.rests(asked.client->gateway, lane, now_ms);
    standing.lane = std::move(lane);
    asked.standings.push_back(std::move(standing));
  }
}

LaneId Rules::lane_of(const Asked& asked, const OpenUpstream& open) {
  LaneId lane;
  const Setting& s = setting(asked);
  for (lane.provider = 0; lane.provider < int(s.providers.size()); ++lane.provider)
    if (open.url.starts_with("http://" + s.providers[size_t(lane.provider)].name + ".example/")) break;
  check(lane.provider < int(s.providers.size()), "configured lanes only", asked, "asks " + std::string(open.url));
  if (broken_) return lane;
  const ProviderSpec& provider = s.providers[size_t(lane.provider)];
  check(open.credential.provider == provider.name, "own credentials", asked,
        "shows " + provider.name + " a credential of " + std::string(open.credential.provider));
  const std::string_view credential = open.credential.credential;
  lane.credential = credential.size() == 2 ? credential[1] - '0' : -1;
  std::string body;
  for (const std::string_view piece : open.body) body += piece;
  lane.model = model_of(provider.dialect, open.url, body);
  return lane;
}

void Rules::opened(Asked& asked, const OpenUpstream& open, int64_t now_ms) {
  Attempt& now = *asked.attempts.back();
  const Setting& s = setting(asked);
  const int gateway = asked.client->gateway;
  check(!asked.finished, "nothing behind Finish", asked, "an attempt");
  check(asked.decided_ms >= 0, "whole requests only", asked, "an attempt before the body's end");
  check(int(open.attempt) == now.number, "attempts are counted", asked, "attempt " + std::to_string(open.attempt));
  check(!asked.released, "the request is kept while it is needed", asked, "an attempt behind ReleaseRequest");
  check(!asked.has_content(), "no attempt after content", asked, "attempt " + std::to_string(now.number));
  check(!asked.head_sent || asked.mode == BodyMode::rewrite, "no attempt after content", asked,
        "behind another's head");
  check(int64_t(now.number) <= s.failover.attempts_max, "attempts within their bound", asked,
        std::to_string(now.number));
  bool failed_before = false, again = false;
  for (size_t i = 0; i + 1 < asked.attempts.size(); ++i) {
    const Attempt& earlier = *asked.attempts[i];
    check(!earlier.open, "one attempt at a time", asked, "attempt " + std::to_string(earlier.number) + " is open");
    failed_before = failed_before || earlier.lane.provider == now.lane.provider;
    if (!(earlier.lane == now.lane)) continue;
    again = true;
    const bool head_seen = earlier.over && earlier.head_told;
    check(!head_seen || !earlier.script.not_again, "x-should-retry is heard", asked,
          text_of(now.lane) + " is asked again");
    check(!head_seen || now_ms - earlier.ended_ms >= earlier.script.retry_after_ms, "retry-after is waited for", asked,
          text_of(now.lane) + " is asked again after " + std::to_string(now_ms - earlier.ended_ms) + " ms");
  }
  if (asked.attempts.size() > 1) {
    const Attempt& before = *asked.attempts[asked.attempts.size() - 2];
    check(before.script.fate != Fate::rejected, "a client's own fault is not sent around", asked,
          text_of(now.lane) + " behind a 400 of " + text_of(before.lane));
    check(before.script.fate != Fate::good || before.cancelled == false, "a good answer is kept", asked,
          text_of(before.lane));
  }
  const int64_t percent = s.failover.retry_budget_percent;
  ledger_.count_attempt(gateway, now.lane.provider, failed_before, now_ms, percent);
  check(!failed_before || percent > 0, "second attempts within their budget", asked, "there is none");
  check(!failed_before || !ledger_.budget_exceeded(gateway, now.lane.provider, now_ms),
        "second attempts within their budget", asked,
        "more at " + s.providers[size_t(now.lane.provider)].name + " than anybody paid for");
  const bool at_once = asked.attempts.size() == 1 && asked.waits_since_ms < 0;
  check(has_time(asked, now.lane, now_ms) || at_once || again, "an attempt has time", asked,
        text_of(now.lane) + " after " + std::to_string(now_ms - asked.began_ms) + " ms");
  check_place(asked, now_ms);
  check_rest(asked, now_ms);
  waits_no_more(asked, now_ms);
  check_request(asked, open);
  check_order(asked, now_ms);
}

void Rules::check_request(const Asked& asked, const OpenUpstream& open) {
  const Attempt& now = *asked.attempts.back();
  const Question& question = asked.question();
  const ProviderSpec& provider = setting(asked).providers[size_t(now.lane.provider)];
  check(nonce_in(asked.sent) == question.nonce, "the client's own question goes out", asked, asked.sent);
  check(!holds_secret(asked.sent) && !holds_secret(open.url), "a client's key stays here", asked, asked.sent);
  for (const Header& header : open.headers)
    check(!holds_secret(header.value), "a client's key stays here", asked, std::string(header.name));
  if (provider.dialect == question.dialect) {
    Question as_sent = question;
    as_sent.model = now.lane.model;
    check(asked.sent == request_body(as_sent), "same dialect, same bytes", asked, asked.sent);
    check(open.url.ends_with(request_target(as_sent)), "same dialect, same bytes", asked, std::string(open.url));
  }
}

// Lanes that were clean come in their order and before those that were certain to rest.
void Rules::check_order(const Asked& asked, int64_t now_ms) {
  const Attempt& now = *asked.attempts.back();
  const auto& standings = asked.standings;
  const auto here =
      std::find_if(standings.begin(), standings.end(), [&](const auto& each) { return each.lane == now.lane; });
  check(here != standings.end(), "configured lanes only", asked, text_of(now.lane));
  if (broken_) return;
  check(!here->off, "what is switched off is not asked", asked, text_of(now.lane));
  check(here->fits != Fits::not_at_all, "no request to a target that cannot take it", asked, text_of(now.lane));
  if (asked.attempts.size() > 1) {
    const Attempt& before = *asked.attempts[asked.attempts.size() - 2];
    const auto there =
        std::find_if(standings.begin(), standings.end(), [&](const auto& each) { return each.lane == before.lane; });
    check(before.script.fate != Fate::overflow || here->context_tokens_max > there->context_tokens_max,
          "what is too long goes to a larger model", asked, text_of(now.lane) + " behind " + text_of(before.lane));
  }
  check_choice(asked, now_ms);
  if (!here->clean && !here->rests) return;
  // Another strategy than the order of targets has its own mind among those that are well.
  if (!setting(asked).route_of(asked.question()).strategy.empty() && here->clean) return;
  // Where one may wait, what has become of a lane since the decision counts as well.
  const bool may_wait = setting(asked).route_of(asked.question()).queue_places_max > 0;
  for (auto other = standings.begin(); other != standings.end(); ++other) {
    if (!other->clean || other == here || (here->clean && other > here)) continue;
    if (may_wait && !ledger_.clean(other->lane)) continue;
    if (!has_cause_to_skip(asked, *other, now_ms))
      check(false, here->clean ? "targets in their order" : "resting lanes behind all others", asked,
            text_of(now.lane) + " before " + text_of(other->lane));
  }
}

// A pause is paid for before it is made, and the place of a lane before it is waited for: once for each who has failed.
bool Rules::has_budget(const Asked& asked, int provider) const {
  const auto may_have_paid = [&](const auto& each) {
    return each && each.get() != &asked && each->client->gateway == asked.client->gateway &&
           std::any_of(each->attempts.begin(), each->attempts.end(), [&](const auto& attempt) {
             return attempt->lane.provider == provider && attempt->script.fate != Fate::good;
           });
  };
  return ledger_.budget_left(asked.client->gateway, provider, std::count_if(all_.begin(), all_.end(), may_have_paid));
}

bool Rules::has_time(const Asked& asked, const LaneId& lane, int64_t now_ms) const {
  return now_ms - asked.began_ms < setting(asked).providers[size_t(lane.provider)].total_ms;
}

// Whether a lane need not be asked now: it may be full, or it is out of the question.
bool Rules::has_cause_to_skip(const Asked& asked, const Asked::Standing& lane, int64_t now_ms) const {
  return lane.concurrent_max > 0 || setting(asked).providers[size_t(lane.lane.provider)].concurrent_max > 0 ||
         is_out_of_question(asked, lane, now_ms);
}

// It was asked, or nobody pays for it, or it is too small, or its time is over.
bool Rules::is_out_of_question(const Asked& asked, const Asked::Standing& lane, int64_t now_ms) const {
  if (lane.fits != Fits::surely) return true;
  if (!has_time(asked, lane.lane, now_ms)) return true;
  bool provider_failed = false;
  const Attempt* overflowed = nullptr;
  for (const auto& attempt : asked.attempts) {
    if (attempt->lane == lane.lane) return true;
    if (attempt == asked.attempts.back() && attempt->open) break;
    provider_failed = provider_failed || attempt->lane.provider == lane.lane.provider;
    if (attempt->script.fate == Fate::overflow) overflowed = attempt.get();
  }
  if (overflowed)
    for (const auto& each : asked.standings)
      if (each.lane == overflowed->lane && lane.context_tokens_max <= each.context_tokens_max) return true;
  const bool budget = setting(asked).failover.retry_budget_percent > 0 && has_budget(asked, lane.lane.provider);
  return provider_failed && !budget;
}

void Rules::cancelled(const Asked& asked, const Attempt& attempt, int64_t now_ms) {
  if (!attempt.open || attempt.script.fate != Fate::good || asked.client_gone) return;
  const bool said_all = attempt.script.good_bytes > 0 && attempt.fed_bytes >= attempt.script.good_bytes;
  const int64_t total_ms = setting(asked).providers[size_t(attempt.lane.provider)].total_ms;
  // While a client reads nothing its host reads nothing, and the core waits some seconds for the last words only.
  const bool unread = asked.client->deaf_to_ms > asked.began_ms;
  check(said_all || unread || now_ms - asked.began_ms >= total_ms, "a good answer is kept", asked,
        text_of(attempt.lane) + " is cancelled after " + std::to_string(attempt.fed_bytes) + " bytes");
}

void Rules::attempt_ended(Asked& asked, Attempt& attempt, int64_t now_ms) {
  attempt.ended_ms = now_ms;
  const UpstreamScript& script = attempt.script;
  // Whose time was over before the end of an answer that had said all: whether that was enough its form decides.
  const int64_t total_ms = setting(asked).providers[size_t(attempt.lane.provider)].total_ms;
  const bool said_all = script.good_bytes > 0 && attempt.fed_bytes >= script.good_bytes;
  const bool well = script.fate == Fate::good && (attempt.over || (said_all && now_ms - asked.began_ms < total_ms));
  if (well && !asked.client_gone) return ledger_.praise(asked.client->gateway, attempt.lane, asked.decided_ms, now_ms);
  // Whether it was kept, and so praised, or given up for another lane nobody says.
  if (script.fate == Fate::empty) ledger_.praise(asked.client->gateway, attempt.lane, asked.decided_ms, now_ms);
  const bool no_lanes_fault = script.fate == Fate::rejected || script.fate == Fate::overflow;
  if ((no_lanes_fault && attempt.over) || asked.client_gone) return;
  const bool said = attempt.over && attempt.head_told;
  const bool named = said && script.retry_after_ms >= 0;
  ledger_.blame(asked.client->gateway, attempt.lane, now_ms,
                named  ? script.retry_after_ms
                : said ? rest_ms_min(script.trouble, setting(asked).touchy)
                       : 0,
                named ? Ledger::Rest::named : Ledger::Rest::at_least);
}

void Rules::silent(const Asked& asked, int64_t now_ms, int64_t lateness_ms) {
  const FailoverSpec& failover = setting(asked).failover;
  const bool accounted = setting(asked).route_of(asked.question()).accounting;
  if (asked.finished || asked.client_gone || asked.decided_ms < 0 || !asked.question().streamed || !accounted) return;
  if (!asked.head_sent) {
    const int64_t due_ms = std::max(asked.began_ms + failover.gate_ms, asked.decided_ms) + lateness_ms;
    check(failover.gate_ms == 0 || now_ms <= due_ms, "a head within gate_ms", asked,
          "none after " + std::to_string(now_ms - asked.began_ms) + " ms");
  } else if (asked.mode != BodyMode::pass) {
    check(now_ms - asked.last_sent_ms <= failover.keep_alive_ms + lateness_ms, "a sign of life within keep_alive_ms",
          asked, "none for " + std::to_string(now_ms - asked.last_sent_ms) + " ms");
  }
}

}  // namespace signalbox::simulation
