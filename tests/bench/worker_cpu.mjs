// CPU of the Worker's side of one exchange, in node: the module, the loader and the copies, without the platform's
// streams. A Messages request on a Messages lane, and 103 frames as its answer.
//
//   node tests/bench/worker_cpu.mjs [hosts/cloudflare-worker/build/signalbox.wasm]
//
// One line each, for scripts/budgets: what, how long, at most how long (in microseconds).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { CloudflareWorker, effect, Effect, event, Event, Room, step } from '../../bindings/javascript/boundary.js';
import { Core } from '../../hosts/cloudflare-worker/src/loader.js';

const START_BUDGET_US = 50_000;
const BUDGET_US = new Map([[64, 1000], [400, 5000]]);  // by kilobytes of the body
const ROUNDS = 200;
const path = process.argv[2] ?? new URL('../../hosts/cloudflare-worker/build/signalbox.wasm', import.meta.url);
const encode = (text) => new TextEncoder().encode(text);
const config = JSON.stringify({
  server: { log_level: 'off', client_keys: [{ name: 'k', key: 'sha256:' + createHash('sha256').update('k').digest('hex') }] },
  providers: { a: { dialect: 'anthropic', base_url: 'https://a.example', passthrough: true } },
  routes: [{ match: '*', targets: ['a/*'] }],
});

function microseconds(work) {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

let core, gateway;
const report = (what, used, budget) => console.log([what, used.toFixed(0), budget].join('\t'));
const binary = readFileSync(path);
const start = microseconds(() => {
  core = new Core(new WebAssembly.Module(binary));
  gateway = core.configure(0, config, [], 1, CloudflareWorker);
});
if (core.problems(gateway).count) throw new Error(core.problems(gateway).lines.join('\n'));
report('Worker, start-up: module, instance and gateway', start, START_BUDGET_US);

const frame = (value) => encode(`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`);
const frames = [
  { type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', model: 'x', content: [], stop_reason: null, usage: { input_tokens: 1, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...Array.from({ length: 98 }, (_, i) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello there ' + i } })),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
  { type: 'message_stop' },
].map(frame);

function put(port, room, attempt, bytes) {
  const at = core.room(port, room, attempt, bytes.length);  // may make the memory grow, and another view of it
  core.bytes.set(bytes, at);
  core.set(event.fresh_bytes, bytes.length);
}

// Plays one exchange; gives the effects that followed from the request and those that ended it.
function play(body) {
  const kinds = [];
  const handle = (port, kind) => {
    const at = core.handle(port, kind, 1000) >> 2;
    for (let i = 0; i < core.words[at + step.effect_count]; ++i)
      kinds.push(core.words[(core.words[at + step.effects] >> 2) + i * effect.words + effect.kind]);
  };
  const port = core.call('signalbox_exchange_new', gateway) >>> 0;
  put(port, Room.head, 0, encode('POST\0/v1/messages\0anthropic-version\x002023-06-01\0x-api-key\0k\0content-type\0application/json\0'));
  core.set(event.body_bytes, body.length);
  handle(port, Event.client_head);
  for (let i = 0; i < body.length; i += 1 << 16) {
    put(port, Room.request_body, 0, body.subarray(i, i + (1 << 16)));
    core.set(event.last, i + (1 << 16) >= body.length ? 1 : 0);
    handle(port, Event.client_body);
  }
  core.set(event.attempt, 1);
  handle(port, Event.upstream_sent);
  put(port, Room.head, 1, encode('content-type\0text/event-stream\0'));
  core.set(event.status, 200);
  handle(port, Event.upstream_head);
  for (const each of frames) {
    put(port, Room.answer_body, 1, each);
    handle(port, Event.upstream_body);
  }
  handle(port, Event.upstream_end);
  core.call('signalbox_exchange_delete', port);
  return kinds;
}

for (const [kilobytes, budget] of BUDGET_US) {
  const messages = [];
  for (let bytes = 0; bytes < kilobytes * 1024; bytes += 680)
    messages.push({ role: messages.length % 2 ? 'assistant' : 'user', content: [{ type: 'text', text: 'some words "quoted" and\nlines '.repeat(20) }] });
  const body = encode(JSON.stringify({ model: 'x', max_tokens: 100, stream: true, messages }));
  const kinds = play(body);
  if (!kinds.includes(Effect.open_upstream) || kinds.at(-1) !== Effect.finish) throw new Error('the exchange went otherwise: ' + kinds);
  for (let i = 0; i < 50; ++i) play(body);
  const used = microseconds(() => {
    for (let i = 0; i < ROUNDS; ++i) play(body);
  }) / ROUNDS;
  report(`Worker, ${kilobytes} KB body and ${frames.length} frames`, used, budget);
}
