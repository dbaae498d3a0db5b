#include "config/secrets.h"

#include "base/text.h"
#include "config/fill.h"
#include "config/walk.h"
#include "json/reader.h"

namespace signalbox::config {
namespace {

// "${", a name longer than anybody's, "}".
constexpr size_t variable_bytes_max = 256;

// A name such as variables have by custom: [A-Z_][A-Z0-9_]*. No more than this is ever shown of what may
// be a secret.
constexpr size_t shown_bytes_max = 64;

size_t custom_name_bytes(std::string_view text) {
  size_t bytes = 0;
  while (bytes < text.size() && ((text[bytes] >= 'A' && text[bytes] <= 'Z') || text[bytes] == '_' ||
                                 (bytes > 0 && text[bytes] >= '0' && text[bytes] <= '9'))) {
    ++bytes;
  }
  return bytes <= shown_bytes_max ? bytes : 0;
}

// What is wrong with `text` as a shell would read it: "${NAME:-default}". Empty if nothing is.
std::string shell_default_fault(std::string_view text) {
  for (size_t begin = text.find("${"); begin != std::string_view::npos; begin = text.find("${", begin + 2)) {
    const std::string_view inside = text.substr(begin + 2);
    const size_t bytes = custom_name_bytes(inside);
    if (bytes == 0 || inside.substr(bytes, 2) != ":-" || inside.find('}') == std::string_view::npos) continue;
    return "defaults (:-) are not supported; write ${" + std::string(inside.substr(0, bytes)) + "}";
  }
  return {};
}

struct Expanded {
  std::string text;
  std::vector<std::string> unset;  // names
};

Expanded expanded(std::string_view text, const Lookup& lookup) {
  Expanded out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = text.find("${", at);
    if (begin == std::string_view::npos) break;
    const size_t length = text.substr(begin, variable_bytes_max).find('}');
    const size_t end = length == std::string_view::npos ? begin + 1 : begin + length;
    std::string_view name;
    if (!is_variable(text.substr(begin, end + 1 - begin), name)) {
      // The '{' may begin nothing, but a '$' behind it still may.
      out.text.append(text.substr(at, begin + 2 - at));
      at = begin + 2;
      continue;
    }
    out.text.append(text.substr(at, begin - at));
    if (std::optional<std::string> value = lookup(name)) {
      out.text += *value;
      wipe(*value);
    } else {
      out.unset.emplace_back(name);
    }
    at = end + 1;
  }
  out.text.append(text.substr(at));
  return out;
}

bool holds_variable(const Node& node) { return node.kind == Kind::string && node.text.find("${") != std::string::npos; }

std::vector<Problem> unset_problems(const Tree& tree, NodeId node, const std::vector<std::string>& names) {
  std::vector<Problem> problems;
  for (const std::string& name : names) {
    problems.push_back({"the variable " + name + " is not set", tree[node].place, path_of(tree, node)});
  }
  return problems;
}

// Whether `text` is a whole JSON number.
bool is_number(std::string_view text) {
  json::Reader reader(text);
  return reader.next() == json::Token::number && reader.raw().size() == text.size() &&
         reader.next() == json::Token::end;
}

// What is wrong with a secret, as a sentence that gives nothing of it away.
std::string fault_of(std::string_view secret, FieldKind kind) {
  if (secret.empty()) return "is empty";
  std::string lower;
  for (char c : secret) {
    if (c <= 0x20 || c > 0x7e) {
      return "holds a space, a line break or another character that no header carries; did it come from a file "
             "with a newline at its end?";
    }
    lower += (c >= 'A' && c <= 'Z') ? char(c - 'A' + 'a') : c;
  }
  constexpr std::string_view sample = "is the sample of an example, not a key";
  for (std::string_view part :
       {"changeme", "change-me", "change_me", "your-api-key", "your_api_key", "yourapikey", "your-key", "your_key",
        "xxxxxx", "...", "replace-me", "replace_me", "api-key-here", "api_key_here"}) {
    if (lower.find(part) != std::string::npos) return std::string(sample);
  }
  if (lower.front() == '<' && lower.back() == '>') return std::string(sample);
  // Random keys hold "xxx" now and then; these beginnings they do not have.
  for (std::string_view begin : {"xxx", "sk-xxx", "sk-ant-xxx", "sk-proj-xxx"}) {
    if (lower.compare(0, begin.size(), begin) == 0) return std::string(sample);
  }
  // For a local upstream that wants any key these are real; for whoever may ask us they are none.
  if (kind == FieldKind::client_key) {
    for (std::string_view word : {"secret", "password", "test", "key", "example", "dummy", "todo", "123456", "sk-1234",
                                  "sk-test", "sk-123456", "sk-123"}) {
      if (lower == word) return std::string(sample);
    }
  }
  return {};
}

}  // namespace

void wipe(std::string& text) {
  // volatile: the compiler must not see that nobody reads these zeros.
  volatile char* bytes = text.data();
  for (size_t i = 0; i < text.size(); ++i) bytes[i] = 0;
  text.clear();
}

std::string digest_text(const Sha256& digest) {
  std::string out = "sha256:";
  base::append_hex(out, digest);
  return out;
}

VariableProblems expand(Tree& tree, const Lookup& lookup) {
  VariableProblems problems;
  for (const auto& [id, field] : described_scalars(tree)) {
    if (field->kind == FieldKind::credential_key || field->kind == FieldKind::client_key) continue;
    if (!holds_variable(tree[id])) continue;
    if (std::string fault = shell_default_fault(tree[id].text); !fault.empty()) {
      problems.wrong.push_back({std::move(fault), tree[id].place, path_of(tree, id)});
      tree[id].kind = Kind::unresolved;
      continue;
    }
    Expanded result = expanded(tree[id].text, lookup);
    for (Problem& each : unset_problems(tree, id, result.unset)) problems.unset.push_back(std::move(each));
    Node& node = tree[id];
    if (!result.unset.empty()) {
      node.kind = Kind::unresolved;
      continue;
    }
    const bool changed = node.text != result.text;
    node.text = std::move(result.text);
    if (!changed) continue;
    if ((field->kind == FieldKind::integer || field->kind == FieldKind::decimal) && is_number(node.text))
      node.kind = Kind::number;
    if (field->kind == FieldKind::boolean && (node.text == "true" || node.text == "false")) node.kind = Kind::boolean;
  }
  return problems;
}

VariableProblems take_secrets(Tree& tree, const Lookup& lookup, const SecretSinks& sinks) {
  VariableProblems problems;
  for (const auto& [id, field] : described_scalars(tree)) {
    const bool credential = field->kind == FieldKind::credential_key;
    if ((!credential && field->kind != FieldKind::client_key) || tree[id].kind != Kind::string) continue;
    Expanded result;
    std::string fault = shell_default_fault(tree[id].text);
    if (fault.empty()) result = expanded(tree[id].text, lookup);
    Node& node = tree[id];
    if (const size_t bytes = node.text.empty() || node.text[0] != '$' ? 0 : custom_name_bytes(node.text.substr(1));
        bytes != 0 && bytes + 1 == node.text.size()) {
      problems.doubtful.push_back(
          {"looks like a variable; write ${" + node.text.substr(1) + "}", node.place, path_of(tree, id)});
    }
    std::string_view variable;
    const std::string name = is_variable(node.text, variable) ? std::string(variable) : std::string();
    wipe(node.text);
    Sha256 digest{};
    if (!fault.empty()) {
      // Said below.
    } else if (!result.unset.empty()) {
      node.kind = Kind::unresolved;
      for (Problem& each : unset_problems(tree, id, result.unset)) problems.unset.push_back(std::move(each));
    } else if (result.text.empty() && !name.empty()) {
      fault = "the variable " + name + " is empty";
    } else if (!credential && parse_digest(result.text, digest)) {
      node.text = digest_text(digest);
    } else if (!credential && result.text.compare(0, 7, "sha256:") == 0) {
      fault = "must be 64 hex digits after sha256:";
    } else {
      fault = fault_of(result.text, field->kind);
      if (credential) {
        node.kind = Kind::secret;
        const CredentialNames names = credential_names(tree, id);
        if (fault.empty()) {
          sinks.keep({std::string(names.provider), std::string(names.credential), std::move(result.text)});
        }
      } else if (fault.empty()) {
        node.text = digest_text(sinks.digest_of(result.text));
      }
    }
    if (!fault.empty()) {
      node.kind = Kind::unresolved;
      problems.wrong.push_back({std::move(fault), node.place, path_of(tree, id)});
    }
    wipe(result.text);
  }
  return problems;
}

std::vector<CredentialText> credential_variables(const Tree& tree) {
  std::vector<CredentialText> found;
  for (const auto& [id, field] : described_scalars(tree)) {
    std::string_view variable;
    if (field->kind != FieldKind::credential_key || !is_variable(tree[id].text, variable)) continue;
    const CredentialNames names = credential_names(tree, id);
    found.push_back({std::string(names.provider), std::string(names.credential), std::string(variable)});
  }
  return found;
}

}  // namespace signalbox::config
