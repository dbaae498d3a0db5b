// The keys of `flags`: what an upstream can and cannot take. The presets are written in these keys.
// Source: translation.md section 16.
#include "config/slots.h"
#include "signalbox/config.h"

namespace signalbox::config {
namespace {

constexpr Choice max_tokens_fields[] = {{"max_tokens", uint8_t(MaxTokensField::max_tokens)},
                                        {"max_completion_tokens", uint8_t(MaxTokensField::max_completion_tokens)}};
constexpr Choice reasoning_fields[] = {{"reasoning_content", uint8_t(ReasoningField::reasoning_content)},
                                       {"reasoning", uint8_t(ReasoningField::reasoning)}};
constexpr Choice system_roles[] = {{"system", uint8_t(SystemRole::system)},
                                   {"developer", uint8_t(SystemRole::developer)},
                                   {"user", uint8_t(SystemRole::user)}};
constexpr Choice tool_choices[] = {{"full", uint8_t(ToolChoiceSupport::full)},
                                   {"auto_only", uint8_t(ToolChoiceSupport::auto_only)},
                                   {"none", uint8_t(ToolChoiceSupport::none)}};
constexpr Choice tool_id_styles[] = {{"openai", uint8_t(ToolIdStyle::openai)},
                                     {"mistral", uint8_t(ToolIdStyle::mistral)},
                                     {"none", uint8_t(ToolIdStyle::none)}};
constexpr Choice effort_styles[] = {{"none", uint8_t(EffortStyle::none)},
                                    {"reasoning_effort", uint8_t(EffortStyle::reasoning_effort)},
                                    {"reasoning", uint8_t(EffortStyle::reasoning)},
                                    {"thinking", uint8_t(EffortStyle::thinking)},
                                    {"thinking_effort", uint8_t(EffortStyle::thinking_effort)},
                                    {"enable_thinking", uint8_t(EffortStyle::enable_thinking)},
                                    {"adaptive", uint8_t(EffortStyle::adaptive)},
                                    {"thinking_budget", uint8_t(EffortStyle::thinking_budget)},
                                    {"thinking_level", uint8_t(EffortStyle::thinking_level)}};
// The ladder of translation.md section 5; the value is the bit in LaneFlags::effort_levels.
constexpr Choice effort_levels[] = {{"none", 0}, {"minimal", 1}, {"low", 2}, {"medium", 3},
                                    {"high", 4}, {"xhigh", 5},   {"max", 6}};
constexpr Choice structured_outputs[] = {{"json_schema", uint8_t(StructuredOutput::json_schema)},
                                         {"json_object", uint8_t(StructuredOutput::json_object)},
                                         {"none", uint8_t(StructuredOutput::none)}};
constexpr Choice schema_dialects[] = {{"json_schema", uint8_t(SchemaDialect::json_schema)},
                                      {"openapi", uint8_t(SchemaDialect::openapi)}};

// clang-format off
constinit const Field flags_fields[] = {
    {.key = "count_tokens", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::count_tokens>,
     .doc = "Whether the upstream can count tokens; if not, the gateway estimates and says so. On, because Anthropic can; of the other dialects nobody is asked."},
    {.key = "max_tokens_field", .kind = FieldKind::choice, .slot = slot<&LaneFlags::max_tokens_field>, .choices = max_tokens_fields,
     .doc = "Which member bounds the answer's tokens. `max_tokens`, because all but OpenAI's own thinking models know it."},
    {.key = "output_tokens_default", .kind = FieldKind::integer, .slot = slot<&LaneFlags::output_tokens_default>, .min = 1, .max = 100'000'000,
     .doc = "How long an answer may be where neither the client nor `output_tokens_max` says so and the upstream wants to be told, as Anthropic does. 4096, because every model of Claude's takes it; the preset `anthropic` has 32000 for those from generation 4 on."},
    {.key = "system_role", .kind = FieldKind::choice, .slot = slot<&LaneFlags::system_role>, .choices = system_roles,
     .doc = "Whose words instructions are: a message of role `system` or `developer`, or text of the user's for models that know neither. `system`, because every server takes it."},
    {.key = "system_anywhere", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::system_anywhere>,
     .doc = "Whether system messages may stand between others, as OpenAI allows. Off, later ones become text of the user's; many chat templates refuse them."},
    {.key = "vision", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::vision>,
     .doc = "Whether images go on. Off, a line of text stands in their place and the loss is named; a model without vision would refuse the whole conversation from then on."},
    {.key = "documents", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::documents>,
     .doc = "Whether PDFs go on as file parts. Off, because few servers beside OpenAI and OpenRouter read them; the loss is named."},
    {.key = "tool_choice", .kind = FieldKind::choice, .slot = slot<&LaneFlags::tool_choice>, .choices = tool_choices,
     .doc = "What of `tool_choice` the upstream takes: all of it, only the model's own choice, or not even the member. `full`, as OpenAI documents; what is taken back is named as a loss."},
    {.key = "parallel_tools", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::parallel_tools>,
     .doc = "Whether the upstream knows `parallel_tool_calls`. On, as OpenAI documents; it is sent only when a client asks for one tool at a time."},
    {.key = "tool_id_style", .kind = FieldKind::choice, .slot = slot<&LaneFlags::tool_id_style>, .choices = tool_id_styles,
     .doc = "What ids of tool calls look like: at most 40 bytes (`openai`), or nine letters and digits (`mistral`). `openai`, because only Mistral is stricter. `none`: Gemini's calls go without, as older Vertex endpoints want them."},
    {.key = "needs_reasoning_content", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::needs_reasoning_content>,
     .doc = "Whether every message of the assistant's must come back with its thinking in `reasoning_content`. Off, because others refuse the member; DeepSeek and Kimi refuse a history without it."},
    {.key = "reasoning_field", .kind = FieldKind::choice, .slot = slot<&LaneFlags::reasoning_field>, .choices = reasoning_fields,
     .doc = "In which member that thinking comes back. `reasoning_content`, as DeepSeek and Kimi call it; OpenRouter and newer vLLM call it `reasoning`. Says nothing without `needs_reasoning_content`; in answers both are read."},
    {.key = "think_tags", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::think_tags>,
     .doc = "Whether thinking comes as `<think>` inside the text. Off, because an answer may speak of the tag itself."},
    {.key = "effort_style", .kind = FieldKind::choice, .slot = slot<&LaneFlags::effort_style>, .choices = effort_styles,
     .doc = "How the wish for more or less thinking is said: `reasoning_effort` (OpenAI), `reasoning` (OpenRouter), `thinking` (GLM, Kimi: on or off, how much is a loss), `thinking_effort` (DeepSeek: that and `reasoning_effort`), `enable_thinking` (Qwen), `adaptive` (those of Anthropic's models that know no budget), `thinking_level` (Gemini from 3 on), `thinking_budget` (Gemini, whose newer models take it too, and there what every other word but `thinking_level` means), or not at all for models that refuse the question."},
    {.key = "effort_levels", .kind = FieldKind::choice_set, .slot = slot<&LaneFlags::effort_levels>, .choices = effort_levels, .items_max = 7,
     .doc = "Which words for effort the upstream knows; others become the nearest of these. All, because a list that is too short takes effort away in silence."},
    {.key = "cache_control", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::cache_control>,
     .doc = "Whether Anthropic's `cache_control` goes on. Off, because OpenAI and Groq refuse it."},
    {.key = "prompt_cache_key", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::prompt_cache_key>,
     .doc = "Whether a hash of the session goes on as `prompt_cache_key`, so that its requests meet one cache. Off, because strict servers refuse the member."},
    {.key = "stream_options", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::stream_options>,
     .doc = "Whether a stream is asked for its usage with `stream_options`. On, because without it most servers name none; off for those that refuse the member."},
    {.key = "strict_alternation", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::strict_alternation>,
     .doc = "Whether two neighbouring messages of one role are refused. Off, because merging them costs the order of what was said."},
    {.key = "temperature_fixed", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::temperature_fixed>,
     .doc = "Whether `temperature` and `top_p`, and at Anthropic `top_k`, are left out. Off; on for thinking models, which refuse any but their own."},
    {.key = "top_k", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::top_k>,
     .doc = "Whether `top_k` goes on. Off, because OpenAI's protocol has no such member."},
    {.key = "prefill", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::prefill>,
     .doc = "Whether the upstream continues a last message of the assistant's. Off, because most begin a new answer instead."},
    {.key = "structured_output", .kind = FieldKind::choice, .slot = slot<&LaneFlags::structured_output>, .choices = structured_outputs,
     .doc = "Which forms of structured output the upstream takes. `json_schema`, as OpenAI documents; what is taken back is named as a loss."},
    {.key = "schema_dialect", .kind = FieldKind::choice, .slot = slot<&LaneFlags::schema_dialect>, .choices = schema_dialects,
     .doc = "In which words Gemini is told the schemas of tools and answers: `json_schema` as they are (`parametersJsonSchema`, `responseJsonSchema`), or `openapi` put into the older words (`parameters`, `responseSchema`), where what has no word there goes into descriptions. `json_schema`, because Google's own clients send nothing else."},
    {.key = "format_with_tools", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::format_with_tools>,
     .doc = "Whether Gemini takes structured output in a request that has tools. Off, because models before 3 refuse it; the form is then asked for in words, and the loss named."},
    {.key = "media_in_results", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::media_in_results>,
     .doc = "Whether Gemini takes the media of a tool's result within it. Off, because models before 3 do not; the media then stand behind it."},
    {.key = "strip_billing", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::strip_billing>,
     .doc = "Whether Claude Code's billing line at the head of the prompt is left out. It is new in every request, so that no prompt cache matches. Off, because it is the client's text; every preset but `anthropic` sets it."},
    {.key = "repair_tool_json", .kind = FieldKind::boolean, .slot = slot<&LaneFlags::repair_tool_json>,
     .doc = "Whether a tool call's arguments with small faults of JSON are mended. Off, because a mended command is one the model did not write; without it such a call is an error."},
};
// clang-format on

}  // namespace

constinit const Shape flags_shape{
    "flags",
    "What an upstream can and cannot take. The defaults are those of a server that does what OpenAI documents.",
    flags_fields, prototype<LaneFlags>, ""};

}  // namespace signalbox::config
