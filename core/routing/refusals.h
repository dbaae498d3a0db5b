// What lanes have refused as extra inputs (translation.md section 2): the next request to such a lane goes
// out without it and need not be refused first.
//
// A memory, not a fact: an upstream learns members as well. So an entry lasts for an hour from the refusal,
// then the member goes out again. Signatures of thinking are not remembered: what was refused there is one
// history, not a kind of member.
//
// Bounded in lanes, in paths of a lane and in the bytes of both, at most about 800 KB; where there is no more room, the
// lane that has most gives way (base/giving_way.h), so that models and features that clients make up drive out such alone.
// Who makes upstreams refuse all kinds of things makes others wait for a second attempt again, and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

class Arena;

namespace routing {

class Refusals {
 public:
  static constexpr int64_t remembered_ms = int64_t(60) * 60 * 1000;
  static constexpr size_t lanes_max = 256;
  static constexpr size_t lane_bytes_max = 1024;
  static constexpr size_t paths_max = 16;
  static constexpr size_t path_bytes_max = 128;

  // `lane`, by its key and whatever else makes refusals alike behind a line's end, has just refused the member `path`.
  // Longer ones of both are not remembered.
  void remember(std::string_view lane, std::string_view path, int64_t now_monotonic_ms);

  // The paths that `lane` has refused within the hour, in the order of remembering; in `arena`.
  std::span<const std::string_view> of(std::string_view lane, int64_t now_monotonic_ms, Arena& arena) const;

  size_t lane_count() const { return lanes_.size(); }

 private:
  struct Refused {
    std::string path;
    int64_t at_ms = 0;
  };
  using Lanes = std::map<std::string, std::vector<Refused>, std::less<>>;  // the oldest refusal first

  static bool stands(const Refused& refused, int64_t now_monotonic_ms);

  Lanes lanes_;
};

}  // namespace routing
}  // namespace signalbox
