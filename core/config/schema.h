// Every key of the configuration, once. From these tables come the reader (read.h), `signalbox check`,
// the JSON Schema of `signalbox schema` and docs/configuration.md. A default is never written here:
// it is what the struct of signalbox/config.h holds.
//
// To add a key: one field in config.h, one row in schema.cpp (flags: schema_flags.cpp); checks between
// keys go into resolve.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/rules.h"
#include "signalbox/config.h"

namespace signalbox::config {

enum class FieldKind : uint8_t {
  text,            // slot: std::string
  integer,         // slot: int64_t
  decimal,         // slot: int64_t, in millionths; min and max in whole ones
  boolean,         // slot: bool
  choice,          // slot: an enum of uint8_t
  choice_set,      // slot: uint8_t; bit n stands for the choice of value n
  text_list,       // slot: std::vector<std::string>
  integer_list,    // slot: std::vector<int64_t>; min and max are of each
  target_list,     // names of targets, or objects of the shape, which has the name as "model"; resolve.cpp reads it
  header_map,      // slot: std::vector<ExtraHeader>
  credential_key,  // a provider's secret; the host takes it out, nothing is stored
  json,            // any value; slot: std::string, JSON text
  client_key,      // a client's secret; slot: Sha256, from "sha256:<hex>"
  object,          // shape; slot: the struct
  object_list,     // shape; elements
  object_map,      // shape; elements, whose names are the keys
};

// `depends`: required with some values of other keys; resolve.cpp says when, and so does the doc.
enum class Need : uint8_t { optional, required, depends };

// Whether one text may stand where a list is asked for.
enum class Form : uint8_t { list_only, one_or_list };

struct Choice {
  std::string_view name;
  uint8_t value;
};

// How the reader reaches a std::vector of structs whose type only the table knows.
struct Elements {
  void (*resize)(void* owner, size_t count) = nullptr;
  void* (*element)(void* owner, size_t index) = nullptr;
  std::string* (*name)(void* element) = nullptr;  // object_map only
};

// A text for the documents. A build that writes none leaves out all of them: they are the larger part of the tables.
struct Doc {
  std::string_view text{};

  constexpr Doc() = default;
#ifdef SIGNALBOX_WITHOUT_DOCS
  constexpr Doc(const char*) {}
#else
  constexpr Doc(const char* said) : text(said) {}
#endif
};

struct Shape;

struct Field {
  std::string_view key{};
  FieldKind kind = FieldKind::text;
  Need need = Need::optional;
  void* (*slot)(void* object) = nullptr;  // where the value goes; null: checked here, used by resolve.cpp
  int64_t min = 0;
  int64_t max = 0;
  std::span<const Choice> choices{};
  TextRule rule = nullptr;      // text, each of text_list, values of header_map
  TextRule key_rule = nullptr;  // keys of header_map and object_map
  Form form = Form::list_only;
  uint32_t items_max = 0;  // lists and maps
  const Shape* shape = nullptr;
  Elements elements{};
  std::string_view default_text{};  // what no struct holds; otherwise it is read from the prototype
  std::string_view key_word{};      // what a map's key is, in the documents: "<provider>"
  Doc doc{};                        // one or two sentences: what it does, and why the default is what it is
};

struct Shape {
  std::string_view name{};
  Doc doc{};
  std::span<const Field> fields;
  void* (*prototype)() = nullptr;  // the struct with its defaults, for the documents; nobody writes to it
  std::string_view any_of{};       // the value of anyOf in the JSON Schema, as JSON, or empty
};

const Shape& root_shape();

// The keys of LaneFlags (schema_flags.cpp).
extern const Shape flags_shape;

// The row of `key`, or null.
const Field* find(const Shape& shape, std::string_view key);

// The default as JSON, from `object`, a struct of its shape with its defaults; empty when there is none.
std::string default_json(const Field& field, void* object);

// What of `object`, a struct of `shape`, is not as its defaults are: a JSON object, in the order of the
// table. Of keys that default_json() can show.
std::string changes_json(const Shape& shape, void* object);

// A shape and the paths at which it stands: "server.limits", "providers.<provider>".
struct PlacedShape {
  const Shape* shape;
  std::vector<std::string> paths;
};

// Every shape once, the root first, in the order of the tables.
std::vector<PlacedShape> placed_shapes();

// The configuration file as a JSON Schema (draft 2020-12), indented, with a newline at the end.
std::string json_schema();

// The reference page, Markdown.
std::string reference_page();

}  // namespace signalbox::config
