// What one effect looks like in a trace, and how it is held against what a scenario expects.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "script.h"

namespace signalbox::scenario {

// Whether an entry's bytes may also be named instead of written.
enum class Origin : uint8_t {
  own,      // made by the core
  same,     // exactly the client's body
  relayed,  // exactly what the upstream sent and the client had not got yet
};

// One line of a trace with its fields. `<` entries are what a socket shows, `.` what only the core can
// show, `!` what broke the contract between core and host.
struct Entry {
  char sigil = '<';
  std::string text;           // "client head 200", "upstream 1 open POST https://..."
  std::vector<Field> fields;  // headers, or members of the report
  std::optional<std::string> bytes;
  Origin origin = Origin::own;
};

// Appends the entry with all its fields, as a trace shows it and as --rewrite writes it. With `chosen`,
// only fields of those names, and `!name` for those the entry has not.
void write_entry(std::string& out, const Entry& entry, const std::vector<Field>* chosen = nullptr);

// Whether `entry` is what `expected` says: the words, the bytes where the statement has any, and each
// named field.
bool matches(const Statement& expected, const Entry& entry);

// What an expectation is about, without figures and values: "client head", "upstream 1 open", "wake".
std::string subject(const Statement& statement);
std::string subject(const Entry& entry);

}  // namespace signalbox::scenario
