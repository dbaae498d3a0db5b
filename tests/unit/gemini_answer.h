// A Gemini answer as a client's SDK puts it together, from chunks or from a whole one, and whether the chunks were
// what the SDKs and their types expect (translation.md section 11.3). It shares nothing with the code that writes
// them but the reader of JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signalbox::testing {

struct GeminiAnswer {
  struct Part {
    std::string kind;       // text, thought, call
    std::string text;       // escaped; of a call its args as JSON
    std::string id, name;   // of a call
    std::string signature;  // thoughtSignature, escaped
    bool operator==(const Part& o) const {
      return kind == o.kind && text == o.text && id == o.id && name == o.name && signature == o.signature;
    }
  };

  std::string id, model;
  std::vector<Part> parts;  // neighbouring texts without a signature are one
  std::string finish_reason;
  std::string usage;      // JSON
  std::string grounding;  // JSON
  std::string error;      // JSON; of a stream that failed
  // The first thing that must not be; empty when all is well. Not compared.
  std::string wrong;

  bool operator==(const GeminiAnswer& o) const {
    return id == o.id && model == o.model && parts == o.parts && finish_reason == o.finish_reason && usage == o.usage &&
           grounding == o.grounding && error == o.error;
  }
};

GeminiAnswer gemini_answer_of_stream(std::string_view bytes);
GeminiAnswer gemini_answer_of_whole(std::string_view body);

}  // namespace signalbox::testing
