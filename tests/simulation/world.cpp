#include "world.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <variant>

#include "world_inside.h"

namespace signalbox::simulation {
namespace {

constexpr int64_t unix_begin_ms = 1'790'000'000'000;
constexpr int64_t steps_max = 200'000;  // a run that takes more has lost its way
constexpr int64_t lateness_ms_max = 30;

}  // namespace

World::World(const Plan& plan, Telling telling)
    : plan_(plan), telling_(telling), ledger_(plan.gateways), rules_(plan, ledger_, asked_), random_(plan.seed, 50) {
  bounded_ = std::any_of(plan.settings[0].providers.begin(), plan.settings[0].providers.end(),
                         [](const ProviderSpec& provider) { return provider.concurrent_max > 0; });
  for (const Setting& setting : plan.settings) configs_.push_back(load(setting));
  Random clocks(plan.seed, 51);
  for (int g = 0; g < plan.gateways; ++g) {
    Capabilities capabilities;
    capabilities.gives_turns = true;
    gateways_.push_back(
        std::make_unique<Gateway>(configs_[0], capabilities, uint32_t(g + 1), PermitsShare{permits_, uint32_t(g)}));
    settings_.push_back(0);
    // Who shares Permits is of one process, and so is its monotonic clock.
    const int64_t ahead_ms = clocks.between(0, 1'000'000);
    monotonic_ahead_.push_back(g == 0 ? ahead_ms : monotonic_ahead_.front());
    unix_ahead_.push_back(plan.hardships.clocks_differ ? clocks.between(-60'000, 60'000) : 0);
  }
  const bool jumps = std::any_of(plan.jumps.begin(), plan.jumps.end(), [](const Jump& jump) { return jump.there; });
  if (jumps || plan.hardships.clocks_differ) ledger_.doubt_clocks();
}

Played World::play() {
  for (int i = 0; i < int(plan_.clients.size()); ++i)
    if (plan_.clients[size_t(i)].there) at(plan_.clients[size_t(i)].at_ms, Kind::client_comes, i);
  for (int i = 0; i < int(plan_.reloads.size()); ++i)
    if (plan_.reloads[size_t(i)].there) at(plan_.reloads[size_t(i)].at_ms, Kind::reload, i);
  for (int i = 0; i < int(plan_.jumps.size()); ++i)
    if (plan_.jumps[size_t(i)].there) at(plan_.jumps[size_t(i)].at_ms, Kind::jump, i);
  for (int i = 0; i < int(plan_.flips.size()); ++i)
    if (plan_.flips[size_t(i)].there) at(plan_.flips[size_t(i)].at_ms, Kind::flip, i);
  asked_.resize(plan_.clients.size());
  while (!due_.empty() && !rules_.broken()) {
    const Due due = due_.top();
    due_.pop();
    now_ms_ = due.at_ms;
    happen(due);
    if (bounded_) rules_.waiting(now_ms_);
    if (++played_.steps > steps_max) rules_.check(false, "no busy waiting", *any_asked(), "200,000 steps");
  }
  for (const auto& asked : asked_) {
    if (!asked) continue;
    rules_.check(asked->finished, "nobody waits for ever", *asked, "no Finish, and nothing more will happen");
  }
  if (!rules_.broken()) check_convergence();
  played_.broken = rules_.broken();
  return played_;
}

Now World::now_of(int gateway) const {
  return {now_ms_ + monotonic_ahead_[size_t(gateway)], unix_begin_ms + now_ms_ + unix_ahead_[size_t(gateway)]};
}

void World::happen(const Due& due) {
  switch (due.kind) {
    case Kind::client_comes: return client_comes(due.a);
    case Kind::body_comes: return body_comes(due.a);
    case Kind::client_leaves: {
      Asked& asked = *asked_[size_t(due.a)];
      if (asked.finished) return;
      asked.client_gone = true;
      return tell(due.a, ClientGone{});
    }
    case Kind::upstream: return upstream_goes_on(due.a, due.b);
    case Kind::wake: return wake(due.a, due.b);
    case Kind::turn: return wake(due.a, 1);
    case Kind::delta: {
      const Post& post = posts_[size_t(due.a)];
      const bool understood = gateways_[size_t(post.to)]->merge(post.delta);
      if (const Asked* asked = any_asked()) rules_.check(understood, "deltas are understood", *asked, "merge says no");
      return ledger_.hear(post.to, post.news);
    }
    case Kind::reload: {
      const int setting = plan_.reloads[size_t(due.a)].setting;
      for (size_t g = 0; g < gateways_.size(); ++g) {
        gateways_[g]->adopt(configs_[size_t(setting)]);
        settings_[g] = setting;
      }
      return;
    }
    case Kind::flip: return flip(plan_.flips[size_t(due.a)]);
    case Kind::jump: {
      const Jump& jump = plan_.jumps[size_t(due.a)];
      unix_ahead_[size_t(jump.gateway)] += jump.by_ms;
      return;
    }
  }
}

const Asked* World::any_asked() const {
  for (const auto& asked : asked_)
    if (asked) return asked.get();
  return nullptr;
}

// An administrator at gateway `flip.gateway` switches something.
void World::flip(const Flip& flip) {
  const std::string target = std::string(flip.on ? "/signalbox/enable" : "/signalbox/disable") + "?provider=p" +
                             std::to_string(flip.provider) +
                             (flip.credential < 0 ? "" : "&credential=c" + std::to_string(flip.credential));
  const Header key[] = {{"x-api-key", client_key_text}};
  Exchange exchange(*gateways_[size_t(flip.gateway)]);
  bool done = false;
  const auto hear = [&](const Step& step) {
    for (const Effect& effect : step.effects) {
      if (const auto* head = std::get_if<SendClientHead>(&effect)) done = head->status == 200;
      if (const auto* share = std::get_if<ShareState>(&effect)) this->share(flip.gateway, share->delta);
    }
  };
  hear(exchange.handle(ClientHead{"POST", target, key, 0, PeerScope::loopback, {}}, now_of(flip.gateway)));
  if (!exchange.finished()) hear(exchange.handle(ClientBody{{}, true}, now_of(flip.gateway)));
  if (const Asked* asked = any_asked()) rules_.check(done, "switches are switched", *asked, target);
}

void World::client_comes(int i) {
  asked_[size_t(i)] = std::make_unique<Asked>();
  Asked& asked = *asked_[size_t(i)];
  asked.client = &plan_.clients[size_t(i)];
  const Question& question = asked.question();
  asked.setting = settings_[size_t(asked.client->gateway)];
  asked.began_ms = now_ms_;
  asked.target = request_target(question);
  asked.body = request_body(question);
  if (asked.client->bad_json) asked.body.back() = ',';
  asked.headers = {{"content-type", "application/json"}, {"user-agent", "simulated"}};
  if (question.dialect == Dialect::anthropic) asked.headers.push_back({"anthropic-version", "2023-06-01"});
  if (plan_.settings[0].client_key) asked.headers.push_back({"x-api-key", client_key_text});
  if (question.session) {
    asked.session = "s" + std::to_string(question.session);
    asked.headers.push_back({"session-id", asked.session});
  }
  asked.exchange = std::make_unique<Exchange>(*gateways_[size_t(asked.client->gateway)]);
  ClientHead head{"POST", asked.target, asked.headers, int64_t(asked.body.size()), PeerScope::loopback, {}};
  const uint64_t random[2] = {random_.next(), random_.next()};
  std::memcpy(head.random.data(), random, sizeof random);
  if (asked.client->leaves_after_ms >= 0) at(now_ms_ + asked.client->leaves_after_ms, Kind::client_leaves, i);
  tell(i, head);
  if (rules_.broken()) return;
  rules_.came(asked, limited_, now_ms_);
  at(now_ms_ + asked.client->body_gap_ms, Kind::body_comes, i);
}

void World::body_comes(int i) {
  Asked& asked = *asked_[size_t(i)];
  if (asked.finished) return;
  const size_t piece = asked.body.size() / size_t(asked.client->body_pieces) + 1;
  asked.body_told = std::min(asked.body.size(), asked.body_told + piece);
  const bool last = asked.body_told == asked.body.size();
  if (last) rules_.decided(asked, now_ms_);
  else at(now_ms_ + asked.client->body_gap_ms, Kind::body_comes, i);
  tell(i, ClientBody{std::string_view(asked.body).substr(0, asked.body_told), last});
}

void World::wake(int i, int odd) {
  Asked& asked = *asked_[size_t(i)];
  if (asked.finished || (!odd && asked.wake_at_ms > now_ms_)) return;
  asked.wake_at_ms = never_ms;
  tell(i, Woken{});
}

// The next step of the open attempt's script.
void World::upstream_goes_on(int i, int number) {
  Asked& asked = *asked_[size_t(i)];
  Attempt& attempt = *asked.attempts[size_t(number - 1)];
  UpstreamStep& step = attempt.script.steps[attempt.next_step];
  if (!attempt.open) {
    // What was on its way when its attempt was cancelled is told all the same, and ignored.
    if (attempt.cancelled && step.kind == UpstreamStep::Kind::body)
      tell(i, UpstreamBody{uint32_t(number), step.bytes, step.bytes.size()});
    return;
  }
  const Client& client = *asked.client;
  const bool reading =
      step.kind == UpstreamStep::Kind::sent || step.kind == UpstreamStep::Kind::head || !asked.head_sent;
  if (!reading && now_ms_ >= client.deaf_from_ms && now_ms_ < client.deaf_to_ms)
    return at(client.deaf_to_ms, Kind::upstream, i, number);
  ++attempt.next_step;
  if (attempt.next_step < attempt.script.steps.size())
    at(now_ms_ + attempt.script.steps[attempt.next_step].after_ms, Kind::upstream, i, number);
  switch (step.kind) {
    case UpstreamStep::Kind::sent: return tell(i, UpstreamSent{uint32_t(number)});
    case UpstreamStep::Kind::head: {
      attempt.head_told = true;
      std::vector<Header> headers;
      for (const auto& [name, value] : attempt.script.headers) headers.push_back({name, value});
      return tell(i, UpstreamHead{uint32_t(number), attempt.script.status, headers});
    }
    case UpstreamStep::Kind::body:
      attempt.fed_bytes += step.bytes.size();
      if (attempt.piping) {
        attempt.piped_bytes += step.bytes.size();
        attempt.relayed_bytes += step.bytes.size();
        asked.answer += step.bytes;
        return;
      }
      attempt.window += step.bytes;
      return tell(i, UpstreamBody{uint32_t(number), attempt.window, step.bytes.size()});
    case UpstreamStep::Kind::end:
      attempt.fed_bytes += step.bytes.size();
      attempt.over = true;
      over(asked, attempt);
      if (attempt.piping) {
        attempt.piped_bytes += step.bytes.size();
        attempt.relayed_bytes += step.bytes.size();
        asked.answer += step.bytes;
      }
      attempt.window += step.bytes;
      if (attempt.piping) return tell(i, UpstreamPiped{uint32_t(number), attempt.piped_bytes, true});
      return tell(i, UpstreamEnd{uint32_t(number), attempt.window});
    case UpstreamStep::Kind::failed:
      attempt.over = true;
      over(asked, attempt);
      if (attempt.piping) return tell(i, UpstreamPiped{uint32_t(number), attempt.piped_bytes, false});
      return tell(i, UpstreamFailed{uint32_t(number), step.fault, {}});
  }
}

void World::over(Asked& asked, Attempt& attempt) {
  attempt.open = false;
  rules_.attempt_ended(asked, attempt, now_ms_);
}

void World::tell(int i, const Event& event) {
  Asked& asked = *asked_[size_t(i)];
  const int64_t lateness_ms = plan_.hardships.odd_wakes ? lateness_ms_max : 0;
  rules_.silent(asked, now_ms_, lateness_ms);
  if (telling_ == Telling::aloud) std::printf("%8" PRId64 " #%d event %zu\n", now_ms_, i + 1, event.index());
  const Step step = asked.exchange->handle(event, now_of(asked.client->gateway));
  for (const Effect& effect : step.effects) {
    rules_.check(!asked.finished, "Finish is once and last", asked, "something behind it");
    note(uint64_t(effect.index()) << 32 | uint64_t(i));
    if (telling_ == Telling::aloud) std::printf("%8s   #%d effect %zu\n", "", i + 1, effect.index());
    std::visit([&](const auto& e) { perform(i, asked, e); }, effect);
    if (rules_.broken()) return;
  }
  rules_.check(asked.finished == asked.exchange->finished(), "finished() says what was said", asked, "");
  check_views(asked);
  if (asked.finished) return;
  rules_.may_pause(asked, now_ms_);
  int64_t wake_ms = step.wake_at_ms;
  if (wake_ms != never_ms) wake_ms -= monotonic_ahead_[size_t(asked.client->gateway)];
  const bool at_once = std::holds_alternative<Woken>(event) && wake_ms <= now_ms_;
  asked.early_wakes = at_once ? asked.early_wakes + 1 : 0;
  rules_.check(asked.early_wakes < 10, "no busy waiting", asked, "a wake-up asks for the next at once");
  if (wake_ms == asked.wake_at_ms) return;
  asked.wake_at_ms = wake_ms;
  if (wake_ms == never_ms) return;
  const int64_t late_ms = plan_.hardships.odd_wakes ? random_.below(lateness_ms_max) : 0;
  at(std::max(wake_ms, now_ms_) + late_ms, Kind::wake, i);
  if (plan_.hardships.odd_wakes && random_.percent(20)) at(now_ms_ + random_.below(200), Kind::wake, i, 1);
}

void World::note(uint64_t what) { played_.trace = mixed(played_.trace ^ what) + uint64_t(now_ms_); }

void World::note(std::string_view bytes) {
  uint64_t hash = bytes.size();
  for (size_t at = 0; at < bytes.size(); at += 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + at, std::min<size_t>(8, bytes.size() - at));
    hash = (hash ^ eight) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  }
  note(hash);
}

void World::check_views(const Asked& asked) {
  size_t at = 0;
  for (const std::string_view piece : asked.gathered) {
    rules_.check(std::string_view(asked.sent).substr(at, piece.size()) == piece, "the request stays as it was", asked,
                 asked.sent);
    at += piece.size();
  }
}

Played play(const Plan& plan, Telling telling) { return World(plan, telling).play(); }

}  // namespace signalbox::simulation
