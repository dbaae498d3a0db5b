// The rules of translation.md section 11.2 about calls that come in pieces, and section 4's about their
// arguments.
#include "dialects/canonical/block_sequencer.h"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <utility>

#include "json/writer.h"

using namespace signalbox;
using namespace signalbox::canonical;

namespace {

// A sequencer and what it has said, one word a delta:
//   text( a b )      two fragments        call[id name]( ... )        thinking( x )
struct Sequence {
  explicit Sequence(bool repair = false, size_t bytes_max = 1 << 20) {
    flags.repair_tool_json = repair;
    DecodeContext context{flags, names, losses};
    context.arguments_bytes_max = bytes_max;
    blocks.emplace(context);
  }

  Sequence& text(const char* piece, BlockKind kind = BlockKind::text) {
    blocks->text(kind, {piece}, deltas);
    return take();
  }
  Sequence& call(int64_t index, const char* id, const char* name, std::string_view arguments) {
    std::string escaped;
    json::escape(arguments, escaped);
    return raw_call(index, id, name, escaped);
  }
  Sequence& raw_call(int64_t index, const char* id, const char* name, std::string escaped) {
    blocks->call(index, id, name, {escaped}, deltas);
    take();
    escaped.assign(escaped.size(), '#');  // nothing may look at it any more
    return *this;
  }
  Sequence& state(const char* state) {
    blocks->state({Dialect::gemini, {}, {state}}, deltas);
    return take();
  }
  Sequence& search(const char* query) {
    blocks->search({"ws_1", {query}, "[]"}, deltas);
    return take();
  }
  std::string close(Ending ending = Ending::complete) {
    fault = blocks->close(ending, deltas);
    take();
    return said;
  }

  // Reads the deltas at once, and only then lets go of them.
  Sequence& take() {
    for (const Delta& delta : deltas.items()) {
      if (auto* begin = std::get_if<BlockBegin>(&delta)) {
        if (begin->kind == BlockKind::tool_call) {
          said += "call[" + std::string(begin->tool_id) + " " + std::string(begin->tool_name) + "](";
        } else {
          said += begin->kind == BlockKind::text       ? "text("
                  : begin->kind == BlockKind::thinking ? "thinking("
                  : begin->kind == BlockKind::refusal  ? "refusal("
                                                       : "redacted(";
        }
      } else if (auto* fragment = std::get_if<Fragment>(&delta)) {
        std::string plain;
        if (raw) plain = fragment->text.inside;
        else json::unescape(fragment->text, plain);
        said += " " + plain;
      } else if (auto* end = std::get_if<BlockEnd>(&delta)) {
        if (!end->from.state.empty()) said += " =" + std::string(end->from.state.inside);
        said += " ) ";
      } else if (auto* search = std::get_if<WebSearch>(&delta)) {
        said += "search[" + std::string(search->id) + " " + std::string(search->query.inside) + "] ";
      }
    }
    deltas.clear();
    return *this;
  }

  LaneFlags flags;
  ToolNames names;
  Losses losses;
  Deltas deltas;
  std::optional<BlockSequencer> blocks;
  std::string said;
  Fault fault;
  bool raw = false;
};

}  // namespace

TEST_CASE("blocks: the drawing of the header") {
  Sequence s;
  s.text("a").call(0, "c0", "Bash", R"({"x)").call(1, "c1", "Read", R"({"y")");
  CHECK(s.said == R"(text( a ) call[c0 Bash]( {"x)");
  s.call(0, "", "", R"(":1})");
  CHECK(s.said == R"(text( a ) call[c0 Bash]( {"x ":1} ) call[c1 Read]( {"y")");
  s.text("b");
  CHECK(s.close() != "");
  CHECK(s.fault.kind == FaultKind::upstream_broken);  // the second call was cut
}

TEST_CASE("blocks: parallel calls interleaved by index are two blocks in order (KBR-226)") {
  Sequence s;
  s.call(0, "a", "Bash", "{").call(1, "b", "Read", "{").call(0, "", "", R"("x":)").call(1, "", "", R"("y":2)");
  s.call(1, "", "", "}").call(0, "", "", "1}");
  CHECK(s.close() == R"(call[a Bash]( { "x": 1} ) call[b Read]( {"y":2} ) )");
  CHECK_FALSE(s.fault);
  CHECK(s.blocks->any_call());
}

TEST_CASE("blocks: calls that follow each other are both streamed live") {
  Sequence s;
  s.call(0, "a", "Bash", "{}").call(1, "b", "Read", "{").call(1, "", "", "}");
  CHECK(s.said == "call[a Bash]( {} ) call[b Read]( { }");
}

TEST_CASE("blocks: text behind a whole call opens a new text block, live") {
  Sequence s;
  s.call(0, "a", "Bash", "{}").text("then").text(" more");
  CHECK(s.said == "call[a Bash]( {} ) text( then  more");
}

TEST_CASE("blocks: text behind a call that is not whole is held") {
  Sequence s;
  s.call(0, "a", "Bash", "{").text("th").text("en").text("?", BlockKind::refusal).call(0, "", "", "}");
  CHECK(s.said == "call[a Bash]( { } ) text( then ) refusal( ?");
  CHECK(s.close() == "call[a Bash]( { } ) text( then ) refusal( ? ) ");
}

TEST_CASE("blocks: kinds of text make blocks of their own") {
  Sequence s;
  s.text("t", BlockKind::thinking).text("a").text("").text("b").text("u", BlockKind::thinking);
  CHECK(s.close() == "thinking( t ) text( a b ) thinking( u ) ");
}

TEST_CASE("blocks: the same index with a new id is a new call (ccNexus PR #89)") {
  Sequence s;
  s.call(0, "a", "Bash", R"({"x":1})").call(0, "b", "Read", R"({"y")").call(0, "b", "", ":2}");
  CHECK(s.close() == R"(call[a Bash]( {"x":1} ) call[b Read]( {"y" :2} ) )");
}

TEST_CASE("blocks: a new id for every piece is one call") {
  Sequence s;
  s.call(0, "a", "Bash", "{").call(0, "b", "", R"("x":1)").call(0, "c", "", "}").call(0, "d", "", "");
  CHECK(s.close() == R"(call[a Bash]( { "x":1 } ) )");
  CHECK(s.losses.empty());
}

TEST_CASE("blocks: a new name without ids is a new call, the same name repeated is not") {
  Sequence s;
  s.call(0, "", "Bash", "{").call(0, "", "Bash", "}").call(0, "", "Read", "{}").call(0, "", "Read", R"({"z":1})");
  CHECK(s.close() == R"(call[ Bash]( { } ) call[ Read]( {} ) call[ Read]( {"z":1} ) )");
}

TEST_CASE("blocks: cumulative snapshots give only what they add (SHTUCodeProxy)") {
  Sequence s;
  s.call(0, "a", "Bash", R"({"x)").call(0, "a", "Bash", R"({"x":1)").call(0, "a", "Bash", R"({"x":1})");
  s.call(0, "a", "Bash", R"({"x":1})");
  CHECK(s.close() == R"(call[a Bash]( {"x ":1 } ) )");
}

TEST_CASE("blocks: a nested object that begins as the one around it is no snapshot") {
  const char* const whole = R"(call[a Bash]( {"x": {"x":1}} ) )";
  const auto joined = [](std::string said) {  // without the blanks between fragments
    for (size_t at; (at = said.find("{\"x\": ")) != said.npos;) said.erase(at + 5, 1);
    return said;
  };
  Sequence s;
  s.call(0, "a", "Bash", R"({"x":)").call(0, "", "", R"({"x":1}})");
  CHECK(joined(s.close()) == joined(whole));
  Sequence later;
  later.call(0, "a", "Bash", R"({"x":)").call(0, "", "", R"({"x":)").call(0, "", "", "1}}");
  CHECK(joined(later.close()) == R"(call[a Bash]( {"x":{"x":1}} ) )");
  // The same beginning of one that repeats itself.
  Sequence snapshots;
  snapshots.call(0, "a", "Bash", R"({"x":)").call(0, "", "", R"({"x":1)").call(0, "", "", R"({"x":1})");
  CHECK(joined(snapshots.close()) == R"(call[a Bash]( {"x":1} ) )");
  Sequence last;
  last.call(0, "a", "Bash", R"({"x":)").call(0, "", "", R"({"x":1})");
  CHECK(joined(last.close()) == R"(call[a Bash]( {"x":1} ) )");
  // What pieces have shown themselves to be, they stay.
  Sequence added;
  added.call(0, "a", "Bash", "{").call(0, "", "", R"("x":)").call(0, "", "", R"({"x":1}})");
  CHECK(added.close() == R"(call[a Bash]( { "x": {"x":1}} ) )");
}

TEST_CASE("blocks: a snapshot of a call that has ended says nothing new") {
  Sequence s;
  s.call(0, "a", "Bash", R"({"x":1})")
      .call(1, "b", "Read", "{}")
      .call(0, "a", "Bash", R"({"x":1})")
      .call(0, "", "", " ");
  CHECK(s.close() == R"(call[a Bash]( {"x":1} ) call[b Read]( {} ) )");
  CHECK_FALSE(s.fault);
}

TEST_CASE("blocks: calls without an index are told apart by id, and by name") {
  Sequence s;
  s.call(-1, "a", "Bash", "{").call(-1, "b", "Read", "{").call(-1, "a", "", "}").call(-1, "b", "", "}");
  CHECK(s.close() == "call[a Bash]( { } ) call[b Read]( { } ) ");
  Sequence t;
  t.call(-1, "", "Bash", "{").call(-1, "", "", "}").call(-1, "", "Read", "{}");
  CHECK(t.close() == "call[ Bash]( { } ) call[ Read]( {} ) ");
}

TEST_CASE("blocks: a late name holds the call back, and all behind it") {
  Sequence s;
  s.call(0, "a", "", R"({"x")").text("t").call(0, "", "", ":1}");
  CHECK(s.said.empty());
  s.call(0, "", "Bash", "");
  CHECK(s.said == R"(call[a Bash]( {"x":1} ) text( t)");
}

TEST_CASE("blocks: an id that comes behind the name is waited for, but not behind arguments") {
  Sequence s;
  s.call(0, "", "Bash", "");
  CHECK(s.said.empty());
  s.call(0, "a", "", "");
  CHECK(s.said == "call[a Bash](");
  Sequence t;
  t.call(0, "", "Bash", "{").call(0, "late", "", "}");
  CHECK(t.close() == "call[ Bash]( { } ) ");
}

TEST_CASE("blocks: a missing id loses no call (CLIProxyAPI #3748)") {
  Sequence s;
  s.call(0, "", "Bash", "");
  CHECK(s.close() == "call[ Bash]( ) ");
}

TEST_CASE("blocks: a name that never comes is a fault with arguments, and nothing without") {
  Sequence s;
  s.call(0, "a", "", "{}");
  CHECK(s.close().empty());
  CHECK(s.fault.kind == FaultKind::upstream_broken);
  Sequence t;
  t.call(0, "", "", " ").text("t");
  CHECK(t.close() == "text( t ) ");
  CHECK_FALSE(t.fault);
  CHECK(t.losses.empty());
  Sequence u;
  u.call(0, "a", "", "");
  CHECK(u.close().empty());
  CHECK(u.losses.joined() == "tool_calls.name");
}

TEST_CASE("blocks: empty and blank arguments are none") {
  for (const char* arguments : {"", " \n\t", "\"\"", "\" \""}) {
    Sequence s;
    s.call(0, "a", "Bash", arguments);
    CHECK(s.close() == "call[a Bash]( ) ");
    CHECK_FALSE(s.fault);
  }
}

TEST_CASE("blocks: arguments stay exactly as they are: numbers, order, keys twice, blanks") {
  const std::string text = " {\"b\":1.10, \"a\":12345678901234567890,\n\"a\":1e400} ";
  Sequence s;
  for (const char c : text) s.call(0, "a", "Bash", std::string_view(&c, 1));
  s.close();
  std::string all;
  for (const char c : s.said) all += c;
  Sequence whole;
  whole.call(0, "a", "Bash", text);
  CHECK(whole.close() == "call[a Bash]( " + text + " ) ");
}

TEST_CASE("blocks: a JSON string that holds an object is decoded once") {
  Sequence s;
  s.call(0, "a", "Bash", R"("{\"x\":)").call(0, "", "", R"( \"\\n\"}")");
  CHECK(s.said == "call[a Bash](");
  CHECK(s.close() == R"(call[a Bash]( {"x": "\n"} ) )");
  Sequence twice;
  twice.call(0, "a", "Bash", R"("\"{}\"")");
  twice.close();
  CHECK(twice.fault.kind == FaultKind::upstream_broken);
}

TEST_CASE("blocks: arguments that are no object are a fault (cc-switch completed_function_call_invalid_arguments)") {
  for (const char* arguments :
       {"[1]", "1", "null", "\"x\"", "{\"x\":1,}", "{'x':1}", "{\"x\":", "{}{}", "{} x", "nonsense"}) {
    INFO(arguments);
    Sequence s;
    s.call(0, "a", "Bash", arguments);
    s.close();
    CHECK(s.fault.kind == FaultKind::upstream_broken);
  }
}

TEST_CASE("blocks: with repair_tool_json small faults are mended, and only those") {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"x":1})", R"({"x":1})"},
      {R"({"x":[1,2,],})", R"({"x":[1,2]})"},
      {R"({'x':'it is "so"'})", R"({"x":"it is \"so\""})"},
      {R"({'x':'it\'s'})", R"({"x":"it's"})"},
      {R"({"x":"a, }", )", R"({"x":"a, }" })"},
      {R"({"x":"cut)", R"({"x":"cut"})"},
      {R"({"x":"cut\)", R"({"x":"cut"})"},
      {R"({"x":"cut\u00)", R"({"x":"cut"})"},
      {R"({"x":[{"y":1)", R"({"x":[{"y":1}]})"},
      {R"({"x":1,"y)", R"({"x":1})"},
      {R"({"x":1,"y" )", R"({"x":1})"},
      {R"({"x":1,"y":)", R"({"x":1,"y":null})"},
      {R"({)", R"({})"},
      {R"("{'x':1}")", ""},
      {R"({"x":tru)", ""},
      {R"([1)", ""},
      {R"({x:1})", ""},
  };
  for (const auto& [arguments, mended] : cases) {
    INFO(arguments);
    Sequence s(true);
    s.call(0, "a", "Bash", arguments);
    CHECK((s.said == "call[a Bash]("));  // nothing live: it could not be taken back
    s.close();
    if (*mended) {
      CHECK(s.said == "call[a Bash]( " + std::string(mended) + " ) ");
      CHECK_FALSE(s.fault);
    } else {
      CHECK(s.fault.kind == FaultKind::upstream_broken);
    }
  }
}

TEST_CASE("blocks: arguments that the answer's end cut off are no fault and not repaired") {
  for (const bool repair : {false, true}) {
    Sequence s(repair);
    s.call(0, "a", "Bash", R"({"x":"y)");
    CHECK(s.close(Ending::truncated) == R"(call[a Bash]( {"x":"y ) )");
    CHECK_FALSE(s.fault);
  }
  Sequence t;
  t.call(0, "a", "", R"({"x":"y)").call(1, "b", "Read", "\"{");
  CHECK(t.close(Ending::truncated) == "call[b Read]( ) ");
  CHECK(t.losses.joined() == "tool_calls.name");
  CHECK_FALSE(t.fault);
}

TEST_CASE("blocks: what is held is bounded") {
  Sequence s(false, 1000);
  s.call(0, "a", "Bash", "{");
  for (int i = 0; i < 100; ++i) s.text("0123456789");
  CHECK(s.blocks->fault().kind == FaultKind::upstream_broken);
  Sequence t(false, 1000);
  for (int i = 0; i < 100; ++i) t.call(0, "a", "Bash", "0123456789");
  CHECK(t.blocks->fault().kind == FaultKind::upstream_broken);
  Sequence u;
  for (int i = 0; i < 2000; ++i) u.call(i, "a", "Bash", "{}");
  CHECK(u.blocks->fault().kind == FaultKind::upstream_broken);
  u.close();
  CHECK(u.fault);
}

TEST_CASE("blocks: a text of blanks only is none, and nothing comes of it (claude-code #23440)") {
  for (const BlockKind kind : {BlockKind::text, BlockKind::refusal, BlockKind::thinking}) {
    Sequence s;
    s.text("\\n\\n", kind).text(" ", kind).text("\\u0020\\t", kind);
    CHECK(s.said.empty());
    CHECK_FALSE(s.blocks->any_content());
    s.call(0, "a", "Bash", "{}").text("\\n", kind);
    CHECK(s.close() == "call[a Bash]( {} ) ");
  }
  // Of another kind, behind a call that is not whole, and alone.
  Sequence t;
  t.text("\\n").text("hm", BlockKind::thinking).text(" ").call(0, "a", "Bash", "{").text("\\n");
  t.call(1, "b", "Read", "{}").text("\\n").call(0, "", "", "}");
  CHECK(t.close() == "thinking( hm ) call[a Bash]( { } ) call[b Read]( {} ) ");
  Sequence alone;
  alone.text("\\n\\n");
  CHECK(alone.close().empty());
  CHECK_FALSE(alone.fault);
}

TEST_CASE("blocks: the blanks that a text begins with are a part of it, byte for byte") {
  Sequence s;
  s.raw = true;
  s.text(R"(\n)").text(R"(\u0020 )").text(R"( \ud83d)").text(R"(\ude00 )").text(R"(\n)");
  CHECK(s.close() == R"(text( \n\u0020    \ud83d\ude00  \n ) )");
  // Also those that waited behind a call.
  Sequence t;
  t.raw = true;
  t.raw_call(0, "a", "Bash", "{").text(R"(\n)").raw_call(0, "", "", "}").text(R"( b)");
  CHECK(t.close() == R"(call[a Bash]( { } ) text( \n  b ) )");
}

TEST_CASE("blocks: blanks that are held are bounded") {
  Sequence s(false, 1000);
  for (int i = 0; i < 300; ++i) s.text("    ");
  CHECK(s.blocks->fault().kind == FaultKind::upstream_broken);
}

TEST_CASE("blocks: an escaped pair cut between two pieces is one character") {
  Sequence s;
  s.raw = true;
  s.text(R"(a\ud83d)").text(R"(\ude00b)").text(R"(\\ud83d)").text(R"(\ud83d)");
  CHECK(s.close() == R"(text( a \ud83d\ude00b \\ud83d \ud83d ) )");
  Sequence t;
  t.raw = true;
  t.raw_call(0, "a", "Bash", R"({\"x\":\"\ud83d)").raw_call(0, "", "", R"(\ude00\"})");
  CHECK(t.close() == R"(call[a Bash]( {\"x\":\" \ud83d\ude00\"} ) )");
}

TEST_CASE("blocks: names come back as the client knows them") {
  Sequence s;
  const std::string asked(80, 'n');
  const std::string sent(s.names.sent(asked));
  REQUIRE(sent != asked);
  s.call(0, "a", sent.c_str(), "{}");
  CHECK(s.close() == "call[a " + asked + "]( {} ) ");
}

TEST_CASE("blocks: a state ends the reasoning that was said last, or is a block of its own") {
  CHECK(Sequence().text("hm", BlockKind::thinking).state("S").text("a").close() == "thinking( hm =S ) text( a ) ");
  CHECK(Sequence().text("a").state("S").close() == "text( a ) redacted( =S ) ");
  CHECK(Sequence().state("S").state("T").call(0, "c", "f", "{}").close() ==
        "redacted( =S ) redacted( =T ) call[c f]( {} ) ");
  CHECK(Sequence().text("hm", BlockKind::thinking).state("S").text("hm", BlockKind::thinking).close() ==
        "thinking( hm =S ) thinking( hm ) ");
}

TEST_CASE("blocks: states and searches wait behind a call that is not whole, with the reasoning they belong to") {
  CHECK(Sequence()
            .call(0, "c", "f", "{")
            .text("hm", BlockKind::thinking)
            .state("S")
            .search("q")
            .text("a")
            .call(0, "", "", "}")
            .close() == "call[c f]( { } ) thinking( hm =S ) search[ws_1 q] text( a ) ");
  CHECK(Sequence().call(0, "c", "f", "{").text("hm", BlockKind::thinking).state("S").close(Ending::truncated) ==
        "call[c f]( { ) thinking( hm =S ) ");
  CHECK(Sequence().text("a").search("q").text("b").close() == "text( a ) search[ws_1 q] text( b ) ");
}
