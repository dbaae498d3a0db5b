// What is known of providers, so that a user need not know it: `preset: deepseek`. A preset is a piece
// of configuration, a provider's object in JSON, read through the same tables as the user's file; the
// user's own keys go over it, member by member inside flags and timeouts.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "config/schema.h"
#include "config/tree.h"
#include "signalbox/config.h"

namespace signalbox::config {

// Models that need other flags than the rest of their provider's.
struct PresetModels {
  std::string_view match;  // pattern over the upstream's name
  std::string_view json;   // the keys of `flags`, over the preset's
};

struct Preset {
  std::string_view name;
  std::string_view json;  // the keys of a provider
  // Models that refuse what clients usually ask for, or whose size is worth telling clients.
  std::span<const ModelLimits> models{};
  std::span<const PresetModels> model_flags{};  // the first match holds
};

inline constexpr size_t preset_count = 27;
extern const Preset presets[preset_count];

// The names, for the row of the key; the value is the index.
struct PresetChoices {
  Choice list[preset_count];
};
extern const PresetChoices preset_choices;

// The preset with this name, or null.
const Preset* find_preset(std::string_view name);

// What the preset says, as a tree.
Tree tree_of(const Preset& preset);

// Whether the provider asks for no key: a server on the user's own machine.
bool needs_no_key(const Preset& preset);

// Reads the provider `node` anew, over its preset. What is wrong with the keys of `node` is not said again.
void apply_preset(const Preset& preset, const Tree& tree, NodeId node, Provider& provider);

}  // namespace signalbox::config
