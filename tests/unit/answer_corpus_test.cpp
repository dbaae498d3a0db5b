// Plays tests/corpora/answers: the bytes that a client gets of an answer of another dialect.
//
//   <upstream>_to_<client>/NAME.txt   of <upstream's>_streams/NAME.sse: streamed, then whole, each with what was lost
//
// The lane has the default flags; request id, time and model are those of answer_player.cpp. With SIGNALBOX_REWRITE
// in the environment the files are written instead of compared: an empty file is a new case, and what has changed is
// for a person to read.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "answer_player.h"
#include "dialects/dialect.h"
#include "source_tree.h"

using namespace signalbox;
using namespace signalbox::testing;
using canonical::Form;

namespace {

const struct Side {
  Dialect dialect;
  const char* streams;  // the folder of what it says
  const char* whole;    // the ending of the same answer whole
} sides[] = {{Dialect::anthropic, "anthropic_streams", ".whole.json"},
             {Dialect::openai_chat, "chat_streams", ".json"},
             {Dialect::openai_responses, "responses_streams", ".json"},
             {Dialect::gemini, "gemini_streams", ".json"}};

constexpr size_t cases_min = 8;  // of each pair

std::string root_of(const std::string& folder) { return SIGNALBOX_ROOT "/tests/corpora/" + folder; }

std::string section(const char* name, const Played& played) {
  const std::string lost = played.losses.empty() ? "" : ", lost " + played.losses.joined();
  return "--- " + std::string(name) + lost + "\n" + played.bytes + (played.bytes.empty() ? "" : "\n");
}

std::string both_forms(const Played& streamed, const Played& whole) {
  return section("streamed", streamed) + section("whole", whole);
}

struct Case {
  const Side& upstream;
  const Side& client;
  std::string path;  // of the expected bytes
  std::string name;

  Play play(Form form) const { return {dialects::row_of(upstream.dialect), &dialects::row_of(client.dialect), form}; }

  void check(const std::string& expected) const {
    const std::string stream = text_of(root_of(upstream.streams) + "/" + name + ".sse");
    REQUIRE_FALSE(stream.empty());
    const Play streamed = play(Form::streamed), whole = play(Form::whole);
    const std::string uncut = both_forms(streamed.stream(stream), whole.stream(stream));
    CHECK(uncut == expected);
    CHECK(both_forms(streamed.bytewise(stream), whole.bytewise(stream)) == uncut);
    std::mt19937 random(20);
    for (int round = 0; round < 4; ++round) {
      const std::vector<size_t> cuts = random_cuts(stream, random);
      CHECK(both_forms(streamed.stream(stream, cuts), whole.stream(stream, cuts)) == uncut);
    }
    const std::string said_whole = text_of(root_of(upstream.streams) + "/" + name + upstream.whole);
    if (!said_whole.empty()) CHECK(section("whole", whole.whole(said_whole)) == section("whole", whole.stream(stream)));
  }

  void rewrite() const {
    const std::string stream = text_of(root_of(upstream.streams) + "/" + name + ".sse");
    REQUIRE_FALSE(stream.empty());
    std::ofstream(path, std::ios::binary)
        << both_forms(play(Form::streamed).stream(stream), play(Form::whole).stream(stream));
  }
};

}  // namespace

TEST_CASE("answers: every client gets the bytes of the corpus, however the upstream's are cut", "[answer_corpus]") {
  const bool rewriting = std::getenv("SIGNALBOX_REWRITE") != nullptr;
  for (const Side& upstream : sides) {
    std::set<std::string> names;
    for (const Side& client : sides) {
      if (client.dialect == upstream.dialect) continue;
      const std::string folder =
          "answers/" + std::string(name_of(upstream.dialect)) + "_to_" + std::string(name_of(client.dialect));
      std::set<std::string> here;
      for (const std::string& path : corpus(folder, ".txt")) {
        INFO(path);
        const Case one{upstream, client, path, std::filesystem::path(path).stem().string()};
        here.insert(one.name);
        if (rewriting) one.rewrite();
        else one.check(text_of(path));
      }
      INFO(folder);
      CHECK(here.size() >= cases_min);
      // Each answer is there for all three clients.
      if (names.empty()) names = here;
      CHECK(here == names);
    }
  }
}
