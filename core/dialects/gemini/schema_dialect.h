// JSON Schema in the words of Gemini's older members (`parameters`, `responseSchema`), which are a part of OpenAPI
// 3.0: anything else there is refused with the whole request (translation.md section 4, "Gemini schema cleaning").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::dialects::gemini {

enum class SchemaCut : uint8_t {
  none,  // all is said, some of it perhaps in a description
  some,  // of what a value may be, something cannot be said
};

// What is read of a schema at most, however often references lead to the same part: so many times the whole,
// or so many bytes where the whole is small. What is beyond stands as an object of which nothing is said.
inline constexpr size_t openapi_reads_max = 32;
inline constexpr size_t openapi_bytes_min = size_t(256) << 10;
inline constexpr int openapi_nesting_max = 32;

// Appends `schema`, a JSON object, to `out`:
//   $ref                      what it refers to, in its place; an object where it refers to itself
//   allOf                     one schema of all branches
//   anyOf, oneOf              anyOf; a branch of null makes it nullable, a single one stands for itself
//   type: [..]                the first that is not null; the others in the description
//   const, enum               enum of strings, where texts or numbers are meant
//   bounds that have no word  in the description: lengths, patterns, formats, defaults, examples
//   additionalProperties, $schema, title and their like  left out
SchemaCut append_openapi_schema(std::string& out, std::string_view schema);

}  // namespace signalbox::dialects::gemini
