// The owner of places by itself (hosts/cloudflare-worker/src/place_owner.js), which needs nothing of the platform: what
// sockets cannot bring about in a given order.
import assert from 'node:assert/strict';

import { FULL, PlaceOwner, WAITS } from '../../hosts/cloudflare-worker/src/place_owner.js';

const wanted = (options, waitMs = 0, waitingMax = waitMs ? 10 : 0) => ({ options, queue: 'r', waitingMax, waitMs });
const one = (name, most = 1) => [[[name, most]]];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const cases = {
  async 'all that an option needs, or none of it'() {
    const owner = new PlaceOwner();
    assert.equal(owner.take('1', wanted([[['a', 1], ['p', 2]]])), 0);
    assert.equal(owner.take('2', wanted([[['p', 2], ['a', 1]], [['p', 2]]])), 1);
    assert.equal(owner.take('3', wanted(one('p', 2))), FULL);
    owner.free('1', 0);
    owner.free('1', 0);
    assert.equal(owner.take('3', wanted([[['a', 1], ['p', 2]]])), 0);
    owner.free('2', 0);
    owner.free('3', 0);
    assert.deepEqual([owner.holders.size, owner.held.size], [0, 0]);
  },
  async 'an option without bounds is always free, and nothing is kept of it'() {
    const owner = new PlaceOwner();
    assert.equal(owner.take('1', wanted([[['a', 0]], []])), 1);
    assert.equal(owner.holders.size, 0);
  },
  async 'asked twice by one, it is given once'() {
    const owner = new PlaceOwner();
    assert.equal(owner.take('1', wanted(one('a'), 5000)), 0);
    assert.equal(owner.take('1', wanted(one('a'), 5000)), 0);
    assert.equal(owner.take('2', wanted(one('a'), 5000)), WAITS);
    assert.equal(owner.take('2', wanted(one('a'), 5000)), WAITS);
    assert.equal(owner.waiters.length, 1);
    owner.free('1', 0);
    assert.equal(await owner.turn('2'), 0);
    owner.free('2', 0);
  },
  async 'who leaves is passed over, and who waits too long is told'() {
    const owner = new PlaceOwner();
    owner.take('1', wanted(one('a')));
    for (const id of ['2', '3']) assert.equal(owner.take(id, wanted(one('a'), 5000)), WAITS);
    assert.equal(owner.take('4', wanted(one('a'), 20)), WAITS);
    const [left, last] = [owner.turn('2'), owner.turn('3')];
    assert.equal(await owner.turn('4'), FULL);
    owner.free('2', 0);
    owner.free('1', 0);
    assert.deepEqual([await left, await last, await owner.turn('4')], [FULL, 0, FULL]);
    owner.free('3', 0);
    assert.equal(owner.held.size, 0);
  },
  async 'a queue has no more than its places'() {
    const owner = new PlaceOwner();
    owner.take('1', wanted(one('a')));
    assert.equal(owner.take('2', wanted(one('a'), 5000, 1)), WAITS);
    assert.equal(owner.take('3', wanted(one('a'), 5000, 1)), FULL);
    assert.equal(owner.take('4', { ...wanted(one('a'), 5000, 1), queue: 'other' }), WAITS);
    for (const id of ['2', '4']) owner.free(id, 0);
  },
  async 'who needs two places is not passed for ever by those who need one'() {
    const owner = new PlaceOwner();
    owner.take('m', wanted(one('model')));
    owner.take('c', wanted(one('credential')));
    assert.equal(owner.take('both', wanted([[['model', 1], ['credential', 1]]], 5000)), WAITS);
    assert.equal(owner.take('behind', wanted(one('credential'), 5000)), WAITS);
    owner.free('c', 0);
    assert.equal(owner.take('late', wanted(one('credential'))), FULL);
    owner.free('m', 0);
    assert.equal(await owner.turn('both'), 0);
    owner.free('both', 0);
    assert.equal(await owner.turn('behind'), 0);
    owner.free('behind', 0);
  },
  async 'who cannot be served holds up nobody who wants something else'() {
    const owner = new PlaceOwner();
    owner.take('1', wanted(one('a')));
    assert.equal(owner.take('2', wanted(one('a'), 5000)), WAITS);
    assert.equal(owner.take('3', wanted(one('b'))), 0);
    owner.free('2', 0);
  },
  async 'what is not renewed comes free, for those who wait too'() {
    const owner = new PlaceOwner(600);
    owner.take('lost', wanted(one('a')));
    owner.take('lives', wanted(one('b')));
    const renewal = setInterval(() => owner.renew('lives', ['b']), 40);
    assert.equal(owner.take('2', wanted(one('a'), 5000)), WAITS);
    assert.equal(await owner.turn('2'), 0);
    assert.equal(owner.take('3', wanted(one('b'))), FULL);
    clearInterval(renewal);
    await pause(800);
    assert.equal(owner.take('3', wanted(one('b'))), 0);
  },
  async 'what comes free sooner than all that was held before is not waited for longer'() {
    const owner = new PlaceOwner();
    owner.take('holds', wanted(one('b')));
    owner.take('probes', wanted(one('probe a/x')));
    assert.equal(owner.take('waits', wanted([[['probe a/x', 1]], [['b', 1]]], 20_000)), WAITS);
    owner.free('probes', 200);
    assert.equal(await Promise.race([owner.turn('waits'), pause(10_000)]), 0);
    owner.free('holds', 0);
    owner.free('waits', 0);
  },
  async 'an object that begins anew hears what is held'() {
    const owner = new PlaceOwner();
    owner.renew('1', ['a']);
    assert.equal(owner.take('2', wanted(one('a'))), FULL);
    owner.free('1', 0);
    assert.equal(owner.take('2', wanted(one('a'))), 0);
  },
  async 'a probe stays taken until others have heard of it, and a place does not'() {
    const owner = new PlaceOwner();
    owner.take('1', wanted([[['a', 1], ['probe a/x', 1]]]));
    owner.free('1', 100);
    assert.equal(owner.take('2', wanted([[['probe a/x', 1]], [['a', 1]]])), 1);
    await pause(150);
    assert.equal(owner.take('3', wanted(one('probe a/x'))), 0);
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run().then(() => console.log('ok - owner of places: ' + name),
    (error) => console.log('not ok - owner of places: ' + name + '\n# ' + String(error.message).replaceAll('\n', '\n# ')));
}
process.exit();  // the owners' clocks would go on for half a minute
