// Variables and secrets: what is expanded, what is taken out, and that nothing of a secret is said.
#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "config/json_source.h"
#include "config/read.h"
#include "config/secrets.h"

using namespace signalbox;
using namespace signalbox::config;

namespace {

using Strings = std::vector<std::string>;

Strings sentences(const std::vector<Problem>& problems) {
  Strings out;
  for (const Problem& each : problems) out.push_back(sentence(each));
  return out;
}

struct Outcome {
  Tree tree;
  Strings unset;
  Strings wrong;
  Strings doubtful;
  std::map<std::string, std::string> kept;
  ReadResult result;
};

Outcome process(std::string_view json, const std::map<std::string, std::string>& variables) {
  const Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  Outcome out;
  Source source = read_json_tree(json);
  REQUIRE(source.problems.empty());
  out.tree = std::move(source.tree);
  const VariableProblems plain = expand(out.tree, lookup);
  VariableProblems secrets = take_secrets(
      out.tree, lookup,
      {[&](CredentialText text) { out.kept[text.provider + "/" + text.credential] = text.value; }, base::sha256});
  out.unset = sentences(plain.unset);
  for (std::string& each : sentences(secrets.unset)) out.unset.push_back(each);
  out.wrong = sentences(plain.wrong);
  for (std::string& each : sentences(secrets.wrong)) out.wrong.push_back(each);
  out.doubtful = sentences(secrets.doubtful);
  out.result = read(out.tree);
  return out;
}

std::string provider(std::string_view members) {
  return R"({"providers":{"a":{"dialect":"anthropic","base_url":"https://a.example",)" + std::string(members) + "}}}";
}

}  // namespace

TEST_CASE("config: variables in plain values") {
  const Outcome out = process(
      R"({"server":{"threads":"${N}","log_level":"${L}"},"providers":{"a":{"dialect":"anthropic","base_url":"https://${H}/v1",
          "enabled":"${E}","credentials":[],"headers":{"x":"$5 ${} ${1} $${L} ${H"}}}})",
      {{"N", "4"}, {"L", "warn"}, {"H", "h.example"}, {"E", "false"}});
  CHECK(out.unset.empty());
  REQUIRE(sentences(out.result.problems) == Strings{});
  CHECK(out.result.config.server.threads == 4);
  CHECK(out.result.config.server.log_level == LogLevel::warn);
  CHECK(out.result.config.providers[0].base_url == "https://h.example/v1");
  CHECK_FALSE(out.result.config.providers[0].enabled);
  CHECK(out.result.config.providers[0].headers[0].value == "$5 ${} ${1} $warn ${H");
}

TEST_CASE("config: what a variable holds is not expanded again") {
  const Outcome out = process(provider(R"("credentials":[],"headers":{"x":"${A}"})"), {{"A", "${B}"}, {"B", "no"}});
  CHECK(out.result.config.providers[0].headers[0].value == "${B}");
}

TEST_CASE("config: a variable that is not set is one problem, with its name and place") {
  const Outcome out = process(
      "{\"server\":{\"threads\":\"${N}\"},\n\"providers\":{\"a\":{\"dialect\":\"${D}\",\"base_url\":\"${U}\",\"key\":"
      "\"${K}\"}}}",
      {});
  CHECK(out.unset == Strings{"1:22: server.threads: the variable N is not set",
                             "2:29: providers.a.dialect: the variable D is not set",
                             "2:47: providers.a.base_url: the variable U is not set",
                             "2:60: providers.a.key: the variable K is not set"});
  CHECK(sentences(out.result.problems) == Strings{});
}

TEST_CASE("config: secrets go to the host, and the tree keeps nothing of them") {
  const std::string digest = digest_text(base::sha256("client-key-4711"));
  const Outcome out = process(R"({"server":{"client_keys":[{"name":"n","key":"${C}"},{"name":"o","key":")" + digest +
                                  R"("}],"admin_keys":[{"name":"p","key":"literal-4711"}]},
"providers":{"a":{"dialect":"anthropic","base_url":"https://a.example","key":"literal$4711"},
"b":{"dialect":"gemini","base_url":"https://b.example","credentials":[{"name":"main","key":"pre-${K}"},{"key":"${K}","name":"spare"}]}}})",
                              {{"C", "client-key-4711"}, {"K", "variable-4711"}});
  CHECK(out.unset == Strings{});
  CHECK(out.wrong == Strings{});
  REQUIRE(sentences(out.result.problems) == Strings{});
  CHECK(out.kept == std::map<std::string, std::string>{
                        {"a/default", "literal$4711"}, {"b/main", "pre-variable-4711"}, {"b/spare", "variable-4711"}});
  CHECK(out.result.config.server.client_keys[0].digest == base::sha256("client-key-4711"));
  CHECK(out.result.config.server.client_keys[1].digest == base::sha256("client-key-4711"));
  CHECK(out.result.config.server.admin_keys[0].digest == base::sha256("literal-4711"));
  CHECK(out.result.config.providers[1].credentials == std::vector<Credential>{"main", "spare"});
  for (NodeId id = 0; id < out.tree.size(); ++id) CHECK(out.tree[id].text.find("4711") == std::string::npos);
}

TEST_CASE("config: empty, sample and unusable secrets are problems that do not repeat them") {
  for (const char* secret : {"", "changeme", "sk-xxx", "sk-ant-xxxxxxxx", "<your key>", "your-api-key-here",
                             "sk-ant-api03-...", "a b", "line\\n", "k\\u00e9y"}) {
    INFO(secret);
    const Outcome out = process(provider("\"key\":\"" + std::string(secret) + "\""), {});
    REQUIRE(out.wrong.size() == 1);
    CHECK(out.wrong[0].substr(0, 22) == "1:79: providers.a.key:");
    if (secret[0] != '\0') CHECK(out.wrong[0].find(secret) == std::string::npos);
    CHECK(out.kept.empty());
    CHECK(out.result.problems.empty());
  }
  CHECK(process(provider(R"("key":"${EMPTY}")"), {{"EMPTY", ""}}).wrong ==
        Strings{"1:79: providers.a.key: the variable EMPTY is empty"});
  CHECK(process(provider(R"("key":"")"), {}).wrong == Strings{"1:79: providers.a.key: is empty"});
  // A local upstream may ask for any key at all; who asks us may not have this one.
  CHECK(process(provider(R"("key":"dummy")"), {}).wrong.empty());
  const Outcome client = process(
      R"({"server":{"client_keys":[{"name":"n","key":"secret"},{"name":"o","key":"sha256:12"}]},"providers":{"m":{"builtin":"mock"}}})",
      {});
  CHECK(client.wrong == Strings{"1:45: server.client_keys[0].key: is the sample of an example, not a key",
                                "1:73: server.client_keys[1].key: must be 64 hex digits after sha256:"});
}

TEST_CASE("config: a variable written as shells do is noticed") {
  const Outcome plain = process(provider(R"("key":"$ANTHROPIC_API_KEY")"), {{"ANTHROPIC_API_KEY", "4711"}});
  CHECK(plain.wrong == Strings{});
  CHECK(plain.doubtful == Strings{"1:79: providers.a.key: looks like a variable; write ${ANTHROPIC_API_KEY}"});
  CHECK(plain.kept == std::map<std::string, std::string>{{"a/default", "$ANTHROPIC_API_KEY"}});
  for (const char* secret : {"$a4711", "x$A4711", "$A-4711", "$", "$4711", "$$A", "sk-4711"}) {
    INFO(secret);
    CHECK(process(provider("\"key\":\"" + std::string(secret) + "\""), {}).doubtful == Strings{});
  }
  const Outcome with_default =
      process(provider(R"("key":"${ANTHROPIC_API_KEY:-x4711}")"), {{"ANTHROPIC_API_KEY", "y"}});
  CHECK(with_default.wrong ==
        Strings{"1:79: providers.a.key: defaults (:-) are not supported; write ${ANTHROPIC_API_KEY}"});
  CHECK(with_default.kept.empty());
  CHECK(with_default.result.problems.empty());
  const Outcome url =
      process(R"({"providers":{"a":{"dialect":"anthropic","base_url":"https://${A:-b.example}","credentials":[]}}})",
              {{"A", "y"}});
  CHECK(url.wrong == Strings{"1:53: providers.a.base_url: defaults (:-) are not supported; write ${A}"});
  CHECK(url.result.problems.empty());
}

TEST_CASE("config: one key under two names is told of with both places, and refuses nothing") {
  const std::map<std::string, std::string> variables = {
      {"A", "one-long-key"}, {"B", "one-long-key"}, {"C", "another-key"}};
  const std::string providers = R"("providers":{"m":{"builtin":"mock"}}})";
  const auto warnings = [&](const std::string& server) {
    const Outcome out = process("{\"server\":{" + server + "},\n" + providers, variables);
    CHECK(sentences(out.result.problems) == Strings{});
    return sentences(out.result.warnings);
  };
  CHECK(warnings(R"("client_keys":[{"name":"a","key":"${A}"},{"name":"c","key":"${C}"}])") == Strings{});
  CHECK(warnings("\"client_keys\":[{\"name\":\"a\",\"key\":\"${A}\"},\n{\"name\":\"b\",\"key\":\"${B}\"}]") ==
        Strings{"2:19: server.client_keys[1].key: is the same key as server.client_keys[0].key, at line 1, "
                "so that whoever shows it goes by one name alone"});
  // Under one name it is meant.
  CHECK(warnings("\"client_keys\":[{\"name\":\"a\",\"key\":\"${A}\"}],\n"
                 "\"admin_keys\":[{\"name\":\"a\",\"key\":\"${A}\"},{\"name\":\"b\",\"key\":\"${B}\"}]") ==
        Strings{"2:59: server.admin_keys[1].key: is the same key as server.client_keys[0].key, at line 1, "
                "so that this client may do all that an administrator may"});
}

TEST_CASE("config: without a host that takes secrets, only references and digests pass") {
  CHECK(read_json(provider(R"("key":"${K}")")).problems.empty());
  const ReadResult literal = read_json(provider(R"("key":"literal-4711")"));
  REQUIRE(literal.problems.size() == 1);
  CHECK(sentence(literal.problems[0]).find("4711") == std::string::npos);
  CHECK(read_json(R"({"server":{"client_keys":[{"name":"n","key":"4711"}]},"providers":{"m":{"builtin":"mock"}}})")
            .problems.size() == 1);
  const Source source = read_json_tree(provider(R"("key":"${K}")"));
  const std::vector<CredentialText> variables = credential_variables(source.tree);
  REQUIRE(variables.size() == 1);
  CHECK(variables[0].provider == "a");
  CHECK(variables[0].credential == "default");
  CHECK(variables[0].value == "K");
}
