// The normal form of messages: pairing, merging, order, empty texts.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/normal_form.h"

using namespace signalbox;
using namespace signalbox::canonical;

namespace {

Block text(std::string_view said) { return {Text{{said}}, {}}; }
Block call(std::string_view id) { return {ToolCall{id, "Bash", "{}"}, {}}; }

// Messages of a test; what they hold lives as long as this.
class History {
 public:
  History& add(Role role, std::vector<Block> blocks) {
    const std::span<Block> kept = arena_.array<Block>(blocks.size());
    std::copy(blocks.begin(), blocks.end(), kept.begin());
    messages_.push_back({role, {kept.data(), kept.size()}});
    return *this;
  }

  Block result(std::string_view id, std::vector<Block> content) {
    const std::span<Block> kept = arena_.array<Block>(content.size());
    std::copy(content.begin(), content.end(), kept.begin());
    return {ToolResult{id, {kept.data(), kept.size()}, false}, {}};
  }

  // "user: text a, result 1 [text b]; assistant: call 1"
  std::string normal() {
    std::string shown;
    for (const Message& message : in_normal_form(messages_, arena_, losses)) {
      if (!shown.empty()) shown += "; ";
      shown += message.role == Role::user ? "user:" : message.role == Role::system ? "system:" : "assistant:";
      for (const Block& block : message.blocks) show(block, shown);
    }
    return shown;
  }

  Losses losses;

 private:
  static void show(const Block& block, std::string& out) {
    if (const auto* text = block.as<Text>()) out += " " + std::string(text->text.inside);
    if (const auto* call = block.as<ToolCall>()) out += " call-" + std::string(call->id);
    if (const auto* thinking = block.as<Thinking>()) out += " thinking(" + std::string(thinking->text.inside) + ")";
    if (const auto* result = block.as<ToolResult>()) {
      out += (result->is_error ? " error-" : " result-") + std::string(result->id) + "[";
      for (const Block& inner : result->content) show(inner, out);
      out += " ]";
    }
    if (!block.cache_control.empty()) out += "*";
  }

  Arena arena_;
  std::vector<Message> messages_;
};

constexpr std::string_view missing = "error-1[ [tool result missing: interrupted] ]";

}  // namespace

TEST_CASE("normal form: neighbours of one role become one message", "[canonical]") {
  History history;
  history.add(Role::user, {text("a")}).add(Role::user, {text("b")}).add(Role::system, {text("s")});
  history.add(Role::system, {text("t")}).add(Role::assistant, {text("c")}).add(Role::assistant, {text("d")});
  CHECK(history.normal() == "user: a b; system: s t; assistant: c d");
  CHECK(history.losses.empty());
}

TEST_CASE("normal form: empty texts go, a message left empty goes, and its neighbours then meet", "[canonical]") {
  History history;
  history.add(Role::user, {text(""), text("a")}).add(Role::assistant, {text("")}).add(Role::user, {text("b")});
  history.add(Role::assistant, {{Thinking{}, {}}});
  CHECK(history.normal() == "user: a b");
}

TEST_CASE("normal form: thinking without text stays for its state", "[canonical]") {
  History history;
  history.add(Role::user, {text("a")});
  history.add(Role::assistant, {{Thinking{{}, {Dialect::anthropic, {}, {"EtQ"}}}, {}}});
  CHECK(history.normal() == "user: a; assistant: thinking()");
}

TEST_CASE("normal form: results stand first and in the order of the calls (MergesToolResultWithAdjacentUserContent)",
          "[canonical]") {
  History history;
  history.add(Role::assistant, {call("1"), call("2")});
  history.add(Role::user, {text("before"), history.result("2", {text("two")}), history.result("1", {text("one")})});
  CHECK(history.normal() == "assistant: call-1 call-2; user: result-1[ one ] result-2[ two ] before");
}

TEST_CASE("normal form: a call without a result gets one (anthropics/claude-code #8004)", "[canonical]") {
  SECTION("the person spoke instead") {
    History history;
    history.add(Role::assistant, {call("1"), text("said after the call")}).add(Role::user, {text("stop")});
    CHECK(history.normal() == "assistant: call-1 said after the call; user: " + std::string(missing) + " stop");
  }
  SECTION("nobody spoke") {
    History history;
    history.add(Role::assistant, {call("1")});
    CHECK(history.normal() == "assistant: call-1; user: " + std::string(missing));
  }
  SECTION("its message was empty") {
    History history;
    history.add(Role::assistant, {call("1")}).add(Role::user, {text("")}).add(Role::assistant, {text("b")});
    CHECK(history.normal() == "assistant: call-1 b; user: " + std::string(missing));
  }
}

TEST_CASE("normal form: a result without a call becomes text where it stood, and says so (minoism/freecc #2)",
          "[canonical]") {
  History history;
  history.add(Role::user, {text("a"), history.result("9", {text(""), text("out")}), text("b")});
  CHECK(history.normal() == "user: a [tool result] out b");
  CHECK(history.losses.joined() == "messages.tool_result");
}

TEST_CASE("normal form: a result that comes a turn too late is an orphan", "[canonical]") {
  History history;
  history.add(Role::assistant, {call("1")}).add(Role::user, {text("go on")}).add(Role::assistant, {text("ok")});
  history.add(Role::user, {history.result("1", {text("late")})});
  CHECK(history.normal() ==
        "assistant: call-1; user: " + std::string(missing) + " go on; assistant: ok; user: [tool result] late");
}

TEST_CASE("normal form: of two results of one call the first counts (DeduplicatesToolResults)", "[canonical]") {
  History history;
  history.add(Role::assistant, {call("1")});
  history.add(Role::user, {history.result("1", {text("first")}), history.result("1", {text("second")})});
  CHECK(history.normal() == "assistant: call-1; user: result-1[ first ] [tool result] second");
}

TEST_CASE("normal form: what stands between a call and its result comes after it", "[canonical]") {
  History history;
  history.add(Role::assistant, {call("1")}).add(Role::system, {text("s")});
  history.add(Role::user, {history.result("1", {text("out")}), text("b")});
  CHECK(history.normal() == "assistant: call-1; user: result-1[ out ]; system: s; user: b");
}

TEST_CASE("normal form: calls of several messages of the assistant's are answered together", "[canonical]") {
  History history;
  history.add(Role::assistant, {call("1")}).add(Role::assistant, {call("2")});
  history.add(Role::user, {history.result("2", {text("b")})}).add(Role::user, {history.result("1", {text("a")})});
  CHECK(history.normal() == "assistant: call-1 call-2; user: result-1[ a ] result-2[ b ]");
}

TEST_CASE("normal form: ids that stand twice are told apart, with their results", "[canonical]") {
  History history;
  history.add(Role::assistant, {call("c"), call("c"), call("c_2")});
  history.add(Role::user,
              {history.result("c", {text("x")}), history.result("c_2", {text("z")}), history.result("c", {text("y")})});
  history.add(Role::assistant, {call("c")}).add(Role::user, {history.result("c", {text("w")})});
  CHECK(history.normal() ==
        "assistant: call-c call-c_3 call-c_2; user: result-c[ x ] result-c_3[ y ] result-c_2[ z ]; "
        "assistant: call-c_4; user: result-c_4[ w ]");
}

TEST_CASE("normal form: a result in the assistant's own message becomes text, a call in another's goes",
          "[canonical]") {
  History history;
  history.add(Role::assistant, {call("1"), history.result("1", {text("x")})}).add(Role::user, {text("u"), call("2")});
  CHECK(history.normal() == "assistant: call-1 [tool result] x; user: " + std::string(missing) + " u");
  CHECK(history.losses.joined() == "messages.tool_use;messages.tool_result");
}

TEST_CASE("normal form: the mark for caching stays with the last block of what an orphan became", "[canonical]") {
  History history;
  Block orphan = history.result("9", {text("a"), text("b")});
  orphan.cache_control = R"({"type":"ephemeral"})";
  history.add(Role::user, {orphan});
  CHECK(history.normal() == "user: [tool result] a b*");
}

TEST_CASE("normal form: many calls with one id take no longer than many calls", "[canonical]") {
  History history;
  std::vector<Block> calls(50'000, call("same"));
  std::vector<Block> results(50'000, history.result("same", {text("r")}));
  history.add(Role::assistant, calls).add(Role::user, results);
  const std::string shown = history.normal();
  CHECK(shown.find("call-same_50000;") != shown.npos);
  CHECK(shown.find("result-same_50000[ r ]") != shown.npos);
  CHECK(history.losses.empty());
}
