// The words of explain's page: sentences for the names that the answer of POST /signalbox/explain uses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::native {

// A name of the answer, and what a person is told for it.
struct Word {
  std::string_view name;
  std::string_view says;
};

// What `name` says by one of the tables below; the name itself where it is not in the table.
std::string_view fact_called(std::string_view name);
std::string_view rule_broken(std::string_view why);
std::string_view route_chosen(std::string_view reason);
std::string_view lane_stands(std::string_view standing);
std::string_view cooled_because(std::string_view why);
std::string_view who_suffers(std::string_view scope);
std::string_view who_is_concerned(std::string_view scope);
std::string_view failure_called(std::string_view name);
std::string_view what_then(std::string_view then);

// A duration in words: "300 ms", "15 s", "1 h 30 min"; parts of a second beyond the first are rounded up.
std::string duration(int64_t ms);

}  // namespace signalbox::native
