// What a dialect brings. One row per dialect, one folder per dialect; nothing here knows two dialects at
// once. Translation is four parts of the row (canonical/parts.h); everything asks the row and never the
// dialect's name.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dialects/canonical/parts.h"
#include "http/endpoint.h"
#include "json/same_shape.h"
#include "routing/facts.h"
#include "routing/verdict.h"
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
  bool content = false;     // something a client has seen cannot be taken back (translation.md section 11.5)
  bool may_end = false;     // whole by its own words: the bytes may stop here without being cut
  bool terminal = false;    // the dialect's own end has been seen, and nothing follows; may_end too
  bool error = false;       // an error instead of, or inside, the answer
  // The dialect's own: a frame that says nothing of the above but content and counts, and the counts of the last such
  // that have not been read; observe_end does.
  json::SameShape shape;
  std::string unread_usage;

  // Takes the last that is said; none, and what is no word, changes nothing.
  void set_stop_reason(json::Escaped word) {
    if (word.empty() || word.size() > stop_reason_bytes_max) return;
    stop_reason.clear();
    json::unescape(word, stop_reason);
  }
};

// What observe_whole gets for a member that is there and longer than what was kept of it. No JSON, so it
// is never taken for the value.
inline constexpr std::string_view too_long = "...";

// One replacement in a request's body: bytes [begin, end) become `text`, which is JSON. `path` names the
// place for a person.
struct Edit {
  std::string_view path;
  size_t begin = 0;
  size_t end = 0;
  std::string_view text;
};

// The path of an edit that takes out a text of nothing but blanks.
inline constexpr std::string_view blank_text_path = "messages.text";

// What an upstream refused of a request. Views into the arena that it was read into.
struct Refusal {
  bool thinking = false;                           // all thinking of the history
  std::span<const std::string_view> members{};     // their paths, as the upstream said them: "tools.0.custom.strict"
  std::span<const std::string_view> everywhere{};  // the same in any other request: "tools.*.custom.strict"; without
                                                   // those of which nothing can be said of others
  bool blank_texts = false;                        // texts of nothing but blanks

  bool any() const { return thinking || blank_texts || !members.empty(); }
};

// What shall not go to an upstream: the history's thinking, members by their paths, texts of nothing but blanks.
struct Unwanted {
  bool thinking = false;
  std::span<const std::string_view> members{};
  bool blank_texts = false;

  bool any() const { return thinking || blank_texts || !members.empty(); }
};

// One line of the catalogue.
struct ModelEntry {
  std::string_view id;
  std::string_view display_name;   // what people call it: without what only a client needs
  int64_t context_tokens_max = 0;  // 0: not known
  int64_t output_tokens_max = 0;
};

// What an upstream is asked for.
enum class Ask : uint8_t {
  whole_answer,
  streamed_answer,
  listed_answer,  // Gemini's stream as one JSON array, which grows; the others have none
  token_count,
  compaction,  // Responses: a history made shorter; the others have none
};

struct DialectRow {
  Dialect dialect = Dialect::anthropic;
  std::string_view name{};

  // Appends the path below the base URL (url.h, join_url) that answers `ask` for the upstream's `model`, with
  // the query that belongs to it.
  void (*write_path)(std::string& path, std::string_view model, Ask ask) = nullptr;
  // Whether there is a path that counts tokens.
  bool counts_tokens = false;
  CredentialPlace credential_place = CredentialPlace::none;
  // The header that carries the upstream's own id of an answer.
  std::string_view upstream_request_id_header{};
  // What every request of the dialect carries, for clients of another dialect who do not send it.
  std::span<const Header> request_headers{};

  // Reads what routing needs in one pass and checks the whole body on the way (product.md, "Reject or
  // carry"). Null where the dialect cannot be asked yet.
  routing::FactsResult (*read_facts)(const http::Endpoint& endpoint, std::string_view body, Arena& arena) = nullptr;

  // Reads those of the wanted facts that stand in the body, which read_facts has found to be JSON: one pass over it, and
  // a closer look at the parts that are asked about. Fault: duplicate_fact, of a member that was wanted. Null where
  // nothing of the kind is known; then nothing is so.
  routing::TaskFactsResult (*read_task_facts)(std::string_view body, FactSet wanted, Arena& arena) = nullptr;

  // Appends an error in the dialect's own shape.
  void (*write_error)(std::string& out, const Fault& fault, int status, std::string_view request_id) = nullptr;
  // The status that says: too much to do, come again.
  int busy_status = 503;
  // Appends an error as a frame for a stream that has begun.
  void (*write_error_frame)(std::string& out, const Fault& fault, std::string_view request_id) = nullptr;

  // Sent when a stream has been silent for long: before its first frame, and behind it.
  std::string_view keep_alive_before{};
  std::string_view keep_alive_within{};
  // The name of the event that is a sign of life and nothing else; empty when there is none.
  std::string_view ping_event{};

  // What an error says, be it an error's whole body or the data of a frame. Plain texts in `arena`.
  // `status` and what the headers say is the caller's part.
  routing::UpstreamError (*read_error)(std::string_view body, Arena& arena) = nullptr;

  // Whether clients of the dialect look for names of a certain form only, so that others need an alias.
  bool catalogue_has_aliases = false;
  void (*write_catalogue)(std::string& out, std::span<const ModelEntry> models) = nullptr;
  void (*write_model)(std::string& out, const ModelEntry& model) = nullptr;

  // Appends the answer to a request that counts tokens. Null where the dialect has none.
  void (*write_token_count)(std::string& out, int64_t input_tokens) = nullptr;

  // Takes note of one frame of a streamed answer. Null where the dialect cannot serve yet.
  void (*observe_frame)(const sse::Frame& frame, Observation& seen) = nullptr;
  // Reads what observe_frame has put off; for whoever wants the counts. Null where nothing is put off.
  void (*observe_end)(Observation& seen) = nullptr;
  // The top-level members of a whole answer that observe_whole wants to see, and what they say: values
  // in the order of the keys, raw, empty when absent, `too_long` when not kept.
  std::span<const std::string_view> whole_keys{};
  void (*observe_whole)(std::span<const std::string_view> values, Observation& seen) = nullptr;

  // The reason to stop, as observe_frame and observe_whole take it, of a model that had nothing more to say.
  std::string_view stopped_by_itself{};

  // The members at a body's root that name a history which an upstream of this dialect keeps, and nobody else has.
  std::span<const std::string_view> kept_histories{};
  // The type of an item of the body's history that only an upstream of this dialect can read; static, empty where there
  // is none. Null where histories have no such items.
  std::string_view (*kept_item)(std::string_view body) = nullptr;

  // The header in which a client asks for what is not there for everybody: what an upstream refuses without
  // it, it may take with it. Empty where there is none.
  std::string_view feature_header{};
  // Edits that a body of this dialect needs although it goes to its own dialect: state of other vendors
  // that an earlier answer left with the client goes (translation.md section 5), and what is unwanted. In
  // order, not overlapping; asked for only where facts or refusals say that there are some. Null where nothing of
  // the kind is known.
  std::span<const Edit> (*removals)(std::string_view body, const Unwanted& unwanted, Arena& arena) = nullptr;
  // What of `body` the upstream will not take by its own words; nothing when `error` is no such refusal. The
  // request may be sent again once without it. Null where nothing is known of such words.
  Refusal (*read_refusal)(std::string_view body, const routing::UpstreamError& error, Arena& arena) = nullptr;

  // The four parts of translation; all there or all null.
  canonical::ReadResult (*read_request)(std::string_view body, Arena& arena, canonical::Losses& losses) = nullptr;
  void (*write_request)(const canonical::Request& request, const canonical::WriteContext& context,
                        std::string& body) = nullptr;
  std::unique_ptr<canonical::Decoder> (*make_decoder)(const canonical::DecodeContext& context) = nullptr;
  std::unique_ptr<canonical::Encoder> (*make_encoder)(const canonical::EncodeContext& context,
                                                      canonical::Form form) = nullptr;

  bool translates() const { return read_request != nullptr; }
};

// The row of `dialect`; total.
const DialectRow& row_of(Dialect dialect);

}  // namespace dialects
}  // namespace signalbox
