// Writes bindings/javascript/boundary.js to standard output; scripts/bindings puts it in its place.
#include <cstdio>

#include "wasm/records.h"

int main() {
  const std::string text = signalbox::bindings::boundary_javascript();
  std::fwrite(text.data(), 1, text.size(), stdout);
}
