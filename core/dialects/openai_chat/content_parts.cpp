#include "dialects/openai_chat/content_parts.h"

#include <algorithm>

namespace signalbox::dialects::openai_chat {

bool is_plain(const Parts& parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [](const Part& part) { return part.is_text() && part.cache_control.empty(); });
}

void write_content(json::Writer& w, const Parts& parts, Escaped joint) {
  if (is_plain(parts)) {
    w.begin_string();
    openai::write_pieces(w, parts, joint);
    w.end_string();
    return;
  }
  w.begin_array();
  for (const Part& part : parts) {
    w.begin_object();
    if (part.image) {
      w.key("type").string("image_url").key("image_url").begin_object().key("url");
      openai::write_image_url(w, *part.image);
      if (!part.image->detail.empty()) w.key("detail").string(part.image->detail);
      w.end_object();
    } else if (part.document) {
      w.key("type").string("file").key("file").begin_object();
      openai::write_file_data(w, *part.document);
      w.end_object();
    } else {
      w.key("type").string("text").key("text").begin_string();
      w.piece(part.before).piece(part.text).piece(part.after).end_string();
    }
    if (!part.cache_control.empty()) w.key("cache_control").raw(part.cache_control);
    w.end_object();
  }
  w.end_array();
}

}  // namespace signalbox::dialects::openai_chat
