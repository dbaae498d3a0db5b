// Which route takes a request, and why (docs/routing.md; translation.md section 14), first that says so:
//
//   1. the header x-signalbox-provider    a provider, for clients that may
//   2. "provider,model", "provider/model" in the place of the model's name
//   3. the user's rules, in the order of the file
//   4. tasks: a tag that names who answers, subagent, long_context, web_search, image, background, think
//   5. the routes' patterns over the model's name
//   6. the task `default`
//
// Pure, like all of routing: the same request, configuration and switches give the same answer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "routing/facts.h"
#include "signalbox/config.h"
#include "signalbox/fault.h"
#include "signalbox/header.h"

namespace signalbox::routing {

class Health;

enum class Reason : uint8_t { none, forced, named, rule, tag, task, pattern, otherwise };

// The word for it, in explain.
std::string_view name_of(Reason reason);

// What a request says besides its body.
struct Asker {
  std::span<const Header> headers{};
  std::string_view path{};        // without its query
  std::string_view client_key{};  // its name; empty: none was shown
  May force_provider = May::yes;  // by the header
  May explicit_models = May::yes;
};

struct Match {
  const Route* route = nullptr;  // null where `fault` says why
  Reason reason = Reason::none;
  Fault fault;
  uint32_t rule = 0;         // of rule: which of Config::rules
  Task task = Task::count_;  // of task
  std::string_view model;    // where it is not the client's own name for it: what a provider calls it
  static constexpr uint32_t any_provider = UINT32_MAX;
  uint32_t provider = any_provider;  // of forced: only this one is asked

  bool decided() const { return reason != Reason::none; }
};

// 1 and 2: what does not depend on the body's substance. Not decided where neither is said.
Match match_said(const Config& config, const Health& health, const Asker& asker, const Facts& facts);

// 3 to 6. `route` null, without a fault, where none takes the model.
Match match_facts(const Config& config, const Health& health, const Asker& asker, const Facts& facts,
                  const TaskFacts& known, Arena& arena);

// All of it in headers and logs: "claude-*", "rule:night", "task:think route:big".
std::string_view label_of(const Match& match, const Config& config, Arena& arena);

// Whether the request is one for `task`, as far as `known` goes.
bool is_for(Task task, const Config& config, const Facts& facts, const TaskFacts& known);

// Why a rule does not hold: the first condition that is not so, as its key; empty where it holds.
std::string_view broken_by(const RuleWhen& when, const Config& config, const Asker& asker, const Facts& facts,
                           const TaskFacts& known);

// What the client calls its session: in a header, or in its body; empty where it does not.
std::string_view session_of(std::span<const Header> headers, const TaskFacts& known);

}  // namespace signalbox::routing
