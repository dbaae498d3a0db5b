// What a Gemini body must lose on its way to Gemini itself: signatures that hold another vendor's state, which an
// earlier answer left with the client, all of them where Gemini has refused one (translation.md section 5), and members
// that it does not know.
// Everything else stays byte for byte.
#include <vector>

#include "dialects/foreign_state.h"
#include "dialects/gemini/gemini.h"
#include "dialects/gemini_signature.h"
#include "dialects/listing.h"
#include "dialects/refused_members.h"
#include "json/walk.h"

namespace signalbox::dialects::gemini {
namespace {

constexpr std::string_view path = "contents.thoughtSignature";
constexpr std::string_view sentinel_value = R"("skip_thought_signature_validator")";
constexpr std::string_view sentinel_member = R"(,"thoughtSignature":"skip_thought_signature_validator")";

// The form of the answer and the bound on it are the request's meaning too; names tell which call a result is of.
constexpr std::string_view needed[] = {
    "model", "contents", "tools", "systemInstruction", "cachedContent", "generateContentRequest"};
constexpr std::string_view substance[] = {"role",
                                          "parts",
                                          "text",
                                          "thought",
                                          "inlineData",
                                          "fileData",
                                          "data",
                                          "mimeType",
                                          "fileUri",
                                          "name",
                                          "args",
                                          "response",
                                          "functionCall",
                                          "description",
                                          "functionResponse",
                                          "functionDeclarations",
                                          "parameters",
                                          "parametersJsonSchema",
                                          "executableCode",
                                          "code",
                                          "language",
                                          "outcome",
                                          "output",
                                          "codeExecutionResult",
                                          "responseSchema",
                                          "responseJsonSchema",
                                          "responseMimeType",
                                          "maxOutputTokens",
                                          "googleSearch",
                                          "urlContext",
                                          "codeExecution"};
constexpr std::string_view clients_own[] = {
    "args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels"};
// Vertex knows no ids of calls. These have neither type nor role.
constexpr std::string_view decorated[] = {""};
constexpr Kept kept = {needed, substance, clients_own, decorated};

// Which signatures go.
enum class Going : uint8_t { foreign, all };

bool is_signature(std::string_view key) {
  return json::equals(key, "thoughtSignature") || json::equals(key, "thought_signature");
}

struct PartKind {
  bool goes = false;  // its signature does
  bool is_signed = false;
  bool call = false;
  bool empty = true;  // but for the signature: nobody takes a part without anything in it
};

// One that says already that there is none stays.
bool signature_goes(std::string_view value, Going going) {
  return going == Going::all ? value != sentinel_value : is_foreign_state(value);
}

PartKind kind_of(std::string_view part, Going going) {
  PartKind kind;
  json::each_member(part, [&](std::string_view key, std::string_view value) {
    if (is_signature(key)) {
      kind.is_signed = true;
      kind.goes = kind.goes || signature_goes(value, going);
      return;
    }
    kind.call = kind.call || json::equals(key, "functionCall") || json::equals(key, "function_call");
    const bool says_nothing = json::equals(key, "thought") || (json::equals(key, "text") && value == "\"\"");
    kind.empty = kind.empty && says_nothing;
  });
  return kind;
}

class SignatureEdits {
 public:
  SignatureEdits(std::string_view body, Going going, std::vector<Edit>& edits)
      : body_(body), going_(going), edits_(edits) {}

  void run() {
    json::each_member(body_, [&](std::string_view key, std::string_view value) {
      if (!json::equals(key, "contents")) return;
      Listing contents(edits_);
      json::each_element(value, [&](std::string_view content) { read_content(content, contents); });
      contents.close();
    });
  }

 private:
  // A content of which no part is left goes with them.
  void read_content(std::string_view content, Listing& contents) {
    bool goes = false;
    std::vector<Edit> inside;
    json::each_member(content, [&](std::string_view key, std::string_view value) {
      if (json::equals(key, "parts")) goes = read_parts(value, inside);
    });
    contents.add(offset_of(content), offset_of(content) + content.size(), goes ? path : std::string_view());
    if (!goes) edits_.insert(edits_.end(), inside.begin(), inside.end());
  }

  // Whether there were parts and none is left.
  bool read_parts(std::string_view parts, std::vector<Edit>& edits) {
    bool any_goes = false, any_stays = false, call_seen = false;
    Listing list(edits);
    json::each_element(parts, [&](std::string_view part) {
      const PartKind kind = kind_of(part, going_);
      const bool goes = kind.goes && kind.empty;
      (goes ? any_goes : any_stays) = true;
      list.add(offset_of(part), offset_of(part) + part.size(), goes ? path : std::string_view());
      const bool must_have = kind.call && !call_seen;
      if (kind.goes && !goes) edit_signature(part, must_have, edits);
      if (must_have && !kind.is_signed && going_ == Going::all) add_sentinel(part, edits);
      call_seen = call_seen || kind.call;
    });
    list.close();
    return any_goes && !any_stays;
  }

  // Only the first call of a step must have one.
  void edit_signature(std::string_view part, bool must_have, std::vector<Edit>& edits) {
    cut_members(body_, part, edits, [&](std::string_view name, std::string_view value) {
      const bool goes = is_signature(name) && signature_goes(value, going_);
      const size_t begin = offset_of(value);
      if (goes && must_have) edits.push_back({path, begin, begin + value.size(), sentinel_value});
      return goes && !must_have ? path : std::string_view();
    });
  }

  void add_sentinel(std::string_view part, std::vector<Edit>& edits) {
    const size_t brace = offset_of(part) + part.size() - 1;
    edits.push_back({path, brace, brace, sentinel_member});
  }

  size_t offset_of(std::string_view piece) const { return size_t(piece.data() - body_.data()); }

  std::string_view body_;
  const Going going_;
  std::vector<Edit>& edits_;
};

}  // namespace

std::span<const Edit> removals(std::string_view body, const Unwanted& unwanted, Arena& arena) {
  std::vector<Edit> edits;
  SignatureEdits(body, unwanted.thinking ? Going::all : Going::foreign, edits).run();
  return with_member_removals(body, edits, unwanted.members, kept, arena);
}

Refusal read_refusal(std::string_view body, const routing::UpstreamError& error, Arena& arena) {
  Refusal refusal = refused_members(body, error, kept, arena);
  refusal.thinking = !refusal.any() && error.status == 400 && refuses_signature(error.message);
  return refusal;
}

}  // namespace signalbox::dialects::gemini
