// What the streams of a corpus have in common in the tests of all upstreams' dialects.
#pragma once

#include <catch2/catch.hpp>

#include <random>
#include <string>

#include "answer_player.h"

namespace signalbox::testing {

// The stream at `path` becomes the deltas beside it: whole, byte by byte, and `rounds` times at random cuts, always with the
// same bytes for the client.
inline void check_stream_of_corpus(const Play& play, const std::string& path, int rounds, std::mt19937& random) {
  INFO(path);
  const std::string stream = text_of(path);
  const Played whole = play.stream(stream);
  CHECK(said(whole) == text_of(beside(path, ".deltas")));
  CHECK(whole.deltas.find("WRONG") == std::string::npos);
  const Played bytewise = play.bytewise(stream);
  CHECK(said(bytewise) == said(whole));
  CHECK(bytewise.bytes == whole.bytes);
  for (int round = 0; round < rounds; ++round) {
    const Played cut = play.stream(stream, random_cuts(stream, random));
    CHECK(said(cut) == said(whole));
    CHECK(cut.bytes == whole.bytes);
  }
}

}  // namespace signalbox::testing
