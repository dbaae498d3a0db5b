// docs/translation.md is what the code does, and nothing is lost there without a word.
#include "loss_table.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "source_tree.h"

using namespace signalbox::native;

namespace {

// The rows of the table, each with its dialect: "anthropic: metadata.user_id".
std::set<std::string> rows_with(const std::string& page, std::string_view word) {
  std::istringstream lines(page);
  std::set<std::string> found;
  std::string dialect;
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, 3, "## ") == 0) dialect.clear();
    if (line.compare(0, 9, "## From `") == 0) dialect = line.substr(9, line.size() - 10);
    if (line.compare(0, 17, "## Answers from `") == 0) dialect = line.substr(17, line.size() - 18);
    if (dialect.empty() || line.compare(0, 2, "| ") != 0) continue;
    if (line.find(word) != line.npos) found.insert(dialect + ": " + line.substr(2, line.find(" |", 2) - 2));
  }
  return found;
}

}  // namespace

TEST_CASE("loss table: docs/translation.md is what the code says of itself") {
  std::ifstream file(SIGNALBOX_ROOT "/docs/translation.md");
  std::ostringstream text;
  text << file.rdbuf();
  INFO("signalbox transform --table > docs/translation.md");
  CHECK(text.str() == loss_table());
}

TEST_CASE("loss table: what nobody has said is filled in for the dialect that wants it") {
  CHECK(rows_with(loss_table(), "| filled in |") ==
        std::set<std::string>{"gemini: maxOutputTokens (absent)", "openai_chat: max_tokens (absent)",
                              "openai_responses: max_output_tokens (absent)"});
}

TEST_CASE("loss table: what is neither carried nor named says nothing") {
  // Hints for caches and about who asks, what holds anyway, and what stands in the address; a search for tools, of which
  // all go at once; and thinking that need not be shown, where it is the client's to hide. Whatever else comes here is
  // lost in silence.
  const std::set<std::string> silent = rows_with(loss_table(), "| no effect |");
  const std::set<std::string> expected = {
      "anthropic: cache_control of a block",
      "anthropic: metadata.user_id",
      "anthropic: service_tier",
      "anthropic: stream",
      "anthropic: thinking.display: omitted",
      "anthropic: tools: tool_search",
      "anthropic: tools[].cache_control",
      "anthropic: tools[].defer_loading",
      "openai_chat: prompt_cache_key",
      "openai_chat: stream",
      "openai_chat: user",
      "openai_responses: include",
      "openai_responses: prompt_cache_key",
      "openai_responses: reasoning.summary: none",
      "openai_responses: safety_identifier",
      "openai_responses: stream",
      "openai_responses: truncation",
  };
  CHECK(silent == expected);
}

TEST_CASE("loss table: what of an answer is neither carried nor named says nothing of what the model said") {
  // Parts of sums that are carried, names that answers get anew, what tells of the upstream, and which stop sequence it
  // was where a dialect does not say that of any. Whatever else comes here is lost in silence.
  const std::set<std::string> expected = {
      "anthropic: container",
      "anthropic: id",
      "anthropic: stop_sequence",
      "anthropic: usage.cache_creation (by its lifetime)",
      "anthropic: usage.server_tool_use",
      "anthropic: usage.service_tier",
      "gemini: avgLogprobs",
      "gemini: promptTokensDetails (by modality)",
      "gemini: responseId",
      "gemini: safetyRatings",
      "openai_chat: id",
      "openai_chat: matched_stop (SGLang, vLLM)",
      "openai_chat: service_tier",
      "openai_chat: system_fingerprint",
      "openai_chat: usage: audio_tokens, accepted_prediction_tokens",
      "openai_chat: usage: cache_write_tokens",
      "openai_responses: id",
      "openai_responses: service_tier",
      "openai_responses: usage: cache_write_tokens",
  };
  CHECK(rows_with(loss_table(), "| left out |") == expected);
}

TEST_CASE("loss table: an answer is lost or kept alike, whole and streamed") {
  CHECK(rows_with(loss_table(), "; streamed: ").empty());
}
