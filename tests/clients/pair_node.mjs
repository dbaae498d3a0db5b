// The official JavaScript SDKs, each in its natural way, on every upstream.
// usage: pair_node.mjs CLIENT    see pair_checks.mjs
import { descriptions, drive, joined, key, require, run, schemas, table, typed } from "./pair_checks.mjs";
import { that } from "./sdk_checks.mjs";

const names = Object.keys(schemas), model = table.models, tokens = table.tokens_wanted;
const runnable = ["read", "count"];

function anthropic(url) {
  const { default: Anthropic } = require("@anthropic-ai/sdk"), { betaTool } = require("@anthropic-ai/sdk/helpers/beta/json-schema");
  const client = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0, timeout: 20_000 });
  const tools = names.map((name) => ({ name, description: descriptions[name], input_schema: schemas[name] }));
  const body = (prompt) => ({ model: model.anthropic, max_tokens: tokens, thinking: { type: "enabled", budget_tokens: 2048 }, messages: [{ role: "user", content: prompt }] });
  const see = (message) => {
    const used = message.usage, of = (type) => message.content.filter((block) => block.type === type);
    typed(message, "message", { id: "string", model: "string", content: "array", stop_reason: "string", stop_sequence: "string?", usage: "object" });
    typed(used, "usage", { input_tokens: "number", output_tokens: "number", cache_read_input_tokens: "number?", cache_creation_input_tokens: "number?" });
    that(message.type === "message" && message.role === "assistant", "type and role");
    for (const block of message.content)
      typed(block, block.type, { text: { text: "string" }, thinking: { thinking: "string", signature: "string" }, redacted_thinking: { data: "string" }, tool_use: { id: "string", name: "string", input: "object" } }[block.type]);
    const read = used.cache_read_input_tokens ?? 0, written = used.cache_creation_input_tokens ?? 0;
    return { thinking: joined(of("thinking"), "thinking"), text: joined(of("text"), "text"), calls: of("tool_use").map((block) => [block.name, block.input]),
      stop: { end_turn: "end", tool_use: "calls", max_tokens: "length" }[message.stop_reason] ?? message.stop_reason,
      usage: { prompt: used.input_tokens + read + written, cached: read, output: used.output_tokens, reasoning: used.output_tokens_details?.thinking_tokens, written } };
  };
  return {
    answer: async (prompt, form) => see(form === "whole" ? await client.messages.create({ ...body(prompt), tools }) : await client.messages.stream({ ...body(prompt), tools }).finalMessage()),
    loop: async (prompt, form) => {
      const runner = client.beta.messages.toolRunner({ ...body(prompt), stream: form === "streamed",
        tools: runnable.map((name) => betaTool({ name, description: descriptions[name], inputSchema: schemas[name], run: run(name) })) });
      return see(await runner.runUntilDone());
    },
    structured: async (prompt) => JSON.parse((await client.messages.create({ ...body(prompt), output_config: { format: { type: "json_schema", schema: table.schema } } })).content.at(-1).text),
    raised: (error) => error instanceof Anthropic.APIError && { status: error.status, retry_after: error.headers?.get?.("retry-after") },
    count: async () => (await client.messages.countTokens({ model: model.anthropic, messages: [{ role: "user", content: "How many?" }] })).input_tokens,
    models: async () => (await client.models.list()).data.map((entry) => entry.id),
  };
}

function openai(url) {
  const { default: OpenAI } = require("openai");
  const client = new OpenAI({ apiKey: key, baseURL: url + "/v1", maxRetries: 0, timeout: 20_000 });
  const raised = (error) => (error instanceof OpenAI.APIError || error.failed) && { status: error.status, retry_after: error.headers?.get?.("retry-after") };
  return { client, raised, models: async () => (await client.models.list()).data.map((entry) => entry.id) };
}

function openaiChat(url) {
  const { client, ...rest } = openai(url);
  const tools = names.map((name) => ({ type: "function", function: { name, description: descriptions[name], parameters: schemas[name] } }));
  const body = (prompt) => ({ model: model.openai_chat, max_tokens: tokens, reasoning_effort: "high", messages: [{ role: "user", content: prompt }] });
  const usage = { stream_options: { include_usage: true } };
  const see = (completion) => {
    const [choice] = completion.choices, { message } = choice, used = completion.usage;
    typed(completion, "completion", { id: "string", created: "number", model: "string", choices: "array", usage: "object" });
    typed(choice, "choice", { index: "number", message: "object", finish_reason: "string" });
    typed(used, "usage", { prompt_tokens: "number", completion_tokens: "number", total_tokens: "number", prompt_tokens_details: "object" });
    that(completion.object === "chat.completion" && completion.choices.length === 1 && message.role === "assistant" && "content" in message, "head");
    that(used.total_tokens === used.prompt_tokens + used.completion_tokens, "the sum of the usage");
    for (const call of message.tool_calls ?? []) typed(call, "call", { id: "string", function: "object" }), that(call.type === "function", "type");
    const refused = choice.finish_reason === "content_filter" || message.refusal;
    return { thinking: message.reasoning_content ?? "", text: (message.content ?? "") + (message.refusal ?? ""),
      calls: (message.tool_calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
      stop: refused ? "refusal" : { stop: "end", tool_calls: "calls" }[choice.finish_reason] ?? choice.finish_reason,
      usage: { prompt: used.prompt_tokens, cached: used.prompt_tokens_details.cached_tokens, output: used.completion_tokens,
        reasoning: used.completion_tokens_details?.reasoning_tokens, written: used.prompt_tokens_details.cache_write_tokens ?? 0 } };
  };
  return {
    ...rest,
    answer: async (prompt, form) => {
      if (form === "whole") return see(await client.chat.completions.create({ ...body(prompt), tools }));
      let thoughts = ""; // of a member that is not in its types, the SDK keeps the last piece
      const stream = client.chat.completions.stream({ ...body(prompt), tools, ...usage }).on("chunk", (chunk) => (thoughts += chunk.choices[0]?.delta.reasoning_content ?? ""));
      return { ...see(await stream.finalChatCompletion()), thinking: thoughts };
    },
    loop: async (prompt, form) => {
      const own = tools.filter((tool) => runnable.includes(tool.function.name)).map((tool) => ({ ...tool, function: { ...tool.function, parse: JSON.parse, function: run(tool.function.name) } }));
      const runner = client.chat.completions.runTools({ ...body(prompt), tools: own, ...(form === "streamed" ? { stream: true, ...usage } : {}) });
      return see(await runner.finalChatCompletion());
    },
    structured: async (prompt) => {
      const response_format = { type: "json_schema", json_schema: { name: "told", schema: table.schema, strict: true } };
      return (await client.chat.completions.parse({ ...body(prompt), response_format })).choices[0].message.parsed;
    },
  };
}

function openaiResponses(url) {
  const { client, ...rest } = openai(url);
  const tools = names.map((name) => ({ type: "function", name, description: descriptions[name], parameters: schemas[name], strict: false }));
  const body = (input) => ({ model: model.openai_responses, max_output_tokens: tokens, reasoning: { effort: "high", summary: "auto" }, store: false, include: ["reasoning.encrypted_content"], tools, input });
  const ask = async (input, form) => {
    if (form === "whole") return client.responses.create(body(input));
    const stream = client.responses.stream(body(input));
    let number = 0, ended;
    for await (const event of stream) {
      if (event.type === "response.failed") throw Object.assign(new Error(event.response.error.message), { failed: true });
      that(event.sequence_number === number++, `sequence_number of ${event.type}: ${event.sequence_number}`);
      if (["response.completed", "response.incomplete"].includes(event.type)) ended = event.response;
    }
    return ended ?? (await stream.finalResponse());
  };
  const see = (response) => {
    const of = (type) => response.output.filter((item) => item.type === type), used = response.usage;
    typed(response, "response", { id: "string", created_at: "number", model: "string", status: "string", output: "array", tools: "array", usage: "object", parallel_tool_calls: "boolean",
      error: "object?", incomplete_details: "object?", metadata: "object?", temperature: "number?", top_p: "number?" });
    typed(used, "usage", { input_tokens: "number", output_tokens: "number", total_tokens: "number", input_tokens_details: "object", output_tokens_details: "object" });
    for (const item of response.output)
      typed(item, item.type, { message: { id: "string", content: "array", status: "string" }, reasoning: { id: "string", summary: "array" }, function_call: { call_id: "string", name: "string", arguments: "string" } }[item.type]);
    that(response.object === "response" && "instructions" in response && response.tool_choice !== undefined, "head");
    const parts = of("message").flatMap((item) => item.content), refusals = parts.filter((part) => part.type === "refusal"), reason = response.incomplete_details?.reason;
    for (const part of parts) typed(part, part.type, part.type === "refusal" ? { refusal: "string" } : { text: "string", annotations: "array" });
    return { thinking: joined(of("reasoning").flatMap((item) => item.summary), "text"), text: joined(parts, "text") + joined(refusals, "refusal"),
      calls: of("function_call").map((item) => [item.name, JSON.parse(item.arguments)]),
      stop: { max_output_tokens: "length", content_filter: "refusal" }[reason] ?? (refusals.length ? "refusal" : of("function_call").length ? "calls" : "end"),
      usage: { prompt: used.input_tokens, cached: used.input_tokens_details.cached_tokens, output: used.output_tokens, reasoning: used.output_tokens_details.reasoning_tokens,
        written: used.input_tokens_details.cache_write_tokens } };
  };
  return {
    ...rest,
    answer: async (prompt, form) => see(await ask([{ role: "user", content: prompt }], form)),
    structured: async (prompt) => {
      const text = { format: { type: "json_schema", name: "told", schema: table.schema, strict: true } };
      return (await client.responses.parse({ model: model.openai_responses, input: prompt, text })).output_parsed;
    },
    loop: async (prompt, form) => {
      for (let input = [{ role: "user", content: prompt }]; ; ) {
        const response = await ask(input, form), calls = response.output.filter((item) => item.type === "function_call");
        if (!calls.length) return see(response);
        input = [...input, ...response.output.map(({ parsed_arguments, ...item }) => item),
          ...(await Promise.all(calls.map(async (call) => ({ type: "function_call_output", call_id: call.call_id, output: await run(call.name)() }))))];
      }
    },
  };
}

function genai(url) {
  const { GoogleGenAI, ApiError } = require("@google/genai");
  const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url, timeout: 20_000 } });
  const config = { maxOutputTokens: tokens, thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } };
  const declared = (wanted) => wanted.map((name) => ({ name, description: descriptions[name], parametersJsonSchema: schemas[name] }));
  const callable = { tool: async () => ({ functionDeclarations: declared(runnable) }),
    callTool: async (calls) => Promise.all(calls.map(async (call) => ({ functionResponse: { id: call.id, name: call.name, response: { result: await run(call.name)() } } }))) };
  const generate = async (contents, form, more) => {
    const asked = { model: model.gemini, contents, config: { ...config, ...more } }, out = [];
    if (form === "whole") return [await client.models.generateContent(asked)];
    for await (const chunk of await client.models.generateContentStream(asked)) out.push(chunk);
    return out;
  };
  const see = (chunks) => {
    const last = chunks.at(-1), used = last.usageMetadata, parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
    const finishes = chunks.map((chunk) => chunk.candidates?.[0]?.finishReason ?? (chunk.promptFeedback?.blockReason && "SAFETY")).filter(Boolean);
    typed(last, "response", { modelVersion: "string", responseId: "string", usageMetadata: "object" });
    typed(used, "usageMetadata", { promptTokenCount: "number", candidatesTokenCount: "number", totalTokenCount: "number" });
    that(finishes.length === 1, `finish reasons: ${finishes}`);
    const calls = parts.filter((part) => part.functionCall).map((part) => part.functionCall), texts = parts.filter((part) => part.text !== undefined);
    return { thinking: joined(texts.filter((part) => part.thought), "text"), text: joined(texts.filter((part) => !part.thought), "text"), calls: calls.map((call) => [call.name, call.args ?? {}]),
      stop: { STOP: calls.length ? "calls" : "end", MAX_TOKENS: "length", SAFETY: "refusal", PROHIBITED_CONTENT: "refusal" }[finishes[0]] ?? finishes[0],
      usage: { prompt: used.promptTokenCount, cached: used.cachedContentTokenCount ?? 0, output: used.candidatesTokenCount + (used.thoughtsTokenCount ?? 0), reasoning: used.thoughtsTokenCount } };
  };
  return {
    answer: async (prompt, form) => see(await generate(prompt, form, { tools: [{ functionDeclarations: declared(names) }] })),
    loop: async (prompt, form) => {
      const chunks = await generate(prompt, form, { tools: [callable] });
      // A stream has the answers of both turns.
      const ends = chunks.flatMap((chunk, index) => (chunk.candidates?.[0]?.finishReason ? [index] : []));
      return see(ends.length > 1 ? chunks.slice(ends.at(-2) + 1).filter((chunk) => chunk.responseId) : chunks);
    },
    structured: async (prompt) => JSON.parse((await generate(prompt, "whole", { responseMimeType: "application/json", responseJsonSchema: table.schema }))[0].text),
    raised: (error) => error instanceof ApiError && { status: error.status },
    count: async () => (await client.models.countTokens({ model: model.gemini, contents: "How many?" })).totalTokens,
    models: async () => {
      const out = [];
      for await (const entry of await client.models.list()) out.push(entry.name);
      return out;
    },
  };
}

const clients = { "anthropic-node": anthropic, "openai-chat-node": openaiChat, "openai-responses-node": openaiResponses, "genai-node": genai };
await drive(process.argv[2], clients[process.argv[2]]);
