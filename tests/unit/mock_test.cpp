// The built-in mock: says what it is, and never runs anything unasked.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "mock/mock.h"
#include "sse/frame_reader.h"

using namespace signalbox;
using mock::Form;
using nlohmann::json;

namespace {

constexpr auto with_tool =
    R"({"model":"m","tools":[{"name":"Bash","input_schema":{}}],"messages":[{"role":"user","content":[{"type":"text","text":"<x>"},{"type":"text","text":"mock: call Bash {\"command\":\"echo }\"} please"}]}]})";

json whole(const std::string& body) { return json::parse(mock::answer(body, Form::whole, "m", "msg_1").bytes); }

// The stream's events, assembled into a message as an SDK would.
json assembled(const std::string& body) {
  const std::string bytes = mock::answer(body, Form::streamed, "m", "msg_1").bytes;
  sse::FrameReader reader(1 << 20);
  reader.feed(bytes);
  sse::Frame frame;
  json message;
  std::string input;
  while (reader.next(frame)) {
    const json data = json::parse(frame.data);
    REQUIRE(data["type"] == std::string(frame.event));
    if (frame.event == "message_start") message = data["message"];
    if (frame.event == "content_block_start") message["content"].push_back(data["content_block"]);
    if (frame.event == "content_block_delta") {
      auto& block = message["content"].back();
      if (data["delta"]["type"] == "text_delta")
        block["text"] = block["text"].get<std::string>() + data["delta"]["text"].get<std::string>();
      else input += data["delta"]["partial_json"].get<std::string>();
    }
    if (frame.event == "message_delta") {
      message["stop_reason"] = data["delta"]["stop_reason"];
      message["usage"] = data["usage"];
    }
  }
  if (!input.empty()) message["content"].back()["input"] = json::parse(input);
  return message;
}

}  // namespace

TEST_CASE("mock: plain prompts get text that says it is the mock", "[mock]") {
  const json answer = whole(R"({"model":"m","messages":[{"role":"user","content":"hello"}]})");
  CHECK(answer["stop_reason"] == "end_turn");
  CHECK(answer["content"][0]["text"].get<std::string>().find("mock provider") != std::string::npos);
  CHECK(answer["usage"]["input_tokens"].get<int>() > 0);
}

TEST_CASE("mock: a tool is called when asked for, and only when declared", "[mock]") {
  const json answer = whole(with_tool);
  CHECK(answer["stop_reason"] == "tool_use");
  CHECK(answer["content"][0]["name"] == "Bash");
  CHECK(answer["content"][0]["input"]["command"] == "echo }");
  const json undeclared =
      whole(R"({"model":"m","messages":[{"role":"user","content":"mock: call Bash {\"command\":\"x\"}"}]})");
  CHECK(undeclared["stop_reason"] == "end_turn");
}

TEST_CASE("mock: the tool's result ends the call", "[mock]") {
  const json answer = whole(
      R"({"model":"m","tools":[{"name":"Bash"}],"messages":[{"role":"user","content":"mock: call Bash {}"},{"role":"assistant","content":[]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"mock: call Bash {}"}]}]})");
  CHECK(answer["stop_reason"] == "end_turn");
}

TEST_CASE("mock: a system message behind the user's changes nothing", "[mock]") {
  const std::string tail = R"(,{"role":"system","content":"# Environment"}]})";
  auto with = [&](std::string body) { return whole(body.substr(0, body.size() - 2) + tail); };
  CHECK(with(with_tool)["stop_reason"] == "tool_use");
  CHECK(
      with(R"({"model":"m","tools":[{"name":"Bash"}],"messages":[{"role":"user","content":"mock: call Bash {}"},)"
           R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"ok"}]}]})")["stop_reason"] ==
      "end_turn");
}

TEST_CASE("mock: whole and streamed say the same", "[mock]") {
  for (const std::string& body :
       {std::string(with_tool),
        std::string(R"({"model":"m","messages":[{"role":"user","content":"h\u00e9 \ud83d\ude00"}]})"),
        std::string(R"({"model":"m"})"), std::string(R"({"model":"m","messages":7})")})
    CHECK(assembled(body) == whole(body));
}
