// The part of explain's page about lanes: who is asked, in which order, and what a failure would do.
#pragma once

#include "explain_tree.h"
#include "page_writer.h"

namespace signalbox::native {

// Who of `lanes` would answer, or what the request would wait for, in a sentence. `route` is the answer's. False where it
// would be refused, since all are full.
bool write_first(PageWriter& page, const Json& lanes, const Json& route);
// Each lane, and what each failure would do.
void write_lanes(PageWriter& page, Json lanes);
// Changes of a body, a line each.
void write_edits(PageWriter& page, const Json& edits, size_t indent);

}  // namespace signalbox::native
