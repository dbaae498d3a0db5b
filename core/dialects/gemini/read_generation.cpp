// "generationConfig": numbers, stop sequences, thinking and the form of the answer.
#include "dialects/gemini/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::Effort;
using canonical::OutputFormat;

void read_thinking(std::string_view value, Reading& reading, canonical::Reasoning& out) {
  if (is_said(value) && !is_object(value)) {
    reading.wrong("thinkingConfig", "an object", value);
    return;
  }
  json::each_member(value, [&](std::string_view key, std::string_view member) {
    if (!is_said(member)) return;
    if (names(key, "includeThoughts")) {
      reading.take_flag("includeThoughts", member, out.shown);
    } else if (names(key, "thinkingBudget")) {
      // As much as the model finds right, which Anthropic calls adaptive and the ladder high.
      if (member == "-1") out.effort = Effort::high;
      else reading.take_count("thinkingBudget", member, out.budget_tokens);
    } else if (names(key, "thinkingLevel")) {
      constexpr std::string_view levels[] = {"NONE", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH", "MAX"};
      bool known = is_word(member, "THINKING_LEVEL_UNSPECIFIED");
      for (size_t i = 0; i < std::size(levels); ++i)
        if (is_word(member, levels[i])) out.effort = Effort(size_t(Effort::none) + i), known = true;
      if (!known) reading.lose("thinkingConfig", key, member);
      if (!is_text(member)) reading.wrong("thinkingLevel", "a word such as \"LOW\" or \"HIGH\"", member);
    } else {
      reading.lose("thinkingConfig", key, member);
    }
  });
}

void read_stop(std::string_view value, Reading& reading, std::vector<Escaped>& out) {
  if (!is_said(value)) return;
  if (!is_list(value)) {
    reading.wrong("stopSequences", "a list of strings", value);
    return;
  }
  out.clear();
  json::each_element(value, [&](std::string_view each) {
    if (!reading.may_have(out.size() + 1, "stop sequences")) return;
    if (!is_text(each)) reading.wrong("stopSequences", "a list of strings", each);
    else if (each.size() > 2) out.push_back(json::escaped(each));
  });
}

// Text is what holds without the member.
void read_modalities(std::string_view value, Reading& reading) {
  bool others = !is_list(value);
  json::each_element(value, [&](std::string_view each) { others = others || !is_word(each, "TEXT"); });
  if (others) reading.losses().add("generationConfig", "responseModalities");
}

// A number that the client's language may have written as 64.0 where others want 64.
std::string_view whole(std::string_view number) {
  constexpr std::string_view ending = ".0";
  const bool ends = number.size() > ending.size() && number.substr(number.size() - ending.size()) == ending;
  return ends ? number.substr(0, number.size() - ending.size()) : number;
}

// Of the penalties 0 asks for nothing.
void take_penalty(std::string_view key, std::string_view value, Reading& reading, std::string_view& out) {
  reading.take_number(key, value, out);
  if (out == "0" || out == "0.0") out = {};
}

}  // namespace

void read_generation(std::string_view value, Reading& reading, canonical::Request& r, std::vector<Escaped>& stop) {
  if (is_said(value) && !is_object(value)) {
    reading.wrong("generationConfig", "an object", value);
    return;
  }
  std::string_view media_type, schema, openapi;
  json::each_member(value, [&](std::string_view key, std::string_view member) {
    if (reading.failed() || !is_said(member)) return;
    if (key == "temperature") return reading.take_number(key, member, r.temperature);
    if (names(key, "topP")) return reading.take_number(key, member, r.top_p);
    if (names(key, "topK")) return reading.take_number(key, member, r.top_k);
    if (key == "seed") return reading.take_number(key, member, r.seed);
    if (names(key, "presencePenalty")) return take_penalty(key, member, reading, r.presence_penalty);
    if (names(key, "frequencyPenalty")) return take_penalty(key, member, reading, r.frequency_penalty);
    if (names(key, "maxOutputTokens")) return reading.take_count(key, member, r.max_tokens);
    if (names(key, "stopSequences")) return read_stop(member, reading, stop);
    if (names(key, "thinkingConfig")) return read_thinking(member, reading, r.reasoning);
    if (names(key, "responseMimeType")) return void(media_type = member);
    if (names(key, "responseJsonSchema")) return void(schema = member);
    if (names(key, "responseSchema")) return void(openapi = member);
    if (names(key, "responseModalities")) return read_modalities(member, reading);
    if (names(key, "candidateCount")) {
      int64_t count = 1;
      reading.take_count(key, member, count);
      if (count > 1) reading.wrong(key, "1: one answer is all that this gateway translates", member);
      return;
    }
    reading.lose("generationConfig", key, member);
  });
  if (reading.failed()) return;
  r.top_k = whole(r.top_k);
  OutputFormat& format = r.format;
  if (is_object(openapi) && !is_object(schema)) schema = json_schema_of(openapi, reading);
  if (is_object(schema)) {
    format.kind = OutputFormat::Kind::json_schema;
    format.schema = schema;
    // "text/x.enum" asks for a word without quotes.
    if (is_said(media_type) && !is_word(media_type, "APPLICATION/JSON")) reading.losses().add("response_format");
  } else if (is_word(media_type, "APPLICATION/JSON")) {
    format.kind = OutputFormat::Kind::json_object;
  } else if (is_said(media_type) && !is_word(media_type, "TEXT/PLAIN") && media_type != "\"\"") {
    reading.losses().add("response_format");
  }
}

}  // namespace signalbox::dialects::gemini
