// The Worker with a few more paths, for tests: /trap calls the core with an address outside its memory, /age lets the
// exchanges that are under way look as if nothing had been heard of them for a day.
import worker, { SignalboxState as State } from '../../hosts/cloudflare-worker/src/index.js';
import { serviceFor } from '../../hosts/cloudflare-worker/src/service.js';

// Where HOLD_STATE is set it answers nobody before /release.
export class SignalboxState extends State {
  constructor(ctx, env) {
    super(ctx, env);
    // Where FAIL_STORAGE is set, what was kept cannot be read the first time.
    if (!env.FAIL_STORAGE) return;
    const { storage } = ctx;
    const get = storage.get.bind(storage);
    storage.get = (key) => (storage.get = get, Promise.reject(new Error('the storage cannot be read')));
  }

  async publish(delta) {
    console.log('test: the state is asked');
    if (this.env.HOLD_STATE) await (this.released ??= new Promise((resolve) => (this.release = resolve)));
    return super.publish(delta);
  }

  go() {
    this.release();
  }

  async takePlace(id, question) {
    this.placesAsked = (this.placesAsked ?? 0) + 1;
    if (this.env.HOLD_PLACES) await new Promise(() => {});
    return super.takePlace(id, question);
  }

  async renewPlaces(id, names) {
    this.placesRenewed = (this.placesRenewed ?? 0) + 1;
    return super.renewPlaces(id, names);
  }

  // How often the owner of places was asked, how often told that one is still held, and how many wait.
  placesSeen() {
    return [this.placesAsked ?? 0, this.placesRenewed ?? 0, this.places.waiters.length];
  }

  trap() {
    try {
      this.core.handle(0x7ffffff0, 0, Date.now());
    } catch {
      return this.core.dead;
    }
  }

  // Where HOLD_PLACES is set nothing about places is answered.
  async freePlaces(id, probeMs) {
    if (this.env.HOLD_PLACES) await new Promise(() => {});
    return super.freePlaces(id, probeMs);
  }

  placesHeld() {
    return this.places.holders.size;
  }

  beginAnew() {
    this.ctx.abort('a test');
  }
}

// Where FAIL_KV is set there is a KV that fails the first time.
const failingKv = { get: () => (failingKv.get = () => null, Promise.reject(new Error('KV GET failed'))) };

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (env.FAIL_KV) env = { ...env, SIGNALBOX_KV: failingKv };
    if (pathname === '/trap') {
      const { core } = await serviceFor(env);
      try {
        core.handle(0x7ffffff0, 0, Date.now());
      } catch (error) {
        return new Response(String(error));
      }
      return new Response('it did not trap', { status: 500 });
    }
    if (pathname === '/release') {
      await env.SIGNALBOX_STATE.get(env.SIGNALBOX_STATE.idFromName('state')).go();
      return new Response('released');
    }
    if (pathname === '/age') {
      const { exchanges } = await serviceFor(env);
      for (const each of exchanges) each.nowMs -= 86_400_000;
      return new Response(String(exchanges.size));
    }
    if (pathname === '/exchanges') return new Response(String((await serviceFor(env)).exchanges.size));
    if (pathname === '/memory') return new Response(String((await serviceFor(env)).core.memoryBytes));
    if (pathname === '/places-held' || pathname === '/begin-anew') {
      const places = env.SIGNALBOX_STATE.get(env.SIGNALBOX_STATE.idFromName('places'));
      if (pathname === '/places-held') return new Response(String(await places.placesHeld()));
      return new Response(await places.beginAnew().catch(String));
    }
    if (pathname === '/corrupt') {
      // What no isolate would ever publish, and what came too late, together.
      const state = env.SIGNALBOX_STATE.get(env.SIGNALBOX_STATE.idFromName('state'));
      const known = await state.publish(new Uint8Array(0));
      const mangled = known.map((byte, i) => (i % 3 ? byte : byte ^ 0x55));
      const junk = [new Uint8Array([1, 2, 3]), new Uint8Array(3 << 20), 'text', null, { length: 5 }, mangled, known.slice(0, -1),
        known, known, known];
      const states = await Promise.all(junk.map((each) => state.publish(each)));
      return new Response(JSON.stringify(states.map((each) => each.length)));
    }
    if (pathname === '/places-seen') {
      return Response.json(await env.SIGNALBOX_STATE.get(env.SIGNALBOX_STATE.idFromName('places')).placesSeen());
    }
    if (pathname === '/take-place') {
      // As an isolate does that is lost behind it.
      const places = env.SIGNALBOX_STATE.get(env.SIGNALBOX_STATE.idFromName('places'));
      const name = decodeURIComponent(new URL(request.url).search.slice(1));
      const question = { options: [[[name, 1]]], queue: '', waitingMax: 0, waitMs: 0 };
      return new Response(String(await places.takePlace(crypto.randomUUID(), question)));
    }
    if (pathname === '/trap-state') {
      const state = env.SIGNALBOX_STATE.get(env.SIGNALBOX_STATE.idFromName('state'));
      const lengths = [(await state.publish(new Uint8Array(0))).length, await state.trap(), (await state.publish(new Uint8Array(0))).length];
      return new Response(JSON.stringify(lengths));
    }
    if (pathname === '/loop') return new Response(new Loop(await fetch(new URL(request.url).search.slice(1))).stream);
    return worker.fetch(request, env, ctx);
  },
};

// What any loop over an answer's body costs, for worker_objects.mjs: the platform's own objects, and one array a chunk.
class Loop {
  constructor(upstream) {
    this.reader = upstream.body.getReader();
    this.stream = new ReadableStream(
      { start: (controller) => void (this.controller = controller), pull: () => {} },
      new ByteLengthQueuingStrategy({ highWaterMark: 64 << 10 }));
    this.read();
  }

  async read() {
    for (;;) {
      const { done, value } = await this.reader.read();
      if (done) break;
      this.send(value);
    }
    this.controller.close();
  }

  send(value) {
    this.controller.enqueue(value.slice());
  }
}
