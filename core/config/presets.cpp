// The table of presets (translation.md sections 2, 4, 5 and 16). Facts as of autumn 2026, from the
// providers' own documents unless a public thread is named.
//
// Rules: a preset must work with every model of its provider that takes tools, so that where models
// differ the careful value stands here, and a `models` entry says more of one model. Where no value suits
// all, patterns over names say which models need another one; new models get the preset's own. What a provider
// does as OpenAI documents is not repeated. strip_billing stands everywhere but at Anthropic: the line is
// new in every request, and no other provider's prompt cache matches behind it (anthropics/claude-code #68900).
// Where models are asked to think, or think unasked, silence is borne for five minutes: not all show their
// thoughts (OpenAI's and Anthropic's newest do not), and a provider's signs of life do not come on every road.
// Elsewhere two minutes are the default (translation.md section 11.4).
#include "config/presets.h"

#include "config/fill.h"
#include "config/json_source.h"
#include "signalbox/config.h"

namespace signalbox::config {
namespace {

// Models think unless told otherwise, and then refuse a forced tool (deepseek-ai/DeepSeek-V3 #1376) and a
// history without its reasoning_content (api-docs.deepseek.com, thinking mode). No model sees. JSON mode
// has no schemas. parallel_tool_calls is not documented. Beside the switch for thinking, reasoning_effort is
// taken in five words, of which three differ; off is the switch's alone.
constexpr ModelLimits deepseek_models[] = {{"deepseek-v4-flash", 1'000'000, 384'000},
                                           {"deepseek-v4-pro", 1'000'000, 384'000},
                                           // Names of V3; more is "valid range of max_tokens is [1, 8192]", the
                                           // most repeated report (translation.md section 2).
                                           {"deepseek-chat", 128'000, 8'192},
                                           {"deepseek-reasoner", 128'000, 64'000}};
constexpr std::string_view deepseek = R"({
  "dialect": "openai_chat", "base_url": "https://api.deepseek.com", "timeouts": {"idle_ms": 300000},
  "flags": {"needs_reasoning_content": true, "effort_style": "thinking_effort",
            "effort_levels": ["low", "medium", "high", "xhigh", "max"], "tool_choice": "auto_only", "vision": false,
            "structured_output": "json_object", "parallel_tools": false, "strip_billing": true}})";

// platform.kimi.ai, chat API: max_tokens is deprecated, temperature and top_p are fixed, a forced tool is
// refused while thinking, and reasoning_content must come back after tool calls. prompt_cache_key is there
// for coding agents.
constexpr std::string_view moonshot = R"({
  "dialect": "openai_chat", "base_url": "https://api.moonshot.ai/v1", "timeouts": {"idle_ms": 300000},
  "flags": {"max_tokens_field": "max_completion_tokens", "temperature_fixed": true, "needs_reasoning_content": true,
            "effort_style": "thinking", "tool_choice": "auto_only", "prompt_cache_key": true,
            "structured_output": "json_object", "parallel_tools": false, "strip_billing": true}})";

// docs.z.ai, chat completion: tool_choice is auto alone, thinking is a switch and wants its text back
// between tool calls, JSON mode has no schemas, and the coding models do not see.
constexpr std::string_view glm = R"({
  "dialect": "openai_chat", "base_url": "https://api.z.ai/api/paas/v4", "timeouts": {"idle_ms": 300000},
  "flags": {"needs_reasoning_content": true, "effort_style": "thinking", "tool_choice": "auto_only", "vision": false,
            "structured_output": "json_object", "parallel_tools": false, "strip_billing": true}})";

// Alibaba Model Studio, international (Beijing: https://dashscope.aliyuncs.com/compatible-mode/v1): thinking
// is enable_thinking with thinking_budget and refuses a forced tool; cache_control marks explicit caches;
// top_k is taken; the coder models do not see, and not all know schemas.
constexpr std::string_view qwen = R"({
  "dialect": "openai_chat", "base_url": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "timeouts": {"idle_ms": 300000},
  "flags": {"effort_style": "enable_thinking", "tool_choice": "auto_only", "cache_control": true, "top_k": true,
            "vision": false, "structured_output": "json_object", "strip_billing": true}})";

// A second system message is refused (MiniMax-AI/MiniMax-M2 #51). M2 thinks always, in tags, sees nothing,
// and its Chat API documents neither response_format nor a forced tool nor parallel_tool_calls.
constexpr std::string_view minimax = R"({
  "dialect": "openai_chat", "base_url": "https://api.minimax.io/v1", "timeouts": {"idle_ms": 300000},
  "flags": {"system_anywhere": false, "think_tags": true, "effort_style": "none", "tool_choice": "auto_only",
            "vision": false, "structured_output": "none", "parallel_tools": false, "strip_billing": true}})";

// Members that a model does not know are refused: effort on models that do not think, images and schemas
// on most. console.groq.com deprecates max_tokens.
constexpr std::string_view groq = R"({
  "dialect": "openai_chat", "base_url": "https://api.groq.com/openai/v1",
  "flags": {"max_tokens_field": "max_completion_tokens", "effort_style": "none", "vision": false,
            "structured_output": "json_object", "strip_billing": true}})";

constexpr ModelLimits groq_models[] = {{"moonshotai/kimi-k2-instruct", 131'072, 16'384},
                                       {"moonshotai/kimi-k2-instruct-0905", 262'144, 16'384}};

// Only max_completion_tokens is documented; reasoning_effort takes three words (egoist/chatwise-releases
// #1325); most models do not see.
constexpr std::string_view cerebras = R"({
  "dialect": "openai_chat", "base_url": "https://api.cerebras.ai/v1", "timeouts": {"idle_ms": 300000},
  "flags": {"max_tokens_field": "max_completion_tokens", "effort_levels": ["low", "medium", "high"], "vision": false,
            "strip_billing": true}})";

// Ids of nine letters and digits (anomalyco/opencode #1680). Unknown members are refused with 422: effort
// on most models, and stream_options is not documented, for usage comes unasked. The order of roles is
// checked: no user after tool (aaif-goose/goose #5998), no system message in between.
constexpr std::string_view mistral = R"({
  "dialect": "openai_chat", "base_url": "https://api.mistral.ai/v1",
  "flags": {"tool_id_style": "mistral", "effort_style": "none", "stream_options": false, "strict_alternation": true,
            "system_anywhere": false, "strip_billing": true}})";

// openrouter.ai/docs: effort in reasoning, with every word but max; cache_control goes on to Claude and
// Qwen; PDFs are read for every model; top_k is taken. What a model does not know is left out there. Its
// Messages endpoint (with dialect: anthropic) counts no tokens.
constexpr std::string_view openrouter = R"({
  "dialect": "openai_chat", "base_url": "https://openrouter.ai/api/v1", "timeouts": {"idle_ms": 300000},
  "flags": {"effort_style": "reasoning", "effort_levels": ["none", "minimal", "low", "medium", "high", "xhigh"],
            "cache_control": true, "documents": true, "top_k": true, "count_tokens": false, "strip_billing": true}})";

// Hosts of many open models: most do not see, and a model that does not think may refuse to be asked for
// effort. All document top_k.
constexpr std::string_view together = R"({
  "dialect": "openai_chat", "base_url": "https://api.together.xyz/v1",
  "flags": {"effort_style": "none", "vision": false, "top_k": true, "strip_billing": true}})";
constexpr std::string_view fireworks = R"({
  "dialect": "openai_chat", "base_url": "https://api.fireworks.ai/inference/v1",
  "flags": {"effort_style": "none", "vision": false, "top_k": true, "strip_billing": true}})";
constexpr std::string_view novita = R"({
  "dialect": "openai_chat", "base_url": "https://api.novita.ai/openai/v1",
  "flags": {"effort_style": "none", "vision": false, "top_k": true, "parallel_tools": false, "strip_billing": true}})";
constexpr std::string_view siliconflow = R"({
  "dialect": "openai_chat", "base_url": "https://api.siliconflow.com/v1",
  "flags": {"effort_style": "none", "vision": false, "top_k": true, "parallel_tools": false,
            "structured_output": "json_object", "strip_billing": true}})";

// Servers on this machine ask for no key. Most local models do not see. Reading a long prompt takes them
// minutes, some of it after the answer's head, so that silence is borne longer.
//
// Ollama ignores tool_choice (docs.ollama.com, OpenAI compatibility) and refuses effort on models that do
// not think ("does not support thinking"); those that do, do so unasked.
constexpr std::string_view ollama = R"({
  "dialect": "openai_chat", "base_url": "http://127.0.0.1:11434/v1", "credentials": [],
  "timeouts": {"idle_ms": 600000},
  "flags": {"tool_choice": "none", "effort_style": "none", "vision": false, "parallel_tools": false,
            "strip_billing": true}})";
// tool_choice is a word, never a tool's name (lmstudio-bug-tracker #670). Chat templates want system
// messages first.
constexpr std::string_view lmstudio = R"({
  "dialect": "openai_chat", "base_url": "http://127.0.0.1:1234/v1", "credentials": [],
  "timeouts": {"idle_ms": 600000},
  "flags": {"tool_choice": "auto_only", "effort_style": "none", "vision": false, "parallel_tools": false,
            "system_anywhere": false, "top_k": true, "strip_billing": true}})";
// reasoning_effort takes three words in every version and reaches the chat template; templates want system
// messages first.
constexpr std::string_view vllm = R"({
  "dialect": "openai_chat", "base_url": "http://127.0.0.1:8000/v1", "credentials": [],
  "timeouts": {"idle_ms": 600000},
  "flags": {"effort_levels": ["low", "medium", "high"], "vision": false, "system_anywhere": false, "top_k": true,
            "strip_billing": true}})";
// llama-server: tool_choice is a word; templates want system messages first.
constexpr std::string_view llamacpp = R"({
  "dialect": "openai_chat", "base_url": "http://127.0.0.1:8080/v1", "credentials": [],
  "timeouts": {"idle_ms": 600000},
  "flags": {"tool_choice": "auto_only", "effort_style": "none", "vision": false, "system_anywhere": false,
            "top_k": true, "strip_billing": true}})";

// The GPT-5 family: max_tokens and any temperature but 1 are refused, and these three words for effort are
// the ones that all of them know. PDFs go as file parts; prompt_cache_key is OpenAI's own.
constexpr std::string_view openai = R"({
  "dialect": "openai_chat", "base_url": "https://api.openai.com/v1", "timeouts": {"idle_ms": 300000},
  "flags": {"max_tokens_field": "max_completion_tokens", "temperature_fixed": true, "documents": true,
            "effort_levels": ["low", "medium", "high"], "prompt_cache_key": true, "strip_billing": true}})";

// The same models through the Responses protocol, where reasoning comes back with its state: what a session with
// tools wants. The flags that speak of Chat's members alone say nothing there.
constexpr std::string_view openai_responses = R"({
  "dialect": "openai_responses", "base_url": "https://api.openai.com/v1", "timeouts": {"idle_ms": 300000},
  "flags": {"temperature_fixed": true, "documents": true, "effort_levels": ["low", "medium", "high"],
            "prompt_cache_key": true, "strip_billing": true}})";

// Everybody has an address of his own, so that base_url is the user's: https://NAME.openai.azure.com/openai/v1,
// the v1 API (learn.microsoft.com, api version lifecycle). A resource's key goes in api-key there; a token of Entra's
// is a bearer token, so that auth_style is then the user's. The models are OpenAI's under names of deployments, which say nothing of them; thinking models
// refuse max_tokens and a temperature, and the others understand max_completion_tokens too. Effort is refused by
// models that do not think, so that it is a models entry's to give.
constexpr std::string_view azure = R"({
  "dialect": "openai_chat", "auth_style": "api_key", "timeouts": {"idle_ms": 300000},
  "flags": {"max_tokens_field": "max_completion_tokens", "temperature_fixed": true, "effort_style": "none",
            "strip_billing": true}})";

// platform.claude.com, models overview and the models' own pages; other clouds write names of their own around these
// ("us.anthropic.claude-opus-4-6-v1", "claude-opus-4-1@20250805"). Where documents have differed, the smaller number:
// asking for more than a model has is refused, and asking for nothing is not possible.
constexpr ModelLimits claude_models[] = {{"*claude-3-7-*", 200'000, 64'000},
                                         {"*claude-3-5-*", 200'000, 8'192},
                                         {"*claude-3*", 200'000, 4'096},
                                         {"*claude-*-4-5*", 200'000, 64'000},
                                         {"*claude-sonnet-4-6*", 1'000'000, 64'000},
                                         {"*claude-opus-4-6*", 1'000'000, 128'000},
                                         {"*claude-opus-4-7*", 1'000'000, 128'000},
                                         {"*claude-opus-4-8*", 1'000'000, 128'000},
                                         {"*claude-sonnet-4*", 200'000, 64'000},
                                         {"*claude-opus-4*", 200'000, 32'000},
                                         {"*claude-opus-5*", 1'000'000, 128'000},
                                         {"*claude-sonnet-5*", 1'000'000, 128'000},
                                         {"*claude-haiku-5*", 1'000'000, 128'000},
                                         {"*claude-fable-5*", 1'000'000, 128'000},
                                         {"*claude-mythos-5*", 1'000'000, 128'000}};

// base_url is the region's: https://bedrock-runtime.REGION.amazonaws.com/openai/v1 or
// https://bedrock-mantle.REGION.api.aws/v1 (docs.aws.amazon.com, inference-chat-completions). The key is a Bedrock
// API key, a bearer token; requests signed by SigV4 are not made here. Open models of many vendors: what most do not
// know is not asked for.
constexpr std::string_view bedrock = R"({
  "dialect": "openai_chat", "timeouts": {"idle_ms": 300000},
  "flags": {"max_tokens_field": "max_completion_tokens", "effort_style": "none", "vision": false,
            "parallel_tools": false, "structured_output": "none", "output_tokens_default": 32000,
            "strip_billing": true}})";

// base_url names project and region, and is the endpoint's whole address: https://REGION-aiplatform.googleapis.com/
// v1/projects/PROJECT/locations/REGION/endpoints/openapi/chat/completions (cloud.google.com, OpenAI compatibility),
// for no version stands where others have it. The key is an access token, which lasts an hour: something beside the gateway renews it. Models are called google/gemini-...
constexpr std::string_view vertex = R"({
  "dialect": "openai_chat", "timeouts": {"idle_ms": 300000},
  "flags": {"effort_levels": ["minimal", "low", "medium", "high"], "output_tokens_default": 32000,
            "strip_billing": true}})";

// ai.google.dev: the Gemini API in its own protocol. Schemas, thinking and PDFs are what all its models know.
constexpr ModelLimits google_models[] = {{"gemini-2.5-pro", 1'048'576, 65'536},
                                         {"gemini-2.5-flash", 1'048'576, 65'536},
                                         {"gemini-2.5-flash-lite", 1'048'576, 65'536}};
constexpr std::string_view google = R"({
  "dialect": "gemini", "base_url": "https://generativelanguage.googleapis.com", "timeouts": {"idle_ms": 300000},
  "flags": {"documents": true, "top_k": true, "strip_billing": true}})";

// ai.google.dev, thinking and structured outputs: from 3 on models are told a level, show media within results, and
// keep a form of the answer beside tools; 2.5 is told a budget, which ends at 24576 for Flash and which Pro does not
// let go to 0; nothing before it thinks.
constexpr PresetModels google_model_flags[] = {
    {"gemini-3-pro*", R"({"effort_style": "thinking_level", "effort_levels": ["low", "high"], )"
                      R"("media_in_results": true, "format_with_tools": true})"},
    {"gemini-3.1-pro*", R"({"effort_style": "thinking_level", "effort_levels": ["low", "medium", "high"], )"
                        R"("media_in_results": true, "format_with_tools": true})"},
    {"gemini-3*", R"({"effort_style": "thinking_level", "effort_levels": ["minimal", "low", "medium", "high"], )"
                  R"("media_in_results": true, "format_with_tools": true})"},
    {"gemini-2.5-flash*", R"({"effort_levels": ["none", "minimal", "low", "medium", "high"]})"},
    {"gemini-2.5-pro*", R"({"effort_levels": ["minimal", "low", "medium", "high", "xhigh"]})"},
    {"gemini-2.0*", R"({"effort_style": "none"})"},
    {"gemini-1*", R"({"effort_style": "none"})"}};

// The address is whole, because it has no version. The token is Copilot's own of half an hour, got with a GitHub login by something beside the gateway. Requests are
// refused that do not say which editor asks (ericc-ch/copilot-api); Copilot-Vision-Request is wanted with images,
// and is no harm without. Newer models refuse max_tokens (ericc-ch/copilot-api #222).
constexpr std::string_view copilot = R"({
  "dialect": "openai_chat", "base_url": "https://api.githubcopilot.com/chat/completions", "timeouts": {"idle_ms": 300000},
  "headers": {"editor-version": "vscode/1.104.0", "editor-plugin-version": "copilot-chat/0.31.0",
              "copilot-integration-id": "vscode-chat", "openai-intent": "conversation-panel",
              "copilot-vision-request": "true"},
  "flags": {"max_tokens_field": "max_completion_tokens", "temperature_fixed": true, "effort_style": "none",
            "strip_billing": true}})";

// From Opus 4.7 on a budget of thinking is refused, and so is any temperature, top_p or top_k
// (NousResearch/hermes-agent #11137): that is what a name that is not known yet gets. Which words for effort
// a model knows is documented with the effort parameter. Every model from 4 on answers with 32,000 tokens at least.
constexpr std::string_view anthropic = R"({
  "dialect": "anthropic", "base_url": "https://api.anthropic.com", "timeouts": {"idle_ms": 300000},
  "flags": {"effort_style": "adaptive", "temperature_fixed": true, "output_tokens_default": 32000}})";

constexpr std::string_view always_thinks =
    R"({"effort_levels": ["low", "medium", "high", "xhigh", "max"], "tool_choice": "auto_only"})";
// To Anthropic, reasoning_effort means a budget, all that models up to 4.5 take.
constexpr std::string_view takes_budget = R"({"effort_style": "reasoning_effort", "temperature_fixed": false})";
constexpr PresetModels anthropic_models[] = {
    {"claude-mythos-preview*", R"({"effort_levels": ["low", "medium", "high", "max"], "tool_choice": "auto_only"})"},
    // They think always: "disabled" is refused (ex-machina-co/opencode-anthropic-auth #159), and a forced tool too.
    {"claude-fable-*", always_thinks},
    {"claude-mythos-*", always_thinks},
    {"claude-*-4-6*", R"({"effort_levels": ["none", "low", "medium", "high", "max"], "temperature_fixed": false})"},
    {"claude-*-4-5*", takes_budget},
    {"claude-*-4-1*", takes_budget},
    {"claude-*-4-0*", takes_budget},
    {"claude-*-4-2025*", takes_budget},
    {"claude-3-7-*", takes_budget},
    {"claude-3*", R"({"effort_style": "none", "temperature_fixed": false})"}};

}  // namespace

constexpr Preset presets[preset_count] = {
    {"deepseek", deepseek, deepseek_models},
    {"moonshot", moonshot},
    {"glm", glm},
    {"zai", glm},
    {"qwen", qwen},
    {"dashscope", qwen},
    {"minimax", minimax},
    {"groq", groq, groq_models},
    {"cerebras", cerebras},
    {"mistral", mistral},
    {"openrouter", openrouter},
    {"together", together},
    {"fireworks", fireworks},
    {"novita", novita},
    {"siliconflow", siliconflow},
    {"ollama", ollama},
    {"lmstudio", lmstudio},
    {"vllm", vllm},
    {"llamacpp", llamacpp},
    {"openai", openai},
    {"openai_responses", openai_responses},
    {"azure", azure},
    {"bedrock", bedrock, claude_models},
    {"vertex", vertex, claude_models},
    {"google", google, google_models, google_model_flags},
    {"copilot", copilot},
    {"anthropic", anthropic, claude_models, anthropic_models},
};

namespace {

constexpr PresetChoices choices_of_presets() {
  PresetChoices choices{};
  for (size_t i = 0; i < preset_count; ++i) choices.list[i] = {presets[i].name, uint8_t(i)};
  return choices;
}

}  // namespace

constinit const PresetChoices preset_choices = choices_of_presets();

const Preset* find_preset(std::string_view name) {
  for (const Preset& preset : presets)
    if (preset.name == name) return &preset;
  return nullptr;
}

Tree tree_of(const Preset& preset) { return read_json_tree(preset.json).tree; }

bool needs_no_key(const Preset& preset) {
  const Tree tree = tree_of(preset);
  return tree.child(tree.root(), "credentials") != no_node;
}

void apply_preset(const Preset& preset, const Tree& tree, NodeId node, Provider& provider) {
  const Shape& shape = *find(root_shape(), "providers")->shape;
  const Tree own = tree_of(preset);
  Provider whole;
  whole.name = provider.name;
  whole.known_models = preset.models;
  // Presets are right (tests/unit/config_presets_test.cpp); of the user's keys everything has been said.
  std::vector<Problem> said;
  fill(own, own.root(), shape, &whole, said);
  const NodeId own_flags = tree.child(node, "flags");
  for (const PresetModels& each : preset.model_flags) {
    ModelFlags& filled = whole.model_flags.emplace_back(ModelFlags{each.match, whole.flags});
    const Tree flags = read_json_tree(each.json).tree;
    fill(flags, flags.root(), flags_shape, &filled.flags, said);
    if (own_flags != no_node) fill(tree, own_flags, flags_shape, &filled.flags, said);
  }
  fill(tree, node, shape, &whole, said);
  provider = std::move(whole);
}

}  // namespace signalbox::config
