// The answer of a dry run while a page is made of it: what has been told is taken out, and what stays was not.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "page_writer.h"

namespace signalbox::native {

using Json = nlohmann::ordered_json;

// Each takes member `name` out of `object` where it has that type, and leaves it where it has another.
Json take_object(Json& object, const char* name);  // empty where there is none
Json take_array(Json& object, const char* name);
std::string take_text(Json& object, const char* name);  // ready to be printed (shown()); "" where there is none
std::optional<int64_t> take_number(Json& object, const char* name);
std::optional<bool> take_bool(Json& object, const char* name);

// "name" in quotation marks, ready to be printed.
std::string quoted_text(const std::string& text);
// A value in one line, ready to be printed.
std::string value_text(const Json& value);
// Every member that is left in `rest`, by its name. Nothing for an empty one.
void write_rest(PageWriter& page, const Json& rest, size_t indent, const std::string& path = {});

}  // namespace signalbox::native
