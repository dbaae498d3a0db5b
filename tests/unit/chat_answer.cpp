#include "chat_answer.h"

#include "json/escaped.h"
#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::testing {
namespace {

std::string text(std::string_view object, std::string_view name) {
  return std::string(json::string_inside(json::member(object, name)));
}

bool is_null(std::string_view value) { return value.empty() || value == "null"; }

// Puts chunks together and notes the first thing that must not be.
struct Reading {
  ChatAnswer answer;
  bool began = false, finished = false, done = false;
  std::string head;

  void wrong(const std::string& what, std::string_view chunk) {
    if (answer.wrong.empty()) answer.wrong = what + ": " + std::string(chunk);
  }

  void read_call(std::string_view call) {
    const auto index = json::to_int64(json::member(call, "index"));
    const std::string_view function = json::member(call, "function");
    if (!index || *index < 0) return wrong("a call without an index", call);
    if (size_t(*index) == answer.calls.size()) {
      answer.calls.push_back({text(call, "id"), text(function, "name"), ""});
      const auto& begun = answer.calls.back();
      if (begun.id.empty() || begun.id.size() > 40) wrong("a call with a bad id", call);
      if (begun.name.empty()) wrong("a call without a name", call);
      if (text(call, "type") != "function") wrong("a call without its type", call);
      if (json::member(function, "arguments") != "\"\"") wrong("a call that begins with arguments", call);
      for (size_t i = 0; i + 1 < answer.calls.size(); ++i)
        if (answer.calls[i].id == begun.id) wrong("an id that two calls have", call);
    } else if (size_t(*index) + 1 == answer.calls.size()) {
      if (!json::member(call, "id").empty() || !json::member(function, "name").empty())
        wrong("a call that begins twice", call);
      if (text(function, "arguments").empty()) wrong("an empty piece of arguments", call);
      answer.calls.back().arguments += text(function, "arguments");
    } else {
      wrong("a piece of a call that is not the last", call);
    }
  }

  void read_delta(std::string_view delta, std::string_view chunk) {
    const bool first = !began;
    began = true;
    size_t members = 0;
    json::each_member(delta, [&](std::string_view key, std::string_view value) {
      ++members;
      if (key == "role") {
        if (!first || value != "\"assistant\"") wrong("a role that does not belong here", chunk);
      } else if (key == "content") {
        if (first != (value == "\"\"")) wrong("an empty content behind the first chunk", chunk);
        answer.content += json::string_inside(value);
      } else if (key == "reasoning_content") {
        answer.reasoning += json::string_inside(value);
      } else if (key == "refusal") {
        answer.refusal += json::string_inside(value);
      } else if (key == "tool_calls") {
        json::each_element(value, [&](std::string_view call) { read_call(call); });
      } else {
        wrong("an unknown member", chunk);
      }
    });
    if (first && members != 2) wrong("a first chunk that is not role and content", chunk);
  }

  void read(std::string_view chunk) {
    if (done || !answer.error.empty()) return wrong("something behind the end", chunk);
    if (chunk == "[DONE]") {
      done = true;
      if (!finished) wrong("a [DONE] without a finish", chunk);
      return;
    }
    if (!json::is_whole_object(chunk)) return wrong("no JSON object", chunk);
    if (!is_null(json::member(chunk, "error"))) {
      answer.error = json::member(chunk, "error");
      if (text(answer.error, "message").empty()) wrong("an error that says nothing", chunk);
      return;
    }
    const std::string own = text(chunk, "id") + "|" + std::string(json::member(chunk, "created")) + "|" +
                            text(chunk, "model") + "|" + text(chunk, "object");
    if (head.empty()) {
      head = own;
      answer.id = text(chunk, "id");
      answer.created = json::member(chunk, "created");
      answer.model = text(chunk, "model");
      if (answer.id.empty() || answer.model.empty() || !json::to_int64(answer.created)) wrong("no head", chunk);
      if (text(chunk, "object") != "chat.completion.chunk") wrong("a wrong object", chunk);
    } else if (own != head) {
      wrong("another head", chunk);
    }
    size_t choices = 0;
    json::each_element(json::member(chunk, "choices"), [&](std::string_view choice) {
      ++choices;
      if (json::member(choice, "index") != "0") wrong("a choice that is not the first", chunk);
      if (finished) wrong("a choice behind the finish", chunk);
      read_delta(json::member(choice, "delta"), chunk);
      const std::string_view reason = json::member(choice, "finish_reason");
      if (reason.empty()) wrong("a choice without finish_reason", chunk);
      if (is_null(reason)) return;
      finished = true;
      answer.finish_reason = json::string_inside(reason);
    });
    const std::string_view usage = json::member(chunk, "usage");
    if (json::member(chunk, "choices").empty()) wrong("no choices", chunk);
    if ((choices == 0) != !is_null(usage)) wrong("usage has a chunk of its own, and no other has it", chunk);
    if (is_null(usage)) return;
    if (!finished || !answer.usage.empty()) wrong("usage that comes too soon or twice", chunk);
    answer.usage = usage;
  }

  void judge() {
    for (const char* reason : {"stop", "length", "tool_calls", "content_filter"})
      if (answer.finish_reason == reason) {
        if ((answer.finish_reason == "tool_calls") && answer.calls.empty()) wrong("a finish for calls", "without any");
        if (answer.finish_reason == "length" || answer.finish_reason == "content_filter") return;
        for (const ChatAnswer::Call& call : answer.calls) {
          std::string plain;
          json::unescape(json::Escaped{call.arguments}, plain);
          if (!json::is_whole_object(plain)) wrong("arguments that are no object", call.arguments);
        }
        return;
      }
    wrong("a finish_reason that OpenAI does not have", answer.finish_reason);
  }
};

}  // namespace

ChatAnswer chat_answer_of_stream(std::string_view bytes) {
  Reading reading;
  while (!bytes.empty()) {
    const size_t end = bytes.find("\n\n");
    const std::string_view frame = bytes.substr(0, end);
    if (end == bytes.npos || frame.substr(0, 6) != "data: " || frame.find('\n') != frame.npos) {
      reading.wrong("a frame that is no data line", frame);
      break;
    }
    reading.read(frame.substr(6));
    bytes.remove_prefix(end + 2);
  }
  if (reading.answer.error.empty()) {
    if (!reading.done) reading.wrong("no [DONE]", "");
    reading.judge();
  }
  return reading.answer;
}

ChatAnswer chat_answer_of_whole(std::string_view body) {
  Reading reading;
  ChatAnswer& answer = reading.answer;
  if (!json::is_whole_object(body)) {
    answer.wrong = "no JSON object";
    return answer;
  }
  answer.id = text(body, "id");
  answer.created = json::member(body, "created");
  answer.model = text(body, "model");
  if (text(body, "object") != "chat.completion") answer.wrong = "a wrong object";
  json::each_element(json::member(body, "choices"), [&](std::string_view choice) {
    const std::string_view message = json::member(choice, "message");
    answer.content = text(message, "content");
    answer.reasoning = text(message, "reasoning_content");
    answer.refusal = text(message, "refusal");
    if (json::member(message, "refusal").empty() || json::member(message, "content").empty())
      answer.wrong = "a message without what the types demand";
    json::each_element(json::member(message, "tool_calls"), [&](std::string_view call) {
      const std::string_view function = json::member(call, "function");
      answer.calls.push_back({text(call, "id"), text(function, "name"), text(function, "arguments")});
    });
    answer.finish_reason = text(choice, "finish_reason");
  });
  answer.usage = json::member(body, "usage");
  reading.judge();
  return answer;
}

}  // namespace signalbox::testing
