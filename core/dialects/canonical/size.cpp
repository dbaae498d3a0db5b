#include "dialects/canonical/size.h"

namespace signalbox::canonical {
namespace {

// Of English, code and JSON; scripts with longer letters have more bytes and more tokens to each of them.
constexpr int64_t bytes_per_seven_tokens = 25;
// What providers charge for a picture of usual size, and for a page of a document with its 30 KB.
constexpr int64_t image_tokens = 1'500;
constexpr int64_t document_bytes_per_token = 20;
constexpr int64_t message_tokens = 4;

struct Sum {
  int64_t bytes = 0;   // of text
  int64_t tokens = 0;  // of everything else

  void add(std::string_view words) { bytes += int64_t(words.size()); }

  void add(const Block& block) {
    if (auto* thinking = block.as<Thinking>()) {
      add(thinking->text.inside);
    } else if (auto* call = block.as<ToolCall>()) {
      add(call->name);
      add(call->input);
    } else if (auto* result = block.as<ToolResult>()) {
      for (const Block& inner : result->content) add_content(inner);
    } else {
      add_content(block);
    }
  }

  // What a user's message and a result may hold. Documents hold texts and images, and no documents.
  void add_content(const Block& block) {
    add_inner(block);
    if (auto* document = block.as<Document>())
      for (const Block& inner : document->blocks) add_inner(inner);
  }

  void add_inner(const Block& block) {
    if (auto* words = block.as<Text>()) add(words->text.inside);
    if (block.as<Image>()) tokens += image_tokens;
    if (auto* document = block.as<Document>()) {
      if (document->source == Source::text) add(document->data.inside);
      else tokens += int64_t(document->data.size()) / document_bytes_per_token;
    }
  }
};

}  // namespace

int64_t rough_tokens(const Request& request) {
  Sum sum;
  for (const Block& block : request.system) sum.add(block);
  for (const Message& message : request.messages) {
    sum.tokens += message_tokens;
    for (const Block& block : message.blocks) sum.add(block);
  }
  for (const Tool& tool : request.tools) {
    sum.add(tool.name);
    sum.add(tool.description.inside);
    sum.add(tool.schema);
  }
  return 1 + sum.tokens + sum.bytes * 7 / bytes_per_seven_tokens;
}

}  // namespace signalbox::canonical
