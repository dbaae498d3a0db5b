// The official @anthropic-ai/sdk on models behind Chat Completions; each check is counted. Started by sdks_chat.py,
// which sets SDK_CHAT (the gateway) and SDK_SHAPES (the table of chat_shapes.py).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Checks, equal, failure, sorted, that } from "./sdk_checks.mjs";
const require = createRequire(process.env.SIGNALBOX_NODE_MODULES + "/x.js");
const { default: Anthropic } = require("@anthropic-ai/sdk");

const checks = new Checks("sdk chat npm");
const client = new Anthropic({ apiKey: "any", baseURL: process.env.SDK_CHAT, maxRetries: 0, timeout: 20_000 });
const shapes = JSON.parse(readFileSync(process.env.SDK_SHAPES, "utf8"));
const tools = ["Bash", "Read", "Write", "List"].map((name) => ({ name, description: "A tool", input_schema: { type: "object", properties: { command: { type: "string" } } } }));
const ask = (script, more = {}) => ({ model: `script-${script}`, max_tokens: 100, tools, messages: [{ role: "user", content: "hi" }], ...more });
const answer = (body, form) => (form === "whole" ? client.messages.create(body) : client.messages.stream(body).finalMessage());
// Without what differs from answer to answer (its own id, and ids that the upstream did not give), and what the SDK adds.
function plain(message, wanted) {
  const data = JSON.parse(JSON.stringify({ ...message, id: "", parsed_output: undefined }));
  for (const block of data.content) if (block.type === "tool_use" && !wanted.ids) block.id = "";
  return sorted(data);
}

// Without what only the gateway knows.
function content(message) {
  return message.content.map(({ type, text, thinking, name, input }) =>
    type === "text" ? { type, text } : type === "thinking" ? { type, thinking } : { type, name, input });
}
function see(message, script, wanted) {
  equal(sorted(content(message)), sorted(wanted.content), "content");
  equal([message.stop_reason, message.stop_sequence], [wanted.stop_reason, wanted.stop_sequence], "stop");
  equal([message.model, message.type, message.role], [`script-${script}`, "message", "assistant"], "head");
  that(/^[A-Za-z0-9_-]{1,100}$/.test(message.id), `id ${message.id}`);
  const calls = message.content.filter((block) => block.type === "tool_use");
  if (wanted.ids) equal(calls.map((call) => call.id), wanted.ids, "ids");
  that(calls.every((call) => /^[A-Za-z0-9_-]+$/.test(call.id)) && new Set(calls.map((call) => call.id)).size === calls.length, "ids differ");
  that(message.content.every((block) => block.type !== "thinking" || block.signature.startsWith("sb1.openai_chat.")), "envelope");
  const usage = message.usage;
  if (wanted.tokens) equal([usage.input_tokens, usage.cache_read_input_tokens ?? 0, usage.output_tokens], wanted.tokens, "usage");
  else that(Number.isInteger(usage.input_tokens) && Number.isInteger(usage.output_tokens), JSON.stringify(usage));
}

for (const [script, wanted] of Object.entries(shapes)) {
  const seen = {};
  for (const form of ["whole", "streamed"])
    await checks.check(`${script}, ${form}`, async () => {
      seen[form] = await answer(ask(script), form);
      see(seen[form], script, wanted);
    });
  await checks.check(`${script}: the stream adds up to the whole answer`, async () => {
    that(seen.whole.id !== seen.streamed.id, "each answer has an id of its own");
    equal(plain(seen.streamed, wanted), plain(seen.whole, wanted));
  });
}

for (const form of ["whole", "streamed"]) {
  await checks.check(`whole for a stream, stream for whole, ${form}`, async () => {
    const message = await answer(ask(form === "whole" ? "stream-for-whole" : "whole-for-stream"), form);
    equal(sorted(content(message)), sorted(shapes.tool.content));
    equal([message.stop_reason, message.usage.output_tokens], ["tool_use", 42]);
  });
  for (const script of ["two-choices", "odd-cuts"])
    await checks.check(`${script}, ${form}`, async () => equal((await answer(ask(script), form)).content.at(-1).text, shapes.text.content[0].text));
  await checks.check(`an empty answer of the only lane is an empty message, ${form}`, async () => {
    const message = await answer(ask("empty"), form);
    equal([message.content, message.stop_reason], [[], "end_turn"]);
  });
  await checks.check(`the turn after two tool calls, ${form}`, async () => {
    const first = await answer(ask("two-tools-in-turn"), form);
    const results = first.content.filter((block) => block.type === "tool_use").map((call) => ({ type: "tool_result", tool_use_id: call.id,
      content: [{ type: "text", text: "hello" }, { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } }] }));
    const messages = [{ role: "user", content: "hi" }, { role: "assistant", content: first.content }, { role: "user", content: [...results, { type: "text", text: "go on" }] }];
    equal((await answer(ask("text", { messages }), form)).stop_reason, "end_turn");
  });
  for (const [script, status, kind, type] of [
    ["error-400", 400, "BadRequestError", "invalid_request_error"], ["error-404", 404, "NotFoundError", "not_found_error"],
    ["error-413", 413, "APIError", "request_too_large"], ["error-429", 429, "RateLimitError", "rate_limit_error"],
    ["error-quota", 429, "RateLimitError", "rate_limit_error"], ["error-context", 400, "BadRequestError", "invalid_request_error"],
    ["error-500", 500, "InternalServerError", "api_error"], ["error-503", 503, "InternalServerError", "overloaded_error"],
    ["error-529", 529, "InternalServerError", "overloaded_error"],
    ["error-401", 502, "InternalServerError", "api_error"], ["error-403", 502, "InternalServerError", "api_error"],
    ["garbage", 502, "InternalServerError", "api_error"], ["half-head", 502, "InternalServerError", "api_error"],
    ["reset", 502, "InternalServerError", "api_error"], ["redirect", 502, "InternalServerError", "api_error"],
    ["wrong-type", 502, "InternalServerError", "api_error"], ["html-200", 502, "InternalServerError", "api_error"],
    ["empty-200", 502, "InternalServerError", "api_error"],
    ["no-choices", 502, "InternalServerError", "api_error"], ["arguments-broken", 502, "InternalServerError", "api_error"],
    ["arguments-array", 502, "InternalServerError", "api_error"]]) {
    if (script.startsWith("arguments") && form === "streamed") continue; // content by then
    await checks.check(`${script} gives ${status}, ${form}`, async () => {
      const error = await failure(answer(ask(script), form));
      equal(error.status, status, `status (${error.message})`);
      that(error instanceof Anthropic[kind], `class ${error.constructor.name}`);
      equal([error.error?.type, error.error?.error?.type], ["error", type], "type");
      that(typeof error.error.error.message === "string" && error.error.error.message.length > 0, "message");
      that(error.requestID?.startsWith("req_"), `request id ${error.requestID}`);
      if (script === "error-429") equal(error.headers.get("retry-after"), "7", "retry-after");
      if (script === "error-context") that(/prompt is too long/.test(error.error.error.message), error.error.error.message);
    });
  }
  await checks.check(`an error inside a 200 before content has the status of an error, ${form}`, async () => {
    const error = await failure(answer(ask("error-first"), form));
    that(error instanceof Anthropic.InternalServerError && error.status >= 500, `${error.status} ${error}`);
    that(/scripted/.test(error.message), error.message);
  });
}

for (const script of ["drip", "close-delimited", "twice"])
  await checks.check(`${script}, streamed`, async () => equal((await answer(ask(script), "streamed")).content.at(-1).text, shapes.text.content[0].text));
for (const script of ["cut-early", "role-only", "empty-clean"])
  await checks.check(`${script}: a stream without content has the status of an error`, async () => {
    const error = await failure(answer(ask(script), "streamed"));
    that(error instanceof Anthropic.InternalServerError && error.status === 502, `${error.status} ${error}`);
  });
for (const script of ["error-event", "cut", "cut-reset", "cut-clean", "no-finish", "arguments-broken", "arguments-array"])
  await checks.check(`${script}: an API error in the stream, behind content`, async () => {
    const events = [];
    const error = await failure((async () => {
      for await (const event of await client.messages.create(ask(script, { stream: true }))) events.push(event.type);
    })());
    that(error instanceof Anthropic.APIError, `class ${error.constructor.name}: ${error}`);
    equal(error.error?.type ?? error.error?.error?.type, "error", "type");
    that(events.includes("content_block_start") && !events.includes("message_delta") && !events.includes("message_stop"), String(events));
    if (script === "error-event") that(/scripted/.test(error.message), error.message);
  });
await checks.check("events come one by one, in order", async () => {
  const types = [];
  for await (const event of await client.messages.create(ask("text", { stream: true }))) types.push(event.type);
  equal([types[0], types.find((type) => type !== "message_start" && type !== "ping"), types.at(-3), types.at(-2), types.at(-1)],
    ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]);
});
await checks.check("headers say who answered, and what was lost", async () => {
  const { response } = await client.messages.create(ask("text", { top_k: 4, inference_geo: "us" })).withResponse();
  equal(["provider", "model", "attempts"].map((name) => response.headers.get(`x-signalbox-${name}`)), ["up", "script-text", "1"]);
  equal(response.headers.get("x-signalbox-translation-loss")?.split(";").sort(), ["inference_geo", "top_k"]);
});
await checks.check("count_tokens is an estimate and says so", async () => {
  const { data, response } = await client.messages.countTokens({ model: "script-text", messages: ask("x").messages }).withResponse();
  that(Number.isInteger(data.input_tokens) && data.input_tokens > 0, JSON.stringify(data));
  equal(response.headers.get("x-signalbox-estimate"), "true");
});
checks.exit();
