// The Worker in miniflare, which has the platform's KV: its configuration comes from there before any other.
//
//   node worker_kv.mjs WORKER_FOLDER
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = path.resolve(process.argv[2]);
const { Miniflare } = await import(pathToFileURL(createRequire(path.join(folder, 'x.js')).resolve('miniflare')));
const dist = path.join(folder, 'build', 'dist');
const types = { js: 'ESModule', wasm: 'CompiledWasm', json: 'Text' };
const names = readdirSync(dist).filter((name) => types[name.split('.').pop()]);
names.sort((a, b) => (b === 'index.js') - (a === 'index.js'));
const worker = new Miniflare({
  modules: names.map((name) => {
    const contents = readFileSync(path.join(dist, name));
    const type = types[name.split('.').pop()];
    return { type, path: name, contents: type === 'CompiledWasm' ? contents : contents.toString() };
  }),
  compatibilityDate: '2026-04-01', compatibilityFlags: ['enable_request_signal'], host: '127.0.0.1', port: 0, cf: false,
  bindings: { SIGNALBOX_CONFIG: '{', KEY_OF_ANNA: 'sbk-anna-3a77' }, kvNamespaces: ['SIGNALBOX_KV'],
});
let failed = 0;
function check(name, good, detail) {
  console.log(`${good ? 'ok' : 'not ok'} - worker kv: ${name}`);
  if (!good) {
    ++failed;
    console.log('#   ' + detail);
  }
}

try {
  const kv = await worker.getKVNamespace('SIGNALBOX_KV');
  await kv.put('config', JSON.stringify({
    server: { client_keys: [{ name: 'anna', key: '${KEY_OF_ANNA}' }] },
    providers: { mock: { builtin: 'mock' } }, routes: [{ match: 'from-kv', targets: ['mock/*'] }],
  }));
  const url = await worker.ready;
  const models = await fetch(new URL('/v1/models', url), { headers: { 'x-api-key': 'sbk-anna-3a77' } });
  const text = await models.text();
  check('the configuration in KV serves before the variable', models.status === 200 && text.includes('from-kv'), text);
  const wrong = await fetch(new URL('/v1/models', url), { headers: { 'x-api-key': 'wrong' } });
  check('and its client keys hold', wrong.status === 401, await wrong.text());
} finally {
  await worker.dispose();
}
process.exit(failed ? 1 : 0);
