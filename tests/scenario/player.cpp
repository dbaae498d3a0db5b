#include "player.h"

#include <vector>

#include "config_text.h"
#include "entry.h"
#include "script.h"
#include "stage.h"

namespace signalbox::scenario {
namespace {

// A `>` statement with the expectations that stand behind it, and what really came.
struct Turn {
  const Statement* said = nullptr;
  std::vector<const Statement*> expected;
  std::vector<Entry> came;
};

struct Run {
  std::string error;
  std::vector<Turn> turns;
  std::vector<Entry> closing;
  std::string essence;
};

std::vector<Turn> turns_of(const Script& script, std::string& error) {
  std::vector<Turn> turns;
  for (const Statement& statement : script.statements) {
    if (statement.sigil == '>') {
      turns.push_back({&statement, {}, {}});
    } else if (turns.empty()) {
      error = std::to_string(statement.line) + ": an expectation before anything happens";
      break;
    } else {
      turns.back().expected.push_back(&statement);
    }
  }
  return turns;
}

Run run(const Script& script, Cut cut, uint64_t seed) {
  Run result;
  result.error = script.error;
  if (result.error.empty()) result.turns = turns_of(script, result.error);
  if (!result.error.empty()) return result;
  ConfigText config = read_config(script.config);
  if (!config.config) {
    result.error = "configuration: " + config.problems;
    return result;
  }
  Stage stage(config.config, cut, seed);
  for (Turn& turn : result.turns) turn.came = stage.perform(*turn.said);
  result.closing = stage.close();
  result.essence = stage.essence();
  return result;
}

std::string written(const Statement& statement, std::string_view text) {
  return std::string(text.substr(statement.text_begin, statement.text_end - statement.text_begin));
}

void report_difference(std::string& out, const Turn& turn, const Statement* expected, const Entry* came,
                       std::string_view text) {
  out += std::to_string(expected ? expected->line : turn.said->line) + ": after \"" +
         std::string(written(*turn.said, text), 0, written(*turn.said, text).find('\n')) + "\"\n";
  out += "expected:\n" + (expected ? written(*expected, text) : std::string("nothing more\n"));
  out += "came:\n";
  if (came) {
    Entry whole = *came;
    whole.origin = Origin::own;
    write_entry(out, whole);
    if (came->origin != Origin::own)
      out += came->origin == Origin::same ? "(which is \"same\")\n" : "(which is \"relayed\")\n";
  } else {
    out += "nothing more\n";
  }
}

// Every `<` entry must be expected, in order; `.` entries where they are asked for, in order.
bool compare(const Turn& turn, std::string_view text, std::string& out) {
  for (const Entry& entry : turn.came) {
    if (entry.sigil != '!') continue;
    out += std::to_string(turn.said->line) + ": contract: " + entry.text + "\n";
    return false;
  }
  size_t shown = 0, inner = 0;
  auto next = [&](size_t from, char sigil) {
    while (from < turn.came.size() && turn.came[from].sigil != sigil) ++from;
    return from;
  };
  for (const Statement* expected : turn.expected) {
    if (expected->sigil == '<') {
      shown = next(shown, '<');
      const Entry* came = shown < turn.came.size() ? &turn.came[shown] : nullptr;
      if (!came || !matches(*expected, *came)) {
        report_difference(out, turn, expected, came, text);
        return false;
      }
      ++shown;
      continue;
    }
    const Entry* nearest = nullptr;
    bool found = false;
    for (inner = next(inner, '.'); inner < turn.came.size() && !found; inner = next(inner + 1, '.')) {
      if (!nearest && subject(turn.came[inner]) == subject(*expected)) nearest = &turn.came[inner];
      found = matches(*expected, turn.came[inner]);
    }
    if (!found) {
      report_difference(out, turn, expected, nearest, text);
      return false;
    }
  }
  shown = next(shown, '<');
  if (shown == turn.came.size()) return true;
  report_difference(out, turn, nullptr, &turn.came[shown], text);
  return false;
}

std::string first_difference(std::string_view a, std::string_view b) {
  size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  const size_t begin = at < 80 ? 0 : at - 80;
  return "  as written: ..." + std::string(a.substr(begin, 240)) + "\n  this time:  ..." +
         std::string(b.substr(begin, 240)) + "\n";
}

void write_trace(std::string& out, const Run& played, std::string_view text) {
  for (const Turn& turn : played.turns) {
    out += written(*turn.said, text);
    if (out.back() != '\n') out += '\n';
    for (Entry entry : turn.came) {
      entry.origin = Origin::own;
      write_entry(out, entry);
    }
  }
  for (const Entry& entry : played.closing) write_entry(out, entry);
}

constexpr Cut other_cuts[] = {Cut::bytes, Cut::frames, Cut::random};

}  // namespace

Outcome play(std::string_view text, uint64_t seed) {
  Outcome outcome;
  auto fail = [&](std::string why) {
    outcome.passed = false;
    outcome.text += why;
    return outcome;
  };
  const Script script = read_script(text);
  const Run plain = run(script, Cut::as_written, seed);
  if (!plain.error.empty()) return fail(plain.error + "\n");
  for (const Turn& turn : plain.turns)
    if (!compare(turn, text, outcome.text)) return fail({});
  for (const Entry& entry : plain.closing) return fail("at the end: contract: " + entry.text + "\n");
  for (const Cut cut : other_cuts) {
    const Run again = run(script, cut, seed);
    const std::string how =
        std::string(name_of(cut)) + (cut == Cut::random ? " (seed " + std::to_string(seed) + ")" : std::string());
    for (const Turn& turn : again.turns)
      for (const Entry& entry : turn.came)
        if (entry.sigil == '!')
          return fail(std::to_string(turn.said->line) + ": " + how + ": contract: " + entry.text + "\n");
    for (const Entry& entry : again.closing) return fail(how + ": at the end: contract: " + entry.text + "\n");
    if (again.essence != plain.essence)
      return fail("cut " + how + ", something else comes out:\n" + first_difference(plain.essence, again.essence));
  }
  return outcome;
}

Outcome trace(std::string_view text, uint64_t seed) {
  Outcome outcome;
  const Script script = read_script(text);
  for (const Cut cut : {Cut::as_written, Cut::bytes, Cut::frames, Cut::random}) {
    const Run played = run(script, cut, seed);
    outcome.passed = outcome.passed && played.error.empty();
    outcome.text += "-- " + std::string(name_of(cut)) + "\n" + played.error;
    write_trace(outcome.text, played, text);
  }
  return outcome;
}

Outcome rewrite(std::string_view text) {
  Outcome outcome;
  const Script script = read_script(text);
  const Run plain = run(script, Cut::as_written, seed_default);
  if (!plain.error.empty()) return {false, plain.error + "\n"};
  size_t kept = 0;  // the file is copied up to here
  for (const Turn& turn : plain.turns) {
    outcome.text += text.substr(kept, turn.said->text_end - kept);
    if (!outcome.text.empty() && outcome.text.back() != '\n') outcome.text += '\n';
    kept = turn.said->text_end;
    std::vector<const Statement*> old = turn.expected;
    for (const Statement* expected : turn.expected) {
      // Prose between expectations stays, above what is written anew.
      outcome.text += text.substr(kept, expected->text_begin - kept);
      kept = expected->text_end;
    }
    for (const Entry& entry : turn.came) {
      if (entry.sigil == '!') {
        outcome.passed = false;
        outcome.text += "# contract: " + entry.text + "\n";
        continue;
      }
      // The first unused expectation about the same thing says which fields are looked at.
      const Statement* like = nullptr;
      for (const Statement*& candidate : old) {
        if (!candidate || subject(*candidate) != subject(entry)) continue;
        like = candidate;
        candidate = nullptr;
        break;
      }
      if (!like && entry.sigil == '.' && !turn.expected.empty()) continue;
      if (!like) {
        write_entry(outcome.text, entry);
        continue;
      }
      const std::vector<Field> chosen = like->fields();
      Entry shown = entry;
      if (!entry.fields.empty() && !like->has_bytes() && !like->has("same")) shown.bytes.reset();
      write_entry(outcome.text, shown, entry.fields.empty() ? nullptr : &chosen);
    }
  }
  outcome.text += text.substr(kept);
  return outcome;
}

}  // namespace signalbox::scenario
