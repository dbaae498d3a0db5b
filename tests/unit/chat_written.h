// A Messages body, which most clients here send, as the Chat body that it becomes for an upstream: what the tests of the
// Chat writer have in common.
#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/parts.h"
#include "dialects/openai_chat/openai_chat.h"
#include "json/walk.h"

namespace signalbox::testing {

struct Chat {
  std::string body;
  std::string losses;

  std::string member(std::string_view name) const { return std::string(json::member(body, name)); }
  std::string messages() const { return member("messages"); }
};

// What a model takes, and what the prompt takes of that; 0: not known.
struct Room {
  int64_t output_tokens_max = 0;
  int64_t context_tokens_max = 0;
  int64_t input_tokens_estimate = 0;
};

inline Chat chat_of(std::string_view asked, const LaneFlags& flags, const Room& room) {
  Arena arena;
  canonical::Losses read_losses, losses;
  const canonical::ReadResult read = dialects::anthropic_row.read_request(asked, arena, read_losses);
  INFO(read.fault.detail);
  REQUIRE_FALSE(read.fault);
  canonical::ToolNames names;
  Chat chat;
  dialects::openai_chat_row.write_request(read.request,
                                          {"up", flags, room.output_tokens_max, "0a0b0c0d", arena, names, losses,
                                           room.context_tokens_max, room.input_tokens_estimate},
                                          chat.body);
  CAPTURE(chat.body);
  REQUIRE(json::is_whole_object(chat.body));
  chat.losses = losses.joined();
  return chat;
}

inline Chat chat_of(std::string_view asked, const LaneFlags& flags = {}, int64_t output_tokens_max = 0) {
  return chat_of(asked, flags, Room{output_tokens_max});
}

// A body with `members` (each with its comma before) and one plain message.
inline std::string asking(std::string_view members) {
  return R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hi"}])" + std::string(members) + "}";
}

inline std::string saying(std::string_view messages) {
  return R"({"model":"m","max_tokens":100,"messages":)" + std::string(messages) + "}";
}

inline LaneFlags with(void (*change)(LaneFlags&)) {
  LaneFlags flags;
  change(flags);
  return flags;
}

}  // namespace signalbox::testing
