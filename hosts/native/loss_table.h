// docs/translation.md: what becomes of every member of a request on its way to another dialect, and of an answer on its
// way back. Found out by translating one small request or answer for each, never written by hand.
#pragma once

#include <string>

namespace signalbox::native {

// The page, Markdown, with a newline at the end. The same in every run.
std::string loss_table();

}  // namespace signalbox::native
