// Round trips of generated requests: what two dialects can both say comes back the same and without a loss, from one
// to the other and back again, for all sixteen pairs.
//
//   request ── write A ──> body ── read A ──> request ── write X ──> body ── read X ──> request ── write A ──> ...
//
// Requests are compared as text (text_of below), which says what is held for the same:
//   neighbouring texts of one message are one, with a blank line between; of one result, with a line end
//   the name and the strictness of an answer's schema, which only OpenAI has, and a document called "document.pdf"
//   whether reasoning shall be shown, which every effort implies
//
// SIGNALBOX_ROUND_TRIPS is how many requests each pair gets, SIGNALBOX_SEED the first seed.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/effort.h"
#include "dialects/dialect.h"
#include "request_generator.h"

using namespace signalbox;
using namespace signalbox::canonical;

namespace {

constexpr const char* scope = "0a1b2c3d";

// Lanes that take what their dialect has.
LaneFlags flags_of(Dialect dialect) {
  LaneFlags flags;
  flags.documents = flags.top_k = flags.format_with_tools = flags.media_in_results = flags.cache_control = true;
  if (dialect == Dialect::anthropic) flags.effort_style = EffortStyle::adaptive;
  if (dialect == Dialect::gemini) flags.effort_style = EffortStyle::thinking_level;
  return flags;
}

std::string quoted(Escaped text) {
  std::string plain;
  json::unescape(text, plain);
  return "\"" + plain + "\"";
}

void print(const Blocks& blocks, const std::string& between, const std::string& indent, std::string& out) {
  std::string joined;
  const auto flush = [&](std::string_view cache_control) {
    if (!joined.empty()) out += indent + "text \"" + joined + "\" " + std::string(cache_control) + "\n";
    joined.clear();
  };
  for (const Block& block : blocks) {
    if (const Text* text = block.as<Text>()) {
      std::string plain;
      json::unescape(text->text, plain);
      joined += (joined.empty() || text->continues ? "" : between) + plain;
      if (!block.cache_control.empty()) flush(block.cache_control);
      continue;
    }
    flush({});
    out += indent;
    if (const Image* image = block.as<Image>()) {
      out += "image " + quoted(image->media_type) + quoted(image->data) +
             quoted(image->detail.empty() ? Escaped{"auto"} : image->detail);
    } else if (const Document* document = block.as<Document>()) {
      const bool named = !json::equals(document->title, "document.pdf");
      out += "document " + quoted(document->media_type) + quoted(document->data) +
             quoted(named ? document->title : Escaped{});
    } else if (const ToolCall* call = block.as<ToolCall>()) {
      out += "call " + std::string(call->id) + " " + std::string(call->name) + " " + std::string(call->input);
    } else if (const ToolResult* result = block.as<ToolResult>()) {
      out += "result " + std::string(result->id) + (result->is_error ? " error\n" : "\n");
      print(result->content, "\n", indent + "  ", out);
      continue;
    } else if (const Thinking* thinking = block.as<Thinking>()) {
      out += std::string(thinking->redacted ? "redacted " : "thinking ") + quoted(thinking->text) + " of " +
             std::string(name_of(thinking->from.vendor)) + " " + quoted(thinking->from.state);
    }
    out += "\n";
  }
  flush({});
}

std::string text_of(const Request& r) {
  std::string out;
  const auto line = [&](const char* name, std::string_view value) {
    if (!value.empty()) out += std::string(name) + " " + std::string(value) + "\n";
  };
  const auto flag = [&](const char* name, std::optional<bool> value) {
    if (value) line(name, *value ? "yes" : "no");
  };
  out += "system\n";
  print(r.system, "\n\n", "  ", out);
  for (const Message& message : r.messages) {
    out += message.role == Role::user ? "user\n" : message.role == Role::assistant ? "assistant\n" : "system\n";
    print(message.blocks, "\n\n", "  ", out);
  }
  for (const Tool& tool : r.tools) {
    line("tool", std::string(tool.name) + " " + quoted(tool.description) + " " + std::string(tool.schema));
    flag("  strict", tool.strict.value_or(false));
    line("  cache", tool.cache_control);
  }
  for (const ServerTool& tool : r.server_tools)
    line("server tool", std::string(loss_of(tool.kind)) + " " + std::string(tool.allowed_domains) + " " +
                            std::string(tool.user_location));
  line("choice", std::to_string(int(r.tool_choice.mode)) + std::string(r.tool_choice.name));
  flag("parallel", r.parallel_tool_calls);
  line("max_tokens", std::to_string(r.max_tokens));
  line("temperature", r.temperature);
  line("top_p", r.top_p);
  line("top_k", r.top_k);
  line("seed", r.seed);
  line("presence_penalty", r.presence_penalty);
  line("frequency_penalty", r.frequency_penalty);
  for (const Escaped stop : r.stop) line("stop", quoted(stop));
  line("effort", word_of(effort_of(r.reasoning)));
  line("format", std::to_string(int(r.format.kind)) + std::string(r.format.schema));
  line("verbosity", r.verbosity.inside);
  line("service", r.service_tier.inside);
  flag("streamed", r.streamed);
  return out;
}

// The lines that only one of both has; empty where they are the same.
std::string difference(const std::string& expected, const std::string& got) {
  std::string out;
  const auto only = [&](const std::string& here, const std::string& there, const char* mark) {
    for (size_t at = 0; at < here.size();) {
      const size_t end = here.find('\n', at);
      const std::string line = here.substr(at, end - at + 1);
      if (("\n" + there).find("\n" + line) == std::string::npos) out += mark + line;
      at = end + 1;
    }
  };
  if (expected == got) return out;
  only(expected, got, "- ");
  only(got, expected, "+ ");
  return out.empty() ? "another order:\n" + expected + "===\n" + got : out;
}

// A request on its way through bodies, all of which stay. What is wrong is gathered.
class Way {
 public:
  explicit Way(const Request& said) : request_(said), expected_(text_of(said)) {}

  void through(Dialect dialect) {
    const dialects::DialectRow& row = dialects::row_of(dialect);
    const LaneFlags flags = flags_of(dialect);
    ToolNames names;
    Losses losses;
    std::string& body = bodies_.emplace_back();
    row.write_request(request_, {"model-x", flags, 0, scope, arena_, names, losses}, body);
    const ReadResult read = row.read_request(body, arena_, losses);
    request_ = read.request;
    std::string problem = std::string(read.fault.detail) + losses.joined();
    if (!problem.empty()) problem += "\n";
    problem += difference(expected_, text_of(request_));
    if (!problem.empty()) wrong_ += std::string(name_of(dialect)) + ": " + problem + "of " + body + "\n";
  }

  const std::string& wrong() const { return wrong_; }

 private:
  Request request_;
  const std::string expected_;
  std::string wrong_;
  Arena arena_;
  std::deque<std::string> bodies_;
};

unsigned number_in_environment(const char* name, unsigned otherwise) {
  const char* const value = std::getenv(name);
  return value ? unsigned(std::strtoul(value, nullptr, 10)) : otherwise;
}

constexpr Dialect dialects_all[] = {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses,
                                    Dialect::gemini};

}  // namespace

TEST_CASE("round trips: what two dialects can say of a request comes back from both, without a loss") {
  const unsigned rounds = number_in_environment("SIGNALBOX_ROUND_TRIPS", 40);
  const unsigned first_seed = number_in_environment("SIGNALBOX_SEED", 1);
  for (const Dialect from : dialects_all) {
    for (const Dialect to : dialects_all) {
      for (unsigned seed = first_seed; seed < first_seed + rounds; ++seed) {
        INFO("SIGNALBOX_SEED=" << seed << ", " << name_of(from) << " to " << name_of(to));
        testing::RequestGenerator generator(seed, from, to);
        Way way(generator.request());
        way.through(from);
        way.through(to);
        way.through(from);
        CHECK(way.wrong() == "");
      }
    }
  }
}
