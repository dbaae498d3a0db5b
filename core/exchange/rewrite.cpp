#include "exchange/rewrite.h"

#include <string>
#include <vector>

#include "base/sort.h"
#include "base/text.h"
#include "dialects/canonical/request.h"
#include "dialects/listing.h"
#include "json/reader.h"

namespace signalbox::exchange {
namespace {

bool is_container(std::string_view value) { return !value.empty() && (value.front() == '{' || value.front() == '['); }

std::string_view first_part(std::string_view path) { return path.substr(0, path.find('.')); }
std::string_view behind_first(std::string_view path) {
  const size_t dot = path.find('.');
  return dot == path.npos ? std::string_view() : path.substr(dot + 1);
}

// Whether all parts are names, so that what is missing of them can be made.
bool is_named_only(std::string_view path) {
  for (; !path.empty(); path = behind_first(path))
    if (first_part(path) == "*" || base::parse_decimal(first_part(path)) >= 0) return false;
  return true;
}

// `value` inside of as many objects as `path` has parts.
std::string nested(std::string_view path, std::string_view value) {
  if (path.empty()) return std::string(value);
  std::string text = "{\"";
  text += first_part(path);
  text += "\":";
  text += nested(behind_first(path), value);
  text += '}';
  return text;
}

// An object or an array with what rules have made of it. Goes as deep as a path has parts.
class Container {
 public:
  explicit Container(std::string_view text) : text_(text), is_object_(text.front() == '{') {
    json::Reader reader(text);
    reader.next();
    for (;;) {
      Child child;
      if (is_object_) {
        if (reader.next() != json::Token::key) break;
        child.name = reader.raw();
        child.begin = reader.offset();
      }
      const auto value = reader.skip_value();
      if (!value) break;
      child.value = *value;
      child.end = reader.end_offset();
      if (!is_object_) child.begin = child.end - value->size();
      if (children_.size() == canonical::elements_max) {
        children_.clear();
        whole_ = false;
        return;
      }
      children_.push_back(std::move(child));
    }
    end_ = children_.empty() ? 1 : children_.back().end;
  }

  // Does what `rule` says at `path`, which is the rest of the rule's own from here.
  void apply(const Rewrite& rule, std::string_view path) {
    if (!whole_) return;
    const std::string_view part = first_part(path), deeper = behind_first(path);
    bool met = false;
    for (size_t i = 0; i < children_.size(); ++i) {
      Child& child = children_[i];
      if (child.gone || !is(child, i, part)) continue;
      met = true;
      if (deeper.empty()) change(child, rule);
      else descend(child, rule, deeper);
    }
    if (!met && is_object_ && rule.makes() && is_named_only(path)) add(part, nested(deeper, rule.value));
  }

  // What has become of it, as edits of its text, in order. Views until it changes, or until the next call.
  std::vector<Edit> edits() {
    std::vector<Edit> made;
    added_.clear();
    dialects::Listing listing(made);
    bool any_stays = false;
    for (const Child& child : children_) {
      if (child.end == 0) continue;  // an added one
      listing.add(child.begin, child.end, child.gone ? shown(child) : std::string_view());
      any_stays = any_stays || !child.gone;
    }
    listing.close();
    for (const Child& child : children_) {
      if (child.gone || child.end == 0) continue;
      const size_t value_begin = child.end - child.value.size();
      if (child.renamed) made.push_back({child.name, child.begin, child.begin + child.quoted_bytes, child.new_name});
      if (child.changed) made.push_back({shown(child), value_begin, child.end, child.text});
    }
    base::sort(made, [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    for (const Child& child : children_) {
      if (child.gone || child.end != 0) continue;
      added_ += any_stays || !added_.empty() ? ",\"" : "\"";
      added_.append(child.name).append("\":").append(child.text);
    }
    if (!added_.empty()) made.push_back({"+", end_, end_, added_});
    return made;
  }

  // Its text as it is now.
  std::string joined() {
    std::string out;
    size_t copied_to = 0;
    for (const Edit& edit : edits()) {
      out.append(text_.substr(copied_to, edit.begin - copied_to)).append(edit.text);
      copied_to = edit.end;
    }
    return out.append(text_.substr(copied_to));
  }

 private:
  struct Child {
    std::string_view name{};  // escaped; empty in an array
    std::string_view value{};
    size_t begin = 0;  // of its name, or of its value
    size_t end = 0;    // one past its value; 0: a rule has added it
    size_t quoted_bytes = 0;
    std::string text{};      // in place of the value
    std::string new_name{};  // quoted, in place of the name
    bool changed = false;
    bool renamed = false;
    bool gone = false;

    std::string_view now() const { return changed ? std::string_view(text) : value; }
  };

  static std::string_view shown(const Child& child) { return child.name.empty() ? std::string_view("*") : child.name; }

  bool is(const Child& child, size_t index, std::string_view part) const {
    if (part == "*") return true;
    if (!is_object_) return base::parse_decimal(part) == int64_t(index);
    return child.renamed ? std::string_view(child.new_name).substr(1, child.new_name.size() - 2) == part
                         : json::equals(child.name, part);
  }

  bool has(std::string_view name) const {
    for (const Child& child : children_)
      if (!child.gone && is(child, 0, name)) return true;
    return false;
  }

  void change(Child& child, const Rewrite& rule) {
    if (!rule.remove.empty()) {
      child.gone = true;
    } else if (!rule.rename.empty()) {
      if (!is_object_) return;
      if (has(rule.to)) child.gone = true;
      else rename(child, rule.to);
    } else if (!rule.set.empty() || child.now() == "null") {
      put(child, rule.value);
    }
  }

  static void rename(Child& child, std::string_view to) {
    if (child.end == 0) {
      child.name = to;
      return;
    }
    child.renamed = true;
    child.quoted_bytes = child.name.size() + 2;
    child.new_name = "\"";
    child.new_name.append(to) += '"';
  }

  static void put(Child& child, std::string text) {
    child.changed = true;
    child.text = std::move(text);
  }

  static void descend(Child& child, const Rewrite& rule, std::string_view deeper) {
    const std::string_view value = child.now();
    if (is_container(value)) {
      Container inner(value);
      inner.apply(rule, deeper);
      if (!inner.edits().empty()) put(child, inner.joined());
    } else if (value == "null" && rule.makes() && is_named_only(deeper)) {
      put(child, nested(deeper, rule.value));
    }
  }

  void add(std::string_view name, std::string value) {
    Child child;
    child.name = name;
    put(child, std::move(value));
    children_.push_back(std::move(child));
  }

  std::string_view text_;
  bool is_object_ = false;
  bool whole_ = true;  // all children are known
  size_t end_ = 1;     // of the last child
  std::vector<Child> children_;
  std::string added_;  // what edits() points into
};

// Calls `on_rule` for each rule that speaks of the lane's model.
template <class OnRule>
void each_rule(const Provider& to, const routing::Lane& lane, OnRule&& on_rule) {
  for (const std::span<const Rewrite> rules : {std::span<const Rewrite>(to.rewrite), lane.rewrite})
    for (const Rewrite& rule : rules)
      if (rule.when.model.empty() || base::matches(rule.when.model, lane.upstream_model)) on_rule(rule);
}

}  // namespace

std::span<const Edit> rewrites_for(std::string_view body, const Provider& to, const routing::Lane& lane,
                                   Operation operation, Arena& arena) {
  if (to.rewrite.empty() && lane.rewrite.empty()) return {};
  const size_t start = body.find_first_not_of(" \t\r\n");
  if (start == body.npos || body[start] != '{') return {};
  std::vector<const Rewrite*> rules;
  each_rule(to, lane, [&](const Rewrite& rule) {
    if (operation != Operation::count_tokens || !rule.makes()) rules.push_back(&rule);
  });
  if (rules.empty()) return {};
  Container root(body.substr(start));
  for (const Rewrite* rule : rules) root.apply(*rule, rule->path());
  const std::vector<Edit> made = root.edits();
  const std::span<Edit> kept = arena.array<Edit>(made.size());
  for (size_t i = 0; i < made.size(); ++i)
    kept[i] = {arena.copy(made[i].path), start + made[i].begin, start + made[i].end, arena.copy(made[i].text)};
  return kept;
}

std::span<const std::string_view> rewritten(std::string_view body, std::span<const Edit> edits, const Provider& to,
                                            const routing::Lane& lane, Operation operation, Arena& arena) {
  const auto pieces = edited(body, edits, arena);
  if (to.rewrite.empty() && lane.rewrite.empty()) return pieces;
  // The model's name and tags share no comma with a rule.
  const bool ours = std::all_of(edits.begin(), edits.end(), [](const Edit& edit) {
    return edit.path == tag_path || (edit.path == "model" && !edit.text.empty());
  });
  if (ours) {
    const auto own = rewrites_for(body, to, lane, operation, arena);
    if (own.empty()) return pieces;
    const bool apart = std::none_of(own.begin(), own.end(), [&](const Edit& rule) {
      return std::any_of(edits.begin(), edits.end(),
                         [&](const Edit& edit) { return rule.begin < edit.end && edit.begin < rule.end; });
    });
    if (apart) {
      const std::span<Edit> all = arena.array<Edit>(own.size() + edits.size());
      std::merge(own.begin(), own.end(), edits.begin(), edits.end(), all.begin(),
                 [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
      return edited(body, all, arena);
    }
  }
  // What both would take, be it a comma: the rules see the body as it is by now.
  std::string whole;
  for (std::string_view piece : pieces) whole += piece;
  const std::string_view kept = arena.copy(whole);
  return edited(kept, rewrites_for(kept, to, lane, operation, arena), arena);
}

}  // namespace signalbox::exchange
