// `signalbox serve`.
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <sstream>

#include "commands.h"
#include "config_file.h"
#include "descriptors.h"
#include "listen.h"
#include "log.h"
#include "server.h"

namespace signalbox::native {

namespace {

// What a client on this machine types to reach `address`.
std::string url_of(std::string_view address) {
  constexpr std::string_view any = "0.0.0.0:", any6 = "[::]:";
  std::string url = "http://";
  if (address.substr(0, any.size()) == any) url.append("127.0.0.1:").append(address.substr(any.size()));
  else if (address.substr(0, any6.size()) == any6) url.append("[::1]:").append(address.substr(any6.size()));
  else url.append(address);
  return url;
}

void greet(const HttpServer& server, const Config& config, bool is_default, const std::string& file) {
  std::printf("Signalbox %s listens on", SIGNALBOX_VERSION);
  for (const std::string& address : server.addresses()) std::printf(" http://%s", address.c_str());
  std::printf("\n");
  if (is_default) {
    std::printf("No configuration was given: the built-in mock answers, and nothing is sent anywhere.\n");
    // Whoever wrote one here surely meant it.
    if (access("signalbox.yaml", F_OK) == 0) {
      std::printf("This folder has a signalbox.yaml: start with --config signalbox.yaml to use it.\n");
    }
  } else {
    std::printf("It has %s from %s.\n", summary(config).c_str(), file.c_str());
  }
  if (!server.addresses().empty()) {
    // Without client keys any text will do; with some, only the user knows the key behind the digest.
    const bool open = config.server.client_keys.empty();
    std::printf(
        "\nTo point Claude Code at it:\n\n  export ANTHROPIC_BASE_URL=%s\n  export ANTHROPIC_AUTH_TOKEN=%s\n  "
        "claude\n\n",
        url_of(server.addresses().front()).c_str(), open ? "any" : "<one of server.client_keys>");
  }
  std::fflush(stdout);
}

bool parse_level(const std::string& text, LogLevel& level) {
  if (text == "debug") level = LogLevel::debug;
  else if (text == "info") level = LogLevel::info;
  else if (text == "warn") level = LogLevel::warn;
  else if (text == "error") level = LogLevel::error;
  else if (text == "off") level = LogLevel::off;
  else return false;
  return true;
}

// What the command line says stands above the file, at the start and at every reload.
Setup setup_of(const LoadedConfig& loaded, const ServeOptions& options) {
  Setup setup;
  setup.config = *loaded.config;
  if (options.listen) setup.config.server.listen = {*options.listen};
  if (!options.log_level.empty()) parse_level(options.log_level, setup.config.server.log_level);
  setup.secrets = [secrets = loaded.secrets](std::string_view provider, std::string_view credential) {
    return secrets->find(provider, credential);
  };
  return setup;
}

}  // namespace

int serve(const ServeOptions& options) {
  const LoadedConfig loaded = load_config(options.config_path);
  if (loaded.status != LoadStatus::ok) {
    print_problems(std::cerr, loaded);
    return int(loaded.status);
  }
  if (options.listen) {
    if (const std::string fault = fault_of_listen_option(*options.listen, *loaded.config); !fault.empty()) {
      std::fprintf(stderr, "signalbox: --listen: %s\n", fault.c_str());
      return exit_usage;
    }
  }
  Setup setup = setup_of(loaded, options);
  const Config config = setup.config;
  Log log(STDERR_FILENO, isatty(STDERR_FILENO) ? Log::Form::terminal : Log::Form::json, config.server.log_level);
  raise_descriptor_limit();
#ifdef __GLIBC__
  // What a request of many megabytes has used goes back when it ends. Without this the C library takes the first such block
  // for the rule, and keeps the next ones on its heap.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
  HttpServer server(std::move(setup), log);
  if (std::optional<std::string> problem = server.listen()) {
    std::fprintf(stderr, "signalbox: %s\n", problem->c_str());
    return exit_listen;
  }
  greet(server, config, options.config_path.empty(), loaded.file);
  for (const std::string& warning : config.warnings) log.message(LogLevel::warn, warning);
  // Few machines are asked for as many connections as are allowed, and who reaches the limit is told so then.
  if (const std::string note = descriptor_note(config.server.limits.connections_max); !note.empty())
    log.message(LogLevel::info, note);

  const auto reload = [&]() -> std::optional<Setup> {
    if (options.config_path.empty()) {
      log.message(LogLevel::info, "SIGHUP: there is no configuration file to read again.");
      return std::nullopt;
    }
    const LoadedConfig fresh = load_config(options.config_path);
    // One line of the log for each.
    std::ostringstream lines;
    print_problems(lines, fresh);
    std::istringstream each(lines.str());
    const LogLevel level = fresh.status == LoadStatus::ok ? LogLevel::warn : LogLevel::error;
    for (std::string line; std::getline(each, line);) log.message(level, line);
    if (fresh.status != LoadStatus::ok) {
      log.message(LogLevel::error, fresh.status == LoadStatus::unreadable
                                       ? "SIGHUP: the configuration could not be read; the one in use stays."
                                       : "SIGHUP: the configuration has errors; the one in use stays.");
      return std::nullopt;
    }
    // The sockets stay as they are, whatever the new file says of listening.
    if (open_without_keys(server.addresses(), *fresh.config)) {
      log.message(LogLevel::error,
                  "SIGHUP: the configuration has no server.client_keys, but this server listens on an address that "
                  "is open to others; the one in use stays.");
      return std::nullopt;
    }
    Setup next = setup_of(fresh, options);
    log.set_level(next.config.server.log_level);
    next.loaded = summary(next.config) + " from " + fresh.file;
    return next;
  };
  if (server.run(reload) == HttpServer::Stop::drained) {
    log.message(LogLevel::info, "Stopped.");
    return exit_ok;
  }
  log.message(LogLevel::warn, "Stopped; exchanges that were open have been cut off.");
  return exit_cut;
}

}  // namespace signalbox::native
