// The official npm packages as clients of the chaos part; see sdk_clients.py, of which this is the same.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const require = createRequire(process.env.SIGNALBOX_NODE_MODULES + "/x.js");
const { default: Anthropic } = require("@anthropic-ai/sdk");
const { default: OpenAI } = require("openai");

const [file, url, seconds] = process.argv.slice(2);
const end = Date.now() + 1000 * Number(seconds);
const CASES_MIN = 3; // of each client, however busy the machine is
const messagesClient = new Anthropic({ apiKey: "any", baseURL: url, maxRetries: 0, timeout: 60_000 });
const chatClient = new OpenAI({ apiKey: "any", baseURL: url + "/v1", maxRetries: 0, timeout: 60_000 });

function noteHead(seen, status, headers) {
  seen.status = status;
  seen.provider = headers.get("x-signalbox-provider");
}

// The head is known before the body has been read.
async function answerOf(asked, seen) {
  const response = await asked.asResponse();
  noteHead(seen, response.status, response.headers);
  return await asked;
}

async function messages(body, seen, headers) {
  const answer = await answerOf(messagesClient.messages.create(body, { headers }), seen);
  if (!body.stream) {
    seen.text = answer.content.map((block) => block.text).join("");
    seen.ended = answer.stop_reason === "end_turn";
    return;
  }
  for await (const event of answer) {
    if (event.type === "content_block_delta") seen.text += event.delta.text;
    seen.ended ||= event.type === "message_stop";
  }
}

async function chat(body, seen, headers) {
  const answer = await answerOf(chatClient.chat.completions.create(body, { headers }), seen);
  if (!body.stream) {
    seen.text = answer.choices[0].message.content;
    seen.ended = answer.choices[0].finish_reason === "stop";
    return;
  }
  for await (const chunk of answer) {
    for (const choice of chunk.choices) {
      seen.text += choice.delta.content ?? "";
      seen.ended ||= Boolean(choice.finish_reason);
    }
  }
}

// The packages' own timeouts end where an answer begins.
function withinBounds(asked) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Late()), 65_000); });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

class Late extends Error {}

async function play({ number, dialect, body, headers }) {
  const seen = { text: "", ended: false };
  let ending, detail;
  try {
    await withinBounds((dialect === "messages" ? messages : chat)(body, seen, headers));
    ending = seen.ended ? "success" : "ended without a word";
  } catch (error) {
    ending = seen.ended ? "an error behind a success" : "error";
    if (error.status) noteHead(seen, error.status, error.headers);
    detail = `${error.constructor.name}: ${error.message}`;
    if (error instanceof Late || error instanceof Anthropic.APIConnectionTimeoutError || error instanceof OpenAI.APIConnectionTimeoutError) ending = "no ending within 60 s";
    if (error instanceof TypeError && body.stream && !/fetch|terminated/.test(error.message)) ending = `the package cannot read it: ${detail}`;
  }
  console.log(JSON.stringify({ number, ending, text: seen.text, status: seen.status, provider: seen.provider, detail }));
}

const byClient = new Map();
for (const one of JSON.parse(readFileSync(file, "utf8"))) byClient.set(one.client, [...(byClient.get(one.client) ?? []), one]);
await Promise.all([...byClient.values()].map(async (cases) => {
  for (const [number, one] of cases.entries()) {
    if (Date.now() > end && number >= CASES_MIN) break;
    await play(one);
  }
}));
process.exit(0); // whatever hangs
