// What isolates share by Durable Objects, of which this is the class. One owns the places of bounded lanes (place_owner.js).
// One keeps what they tell each other of the health of lanes: each publishes what it learned, and takes in what the others
// know, behind its answers or beside long ones, and no answer waits for it. The object folds it together; without the
// binding SIGNALBOX_STATE every isolate knows only what it has seen itself.
//
// Rules: merging minds neither order nor repetition, and bytes that are no state are ignored whole.
import { DurableObject } from 'cloudflare:workers';

import module from '../build/signalbox.wasm';
import { CloudflareWorker } from '../../../bindings/javascript/boundary.js';
import { within } from './deadline.js';
import { Core } from './loader.js';
import { FIRST_WORD_MS } from './place_lease.js';
import { PlaceOwner } from './place_owner.js';
import { leaseMs, stateMsMax } from './settings.js';

// As much as a value in storage may have. Only thousands of lanes with names of hundreds of bytes would be more, and
// those are then not shared.
const STATE_BYTES_MAX = 2 << 20;

const KEY = 'state';

// How long what an exchange learns first is gathered with what it learns next, while it goes on. Most have ended by then.
const GATHER_MS = 500;

export class SignalboxState extends DurableObject {
  // Which of the two it is, the one that keeps lanes' state or the one that owns places, shows by what it is asked.
  constructor(ctx, env) {
    super(ctx, env);
    this.places = new PlaceOwner(leaseMs(env));
    this.core = null;
    this.beginning = null;  // while what was kept is read, once for all who ask meanwhile
  }

  // What fails is tried again by whoever asks next.
  async begun() {
    while (!this.core || this.core.dead) await (this.beginning ??= this.begin().finally(() => (this.beginning = null)));
  }

  async begin() {
    const kept = await this.ctx.storage.get(KEY);
    const core = new Core(module);
    const gateway = core.configure(0, '', [], 0, CloudflareWorker);
    if (kept instanceof Uint8Array) core.merge(gateway, kept);
    Object.assign(this, { core, gateway });
  }

  // Takes in what an isolate knows and gives back what all know; an empty delta only asks.
  async publish(delta) {
    await this.begun();
    if (delta instanceof Uint8Array && delta.length > 0 && delta.length <= STATE_BYTES_MAX) {
      const before = this.core.snapshot(this.gateway);
      this.core.merge(this.gateway, delta);
      const after = this.core.snapshot(this.gateway);
      if (!same(before, after)) await this.ctx.storage.put(KEY, after);
      return after;
    }
    return this.core.snapshot(this.gateway);
  }

  // Of places: place_owner.js.
  takePlace(id, question) {
    return this.places.take(id, question);
  }
  placeTurn(id) {
    return this.places.turn(id);
  }
  freePlaces(id, probeMs) {
    this.places.free(id, probeMs);
  }
  renewPlaces(id, names) {
    this.places.renew(id, names);
  }
}

function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

let askedAtMs = 0;

// What one exchange learns of lanes, for the others. All of it runs in the context of the exchange's own request.
export class StateExchange {
  constructor(env, service) {
    this.env = env;
    this.service = service;
    this.deltas = [];
    this.timer = null;
    this.underWay = Promise.resolve();
  }

  // Told behind the answer, or before it where the answer takes long.
  learn(delta) {
    this.deltas.push(delta);
    if (!this.env.SIGNALBOX_STATE) return;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.publish();
    }, GATHER_MS);
  }

  // Resolves when the others know, or cannot be told.
  end() {
    clearTimeout(this.timer);
    return this.publish();
  }

  publish() {
    return (this.underWay = this.underWay.then(() => exchangeState(this.env, this.service, this.deltas.splice(0))));
  }
}

// Tells the others `deltas`, and `service` what they know.
async function exchangeState(env, service, deltas) {
  const binding = env.SIGNALBOX_STATE;
  if (!binding) return;
  const nowMs = Date.now();
  if (!deltas.length && nowMs - askedAtMs < stateMsMax(env)) return;
  askedAtMs = nowMs;
  try {
    const state = binding.get(binding.idFromName('state'));
    let known = null;
    for (const delta of deltas.length ? deltas : [new Uint8Array(0)]) known = await within(FIRST_WORD_MS, state.publish(delta));
    if (known instanceof Uint8Array && !service.core.dead) service.core.merge(service.gateway, known);
  } catch (error) {
    console.warn('signalbox: the state of lanes could not be shared: ' + error);
  }
}
