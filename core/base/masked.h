// Texts that somebody else wrote may quote a key: an upstream that refuses one likes to say which. The core
// does not know the keys, so it goes by how keys look.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::base {

// `text` with every word that looks like a key or a token shown as its first four letters and "***": one of
// the usual prefixes ("sk-", "gsk_", "AIza", "eyJ", ...) with a key's length behind it, what follows "Bearer ",
// and 32 and more letters and digits without a pause that are both. Names of models and ids of requests stay.
std::string masked(std::string_view text);

}  // namespace signalbox::base
