#include "config_commands.h"

#include <ostream>
#include <vector>

#include "base/sha256.h"
#include "config/defaults.h"
#include "config/indent.h"
#include "config/load.h"
#include "config/schema.h"
#include "config/secrets.h"
#include "config/walk.h"
#include "state_file.h"

namespace signalbox::native {
namespace {

using config::FieldKind;
using config::Kind;
using config::Problem;
using config::Tree;

// "SIGNALBOX_MY_PROVIDER_MAIN".
std::string variable_name(std::string_view provider, std::string_view credential) {
  std::string out = "SIGNALBOX_" + std::string(provider) + "_" + std::string(credential);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = char(c - 'a' + 'A');
    if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) c = '_';
  }
  return out;
}

// Puts something that may be seen in the place of every secret; `loaded` is the same tree with its secrets taken out.
// Notes credentials that are called otherwise from now on; answers problems where nothing can stand.
std::vector<Problem> mask_secrets(Tree& tree, const Tree& loaded, std::vector<Problem>& notes) {
  std::vector<Problem> problems;
  for (const auto& [id, field] : config::described_scalars(tree)) {
    if (field->kind != FieldKind::credential_key && field->kind != FieldKind::client_key) continue;
    config::Node& node = tree[id];
    std::string_view variable;
    if (node.kind != Kind::string || config::is_variable(node.text, variable)) continue;
    config::wipe(node.text);
    if (field->kind == FieldKind::client_key) {
      node.text = loaded[id].text;
      if (loaded[id].kind == Kind::unresolved)
        problems.push_back(
            {"is made with a variable that is not set here, so its sha256 cannot be printed; set "
             "it, or write the whole key as one ${NAME}",
             node.place, config::path_of(tree, id)});
      continue;
    }
    const config::CredentialNames names = config::credential_names(tree, id);
    const std::string replacement = variable_name(names.provider, names.credential);
    node.text = "${" + replacement + "}";
    notes.push_back(
        {"the secret is not printed; " + replacement + " stands for it", node.place, config::path_of(tree, id)});
  }
  return problems;
}

// What holds for each provider in the end: with a preset, most of it does not stand in the file.
void print_providers(std::ostream& out, const Config& config) {
  for (const Provider& provider : config.providers) {
    out << "  " << provider.name << ": " << name_of(provider.dialect);
    if (provider.mock) out << ", the built-in mock";
    else out << " at " << provider.base_url;
    if (provider.passthrough) out << ", with the client's own credential";
    LaneFlags flags = provider.flags;
    const std::string changed = config::changes_json(config::flags_shape, &flags);
    if (changed != "{}") out << ", flags " << changed;
    out << (provider.enabled ? "\n" : ", not enabled\n");
  }
}

}  // namespace

int run_check(const std::string& path, std::ostream& out, std::ostream& err, const Environment& environment,
              const Capabilities& capabilities) {
  LoadedConfig loaded = load_config(path, environment, capabilities);
  if (loaded.config && capabilities.state_file && !loaded.config->server.state_file.empty()) {
    const std::string& file = loaded.config->server.state_file;
    if (std::string fault = fault_of_state_file(file); !fault.empty())
      loaded.warnings.push_back({"nothing would be kept in " + file + ": " + fault, {}, "server.state_file"});
  }
  print_problems(err, loaded);
  if (loaded.status == LoadStatus::ok) {
    out << loaded.file << ": good: " << summary(*loaded.config) << '\n';
    print_providers(out, *loaded.config);
  }
  return int(loaded.status);
}

int run_schema(std::string_view format, std::ostream& out, std::ostream& err) {
  if (format == "json") {
    out << config::json_schema();
    return 0;
  }
  if (format == "markdown") {
    out << config::reference_page();
    return 0;
  }
  err << "signalbox schema: the format is json or markdown\n";
  return 1;
}

int run_config(const std::string& path, std::ostream& out, std::ostream& err, const Environment& environment,
               const Capabilities& capabilities) {
  if (path.empty()) {
    out << config::default_text;
    return 0;
  }
  LoadedConfig report;
  report.file = path == "-" ? "standard input" : path;
  std::string problem;
  std::optional<std::string> text = read_text(path, problem);
  if (!text) {
    report.problems.push_back({std::move(problem), {}, {}});
    print_problems(err, report);
    return int(LoadStatus::unreadable);
  }
  config::Source source = read_source(*text);
  config::wipe(*text);
  // What is printed must be good wherever its variables are set. No secret will stand in it.
  config::Source tried = source;
  Capabilities terms = capabilities;
  terms.literal_secrets = true;
  config::Loaded loaded =
      config::load(tried, {terms,
                           environment,
                           environment,
                           {[](config::CredentialText one) { config::wipe(one.value); }, base::sha256},
                           config::UnsetVariables::forgiven});
  report.problems = std::move(loaded.problems);
  report.warnings = std::move(loaded.warnings);
  std::vector<Problem> notes;
  if (report.problems.empty()) report.problems = mask_secrets(source.tree, tried.tree, notes);
  print_problems(err, report);
  if (!report.problems.empty()) return int(LoadStatus::problems);
  for (const Problem& each : notes) err << report.file << ":" << config::sentence(each) << '\n';
  out << config::indented(config::json_of(source.tree, source.tree.root()));
  return 0;
}

}  // namespace signalbox::native
