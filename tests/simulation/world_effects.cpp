// What the core asks a host for, performed on a world's clients and upstreams, each looked at by the rules as it passes.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "world_inside.h"

namespace signalbox::simulation {

void World::perform(int i, Asked& asked, const OpenUpstream& open) {
  ++played_.attempts;
  asked.gathered.assign(open.body.begin(), open.body.end());
  asked.sent.clear();
  for (const std::string_view piece : asked.gathered) asked.sent += piece;
  note(open.url);
  note(asked.sent);
  asked.attempts.push_back(std::make_unique<Attempt>());
  Attempt& attempt = *asked.attempts.back();
  attempt.number = int(asked.attempts.size());
  attempt.opened_ms = now_ms_;
  attempt.lane = rules_.lane_of(asked, open);
  if (rules_.broken()) return;
  if (telling_ == Telling::aloud)
    std::printf("           opens %.*s %s\n", int(open.url.size()), open.url.data(),
                std::string(open.credential.credential).c_str());
  rules_.opened(asked, open, now_ms_);
  if (rules_.broken()) return;
  const Setting& setting = plan_.settings[size_t(asked.setting)];
  attempt.script = answer_to({attempt.lane.provider, attempt.lane.credential, attempt.lane.model, nonce_in(asked.sent),
                              attempt.number, asked.question().streamed, now_ms_},
                             plan_, setting);
  if (telling_ == Telling::aloud && attempt.script.trouble != TroubleKind::count_)
    std::printf("           which %s\n", name_of(attempt.script.trouble));
  at(now_ms_ + attempt.script.steps[0].after_ms, Kind::upstream, i, attempt.number);
}

void World::perform(int, Asked& asked, const CancelUpstream& cancel) {
  rules_.check(cancel.attempt >= 1 && cancel.attempt <= asked.attempts.size(), "only what was opened is cancelled",
               asked, "");
  if (rules_.broken()) return;
  Attempt& attempt = *asked.attempts[cancel.attempt - 1];
  if (!attempt.open) return;
  rules_.cancelled(asked, attempt, now_ms_);
  attempt.cancelled = true;
  over(asked, attempt);
  asked.gathered.clear();
}

void World::perform(int, Asked& asked, const SendClientHead& head) {
  rules_.check(!asked.head_sent, "one head", asked, "a second one");
  rules_.check(head.status >= 200 && head.status < 600, "a status", asked, std::to_string(head.status));
  asked.head_sent = true;
  asked.status = head.status;
  asked.mode = head.mode;
  asked.last_sent_ms = now_ms_;
  note(uint64_t(head.status));
  for (const Header& header : head.headers) {
    note(header.value);
    if (header.name == "retry-after") asked.retry_after = true;
  }
  if (head.mode != BodyMode::pass) return;
  rules_.check(head.attempt == asked.attempts.size() && asked.last()->open, "a pipe from the open attempt", asked, "");
  if (rules_.broken()) return;
  asked.last()->piping = true;
}

void World::perform(int, Asked& asked, const SendClientBody& body) {
  rules_.check(asked.head_sent && asked.mode != BodyMode::pass, "a head before a body", asked, "");
  const bool border = asked.own_bytes.size() == asked.answer.size() || asked.answer.ends_with("\n\n") ||
                      asked.answer.ends_with("\n\r\n") || asked.answer.ends_with("\n\r");
  rules_.check(border, "keep-alives and errors at frame borders only", asked, asked.answer);
  asked.answer += body.bytes;
  asked.own_bytes += body.bytes;
  asked.last_sent_ms = now_ms_;
  note(body.bytes);
}

void World::perform(int, Asked& asked, const ReleaseBody& release) {
  Attempt* attempt = asked.last();
  const bool there = attempt && release.attempt == asked.attempts.size() && release.bytes <= attempt->window.size();
  rules_.check(there, "what is released is there", asked, std::to_string(release.bytes));
  if (rules_.broken()) return;
  const std::string_view bytes = std::string_view(attempt->window).substr(0, release.bytes);
  note(bytes);
  if (release.to == ReleaseTo::client) {
    rules_.check(asked.head_sent && asked.mode != BodyMode::pass, "a head before a body", asked, "");
    rules_.check(attempt->relayed_bytes == attempt->gone_bytes, "same dialect, same bytes", asked,
                 "a gap before what is released");
    asked.answer += bytes;
    attempt->relayed_bytes += bytes.size();
    asked.last_sent_ms = now_ms_;
  }
  attempt->gone_bytes += bytes.size();
  attempt->window.erase(0, bytes.size());
}

void World::perform(int, Asked& asked, const AwaitTurn& await) {
  asked.turn = await.turn;
  asked.waiting = true;
  asked.waits_since_ms = now_ms_;
  rules_.waits(asked);
}

// Of whoever it is told: nobody may await it any more.
void World::perform(int, Asked&, const GiveTurn& give) {
  for (size_t i = 0; i < asked_.size(); ++i) {
    const auto& other = asked_[i];
    if (!other || !other->waiting || other->turn != give.turn || other->client->gateway != int(give.gateway)) continue;
    at(now_ms_ + random_.below(turn_late_ms_max), Kind::turn, int(i));
  }
}

void World::perform(int, Asked& asked, const AskPlace&) { rules_.check(false, "asks for what a host can", asked, ""); }

void World::perform(int, Asked& asked, const DecodeRequest&) {
  rules_.check(false, "no coding that nobody asked for", asked, "");
}

void World::perform(int, Asked& asked, const ReleaseRequest&) {
  rules_.check(!asked.released, "ReleaseRequest once", asked, "");
  check_views(asked);
  asked.released = true;
  asked.gathered.clear();
  // Whoever looks at it from now on sees this.
  std::fill(asked.body.begin(), asked.body.end(), '#');
  asked.target.assign(asked.target.size(), '#');
}

void World::perform(int, Asked& asked, const ShareState& share) { this->share(asked.client->gateway, share.delta); }

void World::share(int from, std::string_view delta) {
  note(delta);
  deltas_.emplace_back(delta);
  const std::vector<Ledger::News> news = ledger_.take_news(from);
  for (int g = 0; g < plan_.gateways; ++g) {
    if (g == from) continue;
    const int copies = plan_.hardships.deltas_late && random_.percent(20) ? 2 : 1;
    for (int n = 0; n < copies; ++n) {
      posts_.push_back({g, std::string(delta), news});
      at(now_ms_ + (plan_.hardships.deltas_late ? random_.below(delta_late_ms_max) : 0), Kind::delta,
         int(posts_.size()) - 1);
    }
  }
}

void World::perform(int, Asked& asked, const Finish& finish) {
  rules_.check(finish.report != nullptr, "a report", asked, "none");
  if (rules_.broken()) return;
  asked.finished = true;
  asked.finished_ms = now_ms_;
  limited_ = finish.report->fault.kind == FaultKind::client_limited;
  rules_.waits_no_more(asked, now_ms_);
  asked.ending = finish.ending;
  asked.gathered.clear();
  rules_.finished(asked, *finish.report, now_ms_);
  ++(finish.report->fault ? played_.failed : played_.answered);
}

void World::check_convergence() {
  const Asked* asked = any_asked();
  if (!asked || deltas_.empty()) return;
  const std::string known = gateways_[0]->snapshot();
  for (size_t g = 1; g < gateways_.size(); ++g)
    rules_.check(gateways_[g]->snapshot() == known, "deltas merge in any order", *asked,
                 "gateway " + std::to_string(g) + " knows otherwise");
  Gateway newcomer(configs_[0], {}, 99);
  for (size_t n = deltas_.size() + 3; n > 0; --n)
    newcomer.merge(deltas_[size_t(random_.below(int64_t(deltas_.size())))]);
  for (size_t n = deltas_.size(); n > 0; --n) newcomer.merge(deltas_[n - 1]);
  rules_.check(newcomer.snapshot() == known, "deltas merge in any order", *asked, "a newcomer knows otherwise");
}

}  // namespace signalbox::simulation
