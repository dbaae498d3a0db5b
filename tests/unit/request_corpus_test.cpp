// Plays tests/corpora/requests: what a body of one dialect is in another.
//
//   <from>_to_<to>/<name>.<from>.json   what a client asks
//   <from>_to_<to>/<name>.<to>.json     what the upstream is asked; blanks between tokens do not count
//   <from>_to_<to>/<name>.losses.txt    what was lost, one line; no file: nothing
//
// Lanes have the default flags and strip_billing, and a model named "upstream-model" that answers with at
// most 8192 tokens.
#include <catch2/catch.hpp>

#include <dirent.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/arena.h"
#include "dialects/dialect.h"
#include "json/walk.h"

using namespace signalbox;

namespace {

const std::string root = SIGNALBOX_CORPORA "/requests";

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  DIR* const dir = opendir(folder.c_str());
  REQUIRE(dir);
  while (const dirent* entry = readdir(dir)) {
    const std::string name = entry->d_name;
    if (name.front() != '.') names.push_back(name);
  }
  closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

// Empty when there is no such file.
std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// `json` without the blanks between its tokens.
std::string compact(const std::string& json) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') out += json[i++];
    else if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) out += json[i];
  }
  return out;
}

Dialect dialect_named(const std::string& name) {
  for (const Dialect dialect : {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses, Dialect::gemini})
    if (name_of(dialect) == name) return dialect;
  FAIL("no dialect is called " << name);
  return Dialect::anthropic;
}

void play(const std::string& folder, const std::string& name, const std::string& from, const std::string& to) {
  const std::string path = root + "/" + folder + "/" + name;
  INFO(path);
  const std::string asked = text_of(path + "." + from + ".json");
  Arena arena;
  canonical::Losses losses;
  const canonical::ReadResult read = dialects::row_of(dialect_named(from)).read_request(asked, arena, losses);
  INFO(read.fault.detail);
  REQUIRE_FALSE(read.fault);
  LaneFlags flags;
  flags.strip_billing = true;
  canonical::ToolNames names;
  std::string body;
  dialects::row_of(dialect_named(to))
      .write_request(read.request, {"upstream-model", flags, 8192, "scope", arena, names, losses}, body);
  CHECK(json::is_whole_object(body));
  CHECK(compact(body) == compact(text_of(path + "." + to + ".json")));
  std::string lost = text_of(path + ".losses.txt");
  lost.erase(std::find(lost.begin(), lost.end(), '\n'), lost.end());
  CHECK(losses.joined() == lost);
}

}  // namespace

TEST_CASE("requests: every pair of the corpus is translated as it stands there", "[request_corpus]") {
  int played = 0;
  for (const std::string& folder : names_in(root)) {
    const size_t middle = folder.find("_to_");
    REQUIRE(middle != folder.npos);
    const std::string from = folder.substr(0, middle), to = folder.substr(middle + 4);
    const std::string ending = "." + from + ".json";
    for (const std::string& file : names_in(root + "/" + folder)) {
      if (file.size() <= ending.size() || file.substr(file.size() - ending.size()) != ending) continue;
      play(folder, file.substr(0, file.size() - ending.size()), from, to);
      ++played;
    }
  }
  CHECK(played > 0);
}
