// What an upstream says of members that it does not take, in the words of OpenAI, of Google and of the many servers that
// speak as they do. Such words decide what is left out of a request, of this one and of others, and clients can put
// words into an error: names of members and values are quoted there. So a message counts only where it is such a
// sentence from its first to its last byte, or several of them, a line each, and only where no name in the body could
// have brought its own line.
#pragma once

#include <span>
#include <string_view>

#include "base/arena.h"
#include "dialects/dialect.h"
#include "dialects/member_removal.h"

namespace signalbox::dialects {

// So many are read of one error, and as many are remembered of a lane.
inline constexpr size_t refused_members_max = 16;

// What `error` refuses of `body`'s members; nothing when it is no such refusal, and of nothing that is `kept`.
Refusal refused_members(std::string_view body, const routing::UpstreamError& error, const Kept& kept, Arena& arena);

// The refusal of the members at `paths`, of which there are refused_members_max at most: this request loses all of
// them. All requests lose those whose paths `body` has name by name; what could be one name with dots in it is a client's
// own, and no other client's concern. In `arena`.
Refusal of_all_requests(std::string_view body, std::span<const std::string_view> paths, const Kept& kept, Arena& arena);

// The same of one member of one request. In `arena`.
Refusal of_this_request(std::string_view path, Arena& arena);

}  // namespace signalbox::dialects
