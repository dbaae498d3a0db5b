#include "mock/mock.h"

#include <optional>

#include "json/reader.h"
#include "json/walk.h"
#include "json/writer.h"
#include "tokens/estimate.h"

namespace signalbox::mock {
namespace {

// What the conversation's last message asks of the mock.
struct Ask {
  std::string text;         // the user's words, all text blocks joined
  std::string tool_result;  // what a tool answered
  bool has_tool_result = false;
};

struct Call {
  std::string name;
  std::string input;  // JSON text
};

std::string plain(std::string_view value) {
  std::string out;
  json::unescape(json::string_inside(value), out);
  return out;
}

// Text of a `content`: a string, or the text blocks of an array.
void append_text(std::string& out, std::string_view content) {
  if (content.starts_with('"')) {
    out += plain(content);
    return;
  }
  json::each_element(content, [&](std::string_view block) {
    std::string_view type, text;
    json::each_member(block, [&](std::string_view key, std::string_view value) {
      if (key == "type") type = value;
      if (key == "text") text = value;
    });
    if (type == "\"text\"") {
      if (!out.empty()) out += '\n';
      out += plain(text);
    }
  });
}

Ask read_ask(std::string_view body) {
  // The user's last message: a client may put a system message behind it.
  std::string_view last;
  json::each_member(body, [&](std::string_view key, std::string_view messages) {
    if (key != "messages") return;
    json::each_element(messages, [&](std::string_view message) {
      if (json::member(message, "role") == "\"user\"") last = message;
    });
  });
  Ask ask;
  json::each_member(last, [&](std::string_view key, std::string_view content) {
    if (key != "content") return;
    append_text(ask.text, content);
    if (content.starts_with('"')) return;
    json::each_element(content, [&](std::string_view block) {
      std::string_view type, result;
      json::each_member(block, [&](std::string_view k, std::string_view value) {
        if (k == "type") type = value;
        if (k == "content") result = value;
      });
      if (type != "\"tool_result\"") return;
      ask.has_tool_result = true;
      append_text(ask.tool_result, result);
    });
  });
  return ask;
}

bool declares_tool(std::string_view body, std::string_view name) {
  bool found = false;
  json::each_member(body, [&](std::string_view key, std::string_view tools) {
    if (key != "tools") return;
    json::each_element(tools, [&](std::string_view tool) {
      json::each_member(tool, [&](std::string_view k, std::string_view value) {
        found = found || (k == "name" && json::equals(json::string_inside(value), name));
      });
    });
  });
  return found;
}

// "mock: call NAME {...}" anywhere in the text; the braces may hold any JSON object.
std::optional<Call> read_call(std::string_view text) {
  constexpr std::string_view directive = "mock: call ";
  const size_t at = text.find(directive);
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + directive.size());
  const size_t name_end = text.find_first_of(" \t\r\n{");
  Call call{std::string(text.substr(0, name_end)), "{}"};
  if (name_end == text.npos) return call;
  const size_t input_at = text.find_first_not_of(" \t\r\n", name_end);
  if (input_at != text.npos && text[input_at] == '{') {
    json::Reader reader(text.substr(input_at));
    auto input = reader.skip_value();
    if (!input) return std::nullopt;
    call.input = *input;
  }
  return call;
}

std::string words(std::string_view body, const Ask& ask) {
  constexpr size_t quoted_bytes_max = 200;
  std::string text = "This is Signalbox's built-in mock provider; no model was asked.";
  if (ask.has_tool_result) {
    text += " The tool answered: ";
    text += std::string_view(ask.tool_result).substr(0, quoted_bytes_max);
    return text;
  }
  if (ask.text.find("mock: call ") != std::string::npos) {
    auto call = read_call(ask.text);
    if (!call) {
      text += " The arguments after \"mock: call NAME\" must be a JSON object.";
      return text;
    }
    if (!declares_tool(body, call->name)) {
      text += " The request declares no tool named \"";
      text += call->name;
      text += "\".";
      return text;
    }
  }
  text += " It answered to ";
  text += std::to_string(ask.text.size());
  text +=
      " bytes of your last message. To see a tool call, write: mock: call NAME {\"argument\": \"value\"}."
      " To reach a real model, configure a provider; the README shows how.";
  return text;
}

class Stream {
 public:
  explicit Stream(std::string& out) : out_(out) {}
  json::Writer begin(std::string_view event) {
    out_ += "event: ";
    out_ += event;
    out_ += "\ndata: ";
    json::Writer w(out_);
    w.begin_object().key("type").string(event);
    return w;
  }
  void end(json::Writer& w) {
    w.end_object();
    out_ += "\n\n";
  }

 private:
  std::string& out_;
};

void write_usage(json::Writer& w, const Usage& usage, int64_t output_tokens) {
  w.key("usage").begin_object().key("input_tokens").number(usage.input_tokens);
  w.key("cache_creation_input_tokens").number(0).key("cache_read_input_tokens").number(0);
  w.key("output_tokens").number(output_tokens).end_object();
}

void write_message(json::Writer& w, std::string_view id, std::string_view model) {
  w.key("id").string(id).key("type").string("message").key("role").string("assistant").key("model").string(model);
}

void stream_text(Stream& stream, std::string_view text) {
  auto start = stream.begin("content_block_start");
  start.key("index").number(0).key("content_block").begin_object();
  start.key("type").string("text").key("text").string("").end_object();
  stream.end(start);
  // A few words a frame, so that a terminal shows what streaming looks like.
  constexpr size_t piece_bytes = 24;
  while (!text.empty()) {
    size_t n = text.size() <= piece_bytes ? text.size() : text.find(' ', piece_bytes);
    n = n == text.npos ? text.size() : n;
    auto delta = stream.begin("content_block_delta");
    delta.key("index").number(0).key("delta").begin_object();
    delta.key("type").string("text_delta").key("text").string(text.substr(0, n)).end_object();
    stream.end(delta);
    text.remove_prefix(n);
  }
}

void stream_call(Stream& stream, const Call& call, std::string_view id) {
  auto start = stream.begin("content_block_start");
  start.key("index").number(0).key("content_block").begin_object().key("type").string("tool_use");
  start.key("id").string(id).key("name").string(call.name).key("input").begin_object().end_object().end_object();
  stream.end(start);
  auto delta = stream.begin("content_block_delta");
  delta.key("index").number(0).key("delta").begin_object();
  delta.key("type").string("input_json_delta").key("partial_json").string(call.input).end_object();
  stream.end(delta);
}

}  // namespace

Answer answer(std::string_view body, Form form, std::string_view model, std::string_view message_id) {
  const Ask ask = read_ask(body);
  std::optional<Call> call;
  if (!ask.has_tool_result) call = read_call(ask.text);
  if (call && !declares_tool(body, call->name)) call.reset();
  std::string tool_id = "toolu_";
  tool_id += message_id.substr(message_id.find('_') + 1);
  const std::string text = call ? std::string() : words(body, ask);

  Answer result;
  result.stop_reason = call ? "tool_use" : "end_turn";
  result.usage.input_tokens = tokens::estimate_tokens(body);
  result.usage.output_tokens = int64_t((call ? call->input.size() : text.size()) / 4 + 1);
  result.usage.cache_read_tokens = result.usage.cache_creation_tokens = 0;

  if (form == Form::whole) {
    json::Writer w(result.bytes);
    w.begin_object();
    write_message(w, message_id, model);
    w.key("content").begin_array().begin_object();
    if (call) {
      w.key("type").string("tool_use").key("id").string(tool_id).key("name").string(call->name);
      w.key("input").raw(call->input);
    } else {
      w.key("type").string("text").key("text").string(text);
    }
    w.end_object().end_array().key("stop_reason").string(result.stop_reason).key("stop_sequence").null();
    write_usage(w, result.usage, result.usage.output_tokens);
    w.end_object();
    return result;
  }

  Stream stream(result.bytes);
  auto start = stream.begin("message_start");
  start.key("message").begin_object();
  write_message(start, message_id, model);
  start.key("content").begin_array().end_array().key("stop_reason").null().key("stop_sequence").null();
  write_usage(start, result.usage, 1);
  start.end_object();
  stream.end(start);
  auto ping = stream.begin("ping");
  stream.end(ping);
  call ? stream_call(stream, *call, tool_id) : stream_text(stream, text);
  auto stop = stream.begin("content_block_stop");
  stop.key("index").number(0);
  stream.end(stop);
  auto delta = stream.begin("message_delta");
  delta.key("delta").begin_object().key("stop_reason").string(result.stop_reason);
  delta.key("stop_sequence").null().end_object();
  write_usage(delta, result.usage, result.usage.output_tokens);
  stream.end(delta);
  auto end = stream.begin("message_stop");
  stream.end(end);
  return result;
}

}  // namespace signalbox::mock
