// What a Responses body must lose on its way to OpenAI itself: reasoning that holds another vendor's state, which an
// earlier answer left with the client, and where the upstream has refused some, reasoning of OpenAI's own: its state is
// bound to an account, and another lane may be another's (translation.md section 5); and members that it does not know.
// Everything else stays byte for byte.
#include <vector>

#include "dialects/foreign_state.h"
#include "dialects/listing.h"
#include "dialects/openai_responses/openai_responses.h"
#include "dialects/refused_members.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

constexpr std::string_view path = "input.reasoning";

// The form of the answer is in "text". The bound on it may go: ChatGPT plans take none.
constexpr std::string_view needed[] = {"model", "input",  "instructions",         "tools",       "stream",
                                       "text",  "prompt", "previous_response_id", "conversation"};
constexpr std::string_view substance[] = {"type",     "role",      "content",    "text",         "format",
                                          "schema",   "name",      "namespace",  "call_id",      "arguments",
                                          "output",   "input",     "action",     "image_url",    "file_id",
                                          "file_url", "file_data", "parameters", "description",  "tools",
                                          "refusal",  "code",      "server_url", "server_label", "vector_store_ids"};
constexpr std::string_view clients_own[] = {"arguments", "parameters", "schema", "metadata"};
constexpr std::string_view decorated[] = {
    "message", "reasoning", "function_call", "custom_tool_call", "function_call_output", "custom_tool_call_output"};
constexpr Kept kept = {needed, substance, clients_own, decorated};

// Which reasoning goes.
enum class Going : uint8_t { foreign, all };

struct ItemKind {
  bool goes = false;
  bool tied = false;  // its id tells OpenAI which reasoning was before it, and it would miss that
};

ItemKind kind_of(std::string_view item, Going going) {
  std::string_view type, state, id;
  json::each_member(item, [&](std::string_view key, std::string_view value) {
    if (json::equals(key, "type")) type = json::string_inside(value);
    else if (json::equals(key, "encrypted_content")) state = value;
    else if (json::equals(key, "id")) id = json::string_inside(value);
  });
  const auto is = [&](std::string_view word) { return json::equals(type, word); };
  // A summary alone is nobody's state.
  const bool kept_there = !id.empty() || !json::string_inside(state).empty();
  if (is("reasoning")) return {going == Going::all ? kept_there : is_foreign_state(state), false};
  if (going == Going::foreign) return {};
  if (is("item_reference")) return {id.substr(0, 3) == "rs_", false};
  return {false, !id.empty() && (is("message") || is("function_call") || is("custom_tool_call"))};
}

class ReasoningEdits {
 public:
  ReasoningEdits(std::string_view body, Going going, std::vector<Edit>& edits)
      : body_(body), going_(going), edits_(edits) {}

  void run() {
    json::each_member(body_, [&](std::string_view key, std::string_view value) {
      if (!json::equals(key, "input")) return;
      Listing items(edits_);
      json::each_element(value, [&](std::string_view item) {
        const ItemKind kind = kind_of(item, going_);
        const size_t begin = offset_of(item);
        items.add(begin, begin + item.size(), kind.goes ? path : std::string_view());
        if (kind.tied) cut_id(item);
      });
      items.close();
    });
  }

 private:
  void cut_id(std::string_view item) {
    cut_members(body_, item, edits_, [](std::string_view name, std::string_view) {
      return json::equals(name, "id") ? path : std::string_view();
    });
  }

  size_t offset_of(std::string_view piece) const { return size_t(piece.data() - body_.data()); }

  std::string_view body_;
  const Going going_;
  std::vector<Edit>& edits_;
};

}  // namespace

std::span<const Edit> removals(std::string_view body, const Unwanted& unwanted, Arena& arena) {
  std::vector<Edit> edits;
  ReasoningEdits(body, unwanted.thinking ? Going::all : Going::foreign, edits).run();
  return with_member_removals(body, edits, unwanted.members, kept, arena);
}

// "The encrypted content for item rs_1 could not be verified.", "Item with id 'rs_1' not found." (a 404), "Item 'rs_1' of
// type 'reasoning' was provided without its required following item."
Refusal read_refusal(std::string_view body, const routing::UpstreamError& error, Arena& arena) {
  Refusal refusal = refused_members(body, error, kept, arena);
  if (refusal.any() || (error.status != 400 && error.status != 404)) return refusal;
  const std::string_view message = error.message;
  refusal.thinking = (error.status == 400 && error.code == "invalid_encrypted_content") ||
                     (says(message, "encrypted content") && says(message, "verif")) ||
                     (says(message, "rs_") && says(message, "not found")) ||
                     (says(message, "reasoning") && says(message, "without its required"));
  return refusal;
}

}  // namespace signalbox::dialects::openai_responses
