// Plays scenarios in a wasm build of the core player: node play-wasm.mjs [--trace] MODULE.wasm FILE...
// The module imports nothing, so there is nothing to hand in. Prints what scenario_player prints.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const args = process.argv.slice(2);
const tracing = args[0] === '--trace';
if (tracing) args.shift();
const [modulePath, ...files] = args;
if (!modulePath || !files.length) {
  console.error('usage: node play-wasm.mjs [--trace] MODULE.wasm FILE...');
  process.exit(2);
}

const module = new WebAssembly.Module(readFileSync(modulePath));
// A fresh instance for each scenario: nothing of one may reach the next.
function perform(text) {
  const { exports: player } = new WebAssembly.Instance(module, {});
  player._initialize?.();
  const at = player.player_alloc(text.length) >>> 0;
  new Uint8Array(player.memory.buffer, at, text.length).set(text);
  const passed = (tracing ? player.player_trace : player.player_play)(at, text.length) === 1;
  // The memory may have grown, which detaches every earlier view of it.
  const out = new Uint8Array(player.memory.buffer, player.player_text() >>> 0, player.player_text_bytes() >>> 0);
  return { passed, text: Buffer.from(out) };
}

let failed = 0;
const out = [];
for (const file of files) {
  const result = perform(readFileSync(file));
  if (!result.passed) failed++;
  if (tracing) out.push(Buffer.from(`== ${basename(file)}\n`), result.text);
  else if (!result.passed) out.push(Buffer.from(`FAILED ${file}:`), result.text);
}
if (!tracing) out.push(Buffer.from(`${files.length - failed} passed, ${failed} failed\n`));
process.stdout.write(Buffer.concat(out), () => process.exit(failed ? 1 : 0));
