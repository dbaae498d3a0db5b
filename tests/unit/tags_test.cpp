// Tags that name who answers: what counts as one, and that taking them out leaves JSON, whatever stands around them.
#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "dialects/dialect.h"
#include "dialects/tags.h"
#include "exchange/decision.h"
#include "json/walk.h"

using namespace signalbox;

namespace {

std::string tag(std::string_view name) { return "<CCR-SUBAGENT-MODEL>" + std::string(name) + "</CCR-SUBAGENT-MODEL>"; }

struct Read {
  Arena arena;
  routing::TaskFacts facts;

  Read(Dialect dialect, std::string_view body) {
    facts = dialects::row_of(dialect).read_task_facts(body, bit_of(Fact::tags), arena).facts;
  }
};

std::string without(std::string_view body, std::span<const routing::Cut> cuts) {
  std::string out;
  size_t at = 0;
  for (const routing::Cut& cut : cuts) {
    REQUIRE(cut.begin >= at);
    REQUIRE(cut.end <= body.size());
    out += body.substr(at, cut.begin - at);
    out += cut.text;
    at = cut.end;
  }
  out += body.substr(at);
  CHECK(json::is_whole_object(out));
  return out;
}

std::string system_of(std::string_view inside) {
  return R"({"model":"m","system":")" + std::string(inside) + R"(","messages":[]})";
}

}  // namespace

TEST_CASE("tags: all but the first sixteen stay", "[tags]") {
  std::string many;
  for (int i = 0; i < 20; ++i) many += tag("n" + std::to_string(i));
  const std::string body = system_of(many);
  const Read read(Dialect::anthropic, body);
  CHECK(read.facts.tag == "n0");
  CHECK(read.facts.tag_cuts.size() == dialects::tags_max);
  CHECK(without(body, read.facts.tag_cuts) == system_of(tag("n16") + tag("n17") + tag("n18") + tag("n19")));
}

TEST_CASE("tags: a name is as long as it may be, and no longer", "[tags]") {
  const std::string longest(dialects::tag_name_bytes_max, 'x');
  CHECK(Read(Dialect::anthropic, system_of(tag(longest))).facts.tagged);
  CHECK_FALSE(Read(Dialect::anthropic, system_of(tag(longest + "x"))).facts.tagged);
}

TEST_CASE("tags: surrogates, quotes and broken beginnings around one", "[tags]") {
  for (std::string_view around : {R"(\ud83d|\ude00)", R"(\\|\")", R"(<CCR-SUBAGENT-MODEL|</CCR)", R"(\u003c|\n)",
                                  "\xc3\xa4|\xe2\x82\xac", R"(<CCR-SUBAGENT-MODEL>|x)"}) {
    const size_t cut = around.find('|');
    const std::string body =
        system_of(std::string(around.substr(0, cut)) + tag("n") + std::string(around.substr(cut + 1)));
    const Read read(Dialect::anthropic, body);
    INFO(body);
    CHECK(read.facts.tagged);
    without(body, read.facts.tag_cuts);
    without(body, read.facts.tag_cuts_within);
  }
}

TEST_CASE("tags: blocks that are nothing else go in every place of a list, and with all of them none", "[tags]") {
  const std::string other = R"({"type":"text","text":"a"})", only = R"({"type":"text","text":")" + tag("n") + R"( "})";
  for (const auto& [blocks, left] : std::initializer_list<std::pair<std::string, std::string>>{
           {only + "," + other, other},
           {other + " , " + only, other},
           {other + "," + only + " ," + only + "," + other, other + "," + other},
           {only + "," + only, R"({"type":"text","text":". "},{"type":"text","text":". "})"}}) {
    const std::string body = R"({"system":[)" + blocks + R"(],"model":"m"})";
    const Read read(Dialect::anthropic, body);
    CHECK(without(body, read.facts.tag_cuts) == R"({"system":[)" + left + R"(],"model":"m"})");
    without(body, read.facts.tag_cuts_within);
  }
}

TEST_CASE("tags: an edit that takes a block as well leaves no comma too many", "[tags]") {
  // The tag's block stands beside a text that was refused for being blank.
  const std::string body = R"({"model":"m","messages":[],"system":[{"type":"text","text":")" + tag("n") +
                           R"("},{"type":"text","text":" "},{"type":"text","text":"c"}]})";
  Read read(Dialect::anthropic, body);
  routing::Facts facts;
  facts.model = "m";
  facts.tag_cuts = read.facts.tag_cuts;
  facts.tag_cuts_within = read.facts.tag_cuts_within;
  routing::Lane lane;
  lane.upstream_model = "m";
  dialects::Unwanted unwanted;
  unwanted.blank_texts = true;
  Arena arena;
  std::string sent;
  const auto edits = exchange::edits_for(facts, body, lane, dialects::row_of(Dialect::anthropic), unwanted, arena);
  for (std::string_view piece : exchange::edited(body, edits, arena)) sent += piece;
  CHECK(json::is_whole_object(sent));
  CHECK(sent.find("CCR") == sent.npos);
}

TEST_CASE("tags: not from what a tool has brought, in any dialect", "[tags]") {
  const std::string it = tag("n");
  CHECK_FALSE(Read(Dialect::openai_chat, R"({"messages":[{"role":"tool","content":")" + it + R"("}]})").facts.tagged);
  CHECK_FALSE(Read(Dialect::openai_responses, R"({"input":[{"type":"function_call_output","output":")" + it + R"("}]})")
                  .facts.tagged);
  CHECK_FALSE(
      Read(Dialect::gemini, R"({"contents":[{"role":"function","parts":[{"text":")" + it + R"("}]}]})").facts.tagged);
  CHECK(Read(Dialect::gemini, R"({"contents":[{"parts":[{"text":")" + it + R"("}]}]})").facts.tag == "n");
  CHECK(Read(Dialect::gemini, R"({"system_instruction":{"parts":[{"text":")" + it + R"("}]}})").facts.tag == "n");
  CHECK(Read(Dialect::openai_responses, R"({"instructions":"x )" + it + R"("})").facts.tag == "n");
  CHECK(Read(Dialect::openai_responses, R"({"input":")" + it + R"("})").facts.tag == "n");
}
