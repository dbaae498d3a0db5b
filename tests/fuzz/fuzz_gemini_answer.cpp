// Answers of Gemini upstreams on their way to clients of Gemini, Anthropic and Chat. Bytes choose chunks of parts, in
// any order and with anything a server might say: deltas come in order, no client's stream breaks a rule, both forms
// say the same, and no cut of the bytes changes it. The same chunks as a list, which a whole answer may be, say what
// the stream says.
#include <cstdint>
#include <string>
#include <vector>

#include "answer_player.h"
#include "anthropic_stream_checker.h"
#include "bytes.h"
#include "chat_answer.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/gemini/gemini.h"
#include "dialects/openai_chat/openai_chat.h"
#include "gemini_answer.h"
#include "require.h"

using namespace signalbox;
using namespace signalbox::testing;
using canonical::Form;
using dialects::gemini_row;

namespace {

const char* const texts[] = {"a", "b\\n", " ", "", "\\ud83d", "\\ude00", "\xc3\xa9", "\\\"", "thought"};
const char* const signatures[] = {"", ",\"thoughtSignature\":\"QUJD\"", ",\"thoughtSignature\":\"AA==\"",
                                  ",\"thoughtSignature\":\"\"", ",\"thoughtSignature\":7"};
const char* const names[] = {"Bash", "Read", "Bash", "", "x y"};
const char* const ids[] = {"", ",\"id\":\"a\"", ",\"id\":\"b\"", ",\"id\":null", ",\"id\":\"functions.B:0\""};
const char* const args[] = {"",
                            ",\"args\":{}",
                            ",\"args\":{\"x\":1}",
                            ",\"args\":{\"x\":\"\\\"}{\\u20ac\"}",
                            ",\"args\":{ \"x\" : [1.50e3, null] }",
                            ",\"args\":null",
                            ",\"args\":\"{\\\"x\\\":1}\"",
                            ",\"args\":[1]",
                            ",\"args\":\"{\"",
                            ",\"willContinue\":true"};
const char* const words[] = {"STOP", "MAX_TOKENS", "SAFETY", "OTHER", "MALFORMED_FUNCTION_CALL", "", "WHAT", "STOP"};
const char* const oddities[] = {"{}", "null", "1", "{\"inlineData\":{\"data\":\"AA\"}}", "{\"text\":5}", "[]"};
const char* const groundings[] = {
    "{}", "{\"webSearchQueries\":[\"q\",\"r\"]}", "{\"groundingChunks\":[{\"web\":{\"uri\":\"u\",\"title\":\"t\"}},1]}",
    "{\"webSearchQueries\":[\"q\",7,\"\"],\"groundingChunks\":[{\"web\":{\"uri\":\"u\"}}]}"};

std::string any_part(Bytes& bytes) {
  switch (bytes.below(8)) {
    case 0:
    case 1: return "{\"text\":\"" + bytes.any(texts) + "\"" + bytes.any(signatures) + "}";
    case 2:
    case 3: return "{\"text\":\"" + bytes.any(texts) + "\",\"thought\":true" + bytes.any(signatures) + "}";
    case 4: return bytes.any(oddities);
    default: {
      // A name first, so that what follows it can be left out.
      const std::string name = bytes.any(names), id = bytes.any(ids), call = bytes.any(args);
      return "{\"functionCall\":{\"name\":\"" + name + "\"" + id + call + "}" + bytes.any(signatures) + "}";
    }
  }
}

std::string any_chunk(Bytes& bytes) {
  switch (bytes.below(12)) {
    case 0: return "{\"candidates\":[{\"finishReason\":\"" + bytes.any(words) + "\"}]}";
    case 1:
      return "{\"usageMetadata\":{\"promptTokenCount\":" + std::to_string(bytes.next()) +
             ",\"cachedContentTokenCount\":" + std::to_string(bytes.next()) + ",\"candidatesTokenCount\":2}}";
    case 2: return "{\"candidates\":[{\"groundingMetadata\":" + bytes.any(groundings) + "}]}";
    case 3: return "{\"candidates\":[{\"index\":1,\"content\":{\"parts\":[{\"text\":\"other\"}]}}]}";
    case 4:
      if (bytes.below(8) == 0) return "{\"error\":{\"code\":503,\"message\":\"m\",\"status\":\"UNAVAILABLE\"}}";
      if (bytes.below(8) == 0) return "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}";
      return "{}";
    default: {
      std::string parts = any_part(bytes);
      for (unsigned more = bytes.below(3); more > 0; --more) parts += "," + any_part(bytes);
      return "{\"candidates\":[{\"content\":{\"parts\":[" + parts + "]}}],\"responseId\":\"r\"}";
    }
  }
}

void check_clients(const std::string& stream, const Played& streamed, size_t bytes_max) {
  Play to_gemini{gemini_row, &gemini_row};
  to_gemini.arguments_bytes_max = bytes_max;
  const GeminiAnswer answer = gemini_answer_of_stream(to_gemini.stream(stream).bytes);
  require(answer.wrong.empty());
  require(answer.error.empty() != failed(streamed.deltas));
  to_gemini.form = Form::whole;
  const Played whole = to_gemini.stream(stream);
  if (!answer.error.empty()) {
    require(whole.bytes.empty());
  } else {
    const GeminiAnswer other = gemini_answer_of_whole(whole.bytes);
    require(other.wrong.empty());
    require(other == answer);
  }
  const AnthropicAnswer messages = check_anthropic_stream(streamed.bytes);
  require(messages.problems.empty());
  require(messages.failed == failed(streamed.deltas));
  Play to_chat{gemini_row, &dialects::openai_chat_row};
  to_chat.arguments_bytes_max = bytes_max;
  require(chat_answer_of_stream(to_chat.stream(stream).bytes).wrong.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 2000) return 0;
  Bytes bytes(data, size);
  const unsigned step = 1 + bytes.next();
  Play play{gemini_row, &dialects::anthropic_row};
  if (step % 8 == 0) play.arguments_bytes_max = 1000;
  std::string stream, list = "[";
  while (!bytes.empty()) {
    const std::string chunk = any_chunk(bytes);
    stream += "data: " + chunk + "\r\n\r\n";
    list += (list.size() == 1 ? "" : ",\n") + chunk;
  }
  const Played streamed = play.stream(stream);
  require(streamed.deltas.find("WRONG") == std::string::npos);
  check_clients(stream, streamed, play.arguments_bytes_max);
  std::vector<size_t> cuts;
  for (size_t at = step; at < stream.size(); at += step) cuts.push_back(at);
  const Played cut = play.stream(stream, cuts);
  require(cut.deltas == streamed.deltas && cut.bytes == streamed.bytes);
  // A list is whole, so that it may leave out why it ended.
  const Played whole = play.whole(list + "]");
  require(whole.deltas == streamed.deltas || streamed.deltas.find("failed upstream_cut") != std::string::npos);
  return 0;
}
