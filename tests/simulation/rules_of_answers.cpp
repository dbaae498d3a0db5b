// What must hold of what a client gets in the end, and of what is reported of it.
#include <algorithm>

#include "rules.h"
#include "signalbox/report.h"

namespace signalbox::simulation {

void Rules::finished(Asked& asked, const Report& report, int64_t now_ms) {
  for (const auto& attempt : asked.attempts)
    check(!attempt->open, "every attempt ends", asked,
          "attempt " + std::to_string(attempt->number) + " is open behind Finish");
  check_report(asked, report);
  if (asked.client_gone) return;
  check(asked.head_sent, "every client gets one answer", asked, "finished without a head");
  check(asked.answer.find("sk-ant-api03-") == std::string::npos, "keys are masked", asked, asked.answer);
  if (broken_) return;
  check_answer(asked, report, now_ms);
}

void Rules::check_answer(Asked& asked, const Report& report, int64_t now_ms) {
  const Question& question = asked.question();
  const Understood heard = understand(question.dialect, question.streamed, asked.status, asked.answer, question.nonce);
  check(heard.problem.empty(), "an answer to the client's own question, unspliced", asked,
        heard.problem + "\n" + asked.answer);
  check(!heard.torn || asked.ending == Ending::cut || asked.mode == BodyMode::pass,
        "a cut answer never ends as a success", asked, asked.answer);
  check(heard.endings + heard.errors <= 1 || asked.mode == BodyMode::pass, "one ending", asked, asked.answer);
  // Of what the platform's pipe carries unseen nobody can say more.
  if (broken_ || (asked.mode == BodyMode::pass && asked.last()->script.fate != Fate::good)) return;
  const bool well =
      heard.endings == 1 && heard.errors == 0 && heard.of == heard.words && asked.ending == Ending::complete;
  if (well) {
    const Attempt& last = *asked.attempts.back();
    asked.well = true;
    check(heard.attempt == last.number, "an answer to the client's own question, unspliced", asked,
          "not the last attempt's");
    check(!report.fault, "the report tells what happened", asked, "a fault behind a success");
    const bool whole = last.script.fate == Fate::good && last.fed_bytes == last.script.good_bytes;
    const bool counted = asked.mode != BodyMode::pass && whole;
    check(!counted || (report.usage.input_tokens == last.script.said.input_tokens &&
                       report.usage.output_tokens == last.script.said.output_tokens),
          "usage is the upstream's", asked,
          std::to_string(report.usage.input_tokens) + " and " + std::to_string(report.usage.output_tokens));
    const ProviderSpec& provider = setting(asked).providers[size_t(last.lane.provider)];
    // Behind a client that reads nothing, the core waits some seconds only for the end of a last line.
    const bool read = last.over || asked.client->deaf_to_ms <= asked.began_ms;
    if (provider.dialect == question.dialect && whole && read && asked.mode == BodyMode::observe)
      check(last.relayed_bytes == last.script.good_bytes, "same dialect, same bytes", asked,
            std::to_string(last.relayed_bytes) + " of " + std::to_string(last.script.good_bytes));
    return;
  }
  const bool says_nothing = !asked.attempts.empty() && asked.attempts.back()->script.fate == Fate::empty;
  if (says_nothing && heard.endings == 1 && heard.errors == 0 && asked.ending == Ending::complete)
    return check(!report.fault && heard.words == 0, "the report tells what happened", asked,
                 "a fault behind a success");
  check(asked.ending == Ending::cut || heard.errors == 1, "a cut answer never ends as a success", asked, asked.answer);
  check(bool(report.fault), "the report tells what happened", asked, "no fault behind a failure");
  if (client_at_fault(asked)) {
    check(asked.attempts.empty() && asked.status == 400, "a bad request is told so", asked,
          std::to_string(asked.status));
    return;
  }
  if (report.fault.kind == FaultKind::lanes_full) check_refused(asked, now_ms);
  const std::string missed = lane_missed(asked, now_ms);
  check(missed.empty(), "a healthy lane is used", asked, missed);
  if (asked.status == 200 || asked.attempts.empty()) return;
  const auto all_of = [&](auto is) { return std::all_of(asked.attempts.begin(), asked.attempts.end(), is); };
  if (all_of([](const auto& each) { return each->script.fate == Fate::rejected && each->over; }))
    check(asked.status == 400, "a rejection is told as one", asked, std::to_string(asked.status));
  // translation.md section 12: a limit outranks what came behind it, because it says when to come back.
  if (!all_of([](const auto& each) { return each->script.status != 429 || !each->over || !each->head_told; }))
    check(asked.status == 429 && (asked.retry_after || asked.mode == BodyMode::observe), "a limit is told as one",
          asked, std::to_string(asked.status));
}

// Limits are asked before a body is read.
bool Rules::client_at_fault(const Asked& asked) const { return asked.client->bad_json && asked.decided_ms >= 0; }

// The lane that should have been asked before the client was told that nothing can be done; empty when there is none.
std::string Rules::lane_missed(const Asked& asked, int64_t now_ms) const {
  const Setting& s = setting(asked);
  const RouteSpec& route = s.route_of(asked.question());
  if (!asked.attempts.empty()) {
    const Attempt& last = *asked.attempts.back();
    // What was said to the client stays said; a small gate lets much through that says nothing yet.
    const bool said = asked.answer.find("(n") != std::string::npos || s.failover.gate_bytes_max < 100'000;
    const bool committed = said || asked.mode == BodyMode::pass || route.commit_at_head;
    if (committed && last.script.fate != Fate::good) return {};
    const int64_t total_ms = s.providers[size_t(last.lane.provider)].total_ms;
    if (now_ms - asked.began_ms >= total_ms) return {};
    if (last.script.fate == Fate::good) return text_of(last.lane) + " would have answered";
    const bool ended = last.fed_bytes > 0 && last.fed_bytes == last.script.good_bytes;
    if (last.script.fate == Fate::empty && ended) return "the answer of " + text_of(last.lane) + " would have done";
    if (last.script.fate == Fate::rejected) return {};
    if (int64_t(asked.attempts.size()) >= s.failover.attempts_max) return {};
  }
  for (const auto& standing : asked.standings)
    if (!has_cause_to_skip(asked, standing, now_ms)) return text_of(standing.lane) + " was never asked";
  return pause_missed(asked, now_ms);
}

// A pause that a lane asked for and that is short enough, where nothing else is left; empty when there is none.
std::string Rules::pause_missed(const Asked& asked, int64_t now_ms) const {
  const FailoverSpec& failover = setting(asked).failover;
  if (asked.attempts.empty() || failover.retry_budget_percent == 0) return {};
  const auto fails_by_itself = [](const auto& each) { return each->script.fate == Fate::failing && each->over; };
  if (!fails_by_itself(asked.attempts.back())) return {};
  for (const auto& attempt : asked.attempts) {
    // How long it has waited already is known where nothing was asked twice.
    const auto times = std::count_if(asked.attempts.begin(), asked.attempts.end(),
                                     [&](const auto& each) { return each->lane == attempt->lane; });
    if (times > 1) return {};
  }
  for (const auto& attempt : asked.attempts) {
    const UpstreamScript& script = attempt->script;
    if (script.trouble != TroubleKind::limited || !attempt->over || !attempt->head_told) continue;
    // It may have been full when its pause was over.
    const bool made = now_ms - attempt->ended_ms >= std::max<int64_t>(script.retry_after_ms, 1);
    const bool asks = script.retry_after_ms >= 0 && script.retry_after_ms <= failover.retry_wait_ms_max;
    if (asks && !made && has_budget(asked, attempt->lane.provider))
      return text_of(attempt->lane) + " asked for a pause of " + std::to_string(script.retry_after_ms) + " ms";
  }
  return {};
}

void Rules::check_report(const Asked& asked, const Report& report) {
  std::string line;
  write_json_line(line, report);
  check(!holds_secret(line) && line.find("(q") == line.npos && line.find("(n") == line.npos,
        "reports hold no secret and no text", asked, line);
  check(report.attempt_count == asked.attempts.size(), "the report tells what happened", asked, line);
  check(report.status == asked.status, "the report tells what happened", asked, line);
  if (asked.attempts.empty() || asked.client_gone || asked.mode == BodyMode::pass) return;
  check(report.answer_bytes == asked.answer.size(), "the report tells what happened", asked,
        std::to_string(report.answer_bytes) + " bytes of " + std::to_string(asked.answer.size()));
}

}  // namespace signalbox::simulation
