#include "dialects/canonical/tool_origins.h"

#include <catch2/catch.hpp>

using namespace signalbox::canonical;

TEST_CASE("tool origins: custom tools and those of a namespace are known by the name they go out under") {
  Tool tools[3];
  tools[0].name = "Bash";
  tools[1].name = "apply_patch";
  tools[1].kind = ToolKind::custom;
  tools[2].name = "mcp__github__search";
  tools[2].group = "mcp__github";
  Request request;
  request.tools = tools;
  const ToolOrigins origins(request);
  CHECK(origins.find("Bash") == nullptr);
  CHECK(origins.find("never_declared") == nullptr);
  REQUIRE(origins.find("apply_patch"));
  CHECK(origins.find("apply_patch")->kind == ToolKind::custom);
  CHECK(origins.find("apply_patch")->name == "apply_patch");
  REQUIRE(origins.find("mcp__github__search"));
  CHECK(origins.find("mcp__github__search")->group == "mcp__github");
  CHECK(origins.find("mcp__github__search")->name == "search");
}
