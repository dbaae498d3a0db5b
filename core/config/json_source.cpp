#include "config/json_source.h"

#include "json/reader.h"

namespace signalbox::config {
namespace {

// Turns offsets into places. Offsets grow but for errors, so that every byte is looked at twice at most.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  Place place_of(size_t offset) {
    if (offset < seen_) *this = Lines(text_);
    for (; seen_ < offset && seen_ < text_.size(); ++seen_) {
      if (text_[seen_] == '\n') {
        ++line_;
        line_begin_ = seen_ + 1;
      }
    }
    return {line_, uint32_t(offset - line_begin_ + 1)};
  }

 private:
  std::string_view text_;
  size_t seen_ = 0;
  size_t line_begin_ = 0;
  uint32_t line_ = 1;
};

Kind kind_of(json::Token token) {
  switch (token) {
    case json::Token::begin_object: return Kind::mapping;
    case json::Token::begin_array: return Kind::sequence;
    case json::Token::string: return Kind::string;
    case json::Token::number: return Kind::number;
    case json::Token::true_:
    case json::Token::false_: return Kind::boolean;
    default: return Kind::null;
  }
}

std::string plain(const json::Reader& reader) {
  if (!reader.escaped()) return std::string(reader.raw());
  std::string out;
  json::unescape(reader.raw(), out);
  return out;
}

// Where JSON is wanted, YAML or the name of a file is what many try first.
std::string fault_of(std::string_view text, const json::Reader& reader) {
  std::string fault = "this is not JSON: " + std::string(reader.error().what);
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] != '{' && text[first] != '[')
    fault += "; here belongs neither YAML nor a file's name but the JSON that `signalbox config FILE` prints";
  return fault;
}

}  // namespace

NodeId add_member(Source& source, NodeId parent, std::string_view key, Place key_place, Kind kind, Place place) {
  const NodeId twin = source.tree.child(parent, key);
  if (twin != no_node) {
    const Place first = source.tree[twin].key_place;
    source.problems.push_back({"the key " + quoted(key) + " stands here a second time; the first is at line " +
                                   std::to_string(first.line) + ", column " + std::to_string(first.column),
                               key_place, path_of(source.tree, twin)});
    return no_node;
  }
  const NodeId id = source.tree.add(parent, kind, place);
  if (id != no_node) {
    source.tree[id].key = std::string(key);
    source.tree[id].key_place = key_place;
  }
  return id;
}

Source read_json_tree(std::string_view text) {
  Source source;
  if (text.size() > text_bytes_max) {
    source.problems.push_back({"the text is larger than " + std::to_string(text_bytes_max) + " bytes", {1, 1}, ""});
    return source;
  }
  json::Reader reader(text, depth_max);
  Lines lines(text);
  std::vector<NodeId> open;  // the containers around the current token
  std::string key;
  Place key_place;
  for (;;) {
    const json::Token token = reader.next();
    if (token == json::Token::end) {
      source.reach = Reach::whole;
      return source;
    }
    if (token == json::Token::error) {
      source.problems.push_back({fault_of(text, reader), lines.place_of(reader.error().offset),
                                 path_of(source.tree, open.empty() ? no_node : open.back())});
      return source;
    }
    const Place place = lines.place_of(reader.offset());
    if (token == json::Token::key) {
      key = plain(reader);
      key_place = place;
      continue;
    }
    if (token == json::Token::end_object || token == json::Token::end_array) {
      open.pop_back();
      continue;
    }
    const NodeId parent = open.empty() ? no_node : open.back();
    const bool named = parent != no_node && source.tree[parent].kind == Kind::mapping;
    const size_t problem_count = source.problems.size();
    NodeId id = named ? add_member(source, parent, key, key_place, kind_of(token), place)
                      : source.tree.add(parent, kind_of(token), place);
    const bool container = token == json::Token::begin_object || token == json::Token::begin_array;
    if (id == no_node) {
      if (source.problems.size() == problem_count) {
        source.problems.push_back(
            {"too deep, or too many values", place, path_of(source.tree, open.empty() ? no_node : open.back())});
        return source;
      }
      // A second value of one key is left out of the tree, but its text must still be JSON.
      const size_t depth = reader.depth();
      while (container && reader.depth() >= depth) {
        const json::Token inner = reader.next();
        if (inner == json::Token::error || inner == json::Token::end) break;
      }
      if (reader.current() != json::Token::error) continue;
      source.problems.push_back({fault_of(text, reader), lines.place_of(reader.error().offset),
                                 path_of(source.tree, open.empty() ? no_node : open.back())});
      return source;
    }
    if (container) {
      open.push_back(id);
    } else if (token != json::Token::null_) {
      source.tree[id].text = token == json::Token::string ? plain(reader) : std::string(reader.raw());
    }
  }
}

}  // namespace signalbox::config
