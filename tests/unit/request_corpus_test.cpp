// Plays tests/corpora/requests: what a body of one dialect is in another.
//
//   <from>_to_<to>/<name>.<from>.json   what a client asks
//   <from>_to_<to>/<name>.<to>.json     what the upstream is asked; blanks between tokens do not count
//   <from>_to_<to>/<name>.losses.txt    what was lost, one line; no file: nothing
//
// Lanes have the default flags and strip_billing, and a model named "upstream-model" that answers with at
// most 8192 tokens. With SIGNALBOX_REWRITE in the environment what the upstream is asked and what was lost are written
// instead of compared.
#include <catch2/catch.hpp>

#include <dirent.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/arena.h"
#include "dialects/dialect.h"
#include "json/walk.h"
#include "source_tree.h"

using namespace signalbox;

namespace {

const std::string root = SIGNALBOX_ROOT "/tests/corpora/requests";
constexpr size_t cases_min = 3;  // of each pair

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

// The names of the cases of a pair.
std::vector<std::string> bodies_in(const std::string& folder, const std::string& from) {
  const std::string ending = "." + from + ".json";
  std::vector<std::string> names;
  for (const std::string& file : names_in(root + "/" + folder))
    if (file.size() > ending.size() && file.compare(file.size() - ending.size(), ending.size(), ending) == 0)
      names.push_back(file.substr(0, file.size() - ending.size()));
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

// `json` without blanks, one member or element a line.
std::string indented(const std::string& json) {
  std::string out;
  size_t depth = 0;
  bool in_string = false;
  auto new_line = [&] { out += "\n" + std::string(depth, ' '); };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') out += json[i++];
    else if (c == '"') in_string = !in_string;
    const bool opens = !in_string && (c == '{' || c == '['), closes = !in_string && (c == '}' || c == ']');
    const bool is_empty = opens && (json[i + 1] == '}' || json[i + 1] == ']');
    if (closes && out.back() != '{' && out.back() != '[') --depth, new_line();
    out += json[i];
    if (opens && !is_empty) ++depth, new_line();
    else if (!in_string && c == ',') new_line();
    else if (!in_string && c == ':') out += ' ';
  }
  return out + "\n";
}

const Dialect dialects_all[] = {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses, Dialect::gemini};

Dialect dialect_named(const std::string& name) {
  for (const Dialect dialect : dialects_all)
    if (name_of(dialect) == name) return dialect;
  FAIL("no dialect is called " << name);
  return Dialect::anthropic;
}

struct Written {
  std::string body;
  std::string lost;
  std::unique_ptr<Arena> arena = std::make_unique<Arena>();  // kept, so that the next has memory of its own
};

// What `asked` by a client of `from` becomes for an upstream of `to`.
Written written(const std::string& asked, Dialect from, Dialect to) {
  Written out;
  Arena& arena = *out.arena;
  canonical::Losses losses;
  const canonical::ReadResult read = dialects::row_of(from).read_request(asked, arena, losses);
  INFO(read.fault.detail);
  REQUIRE_FALSE(read.fault);
  LaneFlags flags;
  flags.strip_billing = true;
  canonical::ToolNames names;
  std::vector<canonical::Escaped> stops_left;  // the gateway looks for them
  dialects::row_of(to).write_request(
      read.request, {"upstream-model", flags, 8192, "0a1b2c3d", arena, names, losses, 0, 0, &stops_left}, out.body);
  out.lost = losses.joined();
  return out;
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

void rewrite(const std::string& path, const Written& out, const std::string& to) {
  if (compact(out.body) != compact(text_of(path + "." + to + ".json")))
    write_file(path + "." + to + ".json", indented(out.body));
  if (out.lost.empty()) std::remove((path + ".losses.txt").c_str());
  else write_file(path + ".losses.txt", out.lost + "\n");
}

void play(const std::string& folder, const std::string& name, const std::string& from, const std::string& to) {
  const std::string path = root + "/" + folder + "/" + name;
  INFO(path);
  const Written out = written(text_of(path + "." + from + ".json"), dialect_named(from), dialect_named(to));
  CHECK(json::is_whole_object(out.body));
  if (std::getenv("SIGNALBOX_REWRITE")) return rewrite(path, out, to);
  CHECK(compact(out.body) == compact(text_of(path + "." + to + ".json")));
  std::string lost = text_of(path + ".losses.txt");
  lost.erase(std::find(lost.begin(), lost.end(), '\n'), lost.end());
  CHECK(out.lost == lost);
}

}  // namespace

TEST_CASE("requests: every pair of the corpus is translated as it stands there", "[request_corpus]") {
  size_t pairs = 0;
  for (const std::string& folder : names_in(root)) {
    INFO(folder);
    const size_t middle = folder.find("_to_");
    REQUIRE(middle != folder.npos);
    const std::string from = folder.substr(0, middle), to = folder.substr(middle + 4);
    size_t played = 0;
    for (const std::string& name : bodies_in(folder, from)) {
      play(folder, name, from, to);
      ++played;
    }
    CHECK(played >= cases_min);
    ++pairs;
  }
  CHECK(pairs == 12);
}

// Prefix caches of providers count on it (translation.md section 0.4). Each time all memory is another.
TEST_CASE("requests: the same request is written with the same bytes for every dialect", "[request_corpus]") {
  for (const std::string& folder : names_in(root)) {
    const std::string from = folder.substr(0, folder.find("_to_"));
    for (const std::string& name : bodies_in(folder, from)) {
      const std::string asked = text_of(root + "/" + folder + "/" + name + "." + from + ".json");
      for (const Dialect to : dialects_all) {
        INFO(folder << "/" << name << " as " << name_of(to));
        const Written once = written(asked, dialect_named(from), to);
        const std::string elsewhere = asked;
        const Written again = written(elsewhere, dialect_named(from), to);
        CHECK(json::is_whole_object(once.body));
        CHECK(again.body == once.body);
        CHECK(again.lost == once.lost);
      }
    }
  }
}
