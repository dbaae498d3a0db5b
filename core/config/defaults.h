// What holds without a configuration. Defaults of single keys stand in signalbox/config.h.
#pragma once

#include <string_view>

namespace signalbox::config {

// Loopback: nobody else can spend the user's keys. The port is none of those that development
// servers usually take.
inline constexpr std::string_view default_listen = "127.0.0.1:8484";

// The pattern of the one route there is when the configuration names none.
inline constexpr std::string_view default_match = "*";

// The name of a credential given by the short form `key:`.
inline constexpr std::string_view default_credential = "default";

// The embedded configuration: it starts anywhere, without an account, and sends nothing anywhere. The
// first route only names the mock for the catalogue; the second takes whatever a client asks for.
inline constexpr std::string_view default_text =
    "{\n"
    "  \"server\": {\"listen\": \"127.0.0.1:8484\"},\n"
    "  \"providers\": {\n"
    "    \"mock\": {\"builtin\": \"mock\"}\n"
    "  },\n"
    "  \"routes\": [\n"
    "    {\"match\": \"mock\", \"targets\": [\"mock/*\"]},\n"
    "    {\"match\": \"*\", \"targets\": [\"mock/*\"]}\n"
    "  ]\n"
    "}\n";

}  // namespace signalbox::config
