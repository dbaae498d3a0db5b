// Any bytes as a request of every dialect: its facts are found in valid JSON alone, and where they say; a reader
// refuses or understands them; what it understood, every
// writer writes as one whole JSON object, the same twice, and for its own reader; edits of a valid body
// leave a valid body.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "dialects/dialect.h"
#include "json/reader.h"
#include "json/walk.h"
#include "require.h"
#include "tokens/estimate.h"

using namespace signalbox;
using signalbox::testing::require;

namespace {

constexpr Dialect all[] = {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses, Dialect::gemini};

bool is_json(std::string_view text) {
  json::Reader reader(text);
  return reader.skip_value() && reader.next() == json::Token::end;
}

// Flags of a lane, out of a number.
LaneFlags flags_of(uint32_t bits) {
  const auto take = [&](uint32_t bound) {
    const uint32_t value = bits % bound;
    bits /= bound;
    return value;
  };
  LaneFlags flags;
  flags.system_role = SystemRole(take(3));
  flags.system_anywhere = take(2) != 0;
  flags.vision = take(2) != 0;
  flags.documents = take(2) != 0;
  flags.tool_choice = ToolChoiceSupport(take(3));
  flags.parallel_tools = take(2) != 0;
  flags.tool_id_style = ToolIdStyle(take(3));
  flags.needs_reasoning_content = take(2) != 0;
  flags.reasoning_field = ReasoningField(take(2));
  flags.effort_style = EffortStyle(take(9));
  flags.effort_levels = uint8_t(take(8) * 36);
  flags.cache_control = take(2) != 0;
  flags.strict_alternation = take(2) != 0;
  flags.temperature_fixed = take(2) != 0;
  flags.prefill = take(2) != 0;
  flags.structured_output = StructuredOutput(take(3));
  flags.strip_billing = take(2) != 0;
  flags.schema_dialect = SchemaDialect(take(2));
  flags.media_in_results = take(2) != 0;
  flags.format_with_tools = take(2) != 0;
  return flags;
}

void check_normal_form(const canonical::Request& request) {
  const canonical::Message* before = nullptr;
  for (const canonical::Message& message : request.messages) {
    require(!message.blocks.empty() && (!before || before->role != message.role));
    size_t results = 0, calls = 0;
    for (const canonical::Block& block : message.blocks) {
      if (const auto* text = block.as<canonical::Text>()) require(!text->text.empty());
      if (const auto* call = block.as<canonical::ToolCall>())
        require(message.role == canonical::Role::assistant && json::is_whole_object(call->input));
      if (const auto* result = block.as<canonical::ToolResult>()) {
        // The n-th block of the message answers the n-th call of the one before.
        require(message.role == canonical::Role::user && before && before->role == canonical::Role::assistant);
        size_t at = 0;
        const canonical::ToolCall* call = nullptr;
        for (const canonical::Block& asked : before->blocks)
          if (const auto* one = asked.as<canonical::ToolCall>(); one && at++ == results) call = one;
        require(call && call->id == result->id && &block == message.blocks.first + results);
        ++results;
      }
    }
    if (before)
      for (const canonical::Block& block : before->blocks) calls += block.as<canonical::ToolCall>() != nullptr;
    require(calls == results);
    before = &message;
  }
  if (before)
    for (const canonical::Block& block : before->blocks) require(!block.as<canonical::ToolCall>());
}

std::string write(const dialects::DialectRow& row, const canonical::Request& request, const LaneFlags& flags) {
  Arena arena;
  canonical::ToolNames names;
  canonical::Losses losses;
  std::string body;
  row.write_request(request, {"model", flags, 0, "0a1b2c3d", arena, names, losses}, body);
  require(json::is_whole_object(body));
  return body;
}

std::string edited(std::string_view body, std::span<const dialects::Edit> edits) {
  std::string out;
  size_t at = 0;
  for (const dialects::Edit& edit : edits) {
    require(edit.begin >= at && edit.end >= edit.begin && edit.end <= body.size());
    out += body.substr(at, edit.begin - at);
    out += edit.text;
    at = edit.end;
  }
  out += body.substr(at);
  return out;
}

void check_edits(const dialects::DialectRow& row, std::string_view body, uint32_t seed) {
  const bool valid = is_json(body);
  Arena arena;
  if (!row.removals) return;
  require(!valid || is_json(edited(body, row.removals(body, {}, arena))));
  if (!row.read_refusal) return;
  // A path out of the body's own letters, so that it names something now and then.
  const std::string_view piece = body.substr(body.empty() ? 0 : seed % body.size(), 24);
  const std::string named = std::string(piece.substr(0, piece.find('"'))) + ": Extra inputs are not permitted";
  for (std::string_view message :
       {std::string_view("Invalid `signature` in `thinking` block"),
        std::string_view("speed: Extra inputs are not permitted"),
        std::string_view("messages.0.content.0.thinking: Extra inputs are not permitted"),
        std::string_view("Unknown parameter: 'input[0].status'."),
        std::string_view("Invalid JSON payload received. Unknown name \"id\" at 'contents[1].parts[0].function_call': "
                         "Cannot find field.\nInvalid JSON payload received. Unknown name \"x\": Cannot find field."),
        std::string_view("Thought signature is not valid"), std::string_view(named)}) {
    routing::UpstreamError error;
    error.status = 400;
    error.message = message;
    const dialects::Refusal refusal = row.read_refusal(body, error, arena);
    // As in a request that is sent again: what was refused, and what is remembered of it.
    std::vector<std::string_view> members = {"tools.*.custom.name", "speed", "messages.*.content.*.cache_control"};
    members.insert(members.end(), refusal.members.begin(), refusal.members.end());
    members.insert(members.end(), refusal.everywhere.begin(), refusal.everywhere.end());
    const std::string left = edited(body, row.removals(body, {refusal.thinking, members}, arena));
    require(!valid || is_json(left));
  }
}

void check_facts(const dialects::DialectRow& row, std::string_view body) {
  if (!row.read_facts) return;
  Arena arena;
  http::Endpoint endpoint;
  endpoint.operation = http::Endpoint::Operation::conversation;
  endpoint.shape = row.dialect;
  const routing::FactsResult read = row.read_facts(endpoint, body, arena);
  require((read.fault.kind == FaultKind::bad_json) == !is_json(body));
  if (read.fault) return;
  const routing::Facts& facts = read.facts;
  require(facts.model_begin < facts.model_end && facts.model_end <= body.size() && json::is_whole_object(body));
  const std::string_view token = body.substr(facts.model_begin, facts.model_end - facts.model_begin);
  require(json::equals(json::string_inside(token), facts.model) && facts.model.size() <= routing::model_bytes_max);
  require(json::member(body, "model") == token && facts.streamed == (json::member(body, "stream") == "true"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  // The last bytes choose the lane, so that a corpus of plain bodies is of use.
  const std::string_view body(reinterpret_cast<const char*>(data), size - 4);
  uint32_t seed = 0;
  for (size_t i = 0; i < 4; ++i) seed = seed << 8 | data[size - 4 + i];
  const LaneFlags flags = flags_of(seed);
  require(tokens::estimate_tokens(body) >= 1);
  for (Dialect dialect : all) {
    const dialects::DialectRow& row = dialects::row_of(dialect);
    check_facts(row, body);
    check_edits(row, body, seed);
    if (row.read_error) {
      Arena arena;
      row.read_error(body, arena);
    }
    if (!row.read_request) continue;
    Arena arena;
    canonical::Losses losses;
    const canonical::ReadResult read = row.read_request(body, arena, losses);
    if (read.fault) {
      require(read.fault.kind == FaultKind::bad_json || read.fault.kind == FaultKind::bad_request);
      continue;
    }
    check_normal_form(read.request);
    for (Dialect other : all) {
      const dialects::DialectRow& to = dialects::row_of(other);
      if (!to.write_request) continue;
      const std::string written = write(to, read.request, flags);
      require(written == write(to, read.request, flags));
      if (!to.read_request) continue;
      Arena again;
      canonical::Losses lost;
      require(!to.read_request(written, again, lost).fault);
    }
  }
  return 0;
}
