#include "entry.h"

namespace signalbox::scenario {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = text.find(' ', at);
    if (end == text.npos) end = text.size();
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// Text that reads well as `:` lines: several lines, the last one ended, nothing a terminal would obey.
bool fits_block(std::string_view bytes) {
  if (bytes.empty() || bytes.back() != '\n' || bytes.find('\n') == bytes.size() - 1) return false;
  for (const char c : bytes)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || static_cast<unsigned char>(c) > 0x7e) return false;
  return true;
}

bool words_match(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
  // "open URL" leaves the method unsaid.
  if (expected.size() + 1 == actual.size() && actual.size() > 4 && actual[2] == "open") {
    std::vector<std::string> shorter = actual;
    shorter.erase(shorter.begin() + 3);
    return words_match(expected, shorter);
  }
  if (expected.size() != actual.size()) return false;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == actual[i]) continue;
    const auto a = parse_duration(expected[i]), b = parse_duration(actual[i]);
    if (!a || !b || *a != *b) return false;
  }
  return true;
}

}  // namespace

void write_entry(std::string& out, const Entry& entry, const std::vector<Field>* chosen) {
  out += entry.sigil;
  out += ' ';
  out += entry.text;
  bool block = false;
  if (entry.bytes) {
    if (entry.origin == Origin::same) {
      out += " same";
    } else if (entry.origin == Origin::relayed) {
      out += " relayed";
    } else if (entry.fields.empty() && fits_block(*entry.bytes)) {
      block = true;
    } else {
      out += ' ';
      out += write_bytes(*entry.bytes);
    }
  }
  out += '\n';
  if (block) {
    std::string_view rest = *entry.bytes;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      out += end ? ": " : ":";
      out += rest.substr(0, end + 1);
      rest.remove_prefix(end + 1);
    }
  }
  auto write_field = [&](const Field& field) {
    out += ": ";
    out += field.name;
    out += ": ";
    out += field.value;
    out += '\n';
  };
  if (!chosen) {
    for (const Field& field : entry.fields) write_field(field);
    return;
  }
  for (const Field& wanted : *chosen) {
    bool found = false;
    for (const Field& field : entry.fields) {
      if (found || !same_name(field.name, wanted.name)) continue;
      write_field(field);
      found = true;
    }
    if (!found) out.append(": !").append(wanted.name).append("\n");
  }
}

bool matches(const Statement& expected, const Entry& entry) {
  if (expected.sigil != entry.sigil) return false;
  std::vector<std::string> words = expected.words;
  const bool by_origin = !words.empty() && (words.back() == "same" || words.back() == "relayed");
  if (by_origin) {
    const Origin origin = words.back() == "same" ? Origin::same : Origin::relayed;
    if (entry.origin != origin) return false;
    words.pop_back();
  }
  if (words.size() >= 2 && words[words.size() - 2] == "times") words.resize(words.size() - 2);
  if (!words_match(words, split(entry.text))) return false;
  // Fields belong to entries that have any; otherwise a block is bytes.
  if (expected.inline_bytes) {
    if (!entry.bytes || *entry.bytes != expected.bytes()) return false;
  } else if (entry.fields.empty() && !expected.block.empty()) {
    return entry.bytes && *entry.bytes == expected.bytes();
  }
  for (const Field& wanted : expected.fields()) {
    bool found = false;
    for (const Field& field : entry.fields) {
      if (!same_name(field.name, wanted.name)) continue;
      if (!wanted.absent && field.value == wanted.value) found = true;
      if (wanted.absent) return false;
    }
    if (!wanted.absent && !found) return false;
  }
  return true;
}

std::string subject(const Statement& statement) {
  std::string text(1, statement.sigil);
  const std::string_view first = statement.word(0);
  const size_t count = first == "upstream" ? 3 : first == "client" ? 2 : 1;
  for (size_t i = 0; i < count && i < statement.words.size(); ++i) text += " " + statement.words[i];
  return text;
}

std::string subject(const Entry& entry) {
  Statement as_statement;
  as_statement.sigil = entry.sigil;
  as_statement.words = split(entry.text);
  return subject(as_statement);
}

}  // namespace signalbox::scenario
