// What exchanges of one isolate share: an instance of the core, its gateway, and the configuration. All of it lives
// as long as the isolate, unless the instance traps or grows too large; then new exchanges get a fresh one.
//
// The configuration is, in this order: the value of "config" in the KV namespace SIGNALBOX_KV, the variable
// SIGNALBOX_CONFIG, the bundled signalbox.json. Secrets are looked up by the names that stand in it as ${NAME}, and
// never enter the core.
import module from '../build/signalbox.wasm';
import bundled from '../signalbox.json';
import { CloudflareWorker } from '../../../bindings/javascript/boundary.js';
import { Core, describeVariable } from './loader.js';

// A memory never shrinks: an instance that was this large once is left to its exchanges, but only one at a time, since an
// isolate has 128 MB for all of them.
const MEMORY_BYTES_MAX = 48 << 20;
// Whoever is left longer than this has an exchange that the platform has killed, of which it tells nobody.
const LEFT_MS_MAX = 600_000;
// How long a configuration from KV serves before it is looked up again, behind an answer.
const CONFIG_MS_MAX = 60_000;

let prepared = null;  // { text, variables, atMs }: what the core is told of the configuration
let current = null;
let left = null;      // the instance before it, while that has exchanges

class Service {
  constructor({ text, variables }, writer, snapshot) {
    this.core = new Core(module);
    this.exchanges = new Set();
    this.credentials = new Map();  // "provider NUL credential" to the variable that holds the secret
    this.writer = writer;
    this.gateway = this.core.configure(0, text, variables, writer, CloudflareWorker);
    if (snapshot) this.core.merge(this.gateway, snapshot);
    this.core.onDeath = (error) => this.die(error);
    this.learn(text);
  }

  adopt({ text, variables }) {
    this.core.configure(this.gateway, text, variables, this.writer, CloudflareWorker);
    this.learn(text);
  }

  learn(text) {
    this.text = text;
    this.requestBodyIdleMs = this.core.requestBodyIdleMs(this.gateway);
    // Those of configurations before stay: open exchanges may still ask for them.
    for (const [credential, variable] of this.core.credentials(this.gateway)) this.credentials.set(credential, variable);
    const { count, lines } = this.core.problems(this.gateway);
    this.problemCount = count;
    for (const line of lines) console.error('signalbox.json:' + line);
  }

  secret(provider, credential, env) {
    return env[this.credentials.get(provider + '\0' + credential)];
  }

  // A trap: the instance is gone, and with it every exchange that does not go by the platform's pipe.
  die(error) {
    console.error('signalbox: the core has trapped: ' + (error?.stack ?? error));
    if (current === this) current = null;
    for (const exchange of this.exchanges) exchange.lose();
  }

  // Behind each exchange.
  leaveIfLarge() {
    if (left && (!left.exchanges.size || Date.now() - left.leftAtMs > LEFT_MS_MAX)) left = null;
    if (left || current !== this || this.core.dead || this.core.memoryBytes <= MEMORY_BYTES_MAX) return;
    current = new Service(prepared, this.writer, this.core.snapshot(this.gateway));
    this.leftAtMs = Date.now();
    left = this.exchanges.size ? this : null;
  }
}

// The service for a request that comes now.
export async function serviceFor(env) {
  if (!prepared) prepared = await prepare(await configText(env), env);
  return serve();
}

function serve() {
  if (!current) current = new Service(prepared, crypto.getRandomValues(new Uint32Array(1))[0]);
  else if (current.text !== prepared.text) current.adopt(prepared);
  return current;
}

// Behind an answer: looks whether the configuration in KV is another by now.
export async function refreshConfig(env) {
  if (!env.SIGNALBOX_KV || !prepared || Date.now() - prepared.atMs < CONFIG_MS_MAX) return;
  prepared.atMs = Date.now();
  try {
    const text = await configText(env);
    if (text !== prepared.text) prepared = await prepare(text, env);
  } catch (error) {
    console.warn('signalbox: the configuration could not be looked up again: ' + error);
  }
}

async function configText(env) {
  const kept = await env.SIGNALBOX_KV?.get('config');
  if (kept != null) return kept;
  const variable = env.SIGNALBOX_CONFIG;
  if (variable === undefined || variable === '') return bundled;
  return typeof variable === 'string' ? variable : JSON.stringify(variable);
}

async function prepare(text, env) {
  const core = new Core(module);
  const variables = await Promise.all(core.variables(text).map((each) => describeVariable(each, env[each.name])));
  return { text, variables, atMs: Date.now() };
}
