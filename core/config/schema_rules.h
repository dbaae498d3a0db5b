// The shapes of rules, tasks, and of what targets take.
#pragma once

#include "config/schema.h"

namespace signalbox::config {

extern const Shape rule_shape;
extern const Shape tasks_shape;
extern const Shape takes_shape;

}  // namespace signalbox::config
