// Blocks of messages: what each type becomes (translation.md section 3). Types that only Anthropic's own
// servers can act on become text, with a loss.
#include <algorithm>
#include <utility>
#include <vector>

#include "dialects/anthropic/reading.h"
#include "dialects/canonical/envelope.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::Block;
using canonical::Blocks;
using canonical::Document;
using canonical::Image;
using canonical::Provenance;
using canonical::Source;
using canonical::Text;
using canonical::Thinking;
using canonical::ToolCall;
using canonical::ToolResult;
using json::Escaped;
using json::Token;

enum Member : size_t {
  type,
  text,
  cache_control,
  id,
  name,
  input,
  tool_use_id,
  content,
  is_error,
  thinking,
  signature,
  data,
  source,
  title,
  context,
  citations,
  tool_name,
  caller,
  member_count
};
constexpr std::array<std::string_view, member_count> member_names = {
    "type",     "text",      "cache_control", "id",     "name",  "input",   "tool_use_id", "content",   "is_error",
    "thinking", "signature", "data",          "source", "title", "context", "citations",   "tool_name", "caller"};

enum SourceMember : size_t { s_type, s_media_type, s_data, s_url, s_file_id, s_content, source_member_count };
constexpr std::array<std::string_view, source_member_count> source_names = {"type", "media_type", "data",
                                                                            "url",  "file_id",    "content"};

// Where blocks stand says which may: a result holds no calls, a document neither results nor documents.
// So reading goes at most three levels deep.
enum class Level : uint8_t { message, result, document };

// What becomes text, beside those that are read on their own.
constexpr std::string_view rendered_types[] = {"server_tool_use",
                                               "mcp_tool_use",
                                               "web_search_tool_result",
                                               "web_fetch_tool_result",
                                               "code_execution_tool_result",
                                               "bash_code_execution_tool_result",
                                               "text_editor_code_execution_tool_result",
                                               "tool_search_tool_result",
                                               "mcp_tool_result",
                                               "search_result",
                                               "container_upload",
                                               "compaction"};

class BlockReader {
 public:
  BlockReader(Reading& reading, std::vector<Block>& out, Level level) : reading_(reading), out_(out), level_(level) {}

  // From after the array's begin to its end.
  bool read_array(json::Reader& reader, const Place& place) {
    std::string loaded;  // the tools of a run of tool_references
    Token token;
    int64_t index = 0;
    for (; (token = reader.next()) == Token::begin_object; ++index) {
      const size_t begin = reader.offset();
      const Place here{&place, {}, index};
      if (!reading_.may_have_block()) return false;
      values_ = {};
      others_.clear();
      const auto put_off = [&](std::string_view key, std::string_view value) { others_.emplace_back(key, value); };
      if (!read_members(reader, member_names, values_, reading_, put_off)) return false;
      if (values_[type].empty()) return reading_.wrong_at(here, "a block with a type", begin);
      Escaped word;
      if (!reading_.need_string(values_[type], {&here, "type"}, word)) return false;
      if (json::equals(word, "tool_reference") && level_ != Level::document) {
        if (!loaded.empty()) loaded += ", ";
        loaded += json::string_inside(values_[tool_name]);
        continue;
      }
      put_loaded(loaded);
      lost_ = false;
      if (!read_block(word, here)) return false;
      if (!lost_) lose_others();
    }
    put_loaded(loaded);
    if (token == Token::error) return reading_.bad_json(reader.error());
    return token == Token::end_array || reading_.wrong_at({&place, {}, index}, "an object", reader.offset());
  }

 private:
  // What kind of block stands before the one being read.
  enum class Before : uint8_t { other, text, cited_text };

  // Of a block that is lost as a whole they are not named.
  void lose_others() {
    // The model itself called: that is what holds without the member.
    if (json::member(values_[caller], "type") != "\"direct\"") reading_.lose("messages", "caller", values_[caller]);
    for (const auto& [key, value] : others_) reading_.lose("messages", key, value);
  }

  bool read_block(Escaped word, const Place& place) {
    const auto is = [word](std::string_view name) { return json::equals(word, name); };
    if (is("text")) return read_text(place);
    before_ = Before::other;
    if (is("image")) return read_image(place);
    if (level_ != Level::document) {
      if (is("document")) return read_document(place);
      for (std::string_view name : rendered_types)
        if (is(name)) return render(name);
    }
    if (level_ == Level::message) {
      if (is("tool_use")) return read_call(place);
      if (is("tool_result")) return read_result(place);
      if (is("thinking")) return read_thinking(place);
      if (is("redacted_thinking")) return read_redacted(place);
    }
    lost_ = true;
    reading_.losses().add("messages", word.inside);
    return true;
  }

  bool read_text(const Place& place) {
    Escaped said;
    if (!reading_.need_string(values_[text], {&place, "text"}, said)) return false;
    // An empty list is how the SDKs write that there are none.
    const bool cited = values_[citations].size() > 2 && values_[citations].front() == '[';
    if (cited) reading_.losses().add("messages.text.citations");
    Text piece{said};
    piece.continues = before_ == Before::cited_text || (before_ == Before::text && cited);
    put(piece);
    before_ = cited ? Before::cited_text : Before::text;
    return true;
  }

  // A medium's source. With `blocks`, also the kinds that only documents have.
  bool read_source(const Place& block, Source& kind, Escaped& media_type, Escaped& bytes, Blocks* blocks) {
    const Place place{&block, "source"};
    const std::string_view value = values_[source];
    if (value.empty() || value.front() != '{') return reading_.wrong(place, "an object", value);
    const auto members = members_of(value, source_names, reading_, "messages");
    Escaped word;
    if (!reading_.need_string(members[s_type], {&place, "type"}, word)) return false;
    if (!reading_.take_string(members[s_media_type], {&place, "media_type"}, media_type)) return false;
    if (json::equals(word, "base64")) {
      kind = Source::base64;
      return reading_.need_string(members[s_media_type], {&place, "media_type"}, media_type) &&
             reading_.need_string(members[s_data], {&place, "data"}, bytes);
    }
    if (json::equals(word, "url")) {
      kind = Source::url;
      return reading_.need_string(members[s_url], {&place, "url"}, bytes);
    }
    if (json::equals(word, "file")) {
      kind = Source::file;
      return reading_.need_string(members[s_file_id], {&place, "file_id"}, bytes);
    }
    if (blocks && json::equals(word, "text")) {
      kind = Source::text;
      return reading_.need_string(members[s_data], {&place, "data"}, bytes);
    }
    if (blocks && json::equals(word, "content")) {
      kind = Source::blocks;
      return read_inner(members[s_content], {&place, "content"}, Level::document, *blocks);
    }
    return reading_.wrong({&place, "type"}, "a kind of source that is known", members[s_type]);
  }

  bool read_image(const Place& place) {
    Image image;
    if (!read_source(place, image.source, image.media_type, image.data, nullptr)) return false;
    put(image);
    return true;
  }

  bool read_document(const Place& place) {
    Document document;
    if (!read_source(place, document.source, document.media_type, document.data, &document.blocks)) return false;
    if (!reading_.take_string(values_[title], {&place, "title"}, document.title)) return false;
    if (!reading_.take_string(values_[context], {&place, "context"}, document.context)) return false;
    if (!is_absent(values_[citations]) && json::member(values_[citations], "enabled") == "true")
      reading_.losses().add("messages.document.citations");
    put(document);
    return true;
  }

  bool read_call(const Place& place) {
    Escaped call_id, call_name;
    if (!reading_.need_string(values_[id], {&place, "id"}, call_id)) return false;
    if (!reading_.need_string(values_[name], {&place, "name"}, call_name)) return false;
    std::string_view arguments = values_[input];
    if (is_absent(arguments)) arguments = "{}";
    if (arguments.front() != '{') return reading_.wrong({&place, "input"}, "an object", arguments);
    put(ToolCall{reading_.plain(call_id), reading_.plain(call_name), arguments});
    return true;
  }

  bool read_result(const Place& place) {
    Escaped call_id;
    if (!reading_.need_string(values_[tool_use_id], {&place, "tool_use_id"}, call_id)) return false;
    const std::string_view error = values_[is_error];
    if (!is_absent(error) && error != "true" && error != "false")
      return reading_.wrong({&place, "is_error"}, "true or false", error);
    ToolResult result{reading_.plain(call_id), {}, error == "true"};
    if (!is_absent(values_[content]) &&
        !read_inner(values_[content], {&place, "content"}, Level::result, result.content))
      return false;
    put(result);
    return true;
  }

  bool read_thinking(const Place& place) {
    Thinking thought;
    if (!reading_.need_string(values_[thinking], {&place, "thinking"}, thought.text)) return false;
    Escaped state;
    if (!reading_.take_string(values_[signature], {&place, "signature"}, state)) return false;
    thought.from = provenance_of(state);
    put(thought);
    return true;
  }

  bool read_redacted(const Place& place) {
    Escaped state;
    if (!reading_.need_string(values_[data], {&place, "data"}, state)) return false;
    put(Thinking{{}, provenance_of(state), true});
    return true;
  }

  // An envelope is opened; a broken one says nothing. Everything else is Anthropic's own.
  Provenance provenance_of(Escaped state) {
    if (!canonical::is_envelope(state)) return {Dialect::anthropic, {}, state};
    return canonical::open_envelope(state, reading_.arena()).value_or(Provenance{});
  }

  bool render(std::string_view kind) {
    lost_ = true;
    reading_.losses().add("messages", kind);
    std::string said;
    const bool is_call = kind == "server_tool_use" || kind == "mcp_tool_use";
    if (is_call) {
      append_texts_of(values_[input], said);
      if (said.empty() && !values_[input].empty()) json::escape(values_[input], said);
      said.insert(0, "[" + std::string(json::string_inside(values_[name])) + "] ");
    } else if (kind == "container_upload") {
      said = "[container upload]";
    } else {
      for (Member member : {title, source, content}) {
        const std::string_view value = values_[member];
        if (value.empty()) continue;
        if (value.front() != '"') {
          append_texts_of(value, said);
        } else if (value.size() > 2) {
          if (!said.empty()) said += "\\n";
          said += json::string_inside(value);
        }
      }
    }
    put(Text{{reading_.arena().copy(said)}});
    return true;
  }

  bool read_inner(std::string_view value, const Place& place, Level level, Blocks& blocks) {
    const size_t begin = out_.size();
    if (value.empty()) return reading_.wrong(place, "a string or a list", value);
    if (value.front() == '"') {
      out_.push_back({Text{json::escaped(value)}, {}});
    } else {
      json::Reader reader(value);
      if (reader.next() != Token::begin_array) return reading_.wrong(place, "a string or a list", value);
      if (!BlockReader(reading_, out_, level).read_array(reader, place)) return false;
    }
    blocks = take_blocks(out_, begin, reading_.arena());
    return true;
  }

  template <class What>
  void put(const What& what) {
    out_.push_back({what, cache_control_of(values_[cache_control])});
  }

  void put_loaded(std::string& names) {
    if (names.empty()) return;
    out_.push_back({Text{{reading_.arena().concat({"Loaded tools: ", names})}}, {}});
    names.clear();
  }

  Reading& reading_;
  std::vector<Block>& out_;
  Before before_ = Before::other;
  Level level_;
  Values<member_count> values_{};
  std::vector<std::pair<std::string_view, std::string_view>> others_;  // members that nothing here reads
  bool lost_ = false;                                                  // the block is named as lost itself
};

}  // namespace

bool read_blocks(json::Reader& reader, const Place& place, Reading& reading, std::vector<Block>& out) {
  return BlockReader(reading, out, Level::message).read_array(reader, place);
}

}  // namespace signalbox::dialects::anthropic
