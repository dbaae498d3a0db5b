#include "dialects/reading.h"

#include "base/text.h"
#include "dialects/body_faults.h"
#include "dialects/canonical/effort.h"
#include "json/escaped.h"
#include "json/walk.h"

namespace signalbox::dialects {

using json::Escaped;

bool Reading::wrong(std::string_view member, std::string_view wanted, std::string_view at) {
  if (!fault_) fault_ = wrong_member(member, wanted, size_t(at.data() - body_.data()));
  return false;
}

bool Reading::missing(std::string_view member) {
  if (!fault_) fault_ = missing_member(member);
  return false;
}

bool Reading::bad_json(const json::Error& error) {
  if (!fault_) fault_ = no_json(error);
  return false;
}

bool Reading::may_have(size_t count, std::string_view what) {
  if (count <= canonical::elements_max) return true;
  if (fault_) return false;
  std::string detail = "The request has more than ";
  base::append_decimal(detail, int64_t(canonical::elements_max));
  detail += " ";
  detail += what;
  detail += ".";
  fault_ = {FaultKind::bad_request, std::move(detail)};
  return false;
}

void Reading::lose(std::string_view path, std::string_view name, std::string_view value) {
  for (const std::string_view nothing : {"", "null", "false", "0", "0.0", "\"\"", "[]", "{}"})
    if (value == nothing) return;
  path.empty() ? losses_.add(name) : losses_.add(path, name);
}

std::string_view Reading::plain(Escaped text) {
  if (text.inside.find('\\') == std::string_view::npos) return text.inside;
  std::string spelt;
  json::unescape(text, spelt);
  return arena_.copy(spelt);
}

std::string_view Reading::made_call_id(size_t message, size_t part) {
  std::string id = "call_";
  base::append_decimal(id, int64_t(message));
  id += '_';
  base::append_decimal(id, int64_t(part));
  return arena_.copy(id);
}

void Reading::take_number(std::string_view member, std::string_view value, std::string_view& out) {
  if (!is_said(value)) return;
  const char c = value.front();
  if (c != '-' && (c < '0' || c > '9')) {
    wrong(member, "a number", value);
  } else {
    out = value;
  }
}

void Reading::take_count(std::string_view member, std::string_view value, int64_t& out) {
  if (!is_said(value)) return;
  const auto number = json::to_int64(value);
  if (!number || *number < 0) {
    wrong(member, "a whole number, 0 or more", value);
  } else {
    out = *number;
  }
}

void Reading::take_text(std::string_view member, std::string_view value, Escaped& out) {
  if (!is_said(value)) return;
  if (!is_text(value)) {
    wrong(member, "a string", value);
  } else {
    out = json::escaped(value);
  }
}

void Reading::take_flag(std::string_view member, std::string_view value, bool& out) {
  if (!is_said(value)) return;
  if (value != "true" && value != "false") {
    wrong(member, "true or false", value);
  } else {
    out = value == "true";
  }
}

void Reading::take_flag(std::string_view member, std::string_view value, std::optional<bool>& out) {
  bool flag = false;
  take_flag(member, value, flag);
  if (is_said(value)) out = flag;
}

void Reading::take_plain(std::string_view member, std::string_view value, std::string_view& out) {
  Escaped text;
  take_text(member, value, text);
  out = plain(text);
}

void Reading::take_effort(std::string_view member, std::string_view value, canonical::Effort& out) {
  Escaped word;
  take_text(member, value, word);
  if (word.empty()) return;
  out = canonical::effort_of(word);
  if (out == canonical::Effort::unset) wrong(member, "a word such as \"low\" or \"high\"", value);
}

}  // namespace signalbox::dialects
