// Names and ids of tools on their way to an upstream and back.
#include "dialects/canonical/tool_names.h"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <utility>

using signalbox::canonical::append_tool_id;
using signalbox::canonical::ToolNames;

namespace {

bool is_fit(std::string_view name, size_t bytes_max) {
  return !name.empty() && name.size() <= bytes_max &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == name.npos;
}

std::string id_of(std::string_view id, std::string_view prefix = "call_", size_t bytes_max = 40) {
  std::string out;
  append_tool_id(out, id, prefix, bytes_max);
  return out;
}

}  // namespace

TEST_CASE("tool names: a fit name goes out and comes back as itself", "[tool_names]") {
  ToolNames names;
  CHECK(names.sent("Bash") == "Bash");
  CHECK(names.sent("mcp__a-b__c") == "mcp__a-b__c");
  CHECK(names.asked("Bash") == "Bash");
  CHECK(names.asked("never_seen") == "never_seen");
}

TEST_CASE("tool names: an MCP name over 64 bytes comes back whole (anthropics/claude-code #20643)", "[tool_names]") {
  ToolNames names;
  const std::string asked = "mcp__plugin_some_very_long_server_name__and_a_tool_name_that_goes_on_and_on_v1";
  const std::string sent(names.sent(asked));
  CHECK(sent == asked.substr(0, 55) + "_bc421082");
  CHECK(is_fit(sent, 64));
  CHECK(names.sent(asked) == sent);
  CHECK(names.asked(sent) == asked);
  ToolNames again;
  CHECK(again.sent(asked) == sent);  // the same in every request
}

TEST_CASE("tool names: two long names with one beginning stay two (RestoresDisambiguatedName)", "[tool_names]") {
  ToolNames names;
  const std::string begin(80, 'x');
  const std::string one(names.sent(begin + "one"));
  const std::string two(names.sent(begin + "two"));
  CHECK(one != two);
  CHECK(names.asked(one) == begin + "one");
  CHECK(names.asked(two) == begin + "two");
}

TEST_CASE("tool names: letters that an upstream refuses are replaced", "[tool_names]") {
  ToolNames names;
  for (const std::string asked : {"a.b", "a b", "a/b", "w\xc3\xb6rter", "", "a\"b"}) {
    const std::string sent(names.sent(asked));
    CAPTURE(asked, sent);
    CHECK(is_fit(sent, 64));
    CHECK(names.asked(sent) == asked);
  }
  CHECK(names.sent("a.b") != names.sent("a b"));
}

TEST_CASE("tool names: a name equal to a derived one does not share it, whoever comes first", "[tool_names]") {
  const std::string derived(ToolNames().sent("a.b"));
  SECTION("the derived one first") {
    ToolNames names;
    CHECK(names.sent("a.b") == derived);
    const std::string other(names.sent(derived));
    CHECK(other != derived);
    CHECK(names.asked(other) == derived);
    CHECK(names.asked(derived) == "a.b");
  }
  SECTION("the real one first") {
    ToolNames names;
    CHECK(names.sent(derived) == derived);
    const std::string other(names.sent("a.b"));
    CHECK(other != derived);
    CHECK(names.asked(other) == "a.b");
    CHECK(names.asked(derived) == derived);
  }
}

TEST_CASE("tool names: views hold while more names come, and after a move", "[tool_names]") {
  ToolNames names;
  const std::string_view first = names.sent("x.y");
  const std::string copy(first);
  for (int i = 0; i < 1000; ++i) names.sent("tool." + std::to_string(i));
  CHECK(first == copy);
  const ToolNames moved = std::move(names);
  CHECK(moved.asked(copy) == "x.y");
  CHECK(first == copy);
}

TEST_CASE("tool ids: what fits is kept, what does not is the same hash each time", "[tool_names]") {
  CHECK(id_of("toolu_01AbC-9") == "toolu_01AbC-9");
  CHECK(id_of(std::string(40, 'a')) == std::string(40, 'a'));
  const std::string hashed = id_of(std::string(41, 'a'));
  CHECK(is_fit(hashed, 40));
  CHECK(hashed.substr(0, 5) == "call_");
  CHECK(hashed.size() == 5 + 24);
  CHECK(hashed == id_of(std::string(41, 'a')));
  CHECK(hashed != id_of(std::string(42, 'a')));
  CHECK(id_of("functions.Bash:0").substr(0, 5) == "call_");
  CHECK(is_fit(id_of(""), 40));
  CHECK(id_of("a.b", "call_", 9).size() == 9);
}
