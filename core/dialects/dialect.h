// What a dialect brings. One row per dialect, one pair of files per dialect; nothing here knows two
// dialects at once. Translation adds its four parts (request reader and writer, delta decoder and
// encoder) to the row; everything else asks the row and never the dialect's name.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/endpoint.h"
#include "routing/facts.h"
#include "signalbox/config.h"
#include "signalbox/effect.h"
#include "signalbox/report.h"
#include "sse/frame_reader.h"

namespace signalbox {

class Arena;

namespace dialects {

// The reasons that dialects have are words; what a hostile upstream says instead goes into no log.
inline constexpr size_t stop_reason_bytes_max = 64;

// What has been seen of an answer as it went by.
struct Observation {
  Usage usage;
  std::string stop_reason;  // at most stop_reason_bytes_max
  bool terminal = false;    // the dialect's own end has been seen
  bool error = false;       // an error instead of, or inside, the answer
};

// One line of the catalogue.
struct ModelEntry {
  std::string_view id;
  int64_t context_tokens_max = 0;  // 0: not known
  int64_t output_tokens_max = 0;
};

struct DialectRow {
  Dialect dialect = Dialect::anthropic;
  std::string_view name{};

  // The path below the base URL that answers a conversation, and the one that counts its tokens
  // (empty: there is none).
  std::string_view conversation_path{};
  std::string_view count_tokens_path{};
  CredentialPlace credential_place = CredentialPlace::none;
  // The header that carries the upstream's own id of an answer.
  std::string_view upstream_request_id_header{};

  // Reads what routing needs in one pass and checks the whole body on the way (product.md, "Reject or
  // carry"). Null where the dialect cannot be asked yet.
  routing::FactsResult (*read_facts)(const http::Endpoint& endpoint, std::string_view body, Arena& arena) = nullptr;

  // Appends an error in the dialect's own shape.
  void (*write_error)(std::string& out, const Fault& fault, int status, std::string_view request_id) = nullptr;
  // Appends an error as a frame for a stream that has begun.
  void (*write_error_frame)(std::string& out, const Fault& fault, std::string_view request_id) = nullptr;

  void (*write_catalogue)(std::string& out, std::span<const ModelEntry> models) = nullptr;
  void (*write_model)(std::string& out, const ModelEntry& model) = nullptr;

  // Takes note of one frame of a streamed answer. Null where the dialect cannot serve yet.
  void (*observe_frame)(const sse::Frame& frame, Observation& seen) = nullptr;
  // The top-level members of a whole answer that observe_whole wants to see, and what they say: values
  // in the order of the keys, raw, empty when absent.
  std::span<const std::string_view> whole_keys{};
  void (*observe_whole)(std::span<const std::string_view> values, Observation& seen) = nullptr;
};

// The row of `dialect`; total.
const DialectRow& row_of(Dialect dialect);

}  // namespace dialects
}  // namespace signalbox
