// A foreign vendor's reasoning state inside a field that the client gives back as it is (translation.md
// section 5):
//
//   sb1.<vendor>.<scope>.<base64url of the state>
//
// It is marked, not encrypted and not signed: it is the client's own history. `vendor` is the dialect that the state is
// written in. `scope` tells apart who speaks it, and the accounts to which some bind their state: eight hex digits of the
// hash of "provider/credential".
// A signature that does not begin with "sb1." is the client dialect's own.
//
// Where a client gives back one field beside a call and nothing of the reasoning before it, all of that reasoning
// is carried in the field, several thinkings of one vendor and scope in one envelope:
//
//   sb1.<vendor>*.<scope>.<base64url of [{"text": ..., "state": ..., "redacted": true}, ...]>
//
// Members that say nothing are left out. Gemini's clients take their field for bytes in base64, and some throw at
// anything else; there the whole envelope is in base64, and the list in it stands as it is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "dialects/canonical/request.h"

namespace signalbox::canonical {

inline constexpr std::string_view envelope_mark = "sb1.";
// What the mark becomes in base64, up to the letter that holds bits of what follows.
inline constexpr std::string_view envelope_bytes_mark = "c2IxL";

// Appends the envelope of `from.state` (unescaped into bytes first) to `out`. All its characters may
// stand in JSON and in a header as they are.
void append_envelope(std::string& out, const Provenance& from);

// What the envelope `text` holds, its state in `arena`, escaped; nothing when `text` is no envelope of ours.
std::optional<Provenance> open_envelope(Escaped text, Arena& arena);

// Appends one envelope of all `thinkings`, of which there is one at least; their vendor and scope are the first's.
void append_carried(std::string& out, std::span<const Thinking> thinkings);
// The same in base64, for fields that are bytes.
void append_carried_bytes(std::string& out, std::span<const Thinking> thinkings);

// What any envelope holds, carried or not, in order and in `arena`; empty when `text` is none or is damaged. The
// envelope of a state alone is one thinking without text.
std::span<const Thinking> open_carried(Escaped text, Arena& arena);

// Whether `text` begins as an envelope of any form, sound or not: such a text never goes to a vendor.
bool is_envelope(Escaped text);

// The scope of a credential: eight hex digits. Written into `arena`.
std::string_view scope_of(std::string_view provider, std::string_view credential, Arena& arena);

}  // namespace signalbox::canonical
