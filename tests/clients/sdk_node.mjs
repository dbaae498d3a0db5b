// The official @anthropic-ai/sdk against Signalbox; each check is counted. Started by sdks.py, which sets
// SDK_SCRIPTED (in front of the scripted upstream), SDK_MOCK, SDK_KEYED (wants a client key, small bodies).
import { createRequire } from "node:module";
import { Checks, equal, failure, that } from "./sdk_checks.mjs";
const require = createRequire(process.env.SIGNALBOX_NODE_MODULES + "/x.js");
const { default: Anthropic } = require("@anthropic-ai/sdk");

const checks = new Checks("sdk npm");

const text = "Grüße, 世界 — ok \u{1F600}. ".repeat(2) + "Done.";
const bash = { name: "Bash", description: "Runs a command", input_schema: { type: "object", properties: { command: { type: "string" } } } };
const make = (baseURL, more = {}) => new Anthropic({ apiKey: "any", baseURL, maxRetries: 0, timeout: 20_000, ...more });
const scripted = make(process.env.SDK_SCRIPTED), mock = make(process.env.SDK_MOCK);
const ask = (script, more = {}) => ({ model: `script-${script}`, max_tokens: 100, messages: [{ role: "user", content: "hi" }], ...more });

async function answer(client, body, form) {
  return form === "whole" ? client.messages.create(body) : client.messages.stream(body).finalMessage();
}

for (const form of ["whole", "streamed"]) {
  await checks.check(`text, ${form}`, async () => {
    const message = await answer(scripted, ask("text"), form);
    equal(message.content.map((block) => [block.type, block.text]), [["text", text]]);
    equal(message.stop_reason, "end_turn");
    equal([message.usage.input_tokens, message.usage.output_tokens, message.usage.cache_read_input_tokens], [25, 42, 7]);
  });
  await checks.check(`tool call with thinking, ${form}`, async () => {
    const message = await answer(scripted, ask("tool", { tools: [bash] }), form);
    equal(message.content.map((block) => block.type), ["thinking", "text", "tool_use"]);
    equal([message.content[2].name, message.content[2].input.command], ["Bash", "echo hello"]);
    that(message.content[0].signature.startsWith("E"), "the signature");
    equal(message.stop_reason, "tool_use");
  });
  await checks.check(`the turn after a tool call, signature replayed, ${form}`, async () => {
    const first = await answer(scripted, ask("tool", { tools: [bash] }), form);
    const messages = [{ role: "user", content: "hi" }, { role: "assistant", content: first.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: first.content[2].id, content: "hello\n" }] }];
    equal((await answer(scripted, ask("text", { tools: [bash], messages }), form)).stop_reason, "end_turn");
  });
  await checks.check(`two tool calls, ${form}`, async () => {
    const message = await answer(scripted, ask("two-tools", { tools: [bash] }), form);
    equal(message.content.map((block) => block.input.command), ["echo hello", "echo é \"quoted\""]);
    that(message.content[0].id !== message.content[1].id, "ids differ");
  });
  await checks.check(`thinking and redacted thinking, ${form}`, async () => {
    const message = await answer(scripted, ask("thinking"), form);
    equal(message.content.map((block) => block.type), ["thinking", "redacted_thinking", "text"]);
    equal(message.content[0].thinking, "Let me see … 考える");
  });
  await checks.check(`each byte in its own chunk, ${form}`, async () => {
    equal((await answer(scripted, ask("odd-cuts"), form)).content.at(-1).text, text);
  });
  await checks.check(`mock, text, ${form}`, async () => {
    const message = await answer(mock, ask("x"), form);
    equal([message.content.length, message.content[0].type, message.stop_reason], [1, "text", "end_turn"]);
    that(/mock/i.test(message.content[0].text), "it says that it is the mock");
    that(message.usage.input_tokens > 0 && message.usage.output_tokens > 0, "usage");
  });
  await checks.check(`mock, tool call only when asked, once, ${form}`, async () => {
    const prompt = { role: "user", content: 'mock: call Bash {"command":"echo hi"}' };
    const first = await answer(mock, ask("x", { tools: [bash], messages: [prompt] }), form);
    equal([first.content[0].type, first.content[0].name, first.content[0].input], ["tool_use", "Bash", { command: "echo hi" }]);
    equal(first.stop_reason, "tool_use");
    const result = { role: "user", content: [{ type: "tool_result", tool_use_id: first.content[0].id, content: "hi" }] };
    const messages = [prompt, { role: "assistant", content: first.content }, result];
    const second = await answer(mock, ask("x", { tools: [bash], messages }), form);
    equal([second.content.map((block) => block.type), second.stop_reason], [["text"], "end_turn"]);
  });
  for (const [script, status, kind, type] of [
    ["error-400", 400, "BadRequestError", "invalid_request_error"], ["error-404", 404, "NotFoundError", "not_found_error"],
    ["error-413", 413, "APIError", "request_too_large"], ["error-429", 429, "RateLimitError", "rate_limit_error"],
    ["error-500", 500, "InternalServerError", "api_error"], ["error-529", 529, "InternalServerError", "overloaded_error"],
    ["error-401", 502, "InternalServerError", "api_error"], ["error-403", 502, "InternalServerError", "api_error"],
    ["garbage", 502, "InternalServerError", "api_error"], ["half-head", 502, "InternalServerError", "api_error"],
    ["huge-header", 502, "InternalServerError", "api_error"], ["redirect", 502, "InternalServerError", "api_error"],
    ["wrong-type", 502, "InternalServerError", "api_error"], ["html-200", 502, "InternalServerError", "api_error"],
    ["empty-200", 502, "InternalServerError", "api_error"]]) {
    await checks.check(`${script} gives ${status}, ${form}`, async () => {
      const error = await failure(answer(scripted, ask(script), form));
      equal(error.status, status, "status");
      that(error instanceof Anthropic[kind], `class ${error.constructor.name}`);
      equal([error.error?.type, error.error?.error?.type], ["error", type], "type");
      that(typeof error.error.error.message === "string" && error.error.error.message.length > 0, "message");
      that(error.requestID?.startsWith("req_"), `request id ${error.requestID}`);
      if (status === 429) {
        equal(error.headers.get("retry-after"), "7", "retry-after");
        equal(error.headers.get("anthropic-ratelimit-requests-limit"), "50", "ratelimit");
      }
    });
  }
}

for (const script of ["drip", "close-delimited"])
  await checks.check(`${script}, streamed`, async () => equal((await answer(scripted, ask(script), "streamed")).content.at(-1).text, text));
for (const script of ["error-event", "cut", "cut-clean"])
  await checks.check(`${script} in a stream is an error and no success`, async () => {
    const error = await failure(answer(scripted, ask(script), "streamed"));
    that(error instanceof Anthropic.AnthropicError, `class ${error.constructor.name}: ${error}`);
    if (script === "error-event") that(/scripted/.test(error.message), error.message);
  });
await checks.check("events of a stream come one by one, in order", async () => {
  const types = [];
  for await (const event of await scripted.messages.create(ask("text", { stream: true }))) types.push(event.type);
  equal([types[0], types[1], types.at(-3), types.at(-2), types.at(-1)],
    ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]);
});
await checks.check("headers say who answered", async () => {
  const { response } = await scripted.messages.create(ask("text")).withResponse();
  equal(["provider", "model", "attempts"].map((name) => response.headers.get(`x-signalbox-${name}`)), ["up", "script-text", "1"]);
  that(response.headers.get("x-signalbox-route"), "route");
});
await checks.check("count_tokens of the upstream", async () => {
  const { data, response } = await scripted.messages.countTokens({ model: "script-text", messages: ask("x").messages }).withResponse();
  equal(data.input_tokens, 2095);
  equal(response.headers.get("x-signalbox-estimate"), null);
});
await checks.check("count_tokens of the mock is an estimate and says so", async () => {
  const { data, response } = await mock.messages.countTokens({ model: "any", messages: ask("x").messages }).withResponse();
  that(Number.isInteger(data.input_tokens) && data.input_tokens > 0, JSON.stringify(data));
  equal(response.headers.get("x-signalbox-estimate"), "true");
});
await checks.check("models are listed", async () => {
  const ids = [];
  for await (const model of scripted.models.list()) ids.push([model.id, model.type]);
  that(ids.some(([id, type]) => id === "sonnet" && type === "model"), JSON.stringify(ids));
});
await checks.check("a model is found", async () => equal((await scripted.models.retrieve("sonnet")).id, "sonnet"));
await checks.check("an unknown model is not found", async () => {
  const error = await failure(make(process.env.SDK_KEYED, { apiKey: process.env.SDK_CLIENT_KEY }).models.retrieve("nothing"));
  that(error instanceof Anthropic.NotFoundError, String(error));
});
await checks.check("a path that is not there is not found", async () => {
  const error = await failure(scripted.get("/v1/files"));
  that(error instanceof Anthropic.NotFoundError && error.error?.error?.type === "not_found_error", String(error));
});

for (const form of ["whole", "streamed"]) {
  const keyed = make(process.env.SDK_KEYED, { apiKey: process.env.SDK_CLIENT_KEY });
  await checks.check(`a client key as apiKey, ${form}`, async () =>
    equal((await answer(keyed, ask("text", { model: "sonet-1" }), form)).stop_reason, "end_turn"));
  await checks.check(`a client key as x-api-key, ${form}`, async () => {
    const named = make(process.env.SDK_KEYED, { apiKey: "other", defaultHeaders: { authorization: null, "x-api-key": process.env.SDK_CLIENT_KEY } });
    equal((await answer(named, ask("text", { model: "sonet-1" }), form)).stop_reason, "end_turn");
  });
  await checks.check(`a wrong client key is 401, ${form}`, async () => {
    const error = await failure(answer(make(process.env.SDK_KEYED, { apiKey: "wrong" }), ask("text"), form));
    that(error instanceof Anthropic.AuthenticationError, String(error));
    equal(error.error.error.type, "authentication_error");
  });
  await checks.check(`an unknown model is 404 and names the nearest, ${form}`, async () => {
    const error = await failure(answer(keyed, ask("text", { model: "sonet-2" }), form));
    that(error instanceof Anthropic.NotFoundError && error.error.error.type === "not_found_error", String(error));
    that(/sonet-1/.test(error.error.error.message), error.error.error.message);
  });
  await checks.check(`a body over the limit is 413, ${form}`, async () => {
    const error = await failure(answer(keyed, ask("text", { model: "sonet-1", messages: [{ role: "user", content: "x".repeat(300_000) }] }), form));
    equal([error.status, error.error?.error?.type], [413, "request_too_large"]);
  });
  await checks.check(`broken JSON is 400 and names the offset, ${form}`, async () => {
    const broken = make(process.env.SDK_SCRIPTED, { fetch: (url, init) => fetch(url, { ...init, body: '{"model":"script-text",,}' }) });
    const error = await failure(answer(broken, ask("text"), form));
    that(error instanceof Anthropic.BadRequestError && error.error.error.type === "invalid_request_error", String(error));
    that(/\b2[23]\b/.test(error.error.error.message), error.error.error.message);
  });
  await checks.check(`a model that is no string is 400, ${form}`, async () => {
    const error = await failure(answer(scripted, ask("text", { model: 5 }), form));
    that(error instanceof Anthropic.BadRequestError && error.error.error.type === "invalid_request_error", String(error));
  });
}
checks.exit();
