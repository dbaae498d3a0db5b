// What each host can do, in one place: a host tells the core its own, and `signalbox check --host` says before a
// deployment what another one would say at its start. Nothing of the core looks in here.
#pragma once

#include <string_view>

#include "signalbox/capabilities.h"

namespace signalbox::hosts {

// Codings of requests, in the order in which a 415 names them: where zlib, Brotli and Zstandard can be linked.
inline constexpr Coding every_coding[] = {Coding::zstd, Coding::br, Coding::gzip, Coding::deflate};

// A body is held in memory, so there is no bound below what server.limits may name.
inline constexpr Capabilities native{
    .request_bytes_max = int64_t(1) << 30, .request_codings = every_coding, .gives_turns = true, .runs_probes = true};

// What goes out goes by wasi:http, which knows neither proxies nor certificates, and what is kept has its own
// preopened folder. A component has one memory of 4 GiB at most; a body's default bound is what is tried.
inline constexpr Capabilities wasi{.upstream_proxies = false,
                                   .own_ca_files = false,
                                   .state_file = false,
                                   .sees_peers = false,
                                   .counting = Capabilities::Counting::of_request};

// What goes out of a module in JavaScript goes by fetch, and secrets stay outside; how much it holds its host says.
inline constexpr Capabilities javascript{.upstream_proxies = false,
                                         .own_ca_files = false,
                                         .state_file = false,
                                         .sees_peers = false,
                                         .counting = Capabilities::Counting::of_instance,
                                         .tells_unreachable = Unreachable::unknown,
                                         .literal_secrets = false,
                                         .gives_turns = true};

// In an isolate of 128 MB a body stands up to three times while it is translated and handed on: as the core reads it,
// as it is written, and as fetch takes it. Six connections of a request may await their head.
inline constexpr Capabilities cloudflare_worker{.request_bytes_max = int64_t(16) << 20,
                                                .upstream_proxies = javascript.upstream_proxies,
                                                .own_ca_files = javascript.own_ca_files,
                                                .state_file = javascript.state_file,
                                                .sees_peers = javascript.sees_peers,
                                                .address_header = "cf-connecting-ip",
                                                .counting = javascript.counting,
                                                .tells_unreachable = javascript.tells_unreachable,
                                                .literal_secrets = javascript.literal_secrets,
                                                .upstreams_awaiting_head_max = 6,
                                                .gives_turns = javascript.gives_turns};

struct Named {
  std::string_view name;  // as the command line has it
  const Capabilities& can;
};
inline constexpr Named all[] = {{"native", native}, {"wasi", wasi}, {"cloudflare-worker", cloudflare_worker}};

}  // namespace signalbox::hosts
