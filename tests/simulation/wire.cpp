#include "wire.h"

#include <algorithm>

namespace signalbox::simulation {
namespace {

std::string number(int64_t n) { return std::to_string(n); }

std::string word(const Said& said, int k) {
  return "(n" + number(said.nonce) + "a" + number(said.attempt) + "k" + number(k) + "of" + number(said.words) + ")";
}

std::string all_words(const Said& said) {
  std::string text;
  for (int k = 0; k < said.words; ++k) text += word(said, k);
  return text;
}

std::string event(std::string_view name, const std::string& data) {
  return "event: " + std::string(name) + "\ndata: {\"type\":\"" + std::string(name) + "\"," + data + "}\n\n";
}

std::string data_frame(const std::string& json) { return "data: " + json + "\n\n"; }

Frames anthropic_frames(const Said& said) {
  Frames out;
  out.before.push_back(
      event("message_start", R"("message":{"id":"msg_1","type":"message","role":"assistant","model":")" + said.model +
                                 R"(","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":)" +
                                 number(said.input_tokens) + R"(,"output_tokens":1}})"));
  out.before.push_back(event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})"));
  for (int k = 0; k < said.words; ++k)
    out.content.push_back(
        event("content_block_delta", R"("index":0,"delta":{"type":"text_delta","text":")" + word(said, k) + "\"}"));
  out.end.push_back(event("content_block_stop", R"("index":0)"));
  out.end.push_back(
      event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":)" +
                                 number(said.output_tokens) + "}"));
  out.end.push_back("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  return out;
}

std::string chat_usage(const Said& said) {
  return R"("usage":{"prompt_tokens":)" + number(said.input_tokens) + R"(,"completion_tokens":)" +
         number(said.output_tokens) + R"(,"total_tokens":)" + number(said.input_tokens + said.output_tokens) + "}";
}

Frames chat_frames(const Said& said) {
  Frames out;
  const std::string head =
      R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":")" + said.model + R"(","choices":[)";
  out.before.push_back(
      data_frame(head + R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})"));
  for (int k = 0; k < said.words; ++k)
    out.content.push_back(
        data_frame(head + R"({"index":0,"delta":{"content":")" + word(said, k) + R"("},"finish_reason":null}]})"));
  out.end.push_back(data_frame(head + R"({"index":0,"delta":{},"finish_reason":"stop"}]})"));
  out.end.push_back(data_frame(head + "]," + chat_usage(said) + "}"));
  out.end.push_back("data: [DONE]\n\n");
  return out;
}

std::string responses_usage(const Said& said) {
  return R"("usage":{"input_tokens":)" + number(said.input_tokens) +
         R"(,"input_tokens_details":{"cached_tokens":0},"output_tokens":)" + number(said.output_tokens) +
         R"(,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":)" +
         number(said.input_tokens + said.output_tokens) + "}";
}

std::string responses_item(const std::string& text, std::string_view status) {
  return R"({"id":"msg_1","type":"message","status":")" + std::string(status) + R"(","role":"assistant","content":[)" +
         (text.empty() ? "" : R"({"type":"output_text","annotations":[],"logprobs":[],"text":")" + text + "\"}") + "]}";
}

std::string response_object(const Said& said, bool done) {
  return R"({"id":"resp_1","object":"response","created_at":1,"status":")" +
         std::string(done ? "completed" : "in_progress") + R"(","error":null,"incomplete_details":null,"model":")" +
         said.model + R"(","output":[)" + (done ? responses_item(all_words(said), "completed") : "") + "]" +
         (done ? "," + responses_usage(said) : "") + "}";
}

Frames responses_frames(const Said& said) {
  Frames out;
  int order = 0;
  const auto add = [&](std::vector<std::string>& to, std::string_view name, const std::string& data) {
    to.push_back(event(name, "\"sequence_number\":" + number(order++) + "," + data));
  };
  const std::string at = R"("item_id":"msg_1","output_index":0,"content_index":0,)";
  add(out.before, "response.created", "\"response\":" + response_object(said, false));
  add(out.before, "response.in_progress", "\"response\":" + response_object(said, false));
  add(out.before, "response.output_item.added", "\"output_index\":0,\"item\":" + responses_item("", "in_progress"));
  add(out.before, "response.content_part.added",
      at + R"("part":{"type":"output_text","annotations":[],"logprobs":[],"text":""})");
  for (int k = 0; k < said.words; ++k)
    add(out.content, "response.output_text.delta", at + R"("delta":")" + word(said, k) + R"(","logprobs":[])");
  add(out.end, "response.output_text.done", at + R"("text":")" + all_words(said) + R"(","logprobs":[])");
  add(out.end, "response.content_part.done",
      at + R"("part":{"type":"output_text","annotations":[],"logprobs":[],"text":")" + all_words(said) + "\"}");
  add(out.end, "response.output_item.done",
      "\"output_index\":0,\"item\":" + responses_item(all_words(said), "completed"));
  add(out.end, "response.completed", "\"response\":" + response_object(said, true));
  return out;
}

std::string gemini_object(const Said& said, const std::string& text, bool last) {
  std::string out = R"({"candidates":[{"content":{"parts":[)" + (text.empty() ? "" : R"({"text":")" + text + "\"}") +
                    R"(],"role":"model"},)" + (last ? R"("finishReason":"STOP",)" : "") +
                    R"("index":0}],"modelVersion":")" + said.model +
                    R"(","responseId":"r1","usageMetadata":{"promptTokenCount":)" + number(said.input_tokens) +
                    R"(,"candidatesTokenCount":)" + number(last ? said.output_tokens : 1) + R"(,"totalTokenCount":)" +
                    number(said.input_tokens + said.output_tokens) + "}}";
  return out;
}

Frames gemini_frames(const Said& said) {
  Frames out;
  for (int k = 0; k < said.words; ++k)
    out.content.push_back("data: " + gemini_object(said, word(said, k), false) + "\r\n\r\n");
  out.end.push_back("data: " + gemini_object(said, "", true) + "\r\n\r\n");
  return out;
}

// Takes a number off the front.
bool take_number(std::string_view& text, int& out) {
  size_t n = 0;
  out = 0;
  for (; n < text.size() && n < 9 && text[n] >= '0' && text[n] <= '9'; ++n) out = out * 10 + (text[n] - '0');
  text.remove_prefix(n);
  return n > 0;
}

bool take_text(std::string_view& text, std::string_view what) {
  if (text.substr(0, what.size()) != what) return false;
  text.remove_prefix(what.size());
  return true;
}

int count_of(std::string_view text, std::string_view what) {
  int n = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

// How many lines begin so.
int lines_with(std::string_view text, std::string_view what) {
  int n = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size()))
    n += at == 0 || text[at - 1] == '\n';
  return n;
}

// Hears the words of `bytes` in order. `repeats`: what has been said may be said again as a whole.
void hear(std::string_view bytes, int nonce, bool repeats, Understood& out) {
  for (size_t at = bytes.find("(n"); at != bytes.npos && out.problem.empty(); at = bytes.find("(n", at + 2)) {
    std::string_view rest = bytes.substr(at + 2);
    int of_nonce, attempt, k, of;
    if (!take_number(rest, of_nonce) || !take_text(rest, "a") || !take_number(rest, attempt) || !take_text(rest, "k") ||
        !take_number(rest, k) || !take_text(rest, "of") || !take_number(rest, of) || !take_text(rest, ")")) {
      if (rest.empty()) out.torn = true;
      else out.problem = "a word is torn: " + std::string(bytes.substr(at, 40));
    } else if (of_nonce != nonce) {
      out.problem = "a word of the answer to question " + number(of_nonce);
    } else if (out.attempt >= 0 && attempt != out.attempt) {
      out.problem = "words of attempt " + number(attempt) + " behind those of attempt " + number(out.attempt);
    } else if (k != out.words && !(repeats && k < out.words)) {
      out.problem = "word " + number(k) + " where word " + number(out.words) + " should stand";
    } else {
      out.attempt = attempt;
      out.of = of;
      if (k == out.words) ++out.words;
    }
  }
}

}  // namespace

std::string request_target(const Question& question) {
  switch (question.dialect) {
    case Dialect::anthropic: return "/v1/messages";
    case Dialect::openai_chat: return "/v1/chat/completions";
    case Dialect::openai_responses: return "/v1/responses";
    case Dialect::gemini: break;
  }
  return "/v1beta/models/" + question.model +
         (question.streamed ? ":streamGenerateContent?alt=sse" : ":generateContent");
}

// With a first turn, an image, a tool: whatever the question has.
std::string long_body(const Question& question, const std::string& text) {
  const std::string member = question.dialect == Dialect::openai_responses ? "input"
                             : question.dialect == Dialect::gemini         ? "contents"
                                                                           : "messages";
  const bool gemini = question.dialect == Dialect::gemini, responses = question.dialect == Dialect::openai_responses;
  const auto turn = [&](std::string_view role, const std::string& said, bool image, bool document) {
    const bool model = role != "user";
    const std::string type = responses ? (model ? R"("type":"output_text",)" : R"("type":"input_text",)")
                             : gemini  ? ""
                                       : R"("type":"text",)";
    std::string parts = "{" + type + R"("text":")" + said + "\"}";
    constexpr std::string_view data = "iVBORw0KGgo=";
    if (image) switch (question.dialect) {
        case Dialect::anthropic:
          parts += R"(,{"type":"image","source":{"type":"base64","media_type":"image/png","data":")" +
                   std::string(data) + "\"}}";
          break;
        case Dialect::openai_chat:
          parts += R"(,{"type":"image_url","image_url":{"url":"data:image/png;base64,)" + std::string(data) + "\"}}";
          break;
        case Dialect::openai_responses:
          parts += R"(,{"type":"input_image","image_url":"data:image/png;base64,)" + std::string(data) + "\"}";
          break;
        case Dialect::gemini:
          parts += R"(,{"inlineData":{"mimeType":"image/png","data":")" + std::string(data) + "\"}}";
          break;
      }
    const std::string pdf = "JVBERi0xLjQK";
    if (document) switch (question.dialect) {
        case Dialect::anthropic:
          parts +=
              R"(,{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":")" + pdf + "\"}}";
          break;
        case Dialect::openai_chat:
          parts +=
              R"(,{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,)" + pdf + "\"}}";
          break;
        case Dialect::openai_responses:
          parts +=
              R"(,{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,)" + pdf + "\"}";
          break;
        case Dialect::gemini: parts += R"(,{"inlineData":{"mimeType":"application/pdf","data":")" + pdf + "\"}}"; break;
      }
    const std::string own_role(gemini && model ? "model" : role);
    return std::string("{") + (responses ? R"("type":"message",)" : "") + R"("role":")" + own_role + "\",\"" +
           (gemini ? "parts" : "content") + "\":[" + parts + "]}";
  };
  std::string body = "{";
  if (!gemini) body += "\"model\":\"" + question.model + "\"" + (question.streamed ? ",\"stream\":true," : ",");
  if (question.dialect == Dialect::anthropic) body += R"("max_tokens":100,)";
  if (question.dialect == Dialect::openai_chat && question.streamed)
    body += R"("stream_options":{"include_usage":true},)";
  if (question.tools) {
    const std::string schema = R"({"type":"object","properties":{}})";
    switch (question.dialect) {
      case Dialect::anthropic:
        body += R"("tools":[{"name":"t","description":"d","input_schema":)" + schema + "}],";
        break;
      case Dialect::openai_chat:
        body += R"("tools":[{"type":"function","function":{"name":"t","parameters":)" + schema + "}}],";
        break;
      case Dialect::openai_responses:
        body += R"("tools":[{"type":"function","name":"t","parameters":)" + schema + "}],";
        break;
      case Dialect::gemini:
        body += R"("tools":[{"functionDeclarations":[{"name":"t","parameters":)" + schema + "}]}],";
        break;
    }
  }
  body += "\"" + member + "\":[";
  if (question.session) {
    body += turn("user", "conversation " + number(question.session), false, false) + ",";
    body += turn("assistant", "yes", false, false) + ",";
  }
  return body + turn("user", text, question.image, question.document) + "]}";
}

std::string request_body(const Question& question) {
  std::string text = "(q" + number(question.nonce) + ")";
  for (int n = 0; n < question.filler_words; ++n) text += " no";
  if (question.session || question.image || question.tools || question.document) return long_body(question, text);
  const std::string stream = question.streamed ? ",\"stream\":true" : "";
  const std::string model = "\"model\":\"" + question.model + "\"";
  switch (question.dialect) {
    case Dialect::anthropic:
      return "{" + model + stream + R"(,"max_tokens":100,"messages":[{"role":"user","content":")" + text + "\"}]}";
    case Dialect::openai_chat:
      return "{" + model + stream + (question.streamed ? R"(,"stream_options":{"include_usage":true})" : "") +
             R"(,"messages":[{"role":"user","content":")" + text + "\"}]}";
    case Dialect::openai_responses: return "{" + model + stream + R"(,"input":")" + text + "\"}";
    case Dialect::gemini: break;
  }
  return R"({"contents":[{"role":"user","parts":[{"text":")" + text + "\"}]}]}";
}

int nonce_in(std::string_view body) {
  const size_t at = body.find("(q");
  if (at == body.npos || body.find("(q", at + 2) != body.npos) return -1;
  std::string_view rest = body.substr(at + 2);
  int nonce;
  return take_number(rest, nonce) && take_text(rest, ")") ? nonce : -1;
}

Frames frames_of(Dialect dialect, const Said& said) {
  switch (dialect) {
    case Dialect::anthropic: return anthropic_frames(said);
    case Dialect::openai_chat: return chat_frames(said);
    case Dialect::openai_responses: return responses_frames(said);
    case Dialect::gemini: break;
  }
  return gemini_frames(said);
}

std::string whole_of(Dialect dialect, const Said& said) {
  switch (dialect) {
    case Dialect::anthropic:
      return R"({"id":"msg_1","type":"message","role":"assistant","model":")" + said.model +
             R"(","content":[{"type":"text","text":")" + all_words(said) +
             R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":)" +
             number(said.input_tokens) + R"(,"output_tokens":)" + number(said.output_tokens) + "}}";
    case Dialect::openai_chat:
      return R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":")" + said.model +
             R"(","choices":[{"index":0,"message":{"role":"assistant","content":")" + all_words(said) +
             R"("},"finish_reason":"stop"}],)" + chat_usage(said) + "}";
    case Dialect::openai_responses: return response_object(said, true);
    case Dialect::gemini: break;
  }
  return gemini_object(said, all_words(said), true);
}

std::string error_of(Dialect dialect, int status, std::string_view type, std::string_view message) {
  const std::string words(message);
  if (dialect == Dialect::gemini) {
    const std::string_view own = !type.empty()   ? type
                                 : status == 400 ? "INVALID_ARGUMENT"
                                 : status == 429 ? "RESOURCE_EXHAUSTED"
                                 : status == 401 ? "UNAUTHENTICATED"
                                                 : "INTERNAL";
    return R"({"error":{"code":)" + number(status) + R"(,"message":")" + words + R"(","status":")" + std::string(own) +
           "\"}}";
  }
  const bool anthropic = dialect == Dialect::anthropic;
  const std::string_view own = !type.empty()   ? type
                               : status == 400 ? "invalid_request_error"
                               : status == 429 ? "rate_limit_error"
                               : status == 401 ? "authentication_error"
                               : anthropic     ? "api_error"
                                               : "server_error";
  if (anthropic) return R"({"type":"error","error":{"type":")" + std::string(own) + R"(","message":")" + words + "\"}}";
  return R"({"error":{"message":")" + words + R"(","type":")" + std::string(own) + R"(","param":null,"code":null}})";
}

std::string error_frame_of(Dialect dialect, std::string_view message) {
  switch (dialect) {
    case Dialect::anthropic:
      return "event: error\ndata: " + error_of(dialect, 500, "overloaded_error", message) + "\n\n";
    case Dialect::openai_responses:
      return event("error", R"("sequence_number":9,"code":"server_error","message":")" + std::string(message) +
                                R"(","param":null)");
    case Dialect::openai_chat:
    case Dialect::gemini: break;
  }
  return "data: " + error_of(dialect, 503, "", message) + "\n\n";
}

Understood understand(Dialect dialect, bool streamed, int status, std::string_view bytes, int nonce) {
  Understood out;
  if (status != 200) {
    out.errors = 1;
    if (bytes.find("(n") != bytes.npos) out.problem = "words of an answer under an error's status";
    if (count_of(bytes, "\"error\"") == 0)
      out.problem = "an error's body that is none: " + std::string(bytes.substr(0, 80));
    return out;
  }
  hear(bytes, nonce, dialect == Dialect::openai_responses, out);
  if (!streamed) {
    out.errors = bytes.find("\"error\":{") != bytes.npos;
    out.endings = !out.errors && !bytes.empty() && bytes.back() == '}';
    return out;
  }
  switch (dialect) {
    case Dialect::anthropic:
      out.endings = lines_with(bytes, "event: message_stop\n");
      out.errors = lines_with(bytes, "event: error\n");
      break;
    case Dialect::openai_chat:
      // The word behind the last is missed by nobody (translation.md section 11.4), where an upstream was cut before it.
      out.endings = std::max(lines_with(bytes, "data: [DONE]\n"), count_of(bytes, "\"finish_reason\":\"stop\""));
      out.errors = lines_with(bytes, "data: {\"error\"");
      break;
    case Dialect::openai_responses:
      out.endings = lines_with(bytes, "event: response.completed\n");
      // Some clients know the one and some the other: an error is told in both.
      out.errors = std::max(lines_with(bytes, "event: error\n"), lines_with(bytes, "event: response.failed\n"));
      break;
    case Dialect::gemini:
      out.endings = count_of(bytes, "\"finishReason\":\"STOP\"");
      out.errors = lines_with(bytes, "data: {\"error\"");
      break;
  }
  return out;
}

bool only_signs_of_life(Dialect dialect, std::string_view bytes) {
  if (dialect == Dialect::gemini) return bytes.find_first_not_of("\r\n") == bytes.npos;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end);
    if (!line.empty() && line[0] != ':') return false;
    if (end == bytes.npos) break;
    bytes.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace signalbox::simulation
