#include "answer_player.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "source_tree.h"

namespace signalbox::testing {

using namespace canonical;

namespace {

std::string_view word(BlockKind kind) {
  switch (kind) {
    case BlockKind::text: return "text";
    case BlockKind::refusal: return "refusal";
    case BlockKind::thinking: return "thinking";
    case BlockKind::redacted_thinking: return "redacted_thinking";
    case BlockKind::tool_call: return "tool_call";
  }
  return "?";
}

std::string print(const Usage& usage) {
  std::string line = "usage";
  auto figure = [&](std::string_view name, int64_t count) {
    if (count >= 0) line += " " + std::string(name) + " " + std::to_string(count);
  };
  figure("input", usage.input_tokens);
  figure("output", usage.output_tokens);
  figure("cache_read", usage.cache_read_tokens);
  figure("cache_creation", usage.cache_creation_tokens);
  figure("reasoning", usage.reasoning_tokens);
  return line + "\n";
}

// One answer on its way.
struct Way {
  explicit Way(const Play& to_play) : play(to_play) {
    DecodeContext from{play.flags, names, played.losses};
    from.arguments_bytes_max = play.arguments_bytes_max;
    decoder = play.upstream.make_decoder(from);
    if (!play.client) return;
    EncodeContext to{"model-x", "req_0123456789abcdef", "00000000",           play.upstream.dialect,
                     7,         1'700'000'000'000,      play.usage_in_stream, played.losses};
    encoder = play.client->make_encoder(to, play.form);
  }

  void pass_on() {
    for (const Delta& delta : deltas.items()) {
      text.add(delta);
      if (encoder) encoder->encode(delta, played.bytes);
    }
    deltas.clear();
  }

  Played end() {
    decoder->finish(deltas);
    pass_on();
    played.deltas = text.text();
    return std::move(played);
  }

  const Play& play;
  Played played;
  ToolNames names;
  Deltas deltas;
  DeltaText text;
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<Encoder> encoder;
};

}  // namespace

void DeltaText::wrong(std::string_view what) { lines_ += "WRONG " + std::string(what) + "\n"; }

void DeltaText::add(const Delta& delta) {
  if (over_) return wrong("a delta after the end");
  if (!begun_ && !std::holds_alternative<AnswerBegin>(delta) && !std::holds_alternative<AnswerFailed>(delta))
    wrong("a delta before the begin");
  if (auto* begin = std::get_if<AnswerBegin>(&delta)) {
    if (begun_) wrong("a second begin");
    begun_ = true;
    lines_ += "begin " + std::string(begin->id) + "\n";
  } else if (auto* block = std::get_if<BlockBegin>(&delta)) {
    if (open_ || stopped_) wrong("a block that must not begin here");
    open_ = true;
    block_ = word(block->kind);
    if (block->kind == BlockKind::tool_call) {
      if (block->tool_name.empty()) wrong("a call without a name");
      block_ += " " + std::string(block->tool_id) + " " + std::string(block->tool_name);
    }
    block_ += " \"";
  } else if (auto* fragment = std::get_if<Fragment>(&delta)) {
    if (!open_) wrong("a fragment outside of blocks");
    if (fragment->text.empty()) wrong("an empty fragment");
    block_ += fragment->text.inside;
  } else if (auto* end = std::get_if<BlockEnd>(&delta)) {
    if (!open_) wrong("an end without a begin");
    open_ = false;
    lines_ += block_ + "\"";
    if (!end->from.state.empty()) {
      lines_ += " state \"" + std::string(end->from.state.inside) + "\" of " + std::string(name_of(end->from.vendor));
      if (!end->from.scope.empty()) lines_ += " " + std::string(end->from.scope);
    }
    lines_ += "\n";
  } else if (auto* search = std::get_if<canonical::WebSearch>(&delta)) {
    if (open_ || stopped_) wrong("a search that must not be here");
    lines_ += "search " + std::string(search->id) + " \"" + std::string(search->query.inside) + "\" " +
              std::string(search->sources) + (search->failed ? " failed" : "") + "\n";
  } else if (auto* seen = std::get_if<UsageSeen>(&delta)) {
    usage_seen_ = true;
    canonical::take_later(usage_, seen->usage);
  } else if (auto* stopped = std::get_if<Stopped>(&delta)) {
    if (open_ || stopped_) wrong("a stop that must not be here");
    stopped_ = true;
    end_ = "stopped " + std::string(canonical::name_of(stopped->reason));
    if (!stopped->sequence.empty()) end_ += " \"" + std::string(stopped->sequence.inside) + "\"";
    end_ += "\n";
  } else if (std::holds_alternative<AnswerEnd>(delta)) {
    if (!stopped_) wrong("an end without a stop");
    over_ = true;
    end_ += "end\n";
  } else if (auto* failed = std::get_if<AnswerFailed>(&delta)) {
    over_ = true;
    if (open_) lines_ += block_ + "...\n";
    end_ += "failed " + std::string(row(failed->fault.kind).name) + ": " + std::string(failed->fault.message()) + "\n";
  }
}

std::string DeltaText::text() const { return lines_ + (usage_seen_ ? print(usage_) : "") + end_; }

Played Play::stream(std::string_view text, const std::vector<size_t>& cuts) const {
  Way way(*this);
  sse::FrameReader reader(1 << 20);
  size_t gone = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t shown = i < cuts.size() ? cuts[i] : text.size();
    // Memory of its own, so that a view kept for too long is found by the sanitizer.
    const std::unique_ptr<char[]> memory(new char[shown - gone]);
    std::memcpy(memory.get(), text.data() + gone, shown - gone);
    reader.feed({memory.get(), shown - gone});
    sse::Frame frame;
    while (reader.next(frame)) {
      way.decoder->feed(frame, way.deltas);
      way.pass_on();
    }
    if (i == cuts.size() && reader.finish(frame)) {
      way.decoder->feed(frame, way.deltas);
      way.pass_on();
    }
    const size_t done = reader.unfinished_at();
    reader.released(done);
    gone += done;
  }
  return way.end();
}

Played Play::bytewise(std::string_view text) const {
  std::vector<size_t> cuts;
  for (size_t i = 1; i < text.size(); ++i) cuts.push_back(i);
  return stream(text, cuts);
}

Played Play::whole(std::string_view body) const {
  Way way(*this);
  const std::string copy(body);
  way.decoder->feed_whole(copy, way.deltas);
  way.pass_on();
  return way.end();
}

std::string said(const Played& played) {
  return played.deltas + (played.losses.empty() ? "" : "lost " + played.losses.joined() + "\n");
}

bool failed(const std::string& deltas) { return ("\n" + deltas).find("\nfailed ") != std::string::npos; }

std::vector<size_t> random_cuts(const std::string& stream, std::mt19937& random) {
  std::vector<size_t> cuts;
  for (size_t at = 1; at < stream.size(); ++at)
    if (random() % 97 == 0) cuts.push_back(at);
  return cuts;
}

std::vector<std::string> data_of(std::string_view stream) {
  std::vector<std::string> all;
  sse::FrameReader reader(1 << 20);
  reader.feed(stream);
  sse::Frame frame;
  while (reader.next(frame))
    if (frame.has_data) all.emplace_back(frame.data);
  if (reader.finish(frame)) all.emplace_back(frame.data);
  return all;
}

std::vector<std::string> corpus(const std::string& folder, const std::string& ending) {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(SIGNALBOX_ROOT "/tests/corpora/") + folder)) {
    const std::string path = entry.path().string();
    if (path.size() >= ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0)
      paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string beside(const std::string& path, const std::string& ending) {
  return path.substr(0, path.rfind('.')) + ending;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace signalbox::testing
