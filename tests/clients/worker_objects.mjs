// Counts the objects that the Worker's own functions, and what they call, make while it gives one answer: V8's sampling
// of every allocation, over the inspector of workerd. Prints { function: count } as JSON. Numbers are no objects.
//
//   node worker_objects.mjs INSPECTOR_PORT URL METHOD HEADERS_JSON [BODY]
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(fileURLToPath(new URL('../../hosts/cloudflare-worker/package.json', import.meta.url)));
const { WebSocket } = require('ws');
const NUMBER_BYTES = 12;  // a number that is no small integer; the smallest object has 16

const [inspector, url, method, headers, body] = process.argv.slice(2);
const [target] = await (await fetch(`http://127.0.0.1:${inspector}/json`)).json();
const socket = new WebSocket(target.webSocketDebuggerUrl);
await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));

const answers = new Map();
socket.on('message', (text) => {
  const { id, result, error } = JSON.parse(text);
  answers.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
});
function call(name, params = {}) {
  const id = answers.size + 1;
  const answered = new Promise((resolve) => answers.set(id, resolve));
  socket.send(JSON.stringify({ id, method: name, params }));
  return answered;
}

async function ask() {
  const answer = await fetch(url, { method, headers: JSON.parse(headers), body });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
}

await ask();  // what is made once
await call('HeapProfiler.enable');
await call('HeapProfiler.startSampling',
  { samplingInterval: 1, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true });
await ask();
const { profile } = await call('HeapProfiler.stopSampling');

// The function of the Worker's that is nearest to each place where something was made; builtins have no URL.
const functions = new Map();
(function walk(node, nearest) {
  const { url, functionName } = node.callFrame;
  const here = url ? functionName || '(anonymous)' : nearest;
  functions.set(node.id, here);
  for (const child of node.children) walk(child, here);
})(profile.head, null);
const counts = {};
for (const { nodeId, size } of profile.samples) {
  const name = functions.get(nodeId);
  if (name && size > NUMBER_BYTES) counts[name] = (counts[name] ?? 0) + 1;
}
console.log(JSON.stringify(counts));
socket.close();
