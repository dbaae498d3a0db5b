// The tables: what is derived from them is whole, and names agree with the rest of the core.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "config/schema.h"
#include "dialects/dialect.h"
#include "signalbox/config.h"

using namespace signalbox;
using namespace signalbox::config;

TEST_CASE("config: the JSON Schema is JSON and closed everywhere") {
  const nlohmann::json schema = nlohmann::json::parse(json_schema());
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["required"] == nlohmann::json{"providers"});
  for (const auto& [name, definition] : schema["$defs"].items()) {
    INFO(name);
    if (name != "variable") CHECK(definition["additionalProperties"] == false);
  }
  CHECK(schema["$defs"]["server"]["properties"]["drain_ms"]["default"] == Server{}.drain_ms);
  CHECK(schema["$defs"]["server"]["properties"]["log_level"]["default"] == "info");
  CHECK(schema["$defs"]["limits"]["properties"]["request_bytes_max"]["default"] == Limits{}.request_bytes_max);
  CHECK(schema["$defs"]["credential"]["properties"]["key"]["writeOnly"] == true);
  CHECK_FALSE(schema["$defs"]["provider"]["properties"]["dialect"].contains("default"));
}

TEST_CASE("config: every reference of the JSON Schema leads somewhere") {
  const std::string text = json_schema();
  const nlohmann::json schema = nlohmann::json::parse(text);
  constexpr std::string_view prefix = "\"#/$defs/";
  size_t count = 0;
  for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
    const size_t begin = at + prefix.size();
    CHECK(schema["$defs"].contains(text.substr(begin, text.find('"', begin) - begin)));
    ++count;
  }
  CHECK(count > 10);
}

TEST_CASE("config: every key stands in the reference page, with a sentence") {
  const std::string page = reference_page();
  for (const PlacedShape& placed : placed_shapes()) {
    CHECK_FALSE(placed.shape->doc.text.empty());
    for (const Field& field : placed.shape->fields) {
      INFO(placed.paths.front() << " " << field.key);
      CHECK(field.doc.text.size() > 10);
      CHECK(field.doc.text.find('|') == std::string_view::npos);
      CHECK(page.find("| `" + std::string(field.key) + "` |") != std::string::npos);
    }
  }
}

TEST_CASE("config: every default is within its own bounds") {
  for (const PlacedShape& placed : placed_shapes()) {
    for (const Field& field : placed.shape->fields) {
      if (field.kind != FieldKind::integer) continue;
      INFO(placed.paths.front() << " " << field.key);
      REQUIRE(field.slot != nullptr);
      const int64_t value = *static_cast<int64_t*>(field.slot(placed.shape->prototype()));
      CHECK(value >= field.min);
      CHECK(value <= field.max);
    }
  }
}

TEST_CASE("config: dialects are called the same everywhere") {
  const Field* providers = find(root_shape(), "providers");
  REQUIRE(providers != nullptr);
  const Field* dialect = find(*providers->shape, "dialect");
  REQUIRE(dialect != nullptr);
  for (const Choice& choice : dialect->choices) CHECK(name_of(Dialect(choice.value)) == choice.name);
}

TEST_CASE("config: what is not the default is shown, and nothing else") {
  LaneFlags flags;
  CHECK(changes_json(flags_shape, &flags) == "{}");
  flags.vision = false;
  flags.effort_levels = 1 << 3 | 1 << 6;
  flags.tool_choice = ToolChoiceSupport::none;
  CHECK(changes_json(flags_shape, &flags) ==
        R"({"vision":false,"tool_choice":"none","effort_levels":["medium","max"]})");
  Failover failover;
  failover.gate_ms = 0;
  const Field* field = find(root_shape(), "failover");
  REQUIRE(field != nullptr);
  CHECK(changes_json(*field->shape, &failover) == R"({"gate_ms":0})");
}

TEST_CASE("config: every flag of a lane has its key") {
  // A field that no row reaches would stay at its default without a word. The rows cover as many bytes as the struct
  // has beside its padding, which is what its constructor leaves as it was.
  constexpr unsigned char paint = 0xaa;
  alignas(LaneFlags) unsigned char bytes[sizeof(LaneFlags)];
  std::fill(std::begin(bytes), std::end(bytes), paint);
  LaneFlags* flags = new (bytes) LaneFlags;
  const auto members = std::count_if(std::begin(bytes), std::end(bytes), [](unsigned char c) { return c != paint; });
  std::set<ptrdiff_t> reached;
  size_t covered = 0;
  for (const Field& field : flags_shape.fields) {
    REQUIRE(field.slot != nullptr);
    reached.insert(static_cast<const unsigned char*>(field.slot(flags)) - bytes);
    covered += field.kind == FieldKind::integer ? sizeof(int64_t) : 1;
  }
  CHECK(reached.size() == flags_shape.fields.size());
  CHECK(covered == size_t(members));
}
