#include "config/load.h"

#include "config/host_fit.h"
#include "config/read.h"
#include "config/rules.h"
#include "config/walk.h"

namespace signalbox::config {
namespace {

void append(std::vector<Problem>& to, std::vector<Problem> more) {
  for (Problem& each : more) to.push_back(std::move(each));
}

std::vector<Problem> take_literal_secrets(Tree& tree) {
  std::vector<Problem> problems;
  for (const auto& [id, field] : described_scalars(tree)) {
    const bool credential = field->kind == FieldKind::credential_key;
    if ((!credential && field->kind != FieldKind::client_key) || tree[id].kind != Kind::string) continue;
    std::string_view name;
    if (is_variable(tree[id].text, name)) continue;
    if (!credential && tree[id].text.compare(0, 7, "sha256:") == 0) continue;
    wipe(tree[id].text);
    tree[id].kind = Kind::unresolved;
    problems.push_back({credential ? "must be ${NAME}, the name of one of this host's secrets"
                                   : "must be ${NAME}, the name of one of this host's secrets, or sha256:<hex>",
                        tree[id].place, path_of(tree, id)});
  }
  return problems;
}

// A Config keeps no places, so what speaks against one has only paths; the tree knows where those stand.
void place(const Tree& tree, std::vector<Problem>& problems) {
  if (problems.empty()) return;
  for (const auto& [id, field] : described_scalars(tree)) {
    const std::string path = path_of(tree, id);
    for (Problem& each : problems)
      if (each.path == path) each.place = tree[id].place;
  }
}

}  // namespace

Loaded load(Source& source, const LoadTerms& terms) {
  Loaded loaded;
  loaded.problems = std::move(source.problems);
  if (source.reach == Reach::whole) {
    VariableProblems plain = expand(source.tree, terms.plain);
    if (!terms.capabilities.literal_secrets) append(loaded.problems, take_literal_secrets(source.tree));
    VariableProblems secret = take_secrets(source.tree, terms.secret, terms.secrets);
    if (terms.unset_variables == UnsetVariables::refused) {
      append(loaded.problems, std::move(plain.unset));
      append(loaded.problems, std::move(secret.unset));
    }
    append(loaded.problems, std::move(plain.wrong));
    append(loaded.problems, std::move(secret.wrong));
    ReadResult result = read(source.tree);
    append(loaded.problems, std::move(result.problems));
    loaded.config = std::move(result.config);
    loaded.warnings = std::move(result.warnings);
    HostFit fit = beyond(terms.capabilities, loaded.config);
    place(source.tree, fit.problems);
    place(source.tree, fit.warnings);
    append(loaded.problems, std::move(fit.problems));
    append(fit.warnings, std::move(secret.doubtful));
    for (const Problem& each : fit.warnings) loaded.config.warnings.push_back(sentence(each));
    append(loaded.warnings, std::move(fit.warnings));
  }
  sort_by_place(loaded.problems);
  sort_by_place(loaded.warnings);
  return loaded;
}

std::shared_ptr<const Config> config_or_unusable(Loaded& loaded) {
  // Not make_shared, whose block asks for a type's name, and the core has none.
  return std::shared_ptr<const Config>(loaded.problems.empty() ? new Config(std::move(loaded.config))
                                                               : new Config(unusable(loaded.config, loaded.problems)));
}

}  // namespace signalbox::config
