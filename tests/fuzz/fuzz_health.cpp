// What gateways tell each other of lanes, and find in a state file. Two deltas of any bytes with a sound checksum:
// each is taken whole or not at all, and order, repetition and the way over a third gateway make no difference. Then
// two gateways cool, clear and tell: after both have heard all, they know the same.
#include <cstdint>
#include <string>

#include "require.h"
#include "routing/health.h"

using signalbox::routing::Health;
using signalbox::testing::require;

namespace {

// Without it nothing behind the checksum would be reached.
std::string sealed(std::string_view bytes) {
  uint32_t hash = 2166136261u;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  std::string out(bytes);
  for (int i = 0; i < 4; ++i) out += char(hash >> (8 * i));
  return out;
}

void check_deltas(const std::string& a, const std::string& b) {
  const std::string nothing = Health(1).snapshot();
  Health x(1), y(2), z(3);
  const bool a_sound = x.merge(a);
  require(a_sound || x.snapshot() == nothing, "all of a delta or nothing");
  const std::string after_a = x.snapshot();
  // Version 1 comes out as 2, and what says nothing does not come out.
  require(!a_sound || a[0] == 1 || after_a.size() <= a.size(), "nothing but lanes is in a delta");
  const bool b_sound = x.merge(b);
  require(b_sound || x.snapshot() == after_a, "all of a delta or nothing");
  const std::string both = x.snapshot();
  x.merge(a), x.merge(b);
  require(x.snapshot() == both, "heard twice is heard once");
  require(y.merge(b) == b_sound && y.merge(a) == a_sound, "soundness is the delta's own");
  require(y.snapshot() == both, "order makes no difference");
  require(z.merge(both) && z.snapshot() == both, "a snapshot says all");
  require(x.take_delta().empty(), "what is heard is not told again");
}

void check_gateways(std::string_view steps) {
  static constexpr std::string_view lanes[] = {"a/one/m", "*a/two/m", "a/one", "c"};
  Health gateways[] = {Health(1), Health(2)};
  int64_t now = 1'700'000'000'000;
  for (const char step : steps) {
    const auto byte = static_cast<unsigned char>(step);
    Health& here = gateways[byte & 1];
    Health& there = gateways[~byte & 1];
    const std::string_view lane = lanes[byte >> 1 & 3];
    switch (byte >> 3 & 3) {
      case 0:
        if (here.count(lane, signalbox::routing::Counted::failure, {1000, 3, 50}, now)) here.begin_probe(lane);
        here.cool(lane, now + (int64_t(1) << (byte >> 3)), now, signalbox::routing::Why::breaker,
                  here.next_step(lane, now, now));
        break;
      case 1:
        if (byte & 0x80)
          here.turn(lane, byte & 0x40 ? signalbox::routing::Switch::on : signalbox::routing::Switch::off, now);
        else if (byte & 0x40) here.reset(lane, now);
        else here.succeed(lane, here.standing(lane, now).known, now);
        break;
      case 2: there.merge(here.take_delta()); break;
      default: now += int64_t(byte) * byte * 40;
    }
    const int64_t until = here.cooled_until(lane, now);
    require(
        until == 0 || (until > now && until - now <= signalbox::routing::cool_ms_max + signalbox::routing::skew_ms_max),
        "nothing cools for longer than a day");
  }
  // The deltas that were dropped above were merged, so what each still has to tell is all that the other misses.
  gateways[1].merge(gateways[0].take_delta());
  gateways[0].merge(gateways[1].take_delta());
  require(gateways[0].snapshot() == gateways[1].snapshot(), "who has heard all knows the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = rest.size() * data[0] / 256;
  check_deltas(sealed(rest.substr(0, cut)), sealed(rest.substr(cut)));
  Health(1).merge(rest);
  check_gateways(rest);
  return 0;
}
