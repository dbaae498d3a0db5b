// A stream has no word for its end: it may end behind a finishReason, or behind the reason for which the prompt was
// blocked (translation.md sections 8 and 11.4).
#include "dialects/gemini/observe.h"

#include <algorithm>

#include "dialects/canonical/delta.h"
#include "dialects/gemini/chunk.h"
#include "dialects/gemini/usage.h"
#include "dialects/kept_members.h"
#include "json/reader.h"

namespace signalbox::dialects::gemini {
namespace {

bool says_something(const Part& part) { return !part.text.inside.empty() || part.is_call || !part.unknown.empty(); }

void take_usage(std::string_view text, Observation& seen) {
  UsageCounts counts;
  counts.take(text);
  canonical::take_later(seen.usage, counts.usage());
}

void take_chunk(const Chunk& chunk, Observation& seen) {
  observe_end(seen);
  take_usage(chunk.usage, seen);
  seen.may_end = seen.may_end || !chunk.block_reason.empty() || !chunk.finish_reason.empty();
  seen.set_stop_reason(chunk.block_reason);
  seen.set_stop_reason(chunk.finish_reason);
  seen.content = seen.content || std::any_of(chunk.parts.begin(), chunk.parts.end(), says_something);
  seen.error = seen.error || !chunk.error.empty();
}

}  // namespace

void observe_frame(const sse::Frame& frame, Observation& seen) {
  Chunk chunk;
  if (!frame.has_data) return;
  if (read_chunk(frame.data, seen.shape, chunk) != ChunkRead::whole) {
    if (goes_on(frame.data)) seen.may_end = false;
    return;
  }
  if (chunk.as_before) seen.unread_usage = chunk.usage;
  else take_chunk(chunk, seen);
}

void observe_end(Observation& seen) {
  if (!seen.unread_usage.empty()) take_usage(seen.unread_usage, seen);
  seen.unread_usage.clear();
}

void observe_whole(std::span<const std::string_view> values, Observation& seen) {
  if (values[0] == too_long) seen.content = true;
  if (values[3] == too_long) seen.error = true;
  Chunk chunk;
  const std::string whole = object_of(whole_keys, values);
  if (read_chunk(whole, chunk) == ChunkRead::whole) take_chunk(chunk, seen);
}

}  // namespace signalbox::dialects::gemini
