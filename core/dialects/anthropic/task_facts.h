// What rules, tasks and targets ask of a request in this dialect.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "routing/facts.h"

namespace signalbox::dialects::anthropic {

// As DialectRow::read_task_facts.
routing::TaskFactsResult read_task_facts(std::string_view body, FactSet wanted, Arena& arena);

}  // namespace signalbox::dialects::anthropic
