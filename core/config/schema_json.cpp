// The JSON Schema, from the tables of schema.cpp. It says what a single value may be; what depends on
// several keys only `signalbox check` can say.
#include "config/indent.h"
#include "config/schema.h"
#include "json/writer.h"
#include "signalbox/config.h"

namespace signalbox::config {
namespace {

using json::Writer;

bool has(const Field& field, std::string_view choice) {
  for (const Choice& each : field.choices) {
    if (each.name == choice) return true;
  }
  return false;
}

void write_reference(Writer& out, std::string_view name) {
  out.begin_object().key("$ref").string("#/$defs/" + std::string(name)).end_object();
}

// What a number or true/false is written as when a variable holds it.
void write_or_variable(Writer& out) {
  write_reference(out, "variable");
  out.end_array();
}

void write_value(Writer& out, const Field& field) {
  switch (field.kind) {
    case FieldKind::text: out.key("type").string("string"); break;
    case FieldKind::json: break;  // whatever it is
    case FieldKind::credential_key:
    case FieldKind::client_key: out.key("type").string("string").key("writeOnly").boolean(true); break;
    case FieldKind::integer:
      out.key("anyOf").begin_array();
      out.begin_object().key("type").string("integer").key("minimum").number(field.min).key("maximum").number(
          field.max);
      out.end_object();
      write_or_variable(out);
      break;
    case FieldKind::decimal:
      out.key("anyOf").begin_array();
      out.begin_object().key("type").string("number").key("minimum").number(field.min).key("maximum").number(field.max);
      out.end_object();
      write_or_variable(out);
      break;
    case FieldKind::boolean:
      out.key("anyOf").begin_array();
      out.begin_object().key("type").string("boolean").end_object();
      write_or_variable(out);
      break;
    case FieldKind::choice:
      out.key("anyOf").begin_array();
      out.begin_object().key("enum").begin_array();
      for (const Choice& choice : field.choices) out.string(choice.name);
      if (has(field, "on")) out.boolean(true);
      if (has(field, "off")) out.boolean(false);
      out.end_array().end_object();
      write_or_variable(out);
      break;
    case FieldKind::choice_set:
      if (field.form == Form::one_or_list) {
        out.key("anyOf").begin_array().begin_object().key("enum").begin_array();
        for (const Choice& choice : field.choices) out.string(choice.name);
        out.end_array().end_object().begin_object();
      }
      out.key("type").string("array").key("items").begin_object().key("enum").begin_array();
      for (const Choice& choice : field.choices) out.string(choice.name);
      out.end_array().end_object().key("minItems").number(int64_t(1)).key("maxItems").number(field.items_max);
      if (field.form == Form::one_or_list) out.end_object().end_array();
      break;
    case FieldKind::integer_list:
      out.key("type").string("array").key("items").begin_object().key("type").string("integer");
      out.key("minimum").number(field.min).key("maximum").number(field.max).end_object();
      out.key("maxItems").number(field.items_max);
      break;
    case FieldKind::text_list:
      if (field.form == Form::one_or_list) {
        out.key("anyOf").begin_array().begin_object().key("type").string("string").end_object().begin_object();
      }
      out.key("type").string("array").key("items").begin_object().key("type").string("string").end_object();
      out.key("maxItems").number(field.items_max);
      if (field.form == Form::one_or_list) out.end_object().end_array();
      break;
    case FieldKind::target_list:
      out.key("type").string("array").key("items").begin_object().key("anyOf").begin_array();
      out.begin_object().key("type").string("string").end_object();
      write_reference(out, field.shape->name);
      out.end_array().end_object().key("maxItems").number(field.items_max);
      break;
    case FieldKind::header_map:
      out.key("type")
          .string("object")
          .key("additionalProperties")
          .begin_object()
          .key("type")
          .string("string")
          .end_object();
      out.key("maxProperties").number(field.items_max);
      break;
    case FieldKind::object: out.key("$ref").string("#/$defs/" + std::string(field.shape->name)); break;
    case FieldKind::object_list:
      out.key("type").string("array").key("items");
      write_reference(out, field.shape->name);
      out.key("maxItems").number(field.items_max);
      break;
    case FieldKind::object_map:
      out.key("type").string("object").key("additionalProperties");
      write_reference(out, field.shape->name);
      out.key("maxProperties").number(field.items_max);
      break;
  }
}

void write_object(Writer& out, const Shape& shape) {
  out.key("description").string(shape.doc.text).key("type").string("object").key("additionalProperties").boolean(false);
  out.key("properties").begin_object();
  bool any_required = false;
  for (const Field& field : shape.fields) {
    any_required = any_required || field.need == Need::required;
    out.plain_key(field.key).begin_object().key("description").string(field.doc.text);
    write_value(out, field);
    const std::string fallback = default_json(field, shape.prototype());
    if (!fallback.empty()) out.key("default").raw(fallback);
    out.end_object();
  }
  out.end_object();
  if (any_required) {
    out.key("required").begin_array();
    for (const Field& field : shape.fields) {
      if (field.need == Need::required) out.string(field.key);
    }
    out.end_array();
  }
  if (!shape.any_of.empty()) out.key("anyOf").raw(shape.any_of);
}

}  // namespace

std::string default_json(const Field& field, void* object) {
  std::string json;
  Writer out(json);
  if (!field.default_text.empty()) {
    out.string(field.default_text);
    return json;
  }
  if (field.slot == nullptr || field.need != Need::optional) return json;
  const void* slot = field.slot(object);
  switch (field.kind) {
    case FieldKind::integer: out.number(*static_cast<const int64_t*>(slot)); break;
    case FieldKind::boolean: out.boolean(*static_cast<const bool*>(slot)); break;
    case FieldKind::choice:
      for (const Choice& choice : field.choices) {
        if (choice.value == *static_cast<const uint8_t*>(slot)) out.string(choice.name);
      }
      break;
    case FieldKind::choice_set:
      out.begin_array();
      for (const Choice& choice : field.choices) {
        if (*static_cast<const uint8_t*>(slot) >> choice.value & 1) out.string(choice.name);
      }
      out.end_array();
      break;
    default: break;  // nothing, an empty list, or what its own keys say
  }
  return json;
}

std::string changes_json(const Shape& shape, void* object) {
  std::string json;
  Writer out(json);
  out.begin_object();
  for (const Field& field : shape.fields) {
    const std::string value = default_json(field, object);
    if (value != default_json(field, shape.prototype())) out.plain_key(field.key).raw(value);
  }
  out.end_object();
  return json;
}

std::string json_schema() {
  std::string json;
  Writer out(json);
  out.begin_object();
  out.key("$schema").string("https://json-schema.org/draft/2020-12/schema");
  out.key("title").string("Signalbox configuration");
  write_object(out, root_shape());
  out.key("$defs").begin_object();
  out.key("variable").begin_object();
  out.key("description").string("A variable of the environment in place of the value.");
  out.key("type").string("string").key("pattern").string("^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$").end_object();
  const std::vector<PlacedShape> shapes = placed_shapes();
  for (size_t i = 1; i < shapes.size(); ++i) {
    out.plain_key(shapes[i].shape->name).begin_object();
    write_object(out, *shapes[i].shape);
    out.end_object();
  }
  out.end_object();
  out.end_object();
  return indented(json);
}

}  // namespace signalbox::config
