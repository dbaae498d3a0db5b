// Which conversation a request belongs to: the session that its client names, and the first thing the user said in it,
// so that fifty subagents of one session are fifty conversations (translation.md section 14). As a hash, made in place:
// nothing is copied, and nobody can read a name out of it.
//
// The session, the first of (seed-systems.md section 5):
//   headers  x-claude-code-session-id, session-id, session_id, x-session-id, x-session-affinity, thread-id
//   members  metadata.user_id, session_id, sessionId, prompt_cache_key, conversation (or its id), conversation_id
// x-client-request-id is none of them: SDKs put another in every request. Without a name the first message alone tells
// conversations apart.
//
// The first message is the text of the first entry of messages, input or contents that is the user's: only its text,
// because cache_control moves on from turn to turn.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "signalbox/config.h"
#include "signalbox/header.h"

namespace signalbox::routing {

struct Said {
  std::span<const Header> headers;
  std::string_view body;        // JSON that was read before
  std::string_view client_key;  // its name; conversations of two clients are never one
  Subagents subagents = Subagents::apart;
};

// Never 0 where there is something to go by; else 0.
uint64_t session_key(const Said& said);

}  // namespace signalbox::routing
