// Errors for requests that never became an exchange: a head that is no HTTP, too large or too slow.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "signalbox/fault.h"
#include "signalbox/header.h"

namespace signalbox {

// Appends the JSON body of an error in the dialect that `target` and `headers` ask for (product.md,
// "The shape of an error"); both may be empty when that much was not understood. The status is
// status_of(fault, ...), the content type application/json.
void write_error_body(std::string& out, std::string_view target, std::span<const Header> headers, const Fault& fault,
                      std::string_view request_id);

// The status that goes with it: row(fault.kind).status, but for a gateway that is busy and says when to come again, for
// which dialects have words of their own.
int status_of(const Fault& fault, std::string_view target, std::span<const Header> headers);

}  // namespace signalbox
