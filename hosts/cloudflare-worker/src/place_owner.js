// Who has which place of what is bounded over all isolates: bounded lanes, and the one probe of a half-open lane. One
// Durable Object has one of these, in its memory alone: whoever has a place says so again and again (renew), so that an
// object that begins anew knows within a third of LEASE_MS what is taken, and what a lost isolate had comes free.
//
// Rules: an asker (`id`) has at most one option's places. Of those who wait whoever has come first is served first, with
// whichever of its options has room; who could not be served holds up nobody, but for the one that has waited longest:
// what it needs is kept for it, or one who needs two places at once might wait for ever.
import { LEASE_MS } from './settings.js';

export const FULL = -1;   // no option has room
export const ALONE = -2;  // nobody could be asked; said by place_lease.js
export const WAITS = -3;  // `turn` tells more

// Room for every place of a large team many times over. What would be beyond is not bounded: a bound that cannot be
// counted must not refuse anybody.
const HOLDERS_MAX = 16_384;
const WAITERS_MAX = 4_096;

const PROBE = 'probe ';

export class PlaceOwner {
  constructor(leaseMs = LEASE_MS) {
    this.leaseMs = leaseMs;
    this.holders = new Map();  // id: { names, option, untilMs }
    this.held = new Map();     // name: how many
    this.waiters = [];         // { id, options, queue, turn, told, timer }, who came first before all others
    this.soonestMs = Infinity; // no holder's time is over before
    this.timer = null;         // for the next one whose time is over, while others wait
    this.timerMs = Infinity;   // for which instant it is armed
  }

  // `options`: for each, in the order of preference, the [name, most] of what it needs. The option that the asker has now;
  // FULL; or WAITS, where it may wait `waitMs` and no more than `waitingMax` of its `queue` do.
  take(id, { options, queue, waitingMax, waitMs }) {
    this.expire();
    const known = this.holders.get(id)?.option ?? (this.waiters.some((each) => each.id === id) ? WAITS : undefined);
    if (known !== undefined) return known;
    const option = this.roomFor(options, this.kept());
    if (option >= 0) return this.give(id, options, option);
    const waiting = this.waiters.reduce((count, each) => count + (each.queue === queue), 0);
    if (waiting >= waitingMax || this.waiters.length >= WAITERS_MAX) return FULL;
    const waiter = { id, options, queue };
    waiter.turn = new Promise((resolve) => (waiter.told = resolve));
    waiter.timer = setTimeout(() => this.leave(id), waitMs);
    this.waiters.push(waiter);
    this.watch();
    return WAITS;
  }

  // What came of waiting: an option, or FULL.
  async turn(id) {
    return this.waiters.find((each) => each.id === id)?.turn ?? this.holders.get(id)?.option ?? FULL;
  }

  // The asker has and wants nothing any more. Its probes stay taken for `probeMs`.
  free(id, probeMs) {
    const holder = this.holders.get(id);
    if (!holder) return this.leave(id);
    this.drop(id, holder);
    const probes = holder.names.filter((name) => name.startsWith(PROBE));
    if (probes.length && probeMs > 0) this.hold(id, { names: probes, option: FULL, untilMs: Date.now() + probeMs });
    this.serve();
  }

  // The asker still has `names`, whether or not this object knows it.
  renew(id, names) {
    const untilMs = Date.now() + this.leaseMs;
    const holder = this.holders.get(id);
    if (holder) holder.untilMs = untilMs;
    else this.hold(id, { names, option: FULL, untilMs });
  }

  // --- inside -----------------------------------------------------------------------------------------------

  // What the one that has waited longest needs.
  kept() {
    return new Set(this.waiters[0]?.options.flat().map(([name]) => name));
  }

  roomFor(options, kept) {
    return options.findIndex((bounds) =>
      bounds.every(([name, most]) => (this.held.get(name) ?? 0) + (kept.has(name) ? 1 : 0) < most));
  }

  give(id, options, option) {
    const names = options[option].map(([name]) => name);
    if (names.length) this.hold(id, { names, option, untilMs: Date.now() + this.leaseMs });
    return option;
  }

  hold(id, holder) {
    if (this.holders.size >= HOLDERS_MAX) return;
    this.holders.set(id, holder);
    for (const name of holder.names) this.held.set(name, (this.held.get(name) ?? 0) + 1);
    this.soonestMs = Math.min(this.soonestMs, holder.untilMs);
    this.watch();
  }

  drop(id, holder) {
    this.holders.delete(id);
    for (const name of holder.names) {
      const left = this.held.get(name) - 1;
      if (left > 0) this.held.set(name, left);
      else this.held.delete(name);
    }
  }

  leave(id) {
    const at = this.waiters.findIndex((each) => each.id === id);
    if (at < 0) return;
    this.end(this.waiters.splice(at, 1)[0], FULL);
    this.serve();
  }

  end(waiter, option) {
    clearTimeout(waiter.timer);
    waiter.told(option);
  }

  // Gives those who wait what has come free.
  serve() {
    let kept = new Set();
    for (let i = 0; i < this.waiters.length; ) {
      const waiter = this.waiters[i];
      const option = this.roomFor(waiter.options, kept);
      if (option < 0) {
        if (i++ === 0) kept = this.kept();
        continue;
      }
      this.waiters.splice(i, 1);
      this.end(waiter, this.give(waiter.id, waiter.options, option));
    }
  }

  // Drops those whose time is over.
  expire() {
    const nowMs = Date.now();
    if (nowMs < this.soonestMs) return;
    this.soonestMs = Infinity;
    for (const [id, holder] of this.holders) {
      if (holder.untilMs <= nowMs) this.drop(id, holder);
      else this.soonestMs = Math.min(this.soonestMs, holder.untilMs);
    }
    this.serve();
  }

  // While somebody waits, what is lost is looked for, when the first of it may be.
  watch() {
    if (!this.waiters.length || this.timerMs <= this.soonestMs) return;
    clearTimeout(this.timer);
    this.timerMs = this.soonestMs;
    this.timer = setTimeout(() => {
      this.timerMs = Infinity;
      this.expire();
      this.watch();
    }, Math.max(this.soonestMs - Date.now(), 100));
  }
}
