// JSON schemas as tools and structured output carry them: text, of which only the root is looked at, and
// nothing changed that need not be (translation.md sections 4 and 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::canonical {

enum class SchemaChange : uint8_t {
  none,     // as it was, or only completed
  widened,  // it allows more: a union at the root was merged, or the root refers to what is not in it
};

// What merging reads of a schema, at most, however often references lead to the same part: so many times
// the whole, or so many bytes where the whole is small. Of a branch beyond nothing is merged, and nothing is
// then taken for required that only others require. Schemas of today's tools are read twice.
constexpr size_t merge_reads_max = 16;
constexpr size_t merge_bytes_min = size_t(256) << 10;

// Appends `schema` (a JSON object, or empty) with a root that is of type object and has properties, and
// without a union there: the branches' properties become the root's, required is what every branch
// requires (of allOf: what any does). A root that is so already is appended as it stands.
SchemaChange append_object_schema(std::string& out, std::string_view schema);

// Whether `schema` is one that OpenAI's strict mode takes: every object in it closes its properties and
// requires them all. What is nested deeper than that mode allows is none.
bool is_strict(std::string_view schema);

}  // namespace signalbox::canonical
