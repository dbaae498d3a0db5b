// `signalbox transform`, without its process.
#include "transform.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "commands.h"
#include "json/walk.h"

using namespace signalbox;
using namespace signalbox::native;

namespace {

constexpr std::string_view question =
    R"({"model":"claude-x","max_tokens":9000,"messages":[{"role":"user","content":"hello"}],"speed":"fast"})";

constexpr std::string_view config_text = R"(
providers:
  up:
    dialect: openai_chat
    base_url: https://up.example
    credentials: [{name: main, key: "${UP_KEY}"}]
models:
  small:
    provider: up
    upstream_model: tiny
    output_tokens_max: 512
    flags: {max_tokens_field: max_completion_tokens, think_tags: true}
routes: [{match: "*", targets: [small]}]
)";

struct TemporaryFile {
  explicit TemporaryFile(std::string_view text) {
    const int fd = mkstemp(path.data());
    REQUIRE(fd >= 0);
    close(fd);
    std::ofstream(path, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
  std::string path = "/tmp/signalbox-transform-XXXXXX";
};

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran run(TransformOptions options, std::string_view request = question) {
  const TemporaryFile file(request);
  if (options.request_path == "-") options.request_path = file.path;
  std::ostringstream out, err;
  const auto environment = [](std::string_view name) {
    return name == "UP_KEY" ? std::optional<std::string>("key") : std::nullopt;
  };
  const int code = run_transform(options, out, err, environment);
  return {code, out.str(), err.str()};
}

TransformOptions between(std::string from, std::string to) {
  TransformOptions options;
  options.from = std::move(from);
  options.to = std::move(to);
  return options;
}

}  // namespace

TEST_CASE("transform command: the body goes to standard output, losses to standard error", "[transform]") {
  TransformOptions options = between("anthropic", "openai_chat");
  options.model = "gpt-y";
  const Ran ran = run(options);
  CHECK(ran.code == exit_ok);
  REQUIRE(!ran.out.empty());
  CHECK(ran.out.back() == '\n');
  CHECK(json::member(ran.out, "model") == R"("gpt-y")");
  CHECK(json::member(ran.out, "max_tokens") == "9000");
  CHECK(ran.err == "lost: speed\n");
}

TEST_CASE("transform command: dialects have short names", "[transform]") {
  const std::string expected = run(between("anthropic", "openai_chat")).out;
  CHECK(!expected.empty());
  for (const char* to : {"openai", "chat", "OpenAI"}) CHECK(run(between("messages", to)).out == expected);
}

TEST_CASE("transform command: a configuration's target gives the dialect, the model, flags and limits", "[transform]") {
  const TemporaryFile config(config_text);
  TransformOptions options = between("anthropic", "");
  options.config_path = config.path;
  options.target = "small";
  Ran ran = run(options);
  CHECK(ran.code == exit_ok);
  CHECK(json::member(ran.out, "model") == R"("tiny")");
  CHECK(json::member(ran.out, "max_completion_tokens") == "512");

  options.target = "up/large";
  ran = run(options);
  CHECK(json::member(ran.out, "model") == R"("large")");
  CHECK(json::member(ran.out, "max_tokens") == "9000");

  options.target = "up/*";
  CHECK(json::member(run(options).out, "model") == R"("claude-x")");
  options.model = "other";
  CHECK(json::member(run(options).out, "model") == R"("other")");
  // Another model has other limits than the one that the target names.
  options.target = "small";
  CHECK(json::member(run(options).out, "max_completion_tokens") == "9000");

  options.target = "smal";
  ran = run(options);
  CHECK(ran.code == exit_usage);
  CHECK(ran.err.find("did you mean \"small\"?") != std::string::npos);
  options.target = "up";
  CHECK(run(options).err == "signalbox: --target \"up\" is a provider without a model: up/MODEL\n");
  options.target = "nope/x";
  CHECK(run(options).err == "signalbox: --target: there is no provider \"nope\"; there is \"up\"\n");

  options.target = "small";
  options.to = "gemini";
  ran = run(options);
  CHECK(ran.code == exit_usage);
  CHECK(ran.err.find("speaks openai_chat") != std::string::npos);
}

TEST_CASE("transform command: options that make no sense are told, with exit code 2", "[transform]") {
  const auto refused = [](const TransformOptions& options, std::string_view why) {
    const Ran ran = run(options);
    INFO(ran.err);
    CHECK(ran.code == exit_usage);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(why) != std::string::npos);
  };
  refused(between("antropic", "openai"), "did you mean \"anthropic\"?");
  refused(between("anthropic", ""), "--to wants a dialect");
  refused(between("anthropic", "xml"), "--to wants a dialect");
  TransformOptions half = between("anthropic", "openai");
  half.target = "up/x";
  refused(half, "--config and --target go together");
  half.target.clear();
  half.config_path = "x.yaml";
  refused(half, "--config and --target go together");
  TransformOptions nowhere = between("anthropic", "openai");
  nowhere.request_path = "/nowhere/request.json";
  refused(nowhere, "cannot be opened");
  refused(between("gemini", "anthropic"), "--model");
  TransformOptions formed = between("anthropic", "openai");
  formed.form = "whole";
  refused(formed, "--form is an answer's");
  formed.form.clear();
  formed.answer = true;
  formed.model = "x";
  refused(formed, "does not go with --answer");
}

TEST_CASE("transform command: what is no answer is told as that, and a recorded one without its option",
          "[transform]") {
  TransformOptions options = between("openai_chat", "anthropic");
  options.answer = true;
  for (const std::string_view none : {"", "<html>502</html>", R"({"type":"message","content":[]})", "[]"}) {
    const Ran ran = run(options, none);
    INFO(none);
    CHECK(ran.code == exit_problems);
    CHECK(ran.err.find(": nothing here is an answer of openai_chat; is --from right?\n") != std::string::npos);
  }
  constexpr std::string_view begun =
      "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a\"}}]}\n\n";
  CHECK(run(options, begun).err.find("ended before the answer was complete") != std::string::npos);
  CHECK(run(between("openai_chat", "anthropic"), begun).err.find(" (a recorded answer wants --answer)\n") !=
        std::string::npos);
  CHECK(run(between("openai_chat", "anthropic"), "{").err.find("--answer") == std::string::npos);
}

TEST_CASE("transform command: an error comes out in the client's words, whole too", "[transform]") {
  TransformOptions options = between("anthropic", "openai_chat");
  options.answer = true;
  const Ran ran = run(options, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  CHECK(ran.code == exit_problems);
  CHECK(ran.out ==
        "{\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"param\":null,"
        "\"code\":\"upstream_overloaded\"}}\n");
  CHECK(ran.err.find(": Overloaded\n") != std::string::npos);
}

TEST_CASE("transform command: a request that cannot be translated is exit code 1", "[transform]") {
  const auto refused = [](std::string_view request, const TransformOptions& options, std::string_view why) {
    const Ran ran = run(options, request);
    INFO(ran.err);
    CHECK(ran.code == exit_problems);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(why) != std::string::npos);
  };
  refused("{\"model\":", between("anthropic", "openai"), "JSON");
  refused("{}", between("anthropic", "openai"), "model");
}

TEST_CASE("transform command: a request over the bound is refused unread", "[transform]") {
  std::string large(transform_bytes_max + 1, ' ');
  const Ran ran = run(between("anthropic", "openai"), large);
  CHECK(ran.code == exit_usage);
  CHECK(ran.err.find("is larger than 64 MiB") != std::string::npos);
}

TEST_CASE("transform: an answer is printed as the client of another dialect would get it", "[transform]") {
  TransformOptions options;
  options.from = "openai";
  options.to = "anthropic";
  options.answer = true;
  const std::string_view answer =
      R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]})";
  const Ran whole = run(options, answer);
  CHECK(whole.code == exit_ok);
  CHECK(json::member(whole.out, "content") == R"([{"type":"text","text":"Hi"}])");
  options.form = "stream";
  CHECK(run(options, answer).out.find("event: message_start") == 0);
  const Ran none = run(options, "{}");
  CHECK(none.code == exit_problems);
  CHECK(none.err.find("signalbox: ") != none.err.npos);
}

TEST_CASE("transform: an answer is read as the target that gave it speaks", "[transform]") {
  const TemporaryFile config(config_text);
  TransformOptions options;
  options.answer = true;
  options.to = "anthropic";
  options.config_path = config.path;
  options.target = "small";
  const std::string_view answer = R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant",)"
                                  R"("content":"<think>why</think>Hi"},"finish_reason":"stop"}]})";
  const Ran ran = run(options, answer);
  CHECK(ran.code == exit_ok);
  CHECK(json::member(ran.out, "content").find(R"({"type":"thinking","thinking":"why",)") == 1);
  options.from = "chat";
  CHECK(run(options, answer).out == ran.out);
  options.from = "gemini";
  CHECK(run(options, answer).err.find("--from says gemini") != std::string::npos);
  options.from.clear();
  options.to.clear();
  CHECK(run(options, answer).err.find("--to wants a dialect") != std::string::npos);
}
