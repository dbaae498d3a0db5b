#include "dialects/canonical/custom_input.h"

#include "json/walk.h"

namespace signalbox::canonical {

json::Escaped custom_input(json::Escaped arguments, std::string& scratch) {
  scratch.clear();
  json::unescape(arguments, scratch);
  if (!json::is_whole_object(scratch)) return arguments;
  const std::string_view input = json::member(scratch, "input");
  if (!input.empty() && input.front() == '"') return json::escaped(input);
  return arguments;
}

}  // namespace signalbox::canonical
