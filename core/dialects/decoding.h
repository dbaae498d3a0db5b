// What the decoders of all dialects have in common.
#pragma once

#include <string_view>

#include "dialects/canonical/delta.h"
#include "dialects/canonical/parts.h"
#include "dialects/dialect.h"
#include "json/escaped.h"

namespace signalbox::dialects {

// `text` without the blanks and ends of lines around it.
std::string_view trimmed(std::string_view text);

// `text` unescaped: itself where it has no escapes, else kept by `out`.
std::string_view plain(json::Escaped text, canonical::Deltas& out);

// What `error`, in the words of `dialect`, means where it stands inside of an answer.
Fault fault_of(const DialectRow& dialect, std::string_view error, const canonical::DecodeContext& context);

}  // namespace signalbox::dialects
