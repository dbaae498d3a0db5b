// What an administrator says: who is forgotten, switched on or off, and who alone is asked.
#include <string>

#include "routing/health.h"

namespace signalbox::routing {
namespace {

constexpr int64_t switched_off = 1, switched_on = 2;
// No provider's name begins so.
constexpr std::string_view select_begin = "!>";

}  // namespace

bool Health::is_meant(std::string_view each, std::string_view name) {
  if (is_switch(each) || is_reset(each)) return false;
  const std::string_view plain = each.substr(is_wild(each) ? 1 : 0);
  if (name.empty()) return true;
  if (name.find('/') == name.npos) return scoped(plain, Scope::provider) == name;
  return plain == name || plain == scoped(name, Scope::credential) || plain == scoped(name, Scope::provider);
}

void Health::reset(std::string_view name, int64_t now_unix_ms) {
  for (auto& [each, held] : lanes_) {
    if (!is_meant(each, name)) continue;
    held.window.forget();
    if (held.until_unix_ms != 0) lift(held, now_unix_ms);
  }
  const std::string told = "~" + std::string(name);
  if (told.size() > lane_bytes_max || now_unix_ms < 0 || now_unix_ms > unix_ms_max) return;
  auto place = lanes_.find(told);
  if (place == lanes_.end()) place = add(told);
  Register& held = place->second;
  if (held.generation != UINT32_MAX) set(held, held.generation + 1, 1, now_unix_ms);
  drop_least(told);
}

void Health::turn(std::string_view name, Switch to, int64_t now_unix_ms) {
  const std::string key = "!" + std::string(name);
  if (key.size() > lane_bytes_max || now_unix_ms < 0 || now_unix_ms > unix_ms_max) return;
  const int64_t said = to == Switch::on ? switched_on : switched_off;
  auto place = lanes_.find(key);
  const bool fresh = place == lanes_.end();
  if (fresh) place = add(key);
  Register& held = place->second;
  if (held.until_unix_ms == said || held.generation == UINT32_MAX) return;
  set(held, held.generation + 1, said, now_unix_ms);
  if (fresh) drop_least(key);
}

bool Health::enabled(std::string_view name, bool configured) const {
  if (switch_count_ == 0) return configured;
  const Register* held = find("!" + std::string(name));
  if (!held || held->until_unix_ms == 0) return configured;
  return held->until_unix_ms != switched_off;
}

bool Health::enabled(const Provider& provider, std::string_view credential, bool configured) const {
  if (!enabled(provider.name, provider.enabled)) return false;
  if (credential.empty() || switch_count_ == 0) return configured;
  return enabled(provider.name + "/" + std::string(credential), configured);
}

void Health::select(std::string_view provider, int64_t now_unix_ms) {
  for (auto place = lanes_.lower_bound(select_begin); is_selection(place); ++place)
    if (std::string_view(place->first).substr(select_begin.size()) != provider &&
        place->second.until_unix_ms == switched_on && place->second.generation != UINT32_MAX)
      set(place->second, place->second.generation + 1, switched_off, now_unix_ms);
  if (!provider.empty()) turn(std::string(select_begin.substr(1)) + std::string(provider), Switch::on, now_unix_ms);
}

std::string_view Health::selected() const {
  if (switch_count_ == 0) return {};
  const Register* last = nullptr;
  std::string_view name;
  for (auto place = lanes_.lower_bound(select_begin); is_selection(place); ++place) {
    const Register& held = place->second;
    if (held.until_unix_ms != switched_on) continue;
    if (last && std::tie(held.stamp_unix_ms, held.writer) < std::tie(last->stamp_unix_ms, last->writer)) continue;
    last = &held;
    name = std::string_view(place->first).substr(select_begin.size());
  }
  return name;
}

}  // namespace signalbox::routing
