// How the parts of the host ask for a provider's secret without knowing where it is kept.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace signalbox::native {

// Finds the secret that a credential's name stands for. What stands behind it never changes: a reload
// brings another lookup. A view is valid as long as the lookup or a copy of it.
using SecretLookup =
    std::function<std::optional<std::string_view>(std::string_view provider, std::string_view credential)>;

}  // namespace signalbox::native
