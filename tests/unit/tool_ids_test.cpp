// Ids of calls over the turns of one conversation.
#include "dialects/canonical/tool_ids.h"

#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/openai_chat/openai_chat.h"

using namespace signalbox;
using namespace signalbox::canonical;

namespace {

const std::string history =
    R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"},)"
    R"({"role":"assistant","content":[{"type":"tool_use","id":"call_0","name":"a","input":{}}]},)"
    R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call_0","content":"r"}]}]})";

ToolIds ids_of(const std::string& body) {
  Arena arena;
  Losses losses;
  const ReadResult read = dialects::anthropic_row.read_request(body, arena, losses);
  REQUIRE_FALSE(read.fault);
  return ToolIds(read.request);  // the request goes with its arena
}

// What a client of `row` gets for calls with the ids `ids`.
std::string answer(const dialects::DialectRow& row, Form form, const ToolIds* before,
                   std::initializer_list<std::string_view> ids) {
  Losses losses;
  EncodeContext context{
      .model = "m", .request_id = "req_0123456789abcdef", .scope = {}, .losses = losses, .ids_before = before};
  const auto encoder = row.make_encoder(context, form);
  std::string out;
  encoder->encode(AnswerBegin{}, out);
  for (std::string_view id : ids) {
    encoder->encode(BlockBegin{BlockKind::tool_call, id, "a"}, out);
    encoder->encode(BlockEnd{}, out);
  }
  encoder->encode(Stopped{StopReason::tool_use, {}}, out);
  encoder->encode(AnswerEnd{}, out);
  return out;
}

}  // namespace

TEST_CASE("tool ids: those of the history are known when the request is gone, and no others") {
  const ToolIds ids = ids_of(history);
  CHECK(ids.has("call_0"));
  CHECK_FALSE(ids.has("call_1"));
  CHECK_FALSE(ids.has(""));
  CHECK_FALSE(ToolIds().has("call_0"));
}

TEST_CASE(
    "tool ids: a call that is counted anew in each answer gets an id of its own (Anthropic: ids must be unique)") {
  const ToolIds ids = ids_of(history);
  for (const dialects::DialectRow* row : {&dialects::anthropic_row, &dialects::openai_chat_row}) {
    for (const Form form : {Form::streamed, Form::whole}) {
      INFO(row->name);
      const std::string said = answer(*row, form, &ids, {"call_0", "call_1", "call_1"});
      CHECK(said.find("\"call_0\"") == said.npos);
      CHECK(said.find("\"call_1\"") != said.npos);
      CHECK(said.find("\"call_1\"") == said.rfind("\"call_1\""));
      // The same request has the same ids; without a history nothing is changed.
      CHECK(said == answer(*row, form, &ids, {"call_0", "call_1", "call_1"}));
      CHECK(answer(*row, form, nullptr, {"call_0"}).find("\"call_0\"") != said.npos);
    }
  }
}

TEST_CASE("tool ids: a history of more calls than anybody has costs bounded memory") {
  std::string body = R"({"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[)";
  for (size_t i = 0; i <= ToolIds::count_max; ++i)
    body += (i ? ",{" : "{") + std::string(R"("type":"tool_use","id":"c)") + std::to_string(i) +
            R"(","name":"a","input":{}})";
  const ToolIds ids = ids_of(body + "]}]}");
  CHECK(ids.has("c0"));
  CHECK(ids.has("c" + std::to_string(ToolIds::count_max - 1)));
  CHECK_FALSE(ids.has("c" + std::to_string(ToolIds::count_max)));
}
