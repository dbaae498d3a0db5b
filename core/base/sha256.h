// SHA-256 (FIPS 180-4). For client keys, which reach the core as digests only.
#pragma once

#include <string_view>

#include "signalbox/config.h"

namespace signalbox::base {

// The digest of `message`.
Sha256 sha256(std::string_view message);

// Whether the two are equal, in a time that does not depend on where they differ.
bool equal_constant_time(const Sha256& a, const Sha256& b);

}  // namespace signalbox::base
