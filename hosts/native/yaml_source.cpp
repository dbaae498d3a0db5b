#include "yaml_source.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "json/reader.h"

namespace signalbox::native {
namespace {

using config::Kind;
using config::no_node;
using config::NodeId;
using config::Place;
using config::Problem;
using config::Source;

// Thrown by the handler to end the parse; the problem is already told.
struct Stop {};

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {1, 1};
  return {uint32_t(mark.line + 1), uint32_t(mark.column + 1)};
}

Kind kind_of_plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Kind::null;
  if (text == "true" || text == "false" || text == "True" || text == "False" || text == "TRUE" || text == "FALSE") {
    return Kind::boolean;
  }
  json::Reader reader(text);
  if (reader.next() == json::Token::number && reader.raw().size() == text.size() && reader.next() == json::Token::end) {
    return Kind::number;
  }
  return Kind::string;
}

// Builds the tree from yaml-cpp's events. Its own node graph is not used: it takes the last of two equal
// keys without a word.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Source& source) : source_(source) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ != 0) stop(mark, "a second document begins here; a configuration is one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (key_due()) stop(mark, "a key is missing here");
    // yaml-cpp places nothing at whatever follows; a person looks for it at its key.
    const bool member = !open_.empty() && open_.back().kind == Kind::mapping;
    const Place key_place = member ? open_.back().key_place : Place{};
    const NodeId id = add(Kind::null, mark, {});
    if (id != no_node && member) source_.tree[id].place = key_place;
    remember(anchor, id);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(mark, "this alias stands inside what it names, or names nothing that is read");
    if (key_due()) stop(mark, "an alias cannot be a key");
    copy(found->second, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag != "?" && tag != "!" && !tag.empty()) stop(mark, "tags are not known here");
    if (key_due()) {
      if (value == "<<" && tag != "!") stop(mark, "merge keys (<<) are not known here; write the keys out");
      open_.back().key = value;
      open_.back().key_place = place_of(mark);
      open_.back().key_read = true;
      return;
    }
    // yaml-cpp gives plain scalars the tag "?" and quoted ones "!".
    const Kind kind = tag == "!" ? Kind::string : kind_of_plain(value);
    std::string text = value;
    if (kind == Kind::null) text.clear();
    if (kind == Kind::boolean) text = value[0] == 't' || value[0] == 'T' ? "true" : "false";
    remember(anchor, add(kind, mark, std::move(text)));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(Kind::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    NodeId id = no_node;
    YAML::anchor_t anchor = 0;
    bool key_read = false;
    std::string key;
    Place key_place;
    bool discarded = false;  // the value of a key that stands a second time: read over
    Kind kind = Kind::null;
  };

  [[noreturn]] void stop(const YAML::Mark& mark, std::string message) {
    source_.problems.push_back({std::move(message), place_of(mark), here()});
    throw Stop{};
  }

  std::string here() const {
    for (auto it = open_.rbegin(); it != open_.rend(); ++it) {
      if (it->id != no_node) return path_of(source_.tree, it->id);
    }
    return {};
  }

  bool key_due() const { return !open_.empty() && open_.back().kind == Kind::mapping && !open_.back().key_read; }

  NodeId add(Kind kind, const YAML::Mark& mark, std::string text) {
    const Place place = place_of(mark);
    NodeId id = no_node;
    const size_t problem_count = source_.problems.size();
    if (open_.empty()) {
      id = source_.tree.add(no_node, kind, place);
    } else {
      Open& parent = open_.back();
      parent.key_read = false;
      if (parent.discarded) return no_node;
      id = parent.kind == Kind::mapping ? add_member(source_, parent.id, parent.key, parent.key_place, kind, place)
                                        : source_.tree.add(parent.id, kind, place);
    }
    if (id == no_node) {
      if (source_.problems.size() == problem_count) stop(mark, "too deep, or too many values");
      return no_node;
    }
    source_.tree[id].text = std::move(text);
    return id;
  }

  void remember(YAML::anchor_t anchor, NodeId id) {
    if (anchor != 0 && id != no_node) anchors_[anchor] = id;
  }

  void begin(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (tag != "?" && !tag.empty()) stop(mark, "tags are not known here");
    if (key_due()) stop(mark, "a key must be a plain word; put ${NAME} in quotes inside { }");
    if (open_.size() >= config::depth_max) stop(mark, "too deep, or too many values");
    Open next;
    next.id = add(kind, mark, {});
    next.kind = kind;
    next.anchor = anchor;
    next.discarded = next.id == no_node;
    open_.push_back(std::move(next));
  }

  void end() {
    // Only now may an alias name it: one inside itself would have no end.
    remember(open_.back().anchor, open_.back().id);
    open_.pop_back();
  }

  // Copies the whole of `from` to where a value is due. What is copied stands before the copy begins, so
  // the bounds of nodes and bytes are all that is needed against aliases of aliases.
  void copy(NodeId from, const YAML::Mark& mark) {
    struct Work {
      NodeId from;
      NodeId parent;
    };
    copied_bytes_ += source_.tree[from].text.size();
    if (copied_bytes_ > config::text_bytes_max) stop(mark, "this alias stands for too much");
    const NodeId top = add(source_.tree[from].kind, mark, source_.tree[from].text);
    if (top == no_node) return;
    std::vector<Work> work{{from, top}};
    while (!work.empty()) {
      const Work next = work.back();
      work.pop_back();
      for (NodeId child = source_.tree[next.from].first_child; child != no_node; child = source_.tree[child].next) {
        const config::Node original = source_.tree[child];
        const NodeId id = source_.tree.add(next.parent, original.kind, original.place);
        if (id == no_node) stop(mark, "too deep, or too many values: this alias stands for too much");
        copied_bytes_ += original.text.size() + original.key.size();
        if (copied_bytes_ > config::text_bytes_max) stop(mark, "this alias stands for too much");
        source_.tree[id].key = original.key;
        source_.tree[id].key_place = original.key_place;
        source_.tree[id].text = original.text;
        work.push_back({child, id});
      }
    }
  }

  Source& source_;
  int documents_ = 0;
  size_t copied_bytes_ = 0;  // by aliases
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodeId> anchors_;
};

// A line of YAML may end with CR alone (YAML 1.2, 5.4), which to yaml-cpp is a character of the word beside it.
std::string with_line_feeds(std::string_view text) {
  std::string fed(text);
  for (size_t i = 0; i < fed.size(); ++i) {
    if (fed[i] == '\r' && (i + 1 == fed.size() || fed[i + 1] != '\n')) fed[i] = '\n';
  }
  return fed;
}

std::string_view line_at(std::string_view text, uint32_t line) {
  size_t begin = 0;
  for (uint32_t i = 1; i < line; ++i) {
    const size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return {};
    begin = end + 1;
  }
  return text.substr(begin, text.find('\n', begin) - begin);
}

// The slips that yaml-cpp's own sentence does not help with.
std::string hint(std::string_view line) {
  if (line.find('\t') != std::string_view::npos) return "; there is a tab: YAML is indented with spaces";
  if (line.find("${") != std::string_view::npos) return "; put ${NAME} in quotes inside { }";
  if (line.find(": *") != std::string_view::npos || line.find("- *") != std::string_view::npos ||
      line.find("[*") != std::string_view::npos) {
    return "; a pattern that begins with * must stand in quotes";
  }
  return {};
}

}  // namespace

Source read_yaml_tree(std::string_view text) {
  Source source;
  if (text.size() > config::text_bytes_max) {
    source.problems.push_back(
        {"the text is larger than " + std::to_string(config::text_bytes_max) + " bytes", {1, 1}, ""});
    return source;
  }
  const std::string fed = with_line_feeds(text);
  std::istringstream stream{fed};
  Builder builder(source);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    source.reach = config::Reach::whole;
  } catch (const Stop&) {
  } catch (const YAML::Exception& fault) {
    const Place place = place_of(fault.mark);
    source.problems.push_back({"this is not YAML: " + fault.msg + hint(line_at(fed, place.line)), place, ""});
  }
  return source;
}

}  // namespace signalbox::native
