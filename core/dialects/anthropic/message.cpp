#include "dialects/anthropic/message.h"

#include <algorithm>

#include "dialects/canonical/usage.h"
#include "json/writer.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::counted_or;

void write_stop(json::Writer& w, const Message& message) {
  w.key("stop_reason").string(name_of(message.stop_reason)).key("stop_sequence");
  message.stop_sequence.empty() ? w.null() : w.string(json::Escaped{message.stop_sequence});
}

// Clients reckon with every figure, so none is left out: what the upstream did not count is estimated.
void write_usage(json::Writer& w, const Message& message) {
  w.begin_object();
  w.key("input_tokens")
      .number(counted_or(message.usage.input_tokens, std::max<int64_t>(message.input_tokens_estimate, 1)));
  w.key("cache_creation_input_tokens").number(counted_or(message.usage.cache_creation_tokens, 0));
  w.key("cache_read_input_tokens").number(counted_or(message.usage.cache_read_tokens, 0));
  const int64_t output =
      counted_or(message.usage.output_tokens, message.content_bytes / canonical::bytes_per_token + 1);
  w.key("output_tokens").number(output);
  if (message.usage.reasoning_tokens > 0) {
    w.key("output_tokens_details").begin_object();
    w.key("thinking_tokens").number(std::min(message.usage.reasoning_tokens, output)).end_object();
  }
  if (message.search_count > 0) {
    w.key("server_tool_use").begin_object().key("web_search_requests").number(message.search_count).end_object();
  }
  w.end_object();
}

}  // namespace

void write_message_start(const Message& message, std::string& out) {
  out += "event: message_start\ndata: ";
  json::Writer w(out);
  w.begin_object().key("type").string("message_start").key("message").begin_object();
  w.key("id").string(message.id).key("type").string("message").key("role").string("assistant");
  w.key("model").string(message.model).key("content").begin_array().end_array();
  w.key("stop_reason").null().key("stop_sequence").null();
  w.key("usage").begin_object().key("input_tokens").number(std::max<int64_t>(message.input_tokens_estimate, 1));
  w.key("cache_creation_input_tokens").number(0).key("cache_read_input_tokens").number(0);
  w.key("output_tokens").number(1).end_object();
  w.end_object().end_object();
  out += "\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n";
}

void write_message_end(const Message& message, std::string& out) {
  out += "event: message_delta\ndata: ";
  json::Writer w(out);
  w.begin_object().key("type").string("message_delta").key("delta").begin_object();
  write_stop(w, message);
  w.end_object().key("usage");
  write_usage(w, message);
  w.end_object();
  out += "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
}

void write_message(const Message& message, std::string_view content, std::string& out) {
  json::Writer w(out);
  w.begin_object().key("id").string(message.id).key("type").string("message").key("role").string("assistant");
  w.key("model").string(message.model).key("content").begin_array();
  if (!content.empty()) w.raw(content);
  w.end_array();
  write_stop(w, message);
  w.key("usage");
  write_usage(w, message);
  w.end_object();
}

}  // namespace signalbox::dialects::anthropic
