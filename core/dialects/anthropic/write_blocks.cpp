// The blocks of messages as Anthropic takes them. What it does not take becomes a text that says so.
#include <algorithm>
#include <iterator>

#include "dialects/anthropic/writing.h"
#include "dialects/canonical/tool_names.h"
#include "json/escaped.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::Block;
using canonical::Source;

// An id longer than any vendor's is somebody's text.
constexpr size_t tool_id_bytes_max = 64;

// Valid until the next one.
std::string_view sent_id(Writing& to, std::string_view id) {
  to.scratch.clear();
  canonical::append_tool_id(to.scratch, id, "toolu_", tool_id_bytes_max);
  return to.scratch;
}

void omit(Writing& to, std::string_view words, std::string_view loss, std::string_view cache_control) {
  to.lose(loss);
  write_text(to, {words}, cache_control);
}

void write_source(Writing& to, Source source, Escaped media_type, Escaped data) {
  to.w.begin_object();
  if (source == Source::base64) {
    to.w.key("type").string("base64").key("media_type").string(media_type).key("data").string(data);
  } else {
    to.w.key("type").string("url").key("url").string(data);
  }
  to.w.end_object();
}

void write_image(Writing& to, const canonical::Image& image, std::string_view cache_control) {
  constexpr std::string_view known_types[] = {"image/jpeg", "image/png", "image/gif", "image/webp"};
  if (!to.flags().vision) return omit(to, "[image omitted: model has no vision]", "messages.image", cache_control);
  // Another dialect's file is in another provider's store.
  if (image.source == Source::file)
    return omit(to, "[image omitted: it is in another provider's store]", "messages.image.file", cache_control);
  if (image.source == Source::base64 &&
      std::none_of(std::begin(known_types), std::end(known_types),
                   [&](std::string_view type) { return json::equals(image.media_type, type); }))
    return omit(to, "[image omitted: its type is not supported]", "messages.image.media_type", cache_control);
  if (!image.detail.empty()) to.lose("messages.image.detail");
  to.w.begin_object().key("type").string("image").key("source");
  write_source(to, image.source, image.media_type, image.data);
  to.write_cache_control(cache_control);
  to.w.end_object();
}

void write_document(Writing& to, const canonical::Document& document, std::string_view cache_control) {
  if (document.source == Source::file)
    return omit(to, "[document omitted: it is in another provider's store]", "messages.document.file", cache_control);
  // An address is a PDF's where nothing else is said of it.
  const bool typed =
      document.source == Source::base64 || (document.source == Source::url && !document.media_type.empty());
  if (typed && !json::equals(document.media_type, "application/pdf"))
    return omit(to, "[document omitted: its type is not supported]", "messages.document.media_type", cache_control);
  to.w.begin_object().key("type").string("document").key("source");
  if (document.source == Source::text) {
    to.w.begin_object().key("type").string("text").key("media_type").string("text/plain");
    to.w.key("data").string(document.data).end_object();
  } else if (document.source == Source::blocks) {
    to.w.begin_object().key("type").string("content").key("content").begin_array();
    for (const Block& block : document.blocks)
      if ((block.as<canonical::Text>() && !is_blank_text(block)) || block.as<canonical::Image>())
        write_block(to, block);
    to.w.end_array().end_object();
  } else {
    write_source(to, document.source, document.media_type, document.data);
  }
  if (!document.title.empty()) to.w.key("title").string(document.title);
  if (!document.context.empty()) to.w.key("context").string(document.context);
  to.write_cache_control(cache_control);
  to.w.end_object();
}

void write_result(Writing& to, const canonical::ToolResult& result, std::string_view cache_control) {
  to.w.begin_object().key("type").string("tool_result").key("tool_use_id").string(sent_id(to, result.id));
  if (!std::all_of(result.content.begin(), result.content.end(), is_blank_text)) {
    to.w.key("content").begin_array();
    for (const Block& block : result.content)
      if (!is_blank_text(block)) write_block(to, block);
    to.w.end_array();
  } else if (result.is_error) {  // Anthropic wants to know what went wrong
    to.w.key("content").string("error");
  }
  if (result.is_error) to.w.key("is_error").boolean(true);
  to.write_cache_control(cache_control);
  to.w.end_object();
}

}  // namespace

bool is_blank_text(const Block& block) {
  const auto* text = block.as<canonical::Text>();
  return text && json::is_blank(text->text);
}

void write_text(Writing& to, Escaped text, std::string_view cache_control) {
  to.w.begin_object().key("type").string("text").key("text").string(text);
  to.write_cache_control(cache_control);
  to.w.end_object();
}

void write_block(Writing& to, const Block& block) {
  if (const auto* text = block.as<canonical::Text>()) {
    write_text(to, text->text, block.cache_control);
  } else if (const auto* image = block.as<canonical::Image>()) {
    write_image(to, *image, block.cache_control);
  } else if (const auto* document = block.as<canonical::Document>()) {
    write_document(to, *document, block.cache_control);
  } else if (const auto* call = block.as<canonical::ToolCall>()) {
    to.w.begin_object().key("type").string("tool_use").key("id").string(sent_id(to, call->id));
    to.w.key("name").string(to.context.names.sent(call->name)).key("input").raw(call->input);
    to.write_cache_control(block.cache_control);
    to.w.end_object();
  } else if (const auto* result = block.as<canonical::ToolResult>()) {
    write_result(to, *result, block.cache_control);
  }
}

}  // namespace signalbox::dialects::anthropic
