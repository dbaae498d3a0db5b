// Attempts over libcurl's multi interface: verified TLS, HTTP/2 where it is offered, proxies. It costs
// about twice what connect_only costs a request, so plain http without a proxy goes there.
//
// Rules
//   - Nothing is followed, decoded, remembered or taken from the environment; no header is sent that
//     was not given, but for Host and Content-Length.
//   - The answer's head is read by our own parser, so it is as strict as on our own connections.
//   - libcurl never sends a request again: what met a dying kept connection is repeated by us, under the
//     rule of attempt_clock.h (answer_watch.h tells the first byte).
//   - A paused answer on HTTP/2 may be buffered by libcurl 7.88 up to its stream window (32 MB): its
//     window cannot be set in that version.
#pragma once

#include <memory>

#include "upstream.h"

namespace signalbox::native {

// `loop` must outlive it.
std::unique_ptr<Transport> make_multi_transport(Loop& loop, const TransportSettings& settings);

}  // namespace signalbox::native
