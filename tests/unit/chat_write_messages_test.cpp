// What the messages of a request become on their way to an upstream that speaks Chat Completions.
#include <catch2/catch.hpp>

#include <string>

#include "chat_written.h"
#include "dialects/canonical/envelope.h"

using namespace signalbox;
using namespace signalbox::testing;

TEST_CASE("chat writer: system texts are one message, joined by a blank line", "[chat_writer]") {
  const std::string body = asking(
      R"(,"system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}])");
  CHECK(chat_of(body).messages() == R"([{"role":"system","content":"a\n\nb"},{"role":"user","content":"hi"}])");
  CHECK(chat_of(body, with([](LaneFlags& f) { f.system_role = SystemRole::developer; })).messages() ==
        R"([{"role":"developer","content":"a\n\nb"},{"role":"user","content":"hi"}])");
  CHECK(
      chat_of(body, with([](LaneFlags& f) { f.system_role = SystemRole::user; })).messages() ==
      R"([{"role":"user","content":"<system-reminder>\na\n\nb\n</system-reminder>"},{"role":"user","content":"hi"}])");
}

TEST_CASE("chat writer: cache_control goes on only where the lane takes it (no_cache_control_leak_to_openai)",
          "[chat_writer]") {
  const std::string body =
      R"({"model":"m","max_tokens":1,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],)"
      R"("tools":[{"name":"T","input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral"}}],)"
      R"("messages":[{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"T","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r","cache_control":{"type":"ephemeral"}}]}]})";
  CHECK(chat_of(body).body.find("cache_control") == std::string::npos);
  CHECK(chat_of(body).losses == "");
  const Chat kept = chat_of(body, with([](LaneFlags& f) { f.cache_control = true; }));
  CHECK(
      kept.messages() ==
      R"([{"role":"system","content":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}]},)"
      R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"T","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"t1","content":[{"type":"text","text":"r","cache_control":{"type":"ephemeral"}}]}])");
  CHECK(kept.member("tools") ==
        R"([{"type":"function","function":{"name":"T","parameters":{"type":"object","properties":{}}},)"
        R"("cache_control":{"type":"ephemeral"}}])");
}

TEST_CASE("chat writer: a leading billing line is left out of the prompt", "[chat_writer]") {
  const std::string body = asking(
      R"(,"system":[{"type":"text","text":"x-anthropic-billing-header: cch=1;"},{"type":"text","text":"x-anthropic-billing-header: second"}])");
  const LaneFlags strip = with([](LaneFlags& f) { f.strip_billing = true; });
  CHECK(chat_of(body, strip).messages() ==
        R"([{"role":"system","content":"x-anthropic-billing-header: second"},{"role":"user","content":"hi"}])");
  CHECK(chat_of(body).messages().find("cch=1") != std::string::npos);
  CHECK(chat_of(asking(R"(,"system":"x-anthropic-billing-header: cch=1;\nYou are")"), strip).messages() ==
        R"([{"role":"system","content":"You are"},{"role":"user","content":"hi"}])");
  CHECK(chat_of(asking(R"(,"system":"x-anthropic-billing-header: cch=1;")"), strip).messages() ==
        R"([{"role":"user","content":"hi"}])");
}

TEST_CASE("chat writer: a system message in the middle (ConvertsMessageSystemRoleToUserContent)", "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"a"},{"role":"system","content":"note"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
  CHECK(chat_of(body).messages() == R"([{"role":"user","content":"a"},{"role":"system","content":"note"},)"
                                    R"({"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
  LaneFlags flags = with([](LaneFlags& f) { f.system_anywhere = false; });
  CHECK(chat_of(body, flags).messages() ==
        R"([{"role":"user","content":"a"},{"role":"user","content":"<system-reminder>\nnote\n</system-reminder>"},)"
        R"({"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
  flags.strict_alternation = true;
  CHECK(chat_of(body, flags).messages() ==
        R"([{"role":"user","content":"a\n\n<system-reminder>\nnote\n</system-reminder>"},)"
        R"({"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
}

TEST_CASE("chat writer: strict alternation begins with the user and has no two of one role", "[chat_writer]") {
  const LaneFlags flags = with([](LaneFlags& f) {
    f.strict_alternation = true;
    f.system_role = SystemRole::user;
  });
  CHECK(chat_of(asking(R"(,"system":"s")"), flags).messages() ==
        R"([{"role":"user","content":"<system-reminder>\ns\n</system-reminder>\n\nhi"}])");
  CHECK(
      chat_of(saying(R"([{"role":"assistant","content":"a"},{"role":"user","content":"b"}])"), flags).messages() ==
      R"x([{"role":"user","content":"(the conversation begins here)"},{"role":"assistant","content":"a"},{"role":"user","content":"b"}])x");
}

TEST_CASE(
    "chat writer: results come before the text beside them (SHTUCodeProxy, MergesToolResultWithAdjacentUserContent)",
    "[chat_writer]") {
  const Chat chat = chat_of(saying(
      R"([{"role":"user","content":"go"},)"
      R"({"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"t1","name":"A","input":{"p":"x\n"}},)"
      R"({"type":"tool_use","id":"t2","name":"B","input":{}}]},)"
      R"({"role":"user","content":[{"type":"text","text":"and then"},)"
      R"({"type":"tool_result","tool_use_id":"t2","is_error":true,"content":"no"},)"
      R"({"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"l1"},{"type":"text","text":"l2"}]}]}])"));
  CHECK(chat.messages() == R"([{"role":"user","content":"go"},)"
                           R"({"role":"assistant","content":"I look.","tool_calls":[)"
                           R"({"id":"t1","type":"function","function":{"name":"A","arguments":"{\"p\":\"x\\n\"}"}},)"
                           R"({"id":"t2","type":"function","function":{"name":"B","arguments":"{}"}}]},)"
                           R"({"role":"tool","tool_call_id":"t1","content":"l1\nl2"},)"
                           R"({"role":"tool","tool_call_id":"t2","content":"[error] no"},)"
                           R"({"role":"user","content":"and then"}])");
  CHECK(chat.losses == "");
}

TEST_CASE("chat writer: text after a call joins the text before it (free-claude-code #206)", "[chat_writer]") {
  const Chat chat = chat_of(saying(
      R"([{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},)"
      R"({"type":"tool_use","id":"t1","name":"A","input":{}},{"type":"text","text":"c"}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}])"));
  CHECK(chat.messages() ==
        R"([{"role":"user","content":"go"},{"role":"assistant","content":"a\n\nb\n\nc","tool_calls":[)"
        R"({"id":"t1","type":"function","function":{"name":"A","arguments":"{}"}}]},)"
        R"({"role":"tool","tool_call_id":"t1","content":"ok"}])");
}

TEST_CASE("chat writer: images", "[chat_writer]") {
  const std::string body =
      saying(R"([{"role":"user","content":[{"type":"text","text":"see"},)"
             R"({"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}},)"
             R"({"type":"image","source":{"type":"url","url":"https://x/y.png"}}]}])");
  const Chat chat = chat_of(body);
  CHECK(chat.messages() == R"([{"role":"user","content":[{"type":"text","text":"see"},)"
                           R"({"type":"image_url","image_url":{"url":"data:image/jpeg;base64,AAAA"}},)"
                           R"({"type":"image_url","image_url":{"url":"https://x/y.png"}}]}])");
  CHECK(chat.losses == "");
  const Chat blind = chat_of(body, with([](LaneFlags& f) { f.vision = false; }));
  CHECK(
      blind.messages() ==
      R"([{"role":"user","content":"see\n\n[image omitted: model has no vision]\n\n[image omitted: model has no vision]"}])");
  CHECK(blind.losses == "messages.image");
}

TEST_CASE("chat writer: images in tool results follow all results of the batch (LightLLM #1407)", "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"A","input":{}},)"
      R"({"type":"tool_use","id":"t2","name":"A","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"one"},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]},)"
      R"({"type":"tool_result","tool_use_id":"t2","content":[)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"BB=="}}]},{"type":"text","text":"so?"}]}])");
  const std::string messages = chat_of(body).messages();
  CHECK(
      messages.substr(messages.find(R"({"role":"tool")")) ==
      R"({"role":"tool","tool_call_id":"t1","content":"one\n[image #1 below]"},)"
      R"({"role":"tool","tool_call_id":"t2","content":"[image #2 below]"},)"
      R"({"role":"user","content":[{"type":"text","text":"[image #1]"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},)"
      R"({"type":"text","text":"[image #2]"},{"type":"image_url","image_url":{"url":"data:image/png;base64,BB=="}},)"
      R"({"type":"text","text":"so?"}]}])");
  const Chat blind = chat_of(body, with([](LaneFlags& f) { f.vision = false; }));
  CHECK(blind.messages().find(R"("content":"one\n[image omitted: model has no vision]")") != std::string::npos);
  CHECK(blind.losses == "messages.image");
}

TEST_CASE("chat writer: documents", "[chat_writer]") {
  const std::string pdf = saying(
      R"([{"role":"user","content":[{"type":"document","title":"Plan","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}]}])");
  const Chat chat = chat_of(pdf, with([](LaneFlags& f) { f.documents = true; }));
  CHECK(
      chat.messages() ==
      R"([{"role":"user","content":[{"type":"file","file":{"filename":"Plan.pdf","file_data":"data:application/pdf;base64,JVBE"}}]}])");
  CHECK(chat.losses == "");
  CHECK(chat_of(pdf).messages() == R"([{"role":"user","content":"[document omitted: Plan]"}])");
  CHECK(chat_of(pdf).losses == "messages.document");
  const Chat text = chat_of(saying(
      R"([{"role":"user","content":[{"type":"document","title":"N","source":{"type":"text","media_type":"text/plain","data":"a\nb"}},)"
      R"({"type":"document","source":{"type":"content","content":[{"type":"text","text":"p"},{"type":"text","text":"q"}]}}]}])"));
  CHECK(
      text.messages() ==
      R"([{"role":"user","content":"<document title=\"N\">\na\nb\n</document>\n\n<document>\np\n\nq\n</document>"}])");
  CHECK(text.losses == "");
  CHECK(chat_of(
            saying(
                R"([{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://x/a.pdf"}}]}])"),
            with([](LaneFlags& f) { f.documents = true; }))
            .losses == "messages.document");
}

TEST_CASE("chat writer: ids that the target refuses become the same hash in call and result", "[chat_writer]") {
  const auto ids = [](const std::string& id, const LaneFlags& flags) {
    const std::string messages =
        chat_of(
            saying(R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":")" + id +
                   R"(","name":"T","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":")" +
                   id + R"(","content":"r"}]}])"),
            flags)
            .messages();
    const auto after = [&](std::string_view mark) {
      const size_t begin = messages.find(mark) + mark.size();
      return messages.substr(begin, messages.find('"', begin) - begin);
    };
    CHECK(after("\"id\":\"") == after("\"tool_call_id\":\""));
    return after("\"id\":\"");
  };
  CHECK(ids("toolu_01abcDEF", {}) == "toolu_01abcDEF");
  const std::string hashed = ids(std::string(41, 'x'), {});
  CHECK(hashed.size() == 29);
  CHECK(hashed.substr(0, 5) == "call_");
  const LaneFlags mistral = with([](LaneFlags& f) { f.tool_id_style = ToolIdStyle::mistral; });
  CHECK(ids("aB3dE6gH9", mistral) == "aB3dE6gH9");
  for (const char* id : {"toolu_01abcDEF", "abc", "ab_cdefgh"}) {
    const std::string nine = ids(id, mistral);
    CAPTURE(id, nine);
    CHECK(nine.size() == 9);
    CHECK(nine.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == nine.npos);
  }
  CHECK(ids("toolu_1", mistral) != ids("toolu_2", mistral));
}

TEST_CASE("chat writer: thinking goes, or goes back as reasoning_content where that is demanded", "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"},)"
      R"({"type":"text","text":"t"},{"type":"tool_use","id":"t1","name":"T","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r"}]},)"
      R"({"role":"assistant","content":"done"},{"role":"user","content":"b"}])");
  const Chat dropped = chat_of(body);
  CHECK(dropped.body.find("hm") == std::string::npos);
  CHECK(dropped.body.find("reasoning_content") == std::string::npos);
  CHECK(dropped.body.find("EqQB") == std::string::npos);
  CHECK(dropped.losses == "messages.thinking");
  const Chat kept = chat_of(body, with([](LaneFlags& f) { f.needs_reasoning_content = true; }));
  CHECK(kept.messages().find(R"({"role":"assistant","content":"t","reasoning_content":"hm","tool_calls")") !=
        std::string::npos);
  // cc-switch injects_placeholder_reasoning_content_when_missing
  CHECK(kept.messages().find(R"({"role":"assistant","content":"done","reasoning_content":" "})") != std::string::npos);
  CHECK(kept.body.find("EqQB") == std::string::npos);
  CHECK(kept.losses == "");
  const Chat renamed = chat_of(body, with([](LaneFlags& f) {
                                 f.needs_reasoning_content = true;
                                 f.reasoning_field = ReasoningField::reasoning;
                               }));
  CHECK(renamed.messages().find(R"({"role":"assistant","content":"t","reasoning":"hm","tool_calls")") !=
        std::string::npos);
}

TEST_CASE("chat writer: an assistant message of foreign thinking alone is left out", "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"redacted_thinking","data":"EqQB"}]},{"role":"user","content":"b"}])");
  CHECK(chat_of(body).messages() == R"([{"role":"user","content":"a"},{"role":"user","content":"b"}])");
  CHECK(chat_of(body).losses == "messages.redacted_thinking");
  CHECK(chat_of(body, with([](LaneFlags& f) { f.strict_alternation = true; })).messages() ==
        R"([{"role":"user","content":"a\n\nb"}])");
}

TEST_CASE("chat writer: something stands between results and the user's words where both may not meet",
          "[chat_writer]") {
  const std::string body = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"T","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r"},{"type":"text","text":"b"}]}])");
  CHECK(chat_of(body).messages().find(R"("content":"r"},{"role":"user","content":"b"})") != std::string::npos);
  const LaneFlags strict = with([](LaneFlags& f) { f.strict_alternation = true; });
  CHECK(
      chat_of(body, strict)
          .messages()
          .find(R"x("content":"r"},{"role":"assistant","content":"(results read)"},{"role":"user","content":"b"})x") !=
      std::string::npos);
}

TEST_CASE("chat writer: a last word of the assistant's is kept only by lanes that continue it", "[chat_writer]") {
  const std::string body = saying(R"([{"role":"user","content":"a"},{"role":"assistant","content":"{"}])");
  CHECK(chat_of(body).messages() == R"([{"role":"user","content":"a"}])");
  CHECK(chat_of(body).losses == "messages.prefill");
  const Chat kept = chat_of(body, with([](LaneFlags& f) { f.prefill = true; }));
  CHECK(kept.messages() == R"([{"role":"user","content":"a"},{"role":"assistant","content":"{"}])");
  CHECK(kept.losses == "");
}

TEST_CASE("chat writer: the same request is the same bytes, and a further turn leaves what was there",
          "[chat_writer]") {
  const std::string turns[] = {
      R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]})",
      R"(,{"role":"assistant","content":[{"type":"text","text":"b"},{"type":"tool_use","id":"a.1","name":"x.y","input":{}}]})"
      R"(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a.1","content":[{"type":"image","source":{"type":"url","url":"u"}}]},{"type":"text","text":"c"}]})",
      R"(,{"role":"assistant","content":"d"},{"role":"user","content":"e"})"};
  std::string messages, before;
  for (const std::string& turn : turns) {
    messages += turn;
    const std::string body =
        R"({"model":"m","max_tokens":9,"stream":true,"system":"s","tools":[{"name":"x.y","input_schema":{}}],"messages":[)" +
        messages + "]}";
    const std::string chat = chat_of(body).body;
    CHECK(chat == chat_of(body).body);
    REQUIRE(chat.substr(chat.size() - 2) == "]}");
    CHECK(chat.substr(0, before.size()) == before);
    before = chat.substr(0, chat.size() - 2);
  }
}

TEST_CASE("chat writer: a signature of Gemini's goes back beside its call to the lane that gave it") {
  const auto turn = [](std::string_view scope) {
    std::string envelope;
    canonical::append_envelope(envelope, {Dialect::gemini, scope, {"call:Eq+/1="}});
    return chat_of(saying(R"([{"role":"user","content":"a"},{"role":"assistant","content":[)"
                          R"({"type":"thinking","thinking":"hm","signature":")" +
                          envelope +
                          R"("},{"type":"tool_use","id":"c0","name":"A","input":{}},)"
                          R"({"type":"tool_use","id":"c1","name":"A","input":{}}]},{"role":"user","content":[)"
                          R"({"type":"tool_result","tool_use_id":"c0","content":"x"},)"
                          R"({"type":"tool_result","tool_use_id":"c1","content":"y"}]}])"));
  };
  const std::string function = R"("function":{"name":"A","arguments":"{}"})";
  const std::string second = R"({"id":"c1","type":"function",)" + function + "}]";
  const Chat own = turn("0a0b0c0d");
  CHECK(json::member(own.messages().substr(own.messages().find(R"({"role":"assistant")")), "tool_calls") ==
        R"([{"id":"c0","type":"function","extra_content":{"google":{"thought_signature":"Eq+/1="}},)" + function +
            "}," + second);
  CHECK(own.losses.empty());
  const Chat other = turn("0a1b2c3d");
  CHECK(other.messages().find("extra_content") == std::string::npos);
  CHECK(other.losses == "messages.thinking");
}
