// What a host can do. The core asks for nothing else and never for the host's name: what a configuration wants
// beyond it is said at the start (config/host_fit.h). A field stands here once something reads it
// (docs/decisions/0006).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace signalbox {

// What a request's body may be coded in (RFC 9110 section 8.4.1, RFC 7932, RFC 8878).
enum class Coding : uint8_t { gzip, deflate, br, zstd };

// As Content-Encoding and Accept-Encoding write it.
std::string_view name_of(Coding coding);

// Whether a host can tell that nobody answers at an address (refused, no such name, no certificate) from every other
// way in which a request comes to nothing.
enum class Unreachable : uint8_t { told, unknown };

struct Capabilities {
  int64_t request_bytes_max = int64_t(32) << 20;  // the largest request body the host can hold
  std::span<const Coding> request_codings = {};   // that the host decodes (DecodeRequest); of static storage
  bool upstream_proxies = true;                   // OpenUpstream::proxy
  bool own_ca_files = true;                       // OpenUpstream::ca_file
  bool state_file = true;                         // keeps what exchanges share in a file that the user names
  bool sees_peers = true;                         // tells by ClientHead::peer where a client sits
  // A header of the platform's own that says where the client sits, in lower case; a client cannot set it. Empty: none.
  std::string_view address_header = {};
  // How much of what a client asks one gateway comes to know of, so that it can count.
  enum class Counting : uint8_t { all, of_instance, of_request };
  Counting counting = Counting::all;
  Unreachable tells_unreachable = Unreachable::told;
  // A secret may stand in the configuration's text itself. Not where the text is bundled: it would be in every copy.
  bool literal_secrets = true;
  // How many of one exchange's attempts may await their head at a time. The core opens one after the other and needs 1.
  int64_t upstreams_awaiting_head_max = INT64_MAX;
  // Performs GiveTurn: it has several exchanges at a time, and one can be told because of another. Where there is nobody
  // to wait for, nobody waits.
  bool gives_turns = false;
  // Runs Gateway::next_probe's probes by itself, between requests.
  bool runs_probes = false;
  // Performs AskPlace: the places of bounded lanes, and who probes a lane that was out, belong to an owner outside.
  bool asks_for_places = false;
};

}  // namespace signalbox
