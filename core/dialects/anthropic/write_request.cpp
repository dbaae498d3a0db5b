// A canonical request as a Messages body. What Anthropic refuses is left out here, each with its loss, so
// that nothing foreign is ever the reason of a 400.
#include "base/sha256.h"
#include "base/text.h"
#include "dialects/anthropic/request.h"
#include "dialects/anthropic/writing.h"
#include "dialects/canonical/stop_matcher.h"
#include "json/escaped.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::Block;
using canonical::Message;
using canonical::Request;

// How many places Anthropic lets one request mark for caching.
constexpr size_t cache_controls_max = 4;

// Only so many marks may be written, and the last of them cache the longest prefixes.
size_t surplus_cache_controls(const Request& request) {
  size_t count = 0;
  const auto add = [&](std::string_view mark) { count += !mark.empty(); };
  for (const canonical::Tool& tool : request.tools) add(tool.cache_control);
  const auto add_block = [&](const Block& block) {
    if (!is_blank_text(block)) add(block.cache_control);
  };
  for (const Block& block : request.system) add_block(block);
  for (const Message& message : request.messages) {
    for (const Block& block : message.blocks) {
      add_block(block);
      if (const auto* result = block.as<canonical::ToolResult>())
        for (const Block& inner : result->content) add_block(inner);
    }
  }
  return count > cache_controls_max ? count - cache_controls_max : 0;
}

void write_stop(const Writing& to) {
  bool open = false;
  for (Escaped text : to.request.stop) {
    if (json::is_blank(text)) {  // Anthropic refuses them
      canonical::leave_stop(text, to.context);
      continue;
    }
    if (!open) to.w.key("stop_sequences").begin_array();
    open = true;
    to.w.string(text);
  }
  if (open) to.w.end_array();
}

// Whoever asks is told apart, not told: the upstream gets a hash.
void write_user(const Writing& to) {
  if (to.request.user.empty()) return;
  std::string hash;
  base::append_hex(hash, base::sha256(to.request.user));
  to.w.key("metadata").begin_object().key("user_id").string(hash).end_object();
}

// What the dialect has no member for.
void lose_unsaid(const Writing& to) {
  const auto is_zero = [](std::string_view number) { return number.find_first_not_of("-0.") == number.npos; };
  if (!to.request.seed.empty()) to.lose("seed");
  if (!is_zero(to.request.presence_penalty)) to.lose("presence_penalty");
  if (!is_zero(to.request.frequency_penalty)) to.lose("frequency_penalty");
  if (!to.request.verbosity.empty()) to.lose("verbosity");
}

}  // namespace

void write_request(const Request& request, const canonical::WriteContext& context, std::string& body) {
  json::Writer w(body);
  Writing to{request, context, w, plan_thinking(request, context), surplus_cache_controls(request)};
  if (to.cache_controls_skipped > 0) to.lose("cache_control");
  w.begin_object().key("model").string(context.model);
  w.key("max_tokens").number(to.thinking.max_tokens);
  if (request.streamed) w.key("stream").boolean(true);
  // The order in which Anthropic's cache reads them, so that marks are counted in theirs.
  write_tools(to);
  write_system(to);
  write_messages(to);
  write_thinking(to);
  write_output_config(to);
  write_sampling(to);
  write_stop(to);
  write_user(to);
  lose_unsaid(to);
  if (json::equals(request.service_tier, "auto") || json::equals(request.service_tier, "standard_only"))
    w.key("service_tier").string(request.service_tier);
  w.end_object();
}

}  // namespace signalbox::dialects::anthropic
