// What exchanges of one isolate share: an instance of the core, its gateway, and the configuration. All of it lives
// as long as the isolate, unless the instance traps or has grown large; then new exchanges get a fresh one.
//
// The configuration is, in this order: the value of "config" in the KV namespace SIGNALBOX_KV, the variable
// SIGNALBOX_CONFIG, the bundled signalbox.json. Secrets are looked up by the names that stand in it as ${NAME}, and
// never enter the core.
import module from '../build/signalbox.wasm';
import bundled from '../signalbox.json';
import { CloudflareWorker } from '../../../bindings/javascript/boundary.js';
import { KeptConnections } from './kept_connections.js';
import { Core, describeVariable } from './loader.js';

// A memory never shrinks: an instance that was this large once is replaced when it has no exchange. Not before, since an
// isolate has 128 MB for all that there is, and two large ones would be more.
const MEMORY_BYTES_MAX = 48 << 20;
// An exchange of which nothing has been heard for longer than any may last (`total_ms` as it is by default, and as much
// again) belongs to a request that the platform has killed, of which it tells nobody.
const SILENT_MS_MAX = 2 * 3_600_000;
// How long a configuration from KV serves before it is looked up again, behind an answer.
const CONFIG_MS_MAX = 60_000;

const kept = new KeptConnections();
let prepared = null;  // { text, source, variables, can, atMs }: what the core is told of the configuration, and its name
let current = null;

class Service {
  constructor(config, writer, snapshot) {
    this.core = new Core(module);
    this.exchanges = new Set();
    this.awaiting = new Map();  // by the turn that an exchange awaits (AwaitTurn)
    this.credentials = new Map();  // "provider NUL credential" to the variable that holds the secret
    this.kept = kept;
    this.writer = writer;
    this.gateway = this.core.configure(0, config.text, config.variables, writer, config.can);
    if (snapshot) this.core.merge(this.gateway, snapshot);
    this.core.onDeath = (error) => this.die(error);
    this.learn(config);
  }

  adopt(config) {
    this.core.configure(this.gateway, config.text, config.variables, this.writer, config.can);
    this.learn(config);
  }

  learn({ text, source }) {
    this.text = text;
    this.requestBodyIdleMs = this.core.requestBodyIdleMs(this.gateway);
    this.requestBodyMs = this.core.requestBodyMs(this.gateway);
    this.answerHeadBytes = this.core.answerHeadBytes(this.gateway);
    // Those of configurations before stay: open exchanges may still ask for them.
    for (const [credential, variable] of this.core.credentials(this.gateway)) this.credentials.set(credential, variable);
    const { problems, warnings } = this.core.problems(this.gateway);
    // Most begin with a line and a column.
    const where = (sentence) => source + (/^\d/.test(sentence) ? ':' : ': ') + sentence;
    for (const problem of problems) console.error(where(problem));
    for (const warning of warnings) console.warn(where(warning));
  }

  // Takes in an exchange that begins, and ends those that nobody else will.
  take(exchange) {
    for (const each of this.exchanges) if (Date.now() - each.nowMs > SILENT_MS_MAX) each.abandon();
    this.exchanges.add(exchange);
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
    if (current !== this || this.core.dead || this.exchanges.size || this.core.memoryBytes <= MEMORY_BYTES_MAX) return;
    current = new Service(prepared, this.writer, this.core.snapshot(this.gateway));
  }
}

// The service for a request that comes now.
export async function serviceFor(env) {
  if (!prepared) prepared = await prepare(await findConfig(env), env);
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
    const found = await findConfig(env);
    if (found.text !== prepared.text) prepared = await prepare(found, env);
  } catch (error) {
    console.warn('signalbox: the configuration could not be looked up again: ' + error);
  }
}

// { text, source }: the configuration, and what it is called where something is said of it.
async function findConfig(env) {
  const kept = await env.SIGNALBOX_KV?.get('config');
  if (kept != null) return { text: kept, source: 'SIGNALBOX_KV/config' };
  const variable = env.SIGNALBOX_CONFIG;
  if (variable === undefined || variable === '') return { text: bundled, source: 'signalbox.json' };
  return { text: typeof variable === 'string' ? variable : JSON.stringify(variable), source: 'SIGNALBOX_CONFIG' };
}

async function prepare({ text, source }, env) {
  const core = new Core(module);
  const variables = await Promise.all(core.variables(text).map((each) => describeVariable(each, env[each.name])));
  const can = { ...CloudflareWorker, asks_for_places: Number(Boolean(env.SIGNALBOX_STATE)) };
  return { text, source, variables, can, atMs: Date.now() };
}
