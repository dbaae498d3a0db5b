// What is known of providers, so that a user need not know it: `preset: deepseek`. A preset is a piece
// of configuration, a provider's object in JSON, read through the same tables as the user's file; the
// user's own keys go over it, member by member inside flags and timeouts.
#pragma once

#include <cstddef>
#include <string_view>

#include "config/schema.h"
#include "config/tree.h"

namespace signalbox::config {

struct Preset {
  std::string_view name;
  std::string_view json;  // the keys of a provider
};

inline constexpr size_t preset_count = 21;
extern const Preset presets[preset_count];

// The names, for the row of the key; the value is the index.
struct PresetChoices {
  Choice list[preset_count];
};
extern const PresetChoices preset_choices;

// The tree of the preset with this name; empty when there is none.
Tree preset_tree(std::string_view name);

// Reads the provider `node` anew, over the preset `name`. Nothing is changed when there is none. What is
// wrong with the keys of `node` is not said again.
void apply_preset(std::string_view name, const Tree& tree, NodeId node, Provider& provider);

}  // namespace signalbox::config
