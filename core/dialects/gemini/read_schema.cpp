// Schemas in the words of Gemini's older members (OpenAPI 3.0) as JSON Schema: types in lower case, nullable as a
// type, bounds as numbers. One pass: what a schema says of its type is written as its last member, when nullable is
// known too.
#include <algorithm>

#include "base/text.h"
#include "dialects/gemini/reading.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::gemini {
namespace {

using json::Token;

enum class Kind : uint8_t { schema, map, list };  // map: names and their schemas

struct Level {
  Kind kind = Kind::schema;
  std::string_view type;  // raw
  bool nullable = false;
};

constexpr std::string_view lists[] = {"anyOf", "oneOf", "allOf", "prefixItems"};
constexpr std::string_view schemas[] = {"items", "additionalProperties", "not"};
constexpr std::string_view counts[] = {"minItems",  "maxItems",      "minLength",
                                       "maxLength", "minProperties", "maxProperties"};

// The one of `words` that `key` is; empty when it is none.
template <size_t count>
std::string_view find(std::string_view key, const std::string_view (&words)[count]) {
  for (const std::string_view word : words)
    if (names(key, word)) return word;
  return {};
}

class SchemaReader {
 public:
  SchemaReader(std::string_view schema, std::string& out) : reader_(schema), w_(out) {}

  void run() {
    reader_.next();
    open({Kind::schema, {}, false});
    while (!levels_.empty()) {
      switch (levels_.back().kind) {
        case Kind::schema: step_schema(); break;
        case Kind::map: step_map(); break;
        case Kind::list: step_list(); break;
      }
    }
  }

 private:
  void open(Level level) {
    level.kind == Kind::list ? w_.begin_array() : w_.begin_object();
    levels_.push_back(level);
  }

  // The value that comes next, of `kind` if it begins with `begin`, else as it is.
  void enter(Kind kind, Token begin) {
    json::Reader ahead = reader_;
    if (ahead.next() == begin) {
      reader_ = ahead;
      open({kind, {}, false});
    } else if (const auto value = reader_.skip_value()) {
      w_.raw(*value);
    }
  }

  void step_schema() {
    if (reader_.next() != Token::key) return close_schema();
    const std::string_view key = reader_.raw();
    if (key == "properties" || key == "$defs" || key == "definitions") {
      w_.key(Escaped{key});
      return enter(Kind::map, Token::begin_object);
    }
    if (const std::string_view word = find(key, lists); !word.empty()) {
      w_.key(Escaped{word});
      return enter(Kind::list, Token::begin_array);
    }
    if (const std::string_view word = find(key, schemas); !word.empty()) {
      w_.key(Escaped{word});
      return enter(Kind::schema, Token::begin_object);
    }
    const auto value = reader_.skip_value();
    if (value) take(key, *value);
  }

  void take(std::string_view key, std::string_view value) {
    Level& level = levels_.back();
    if (key == "type") {
      level.type = value;
    } else if (key == "nullable") {
      level.nullable = value == "true";
    } else if (key == "example") {
      w_.key("examples").begin_array().raw(value).end_array();
    } else if (const std::string_view word = find(key, counts); !word.empty()) {
      const std::string_view digits = is_text(value) ? json::string_inside(value) : value;
      w_.key(Escaped{word});
      json::to_int64(digits) ? w_.raw(digits) : w_.raw(value);
    } else if (!names(key, "propertyOrdering") && !(key == "format" && value == "\"enum\"")) {
      w_.key(Escaped{key}).raw(value);
    }
  }

  void close_schema() {
    const Level level = levels_.back();
    const std::string_view upper = json::string_inside(level.type);
    if (!is_text(level.type)) {
      if (!level.type.empty()) w_.key("type").raw(level.type);
    } else if (!is_word(level.type, "TYPE_UNSPECIFIED")) {
      std::string word(upper);
      std::transform(word.begin(), word.end(), word.begin(), base::lower);
      w_.key("type");
      if (level.nullable) w_.begin_array().string(Escaped{word}).string("null").end_array();
      else w_.string(Escaped{word});
    }
    w_.end_object();
    levels_.pop_back();
  }

  void step_map() {
    if (reader_.next() == Token::key) {
      w_.key(Escaped{reader_.raw()});
      return enter(Kind::schema, Token::begin_object);
    }
    w_.end_object();
    levels_.pop_back();
  }

  void step_list() {
    json::Reader ahead = reader_;
    const Token token = ahead.next();
    if (token == Token::end_array || token == Token::error || token == Token::end) {
      reader_ = ahead;
      w_.end_array();
      levels_.pop_back();
    } else {
      enter(Kind::schema, Token::begin_object);
    }
  }

  json::Reader reader_;
  json::Writer w_;
  std::vector<Level> levels_;
};

}  // namespace

std::string_view json_schema_of(std::string_view schema, Reading& reading) {
  std::string out;
  SchemaReader(schema, out).run();
  return reading.arena().copy(out);
}

}  // namespace signalbox::dialects::gemini
