// A foreign vendor's reasoning state inside a field that the client gives back as it is (translation.md
// section 5):
//
//   sb1.<vendor>.<scope>.<base64url of the state>
//
// It is marked, not encrypted and not signed: it is the client's own history. `scope` tells accounts
// apart to which vendors bind their state: eight hex digits of the hash of "provider/credential".
// A signature that does not begin with "sb1." is the client dialect's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "dialects/canonical/request.h"

namespace signalbox::canonical {

inline constexpr std::string_view envelope_mark = "sb1.";

// Appends the envelope of `from.state` (unescaped into bytes first) to `out`. All its characters may
// stand in JSON and in a header as they are.
void append_envelope(std::string& out, const Provenance& from);

// What the envelope `text` holds, its state in `arena`, escaped; nothing when `text` is no envelope of ours.
std::optional<Provenance> open_envelope(Escaped text, Arena& arena);

// Whether `text` begins as an envelope, sound or not: such a text never goes to a vendor.
bool is_envelope(Escaped text);

// The scope of a credential: eight hex digits. Written into `arena`.
std::string_view scope_of(std::string_view provider, std::string_view credential, Arena& arena);

}  // namespace signalbox::canonical
