// The AI SDK with each provider's package: its own schemas validate what they read.
// usage: pair_ai.mjs CLIENT    see pair_checks.mjs
import { descriptions, drive, key, require, run, schemas, table } from "./pair_checks.mjs";
import { that } from "./sdk_checks.mjs";
const { APICallError, Output, generateText, isStepCount, jsonSchema, streamText, tool } = require("ai");

const effort = { reasoningEffort: "high" };
const packages = {
  "ai-anthropic": [(url) => require("@ai-sdk/anthropic").createAnthropic({ apiKey: key, baseURL: url + "/v1" })(table.models.anthropic), { anthropic: { thinking: { type: "enabled", budgetTokens: 2048 } } }],
  "ai-openai": [(url) => require("@ai-sdk/openai").createOpenAI({ apiKey: key, baseURL: url + "/v1" }).responses(table.models.openai_responses),
    { openai: { ...effort, reasoningSummary: "auto", store: false, include: ["reasoning.encrypted_content"] } }],
  "ai-openai-compatible": [(url) => require("@ai-sdk/openai-compatible").createOpenAICompatible({ name: "pairs", apiKey: key, baseURL: url + "/v1", includeUsage: true, supportsStructuredOutputs: true })(table.models.openai_chat), { pairs: effort }],
  "ai-google": [(url) => require("@ai-sdk/google").createGoogle({ apiKey: key, baseURL: url + "/v1beta" })(table.models.gemini), { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } } }],
};
const tools = (names, runs) => Object.fromEntries(names.map((name) => [name, tool({ description: descriptions[name], inputSchema: jsonSchema(schemas[name]), ...(runs ? { execute: run(name) } : {}) })]));

function client(name, url) {
  const [make, providerOptions] = packages[name], model = make(url);
  const ask = async (prompt, form, own, more) => {
    const asked = { model, prompt, providerOptions, tools: own, maxOutputTokens: table.tokens_wanted, maxRetries: 0, abortSignal: AbortSignal.timeout(20_000), ...more };
    if (form === "whole") return generateText(asked);
    let raised;
    const result = streamText({ ...asked, onError: ({ error }) => (raised = error) });
    for await (const part of result.fullStream) if (part.type === "error") raised ??= part.error;
    if (raised) throw raised;
    const members = ["text", "reasoningText", "toolCalls", "finishReason", "usage", "steps"];
    return Object.fromEntries(await Promise.all(members.map(async (member) => [member, await result[member]])));
  };
  // Of the last step; what all steps say is the sum.
  const see = (result) => {
    const { text, reasoningText, toolCalls, finishReason, usage } = result.steps.at(-1);
    that(toolCalls.every((call) => call.toolCallId && !call.invalid), `calls: ${JSON.stringify(toolCalls)}`);
    const refused = finishReason === "content-filter";
    return { thinking: reasoningText ?? "", text, calls: toolCalls.map((call) => [call.toolName, call.input]),
      stop: refused ? "refusal" : { stop: "end", "tool-calls": "calls" }[finishReason] ?? finishReason,
      usage: { prompt: usage.inputTokens, cached: usage.inputTokenDetails?.cacheReadTokens ?? 0, output: usage.outputTokens, reasoning: usage.outputTokenDetails?.reasoningTokens,
        written: usage.inputTokenDetails?.cacheWriteTokens } };
  };
  return {
    answer: async (prompt, form) => see(await ask(prompt, form, tools(Object.keys(schemas)))),
    loop: async (prompt, form) => see(await ask(prompt, form, tools(["read", "count"], true), { stopWhen: isStepCount(3) })),
    structured: async (prompt) => (await generateText({ model, prompt, maxRetries: 0, output: Output.object({ schema: jsonSchema(table.schema) }) })).output,
    // An error inside of a stream comes as the provider's package reads it: a value with a message, or the words alone.
    raised: (error) => (APICallError.isInstance(error) ? { status: error.statusCode, retry_after: error.responseHeaders?.["retry-after"] }
      : /scripted|overloaded|upstream|connection|terminated|ended/i.test(JSON.stringify(error) + String(error?.message ?? error)) && { status: null, message: JSON.stringify(error) }),
  };
}

await drive(process.argv[2], (url) => client(process.argv[2], url));
