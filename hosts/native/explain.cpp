// `signalbox explain`: one exchange in this process, with nothing but itself as a client.
#include <time.h>

#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>

#include "commands.h"
#include "config_file.h"
#include "json/reader.h"
#include "read_file.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

namespace signalbox::native {

namespace {

// As much as a server would take that is told to take much.
constexpr size_t request_bytes_max = size_t(64) << 20;

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

// Whether the JSON object `text` has a member of this name; names further inside do not count, for a
// request's own text may hold any.
bool has_member(std::string_view text, std::string_view name) {
  json::Reader reader(text);
  size_t depth = 0;
  for (;;) {
    switch (reader.next()) {
      case json::Token::begin_object:
      case json::Token::begin_array: ++depth; break;
      case json::Token::end_object:
      case json::Token::end_array: --depth; break;
      case json::Token::key:
        if (depth == 1 && reader.raw() == name) return true;
        break;
      case json::Token::end:
      case json::Token::error: return false;
      default: break;
    }
  }
}

}  // namespace

int explain(const ExplainOptions& options) {
  LoadedConfig loaded = load_config(options.config_path);
  if (loaded.status != LoadStatus::ok) {
    print_problems(std::cerr, loaded);
    return int(loaded.status);
  }
  std::string problem;
  const std::optional<std::string> body = read_file(options.request_path, request_bytes_max, problem);
  if (!body) {
    std::fprintf(stderr, "signalbox: %s %s\n", options.request_path.c_str(), problem.c_str());
    return exit_usage;
  }

  // Whoever can read the file and start a process is an administrator here.
  Config config = *loaded.config;
  config.server.admin_keys.clear();
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
  const bool explained = status == 200;
  std::fwrite(answer.data(), 1, answer.size(), explained ? stdout : stderr);
  if (answer.empty() || answer.back() != '\n') std::fputc('\n', explained ? stdout : stderr);
  return explained && !has_member(answer, "would_answer") ? exit_ok : exit_problems;
}

}  // namespace signalbox::native
