// The keys of rules and tasks, and of what targets say that they take: who answers what (docs/routing.md).
#include "config/schema_rules.h"

#include "config/rules.h"
#include "config/slots.h"

namespace signalbox::config {
namespace {

constexpr int64_t tokens_ceiling = 100'000'000;

constexpr Choice presences[] = {{"on", uint8_t(Presence::present)}, {"off", uint8_t(Presence::absent)}};
constexpr Choice tasks[] = {{"subagent", uint8_t(Task::subagent)},     {"long_context", uint8_t(Task::long_context)},
                            {"web_search", uint8_t(Task::web_search)}, {"image", uint8_t(Task::image)},
                            {"background", uint8_t(Task::background)}, {"think", uint8_t(Task::think)}};
constexpr Choice efforts[] = {{"low", 3}, {"medium", 4}, {"high", 5}, {"xhigh", 6}, {"max", 7}};
constexpr Choice switches[] = {{"off", uint8_t(Tags::off)}, {"on", uint8_t(Tags::on)}};

// clang-format off
constinit const Field when_fields[] = {
    {.key = "model", .kind = FieldKind::text_list, .slot = slot<&RuleWhen::model>, .rule = rule_pattern, .form = Form::one_or_list, .items_max = 64,
     .doc = "A pattern over the model's name as the client sends it, or a list of them; `*` stands for any run of characters."},
    {.key = "header", .kind = FieldKind::header_map, .slot = slot<&RuleWhen::headers>, .rule = rule_pattern, .key_rule = rule_matched_header, .items_max = 16, .key_word = "<header>",
     .doc = "Headers of the request, each with a pattern over its value, of which the first 1,024 bytes are looked at; `*` is whatever stands there. All of them must be there."},
    {.key = "path", .kind = FieldKind::text_list, .slot = slot<&RuleWhen::path>, .rule = rule_pattern, .form = Form::one_or_list, .items_max = 16,
     .doc = "A pattern over the request's path without its query, or a list of them: `/v1/messages`, `/v1beta/*`."},
    {.key = "tools", .kind = FieldKind::choice, .slot = slot<&RuleWhen::tools>, .choices = presences,
     .doc = "Whether the request brings tools."},
    {.key = "tokens_min", .kind = FieldKind::integer, .slot = slot<&RuleWhen::tokens_min>, .min = 0, .max = tokens_ceiling,
     .doc = "At least so many tokens in the request, by the gateway's own estimate; 0 is no bound."},
    {.key = "tokens_max", .kind = FieldKind::integer, .slot = slot<&RuleWhen::tokens_max>, .min = 0, .max = tokens_ceiling,
     .doc = "At most so many tokens in the request, by the gateway's own estimate; 0 is no bound."},
    {.key = "session", .kind = FieldKind::text_list, .slot = slot<&RuleWhen::session>, .rule = rule_pattern, .form = Form::one_or_list, .items_max = 64,
     .doc = "A pattern over what the client calls its session, or a list of them."},
    {.key = "client_key", .kind = FieldKind::text_list, .slot = slot<&RuleWhen::client_key>, .rule = rule_name, .form = Form::one_or_list, .items_max = 64,
     .doc = "The name of the client's key, from `server.client_keys`, or a list of them."},
    {.key = "task", .kind = FieldKind::choice_set, .slot = slot<&RuleWhen::tasks>, .choices = tasks, .form = Form::one_or_list, .items_max = 6,
     .doc = "What the request is for, or a list of such; it may be for several. `tasks` says what each means."},
};
constinit const Shape when_shape{"rule_when", "When a rule holds: all that stands here must be so. A rule that says nothing holds always.", when_fields, prototype<RuleWhen>, ""};

constinit const Field rule_fields[] = {
    {.key = "name", .slot = slot<&Rule::name>, .rule = rule_name,
     .doc = "What `x-signalbox-route` and the log call the rule; without one its place, `rules[0]`."},
    {.key = "when", .kind = FieldKind::object, .slot = slot<&Rule::when>, .shape = &when_shape,
     .doc = "When the rule holds; always, where this does not stand."},
    {.key = "route", .need = Need::depends, .slot = slot<&Rule::route_name>, .rule = rule_name,
     .doc = "Who answers: the name of a route."},
    {.key = "targets", .kind = FieldKind::text_list, .need = Need::depends, .slot = slot<&Rule::targets>, .rule = rule_upstream_model, .form = Form::one_or_list, .items_max = 64,
     .doc = "Or who answers, as in a route."},
};

#define SIGNALBOX_TASK(member) .kind = FieldKind::text_list, .slot = slot<member>, .rule = rule_upstream_model, .form = Form::one_or_list, .items_max = 64
constinit const Field long_context_fields[] = {
    {.key = "targets", SIGNALBOX_TASK(&LongContext::targets),
     .doc = "Who answers."},
    {.key = "threshold", .kind = FieldKind::integer, .slot = slot<&LongContext::threshold>, .min = 1, .max = tokens_ceiling,
     .doc = "From how many tokens on, by the gateway's own estimate. 60000, as in Claude Code Router: from there on models of 64k tokens have no room for an answer."},
};
constinit const Shape long_context_shape{"long_context", "Requests of many tokens.", long_context_fields, prototype<LongContext>, ""};

constinit const Field tasks_fields[] = {
    {.key = "default", SIGNALBOX_TASK(&Tasks::otherwise),
     .doc = "Who answers what no route's pattern takes. With it and without `routes`, nothing else does."},
    {.key = "background", SIGNALBOX_TASK(&Tasks::background),
     .doc = "Who answers small work that agents do beside: requests for the models of `background_models`."},
    {.key = "think", SIGNALBOX_TASK(&Tasks::think),
     .doc = "Who answers where much thinking is asked for: thinking with a budget, or with an effort from `think_effort_min` on. Thinking that a client merely allows, as Claude Code always does, is not it."},
    {.key = "long_context", .kind = FieldKind::object, .slot = slot<&Tasks::long_context>, .shape = &long_context_shape,
     .doc = "Who answers requests of many tokens."},
    {.key = "web_search", SIGNALBOX_TASK(&Tasks::web_search),
     .doc = "Who answers where the provider is to search the web."},
    {.key = "image", SIGNALBOX_TASK(&Tasks::image),
     .doc = "Who answers where an image stands in the user's last turn, results of tools included."},
    {.key = "subagent", SIGNALBOX_TASK(&Tasks::subagent),
     .doc = "Who answers subagents that say they are such, and have no tag that names another."},
    {.key = "background_models", .kind = FieldKind::text_list, .slot = slot<&Tasks::background_models>, .rule = rule_pattern, .form = Form::one_or_list, .items_max = 64,
     .doc = "Which models, as clients name them, are asked for background work. By default `*haiku*` and `*small-fast*`, what Claude Code uses for it."},
    {.key = "think_effort_min", .kind = FieldKind::choice, .slot = slot<&Tasks::think_effort_min>, .choices = efforts,
     .doc = "From which effort on a request is for `think`. `high`, because agents ask for less without being told to."},
    {.key = "tags", .kind = FieldKind::choice, .slot = slot<&Tasks::tags>, .choices = switches,
     .doc = "Whether `<CCR-SUBAGENT-MODEL>NAME</CCR-SUBAGENT-MODEL>` in a system prompt, or as the first of a message of the user's, says who answers; it is taken out. On wherever `tasks` stands, because whoever writes such a tag means it, and no model should read it."},
};

constinit const Field takes_fields[] = {
    {.key = "images", .kind = FieldKind::choice, .slot = slot<&Takes::images>, .choices = presences,
     .doc = "Whether it takes images, wherever in the request they stand. Where `flags.vision` is off and nothing stands here, it is asked only when no other target takes them, and then without them."},
    {.key = "documents", .kind = FieldKind::choice, .slot = slot<&Takes::documents>, .choices = presences,
     .doc = "Whether it takes documents."},
    {.key = "tools", .kind = FieldKind::choice, .slot = slot<&Takes::tools>, .choices = presences,
     .doc = "Whether it takes tools."},
};
// clang-format on
#undef SIGNALBOX_TASK

}  // namespace

constinit const Shape rule_shape{
    "rule", "Who answers where some facts hold; the first rule that holds decides, ahead of tasks and of patterns.",
    rule_fields, prototype<Rule>, R"([{"required": ["route"]}, {"required": ["targets"]}])"};
constinit const Shape tasks_shape{
    "tasks",
    "Who answers what kind of work, asked in the order subagent, long_context, web_search, image, background, think: a "
    "list of targets as in a route, or the name of a route. A task that is not named here goes where the model's name "
    "says.",
    tasks_fields, prototype<Tasks>, ""};
constinit const Shape takes_shape{
    "takes",
    "What can be sent there. What is `off` here is never sent: another target of the route answers, and where there is "
    "none an error says why.",
    takes_fields, prototype<Takes>, ""};

}  // namespace signalbox::config
