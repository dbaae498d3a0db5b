// `signalbox explain`: one exchange in this process, with nothing but itself as a client.
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>

#include "commands.h"
#include "config_file.h"
#include "explain_page.h"
#include "explain_tree.h"
#include "read_file.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

namespace signalbox::native {

namespace {

// As much as a server would take that is told to take much.
constexpr size_t request_bytes_max = size_t(64) << 20;
// What of something that is no answer is repeated.
constexpr size_t refusal_bytes_max = 300;

// What a client would have to escape in a query.
std::string percent_encode(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::strchr("-._~/:", c) != nullptr;
    if (plain && c) out.push_back(c);
    else out.append({'%', hex[uint8_t(c) >> 4], hex[uint8_t(c) & 15]});
  }
  return out;
}

// Bold headings are for terminals that have not been told to leave them.
PageStyle style_of_output() {
  const char* terminal = std::getenv("TERM");
  const char* plain = std::getenv("NO_COLOR");
  const bool wanted = (!plain || !*plain) && terminal && std::strcmp(terminal, "dumb") != 0;
  return wanted && isatty(STDOUT_FILENO) ? PageStyle::emphasised : PageStyle::plain;
}

// The sentence of a refusal in any dialect of ours; the whole of it where it has none.
std::string sentence_of(const std::string& refusal) {
  const Json json = Json::parse(refusal, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_object() && json["error"].contains("message") &&
      json["error"]["message"].is_string())
    return shown(json["error"]["message"].get<std::string>());
  return shown(refusal);
}

// Ends the command with what the endpoint answered.
int print_answer(const ExplainOptions& options, const std::string& answer, std::string_view note) {
  const auto page = explain_page(answer, style_of_output());
  if (!page) {
    const std::string said = sentence_of(answer);
    std::fprintf(stderr, "signalbox: %s is no answer of POST /signalbox/explain%s%s\n",
                 options.request_path == "-" ? "standard input" : options.request_path.c_str(),
                 said.empty() ? "" : ": ", said.substr(0, refusal_bytes_max).c_str());
    return exit_problems;
  }
  std::string text = options.json ? answer : page->text + std::string(note);
  if (text.empty() || text.back() != '\n') text += '\n';
  std::fwrite(text.data(), 1, text.size(), stdout);
  return page->answers ? exit_ok : exit_problems;
}

constexpr std::string_view note_of_dry_run =
    "\nThis page knows the configuration only. What a running server has learnt since (who is cooling down,\n"
    "how busy it is, what limits are used up) it tells itself: signalbox explain --help.\n";

}  // namespace

int explain(const ExplainOptions& options) {
  std::string problem;
  if (options.answer) {
    if (!options.config_path.empty() || !options.headers.empty() || !options.client_key.empty() ||
        !options.address.empty() || options.body) {
      std::fprintf(stderr, "signalbox: --answer prints what a server has said: only --json goes with it\n");
      return exit_usage;
    }
    const std::optional<std::string> answer = read_file(options.request_path, request_bytes_max, problem);
    if (answer) return print_answer(options, *answer, {});
    std::fprintf(stderr, "signalbox: %s %s\n", options.request_path.c_str(), problem.c_str());
    return exit_usage;
  }
  LoadedConfig loaded = load_config(options.config_path);
  if (loaded.status != LoadStatus::ok) {
    print_problems(std::cerr, loaded);
    return int(loaded.status);
  }
  const std::optional<std::string> body = read_file(options.request_path, request_bytes_max, problem);
  if (!body) {
    std::fprintf(stderr, "signalbox: %s %s\n", options.request_path.c_str(), problem.c_str());
    return exit_usage;
  }

  // Whoever can read the file and start a process is an administrator here.
  Config config = *loaded.config;
  config.server.admin_keys.clear();
  config.server.clients.trusted_proxies.clear();
  Gateway gateway(std::make_shared<const Config>(std::move(config)), hosts::native, 0);
  Exchange exchange(gateway);
  std::vector<Header> headers = {{"host", "localhost"}, {"content-type", "application/json"}};
  for (const std::string& line : options.headers) {
    const size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) {
      std::fprintf(stderr, "signalbox: --header wants \"name: value\", not \"%s\"\n", line.c_str());
      return exit_usage;
    }
    std::string_view value = std::string_view(line).substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    headers.push_back({std::string_view(line).substr(0, colon), value});
  }
  std::string target = "/signalbox/explain?path=" + percent_encode(options.path);
  if (options.body) target += "&body=true";
  if (!options.client_key.empty()) target += "&client_key=" + percent_encode(options.client_key);
  if (!options.address.empty()) target += "&address=" + percent_encode(options.address);
  ClientHead head;
  head.method = "POST";
  head.target = target;
  head.headers = headers;
  head.body_bytes = int64_t(body->size());
  head.peer = PeerScope::loopback;

  int status = 0;
  std::string answer;
  auto take = [&](const Step& step) {
    for (const Effect& effect : step.effects) {
      if (const auto* sent = std::get_if<SendClientHead>(&effect)) status = sent->status;
      if (const auto* sent = std::get_if<SendClientBody>(&effect)) answer.append(sent->bytes);
    }
  };
  Now now;
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  now.unix_ms = int64_t(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
  take(exchange.handle(head, now));
  if (!exchange.finished()) take(exchange.handle(ClientBody{*body, true}, now));
  if (status == 200) return print_answer(options, answer, note_of_dry_run);
  std::fprintf(stderr, "signalbox: %s\n", options.json ? answer.c_str() : sentence_of(answer).c_str());
  return exit_problems;
}

}  // namespace signalbox::native
