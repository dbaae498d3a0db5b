#include "gemini_answer.h"

#include "json/escaped.h"
#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::testing {
namespace {

std::string text(std::string_view object, std::string_view name) {
  return std::string(json::string_inside(json::member(object, name)));
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  for (const std::string_view candidate : words)
    if (candidate == word) return true;
  return false;
}

// Some clients read signatures as bytes, and throw at anything else.
bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  for (int i = 0; i < 2 && text.back() == '='; ++i) text.remove_suffix(1);
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
      return false;
  return true;
}

struct Reading {
  GeminiAnswer answer;
  bool began = false, finished = false;

  void wrong(const std::string& what, std::string_view chunk) {
    if (answer.wrong.empty()) answer.wrong = what + ": " + std::string(chunk);
  }

  void read_call(std::string_view call, GeminiAnswer::Part& part) {
    part.kind = "call";
    json::each_member(call, [&](std::string_view key, std::string_view value) {
      if (key == "id") part.id = json::string_inside(value);
      else if (key == "name") part.name = json::string_inside(value);
      else if (key == "args") part.text = value;
      else wrong("an unknown member of a call", call);
    });
    if (part.id.empty() || part.id.size() > 64) wrong("a call with a bad id", call);
    if (part.name.empty()) wrong("a call without a name", call);
    if (!json::is_whole_object(part.text)) wrong("a call whose args are no object", call);
    for (const auto& other : answer.parts)
      if (other.kind == "call" && other.id == part.id) wrong("an id that two calls have", call);
  }

  void read_part(std::string_view json) {
    GeminiAnswer::Part part;
    bool thought = false;
    size_t kinds = 0;
    json::each_member(json, [&](std::string_view key, std::string_view value) {
      if (key == "text") {
        ++kinds;
        part.kind = "text";
        part.text = json::string_inside(value);
      } else if (key == "functionCall") {
        ++kinds;
        read_call(value, part);
      } else if (key == "thought") {
        thought = value == "true";
      } else if (key == "thoughtSignature") {
        part.signature = json::string_inside(value);
        if (!is_base64(part.signature)) wrong("a signature that is no base64", json);
      } else {
        wrong("an unknown member of a part", json);
      }
    });
    if (kinds != 1) return wrong("a part that is not one thing", json);
    if (thought && part.kind != "text") wrong("a thought that is no text", json);
    if (thought) part.kind = "thought";
    if (part.kind == "call" || !part.signature.empty()) return answer.parts.push_back(part);
    if (part.text.empty()) return;
    const bool joins =
        !answer.parts.empty() && answer.parts.back().kind == part.kind && answer.parts.back().signature.empty();
    if (joins) answer.parts.back().text += part.text;
    else answer.parts.push_back(part);
  }

  void read_candidate(std::string_view candidate) {
    json::each_member(candidate, [&](std::string_view key, std::string_view value) {
      if (key == "content") {
        if (text(value, "role") != "model") wrong("a content that is not the model's", candidate);
        size_t count = 0;
        json::each_element(json::member(value, "parts"), [&](std::string_view part) {
          ++count;
          read_part(part);
        });
        // Clients throw the whole turn away.
        if (count == 0) wrong("a content without parts", candidate);
      } else if (key == "index") {
        if (value != "0") wrong("a candidate that is not the first", candidate);
      } else if (key == "finishReason") {
        finished = true;
        answer.finish_reason = json::string_inside(value);
      } else if (key == "groundingMetadata") {
        answer.grounding = value;
      } else {
        wrong("an unknown member of a candidate", candidate);
      }
    });
    if (json::member(candidate, "content").empty() || json::member(candidate, "index").empty())
      wrong("a candidate without content or index", candidate);
  }

  void read(std::string_view chunk) {
    if (finished || !answer.error.empty()) return wrong("something behind the end", chunk);
    if (!json::is_whole_object(chunk)) return wrong("no JSON object", chunk);
    if (!json::member(chunk, "error").empty()) {
      answer.error = json::member(chunk, "error");
      for (const char* name : {"code", "message", "status"})
        if (json::member(answer.error, name).empty()) wrong("an error that does not say all", chunk);
      return;
    }
    const std::string id = text(chunk, "responseId"), model = text(chunk, "modelVersion");
    if (id.empty() || model.empty()) wrong("no name", chunk);
    if (began && (id != answer.id || model != answer.model)) wrong("another name", chunk);
    began = true;
    answer.id = id;
    answer.model = model;
    size_t candidates = 0;
    json::each_member(chunk, [&](std::string_view key, std::string_view value) {
      if (key == "candidates") {
        json::each_element(value, [&](std::string_view candidate) {
          ++candidates;
          read_candidate(candidate);
        });
      } else if (key == "usageMetadata") {
        answer.usage = value;
      } else if (key != "modelVersion" && key != "responseId") {
        wrong("an unknown member", chunk);
      }
    });
    if (candidates != 1) wrong("not one candidate", chunk);
    if (finished == answer.usage.empty()) wrong("usage stands in the last chunk, and in no other", chunk);
  }

  int64_t count(const char* name) { return json::to_int64(json::member(answer.usage, name)).value_or(0); }

  void judge() {
    if (!answer.error.empty()) return;
    if (!is_one_of(answer.finish_reason, {"STOP", "MAX_TOKENS", "SAFETY"}))
      wrong("a finishReason that must not be", answer.finish_reason);
    if (json::member(answer.usage, "totalTokenCount").empty() ||
        count("totalTokenCount") !=
            count("promptTokenCount") + count("candidatesTokenCount") + count("thoughtsTokenCount"))
      wrong("usage whose figures do not sum up", answer.usage);
    if (count("cachedContentTokenCount") > count("promptTokenCount")) wrong("more cached than said", answer.usage);
  }
};

}  // namespace

GeminiAnswer gemini_answer_of_stream(std::string_view bytes) {
  Reading reading;
  while (!bytes.empty()) {
    const size_t line = bytes.find_first_of("\r\n");
    const std::string_view frame = bytes.substr(0, line);
    bytes.remove_prefix(line == bytes.npos ? bytes.size() : line);
    const size_t ends = bytes.substr(0, 4) == "\r\n\r\n" ? 4 : bytes.substr(0, 2) == "\n\n" ? 2 : 0;
    if (ends == 0 || frame.substr(0, 6) != "data: ") {
      reading.wrong("a frame that is no data line", frame);
      break;
    }
    bytes.remove_prefix(ends);
    reading.read(frame.substr(6));
    if (ends == 2 && reading.answer.error.empty()) reading.wrong("a frame that ends otherwise", frame);
  }
  if (reading.answer.error.empty() && !reading.finished) reading.wrong("no end", "");
  reading.judge();
  return reading.answer;
}

GeminiAnswer gemini_answer_of_whole(std::string_view body) {
  Reading reading;
  reading.read(body);
  if (!reading.finished) reading.wrong("no end", body);
  reading.judge();
  return reading.answer;
}

}  // namespace signalbox::testing
