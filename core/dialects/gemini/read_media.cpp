// Media of parts: bytes in base64, in either alphabet, and addresses.
#include <algorithm>

#include "base/text.h"
#include "dialects/gemini/reading.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::Source;

struct Members {
  Escaped media_type, bytes, address, name;
};

Members members_of(std::string_view value, Reading& reading) {
  Members members;
  json::each_member(value, [&](std::string_view key, std::string_view member) {
    if (names(key, "mimeType")) reading.take_text("mimeType", member, members.media_type);
    else if (key == "data") reading.take_text("inlineData.data", member, members.bytes);
    else if (names(key, "fileUri")) reading.take_text("fileData.fileUri", member, members.address);
    else if (names(key, "displayName")) reading.take_text("displayName", member, members.name);
    else reading.lose("messages", key, member);
  });
  return members;
}

// `bytes` in the alphabet that every other dialect uses, with its padding.
Escaped in_standard_base64(Escaped bytes, Reading& reading) {
  const std::string_view text = reading.plain(bytes);
  const bool padded = text.size() % 4 == 0;
  if (padded && text.find('-') == text.npos && text.find('_') == text.npos) return {text};
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  while (standard.size() % 4 != 0) standard += '=';
  std::string escaped;  // what is no base64 is still a text
  json::escape(standard, escaped);
  return {reading.arena().copy(escaped)};
}

void add(Source source, const Members& members, Escaped data, Reading& reading, std::vector<Block>& out) {
  if (base::begins_ignoring_case(members.media_type.inside, "image/")) {
    if (!members.name.empty()) reading.losses().add("messages.displayName");  // only documents have titles elsewhere
    out.push_back({canonical::Image{source, members.media_type, data, {}}, {}});
  } else {
    canonical::Document document;
    document.source = source;
    document.media_type = members.media_type;
    document.data = data;
    document.title = members.name;
    out.push_back({document, {}});
  }
}

}  // namespace

void read_bytes(std::string_view value, Reading& reading, std::vector<Block>& out) {
  const Members members = members_of(value, reading);
  if (members.bytes.empty()) {
    reading.wrong("inlineData", "an object with \"mimeType\" and \"data\"", value);
    return;
  }
  add(Source::base64, members, in_standard_base64(members.bytes, reading), reading, out);
}

void read_file(std::string_view value, Reading& reading, std::vector<Block>& out) {
  const Members members = members_of(value, reading);
  if (members.address.empty()) {
    reading.wrong("fileData", "an object with \"fileUri\"", value);
    return;
  }
  // What is in Google's stores nobody else can read.
  const std::string_view address = members.address.inside;
  const bool googles = address.substr(0, 5) == "gs://" || address.find("generativelanguage.googleapis.com/") < 9;
  add(googles ? Source::file : Source::url, members, members.address, reading, out);
}

}  // namespace signalbox::dialects::gemini
