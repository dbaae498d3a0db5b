// Parts of contents: texts, media, and the results of calls with their media (translation.md section 3).
#include "base/arena.h"
#include "dialects/gemini/writing.h"
#include "json/walk.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::Block;
using canonical::Document;
using canonical::Image;
using canonical::Source;
using canonical::Text;

// Results that are JSON objects nested deeper go as text: Google's reader follows a hundred levels.
constexpr size_t object_depth_max = 64;

// An image or a document as bytes or as an address.
struct Medium {
  Source source;
  Escaped media_type;
  Escaped data;
};

// Gemini reads what is in Google's own stores and on YouTube; other addresses it does not fetch, and the gateway
// fetches nothing either.
bool is_googles(Escaped address) {
  for (const std::string_view beginning :
       {"gs://", "https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/"})
    if (address.inside.substr(0, beginning.size()) == beginning) return true;
  return false;
}

// What `block` is as a medium; Source::text where it does not go as one.
Medium medium_of(const Writing& to, const Block& block) {
  Medium medium{Source::text, {}, {}};
  if (const Image* image = block.as<Image>()) {
    if (to.flags().vision) medium = {image->source, image->media_type, image->data};
    if (medium.source == Source::base64 && medium.media_type.empty()) medium.media_type = {"image/png"};
  } else if (const Document* document = block.as<Document>()) {
    medium = {document->source, document->media_type, document->data};
    if (medium.source == Source::base64 && medium.media_type.empty()) medium.media_type = {"application/pdf"};
  }
  const bool by_address = medium.source == Source::url || medium.source == Source::file;
  if (medium.source != Source::base64 && !(by_address && is_googles(medium.data))) medium.source = Source::text;
  return medium;
}

void write_medium(json::Writer& w, const Medium& medium) {
  const bool bytes = medium.source == Source::base64;
  w.begin_object();
  (bytes ? w.key("inlineData") : w.key("fileData")).begin_object();
  if (!medium.media_type.empty()) w.key("mimeType").string(medium.media_type);
  (bytes ? w.key("data") : w.key("fileUri")).string(medium.data);
  w.end_object().end_object();
}

// Calls `on_medium` for each of the media of `block`, which are several only in a document made of blocks.
template <class OnMedium>
void each_medium(const Writing& to, const Block& block, OnMedium&& on_medium) {
  const Document* document = block.as<Document>();
  if (document && document->source == Source::blocks) {
    for (const Block& inner : document->blocks)
      if (const Medium medium = medium_of(to, inner); medium.source != Source::text) on_medium(medium);
  } else if (const Medium medium = medium_of(to, block); medium.source != Source::text) {
    // mediaResolution is the whole request's, and of newer models alone.
    if (const Image* image = block.as<Image>(); image && !image->detail.empty()) to.lose("messages.image.detail");
    // displayName is Vertex AI's alone.
    if (document && !document->title.empty()) to.lose("messages.document.title");
    if (document && !document->context.empty()) to.lose("messages.document.context");
    on_medium(medium);
  }
}

// Whether a text has to be written for `block`: for all but what goes as a medium.
bool is_said(const Writing& to, const Block& block) { return medium_of(to, block).source == Source::text; }

// What is said of `block` in a string that was begun, documents in the tags that mark what is not the user's own
// word. Notes what is lost.
void write_pieces(const Writing& to, const Block& block) {
  json::Writer& w = to.w;
  if (const Text* text = block.as<Text>()) {
    w.piece(text->text);
  } else if (const Image* image = block.as<Image>()) {
    to.lose("messages.image");
    w.piece(!to.flags().vision              ? Escaped{"[image omitted: model has no vision]"}
            : image->source == Source::file ? Escaped{"[image omitted: it is kept by another provider]"}
                                            : Escaped{"[image omitted: it is at an address that is not read]"});
  } else if (const Document* document = block.as<Document>()) {
    if (document->source != Source::text && document->source != Source::blocks) {
      to.lose("messages.document");
      w.piece(Escaped{"[document omitted"});
      if (!document->title.empty()) w.piece(Escaped{": "}).piece(document->title);
      w.piece(Escaped{"]"});
      return;
    }
    w.piece(Escaped{"<document"});
    if (!document->title.empty()) w.piece(Escaped{" title=\\\""}).piece(document->title).piece(Escaped{"\\\""});
    if (!document->context.empty()) w.piece(Escaped{" context=\\\""}).piece(document->context).piece(Escaped{"\\\""});
    w.piece(Escaped{">\\n"});
    if (document->source == Source::text) w.piece(document->data).piece(Escaped{"\\n"});
    for (const Block& inner : document->blocks) {
      // A document within a document's blocks is not foreseen by anybody.
      if (inner.as<Document>()) to.lose("messages.document");
      else if (is_said(to, inner)) write_pieces(to, inner), w.piece(Escaped{"\\n"});
    }
    w.piece(Escaped{"</document>"});
  }
}

// The JSON object that is all that `result` says, plain; empty where it is something else, or would be read
// differently: these two members mean what came out, and what went wrong.
std::string_view object_of(const Writing& to, const canonical::ToolResult& result) {
  if (result.is_error || result.content.size() != 1) return {};
  const Text* text = result.content.first->as<Text>();
  if (!text || text->text.inside.front() != '{') return {};
  std::string plain;
  json::unescape(text->text, plain);
  json::Reader reader(plain, object_depth_max);
  if (!reader.skip_value() || reader.next() != json::Token::end) return {};
  if (!json::member(plain, "output").empty() || !json::member(plain, "error").empty()) return {};
  return to.context.arena.copy(plain);
}

}  // namespace

void write_parts(const Writing& to, const Block& block) {
  if (is_said(to, block)) {
    to.w.begin_object().key("text").begin_string();
    write_pieces(to, block);
    to.w.end_string().end_object();
  }
  each_medium(to, block, [&](const Medium& medium) { write_medium(to.w, medium); });
}

void write_result(const Writing& to, const canonical::ToolResult& result, std::string_view name) {
  json::Writer& w = to.w;
  w.begin_object().key("functionResponse").begin_object();
  if (to.flags().tool_id_style != ToolIdStyle::none) w.key("id").string(result.id);
  w.key("name").string(to.sent_name(name)).key("response");
  if (const std::string_view object = object_of(to, result); !object.empty()) {
    w.raw(object);
  } else {
    w.begin_object();
    (result.is_error ? w.key("error") : w.key("output")).begin_string();
    bool first = true;
    for (const Block& block : result.content) {
      if (!is_said(to, block)) continue;
      if (!first) w.piece(Escaped{"\\n"});
      first = false;
      write_pieces(to, block);
    }
    w.end_string().end_object();
  }
  const bool inside = to.flags().media_in_results;
  bool open = false;
  const auto each = [&](auto&& on_medium) {
    for (const Block& block : result.content) each_medium(to, block, on_medium);
  };
  if (inside) {
    each([&](const Medium& medium) {
      if (!open) w.key("parts").begin_array();
      open = true;
      write_medium(w, medium);
    });
    if (open) w.end_array();
  }
  w.end_object().end_object();
  if (!inside) each([&](const Medium& medium) { write_medium(w, medium); });
}

}  // namespace signalbox::dialects::gemini
