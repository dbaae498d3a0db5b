// What a custom tool gets of the arguments of a function that stood for it upstream.
#pragma once

#include <string>

#include "json/escaped.h"

namespace signalbox::canonical {

// The member "input" of `arguments`, escaped as they are. Other JSON is put in as it is, and so is what was cut off;
// of that only the beginning that all of them share is missing. `scratch` holds it.
json::Escaped custom_input(json::Escaped arguments, std::string& scratch);

}  // namespace signalbox::canonical
