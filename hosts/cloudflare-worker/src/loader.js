// The core as a module of its own in linear memory: calls, texts and views, nothing of HTTP. The module imports
// nothing and there is no generated glue. What crosses is described in bindings/wasm/records.h and exports.cpp.
//
// Rules: `bytes` and `words` are views of the memory as it is now, and are looked up anew behind every call that may
// have made it grow. A call that traps leaves the instance `dead`; whoever shares it hears of it through `onDeath`.
import { event, VariableState, VariableUse } from '../../../bindings/javascript/boundary.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NUL = '\0';

export class Core {
  constructor(module) {
    this.dead = false;
    this.onDeath = () => {};
    this.wasm = new WebAssembly.Instance(module, {}).exports;
    this.wasm._initialize?.();
    this.lookAgain();
    this.eventAt = this.wasm.signalbox_allocate(4 * event.words) >>> 0;
    this.lookAgain();
  }

  lookAgain() {
    if (this.buffer === this.wasm.memory.buffer) return;
    this.buffer = this.wasm.memory.buffer;
    this.bytes = new Uint8Array(this.buffer);
    this.words = new Uint32Array(this.buffer);
  }

  get memoryBytes() {
    return this.wasm.memory.buffer.byteLength;
  }

  // Every call goes this way, but for the two of a body's step, which make no array of their arguments: one that traps
  // ends the instance.
  call(name, ...args) {
    try {
      const result = this.wasm[name](...args);
      this.lookAgain();
      return result;
    } catch (error) {
      this.die(error);
      throw error;
    }
  }

  die(error) {
    if (this.dead) return;
    this.dead = true;
    this.onDeath(error);
  }

  // One event. The words that its kind needs stand in the record already; gives the step's address.
  handle(port, kind, nowMs) {
    this.words[(this.eventAt >> 2) + event.kind] = kind;
    try {
      const step = this.wasm.signalbox_handle(port, this.eventAt, nowMs, nowMs) >>> 0;
      this.lookAgain();
      return step;
    } catch (error) {
      this.die(error);
      throw error;
    }
  }

  set(word, value) {
    this.words[(this.eventAt >> 2) + word] = value;
  }

  // Where the next bytes of `room` go; 0 when memory is used up.
  room(port, room, attempt, byteCount) {
    try {
      const at = this.wasm.signalbox_room(port, room, attempt, byteCount) >>> 0;
      this.lookAgain();
      return at;
    } catch (error) {
      this.die(error);
      throw error;
    }
  }

  // Writes `text` at `at`, where there must be room for three bytes a character; gives the bytes it took.
  write(text, at) {
    return encoder.encodeInto(text, this.bytes.subarray(at, at + 3 * text.length)).written;
  }

  // An array of its own.
  copy(at, byteCount) {
    return this.bytes.slice(at, at + byteCount);
  }

  text(at, byteCount) {
    return byteCount ? decoder.decode(this.bytes.subarray(at, at + byteCount)) : '';
  }

  // The fields of a text, each closed by a NUL.
  fields(at, byteCount) {
    return byteCount ? this.text(at, byteCount - 1).split(NUL) : [];
  }

  // Calls `name` with the address and length of each text or array in place of it.
  callWith(name, ...args) {
    const lent = [];
    const passed = [];
    try {
      for (const arg of args) {
        if (typeof arg === 'number') {
          passed.push(arg);
          continue;
        }
        const data = typeof arg === 'string' ? encoder.encode(arg) : arg;
        const at = this.call('signalbox_allocate', data.length) >>> 0;
        if (!at) throw new RangeError('the core has no memory left');
        lent.push(at);
        this.bytes.set(data, at);
        passed.push(at, data.length);
      }
      return this.call(name, ...passed);
    } finally {
      if (!this.dead) for (const at of lent) this.call('signalbox_free', at);
    }
  }

  answer() {
    return [this.wasm.signalbox_answer() >>> 0, this.wasm.signalbox_answer_bytes() >>> 0];
  }

  answerFields() {
    return this.fields(...this.answer());
  }

  // [{ name, use }] of the variables that a configuration names.
  variables(configText) {
    this.callWith('signalbox_variables', configText);
    const found = this.answerFields();
    const variables = [];
    for (let i = 0; i + 1 < found.length; i += 2) variables.push({ name: found[i], use: Number(found[i + 1]) });
    return variables;
  }

  // A gateway, or `before` with another configuration. `variables`: [{ name, use, state, value }]; `can`: the
  // numbers of Capabilities.
  configure(before, configText, variables, writer, can) {
    const told = variables.map((each) => [each.name, each.use, each.state, each.value, ''].join(NUL)).join('');
    return this.callWith('signalbox_configure', before, configText, told, writer,
      can.request_bytes_max, can.upstreams_awaiting_head_max, can.connecting_ip, can.asks_for_places) >>> 0;
  }

  // { problems, warnings }: sentences about a gateway's configuration.
  problems(gateway) {
    const count = this.call('signalbox_problems', gateway);
    const sentences = this.answerFields();
    return { problems: sentences.slice(0, count), warnings: sentences.slice(count) };
  }

  // How long a client's body may say nothing.
  requestBodyIdleMs(gateway) {
    return this.call('signalbox_request_body_idle_ms', gateway);
  }

  // How long all of it may take.
  requestBodyMs(gateway) {
    return this.call('signalbox_request_body_ms', gateway);
  }

  // How many bytes the head of an upstream's answer may have.
  answerHeadBytes(gateway) {
    return this.call('signalbox_answer_head_bytes', gateway);
  }

  // Map of "provider NUL credential" to the variable that holds the secret.
  credentials(gateway) {
    this.call('signalbox_credentials', gateway);
    const found = this.answerFields();
    const credentials = new Map();
    for (let i = 0; i + 2 < found.length; i += 3) credentials.set(found[i] + NUL + found[i + 1], found[i + 2]);
    return credentials;
  }

  // False when `delta` is none; then nothing has changed.
  merge(gateway, delta) {
    return this.callWith('signalbox_merge', gateway, delta) !== 0;
  }

  snapshot(gateway) {
    this.call('signalbox_snapshot', gateway);
    const [at, byteCount] = this.answer();
    return this.bytes.slice(at, at + byteCount);
  }

  // { status, body } of an error for whoever sent `head` (`target, (name, value)...`).
  errorBody(fault, head, detail, requestId) {
    const status = this.callWith('signalbox_error_body', fault, head, detail, requestId);
    return { status, body: this.text(...this.answer()) };
  }
}

// What a host tells of one variable: never a secret, only that it is there, or its digest.
export async function describeVariable({ name, use }, value) {
  const told = { name, use, state: VariableState.set, value: '' };
  if (typeof value !== 'string') return { ...told, state: VariableState.unset };
  if (use === VariableUse.plain) return { ...told, value };
  if (value === '') return { ...told, state: VariableState.empty };
  if (!/^[\x21-\x7e]+$/.test(value)) return { ...told, state: VariableState.unprintable };
  if (use === VariableUse.client_key) told.value = await sha256(value);
  return told;
}

async function sha256(text) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
