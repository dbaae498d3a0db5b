// The user's rules over a body: what becomes of it, byte for byte.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/read.h"
#include "exchange/rewrite.h"
#include "json/reader.h"
#include "signalbox/transform.h"

using namespace signalbox;
using namespace signalbox::exchange;

namespace {

// A rule of which `action` has `path`, and `other` the word that goes with it.
Rewrite rule(std::string Rewrite::* action, std::string path, std::string Rewrite::* other, std::string word) {
  Rewrite made;
  made.*action = std::move(path);
  made.*other = std::move(word);
  return made;
}
Rewrite set_to(std::string path, std::string value) {
  return rule(&Rewrite::set, std::move(path), &Rewrite::value, std::move(value));
}
Rewrite default_to(std::string path, std::string value) {
  return rule(&Rewrite::set_default, std::move(path), &Rewrite::value, std::move(value));
}
Rewrite drop(std::string path) { return rule(&Rewrite::remove, std::move(path), &Rewrite::to, {}); }
Rewrite call(std::string path, std::string to) {
  return rule(&Rewrite::rename, std::move(path), &Rewrite::to, std::move(to));
}

std::string joined(std::span<const std::string_view> pieces) {
  std::string all;
  for (std::string_view piece : pieces) all += piece;
  return all;
}

std::string after(std::string_view body, std::vector<Rewrite> rules, Operation operation = Operation::conversation) {
  Provider to;
  to.rewrite = std::move(rules);
  routing::Lane lane;
  lane.upstream_model = "gpt-5-mini";
  Arena arena;
  const std::string made = joined(rewritten(body, {}, to, lane, operation, arena));
  json::Reader reader(made);
  REQUIRE(reader.skip_value());
  REQUIRE(reader.next() == json::Token::end);
  return made;
}

}  // namespace

TEST_CASE("rewrite: a value is set where it stands, and every other byte stays", "[rewrite]") {
  CHECK(after(R"( { "a" : 1e0,"b": {"c" :[ 1 ]} } )", {set_to("a", "2")}) == R"( { "a" : 2,"b": {"c" :[ 1 ]} } )");
  CHECK(after(R"({"a":{"b": "x", "c":"\u0041"}})", {set_to("a.b", R"(["y"])")}) ==
        R"({"a":{"b": ["y"], "c":"\u0041"}})");
  CHECK(after(R"({"a":[{"b":1}, {"b":2},{"c":3}]})", {set_to("a.1.b", "0")}) == R"({"a":[{"b":1}, {"b":0},{"c":3}]})");
  CHECK(after(R"({"a":[{"b":1},7, {"c":3}]})", {set_to("a.*.b", "0")}) == R"({"a":[{"b":0},7, {"c":3,"b":0}]})");
  CHECK(after(R"({"\u0061":1})", {set_to("a", "2")}) == R"({"\u0061":2})");
}

TEST_CASE("rewrite: what is missing of a path is made of objects, and never in lists", "[rewrite]") {
  CHECK(after("{}", {set_to("reasoning.effort", R"("high")")}) == R"({"reasoning":{"effort":"high"}})");
  CHECK(after(R"({"a":1 })", {set_to("b.c", "2"), set_to("d", "3")}) == R"({"a":1,"b":{"c":2},"d":3 })");
  CHECK(after(R"({"a":null})", {set_to("a.b", "2")}) == R"({"a":{"b":2}})");
  CHECK(after(R"({"a":"text"})", {set_to("a.b", "2")}) == R"({"a":"text"})");
  CHECK(after(R"({"a":[]})", {set_to("a.0", "2"), set_to("a.*.b", "2"), set_to("c.0.d", "1")}) == R"({"a":[]})");
}

TEST_CASE("rewrite: a default does not touch what is there", "[rewrite]") {
  CHECK(after(R"({"t":0})", {default_to("t", "1")}) == R"({"t":0})");
  CHECK(after(R"({"t":null})", {default_to("t", "1")}) == R"({"t":1})");
  CHECK(after(R"({"x":0})", {default_to("t", "1")}) == R"({"x":0,"t":1})");
}

TEST_CASE("rewrite: what goes takes one comma with it", "[rewrite]") {
  const std::string body = R"({ "a":1, "b":2, "c":3 })";
  CHECK(after(body, {drop("a")}) == R"({ "b":2, "c":3 })");
  CHECK(after(body, {drop("b")}) == R"({ "a":1, "c":3 })");
  CHECK(after(body, {drop("c")}) == R"({ "a":1, "b":2 })");
  CHECK(after(body, {drop("b"), drop("a")}) == R"({ "c":3 })");
  CHECK(after(body, {drop("c"), drop("a"), drop("b")}) == R"({  })");
  CHECK(after(body, {drop("c"), drop("a"), drop("b"), set_to("d", "4")}) == R"({ "d":4 })");
  CHECK(after(body, {drop("c"), set_to("d", "4")}) == R"({ "a":1, "b":2,"d":4 })");
  CHECK(after(body, {drop("c"), set_to("c", "4")}) == R"({ "a":1, "b":2,"c":4 })");
  CHECK(after(R"({"a":1,"b":2,"a":3})", {drop("a")}) == R"({"b":2})");
  CHECK(after(R"({"t":[{"x":1,"strict":true},{"strict":false}, {"y":{"strict":1}}]})", {drop("t.*.strict")}) ==
        R"({"t":[{"x":1},{}, {"y":{"strict":1}}]})");
  CHECK(after(R"({"t":[1,2,3]})", {drop("t.1")}) == R"({"t":[1,3]})");
  CHECK(after(R"({"t":[1,2,3]})", {drop("t.*")}) == R"({"t":[]})");
}

TEST_CASE("rewrite: a member gets another name, and no name stands twice", "[rewrite]") {
  CHECK(after(R"({"max_tokens" : 5,"x":1})", {call("max_tokens", "max_completion_tokens")}) ==
        R"({"max_completion_tokens" : 5,"x":1})");
  CHECK(after(R"({"old":5,"new":1})", {call("old", "new")}) == R"({"new":1})");
  CHECK(after(R"({"old":5,"old":6})", {call("old", "new")}) == R"({"new":5})");
  CHECK(after(R"({"a":{"old":5}})", {call("a.old", "new")}) == R"({"a":{"new":5}})");
}

TEST_CASE("rewrite: each rule sees what the one before it has made", "[rewrite]") {
  CHECK(after(R"({"a":{"b":1}})", {call("a", "c"), set_to("c.b", "2"), set_to("c.d", "3")}) ==
        R"({"c":{"b":2,"d":3}})");
  CHECK(after(R"({"x":1})", {set_to("a", R"({"b":1})"), set_to("a.b", "2"), call("a", "z")}) ==
        R"({"x":1,"z":{"b":2}})");
  CHECK(after(R"({"x":1})", {set_to("a", "1"), drop("a")}) == R"({"x":1})");
  CHECK(after(R"({"a":1,"x":1})", {call("a", "b"), set_to("a", "2")}) == R"({"b":1,"x":1,"a":2})");
}

TEST_CASE("rewrite: a rule holds for the models that it names", "[rewrite]") {
  Rewrite rule = set_to("a", "2");
  rule.when.model = "gpt-5*";
  CHECK(after(R"({"a":1})", {rule}) == R"({"a":2})");
  rule.when.model = "o3*";
  CHECK(after(R"({"a":1})", {rule}) == R"({"a":1})");
}

TEST_CASE("rewrite: where tokens are counted nothing is added", "[rewrite]") {
  CHECK(after(R"({"a":1,"b":2})", {set_to("a", "3"), default_to("c", "4"), drop("b")}, Operation::count_tokens) ==
        R"({"a":1})");
}

TEST_CASE("rewrite: what is no object, and lists beyond any client's, stay as they are", "[rewrite]") {
  CHECK(after("[1]", {set_to("a", "1")}) == "[1]");
  std::string list = "[0";
  for (int i = 0; i < 100'001; ++i) list += ",0";
  list += "]";
  const std::string body = "{\"a\":" + list + "}";
  CHECK(after(body, {set_to("a.*", "1"), drop("a.3")}) == body);
}

TEST_CASE("rewrite: without rules the body's pieces are what they were", "[rewrite]") {
  const Provider to;
  Arena arena;
  const std::string body = R"({"model":"x"})";
  const Edit model{"model", 9, 12, R"("y")"};
  CHECK(rewrites_for("no JSON at all", to, {}, Operation::conversation, arena).empty());
  CHECK(joined(rewritten(body, {&model, 1}, to, {}, Operation::conversation, arena)) == R"({"model":"y"})");
  CHECK(arena.held_bytes() <= Arena::chunk_bytes + 64);
}

TEST_CASE("rewrite: rules stand beside the gateway's own edits", "[rewrite]") {
  Provider to;
  to.rewrite = {drop("a"), set_to("b", "3")};
  Arena arena;
  const std::string body = R"({"a":1,"model":"x","c":1})";
  const Edit model{"model", 15, 18, R"("y")"};
  CHECK(joined(rewritten(body, {&model, 1}, to, {}, Operation::conversation, arena)) == R"({"model":"y","c":1,"b":3})");
  const Edit removal{"c", 18, 24, ""};
  const Edit both[] = {model, removal};
  CHECK(joined(rewritten(body, both, to, {}, Operation::conversation, arena)) == R"({"model":"y","b":3})");
  // Both would take the comma between them.
  const std::string neighbours = R"({"a":1,"b":2,"model":"x"})";
  const Edit second{"b", 6, 12, ""};
  CHECK(joined(rewritten(neighbours, {&second, 1}, to, {}, Operation::conversation, arena)) ==
        R"({"model":"x","b":3})");
}

TEST_CASE("rewrite: a provider's rules come first, then its model's; both dialects' bodies meet them", "[rewrite]") {
  const config::ReadResult read = config::read_json(R"({
    "providers": {"p": {"dialect": "openai_chat", "base_url": "https://a.example", "credentials": [],
      "rewrite": [{"set": "reasoning.effort", "value": "high", "when": {"model": "m"}}, {"delete": "stream_options"},
                  {"default": "extra", "value": {"deep": [1.50, null, true, "a\"b"]}}]}},
    "models": {"mine": {"provider": "p", "upstream_model": "m", "rewrite": [{"rename": "extra", "to": "more"}]}},
    "routes": [{"match": "*", "targets": ["mine"]}]})");
  REQUIRE(read.problems.empty());
  const Target& target = read.config.routes[0].targets[0];
  const std::string_view tail = R"(,"reasoning":{"effort":"high"},"more":{"deep":[1.50,null,true,"a\"b"]}})";
  CHECK(transform(R"({"model":"m","messages":[]})", Dialect::openai_chat, read.config, target).body ==
        R"({"model":"m","messages":[])" + std::string(tail));
  const std::string translated =
      transform(R"({"model":"m","max_tokens":3,"stream":true,"messages":[{"role":"user","content":"x"}]})",
                Dialect::anthropic, read.config, target)
          .body;
  CHECK(translated.find("stream_options") == translated.npos);
  CHECK(translated.substr(translated.size() - tail.size()) == tail);
}
