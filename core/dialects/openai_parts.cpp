#include "dialects/openai_parts.h"

#include <algorithm>

#include "base/arena.h"
#include "dialects/canonical/billing.h"

namespace signalbox::dialects::openai {
namespace {

using canonical::Block;
using canonical::Document;
using canonical::Image;
using canonical::Source;

// A document's content is texts and images, as the Messages API has it; further documents inside are left out.
constexpr int nesting_max = 1;

Escaped joined(const Writing& to, std::initializer_list<std::string_view> pieces) {
  return {to.context.arena.concat(pieces)};
}

Part text_part(Escaped text) {
  Part part;
  part.text = text;
  return part;
}

void add_image(const Writing& to, const Image& image, Part part, Parts& out) {
  if (to.flags().vision && image.source != Source::file) {
    part.image = &image;
  } else {
    to.lose("messages.image");
    part.text = {to.flags().vision ? "[image omitted: it is kept by another provider]"
                                   : "[image omitted: model has no vision]"};
  }
  out.push_back(part);
}

Escaped opening_tag(const Writing& to, const Document& document) {
  const auto attribute = [&](std::string_view name, Escaped value) {
    return value.empty() ? std::string_view() : to.context.arena.concat({name, value.inside, "\\\""});
  };
  return joined(to, {"<document", attribute(" title=\\\"", document.title),
                     attribute(" context=\\\"", document.context), ">\\n"});
}

constexpr Escaped closing_tag{"\\n</document>"};

void add_block(const Writing& to, const Block& block, Parts& out, int nesting);

// Chat has files by their bytes only, and few servers take them; in Responses they are part of the dialect.
bool takes_file(const Writing& to, Source source) {
  if (to.layout == Layout::nested) return source == Source::base64 && to.flags().documents;
  return source == Source::base64 || source == Source::url;
}

void add_document(const Writing& to, const Document& document, Part part, Parts& out, int nesting) {
  if (document.source == Source::text) {
    part.before = opening_tag(to, document);
    part.text = document.data;
    part.after = closing_tag;
    out.push_back(part);
  } else if (document.source == Source::blocks && nesting < nesting_max) {
    const size_t first = out.size();
    for (const Block& inner : document.blocks) add_block(to, inner, out, nesting + 1);
    if (out.size() == first) return;
    const bool only_text =
        std::all_of(out.begin() + std::ptrdiff_t(first), out.end(), [](const Part& inner) { return inner.is_text(); });
    if (!only_text) {  // the tags stand by themselves beside media
      out.insert(out.begin() + std::ptrdiff_t(first), text_part({}));
      out.push_back(text_part({}));
    }
    out[first].before = opening_tag(to, document);
    out.back().after = closing_tag;
    out.back().cache_control = part.cache_control;
  } else if (takes_file(to, document.source)) {
    part.document = &document;
    if (!document.context.empty()) to.lose("messages.document.context");
    if (document.source == Source::url && !document.title.empty()) to.lose("messages.document.title");  // no "filename"
    out.push_back(part);
  } else {
    to.lose("messages.document");
    part.text = document.title.empty() ? Escaped{"[document omitted]"}
                                       : joined(to, {"[document omitted: ", document.title.inside, "]"});
    out.push_back(part);
  }
}

void add_block(const Writing& to, const Block& block, Parts& out, int nesting) {
  Part part;
  if (to.flags().cache_control && to.layout == Layout::nested) part.cache_control = block.cache_control;
  if (const auto* text = block.as<canonical::Text>()) {
    part.text = text->text;
    out.push_back(part);
  } else if (const auto* image = block.as<Image>()) {
    add_image(to, *image, part, out);
  } else if (const auto* document = block.as<Document>()) {
    add_document(to, *document, part, out, nesting);
  }
}

}  // namespace

void add_parts(const Writing& to, const Block& block, Parts& out) { add_block(to, block, out, 0); }

void wrap_as_reminder(Parts& parts) {
  parts.front().before = {"<system-reminder>\\n"};
  parts.back().after = {"\\n</system-reminder>"};
}

Parts system_parts(const Writing& to, Escaped instruction) {
  Parts parts;
  bool leading = to.flags().strip_billing;
  for (const Block& block : to.request.system) {
    const canonical::Text* text = block.as<canonical::Text>();
    if (!text) continue;
    const Escaped kept = leading ? canonical::without_billing(text->text) : text->text;
    leading = false;
    if (json::is_blank(kept)) continue;
    add_parts(to, block, parts);
    parts.back().text = kept;
  }
  if (!instruction.empty()) parts.push_back(text_part(instruction));
  return parts;
}

void write_pieces(json::Writer& w, const Parts& parts, Escaped joint) {
  bool first = true;
  for (const Part& part : parts) {
    if (!first) w.piece(joint);
    first = false;
    w.piece(part.before).piece(part.text).piece(part.after);
  }
}

void write_image_url(json::Writer& w, const Image& image) {
  if (image.source == Source::url) {
    w.string(image.data);
    return;
  }
  w.begin_string().piece(Escaped{"data:"});
  w.piece(image.media_type.empty() ? Escaped{"image/png"} : image.media_type);
  w.piece(Escaped{";base64,"}).piece(image.data).end_string();
}

void write_file_data(json::Writer& w, const Document& document) {
  constexpr std::string_view ending = ".pdf";
  const std::string_view title = document.title.inside;
  const bool ends = title.size() > ending.size() && title.substr(title.size() - ending.size()) == ending;
  w.key("filename").begin_string();
  w.piece(title.empty() ? Escaped{"document"} : document.title);
  if (!ends) w.piece(Escaped{ending});
  w.end_string().key("file_data").begin_string().piece(Escaped{"data:"});
  w.piece(document.media_type.empty() ? Escaped{"application/pdf"} : document.media_type);
  w.piece(Escaped{";base64,"}).piece(document.data).end_string();
}

}  // namespace signalbox::dialects::openai
