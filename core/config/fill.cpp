#include "config/fill.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "json/reader.h"

namespace signalbox::config {
namespace {

struct Work {
  NodeId node;
  const Shape* shape;
  void* object;
};

class Filler {
 public:
  Filler(const Tree& tree, std::vector<Problem>& problems) : tree_(tree), problems_(problems) {}

  void run(Work first) {
    work_.push_back(first);
    while (!work_.empty()) {
      const Work next = work_.back();
      work_.pop_back();
      read_mapping(next);
    }
  }

 private:
  void problem(NodeId node, std::string message) {
    problems_.push_back({std::move(message), tree_[node].place, path_of(tree_, node)});
  }

  void problem_at_key(NodeId node, std::string message) {
    problems_.push_back({std::move(message), tree_[node].key_place, path_of(tree_, node)});
  }

  // Whether the node is of a kind, with a problem if not.
  bool expect(NodeId node, Kind kind) {
    const Kind found = tree_[node].kind;
    if (found == kind) return true;
    if (found == Kind::unresolved) return false;
    if (found == Kind::null) {
      problem(node, "has no value; give it one, or leave the key out");
      return false;
    }
    std::string message = "must be " + std::string(name_of(kind)) + ", not " + std::string(name_of(found));
    if (kind == Kind::string && (found == Kind::number || found == Kind::boolean)) message += "; put it in quotes";
    problem(node, std::move(message));
    return false;
  }

  bool expect_items(NodeId node, const Field& field) {
    if (tree_[node].child_count <= field.items_max) return true;
    problem(node, "has more than " + std::to_string(field.items_max) + " entries");
    return false;
  }

  void read_mapping(Work work) {
    if (!expect(work.node, Kind::mapping)) return;
    for (NodeId node : tree_.children(work.node)) {
      const Field* field = find(*work.shape, tree_[node].key);
      if (field != nullptr && field->need == Need::required && tree_[node].kind == Kind::null) {
        problem(node, "is required, and has no value");
        continue;
      }
      if (field != nullptr) {
        read_field(node, *field, work.object);
        continue;
      }
      std::vector<std::string_view> known;
      if (problems_.size() < suggestions_max) {
        for (const Field& each : work.shape->fields) known.push_back(each.key);
      }
      problem_at_key(node, "unknown key" + did_you_mean(tree_[node].key, known));
    }
    for (const Field& field : work.shape->fields) {
      if (field.need == Need::required && tree_.child(work.node, field.key) == no_node) {
        const Node& lacking = tree_[work.node];
        problems_.push_back({"the key " + quoted(field.key) + " is missing",
                             lacking.key_place.line != 0 ? lacking.key_place : lacking.place,
                             path_of(tree_, work.node)});
      }
    }
  }

  void read_field(NodeId node, const Field& field, void* object) {
    void* slot = field.slot == nullptr || object == nullptr ? nullptr : field.slot(object);
    switch (field.kind) {
      case FieldKind::text: {
        if (!expect(node, Kind::string) || !keeps_rule(node, field.rule)) return;
        if (slot != nullptr) *static_cast<std::string*>(slot) = tree_[node].text;
        return;
      }
      case FieldKind::integer: return read_integer(node, field, slot);
      case FieldKind::decimal: return read_decimal(node, field, slot);
      case FieldKind::boolean: return read_boolean(node, slot);
      case FieldKind::choice: return read_choice(node, field, slot);
      case FieldKind::choice_set: return read_choice_set(node, field, slot);
      case FieldKind::text_list: return read_text_list(node, field, slot);
      case FieldKind::integer_list: return read_integer_list(node, field, slot);
      case FieldKind::target_list: return check_targets(node, field);
      case FieldKind::header_map: return read_headers(node, field, slot);
      case FieldKind::credential_key: return read_credential_key(node);
      case FieldKind::json:
        if (slot != nullptr) *static_cast<std::string*>(slot) = json_of(tree_, node);
        return;
      case FieldKind::client_key: return read_client_key(node, slot);
      case FieldKind::object:
        // Without a slot resolve.cpp reads the object into its place; here only the checks are wanted.
        work_.push_back({node, field.shape, slot});
        return;
      case FieldKind::object_list:
        if (expect(node, Kind::sequence) && expect_items(node, field)) read_elements(node, field, object);
        return;
      case FieldKind::object_map:
        if (expect(node, Kind::mapping) && expect_items(node, field)) read_elements(node, field, object);
        return;
    }
  }

  bool keeps_rule(NodeId node, TextRule rule) {
    if (rule == nullptr) return true;
    std::string fault = rule(tree_[node].text);
    if (fault.empty()) return true;
    problem(node, std::move(fault));
    return false;
  }

  void read_integer(NodeId node, const Field& field, void* slot) {
    const std::optional<int64_t> value = integer_of(node, field);
    if (value && slot != nullptr) *static_cast<int64_t*>(slot) = *value;
  }

  // Nothing where there is a problem, which is named then.
  std::optional<int64_t> integer_of(NodeId node, const Field& field) {
    if (!expect(node, Kind::number)) return std::nullopt;
    const std::optional<int64_t> value = json::to_int64(tree_[node].text);
    if (!value) {
      problem(node, "must be a whole number in plain digits");
    } else if (*value < field.min || *value > field.max) {
      problem(node, "must be between " + std::to_string(field.min) + " and " + std::to_string(field.max));
      return std::nullopt;
    }
    return value;
  }

  void read_integer_list(NodeId node, const Field& field, void* slot) {
    if (!expect(node, Kind::sequence) || !expect_items(node, field)) return;
    std::vector<int64_t> values;
    for (NodeId item : tree_.children(node))
      if (const auto value = integer_of(item, field)) values.push_back(*value);
    if (slot != nullptr) *static_cast<std::vector<int64_t>*>(slot) = std::move(values);
  }

  void read_decimal(NodeId node, const Field& field, void* slot) {
    if (!expect(node, Kind::number)) return;
    const std::optional<int64_t> value = millionths(tree_[node].text);
    if (!value) {
      problem(node, "must be a number in plain digits, with at most six behind the point");
      return;
    }
    if (*value < field.min * 1'000'000 || *value > field.max * 1'000'000) {
      problem(node, "must be between " + std::to_string(field.min) + " and " + std::to_string(field.max));
      return;
    }
    if (slot != nullptr) *static_cast<int64_t*>(slot) = *value;
  }

  // A decimal number without exponent, in millionths.
  static std::optional<int64_t> millionths(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    const size_t point = std::min(text.find('.'), text.size());
    std::string digits(text.substr(0, point));
    const std::string_view behind = text.substr(std::min(point + 1, text.size()));
    if (digits.empty() || digits.size() > 12 || behind.size() > 6 || (point < text.size() && behind.empty())) return {};
    digits += behind;
    digits.append(6 - behind.size(), '0');
    const std::optional<int64_t> value = base::parse_decimal(digits);
    return value && negative ? -*value : value;
  }

  // Each is a name or says more of one; what they name is resolve.cpp's to find.
  void check_targets(NodeId node, const Field& field) {
    if (!expect(node, Kind::sequence) || !expect_items(node, field)) return;
    for (NodeId item : tree_.children(node)) {
      if (tree_[item].kind == Kind::mapping) work_.push_back({item, field.shape, nullptr});
      else if (expect(item, Kind::string)) keeps_rule(item, field.rule);
    }
  }

  // "on" or "off" for what people write for them; empty for any other word.
  static std::string_view meaning_of(std::string_view word) {
    const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
      return std::any_of(words.begin(), words.end(),
                         [&](std::string_view each) { return base::equals_ignoring_case(word, each); });
    };
    if (is_one_of({"on", "yes", "y", "true"})) return "on";
    return is_one_of({"off", "no", "n", "false"}) ? "off" : "";
  }

  void read_boolean(NodeId node, void* slot) {
    const Node& value = tree_[node];
    if (const std::string_view meant = value.kind == Kind::string ? meaning_of(value.text) : ""; !meant.empty()) {
      problem(node,
              std::string("must be true or false (did you mean \"") + (meant == "on" ? "true" : "false") + "\"?)");
      return;
    }
    if (expect(node, Kind::boolean) && slot != nullptr) *static_cast<bool*>(slot) = value.text == "true";
  }

  void read_choice(NodeId node, const Field& field, void* slot) {
    std::string_view text = tree_[node].text;
    if (tree_[node].kind == Kind::boolean) {
      // YAML 1.1 writers turn on and off into true and false; a choice of these words takes both.
      text = text == "true" ? "on" : "off";
      bool known = false;
      for (const Choice& choice : field.choices) known = known || choice.name == text;
      if (!known && !expect(node, Kind::string)) return;
    } else if (!expect(node, Kind::string)) {
      return;
    }
    const Choice* choice = known_choice(node, field, text);
    if (choice != nullptr && slot != nullptr) *static_cast<uint8_t*>(slot) = choice->value;
  }

  // What is near to a choice: of on and off the one that is meant, not the one that is spelt alike.
  static std::string_view meant_by(std::string_view text, const std::vector<std::string_view>& names) {
    const std::string_view meant = meaning_of(text);
    return std::find(names.begin(), names.end(), meant) != names.end() ? meant : text;
  }

  // The choice of this name, or null with a problem.
  const Choice* known_choice(NodeId node, const Field& field, std::string_view text) {
    std::vector<std::string_view> names;
    std::string list;
    for (const Choice& choice : field.choices) {
      if (choice.name == text) return &choice;
      names.push_back(choice.name);
      list += (list.empty() ? "" : ", ") + std::string(choice.name);
    }
    problem(node,
            (names.size() == 1 ? "must be " : "must be one of ") + list + did_you_mean(meant_by(text, names), names));
    return nullptr;
  }

  void read_choice_set(NodeId node, const Field& field, void* slot) {
    uint8_t chosen = 0;
    if (field.form == Form::one_or_list && tree_[node].kind == Kind::string) {
      const Choice* choice = known_choice(node, field, tree_[node].text);
      if (choice != nullptr && slot != nullptr) *static_cast<uint8_t*>(slot) = uint8_t(1u << choice->value);
      return;
    }
    if (!expect(node, Kind::sequence) || !expect_items(node, field)) return;
    if (tree_[node].child_count == 0) return problem(node, "names none");
    for (NodeId item : tree_.children(node)) {
      if (!expect(item, Kind::string)) continue;
      const Choice* choice = known_choice(item, field, tree_[item].text);
      if (choice != nullptr) chosen = uint8_t(chosen | 1u << choice->value);
    }
    if (slot != nullptr) *static_cast<uint8_t*>(slot) = chosen;
  }

  void read_text_list(NodeId node, const Field& field, void* slot) {
    std::vector<std::string> values;
    const auto take = [&](NodeId item) {
      if (expect(item, Kind::string) && keeps_rule(item, field.rule)) values.push_back(tree_[item].text);
    };
    if (field.form == Form::one_or_list && tree_[node].kind == Kind::string) {
      take(node);
    } else if (field.form == Form::one_or_list && field.rule != nullptr && tree_[node].kind == Kind::number) {
      // YAML reads a bare port as a number; what the text must be helps more than that it must be a list.
      const std::string fault = field.rule(tree_[node].text);
      problem(node, (fault.empty() ? "must be a string" : fault) + ", in quotes");
    } else if (expect(node, Kind::sequence) && expect_items(node, field)) {
      for (NodeId item : tree_.children(node)) take(item);
    }
    if (slot != nullptr) *static_cast<std::vector<std::string>*>(slot) = std::move(values);
  }

  void read_headers(NodeId node, const Field& field, void* slot) {
    if (!expect(node, Kind::mapping) || !expect_items(node, field)) return;
    for (NodeId item : tree_.children(node)) {
      std::string fault = field.key_rule(tree_[item].key);
      if (!fault.empty()) problem_at_key(item, std::move(fault));
      if (!expect(item, Kind::string) || !keeps_rule(item, field.rule)) continue;
      if (slot != nullptr) put_header(*static_cast<std::vector<ExtraHeader>*>(slot), tree_[item]);
    }
  }

  // In the place of the preset's of the same name.
  static void put_header(std::vector<ExtraHeader>& headers, const Node& node) {
    for (ExtraHeader& each : headers) {
      if (!base::equals_ignoring_case(each.name, node.key)) continue;
      each.value = node.text;
      return;
    }
    headers.push_back({node.key, node.text});
  }

  void read_credential_key(NodeId node) {
    if (tree_[node].kind == Kind::secret || !expect(node, Kind::string)) return;
    std::string_view variable;
    if (!is_variable(tree_[node].text, variable)) {
      problem(node, "must be ${NAME} here: this host takes no secrets from its configuration");
    }
  }

  void read_client_key(NodeId node, void* slot) {
    Sha256 digest{};
    if (!expect(node, Kind::string)) return;
    if (!parse_digest(tree_[node].text, digest)) {
      problem(node, "must be sha256: and 64 hex digits here, the SHA-256 of the key");
    } else if (slot != nullptr) {
      *static_cast<Sha256*>(slot) = digest;
    }
  }

  void read_elements(NodeId node, const Field& field, void* object) {
    // All elements exist before the first is read, so that none moves while work refers to it.
    const size_t count = tree_[node].child_count;
    if (object != nullptr) field.elements.resize(object, count);
    size_t index = 0;
    for (NodeId item : tree_.children(node)) {
      void* element = object == nullptr ? nullptr : field.elements.element(object, index++);
      if (field.kind == FieldKind::object_map) {
        std::string fault = field.key_rule(tree_[item].key);
        if (!fault.empty()) problem_at_key(item, "the name " + fault);
        if (element != nullptr) *field.elements.name(element) = tree_[item].key;
      }
      work_.push_back({item, field.shape, element});
    }
  }

  const Tree& tree_;
  std::vector<Problem>& problems_;
  std::vector<Work> work_;
};

}  // namespace

void fill(const Tree& tree, NodeId node, const Shape& shape, void* object, std::vector<Problem>& problems) {
  Filler(tree, problems).run({node, &shape, object});
}

bool parse_digest(std::string_view text, Sha256& digest) {
  constexpr std::string_view prefix = "sha256:";
  if (text.substr(0, prefix.size()) != prefix || text.size() != prefix.size() + 64) return false;
  text.remove_prefix(prefix.size());
  for (size_t i = 0; i < digest.size(); ++i) {
    const int high = base::hex_value(text[2 * i]), low = base::hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    digest[i] = uint8_t(high * 16 + low);
  }
  return true;
}

}  // namespace signalbox::config
