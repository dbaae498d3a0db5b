#include "dialects/gemini/schema_dialect.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/text.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::gemini {
namespace {

using json::Escaped;

struct Named {
  std::string_view name;  // escaped, without quotes
  std::string_view value;
};

// What one schema says, with what it refers to and all branches of its allOf. Values are raw JSON.
struct Said {
  std::vector<std::string_view> types;  // plain, "null" not among them
  bool nullable = false;
  std::string_view description, format, items, choices, minimum, maximum, branches;
  std::string_view only;  // of const
  std::vector<Named> properties;
  std::set<std::string_view> names;        // theirs
  std::vector<std::string_view> required;  // with their quotes
  std::vector<Named> told;                 // what the description has to say
};

bool is_object(std::string_view value) { return !value.empty() && value.front() == '{'; }
bool is_array(std::string_view value) { return !value.empty() && value.front() == '['; }
bool is_string(std::string_view value) { return !value.empty() && value.front() == '"'; }

template <size_t count>
bool is_among(std::string_view key, const std::string_view (&words)[count]) {
  return std::find(std::begin(words), std::end(words), key) != std::end(words);
}

constexpr std::string_view told_keys[] = {"exclusiveMinimum", "exclusiveMaximum", "multipleOf",      "pattern",
                                          "minLength",        "maxLength",        "default",         "example",
                                          "examples",         "uniqueItems",      "minItems",        "maxItems",
                                          "minProperties",    "maxProperties",    "contentMediaType"};
// Conditions on a value for which there are no words at all.
constexpr std::string_view cut_keys[] = {"not",
                                         "if",
                                         "then",
                                         "else",
                                         "contains",
                                         "patternProperties",
                                         "prefixItems",
                                         "dependencies",
                                         "dependentRequired",
                                         "propertyNames",
                                         "dependentSchemas"};

// Whether there is a word for the raw `format` of a value of `type`.
bool is_known_format(std::string_view format, std::string_view type) {
  const auto is = [&](std::string_view word) { return is_string(format) && json::equals(json::escaped(format), word); };
  if (type == "STRING") return is("date-time") || is("enum");
  if (type == "INTEGER") return is("int32") || is("int64");
  return type == "NUMBER" && (is("float") || is("double"));
}

std::string_view type_word(std::string_view type) {
  if (type == "object") return "OBJECT";
  if (type == "array") return "ARRAY";
  if (type == "integer") return "INTEGER";
  if (type == "number") return "NUMBER";
  if (type == "boolean") return "BOOLEAN";
  return "STRING";
}

class Cleaner {
 public:
  Cleaner(std::string& out, std::string_view root)
      : w_(out), root_(root), bytes_left_(std::max(openapi_bytes_min, root.size() * openapi_reads_max)) {}

  // `types` are those of the union that `schema` is a branch of, which hold where it says none itself.
  void write(std::string_view schema, int nesting, const std::vector<std::string_view>& types = {}) {
    const size_t refs_before = refs_.size();
    Said said;
    if (nesting > openapi_nesting_max || !collect(schema, said, 0)) {
      cut_ = SchemaCut::some;
      w_.begin_object().key("type").string("OBJECT").end_object();
    } else {
      if (says_no_type(said)) said.types = types;
      write(said, nesting);
    }
    refs_.resize(refs_before);
  }

  SchemaCut cut() const { return cut_; }

 private:
  // Adds what `schema` says to `said`. False where it is none, or may not be read (again).
  bool collect(std::string_view schema, Said& said, int hops) {
    if (!is_object(schema) || hops > openapi_nesting_max || schema.size() > bytes_left_) return false;
    bytes_left_ -= schema.size();
    std::string_view reference, all;
    json::each_member(schema, [&](std::string_view key, std::string_view value) {
      if (key == "$ref") reference = value;
      else if (key == "allOf") all = value;
      else take(key, value, said);
    });
    bool read = true;
    if (!reference.empty()) {
      const std::string_view found = find(reference);
      const bool circle = std::find(refs_.begin(), refs_.end(), found.data()) != refs_.end();
      if (found.empty() || circle) return said.types.push_back("object"), cut_ = SchemaCut::some, true;
      refs_.push_back(found.data());
      read = collect(found, said, hops + 1);
    }
    json::each_element(all, [&](std::string_view branch) { read = collect(branch, said, hops + 1) && read; });
    // A union of one is that one.
    if (is_array(said.branches)) {
      std::string_view only;
      size_t count = 0;
      json::each_element(said.branches, [&](std::string_view branch) {
        if (json::equals(json::escaped(json::member(branch, "type")), "null")) {
          said.nullable = true;
        } else if (++count == 1) {
          only = branch;
        }
      });
      if (count <= 1) {
        said.branches = {};
        if (count == 1) read = collect(only, said, hops + 1) && read;
      }
    }
    return read;
  }

  // The first that is said counts, so that what stands beside a reference outdoes it.
  void take(std::string_view key, std::string_view value, Said& said) {
    const auto first = [&](std::string_view& slot) {
      if (slot.empty()) slot = value;
      else if (slot != value && key != "description") cut_ = SchemaCut::some;
    };
    if (key == "type") return take_type(value, said);
    if (key == "properties") {
      json::each_member(value, [&](std::string_view name, std::string_view of) {
        if (said.names.insert(name).second) said.properties.push_back({name, of});
      });
    } else if (key == "required") {
      json::each_element(value, [&](std::string_view name) { said.required.push_back(name); });
    } else if (key == "nullable") {
      said.nullable = said.nullable || value == "true";
    } else if (key == "description") {
      if (is_string(value)) first(said.description);
    } else if (key == "format") {
      first(said.format);
    } else if (key == "items") {
      first(said.items);
    } else if (key == "enum") {
      first(said.choices);
    } else if (key == "const") {
      first(said.only);
    } else if (key == "minimum") {
      first(said.minimum);
    } else if (key == "maximum") {
      first(said.maximum);
    } else if (key == "anyOf" || key == "oneOf") {
      first(said.branches);
    } else if (is_among(key, told_keys)) {
      said.told.push_back({key, value});
    } else if (is_among(key, cut_keys) || (key == "additionalProperties" && is_object(value))) {
      cut_ = SchemaCut::some;
    }
  }

  static void take_type(std::string_view value, Said& said) {
    const bool said_before = !said.types.empty();
    const auto add = [&](std::string_view type) {
      const std::string_view word = json::string_inside(type);
      if (word == "null") said.nullable = true;
      else if (!said_before) said.types.push_back(word);
    };
    if (is_array(value)) json::each_element(value, add);
    else add(value);
  }

  static std::string_view element(std::string_view array, std::string_view place) {
    int64_t left = base::parse_decimal(place).value_or(-1);
    std::string_view found;
    json::each_element(array, [&](std::string_view each) {
      if (left-- == 0) found = each;
    });
    return found;
  }

  // A name of a pointer as it is spelt in the object (RFC 6901 section 4).
  static std::string plain(std::string_view name) {
    std::string out;
    for (size_t i = 0; i < name.size(); ++i) {
      const bool marked = name[i] == '~' && i + 1 < name.size() && (name[i + 1] == '0' || name[i + 1] == '1');
      out += !marked ? name[i] : name[++i] == '0' ? '~' : '/';
    }
    return out;
  }

  // What `reference` (a raw string) leads to within the root; empty where it leads elsewhere.
  std::string_view find(std::string_view reference) {
    std::string pointer;
    json::unescape(json::escaped(reference), pointer);
    std::string_view rest = pointer, at = root_;
    if (rest.empty() || rest.front() != '#') return {};
    rest.remove_prefix(1);
    while (!rest.empty() && !at.empty()) {
      if (rest.front() != '/' || at.size() > bytes_left_) return {};
      bytes_left_ -= at.size();
      rest.remove_prefix(1);
      const std::string_view name = rest.substr(0, rest.find('/'));
      at = is_array(at) ? element(at, name) : json::member(at, plain(name));
      rest.remove_prefix(name.size());
    }
    return is_object(at) ? at : std::string_view();
  }

  static bool says_no_type(const Said& said) {
    return said.types.empty() && said.properties.empty() && said.items.empty() && said.only.empty() &&
           said.choices.empty();
  }

  static std::string_view type_of(const Said& said) {
    if (!said.types.empty()) return type_word(said.types[0]);
    if (!said.properties.empty()) return "OBJECT";
    if (!said.items.empty()) return "ARRAY";
    std::string_view value = said.only;
    if (value.empty()) json::each_element(said.choices, [&](std::string_view each) { value = each; });
    if (value == "true" || value == "false") return "BOOLEAN";
    if (is_object(value)) return "OBJECT";
    if (!value.empty() && value.front() != '"' && value != "null") return "NUMBER";
    return "STRING";
  }

  void write(Said& said, int nesting) {
    // Beside anyOf nothing else may be said of a value, and what an object has matters more than how its members
    // go together.
    if (!said.branches.empty() && !said.properties.empty()) {
      said.branches = {};
      cut_ = SchemaCut::some;
    }
    const std::string_view type = type_of(said);
    const bool is_union = !said.branches.empty();
    const bool is_number = !is_union && (type == "INTEGER" || type == "NUMBER");
    // Said of another type than the one that is left, or beside a union.
    if (!said.items.empty() && (is_union || type != "ARRAY")) cut_ = SchemaCut::some;
    if (!said.properties.empty() && type != "OBJECT") cut_ = SchemaCut::some;
    const auto tell = [&](std::string_view key, std::string_view value) {
      if (!value.empty()) said.told.push_back({key, value});
    };
    w_.begin_object();
    if (!is_union) {
      if (says_no_type(said)) cut_ = SchemaCut::some;  // anything at all
      w_.key("type").string(type);
    }
    if (!is_union && is_known_format(said.format, type)) w_.key("format").raw(said.format);
    else tell("format", said.format);
    if (!is_number) tell("minimum", said.minimum), tell("maximum", said.maximum);
    const bool listed = is_union ? said.only.empty() && said.choices.empty() : write_choices(said, type);
    write_description(said, listed);
    if (said.nullable) w_.key("nullable").boolean(true);
    if (is_union) {
      w_.key("anyOf").begin_array();
      json::each_element(said.branches, [&](std::string_view branch) {
        if (!json::equals(json::escaped(json::member(branch, "type")), "null")) write(branch, nesting + 1, said.types);
      });
      w_.end_array();
    } else if (type == "ARRAY") {
      w_.key("items");
      if (is_object(said.items)) {
        write(said.items, nesting + 1);
      } else {  // none, which is refused, or one for each place
        cut_ = SchemaCut::some;
        w_.begin_object().key("type").string("STRING").end_object();
      }
    } else if (type == "OBJECT") {
      write_properties(said, nesting);
    } else if (is_number) {
      if (!said.minimum.empty()) w_.key("minimum").raw(said.minimum);
      if (!said.maximum.empty()) w_.key("maximum").raw(said.maximum);
    }
    w_.end_object();
  }

  // Whether the values that there are could be listed; only strings can, and none may be empty.
  bool write_choices(const Said& said, std::string_view type) {
    if (said.only.empty() && said.choices.empty()) return true;
    if (type != "STRING") return false;
    bool open = false, all = true;
    const auto write_one = [&](std::string_view value) {
      all = all && value != R"("")";
      if (value == "null" || value == R"("")") return;
      if (!open) w_.key("enum").begin_array();
      open = true;
      is_string(value) ? w_.string(json::escaped(value)) : w_.string(value);
    };
    said.only.empty() ? json::each_element(said.choices, write_one) : write_one(said.only);
    if (open) w_.end_array();
    return open && all;
  }

  void write_description(Said& said, bool listed) {
    if (!listed) said.told.push_back({"enum", said.only.empty() ? said.choices : said.only});
    if (said.description.empty() && said.told.empty() && said.types.size() < 2) return;
    w_.key("description").begin_string().piece(json::escaped(said.description));
    bool first = said.description.empty();
    const auto begin = [&](std::string_view name) {
      w_.piece(first ? "" : " ").piece("(").piece(Escaped{name}).piece(": ");
      first = false;
    };
    for (size_t i = 1; i < said.types.size(); ++i) begin("or type"), w_.piece(said.types[i]).piece(")");
    for (const Named& each : said.told) begin(each.name), w_.piece(each.value).piece(")");
    w_.end_string();
  }

  void write_properties(const Said& said, int nesting) {
    if (said.properties.empty()) return;
    w_.key("properties").begin_object();
    for (const Named& property : said.properties) {
      w_.key(Escaped{property.name});
      write(property.value, nesting + 1);
    }
    w_.end_object();
    bool open = false;
    std::set<std::string_view> written;
    for (const std::string_view quoted : said.required) {
      const std::string_view name = json::string_inside(quoted);
      if (!said.names.contains(name) || !written.insert(name).second) continue;
      if (!open) w_.key("required").begin_array();
      open = true;
      w_.string(Escaped{name});
    }
    if (open) w_.end_array();
  }

  json::Writer w_;
  std::string_view root_;
  size_t bytes_left_;
  std::vector<const char*> refs_;  // what is being read at this place by reference
  SchemaCut cut_ = SchemaCut::none;
};

}  // namespace

SchemaCut append_openapi_schema(std::string& out, std::string_view schema) {
  Cleaner cleaner(out, schema);
  cleaner.write(schema, 0);
  return cleaner.cut();
}

}  // namespace signalbox::dialects::gemini
