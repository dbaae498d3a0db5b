// How many file descriptors the process may have: each open request takes two, its client's and its upstream's.
#pragma once

#include <cstdint>
#include <string>

namespace signalbox::native {

// Raises the soft limit to the hard one: shells and service managers give a soft one of 1024 for the sake of programs
// that use select(2), and this one does not.
void raise_descriptor_limit();

// The soft limit (RLIMIT_NOFILE); -1 when it is not known.
int64_t descriptor_limit();

// What to say when so many clients cannot all be served under the limit; empty when they can.
std::string descriptor_note(int64_t connections_max);

// What to tell a client, or the log, of a connection there is no descriptor for.
std::string out_of_descriptors();

}  // namespace signalbox::native
