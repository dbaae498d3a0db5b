// Attempts over plain http without a proxy: HTTP/1.1 of our own, recv and sendmsg on connections that
// libcurl made (connection_pool). Costs 0.4 to 0.7 times what nginx's proxy costs.
#pragma once

#include <memory>

#include "upstream.h"

namespace signalbox::native {

// `loop` must outlive it. Takes http:// URLs only and ignores proxy and ca_file.
std::unique_ptr<Transport> make_connect_only_transport(Loop& loop, const TransportSettings& settings);

}  // namespace signalbox::native
