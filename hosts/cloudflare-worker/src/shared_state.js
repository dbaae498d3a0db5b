// What isolates share by Durable Objects, of which this is the class. One owns the places of bounded lanes (place_owner.js).
// One keeps what they tell each other of the health of lanes: each publishes what it learned, and takes in what the others
// know, both behind its answers and never before one. The object folds it together; without the binding
// SIGNALBOX_STATE every isolate knows only what it has seen itself.
//
// Rules: merging minds neither order nor repetition, and bytes that are no state are ignored whole.
import { DurableObject } from 'cloudflare:workers';

import module from '../build/signalbox.wasm';
import { CloudflareWorker } from '../../../bindings/javascript/boundary.js';
import { Core } from './loader.js';
import { PlaceOwner } from './place_owner.js';

// How old another isolate's word may be before it is asked for again.
const STATE_MS_MAX = 2_000;
// As much as a value in storage may have. Only thousands of lanes with names of hundreds of bytes would be more, and
// those are then not shared.
const STATE_BYTES_MAX = 2 << 20;

const KEY = 'state';

export class SignalboxState extends DurableObject {
  // Which of the two it is, the one that keeps lanes' state or the one that owns places, shows by what it is asked.
  constructor(ctx, env) {
    super(ctx, env);
    const leaseMs = env.SIGNALBOX_LEASE_MS;
    this.places = new PlaceOwner(leaseMs === undefined ? undefined : Number(leaseMs));
  }

  async restart() {
    const kept = await this.ctx.storage.get(KEY);
    this.core = new Core(module);
    this.gateway = this.core.configure(0, '', [], 0, CloudflareWorker);
    if (kept instanceof Uint8Array) this.core.merge(this.gateway, kept);
  }

  // Takes in what an isolate knows and gives back what all know; an empty delta only asks.
  async publish(delta) {
    await (this.restarted ??= this.restart());
    if (this.core.dead) await (this.restarted = this.restart());
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

export function stateMsMax(env) {
  return Number(env.SIGNALBOX_STATE_MS_MAX ?? STATE_MS_MAX);
}

let askedAtMs = 0;

// Behind an answer of `service`: tells the others `deltas`, and hears what they know.
export async function exchangeState(env, service, deltas) {
  const binding = env.SIGNALBOX_STATE;
  if (!binding) return;
  const nowMs = Date.now();
  if (!deltas.length && nowMs - askedAtMs < stateMsMax(env)) return;
  askedAtMs = nowMs;
  try {
    const state = binding.get(binding.idFromName('state'));
    let known = null;
    for (const delta of deltas.length ? deltas : [new Uint8Array(0)]) known = await state.publish(delta);
    if (known instanceof Uint8Array && !service.core.dead) service.core.merge(service.gateway, known);
  } catch (error) {
    console.warn('signalbox: the state of lanes could not be shared: ' + error);
  }
}
