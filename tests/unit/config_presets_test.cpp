// Presets: each is right and says what its row promises, and the user's own keys go over it.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/fill.h"
#include "config/json_source.h"
#include "config/presets.h"
#include "config/read.h"
#include "config/schema.h"
#include "http/url.h"
#include "routing/plan.h"

using namespace signalbox;
using namespace signalbox::config;

namespace {

using Strings = std::vector<std::string>;

std::string with_provider(std::string_view provider) {
  return "{\"providers\":{\"p\":{" + std::string(provider) + "}}}";
}

ReadResult read_provider(std::string_view provider) { return read_json(with_provider(provider)); }

Strings problems_of(std::string_view provider) {
  Strings out;
  for (const Problem& each : read_provider(provider).problems) out.push_back(sentence(each));
  return out;
}

// Where everybody has an address of his own.
std::string own_address(std::string_view preset) {
  const bool own = preset == "azure" || preset == "bedrock" || preset == "vertex";
  return own ? R"(,"base_url":"https://mine.example/openai/v1")" : "";
}

// The provider that a user gets who writes the preset and, where they are needed, a key and an address.
Provider provider_of(std::string_view preset, std::string_view more = R"(,"key":"${K}")") {
  const ReadResult result =
      read_provider("\"preset\":\"" + std::string(preset) + "\"" + own_address(preset) + std::string(more));
  INFO(preset);
  REQUIRE(result.problems.empty());
  REQUIRE(result.warnings.empty());
  return result.config.providers.at(0);
}

struct Row {
  const char* preset;
  const char* url;    // where a conversation is asked for
  const char* flags;  // all that are not the default
};

// Written again by hand, so that a slip in the table of presets is seen.
const Row rows[] = {
    {"deepseek", "https://api.deepseek.com/v1/chat/completions",
     R"({"vision":false,"tool_choice":"auto_only","parallel_tools":false,"needs_reasoning_content":true,"effort_style":"thinking_effort","effort_levels":["low","medium","high","xhigh","max"],"structured_output":"json_object","strip_billing":true})"},
    {"moonshot", "https://api.moonshot.ai/v1/chat/completions",
     R"({"max_tokens_field":"max_completion_tokens","tool_choice":"auto_only","parallel_tools":false,"needs_reasoning_content":true,"effort_style":"thinking","prompt_cache_key":true,"temperature_fixed":true,"structured_output":"json_object","strip_billing":true})"},
    {"glm", "https://api.z.ai/api/paas/v4/chat/completions",
     R"({"vision":false,"tool_choice":"auto_only","parallel_tools":false,"needs_reasoning_content":true,"effort_style":"thinking","structured_output":"json_object","strip_billing":true})"},
    {"qwen", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions",
     R"({"vision":false,"tool_choice":"auto_only","effort_style":"enable_thinking","cache_control":true,"top_k":true,"structured_output":"json_object","strip_billing":true})"},
    {"minimax", "https://api.minimax.io/v1/chat/completions",
     R"({"system_anywhere":false,"vision":false,"tool_choice":"auto_only","parallel_tools":false,"think_tags":true,"effort_style":"none","structured_output":"none","strip_billing":true})"},
    {"groq", "https://api.groq.com/openai/v1/chat/completions",
     R"({"max_tokens_field":"max_completion_tokens","vision":false,"effort_style":"none","structured_output":"json_object","strip_billing":true})"},
    {"cerebras", "https://api.cerebras.ai/v1/chat/completions",
     R"({"max_tokens_field":"max_completion_tokens","vision":false,"effort_levels":["low","medium","high"],"strip_billing":true})"},
    {"mistral", "https://api.mistral.ai/v1/chat/completions",
     R"({"system_anywhere":false,"tool_id_style":"mistral","effort_style":"none","stream_options":false,"strict_alternation":true,"strip_billing":true})"},
    {"openrouter", "https://openrouter.ai/api/v1/chat/completions",
     R"({"count_tokens":false,"documents":true,"effort_style":"reasoning","effort_levels":["none","minimal","low","medium","high","xhigh"],"cache_control":true,"top_k":true,"strip_billing":true})"},
    {"together", "https://api.together.xyz/v1/chat/completions",
     R"({"vision":false,"effort_style":"none","top_k":true,"strip_billing":true})"},
    {"fireworks", "https://api.fireworks.ai/inference/v1/chat/completions",
     R"({"vision":false,"effort_style":"none","top_k":true,"strip_billing":true})"},
    {"novita", "https://api.novita.ai/openai/v1/chat/completions",
     R"({"vision":false,"parallel_tools":false,"effort_style":"none","top_k":true,"strip_billing":true})"},
    {"siliconflow", "https://api.siliconflow.com/v1/chat/completions",
     R"({"vision":false,"parallel_tools":false,"effort_style":"none","top_k":true,"structured_output":"json_object","strip_billing":true})"},
    {"ollama", "http://127.0.0.1:11434/v1/chat/completions",
     R"({"vision":false,"tool_choice":"none","parallel_tools":false,"effort_style":"none","strip_billing":true})"},
    {"lmstudio", "http://127.0.0.1:1234/v1/chat/completions",
     R"({"system_anywhere":false,"vision":false,"tool_choice":"auto_only","parallel_tools":false,"effort_style":"none","top_k":true,"strip_billing":true})"},
    {"vllm", "http://127.0.0.1:8000/v1/chat/completions",
     R"({"system_anywhere":false,"vision":false,"effort_levels":["low","medium","high"],"top_k":true,"strip_billing":true})"},
    {"llamacpp", "http://127.0.0.1:8080/v1/chat/completions",
     R"({"system_anywhere":false,"vision":false,"tool_choice":"auto_only","effort_style":"none","top_k":true,"strip_billing":true})"},
    {"openai", "https://api.openai.com/v1/chat/completions",
     R"({"max_tokens_field":"max_completion_tokens","documents":true,"effort_levels":["low","medium","high"],"prompt_cache_key":true,"temperature_fixed":true,"strip_billing":true})"},
    {"openai_responses", "https://api.openai.com/v1/responses",
     R"({"documents":true,"effort_levels":["low","medium","high"],"prompt_cache_key":true,"temperature_fixed":true,"strip_billing":true})"},
    {"azure", "https://mine.example/openai/v1/chat/completions",
     R"({"max_tokens_field":"max_completion_tokens","effort_style":"none","temperature_fixed":true,"strip_billing":true})"},
    {"bedrock", "https://mine.example/openai/v1/chat/completions",
     R"({"max_tokens_field":"max_completion_tokens","output_tokens_default":32000,"vision":false,"parallel_tools":false,"effort_style":"none","structured_output":"none","strip_billing":true})"},
    {"vertex", "https://mine.example/openai/v1/chat/completions",
     R"({"output_tokens_default":32000,"effort_levels":["minimal","low","medium","high"],"strip_billing":true})"},
    {"google", "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
     R"({"documents":true,"top_k":true,"strip_billing":true})"},
    {"copilot", "https://api.githubcopilot.com/chat/completions",
     R"({"max_tokens_field":"max_completion_tokens","effort_style":"none","temperature_fixed":true,"strip_billing":true})"},
    {"anthropic", "https://api.anthropic.com/v1/messages",
     R"({"output_tokens_default":32000,"effort_style":"adaptive","temperature_fixed":true})"},
};

}  // namespace

TEST_CASE("presets: every one loads without a problem, and its other name means the same") {
  const Shape& shape = *find(root_shape(), "providers")->shape;
  for (const Preset& preset : presets) {
    INFO(preset.name);
    const Source source = read_json_tree(preset.json);
    REQUIRE(source.reach == Reach::whole);
    CHECK(source.problems.empty());
    Provider provider;
    std::vector<Problem> problems;
    fill(source.tree, source.tree.root(), shape, &provider, problems);
    for (const Problem& each : problems) FAIL_CHECK(sentence(each));
    // No key of its own: where one is needed it is the user's.
    CHECK(provider.credentials.empty());
    CHECK(source.tree.child(source.tree.root(), "key") == no_node);
    provider_of(preset.name);
  }
  CHECK(provider_of("zai").base_url == provider_of("glm").base_url);
  CHECK(provider_of("dashscope").base_url == provider_of("qwen").base_url);
}

TEST_CASE("presets: Azure wants a resource's key in api-key, and a user's word goes over that") {
  CHECK(provider_of("azure").auth_style == CredentialPlace::api_key);
  CHECK(provider_of("openai").auth_style == CredentialPlace::none);
  const Provider entra = provider_of("azure", R"(,"key":"${K}","auth_style":"bearer")");
  CHECK(entra.auth_style == CredentialPlace::bearer);
}

TEST_CASE("presets: each gives the address and the flags that its row says, and no others") {
  size_t told = 0;
  for (const Row& row : rows) {
    INFO(row.preset);
    Provider provider = provider_of(row.preset);
    const bool messages = provider.dialect == Dialect::anthropic;
    std::string_view path = "/v1/chat/completions";
    if (messages) path = "/v1/messages";
    if (provider.dialect == Dialect::openai_responses) path = "/v1/responses";
    if (provider.dialect == Dialect::gemini) path = "/v1beta/models/m:generateContent";
    CHECK(http::join_url(provider.base_url, path, "") == row.url);
    CHECK(changes_json(flags_shape, &provider.flags) == row.flags);
    CHECK(provider.flags.strip_billing != messages);
    ++told;
  }
  CHECK(told + 2 == preset_count);  // zai and dashscope are second names
}

TEST_CASE("presets: a server on this machine needs no key, everybody else does") {
  for (const char* local : {"ollama", "lmstudio", "vllm", "llamacpp"}) {
    INFO(local);
    const Provider provider = provider_of(local, "");
    CHECK(provider.credentials.empty());
    CHECK(provider.base_url.find("http://127.0.0.1:") == 0);
    CHECK(provider.timeouts.idle_ms == 600'000);
    CHECK(provider.timeouts.connect_ms == Timeouts{}.connect_ms);
  }
  CHECK(provider_of("vllm").credentials == std::vector<Credential>{"default"});  // vllm --api-key
  CHECK(provider_of("vllm", R"(,"passthrough":true)").passthrough);
  CHECK(problems_of(R"("preset":"deepseek")") ==
        Strings{"1:15: providers.p: has no credential: give key or credentials, or passthrough: true, or "
                "credentials: [] if the provider needs none"});
  CHECK(problems_of(R"("preset":"deepseek","credentials":[])").empty());
}

TEST_CASE("presets: silence is borne for five minutes where models think in it, longer where they are local") {
  size_t thinking = 0;
  for (const Preset& preset : presets) {
    INFO(preset.name);
    const Provider provider = provider_of(preset.name);
    const bool local = provider.base_url.find("http://127.0.0.1:") == 0;
    // Azure's, Bedrock's and Copilot's think unasked, and not all of their models may be asked.
    const bool unasked = preset.name == "azure" || preset.name == "bedrock" || preset.name == "copilot";
    const bool thinks = provider.flags.effort_style != EffortStyle::none || provider.flags.think_tags || unasked;
    if (local) continue;
    CHECK(provider.timeouts.idle_ms == (thinks ? 300'000 : Timeouts{}.idle_ms));
    CHECK(provider.timeouts.first_byte_ms == Timeouts{}.first_byte_ms);
    thinking += thinks;
  }
  CHECK(thinking == 17);
  CHECK(provider_of("openai", R"(,"key":"${K}","timeouts":{"idle_ms":5})").timeouts.idle_ms == 5);
  CHECK(reference_page().find("| `openai` | `openai_chat` | `https://api.openai.com/v1` | yours | 300000 | ") !=
        std::string::npos);
}

TEST_CASE("presets: each of Anthropic's models is asked to think in the words it knows") {
  const Provider provider = provider_of("anthropic");
  const auto flags = [&](std::string_view model) {
    LaneFlags known = provider.flags_of(model);
    CHECK(known.output_tokens_default == 32'000);
    known.output_tokens_default = LaneFlags().output_tokens_default;
    return changes_json(flags_shape, &known);
  };
  const std::string newest = R"({"effort_style":"adaptive","temperature_fixed":true})";
  for (const char* model : {"claude-opus-4-7", "claude-opus-4-8", "claude-opus-5", "claude-opus-5-5", "claude-sonnet-5",
                            "claude-sonnet-5-5", "claude-haiku-5-5", "claude-not-known-yet"})
    CHECK(flags(model) == newest);
  for (const char* model : {"claude-fable-5", "claude-fable-5-2", "claude-mythos-5-1"})
    CHECK(flags(model) == R"({"tool_choice":"auto_only","effort_style":"adaptive",)"
                          R"("effort_levels":["low","medium","high","xhigh","max"],"temperature_fixed":true})");
  CHECK(flags("claude-mythos-preview") == R"({"tool_choice":"auto_only","effort_style":"adaptive",)"
                                          R"("effort_levels":["low","medium","high","max"],"temperature_fixed":true})");
  for (const char* model : {"claude-opus-4-6", "claude-sonnet-4-6"})
    CHECK(flags(model) == R"({"effort_style":"adaptive","effort_levels":["none","low","medium","high","max"]})");
  // reasoning_effort is the default, and to Anthropic a budget.
  for (const char* model : {"claude-haiku-4-5", "claude-haiku-4-5-20251001", "claude-opus-4-5",
                            "claude-opus-4-5-20251101", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929",
                            "claude-opus-4-1", "claude-opus-4-1-20250805", "claude-opus-4-0", "claude-sonnet-4-0",
                            "claude-opus-4-20250514", "claude-sonnet-4-20250514", "claude-3-7-sonnet-latest"})
    CHECK(flags(model) == "{}");
  for (const char* model : {"claude-3-5-haiku-latest", "claude-3-haiku-20240307"})
    CHECK(flags(model) == R"({"effort_style":"none"})");
  // The user's own words go over all of them, and other presets make no difference between models.
  const Provider told = provider_of("anthropic", R"(,"key":"${K}","flags":{"effort_style":"none","vision":false})");
  CHECK(told.flags_of("claude-opus-4-6").effort_style == EffortStyle::none);
  CHECK(told.flags_of("claude-opus-4-6").effort_levels != LaneFlags{}.effort_levels);
  CHECK_FALSE(told.flags_of("claude-opus-5").vision);
  CHECK(provider_of("openai").model_flags.empty());
}

TEST_CASE("presets: each of Gemini's models is asked to think as it can") {
  const Provider provider = provider_of("google");
  const auto flags = [&](std::string_view model) {
    LaneFlags known = provider.flags_of(model);
    known.documents = known.top_k = known.strip_billing = false;  // what all have
    return changes_json(flags_shape, &known);
  };
  const auto leveled = [](const std::string& levels) {
    return R"({"effort_style":"thinking_level","effort_levels":[)" + levels +
           R"(],"format_with_tools":true,"media_in_results":true})";
  };
  for (const char* model : {"gemini-3-pro", "gemini-3-pro-preview"}) CHECK(flags(model) == leveled(R"("low","high")"));
  CHECK(flags("gemini-3.1-pro-preview") == leveled(R"("low","medium","high")"));
  for (const char* model : {"gemini-3-flash-preview", "gemini-3.5-flash"})
    CHECK(flags(model) == leveled(R"("minimal","low","medium","high")"));
  for (const char* model : {"gemini-2.5-flash", "gemini-2.5-flash-lite"})
    CHECK(flags(model) == R"({"effort_levels":["none","minimal","low","medium","high"]})");
  CHECK(flags("gemini-2.5-pro") == R"({"effort_levels":["minimal","low","medium","high","xhigh"]})");
  for (const char* model : {"gemini-2.0-flash", "gemini-1.5-pro"}) CHECK(flags(model) == R"({"effort_style":"none"})");
  CHECK(flags("gemini-not-known-yet") == "{}");
}

TEST_CASE("presets: flags of known models reach targets, entries and names that clients choose") {
  const ReadResult result = read_json(R"({"providers":{"a":{"preset":"anthropic","key":"${K}"}},
    "models":{"old":{"provider":"a","upstream_model":"claude-sonnet-4-5"},
              "mine":{"provider":"a","upstream_model":"claude-sonnet-4-5","flags":{"effort_style":"none"}}},
    "routes":[{"match":"*","targets":["a/claude-opus-5-5","a/claude-sonnet-4-5","old","mine","a/*"]}]})");
  REQUIRE(result.problems.empty());
  const std::vector<Target>& targets = result.config.routes.back().targets;
  CHECK(targets.at(0).flags.effort_style == EffortStyle::adaptive);
  CHECK(targets.at(1).flags.effort_style == EffortStyle::reasoning_effort);
  CHECK(targets.at(2).flags.effort_style == EffortStyle::reasoning_effort);
  CHECK(targets.at(3).flags.effort_style == EffortStyle::none);
  CHECK_FALSE(targets.at(3).flags.temperature_fixed);
  routing::Health health(1);
  Arena arena;
  routing::Facts facts;
  facts.model = "claude-haiku-4-5[1m]";
  CHECK(routing::choose(result.config, health, facts, 0, arena).lanes[4]->flags.effort_style ==
        EffortStyle::reasoning_effort);
  facts.model = "claude-haiku-5-5";
  CHECK(routing::choose(result.config, health, facts, 0, arena).lanes[4]->flags.effort_style == EffortStyle::adaptive);
}

TEST_CASE("presets: the user's keys go over the preset's, member by member inside flags and timeouts") {
  const Provider provider = provider_of(
      "ollama", R"(,"base_url":"http://gpu.lan:11434","dialect":"anthropic","key":"${K}","timeouts":{"connect_ms":7},)"
                R"("flags":{"vision":true,"effort_style":"reasoning_effort"},"headers":{"x-a":"b"},"enabled":true)");
  CHECK(provider.name == "p");
  CHECK(provider.dialect == Dialect::anthropic);
  CHECK(provider.base_url == "http://gpu.lan:11434");
  CHECK(provider.credentials == std::vector<Credential>{"default"});
  CHECK(provider.timeouts.connect_ms == 7);
  CHECK(provider.timeouts.idle_ms == 600'000);
  CHECK(provider.flags.vision);
  CHECK(provider.flags.effort_style == EffortStyle::reasoning_effort);
  CHECK(provider.flags.tool_choice == ToolChoiceSupport::none);
  REQUIRE(provider.headers.size() == 1);
  CHECK(provider.headers[0].value == "b");
  CHECK(
      provider_of("deepseek", R"(,"credentials":[{"name":"x","key":"${A}"},{"name":"y","key":"${B}"}])").credentials ==
      std::vector<Credential>{"x", "y"});
}

TEST_CASE("presets: flags of a preset reach models and targets") {
  const ReadResult result = read_json(R"({"providers":{"deepseek":{"preset":"deepseek","key":"${K}"}},
    "models":{"seer":{"provider":"deepseek","upstream_model":"v","flags":{"vision":true}}},
    "routes":[{"match":"*","targets":["deepseek/deepseek-v4-flash","seer"]}]})");
  REQUIRE(result.problems.empty());
  const Route& route = result.config.routes.back();
  CHECK(route.targets.at(0).flags.needs_reasoning_content);
  CHECK_FALSE(route.targets.at(0).flags.vision);
  CHECK(route.targets.at(1).flags.needs_reasoning_content);
  CHECK(route.targets.at(1).flags.vision);
}

TEST_CASE(
    "presets: the sizes of known models reach targets, entries and names that clients choose; own sizes go first") {
  const ReadResult result = read_json(R"({"providers":{"deepseek":{"preset":"deepseek","key":"${K}"}},
    "models":{"old":{"provider":"deepseek","upstream_model":"deepseek-chat"},
              "mine":{"provider":"deepseek","upstream_model":"deepseek-chat","output_tokens_max":4000}},
    "routes":[{"match":"*","targets":["deepseek/deepseek-v4-pro","deepseek/deepseek-chat","old","mine","deepseek/new",
               "deepseek/*"]}]})");
  REQUIRE(result.problems.empty());
  const std::vector<Target>& targets = result.config.routes.back().targets;
  CHECK(targets.at(0).context_tokens_max == 1'000'000);
  CHECK(targets.at(0).output_tokens_max == 384'000);
  CHECK(targets.at(1).output_tokens_max == 8'192);
  CHECK(targets.at(2).output_tokens_max == 8'192);
  CHECK(targets.at(2).context_tokens_max == 128'000);
  CHECK(targets.at(3).output_tokens_max == 4'000);
  CHECK(targets.at(3).context_tokens_max == 128'000);
  CHECK(targets.at(4).output_tokens_max == 0);
  routing::Health health(1);
  Arena arena;
  routing::Facts facts;
  facts.model = "deepseek-chat";
  CHECK(routing::choose(result.config, health, facts, 0, arena).lanes[5]->output_tokens_max == 8'192);
  facts.model = "deepseek-chat-2";
  CHECK(routing::choose(result.config, health, facts, 0, arena).lanes[5]->output_tokens_max == 0);
  for (const Preset& preset : presets)
    for (const ModelLimits& model : preset.models) CHECK(model.output_tokens_max <= model.context_tokens_max);
}

TEST_CASE("presets: of Claude it is known how long answers may be, whichever cloud's name it has") {
  struct Case {
    std::string_view model;
    int64_t output, context;
  };
  for (const Case& c :
       {Case{"claude-opus-4-6", 128'000, 1'000'000}, Case{"claude-sonnet-4-6", 64'000, 1'000'000},
        Case{"us.anthropic.claude-sonnet-4-5-20250929-v1:0", 64'000, 200'000},
        Case{"claude-opus-4-1@20250805", 32'000, 200'000}, Case{"claude-sonnet-4-20250514", 64'000, 200'000},
        Case{"claude-3-5-haiku-20241022", 8'192, 200'000}, Case{"claude-3-haiku-20240307", 4'096, 200'000},
        Case{"claude-opus-5-5", 128'000, 1'000'000}, Case{"claude-ode-6", 0, 0}}) {
    for (const char* preset : {"anthropic", "bedrock", "vertex"}) {
      const Provider provider = provider_of(preset);
      INFO(preset << ": " << c.model);
      CHECK(provider.limits_of(c.model).output_tokens_max == c.output);
      CHECK(provider.limits_of(c.model).context_tokens_max == c.context);
      CHECK(provider.flags_of(c.model).output_tokens_default == 32'000);
    }
  }
  CHECK(provider_of("openrouter").flags.output_tokens_default == 4'096);
}

TEST_CASE("presets: what is wrong is said once, at its place") {
  CHECK(
      problems_of(R"("preset":"depseek")") ==
      Strings{"1:29: providers.p.preset: must be one of deepseek, moonshot, glm, zai, qwen, dashscope, minimax, groq, "
              "cerebras, mistral, openrouter, together, fireworks, novita, siliconflow, ollama, lmstudio, vllm, "
              "llamacpp, openai, openai_responses, azure, bedrock, vertex, google, copilot, anthropic (did you mean "
              "\"deepseek\"?)"});
  CHECK(problems_of(R"("preset":3)") ==
        Strings{"1:29: providers.p.preset: must be a string, not a number; put it in quotes"});
  CHECK(problems_of(R"("preset":"ollama","builtin":"mock")") ==
        Strings{"1:20: providers.p.preset: does not go with a built-in provider"});
  CHECK(problems_of(R"("preset":"deepseek","key":"${K}","flags":{"visoin":true})") ==
        Strings{R"(1:62: providers.p.flags.visoin: unknown key (did you mean "vision"?))"});
  CHECK(problems_of(R"("preset":"deepseek","key":"${K}","base_url":"x")") ==
        Strings{"1:64: providers.p.base_url: must begin with http:// or https://"});
}

TEST_CASE("presets: the schema and the reference page name every one") {
  const nlohmann::json schema = nlohmann::json::parse(json_schema());
  const nlohmann::json& choices = schema["$defs"]["provider"]["properties"]["preset"]["anyOf"][0]["enum"];
  const std::string page = reference_page();
  REQUIRE(choices.size() == preset_count);
  for (size_t i = 0; i < preset_count; ++i) {
    CHECK(choices[i] == std::string(presets[i].name));
    CHECK(preset_choices.list[i].value == i);
    CHECK(page.find("| `" + std::string(presets[i].name) + "` | `") != std::string::npos);
  }
  CHECK(schema["$defs"]["flags"]["properties"]["effort_levels"]["default"].size() == 7);
}

TEST_CASE("presets: where everybody has an address of his own, it is asked for") {
  for (const char* preset : {"azure", "bedrock", "vertex"}) {
    const Strings found = problems_of("\"preset\":\"" + std::string(preset) + R"(","key":"${K}")");
    REQUIRE(found.size() == 1);
    CHECK(found[0].find("providers.p: the key \"base_url\" is missing") != std::string::npos);
  }
}

TEST_CASE("presets: Copilot is told which editor asks, and the user's headers stand in their place") {
  CHECK(provider_of("copilot").headers.size() == 5);
  const Provider mine = provider_of("copilot", R"(,"key":"${K}","headers":{"Editor-Version":"mine/1"})");
  CHECK(mine.headers.size() == 5);
  CHECK(mine.headers[0].value == "mine/1");
}
