// Prints the life of an exchange as a Mermaid diagram and its events as a table, from the tables that
// decide about them. scripts/drawings puts both into ARCHITECTURE.md.
#include <cstdio>
#include <string>

#include "exchange/lifecycle.h"

int main() {
  using namespace signalbox::exchange;
  std::string out = "\n```mermaid\nstateDiagram-v2\n  [*] --> " + std::string(phase_names[0]) + "\n";
  for (size_t from = 0; from < phase_count; ++from)
    for (size_t to = 0; to < phase_count; ++to)
      if (may_follow(Phase(from), Phase(to)))
        out += "  " + std::string(phase_names[from]) + " --> " + std::string(phase_names[to]) + "\n";
  out += "  " + std::string(phase_names[phase_count - 1]) + " --> [*]\n```\n\n| event |";
  for (const auto name : phase_names) out += " " + std::string(name) + " |";
  out += "\n|---|";
  for (size_t i = 0; i < phase_count; ++i) out += "---|";
  out += "\n";
  for (size_t event = 0; event < event_count; ++event) {
    out += "| `" + std::string(event_names[event]) + "` |";
    for (size_t phase = 0; phase < phase_count; ++phase) {
      const Verdict judged = verdict(Phase(phase), EventKind(event));
      out += judged == Verdict::accept ? " accept |" : judged == Verdict::late ? " late |" : " bug |";
    }
    out += "\n";
  }
  out += "\n";
  std::fputs(out.c_str(), stdout);
  return 0;
}
