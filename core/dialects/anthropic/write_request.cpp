// A canonical request as a Messages body. What Anthropic refuses is left out here, each with its loss, so
// that nothing foreign is ever the reason of a 400.
#include <algorithm>

#include "base/sha256.h"
#include "dialects/anthropic/request.h"
#include "dialects/canonical/billing.h"
#include "dialects/canonical/effort.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/schema.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::Block;
using canonical::Blocks;
using canonical::Effort;
using canonical::Message;
using canonical::OutputFormat;
using canonical::Request;
using canonical::Role;
using canonical::Source;
using canonical::ToolChoice;
using json::Escaped;
using json::Writer;

// What every Claude model answers with at least; where more is known, the models entry says so.
constexpr int64_t max_tokens_default = 4096;
// The least that Anthropic takes as a budget of thinking.
constexpr int64_t budget_tokens_min = 1024;
// More than any model has; so that sums of it stay small.
constexpr int64_t budget_tokens_max = 1 << 20;
// How many places Anthropic lets one request mark for caching.
constexpr size_t cache_controls_max = 4;
// An id longer than any vendor's is somebody's text.
constexpr size_t tool_id_bytes_max = 64;

// What is said where the conversation does not begin with the user, as Anthropic wants it.
constexpr Escaped opening_words{"Please begin."};

// A JSON number's value, near enough to compare it with a bound. Its text goes on, never this.
double value_of(std::string_view number) {
  size_t at = 0;
  const bool negative = !number.empty() && number[0] == '-';
  if (negative) ++at;
  // Digits that a double can hold exactly; further ones would only round the value over a bound.
  constexpr double digits_max = 1e14;
  double value = 0;
  int64_t exponent = 0;
  bool fraction = false;
  for (; at < number.size() && number[at] != 'e' && number[at] != 'E'; ++at) {
    if (number[at] == '.') {
      fraction = true;
    } else if (value < digits_max) {
      value = value * 10 + (number[at] - '0');
      if (fraction) --exponent;
    } else if (!fraction) {
      ++exponent;
    }
  }
  if (at < number.size()) {
    std::string_view digits = number.substr(at + 1);
    const bool down = !digits.empty() && digits[0] == '-';
    if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
    int64_t written = 0;
    for (char digit : digits) written = std::min<int64_t>(written * 10 + (digit - '0'), 100'000'000);
    exponent += down ? -written : written;
  }
  // Beyond these the value is 0 or larger than everything, whatever the digits.
  exponent = std::clamp<int64_t>(exponent, -700, 400);
  for (; exponent > 0 && value != 0; --exponent) value *= 10;
  for (; exponent < 0 && value != 0; ++exponent) value /= 10;
  return negative ? -value : value;
}

// `text` without blanks and line ends at its end.
Escaped without_trailing_blanks(Escaped text) {
  std::string_view rest = text.inside;
  for (;;) {
    if (!rest.empty() && rest.back() == ' ') {
      rest.remove_suffix(1);
      continue;
    }
    // An escape counts only where its backslash is not itself escaped.
    const size_t slashes_end = rest.empty() ? 0 : rest.size() - 1;
    size_t slashes = 0;
    while (slashes < slashes_end && rest[slashes_end - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0 || (rest.back() != 'n' && rest.back() != 'r' && rest.back() != 't')) return {rest};
    rest.remove_suffix(2);
  }
}

bool is_native(const canonical::Thinking& thinking) {
  const canonical::Provenance& from = thinking.from;
  return from.vendor == Dialect::anthropic && !from.state.empty() && !canonical::is_envelope(from.state);
}

class RequestWriter {
 public:
  RequestWriter(const Request& request, const canonical::WriteContext& context, std::string& body)
      : request_(request), context_(context), body_(body), w_(body) {}

  void run() {
    settle_thinking();
    skip_cache_controls();
    w_.begin_object().key("model").string(context_.model);
    w_.key("max_tokens").number(max_tokens_);
    if (request_.streamed) w_.key("stream").boolean(true);
    // The order in which Anthropic's cache reads them, so that marks are counted in theirs.
    write_tools();
    write_system();
    write_messages();
    write_thinking();
    write_output_config();
    write_sampling();
    write_stop();
    write_user();
    if (json::equals(request_.service_tier, "auto") || json::equals(request_.service_tier, "standard_only"))
      w_.key("service_tier").string(request_.service_tier);
    w_.end_object();
  }

 private:
  enum class Thinking : uint8_t { unsaid, off, budget, adaptive };

  // How much may be written, and how much of it thought. Known models of today take a budget; those that
  // take an effort only are marked (translation.md section 5, "To A").
  void settle_thinking() {
    max_tokens_ = request_.max_tokens;
    const bool bounded = max_tokens_ >= 0;
    const int64_t most = context_.output_tokens_max;
    if (!bounded) max_tokens_ = most > 0 ? most : max_tokens_default;
    if (most > 0) max_tokens_ = std::min(max_tokens_, most);

    const LaneFlags& flags = context_.flags;
    const Effort asked = canonical::effort_of(request_.reasoning);
    if (asked == Effort::unset) return;
    if (flags.effort_style == EffortStyle::none) {
      if (asked != Effort::none) context_.losses.add("reasoning");
      return;
    }
    effort_ = canonical::clamped(asked, flags.effort_levels);
    if (asked == Effort::none || effort_ == Effort::unset || effort_ == Effort::none) {
      thinking_ = Thinking::off;
      return;
    }
    if (flags.effort_style == EffortStyle::adaptive) {
      thinking_ = Thinking::adaptive;
      return;
    }
    budget_ = effort_ == asked ? canonical::budget_of(request_.reasoning) : canonical::budget_of({effort_, -1});
    budget_ = std::clamp(budget_, budget_tokens_min, budget_tokens_max);
    // A bound of our own making grows with what it has to hold, as far as the model goes.
    if (!bounded && most <= 0) max_tokens_ += budget_;
    budget_ = std::min(budget_, max_tokens_ - 1);
    if (budget_ < budget_tokens_min || !thinking_may_resume()) {
      context_.losses.add("reasoning");
      thinking_ = Thinking::off;
      return;
    }
    thinking_ = Thinking::budget;
  }

  // With a budget, Anthropic wants every assistant turn that is still going on to begin with its own
  // thinking: the one that waits for tools, and the one that is to be continued.
  bool thinking_may_resume() const {
    const std::span<const Message> messages = request_.messages;
    if (messages.empty()) return true;
    size_t last = messages.size();
    while (last > 0 && messages[last - 1].role != Role::assistant) --last;
    if (last == 0) return true;
    if (last < messages.size() && !messages[last].blocks.first->as<canonical::ToolResult>()) return true;
    const Blocks& blocks = messages[last - 1].blocks;
    const auto begins = std::find_if(blocks.begin(), blocks.end(), [](const Block& block) {
      const canonical::Thinking* thinking = block.as<canonical::Thinking>();
      return !thinking || is_native(*thinking);
    });
    return begins != blocks.end() && begins->as<canonical::Thinking>();
  }

  bool thinks() const { return thinking_ == Thinking::budget || thinking_ == Thinking::adaptive; }

  // Only so many marks may be written, and the last of them cache the longest prefixes.
  void skip_cache_controls() {
    size_t count = 0;
    const auto add = [&](std::string_view mark) { count += !mark.empty(); };
    for (const canonical::Tool& tool : request_.tools) add(tool.cache_control);
    for (const Block& block : request_.system) add(block.cache_control);
    for (const Message& message : request_.messages) {
      for (const Block& block : message.blocks) {
        add(block.cache_control);
        if (const auto* result = block.as<canonical::ToolResult>())
          for (const Block& inner : result->content) add(inner.cache_control);
      }
    }
    cache_controls_skipped_ = count > cache_controls_max ? count - cache_controls_max : 0;
    if (cache_controls_skipped_ > 0) context_.losses.add("cache_control");
  }

  void write_cache_control(std::string_view mark) {
    if (mark.empty()) return;
    if (cache_controls_skipped_ > 0) {
      --cache_controls_skipped_;
    } else {
      w_.key("cache_control").raw(mark);
    }
  }

  void write_tools() {
    if (request_.tools.empty()) return;
    std::vector<std::string_view> names;
    for (const canonical::Tool& tool : request_.tools) names.push_back(tool.name);
    std::sort(names.begin(), names.end());
    const bool repeated = std::adjacent_find(names.begin(), names.end()) != names.end();
    std::vector<std::string_view> written;
    w_.key("tools").begin_array();
    for (const canonical::Tool& tool : request_.tools) {
      if (repeated) {
        const auto place = std::lower_bound(written.begin(), written.end(), tool.name);
        if (place != written.end() && *place == tool.name) {
          context_.losses.add("tools.repeated");
          continue;
        }
        written.insert(place, tool.name);
      }
      write_tool(tool);
    }
    w_.end_array();
    write_tool_choice();
  }

  void write_tool(const canonical::Tool& tool) {
    w_.begin_object().key("name").string(context_.names.sent(tool.name));
    if (!tool.description.empty()) w_.key("description").string(tool.description);
    schema_.clear();
    if (canonical::append_object_schema(schema_, tool.schema) == canonical::SchemaChange::union_merged)
      context_.losses.add("tools.input_schema");
    w_.key("input_schema").raw(schema_);
    if (tool.strict.value_or(false)) w_.key("strict").boolean(true);
    write_cache_control(tool.cache_control);
    w_.end_object();
  }

  void write_tool_choice() {
    ToolChoice choice = request_.tool_choice;
    const LaneFlags& flags = context_.flags;
    const bool forced = choice.mode == ToolChoice::Mode::any || choice.mode == ToolChoice::Mode::named;
    if (forced && (thinks() || flags.tool_choice != ToolChoiceSupport::full)) {
      context_.losses.add("tool_choice");
      choice.mode = ToolChoice::Mode::automatic;
    }
    bool one_call = request_.parallel_tool_calls == false && choice.mode != ToolChoice::Mode::none;
    if (one_call && (!flags.parallel_tools || flags.tool_choice == ToolChoiceSupport::none)) {
      context_.losses.add("parallel_tool_calls");
      one_call = false;
    }
    if (flags.tool_choice == ToolChoiceSupport::none) {
      if (choice.mode == ToolChoice::Mode::none) context_.losses.add("tool_choice");
      return;
    }
    if (choice.mode == ToolChoice::Mode::unset && !one_call) return;
    w_.key("tool_choice").begin_object();
    switch (choice.mode) {
      case ToolChoice::Mode::any: w_.key("type").string("any"); break;
      case ToolChoice::Mode::named:
        w_.key("type").string("tool").key("name").string(context_.names.sent(choice.name));
        break;
      case ToolChoice::Mode::none: w_.key("type").string("none"); break;
      default: w_.key("type").string("auto");
    }
    if (one_call) w_.key("disable_parallel_tool_use").boolean(true);
    w_.end_object();
  }

  // What the dialect or the lane has no member for is asked of the model in words.
  bool format_in_words() const {
    const OutputFormat& format = request_.format;
    if (format.kind == OutputFormat::Kind::text) return false;
    return format.kind == OutputFormat::Kind::json_object || format.schema.empty() ||
           context_.flags.structured_output != StructuredOutput::json_schema;
  }

  void write_system() {
    const bool format = format_in_words();
    bool open = false;
    const auto begin = [&] {
      if (!open) w_.key("system").begin_array();
      open = true;
    };
    for (size_t i = 0; i < request_.system.size(); ++i) {
      const Block& block = request_.system.first[i];
      const canonical::Text* text = block.as<canonical::Text>();
      if (!text) continue;
      const bool billing = i == 0 && context_.flags.strip_billing;
      const Escaped said = billing ? canonical::without_billing(text->text) : text->text;
      if (said.empty()) continue;
      begin();
      write_text(said, block.cache_control);
    }
    if (format) {
      context_.losses.add("response_format");
      begin();
      w_.begin_object().key("type").string("text").key("text").begin_string();
      if (request_.format.schema.empty()) {
        w_.piece("Answer with one JSON object and nothing else.");
      } else {
        w_.piece("Answer with JSON that fits this JSON Schema, and with nothing else:\n").piece(request_.format.schema);
      }
      w_.end_string().end_object();
    }
    if (open) w_.end_array();
  }

  void write_messages() {
    w_.key("messages").begin_array();
    const std::span<const Message> messages = request_.messages;
    for (size_t i = 0; i < messages.size(); ++i) {
      const bool prefill = i + 1 == messages.size() && messages[i].role == Role::assistant;
      write_message(messages[i], prefill);
    }
    if (!any_message_) write_opening();
    end_message();
    w_.end_array();
  }

  // Begins a message when the open one is of the other role: what is not written leaves no gap.
  void begin_block(Role role) {
    if (!any_message_ && role == Role::assistant) write_opening();
    if (any_message_ && role_ == role) return;
    end_message();
    any_message_ = true;
    role_ = role;
    w_.begin_object().key("role").string(role == Role::user ? "user" : "assistant").key("content").begin_array();
  }

  void end_message() {
    if (any_message_) w_.end_array().end_object();
  }

  void write_opening() {
    begin_block(Role::user);
    write_text(opening_words, {});
  }

  void write_message(const Message& message, bool prefill) {
    for (const Block& block : message.blocks) {
      const bool last = prefill && &block + 1 == message.blocks.end();
      if (message.role == Role::system) {
        write_reminder(block);
      } else if (const auto* thinking = block.as<canonical::Thinking>()) {
        write_thinking_block(*thinking);
      } else if (const auto* text = block.as<canonical::Text>(); text && last) {
        // Anthropic refuses a beginning of its answer that ends in a blank.
        const Escaped said = without_trailing_blanks(text->text);
        if (said.empty()) continue;
        begin_block(message.role);
        write_text(said, block.cache_control);
      } else {
        begin_block(message.role);
        write_block(block);
      }
    }
  }

  // Instructions in the midst of a conversation: Anthropic takes them there only behind a beta header.
  void write_reminder(const Block& block) {
    const canonical::Text* text = block.as<canonical::Text>();
    if (!text) return context_.losses.add("messages.system");
    begin_block(Role::user);
    w_.begin_object().key("type").string("text").key("text").begin_string();
    w_.piece("<system-reminder>\n").piece(text->text).piece("\n</system-reminder>").end_string();
    write_cache_control(block.cache_control);
    w_.end_object();
  }

  void write_thinking_block(const canonical::Thinking& thinking) {
    if (!is_native(thinking)) {
      context_.losses.add(thinking.redacted ? "thinking.redacted" : "thinking");
      return;
    }
    begin_block(Role::assistant);
    w_.begin_object();
    if (thinking.redacted) {
      w_.key("type").string("redacted_thinking").key("data").string(thinking.from.state);
    } else {
      w_.key("type").string("thinking").key("thinking").string(thinking.text);
      w_.key("signature").string(thinking.from.state);
    }
    w_.end_object();
  }

  void write_block(const Block& block) {
    if (const auto* text = block.as<canonical::Text>()) {
      write_text(text->text, block.cache_control);
    } else if (const auto* image = block.as<canonical::Image>()) {
      write_image(*image, block.cache_control);
    } else if (const auto* document = block.as<canonical::Document>()) {
      write_document(*document, block.cache_control);
    } else if (const auto* call = block.as<canonical::ToolCall>()) {
      w_.begin_object().key("type").string("tool_use").key("id").string(sent_id(call->id));
      w_.key("name").string(context_.names.sent(call->name)).key("input").raw(call->input);
      write_cache_control(block.cache_control);
      w_.end_object();
    } else if (const auto* result = block.as<canonical::ToolResult>()) {
      write_result(*result, block.cache_control);
    }
  }

  void write_result(const canonical::ToolResult& result, std::string_view cache_control) {
    w_.begin_object().key("type").string("tool_result").key("tool_use_id").string(sent_id(result.id));
    if (!result.content.empty()) {
      w_.key("content").begin_array();
      for (const Block& block : result.content) write_block(block);
      w_.end_array();
    } else if (result.is_error) {  // Anthropic wants to know what went wrong
      w_.key("content").string("error");
    }
    if (result.is_error) w_.key("is_error").boolean(true);
    write_cache_control(cache_control);
    w_.end_object();
  }

  void write_text(Escaped text, std::string_view cache_control) {
    w_.begin_object().key("type").string("text").key("text").string(text);
    write_cache_control(cache_control);
    w_.end_object();
  }

  void omit(std::string_view words, std::string_view loss, std::string_view cache_control) {
    context_.losses.add(loss);
    write_text({words}, cache_control);
  }

  void write_image(const canonical::Image& image, std::string_view cache_control) {
    constexpr std::string_view known_types[] = {"image/jpeg", "image/png", "image/gif", "image/webp"};
    if (!context_.flags.vision) return omit("[image omitted: model has no vision]", "messages.image", cache_control);
    // Another dialect's file is in another provider's store.
    if (image.source == Source::file)
      return omit("[image omitted: it is in another provider's store]", "messages.image.file", cache_control);
    if (image.source == Source::base64 &&
        std::none_of(std::begin(known_types), std::end(known_types),
                     [&](std::string_view type) { return json::equals(image.media_type, type); }))
      return omit("[image omitted: its type is not supported]", "messages.image.media_type", cache_control);
    w_.begin_object().key("type").string("image").key("source");
    write_source(image.source, image.media_type, image.data);
    write_cache_control(cache_control);
    w_.end_object();
  }

  void write_document(const canonical::Document& document, std::string_view cache_control) {
    if (document.source == Source::file)
      return omit("[document omitted: it is in another provider's store]", "messages.document.file", cache_control);
    if (document.source == Source::base64 && !json::equals(document.media_type, "application/pdf"))
      return omit("[document omitted: its type is not supported]", "messages.document.media_type", cache_control);
    w_.begin_object().key("type").string("document").key("source");
    if (document.source == Source::text) {
      w_.begin_object().key("type").string("text").key("media_type").string("text/plain");
      w_.key("data").string(document.data).end_object();
    } else if (document.source == Source::blocks) {
      w_.begin_object().key("type").string("content").key("content").begin_array();
      for (const Block& block : document.blocks)
        if (block.as<canonical::Text>() || block.as<canonical::Image>()) write_block(block);
      w_.end_array().end_object();
    } else {
      write_source(document.source, document.media_type, document.data);
    }
    if (!document.title.empty()) w_.key("title").string(document.title);
    if (!document.context.empty()) w_.key("context").string(document.context);
    write_cache_control(cache_control);
    w_.end_object();
  }

  void write_source(Source source, Escaped media_type, Escaped data) {
    w_.begin_object();
    if (source == Source::base64) {
      w_.key("type").string("base64").key("media_type").string(media_type).key("data").string(data);
    } else {
      w_.key("type").string("url").key("url").string(data);
    }
    w_.end_object();
  }

  void write_thinking() {
    if (thinking_ == Thinking::unsaid) return;
    w_.key("thinking").begin_object().key("type");
    switch (thinking_) {
      case Thinking::budget: w_.string("enabled").key("budget_tokens").number(budget_); break;
      case Thinking::adaptive: w_.string("adaptive"); break;
      default: w_.string("disabled");
    }
    w_.end_object();
  }

  void write_output_config() {
    const OutputFormat& format = request_.format;
    const bool schema = format.kind == OutputFormat::Kind::json_schema && !format_in_words();
    if (!schema && thinking_ != Thinking::adaptive) return;
    w_.key("output_config").begin_object();
    // Anthropic's words begin at low.
    if (thinking_ == Thinking::adaptive) w_.key("effort").string(canonical::word_of(std::max(effort_, Effort::low)));
    if (schema) {
      w_.key("format").begin_object().key("type").string("json_schema");
      w_.key("schema").raw(format.schema).end_object();
    }
    w_.end_object();
  }

  void write_sampling() {
    const bool fixed = context_.flags.temperature_fixed;
    std::string_view temperature = request_.temperature, top_p = request_.top_p, top_k = request_.top_k;
    const auto drop = [&](std::string_view& number, std::string_view name) {
      if (!number.empty()) context_.losses.add(name);
      number = {};
    };
    if (fixed || thinks()) drop(temperature, "temperature");
    if (thinks()) drop(top_k, "top_k");
    // With thinking, Anthropic takes 0.95 to 1; and newer models take one of the two numbers only.
    if (fixed || (thinks() && !top_p.empty() && value_of(top_p) < 0.95) || !temperature.empty()) drop(top_p, "top_p");
    if (!temperature.empty()) {
      const double value = value_of(temperature);
      w_.key("temperature").raw(value < 0 ? "0" : value > 1 ? "1" : temperature);
    }
    if (!top_p.empty()) w_.key("top_p").raw(top_p);
    if (!top_k.empty()) w_.key("top_k").raw(top_k);
  }

  void write_stop() {
    bool open = false;
    for (Escaped text : request_.stop) {
      if (json::is_blank(text)) {  // Anthropic refuses them
        context_.losses.add("stop_sequences");
        continue;
      }
      if (!open) w_.key("stop_sequences").begin_array();
      open = true;
      w_.string(text);
    }
    if (open) w_.end_array();
  }

  // Whoever asks is told apart, not told: the upstream gets a hash.
  void write_user() {
    if (request_.user.empty()) return;
    static constexpr char digits[] = "0123456789abcdef";
    std::string hash;
    for (uint8_t byte : base::sha256(request_.user)) {
      hash += digits[byte >> 4];
      hash += digits[byte & 15];
    }
    w_.key("metadata").begin_object().key("user_id").string(hash).end_object();
  }

  std::string_view sent_id(std::string_view id) {
    id_.clear();
    canonical::append_tool_id(id_, id, "toolu_", tool_id_bytes_max);
    return id_;
  }

  const Request& request_;
  const canonical::WriteContext& context_;
  std::string& body_;
  Writer w_;
  int64_t max_tokens_ = 0;
  Thinking thinking_ = Thinking::unsaid;
  Effort effort_ = Effort::unset;
  int64_t budget_ = 0;
  size_t cache_controls_skipped_ = 0;
  bool any_message_ = false;
  Role role_ = Role::user;
  std::string id_;
  std::string schema_;
};

}  // namespace

void write_request(const Request& request, const canonical::WriteContext& context, std::string& body) {
  RequestWriter(request, context, body).run();
}

}  // namespace signalbox::dialects::anthropic
