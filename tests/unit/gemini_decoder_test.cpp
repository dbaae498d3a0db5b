// What tests/corpora/gemini_streams does not show of Gemini's answers: whole ones that are none, and bounds.
#include <catch2/catch.hpp>

#include <string>

#include "answer_player.h"
#include "dialects/gemini/decoder.h"
#include "dialects/gemini/gemini.h"

using namespace signalbox;
using namespace signalbox::testing;

namespace {

const Play play{dialects::gemini_row};

std::string whole(std::string_view body) { return play.whole(body).deltas; }

}  // namespace

TEST_CASE("gemini decoder: a whole answer that is none is a failure that may be tried again") {
  CHECK(whole("").rfind("failed upstream_empty", 0) == 0);
  CHECK(whole(" \r\n").rfind("failed upstream_empty", 0) == 0);
  for (const char* body : {"<html>", "{", "{}{}", "{\"candidates\":[]}", "{\"candidates\":null}", "{}", "[]", "[{}",
                           "[{\"candidates\":[{\"finishReason\":\"STOP\"}]}", "[1]", "null", "\"text\"",
                           R"({"usageMetadata":{"promptTokenCount":3}})", R"({"promptFeedback":{}})"}) {
    INFO(body);
    CHECK(whole(body).rfind("failed upstream_broken", 0) == 0);
  }
}

TEST_CASE("gemini decoder: words that say it broke leave no content behind") {
  CHECK(whole(R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"MALFORMED_FUNCTION_CALL"}]})") ==
        "failed upstream_error: The upstream broke off its answer: MALFORMED_FUNCTION_CALL\n");
}

TEST_CASE("gemini decoder: errors are read wherever they stand") {
  const std::string error = R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})";
  CHECK(whole(error) == "failed upstream_overloaded: The model is overloaded.\n");
  CHECK(whole("[" + error + "]") == "failed upstream_overloaded: The model is overloaded.\n");
  CHECK(play.stream("data: " + error + "\r\n\r\n").deltas == "failed upstream_overloaded: The model is overloaded.\n");
}

TEST_CASE("gemini decoder: a whole answer may leave its reason out, and that is named") {
  const Played played = play.whole(R"({"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]})");
  CHECK(played.deltas == "begin \ntext \"Hi\"\nstopped end_turn\nend\n");
  CHECK(played.losses.joined() == "finish_reason");
}

TEST_CASE("gemini decoder: more parts than any answer has are a failure") {
  std::string parts;
  for (int i = 0; i < 5000; ++i) parts += i == 0 ? "{}" : ",{}";
  CHECK(whole("{\"candidates\":[{\"content\":{\"parts\":[" + parts + "]},\"finishReason\":\"STOP\"}]}")
            .find("failed upstream_broken: The answer has too many parts.") != std::string::npos);
}

TEST_CASE("gemini decoder: huge counts stay counts") {
  CHECK(whole(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9223372036854775807,)"
              R"("toolUsePromptTokenCount":9223372036854775807,"candidatesTokenCount":1}})")
            .find("usage input 18014398509481984 output 1") != std::string::npos);
}

TEST_CASE("gemini decoder: it may end once it has said why, and not before") {
  const LaneFlags flags{};
  canonical::ToolNames names;
  canonical::Losses losses;
  canonical::Deltas out;
  const auto decoder = dialects::gemini::make_decoder({flags, names, losses});
  const auto feed = [&](std::string_view data) {
    sse::Frame frame;
    frame.data = data;
    frame.has_data = true;
    decoder->feed(frame, out);
    out.clear();
  };
  feed(R"({"candidates":[{"content":{"parts":[{"text":"x"}]}}]})");
  CHECK_FALSE(decoder->may_end());
  feed(R"({"candidates":[{"finishReason":"STOP"}]})");
  CHECK(decoder->may_end());
  decoder->finish(out);
  CHECK_FALSE(decoder->may_end());
  CHECK(std::holds_alternative<canonical::AnswerEnd>(out.items().back()));
}
