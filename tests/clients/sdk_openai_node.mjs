// The official openai package on a model behind Anthropic Messages; each check is counted. Started by sdks_openai.py,
// which sets SDK_OPENAI (the gateway) and SDK_SEEN (what must be seen of each answer).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Checks, equal, failure, sorted, that } from "./sdk_checks.mjs";
const require = createRequire(process.env.SIGNALBOX_NODE_MODULES + "/x.js");
const { default: OpenAI } = require("openai");

const checks = new Checks("sdk openai npm");
const client = new OpenAI({ apiKey: "any", baseURL: process.env.SDK_OPENAI, maxRetries: 0, timeout: 20_000 });
const wanted = JSON.parse(readFileSync(process.env.SDK_SEEN, "utf8"));
const tools = ["Bash", "List"].map((name) => ({ type: "function", function: { name, description: "A tool", parameters: { type: "object", properties: { command: { type: "string" } } } } }));
const ask = (script, more = {}) => ({ model: `script-${script}`, max_tokens: 100, tools, messages: [{ role: "user", content: "hi" }], ...more });
const usage = { stream_options: { include_usage: true } };
const answer = (body, form) => (form === "whole" ? client.chat.completions.create(body) : client.chat.completions.stream({ ...body, ...usage }).finalChatCompletion());

function see(completion, script, row) {
  const [choice] = completion.choices, message = choice.message;
  equal([completion.object, completion.model, completion.choices.length, choice.index, message.role], ["chat.completion", `script-${script}`, 1, 0, "assistant"], "head");
  that(completion.id && Number.isInteger(completion.created), "id and created");
  // Anthropic says at the end that it refused: the text before was text.
  equal(message.content ?? "", row.text, "text");
  const calls = message.tool_calls ?? [];
  equal(sorted(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)])), sorted(row.calls), "calls");
  that(calls.every((call) => call.type === "function" && call.id.length <= 40) && new Set(calls.map((call) => call.id)).size === calls.length, "ids");
  equal(choice.finish_reason, row.finish, "finish");
  const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details } = completion.usage;
  equal([prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details?.cached_tokens], row.tokens, "usage");
}
// Without what differs from answer to answer, or what the SDK adds.
function plain(completion) {
  const data = JSON.parse(JSON.stringify(completion));
  for (const { message } of data.choices) {
    for (const name of ["parsed", "reasoning_content", "refusal", "annotations"]) if (message[name] == null || name === "reasoning_content") delete message[name];
    for (const call of message.tool_calls ?? []) (call.id = ""), (call.function.arguments = JSON.parse(call.function.arguments)), delete call.function.parsed_arguments, delete call.index, delete call.parsed_arguments;
    // The state of each answer is its own; both have one, or none.
    for (const call of message.tool_calls ?? []) if (call.extra_content) call.extra_content.google.thought_signature = call.extra_content.google.thought_signature.slice(0, "sb1.".length);
    message.content ||= null; // the SDK's sum of no text is an empty one
    if (!message.tool_calls?.length) delete message.tool_calls;
  }
  for (const choice of data.choices) if (choice.logprobs == null) delete choice.logprobs;
  delete data._request_id;
  return sorted({ ...data, id: "", created: 0, service_tier: undefined, system_fingerprint: undefined });
}

for (const [script, row] of Object.entries(wanted)) {
  const seen = {};
  for (const form of ["whole", "streamed"])
    await checks.check(`${script}, ${form}`, async () => see((seen[form] = await answer(ask(script), form)), script, row));
  await checks.check(`${script}: the stream adds up to the whole answer`, async () => equal(plain(seen.streamed), plain(seen.whole)));
  await checks.check(`${script}: chunks keep the rules`, async () => {
    const chunks = [];
    for await (const chunk of await client.chat.completions.create(ask(script, { stream: true, ...usage }))) chunks.push(chunk);
    that(chunks.every((chunk) => chunk.object === "chat.completion.chunk" && chunk.id === chunks[0].id && chunk.created === chunks[0].created && chunk.model === chunks[0].model), "heads are one");
    equal(chunks[0].choices[0].delta.role, "assistant");
    const last = chunks.pop();
    that(last.choices.length === 0 && last.usage.total_tokens === row.tokens[2], "usage in its own chunk");
    const finishes = chunks.filter((chunk) => chunk.choices[0].finish_reason);
    that(finishes.length === 1 && finishes[0] === chunks.at(-1), "one finish, the last");
    const deltas = chunks.map((chunk) => chunk.choices[0].delta);
    equal(deltas.map((delta) => delta.reasoning_content ?? "").join(""), row.reasoning, "reasoning");
    const calls = deltas.flatMap((delta) => delta.tool_calls ?? []);
    equal([...new Set(calls.map((call) => call.index))], row.calls.map((_, index) => index), "indices are of calls");
    that(calls.filter((call) => call.id).length === row.calls.length, "an id once");
  });
}
await checks.check("no usage where it was not asked for", async () => {
  for await (const chunk of await client.chat.completions.create(ask("text", { stream: true }))) that(!chunk.usage && chunk.choices.length === 1, JSON.stringify(chunk));
});
for (const form of ["whole", "streamed"]) {
  await checks.check(`the turn after two calls, ${form}`, async () => {
    const first = (await answer(ask("two-tools"), form)).choices[0].message;
    const said = { role: "assistant", content: first.content, tool_calls: first.tool_calls.map(({ id, type, function: { name, arguments: text } }) => ({ id, type, function: { name, arguments: text } })) };
    const results = first.tool_calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: "hello" }));
    const messages = [{ role: "system", content: "be brief" }, { role: "user", content: "hi" }, said, ...results, { role: "user", content: "go on" }];
    equal((await answer(ask("text", { messages }), form)).choices[0].finish_reason, "stop");
  });
  await checks.check(`everything that a request may hold, ${form}`, async () => {
    const messages = [{ role: "developer", content: [{ type: "text", text: "be brief" }] },
      { role: "user", content: [{ type: "text", text: "look" }, { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=", detail: "low" } }] },
      { role: "user", content: "and say", name: "me" }];
    const body = ask("text", { messages, temperature: 1.7, stop: ["END", " "], tool_choice: "required", parallel_tool_calls: false, user: "someone", seed: 7 });
    equal((await answer(body, form)).choices[0].finish_reason, "stop");
  });
  for (const [script, status, kind] of [
    ["error-400", 400, "BadRequestError"], ["error-404", 404, "NotFoundError"], ["error-413", 413, "APIError"], ["error-429", 429, "RateLimitError"],
    ["error-500", 500, "InternalServerError"], ["error-529", 529, "InternalServerError"], ["error-401", 502, "InternalServerError"],
    ["garbage", 502, "InternalServerError"], ["reset", 502, "InternalServerError"], ["html-200", 502, "InternalServerError"], ["empty-200", 502, "InternalServerError"]])
    await checks.check(`${script} gives ${status}, ${form}`, async () => {
      const error = await failure(answer(ask(script), form));
      equal(error.status, status, `status (${error.message})`);
      that(error instanceof OpenAI[kind], `class ${error.constructor.name}`);
      that(typeof error.error?.message === "string" && typeof error.type === "string", JSON.stringify(error.error));
      if (status === 429) equal(error.headers.get("retry-after"), "7", "retry-after");
    });
  await checks.check(`an error inside a 200 before content has the status of an error, ${form}`, async () => {
    const error = await failure(answer(ask("error-first"), form));
    that(error instanceof OpenAI.InternalServerError && error.status >= 500, `${error.status} ${error}`);
  });
}
for (const script of ["error-event", "cut", "cut-reset", "cut-clean"])
  await checks.check(`${script}: an API error in the stream, behind content`, async () => {
    const chunks = [];
    const error = await failure((async () => {
      for await (const chunk of await client.chat.completions.create(ask(script, { stream: true }))) chunks.push(chunk);
    })());
    that(error instanceof OpenAI.APIError, `class ${error.constructor.name}: ${error}`);
    that(chunks.length > 1 && chunks.every((chunk) => !chunk.choices[0].finish_reason), "no success ending");
  });
checks.exit();
