// docs/from-claude-code-router.md: every transformer has its row, and what the row names exists.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "config/presets.h"
#include "config/read.h"
#include "config/schema.h"
#include "source_tree.h"

using namespace signalbox;
using namespace signalbox::config;

namespace {

// What stands between backticks in `text`.
std::vector<std::string> code_in(const std::string& text) {
  std::vector<std::string> found;
  for (size_t at = text.find('`'); at != text.npos; at = text.find('`', at + 1)) {
    const size_t end = text.find('`', at + 1);
    if (end == text.npos) break;
    found.push_back(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return found;
}

bool is_key(const std::string& name) {
  for (const PlacedShape& placed : placed_shapes())
    if (find(*placed.shape, name)) return true;
  return false;
}

// "flag: word" where the flag has choices, or is true or false.
bool takes(const std::string& name, const std::string& word) {
  for (const PlacedShape& placed : placed_shapes()) {
    const Field* field = find(*placed.shape, name);
    if (!field) continue;
    if (field->kind == FieldKind::boolean) return word == "true" || word == "false";
    for (const Choice& choice : field->choices)
      if (choice.name == word) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("from claude-code-router: every transformer has a row, and what it names exists", "[presets]") {
  std::ifstream file(SIGNALBOX_ROOT "/docs/from-claude-code-router.md");
  std::set<std::string> missing = {"Anthropic",        "OpenAI",
                                   "openai-responses", "gemini",
                                   "vertex-gemini",    "vertex-claude",
                                   "vertex-openai",    "deepseek",
                                   "openrouter",       "groq",
                                   "cerebras",         "vercel",
                                   "maxtoken",         "maxcompletiontokens",
                                   "tooluse",          "reasoning",
                                   "forcereasoning",   "extrathinktag",
                                   "enhancetool",      "sampling",
                                   "cleancache",       "customparams",
                                   "streamoptions"};
  size_t named = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, 3, "| `") != 0) continue;
    const size_t second = line.find(" | ");
    const size_t third = line.find(" | ", second + 3);
    for (const std::string& name : code_in(line.substr(0, second))) missing.erase(name);
    for (const std::string& code : code_in(line.substr(second, third - second))) {
      CAPTURE(line, code);
      ++named;
      if (code == "default" || code == "provider/model") continue;
      const size_t colon = code.find(": ");
      const size_t dot = code.rfind('.');
      if (colon == code.npos) CHECK(is_key(code.substr(dot == code.npos ? 0 : dot + 1)));
      else CHECK(takes(code.substr(0, colon), code.substr(colon + 2)));
    }
  }
  CHECK(missing == std::set<std::string>{});
  CHECK(named > 20);
}
