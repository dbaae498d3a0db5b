#include "request_generator.h"

#include <initializer_list>

namespace signalbox::testing {

using namespace canonical;

unsigned RequestGenerator::words_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::anthropic:
      return image_url | document_title | error_results | image_results | text_behind_calls | strict_tools |
             one_call_at_a_time | search | search_beside_tools | search_bounds | stop_words | top_k | service |
             streaming | caching;
    case Dialect::openai_chat:
      return image_url | image_detail | document_title | strict_tools | one_call_at_a_time | stop_words | top_k |
             randomness | service | streaming | caching | json_object | all_efforts | system_anywhere;
    case Dialect::openai_responses:
      return image_url | image_detail | document_title | image_results | text_behind_calls | strict_tools |
             one_call_at_a_time | search | search_beside_tools | search_bounds | verbosity | service | streaming |
             json_object | all_efforts | system_anywhere;
    default:
      return error_results | image_results | text_behind_calls | search | stop_words | top_k | randomness | json_object;
  }
}

RequestGenerator::RequestGenerator(unsigned seed, Dialect from, Dialect to)
    : random_(seed), from_(from), own_(from == to), words_(words_of(from) & words_of(to)) {}

Request RequestGenerator::request() {
  Request r;
  if (some()) r.system = blocks(some() ? std::vector<Block>{text()} : std::vector<Block>{text(), text()});
  const size_t turns = below(4);
  messages_.push_back({Role::user, blocks(user_blocks())});
  for (size_t turn = 0; turn < turns; ++turn) {
    const std::vector<Block> answer = assistant_blocks();
    messages_.push_back({Role::assistant, blocks(answer)});
    std::vector<Block> next;
    for (const Block& block : answer)
      if (const ToolCall* call = block.as<ToolCall>()) next.push_back(result_of(*call));
    if (next.empty() || some())
      for (const Block& block : user_blocks()) next.push_back(block);
    messages_.push_back({Role::user, blocks(next)});
    if (turn + 1 < turns && can(system_anywhere)) messages_.push_back({Role::system, blocks({text()})});
  }
  r.messages = messages_;
  if (some()) add_tools(r);
  if (can(search) && (tools_.empty() || (words_ & search_beside_tools))) add_search(r);
  add_numbers(r);
  return r;
}

Blocks RequestGenerator::blocks(std::vector<Block> list) {
  const auto& kept = lists_.emplace_back(std::move(list));
  return {kept.data(), kept.size()};
}

// As it stands in JSON, and never blank.
std::string RequestGenerator::words() {
  std::string said(
      one_of({"Hello", " then ", "\\n\\nso", "größer", "😀", "\\u20ac", "say \\\"x\\\"", "a\\\\b", "{", "[1]", "0"}));
  for (size_t more = below(4); more > 0; --more)
    said +=
        std::string(one_of({" ", "\\n", "\\n\\n", "\\t"})) + std::string(one_of({"then", "日本", "\\ud83d\\ude00"}));
  return said;
}
// Anthropic takes four of them.
std::string_view RequestGenerator::cache_control() {
  if (caches_left_ == 0 || !can(caching)) return {};
  --caches_left_;
  return R"({"type":"ephemeral"})";
}

canonical::Block RequestGenerator::image() {
  Image image;
  image.source = can(image_url) ? Source::url : Source::base64;
  if (image.source == Source::url) image.data = {"https://example.org/a.png"};
  else image.media_type = {one_of({"image/png", "image/jpeg", "image/webp"})}, image.data = {"iVBORw0KGgo="};
  if (words_ & image_detail) image.detail = {one_of({"auto", "low", "high"})};
  return {image, {}};
}

canonical::Block RequestGenerator::document() {
  Document document;
  document.media_type = {"application/pdf"};
  document.data = {"JVBERi0xLjQK"};
  if (words_ & document_title) document.title = {one_of({"a.pdf", "größe 1.pdf"})};
  return {document, {}};
}

std::vector<Block> RequestGenerator::user_blocks() {
  std::vector<Block> list{text()};
  if (some()) list.push_back(image());
  if (below(4) == 0) list.push_back(document());
  if (some()) list.push_back(text());
  if (list.back().as<Text>()) list.back().cache_control = cache_control();
  return list;
}

// Of the dialect itself, where nobody else is to understand it.
Thinking RequestGenerator::thinking(std::string_view place) {
  Thinking own;
  own.from.vendor = from_;
  if (from_ == Dialect::anthropic) {
    own.redacted = some();
    if (!own.redacted) own.text = escaped();
    own.from.state = {"EqQBCkYIBRgCKkAnative"};
  } else if (from_ == Dialect::openai_responses) {
    own.from.state = {R"({\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"gAAAAABo\"})"};
  } else {
    own.redacted = place != "thought:";
    if (!own.redacted) own.text = escaped();
    own.from.state = {keep(std::string(place) + "CpwBAVSoXO5=")};
  }
  return own;
}

std::vector<Block> RequestGenerator::assistant_blocks() {
  std::vector<Block> list;
  const bool states = own_ && from_ != Dialect::openai_chat;
  if (states && some() && from_ != Dialect::gemini) list.push_back({thinking({}), {}});
  if (states && some() && from_ == Dialect::gemini) list.push_back({thinking("thought:"), {}});
  const size_t calls = below(4);
  if (calls == 0 || some()) {
    list.push_back(text());
    if (states && from_ == Dialect::gemini && some()) list.push_back({thinking("text:"), {}});
  }
  for (size_t i = 0; i < calls; ++i) {
    if (states && from_ == Dialect::gemini && (i == 0 || some())) list.push_back({thinking("call:"), {}});
    ToolCall call;
    call.id = keep(std::string(one_of({"toolu_", "call_", "c-"})) + std::to_string(++ids_));
    call.name = one_of({"Bash", "read_file", "mcp__x__y", "web-search", "input"});
    call.input = one_of({"{}", R"({"command":"ls \"x\"","n":12345678901234567890,"f":1.50})",
                         R"({"deep":{"list":[1,null,{"a":[]}]},"größe":"ä😀\n"})", R"({"input":"x"})"});
    list.push_back({call, {}});
  }
  if (calls > 0 && can(text_behind_calls)) list.push_back(text());
  return list;
}

canonical::Block RequestGenerator::result_of(const ToolCall& call) {
  ToolResult result;
  result.id = call.id;
  result.is_error = can(error_results);
  std::vector<Block> content;
  if (result.is_error || some()) content.push_back(text());
  else if (some()) content.push_back({Text{{R"({\"files\": [\"a\"], \"n\":1.50})"}, false}, {}});
  if (!content.empty() && can(image_results) && !result.is_error) {
    Image picture;
    picture.media_type = {"image/png"}, picture.data = {"iVBORw0KGgo="};
    if (words_ & image_detail) picture.detail = {"auto"};
    content.push_back({picture, {}});
  }
  result.content = blocks(content);
  return {result, {}};
}

void RequestGenerator::add_tools(Request& r) {
  for (const std::string_view name : {"Bash", "read_file", "mcp__x__y"}) {
    Tool tool;
    tool.name = name;
    if (some()) tool.description = escaped();
    tool.schema = one_of({R"({"type":"object","properties":{}})",
                          R"({"type":"object","properties":{"pattern":{"type":"string","minLength":1}}})",
                          R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})"});
    if (can(strict_tools)) {  // OpenAI takes it with such a schema only
      tool.schema = R"({"type":"object","properties":{},"required":[],"additionalProperties":false})";
      tool.strict = true;
    }
    tool.cache_control = cache_control();
    tools_.push_back(tool);
  }
  r.tools = tools_;
  using Mode = ToolChoice::Mode;
  const Mode modes[] = {Mode::unset, Mode::automatic, Mode::any, Mode::named, Mode::none};
  r.tool_choice.mode = modes[below(5)];
  if (r.tool_choice.mode == Mode::named) r.tool_choice.name = "Bash";
  if (r.tool_choice.mode != Mode::unset && r.tool_choice.mode != Mode::none && can(one_call_at_a_time))
    r.parallel_tool_calls = false;
}

void RequestGenerator::add_search(Request& r) {
  ServerTool tool;
  if (can(search_bounds)) tool.allowed_domains = R"(["example.org"])";
  if (can(search_bounds)) tool.user_location = R"({"type":"approximate","city":"Zürich","country":"CH"})";
  server_tools_.push_back(tool);
  r.server_tools = server_tools_;
}

// Reasoning goes with neither a temperature nor a forced tool, and a temperature without top_p, for Anthropic.
void RequestGenerator::add_numbers(Request& r) {
  using Mode = ToolChoice::Mode;
  r.max_tokens = int64_t(2048 + below(4096));
  const bool forced = r.tool_choice.mode == Mode::any || r.tool_choice.mode == Mode::named;
  if (!forced && some()) {
    const Effort efforts[] = {Effort::low,     Effort::medium, Effort::high, Effort::none,
                              Effort::minimal, Effort::xhigh,  Effort::max};
    r.reasoning.effort = efforts[below(words_ & all_efforts ? 7 : 3)];
  } else {
    if (some()) r.temperature = one_of({"0", "0.70", "1", "1e-1"});
    else if (some()) r.top_p = one_of({"0.95", "1"});
    if (can(top_k)) r.top_k = "40";
  }
  if (can(randomness)) r.seed = "7", r.presence_penalty = "0.5", r.frequency_penalty = "-1.25";
  if (can(stop_words)) {
    for (size_t count = 1 + below(4); count > 0; --count) stop_.push_back(escaped());
    r.stop = stop_;
  }
  if (can(json_object)) {
    r.format.kind = OutputFormat::Kind::json_object;
  } else if (some()) {
    r.format.kind = OutputFormat::Kind::json_schema;
    r.format.schema = R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})";
  }
  if (can(verbosity)) r.verbosity = {"low"};
  if (can(service)) r.service_tier = {one_of({"auto", "standard_only"})};
  r.streamed = can(streaming);
}

}  // namespace signalbox::testing
