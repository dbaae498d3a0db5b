// What all request readers have in common: where they are, what goes wrong, what is lost, and the plain values.
//
// What a client says that has no place in a canonical request is noted by name, unless it asks for
// nothing (null, false, 0, an empty text or list), which many SDKs write out.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/losses.h"
#include "dialects/canonical/parts.h"
#include "dialects/canonical/request.h"
#include "json/reader.h"
#include "signalbox/fault.h"

namespace signalbox::dialects {

class Reading {
 public:
  Reading(std::string_view body, Arena& arena, canonical::Losses& losses)
      : body_(body), arena_(arena), losses_(losses) {}

  Arena& arena() { return arena_; }
  canonical::Losses& losses() { return losses_; }
  Fault& fault() { return fault_; }
  bool failed() const { return bool(fault_); }

  // The first fault counts. All say false, so that they can be returned. `at` is a view into the body.
  bool wrong(std::string_view member, std::string_view wanted, std::string_view at);
  // The member that must be there is not.
  bool missing(std::string_view member);
  bool bad_json(const json::Error& error);
  // Whether there may be `count` of `what` ("messages"), which is wrong otherwise (canonical::elements_max).
  bool may_have(size_t count, std::string_view what);
  // One more block of a message or a result, wherever it stands.
  bool may_have_block() { return may_have(++block_count_, "content blocks"); }

  // The body from `offset` on: a place to name.
  std::string_view from(size_t offset) const { return body_.substr(offset); }

  // Calls on_object(place) for each element of the list `member`, which `reader` stands before, with the reader within
  // that element: on_object reads it to its end, and says whether that went well. Null is an empty list; what is no list of
  // objects is wrong.
  template <class OnObject>
  bool each_object(json::Reader& reader, std::string_view member, OnObject&& on_object) {
    json::Token token = reader.next();
    if (token == json::Token::null_) return true;
    if (token != json::Token::begin_array && token != json::Token::error) return wrong(member, "a list", reader.rest());
    while ((token = reader.next()) == json::Token::begin_object)
      if (!on_object(reader.rest())) return false;
    if (token == json::Token::error) return bad_json(reader.error());
    return token == json::Token::end_array || wrong(member, "a list of objects", reader.rest());
  }

  // Calls on_member(key, value) for each member of the object that `reader` is within, to its end.
  template <class OnMember>
  bool each_member(json::Reader& reader, OnMember&& on_member) {
    while (reader.next() == json::Token::key) {
      const std::string_view key = reader.raw();
      const auto value = reader.skip_value();
      if (!value) return bad_json(reader.error());
      on_member(key, *value);
    }
    return reader.current() == json::Token::end_object || bad_json(reader.error());
  }

  // The value that a member asks for is lost, if it asks for anything.
  void lose(std::string_view path, std::string_view name, std::string_view value);

  // `text` unescaped: itself where it has no escapes, else in the arena.
  std::string_view plain(json::Escaped text);

  // The id of a call that has none, by its place among the messages; in the arena.
  std::string_view made_call_id(size_t message, size_t part);

  // A number's text, a string or a flag; absent and null are as if not said.
  void take_number(std::string_view member, std::string_view value, std::string_view& out);
  void take_count(std::string_view member, std::string_view value, int64_t& out);
  void take_text(std::string_view member, std::string_view value, json::Escaped& out);
  void take_plain(std::string_view member, std::string_view value, std::string_view& out);
  void take_flag(std::string_view member, std::string_view value, bool& out);
  void take_flag(std::string_view member, std::string_view value, std::optional<bool>& out);
  void take_effort(std::string_view member, std::string_view value, canonical::Effort& out);

  template <class T>
  std::span<const T> keep(const std::vector<T>& list) {
    const std::span<T> kept = arena_.array<T>(list.size());
    std::copy(list.begin(), list.end(), kept.begin());
    return kept;
  }
  canonical::Blocks keep_blocks(const std::vector<canonical::Block>& list) {
    const std::span<const canonical::Block> kept = keep(list);
    return {kept.data(), kept.size()};
  }

 private:
  std::string_view body_;
  Arena& arena_;
  canonical::Losses& losses_;
  Fault fault_;
  size_t block_count_ = 0;
};

inline bool is_said(std::string_view value) { return !value.empty() && value != "null"; }
inline bool is_text(std::string_view value) { return !value.empty() && value.front() == '"'; }
inline bool is_list(std::string_view value) { return !value.empty() && value.front() == '['; }
inline bool is_object(std::string_view value) { return !value.empty() && value.front() == '{'; }

// Reads the body that `reader` stands before, to its end: an object. Of each member read_long(name) may read the value
// where it stands and say whether that went well; what it leaves (nullopt) is skipped over and handed to
// take(name, value). Names are plain. Without a member `needed` there is no request.
template <class ReadLong, class Take>
bool read_body(json::Reader& reader, Reading& reading, std::string_view needed, ReadLong&& read_long, Take&& take) {
  using json::Token;
  bool needed_seen = false;
  Token token = reader.next();
  if (token == Token::error) return reading.bad_json(reader.error());
  if (token != Token::begin_object) return reading.wrong("the body", "an object", reading.from(reader.offset()));
  while ((token = reader.next()) == Token::key) {
    const std::string_view name = reading.plain({reader.raw()});
    needed_seen = needed_seen || name == needed;
    if (const std::optional<bool> read = read_long(name)) {
      if (!*read) return false;
      continue;
    }
    const auto value = reader.skip_value();
    if (!value) return reading.bad_json(reader.error());
    take(name, *value);
    if (reading.failed()) return false;
  }
  if (token == Token::error || reader.next() != Token::end) return reading.bad_json(reader.error());
  return needed_seen || reading.missing(needed);
}

// What a BodyReader makes of `body`: its read() goes over the text, its finish() makes the request of what was read.
template <class BodyReader>
canonical::ReadResult read_by(std::string_view body, Arena& arena, canonical::Losses& losses) {
  Reading reading(body, arena, losses);
  json::Reader reader(body);
  BodyReader body_reader(reading);
  canonical::ReadResult result;
  if (body_reader.read(reader)) result.request = body_reader.finish();
  if (reading.failed()) result = {{}, std::move(reading.fault())};
  return result;
}

}  // namespace signalbox::dialects
