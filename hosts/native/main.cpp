// The command line of `signalbox`: what it takes and how it is explained. The work is in commands.h.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "config/problem.h"
#include "config_commands.h"
#include "hosts/capabilities.h"
#include "transform.h"

using namespace signalbox::native;

namespace {

constexpr const char* exit_codes =
    "\nExit codes: 0 done; 1 the configuration has problems, or a request cannot be explained or translated;\n"
    "2 the command line is wrong, or a file cannot be read; 3 the address cannot be listened on;\n"
    "4 stopped, but exchanges that were still open had to be cut off.\n";

std::string footer(const char* examples) { return std::string("\nExamples:\n") + examples + exit_codes; }

constexpr std::string_view commands[] = {"serve", "check", "schema", "config", "explain", "transform"};

// Where to read on: the help of the command that was meant, if it was one.
std::string help_line(const CLI::App* command) {
  return "Run signalbox " + (command ? command->get_name() + " " : std::string()) + "--help for more information.\n";
}

// The parser would only say that it wants a command.
int unknown_command(std::string_view word) {
  std::cerr << "unknown command " << signalbox::config::quoted(word)
            << signalbox::config::did_you_mean(word, {std::begin(commands), std::end(commands)}) << '\n'
            << help_line(nullptr);
  return exit_usage;
}

// The option of `check` and `config` that names the host which is to run with the configuration.
void add_host_option(CLI::App& command, std::string& host) {
  std::vector<std::string> names;
  for (const signalbox::hosts::Named& each : signalbox::hosts::all) names.emplace_back(each.name);
  command.add_option("--host", host, "The host that is to run with it; what it cannot do is said.")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
}

const signalbox::Capabilities& capabilities_of(std::string_view host) {
  for (const signalbox::hosts::Named& each : signalbox::hosts::all)
    if (each.name == host) return each.can;
  return signalbox::hosts::native;
}

// A configuration's name without its option is what many try first.
void hint_at_config(const CLI::ParseError& error, const CLI::App* command) {
  if (error.get_exit_code() != int(CLI::ExitCodes::ExtrasError) || command == nullptr) return;
  for (const std::string& word : command->remaining()) {
    if (word.empty() || word[0] == '-') continue;
    std::cerr << "For a configuration use --config " << word << "\n";
    return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Signalbox: a gateway between coding agents or SDKs and the providers of language models."};
  app.set_version_flag("-v,--version", std::string("signalbox ") + SIGNALBOX_VERSION);
  app.require_subcommand(1);
  app.footer(
      footer("  signalbox serve                            start with the built-in mock, no account needed\n"
             "  signalbox serve --config signalbox.yaml    start with your providers and routes\n"
             "  signalbox check signalbox.yaml             every problem of a configuration, with its line\n"
             "  signalbox explain request.json             which route would serve a request, and why\n"
             "  signalbox transform --from anthropic --to openai < request.json\n"
             "                                             a request in another dialect, and what it loses\n"
             "  signalbox COMMAND --help                   more about one command\n"));

  app.failure_message([](const CLI::App* of, const CLI::Error& error) {
    const std::vector<CLI::App*> meant = of->get_subcommands();
    return std::string(error.what()) + "\n" + help_line(meant.empty() ? nullptr : meant.front());
  });

  ServeOptions serve_options;
  CLI::App* serve_command = app.add_subcommand("serve", "Start the server.");
  serve_command->add_option("-c,--config", serve_options.config_path,
                            "Configuration, YAML or JSON. Without it the built-in mock answers everything.");
  serve_command->add_option(
      "-l,--listen", serve_options.listen,
      "Address to listen on, over the configured ones: 127.0.0.1:8484, [::1]:8484. Port 0 takes a free one.");
  serve_command
      ->add_option("--log-level", serve_options.log_level, "debug, info, warn, error or off, over the configured one.")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
  serve_command->footer(
      "\nThe log goes to standard error: JSON lines, or sentences when that is a terminal.\n"
      "SIGHUP reads the configuration again; a file with errors is reported and the old one stays.\n"
      "SIGTERM or SIGINT lets open exchanges finish (server.drain_ms); a second one ends at once.\n" +
      footer("  signalbox serve\n"
             "  signalbox serve --config signalbox.yaml --listen 127.0.0.1:9000\n"
             "  ANTHROPIC_BASE_URL=http://127.0.0.1:8484 ANTHROPIC_AUTH_TOKEN=any claude\n"));

  std::string check_path, host = "native";
  CLI::App* check_command = app.add_subcommand("check", "Report every error and warning of a configuration.");
  check_command->add_option("file,-c,--config", check_path, "The configuration, YAML or JSON; - for standard input.");
  add_host_option(*check_command, host);
  check_command->footer(
      "\nEach line names file, line, column and the nearest known key. Secrets are never shown.\n"
      "cloudflare-worker refuses secrets that stand in its JSON: it would be bundled with them. YAML may\n"
      "hold them, for `signalbox config` puts names in their place.\n" +
      footer("  signalbox check signalbox.yaml && systemctl reload signalbox\n"
             "  signalbox check --host cloudflare-worker signalbox.yaml\n"));

  std::string schema_format = "json";
  CLI::App* schema_command = app.add_subcommand("schema", "Print the JSON Schema of the configuration.");
  schema_command->add_option("-f,--format", schema_format, "json, or markdown for the reference page of every key.")
      ->check(CLI::IsMember({"json", "markdown"}))
      ->capture_default_str();
  schema_command->footer("\nEditors complete and check a configuration with it.\n" +
                         footer("  signalbox schema > signalbox.schema.json\n"
                                "  signalbox schema --format markdown | less\n"));

  std::string config_path;
  CLI::App* config_command =
      app.add_subcommand("config", "Print a configuration as JSON, for hosts that read no YAML; no secret is shown.");
  config_command->add_option("file,-c,--config", config_path, "The configuration; without it the embedded default.");
  add_host_option(*config_command, host);
  config_command->footer(
      "\nVariables stay as ${NAME}; a credential that is none becomes one, as standard error says, and a client key\n"
      "its sha256: so what is printed may be deployed where secrets in the text are refused.\n" +
      footer("  signalbox config signalbox.yaml > signalbox.json\n"
             "  signalbox config --host wasi signalbox.yaml > signalbox.json\n"));

  ExplainOptions explain_options;
  CLI::App* explain_command = app.add_subcommand(
      "explain", "Show who would answer a request, why, and what each failure would do; sends nothing.");
  explain_command
      ->add_option("request", explain_options.request_path, "The request's body as JSON; - for standard input.")
      ->capture_default_str();
  explain_command->add_option("-c,--config", explain_options.config_path,
                              "Configuration; without it the built-in mock's.");
  explain_command->add_option("-p,--path", explain_options.path, "The endpoint that the request is for.")
      ->capture_default_str();
  explain_command->add_option("-H,--header", explain_options.headers,
                              "A header of the request, \"name: value\"; may stand often.");
  explain_command->add_flag("-b,--body", explain_options.body,
                            "Show the request that each translating lane would be sent.");
  explain_command->add_option("-k,--client-key", explain_options.client_key,
                              "Whose request it would be, by a name of server.client_keys.");
  explain_command->add_option("-a,--address", explain_options.address,
                              "The IP address that the client would have; limits may hold for it.");
  explain_command->add_flag("-j,--json", explain_options.json, "Print JSON, as POST /signalbox/explain answers it.");
  explain_command->add_flag("--answer", explain_options.answer,
                            "What is read is what a server's POST /signalbox/explain answered.");
  explain_command->footer(
      "\nIt prints a page for people, or with --json what programs read. Exit code 1 also where the request would be\n"
      "refused. What a running server has learnt (who is cooling down, how busy it is, what limits are used up) only\n"
      "that server knows: ask it, and have its answer printed.\n" +
      footer("  signalbox explain request.json --config signalbox.yaml\n"
             "  curl -sd @request.json http://127.0.0.1:8484/signalbox/explain | signalbox explain --answer -\n"
             "  signalbox explain request.json --config signalbox.yaml --client-key anna --json\n"
             "  signalbox explain request.json --path /v1beta/models/gemini-3-pro:generateContent\n"
             "  echo '{\"model\":\"claude-x\",\"max_tokens\":9,\"messages\":[]}' | signalbox explain -\n"));

  TransformOptions transform_options;
  CLI::App* transform_command = app.add_subcommand(
      "transform", "Print a request's body, or an answer, as another dialect has it, and what is lost; sends nothing.");
  transform_command
      ->add_option("request", transform_options.request_path,
                   "The request's body as JSON, or with --answer an answer; - for standard input.")
      ->capture_default_str();
  transform_command->add_option(
      "-f,--from", transform_options.from,
      "The dialect of what is read: anthropic, openai, openai_responses, gemini; of an answer not needed "
      "with --target.");
  transform_command->add_option("-t,--to", transform_options.to,
                                "The dialect to translate to; of a request not needed with --target.");
  transform_command->add_option(
      "-m,--model", transform_options.model,
      "The upstream's name for the model, over the target's or the request's; needed for a request of "
      "gemini, which names none.");
  transform_command->add_option("-c,--config", transform_options.config_path,
                                "Configuration whose flags and limits of a target count; wants --target.");
  transform_command->add_option("--target", transform_options.target,
                                "A target as routes name it: provider/model, or the name of a model.");
  transform_command->add_flag(
      "--answer", transform_options.answer,
      "What is read is an upstream's answer, whole or a recorded stream; --to is the client's.");
  transform_command
      ->add_option("--form", transform_options.form, "Of the answer that is printed: stream or whole; else as it came.")
      ->check(CLI::IsMember({"stream", "whole"}));
  transform_command->add_flag("--table", transform_options.table,
                              "Print what becomes of every member between any two dialects, as a page; reads nothing.");
  transform_command->footer(
      "\nThe body goes to standard output. What it cannot carry is named on standard error, a line each: \"lost: "
      "PATH\".\n"
      "Other names: messages for anthropic; openai_chat or chat for openai; responses for openai_responses.\n" +
      footer("  signalbox transform --from anthropic --to openai < request.json\n"
             "  signalbox transform --answer --from gemini --to anthropic < recorded.sse\n"
             "  signalbox transform --answer --to anthropic --config signalbox.yaml --target deepseek/deepseek-chat < "
             "recorded.sse\n"
             "  signalbox transform --table > translation.md\n"
             "  signalbox transform --from anthropic --config signalbox.yaml --target deepseek/deepseek-chat < "
             "request.json\n"));

  if (const std::string_view word = argc > 1 ? argv[1] : ""; !word.empty() && word[0] != '-') {
    if (word == "help") {
      std::cout << app.help();
      return exit_ok;
    }
    if (word == "version") {
      std::cout << app.version() << '\n';
      return exit_ok;
    }
    if (std::find(std::begin(commands), std::end(commands), word) == std::end(commands)) return unknown_command(word);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    hint_at_config(error, *serve_command       ? serve_command
                          : *explain_command   ? explain_command
                          : *transform_command ? transform_command
                                               : nullptr);
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  if (*serve_command) return serve(serve_options);
  if (*check_command && check_path.empty()) {
    std::cerr << "check needs a file: signalbox check FILE\n" << help_line(check_command);
    return exit_usage;
  }
  if (*check_command) return run_check(check_path, std::cout, std::cerr, process_environment, capabilities_of(host));
  if (*schema_command) return run_schema(schema_format, std::cout, std::cerr);
  if (*config_command) return run_config(config_path, std::cout, std::cerr, process_environment, capabilities_of(host));
  if (*explain_command) return explain(explain_options);
  if (*transform_command) return run_transform(transform_options, std::cout, std::cerr);
  return exit_usage;
}
