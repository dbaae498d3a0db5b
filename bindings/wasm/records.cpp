#include "wasm/records.h"

#include <string_view>
#include <utility>

#include "base/text.h"
#include "hosts/capabilities.h"
#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox::bindings {
namespace {

#define SIGNALBOX_SAME(structure, name) \
  static_assert(std::is_same_v<std::variant_alternative_t<size_t(EventKind::name), Event>, structure>);
SIGNALBOX_EVENTS(SIGNALBOX_SAME)
#undef SIGNALBOX_SAME
#define SIGNALBOX_SAME(structure, name) \
  static_assert(std::is_same_v<std::variant_alternative_t<size_t(EffectKind::name), Effect>, structure>);
SIGNALBOX_EFFECTS(SIGNALBOX_SAME)
#undef SIGNALBOX_SAME
#define SIGNALBOX_ONE(structure, name) +1
static_assert(std::variant_size_v<Event> == SIGNALBOX_EVENTS(SIGNALBOX_ONE));
static_assert(std::variant_size_v<Effect> == SIGNALBOX_EFFECTS(SIGNALBOX_ONE));
#undef SIGNALBOX_ONE

// One frozen object of numbers, a name a line.
class Numbers {
 public:
  Numbers(std::string& out, std::string_view name) : out_(out) {
    out_ += "\nexport const ";
    out_ += name;
    out_ += " = Object.freeze({\n";
  }
  ~Numbers() { out_ += "});\n"; }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;

  template <class Number>
  void add(std::string_view name, Number number, std::string_view meaning = {}) {
    out_ += "  ";
    out_ += name;
    out_ += ": ";
    base::append_decimal(out_, int64_t(number));
    out_ += ',';
    if (!meaning.empty()) {
      out_ += " // ";
      out_ += meaning;
    }
    out_ += '\n';
  }

 private:
  std::string& out_;
};

}  // namespace

std::string boundary_javascript() {
  std::string out =
      "// What crosses linear memory, made from bindings/wasm/records.h by scripts/bindings: not to be changed by "
      "hand.\n"
      "// The objects in small letters say at which 32-bit word of a record a value stands.\n";
#define SIGNALBOX_NAME(structure, name) kinds.add(#name, kind++);
  {
    Numbers kinds(out, "Event");
    int kind = 0;
    SIGNALBOX_EVENTS(SIGNALBOX_NAME)
  }
  {
    Numbers kinds(out, "Effect");
    int kind = 0;
    SIGNALBOX_EFFECTS(SIGNALBOX_NAME)
  }
#undef SIGNALBOX_NAME
#define SIGNALBOX_NAME(name, meaning) words.add(#name, word++, meaning);
  {
    Numbers words(out, "event");
    int word = 0;
    SIGNALBOX_EVENT_WORDS(SIGNALBOX_NAME)
    words.add("words", word);
  }
  {
    Numbers words(out, "step");
    int word = 0;
    SIGNALBOX_STEP_WORDS(SIGNALBOX_NAME)
    words.add("words", word);
  }
  {
    Numbers words(out, "effect");
    int word = 0;
    SIGNALBOX_EFFECT_WORDS(SIGNALBOX_NAME)
    words.add("words", word);
  }
  {
    Numbers words(out, "piece");
    int word = 0;
    SIGNALBOX_PIECE_WORDS(SIGNALBOX_NAME)
    words.add("words", word);
  }
#undef SIGNALBOX_NAME
  {
    Numbers rooms(out, "Room");
    rooms.add("head", Room::head);
    rooms.add("request_body", Room::request_body);
    rooms.add("answer_body", Room::answer_body);
  }
  {
    Numbers peers(out, "Peer");
    peers.add("loopback", PeerScope::loopback);
    peers.add("remote", PeerScope::remote);
    peers.add("unknown", PeerScope::unknown);
    peers.add("host", PeerScope::host);
  }
  {
    Numbers modes(out, "Mode");
    modes.add("pass", BodyMode::pass);
    modes.add("observe", BodyMode::observe);
    modes.add("rewrite", BodyMode::rewrite);
  }
  {
    Numbers places(out, "Place");
    places.add("none", CredentialPlace::none);
    places.add("x_api_key", CredentialPlace::x_api_key);
    places.add("bearer", CredentialPlace::bearer);
    places.add("x_goog_api_key", CredentialPlace::x_goog_api_key);
    places.add("api_key", CredentialPlace::api_key);
  }
  {
    Numbers paces(out, "Pace");
    paces.add("of_client", Pace::of_client);
    paces.add("free", Pace::free);
  }
  {
    Numbers receivers(out, "ReleaseTo");
    receivers.add("client", ReleaseTo::client);
    receivers.add("nobody", ReleaseTo::nobody);
  }
  {
    Numbers endings(out, "Ending");
    endings.add("complete", Ending::complete);
    endings.add("cut", Ending::cut);
  }
  {
    Numbers levels(out, "Level");
    levels.add("debug", LogLevel::debug);
    levels.add("info", LogLevel::info);
    levels.add("warn", LogLevel::warn);
    levels.add("error", LogLevel::error);
  }
  {
    Numbers uses(out, "VariableUse");
    uses.add("plain", VariableUse::plain);
    uses.add("client_key", VariableUse::client_key);
    uses.add("credential", VariableUse::credential);
  }
  {
    Numbers states(out, "VariableState");
    states.add("set", VariableState::set);
    states.add("unset", VariableState::unset);
    states.add("empty", VariableState::empty);
    states.add("unprintable", VariableState::unprintable);
  }
  {
    Numbers faults(out, "Fault");
    for (size_t i = 0; i < size_t(FaultKind::count_); ++i) faults.add(row(FaultKind(i)).name, i);
  }
  {
    Numbers numbers(out, "CloudflareWorker");  // what it tells the core of itself
    numbers.add("request_bytes_max", hosts::cloudflare_worker.request_bytes_max);
    numbers.add("upstreams_awaiting_head_max", hosts::cloudflare_worker.upstreams_awaiting_head_max);
    numbers.add("connecting_ip", !hosts::cloudflare_worker.address_header.empty());
    numbers.add("asks_for_places", hosts::cloudflare_worker.asks_for_places);  // with SIGNALBOX_STATE it does
  }
  return out;
}

}  // namespace signalbox::bindings
