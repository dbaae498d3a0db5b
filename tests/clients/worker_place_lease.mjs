// What an exchange has of shared places by itself (hosts/cloudflare-worker/src/place_lease.js), before objects that begin
// anew or say nothing, and the durations that may be set for it.
import assert from 'node:assert/strict';

import { PlaceLease } from '../../hosts/cloudflare-worker/src/place_lease.js';
import { ALONE, FULL, PlaceOwner } from '../../hosts/cloudflare-worker/src/place_owner.js';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds) => {
  for (let i = 0; i < 100 && !holds(); ++i) await pause(50);
  assert(holds(), String(holds));
};
const question = (waitMs = 0) => ({ options: [[['a', 1]]], queue: 'r', waitingMax: waitMs ? 10 : 0, waitMs });

// The binding SIGNALBOX_STATE: a stub fails for ever once its object has begun anew, as the platform's do.
class Objects {
  constructor() {
    this.stubCount = 0;
    this.calls = [];
    this.gate = null;  // a promise of letting calls through
    this.beginAnew();
  }

  beginAnew() {
    this.owner = new PlaceOwner();
    this.failStubs();
  }

  failStubs() {
    this.lose?.(new Error('the object is not there'));
    this.lost = new Promise((_, reject) => (this.lose = reject));
    this.lost.catch(() => {});
  }

  idFromName(name) {
    return name;
  }

  get() {
    ++this.stubCount;
    const { lost } = this;
    const call = (name, method) => async (...args) => {
      this.calls.push([name, ...args]);
      await Promise.race([lost, this.gate ?? pause(0)]);
      return Promise.race([lost, this.owner[method](...args)]);
    };
    return {
      takePlace: call('take', 'take'), placeTurn: call('turn', 'turn'), freePlaces: call('free', 'free'),
      renewPlaces: call('renew', 'renew'),
    };
  }

  of(name) {
    return this.calls.filter(([each]) => each === name);
  }
}

function leaseAt(objects, variables = {}) {
  const told = [];
  const lease = new PlaceLease({ SIGNALBOX_STATE: objects, ...variables }, (option) => told.push(option));
  return { lease, told };
}

const cases = {
  async 'one stub serves as long as it works, so that calls keep their order'() {
    const objects = new Objects();
    const { lease, told } = leaseAt(objects);
    for (let i = 0; i < 3; ++i) await lease.ask(question());
    lease.giveBack();
    await lease.settled();
    assert.deepEqual([told, objects.stubCount, objects.owner.held.size], [[0, 0, 0], 1, 0]);
  },
  async 'an object that begins anew hears what is held, by another stub'() {
    const objects = new Objects();
    const { lease } = leaseAt(objects, { SIGNALBOX_LEASE_MS: '300' });
    await lease.ask(question());
    for (let i = 0; i < 2; ++i) {
      objects.beginAnew();
      await until(() => objects.owner.held.get('a') === 1);
    }
    lease.giveBack();
    await lease.settled();
    assert.equal(objects.owner.held.size, 0);
  },
  async 'what is given back comes free though its stub has failed'() {
    const objects = new Objects();
    const { lease } = leaseAt(objects);
    await lease.ask(question());
    objects.failStubs();
    lease.giveBack();
    await lease.settled();
    assert.equal(objects.owner.held.size, 0);
  },
  async 'and nothing is said of it any more'() {
    const objects = new Objects();
    const { lease } = leaseAt(objects, { SIGNALBOX_LEASE_MS: '300' });
    await lease.ask(question());
    objects.gate = new Promise(() => {});
    await until(() => objects.of('renew').length === 1);
    lease.giveBack();
    objects.gate = null;
    objects.beginAnew();
    await lease.settled();
    assert.deepEqual([objects.of('renew').length, objects.of('free').length, objects.owner.held.size], [1, 2, 0]);
  },
  async 'who waits at an object that begins anew waits there for what is left'() {
    const objects = new Objects();
    objects.owner.take('other', question());
    const { lease, told } = leaseAt(objects);
    const asked = lease.ask(question(600));
    await pause(300);
    objects.beginAnew();
    objects.owner.take('other', question());
    await asked;
    const [first, second] = objects.of('take').map(([, , { waitMs }]) => waitMs);
    assert.deepEqual([told, first > 500, second <= 310], [[FULL], true, true], `waited ${first} and ${second} ms`);
  },
  async 'an object that says nothing holds up nobody for ever'() {
    const objects = new Objects();
    objects.get = () => ({ takePlace: () => new Promise(() => {}), freePlaces: () => new Promise(() => {}) });
    const { lease, told } = leaseAt(objects);
    await lease.ask(question());
    assert.deepEqual(told, [ALONE]);
    assert.equal(await Promise.race([lease.settled().then(() => 'settled'), pause(10_000)]), 'settled');
  },
  async 'a duration that is none is not taken, and said once'() {
    const warnings = [];
    const warn = console.warn;
    console.warn = (line) => warnings.push(line);
    const counts = [];
    for (const lease_ms of ['30s', '299', '-900', '1e12', 'x']) {
      const objects = new Objects();
      const { lease } = leaseAt(objects, { SIGNALBOX_LEASE_MS: lease_ms, SIGNALBOX_STATE_MS_MAX: '2 s' });
      await lease.ask(question());
      await pause(150);
      lease.giveBack();
      await lease.settled();
      counts.push([objects.of('renew').length, objects.of('free')[0][2]]);
    }
    console.warn = warn;
    assert.deepEqual(counts, Array(5).fill([0, 2000]));
    assert.deepEqual(warnings.map((line) => line.match(/SIGNALBOX_\w+/)[0]), ['SIGNALBOX_LEASE_MS', 'SIGNALBOX_STATE_MS_MAX']);
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run().then(() => console.log('ok - lease of places: ' + name),
    (error) => console.log('not ok - lease of places: ' + name + '\n# ' + String(error.message).replaceAll('\n', '\n# ')));
}
process.exit();  // the owners' clocks would go on
