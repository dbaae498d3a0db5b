#include "dialects/canonical/schema.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/sort.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::canonical {
namespace {

// A union has a handful of branches; what is beyond is a schema made to cost time, since every one of them
// may stand for any part of the whole.
constexpr size_t branches_max = 64;
// A property has one variant in the root and one in each branch, unless a schema repeats itself.
constexpr size_t variants_max = branches_max + 1;
constexpr int nesting_max = 8;
// Levels that OpenAI's strict mode takes.
constexpr int strict_nesting_max = 10;

bool is_object(std::string_view value) { return !value.empty() && value.front() == '{'; }
bool is_union_key(std::string_view key) { return key == "anyOf" || key == "oneOf" || key == "allOf"; }

// Raw texts of JSON strings, sorted, each once.
using Words = std::vector<std::string_view>;

void put_in_order(Words& words) {
  base::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

Words words_of(std::string_view array) {
  Words words;
  json::each_element(array, [&](std::string_view value) { words.push_back(value); });
  put_in_order(words);
  return words;
}

bool contains(const Words& words, std::string_view word) {
  return std::binary_search(words.begin(), words.end(), word);
}

// Properties of several schemas under one name each, in the order of their first appearance.
class Properties {
 public:
  // `key` without its quotes, still escaped.
  void add(std::string_view key, std::string_view schema) {
    const auto [place, is_new] = place_.emplace(key, list_.size());
    if (is_new) list_.push_back({key, {}});
    auto& variants = list_[place->second].variants;
    if (variants.size() == variants_max) return;
    if (std::find(variants.begin(), variants.end(), schema) == variants.end()) variants.push_back(schema);
  }

  void write(json::Writer& w) const {
    w.begin_object();
    for (const Property& property : list_) {
      w.key(json::Escaped{property.key});
      if (property.variants.size() == 1) {
        w.raw(property.variants[0]);
      } else {
        w.begin_object().key("anyOf").begin_array();
        for (const std::string_view variant : property.variants) w.raw(variant);
        w.end_array().end_object();
      }
    }
    w.end_object();
  }

 private:
  struct Property {
    std::string_view key;
    std::vector<std::string_view> variants;
  };
  std::vector<Property> list_;
  std::map<std::string_view, size_t> place_;
};

// The definitions of a root, by what "$ref" says of them.
class Definitions {
 public:
  explicit Definitions(std::string_view root) : root_(root) {}

  // Empty where there is none of that name. `escaped` is as it stands in the schema: some write "#\/$defs\/a".
  std::string_view find(std::string_view escaped) {
    if (escaped.empty() || escaped.front() != '#') return {};
    std::string reference;
    json::unescape(escaped, reference);
    if (!indexed_) index();
    const auto found = by_reference_.find(reference);
    return found == by_reference_.end() ? std::string_view() : found->second;
  }

 private:
  void index() {
    indexed_ = true;
    json::each_member(root_, [&](std::string_view place, std::string_view definitions) {
      if (!json::equals(place, "$defs") && !json::equals(place, "definitions")) return;
      json::each_member(definitions, [&](std::string_view name, std::string_view schema) {
        std::string reference = "#/";
        json::unescape(place, reference);
        reference += '/';
        json::unescape(name, reference);
        by_reference_[std::move(reference)] = schema;
      });
    });
  }

  std::string_view root_;
  bool indexed_ = false;
  std::map<std::string, std::string_view, std::less<>> by_reference_;
};

// Takes together what a root and its branches say of properties.
class Merge {
 public:
  explicit Merge(std::string_view root)
      : definitions_(root), bytes_left_(std::max(merge_bytes_min, root.size() * merge_reads_max)) {}

  // What `schema` requires, sorted.
  Words take(std::string_view schema, int nesting) {
    schema = resolved(schema);
    Words required;
    if (!may_read(schema)) return required;
    json::each_member(schema, [&](std::string_view key, std::string_view value) {
      if (key == "properties") {
        json::each_member(value, [&](std::string_view name, std::string_view of) { properties_.add(name, of); });
      } else if (key == "required") {
        append(required, words_of(value));
      } else if (is_union_key(key) && nesting < nesting_max) {
        append(required, take_branches(value, key == "allOf", nesting + 1));
      }
    });
    put_in_order(required);
    return required;
  }

  const Properties& properties() const { return properties_; }
  // Whether a reference was met that leads nowhere within the root.
  bool dangles() const { return dangles_; }

 private:
  static void append(Words& words, const Words& more) { words.insert(words.end(), more.begin(), more.end()); }

  Words take_branches(std::string_view branches, bool all_hold, int nesting) {
    std::optional<Words> required;
    json::each_element(branches, [&](std::string_view branch) {
      if (!is_object(branch)) return;
      Words more;
      if (branch_count_ < branches_max) more = take(branch, nesting);
      ++branch_count_;
      if (!required) {
        required = more;
      } else if (all_hold) {
        append(*required, more);
      } else {
        Words both;
        std::set_intersection(required->begin(), required->end(), more.begin(), more.end(), std::back_inserter(both));
        required = std::move(both);
      }
    });
    return required ? std::move(*required) : Words();
  }

  // What a schema that only refers to a definition of the root stands for.
  std::string_view resolved(std::string_view schema) {
    for (int hop = 0; hop < nesting_max && may_read(schema); ++hop) {
      const std::string_view reference = json::member(schema, "$ref");
      const std::string_view found = definitions_.find(json::string_inside(reference));
      if (!is_object(found)) {
        dangles_ = dangles_ || !reference.empty();
        return schema;
      }
      schema = found;
    }
    return schema;
  }

  // Whether there is reading left for `schema`, which is then counted.
  bool may_read(std::string_view schema) {
    if (schema.size() > bytes_left_) return false;
    bytes_left_ -= schema.size();
    return true;
  }

  Definitions definitions_;
  Properties properties_;
  bool dangles_ = false;
  size_t branch_count_ = 0;
  size_t bytes_left_;
};

// Whether all of `schema` was found.
bool append_merged(std::string& out, std::string_view schema) {
  Merge merge(schema);
  const Words required = merge.take(schema, 0);
  json::Writer w(out);
  w.begin_object().key("type").string("object").key("properties");
  merge.properties().write(w);
  if (!required.empty()) {
    w.key("required").begin_array();
    for (const std::string_view word : required) w.raw(word);
    w.end_array();
  }
  json::each_member(schema, [&](std::string_view key, std::string_view value) {
    if (is_union_key(key) || key == "type" || key == "properties" || key == "required" || key == "$ref") return;
    w.key(json::Escaped{key}).raw(value);
  });
  w.end_object();
  return !merge.dangles();
}

bool is_strict_level(std::string_view schema, int nesting);

// Whether each schema in the object or array `schemas` is strict.
bool are_strict(std::string_view schemas, int nesting) {
  bool all = true;
  const auto look = [&](std::string_view schema) { all = all && is_strict_level(schema, nesting); };
  json::each_member(schemas, [&](std::string_view, std::string_view schema) { look(schema); });
  json::each_element(schemas, look);
  return all;
}

bool is_strict_level(std::string_view schema, int nesting) {
  if (!is_object(schema) || nesting > strict_nesting_max) return false;
  std::string_view properties, required;
  bool describes_object = false, closed = false, all = true;
  json::each_member(schema, [&](std::string_view key, std::string_view value) {
    if (!all) return;
    if (key == "type") {
      describes_object = describes_object || value == "\"object\"" || value.find("\"object\"") != value.npos;
    } else if (key == "properties") {
      describes_object = true;
      properties = value;
      all = are_strict(value, nesting + 1);
    } else if (key == "required") {
      required = value;
    } else if (key == "additionalProperties") {
      closed = value == "false";
    } else if (key == "anyOf" || key == "$defs" || key == "definitions") {
      all = are_strict(value, nesting + 1);
    } else if (key == "items") {
      all = is_strict_level(value, nesting + 1);
    } else if (key == "oneOf" || key == "allOf" || key == "not" || key == "patternProperties") {
      all = false;
    }
  });
  if (!all || !describes_object) return all;
  const Words words = words_of(required);
  json::each_member(properties, [&](std::string_view name, std::string_view) {
    const std::string_view quoted(name.data() - 1, name.size() + 2);
    all = all && contains(words, quoted);
  });
  return all && closed;
}

// Whether nothing needs to be done with `schema`, told from its beginning: no word of a union is anywhere in it, and its
// root says that it is an object before it comes to its properties. Nearly all tools are declared so, and their
// properties are most of what a client sends.
bool is_plain_object_schema(std::string_view schema) {
  if (schema.find("Of\"") != schema.npos) return false;
  json::Reader reader(schema);
  if (reader.next() != json::Token::begin_object) return false;
  bool typed = false;
  while (reader.next() == json::Token::key) {
    const std::string_view key = reader.raw();
    if (key == "properties") return typed && reader.next() == json::Token::begin_object;
    const auto value = reader.skip_value();
    if (value && key == "type") typed = *value == "\"object\"";
  }
  return false;
}

}  // namespace

SchemaChange append_object_schema(std::string& out, std::string_view schema) {
  if (is_plain_object_schema(schema)) {
    out += schema;
    return SchemaChange::none;
  }
  bool typed = false, has_properties = false, has_union = false, refers = false;
  json::each_member(schema, [&](std::string_view key, std::string_view value) {
    if (key == "type") typed = value == "\"object\"";
    else if (key == "properties") has_properties = is_object(value);
    else if (is_union_key(key)) has_union = true;
    else if (key == "$ref") refers = true;
  });
  if (typed && has_properties && !has_union) {
    out += schema;
    return SchemaChange::none;
  }
  if (has_union || refers) {
    const bool whole = append_merged(out, schema);
    return whole && !has_union ? SchemaChange::none : SchemaChange::widened;
  }
  json::Writer w(out);
  w.begin_object().key("type").string("object");
  if (!has_properties) w.key("properties").begin_object().end_object();
  json::each_member(schema, [&](std::string_view key, std::string_view value) {
    if (key == "type" || (key == "properties" && !has_properties)) return;
    w.key(json::Escaped{key}).raw(value);
  });
  w.end_object();
  return SchemaChange::none;
}

bool is_strict(std::string_view schema) { return is_strict_level(schema, 0); }

}  // namespace signalbox::canonical
