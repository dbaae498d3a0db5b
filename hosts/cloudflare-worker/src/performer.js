// Performs what one exchange asks for: one function per effect. Tells it every event in order, and never one while
// another is being answered.
//
// The bodies: what the client sends goes into the core's memory, since the core reads it; what an upstream answers
// is shown there too, and the client gets the upstream's own chunks as far as the core lets them go. A step makes at
// most one new array. In pass mode the platform's pipe carries the answer and nobody here sees a byte.
import { Effect, effect, Ending, event, Event, Fault, Level, Mode, Peer, piece, Place, ReleaseTo, Room, step } from
  '../../../bindings/javascript/boundary.js';
import { errorResponse, headText } from './own_answer.js';

// What may wait for a slow client before its upstream is no longer read.
const UNSENT_BYTES_MAX = 64 << 10;
const TIMEOUT_MS_MAX = 0x7fffffff;
const NEVER = 0xffffffff;
const NO_BODY = new Set([101, 204, 205, 304]);
// What the platform's fetch has decoded by the time we see it.
const DECODED = new Set(['gzip', 'br', 'deflate']);

export class Performer {
  // `service` is the instance with its configuration, `share` takes deltas for other isolates.
  constructor(service, request, env, share) {
    this.service = service;
    this.core = service.core;
    this.request = request;
    this.env = env;
    this.share = share;
    this.port = 0;
    this.nowMs = 0;
    this.attempts = new Map();
    this.waiting = [];       // events that came while another was being told
    this.telling = false;
    this.over = false;       // Finish has been performed
    this.head = null;        // to be sent at the end of this step
    this.answered = false;
    this.out = [];           // chunks of this step, for the client
    this.client = null;      // the controller of the client's stream
    this.clientTakes = null; // resolves when the client takes more
    this.ending = null;
    this.wakeTimer = null;
    this.wakeAt = Infinity;
    this.response = new Promise((resolve) => (this.respond = resolve));
    this.done = new Promise((resolve) => (this.resolveDone = resolve));
    // Another request's trap ends this exchange too, but what it holds may be touched in its own context only, and
    // that is where what waits for a promise goes on.
    new Promise((resolve) => (this.lose = resolve)).then(() => this.collapse());
  }

  // Begins; the response comes when there is one.
  begin() {
    this.service.exchanges.add(this);
    this.onAbort = () => this.tell(Event.client_gone);
    this.request.signal.addEventListener('abort', this.onAbort);
    this.guard(() => {
      this.port = this.core.call('signalbox_exchange_new', this.service.gateway) >>> 0;
      this.tellHead();
    });
    if (!this.over) this.readBody();
    return this.response;
  }

  // --- events ---------------------------------------------------------------------------------------------

  tellHead() {
    const { core, request } = this;
    const announced = request.headers.get('content-length');
    const text = headText(request);
    const at = core.room(this.port, Room.head, 0, 3 * text.length);
    core.set(event.fresh_bytes, core.write(text, at));
    core.set(event.body_bytes, request.body ? (announced === null ? -1 : Math.min(Number(announced), TIMEOUT_MS_MAX)) : 0);
    core.set(event.peer, Peer.unknown);
    const random = (core.eventAt >> 2) + event.random_0;
    crypto.getRandomValues(core.words.subarray(random, random + 4));
    this.step(Event.client_head);
  }

  async readBody() {
    const { body, headers } = this.request;
    let reader = null;
    try {
      if (body) {
        reader = body.getReader();
        const announced = Number(headers.get('content-length') ?? 0);
        // One place for all of it, so that it need not be moved as it grows.
        if (announced > 0 && !this.core.dead && !this.core.room(this.port, Room.request_body, 0, announced))
          return this.tell(Event.client_failed, 0, Fault.overloaded);
        for (;;) {
          const { done, value } = await reader.read();
          if (this.over || this.core.dead) return;
          if (done) break;
          if (!this.fill(Room.request_body, 0, value)) return this.tell(Event.client_failed, 0, Fault.overloaded);
          this.core.set(event.last, 0);
          this.tell(Event.client_body);
          if (this.over) return;
        }
      }
    } catch {
      // Only a client that has left, or that cannot frame its body, breaks off here.
      return this.tell(this.request.signal.aborted ? Event.client_gone : Event.client_failed, 0, Fault.bad_request);
    } finally {
      if (reader && this.over) reader.cancel().catch(() => {});
    }
    this.core.set(event.fresh_bytes, 0);
    this.core.set(event.last, 1);
    this.tell(Event.client_body);
  }

  // Puts `chunk` behind what the core has of a body; false when it has no memory for it.
  fill(room, attempt, chunk) {
    const at = this.core.room(this.port, room, attempt, chunk.length);
    if (!at) return false;
    this.core.bytes.set(chunk, at);
    this.core.set(event.fresh_bytes, chunk.length);
    return true;
  }

  // Tells one event and performs what follows from it. What an event needs beyond this stands in its record already.
  tell(kind, attempt = 0, fault = 0) {
    if (this.over || this.core.dead) return;
    if (this.telling) {
      this.waiting.push([kind, attempt, fault]);
      return;
    }
    this.core.set(event.attempt, attempt);
    this.core.set(event.fault, fault);
    this.guard(() => this.step(kind));
  }

  step(kind) {
    this.telling = true;
    this.nowMs = Math.max(this.nowMs, Date.now());
    this.perform(this.core.handle(this.port, kind, this.nowMs) >> 2);
    while (this.waiting.length && !this.over) {
      const [next, attempt, fault] = this.waiting.shift();
      this.core.set(event.attempt, attempt);
      this.core.set(event.fault, fault);
      this.perform(this.core.handle(this.port, next, this.nowMs) >> 2);
    }
    this.telling = false;
  }

  // A trap has ended all exchanges of the instance, this one included; anything else is our own fault, and ends it alone.
  guard(work) {
    try {
      work();
    } catch (error) {
      if (!this.core.dead) {
        console.error('signalbox: ' + (error?.stack ?? error));
        this.collapse();
      }
    }
  }

  // --- effects --------------------------------------------------------------------------------------------

  perform(at) {
    const { core } = this;
    const count = core.words[at + step.effect_count];
    const first = core.words[at + step.effects] >> 2;
    const clientBytes = core.words[at + step.client_bytes];
    this.parts = core.words[at + step.client_parts];
    this.joined = this.parts > 1 ? new Uint8Array(clientBytes) : null;
    this.joinedBytes = 0;
    const wakeInMs = core.words[at + step.wake_in_ms];
    for (let i = 0; i < count; ++i) {
      const words = core.words;
      const each = first + i * effect.words;
      switch (words[each + effect.kind]) {
        case Effect.open_upstream: this.openUpstream(words, each); break;
        case Effect.cancel_upstream: this.cancelUpstream(words[each + effect.attempt]); break;
        case Effect.send_client_head: this.sendClientHead(words, each); break;
        case Effect.send_client_body: this.sendClientBody(words[each + effect.data], words[each + effect.data_bytes]); break;
        case Effect.release_body: this.releaseBody(words, each); break;
        case Effect.release_request: break;  // the core's memory holds it, and lets it go itself
        case Effect.share_state: this.shareState(words[each + effect.data], words[each + effect.data_bytes]); break;
        case Effect.finish: this.finish(words, each); break;
      }
    }
    if (this.joined) this.out.push(this.joined);
    this.flush();
    if (!this.over) this.wakeIn(wakeInMs);
  }

  openUpstream(words, at) {
    const { core } = this;
    const number = words[at + effect.attempt];
    const fields = core.fields(words[at + effect.text], words[at + effect.text_bytes]);
    const [method, url, provider, credential] = fields;
    const headers = [];
    for (let i = 4; i + 1 < fields.length; i += 2) headers.push([fields[i], fields[i + 1]]);
    if (words[at + effect.place] !== Place.none) {
      const secret = this.service.secret(provider, credential, this.env);
      if (secret === undefined) return this.waiting.push([Event.upstream_failed, number, Fault.internal]);
      headers.push(credentialHeader(words[at + effect.place], secret));
    }
    let body;
    if (method !== 'GET' && method !== 'HEAD') {
      body = new Uint8Array(words[at + effect.data_bytes]);
      let filled = 0;
      for (let i = 0, p = words[at + effect.data] >> 2; i < words[at + effect.piece_count]; ++i, p += piece.words) {
        const begin = words[p + piece.data];
        body.set(core.bytes.subarray(begin, begin + words[p + piece.data_bytes]), filled);
        filled += words[p + piece.data_bytes];
      }
    }
    const attempt = {
      number,
      idleMs: words[at + effect.idle_ms],
      cancel: new AbortController(),
      over: false,
      mode: Mode.rewrite,
      response: null,
      held: [],      // chunks that the core has not let go of, oldest first
      heldFrom: 0,   // how much of the first one is gone
      timer: null,
      deadline: 0,
    };
    this.attempts.set(number, attempt);
    // The platform tells nothing of connecting, which is part of this time.
    const firstByteMs = words[at + effect.first_byte_ms];
    if (firstByteMs) this.deadlineFor(attempt, firstByteMs, Fault.upstream_first_byte_timeout);
    let asked;
    try {
      asked = fetch(url, { method, headers, body, redirect: 'manual', signal: attempt.cancel.signal });
    } catch (error) {
      asked = Promise.reject(error);
    }
    asked.then((response) => this.onHead(attempt, response), (error) => this.onFailed(attempt, faultOf(error)));
    // The platform has its own copy now.
    this.waiting.push([Event.upstream_sent, number, 0]);
  }

  cancelUpstream(number) {
    const attempt = this.attempts.get(number);
    if (!attempt || attempt.over) return;
    attempt.over = true;
    clearTimeout(attempt.timer);
    attempt.cancel.abort();
    attempt.reader?.cancel().catch(() => {});
  }

  sendClientHead(words, at) {
    const fields = this.core.fields(words[at + effect.text], words[at + effect.text_bytes]);
    const headers = new Headers();
    for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i], fields[i + 1]);
    this.head = { status: words[at + effect.status], headers };
    const attempt = this.attempts.get(words[at + effect.attempt]);
    if (attempt) attempt.mode = words[at + effect.mode];
    if (words[at + effect.mode] === Mode.pass) this.pass(attempt, words[at + effect.body_bytes] | 0);
  }

  sendClientBody(at, byteCount) {
    if (!byteCount) return;
    if (!this.joined) {
      this.out.push(this.core.bytes.slice(at, at + byteCount));
      return;
    }
    this.joined.set(this.core.bytes.subarray(at, at + byteCount), this.joinedBytes);
    this.joinedBytes += byteCount;
  }

  releaseBody(words, at) {
    const attempt = this.attempts.get(words[at + effect.attempt]);
    let left = words[at + effect.data_bytes];
    if (!attempt || !left) return;
    const toClient = words[at + effect.to] === ReleaseTo.client;
    const { held } = attempt;
    const first = held[0].length - attempt.heldFrom;
    let whole = null;
    if (toClient && !this.joined) {
      if (left <= first) {
        // The upstream's own chunk, or a view of it.
        this.out.push(left === held[0].length ? held[0] : held[0].subarray(attempt.heldFrom, attempt.heldFrom + left));
      } else {
        whole = new Uint8Array(left);
        this.out.push(whole);
      }
    }
    let filled = 0;
    while (left) {
      const chunk = held[0];
      const taken = Math.min(left, chunk.length - attempt.heldFrom);
      if (toClient && (whole || this.joined)) {
        const view = chunk.subarray(attempt.heldFrom, attempt.heldFrom + taken);
        if (whole) whole.set(view, filled);
        else this.joined.set(view, this.joinedBytes);
        if (!whole) this.joinedBytes += taken;
        filled += taken;
      }
      left -= taken;
      attempt.heldFrom += taken;
      if (attempt.heldFrom === chunk.length) {
        held.shift();
        attempt.heldFrom = 0;
      }
    }
  }

  shareState(at, byteCount) {
    this.share(this.core.bytes.slice(at, at + byteCount));
  }

  finish(words, at) {
    this.ending = words[at + effect.ending];
    const line = this.core.text(words[at + effect.text], words[at + effect.text_bytes]);
    if (!line) return;
    const level = words[at + effect.level];
    if (level >= Level.error) console.error(line);
    else if (level >= Level.warn) console.warn(line);
    else console.log(line);
  }

  // --- the client's side ----------------------------------------------------------------------------------

  // What one step has for the client goes out, and the exchange ends if it was the last.
  flush() {
    if (this.ending === null) {
      if (this.head && !this.answered) this.answer(this.stream());
      for (const chunk of this.out) this.client?.enqueue(chunk);
      this.out.length = 0;
      return;
    }
    const { out, ending } = this;
    if (this.head && !this.answered) {
      if (ending === Ending.complete) this.answer(out.length ? out[0] : '');
      else this.answer(this.stream());
    } else {
      for (const chunk of out) this.client?.enqueue(chunk);
    }
    out.length = 0;
    this.end();
    if (!this.client) return;
    try {
      if (ending === Ending.complete) this.client.close();
      else this.client.error(new Error('the answer was cut'));
    } catch {
      // The client has left in the meantime.
    }
  }

  answer(body) {
    this.answered = true;
    const { status, headers } = this.head;
    const none = NO_BODY.has(status) || (this.request.method === 'HEAD' && typeof body === 'object' && !(body instanceof Uint8Array));
    try {
      this.respond(new Response(none ? null : body, { status, headers }));
    } catch (error) {
      // A status that the platform does not know.
      console.error('signalbox: ' + error);
      this.respond(new Response(null, { status: 502 }));
    }
  }

  stream() {
    return new ReadableStream(
      {
        start: (controller) => void (this.client = controller),
        pull: () => this.clientTakes?.(),
        cancel: () => {
          this.client = null;
          this.clientTakes?.();
          this.tell(Event.client_gone);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: UNSENT_BYTES_MAX }),
    );
  }

  // The platform carries the rest of this answer.
  pass(attempt, bodyBytes) {
    const { body } = attempt.response;
    if (!body || NO_BODY.has(this.head.status) || this.request.method === 'HEAD') {
      this.answer(null);
      this.piped(attempt, true);
      return;
    }
    const { readable, writable } = bodyBytes >= 0 ? new FixedLengthStream(bodyBytes) : new IdentityTransformStream();
    const pipe = body.pipeTo(writable);
    this.answer(readable);
    pipe.then(() => this.piped(attempt, true, Math.max(0, bodyBytes)), () => this.piped(attempt, false));
  }

  piped(attempt, complete, byteCount = 0) {
    if (attempt.over) return this.core.dead && this.end();
    attempt.over = true;
    if (this.core.dead) return this.end();
    if (this.request.signal.aborted) return this.tell(Event.client_gone);
    if (this.telling) {
      // Within the step that began it; the record is still in use.
      queueMicrotask(() => this.tellPiped(attempt, complete, byteCount));
      return;
    }
    this.tellPiped(attempt, complete, byteCount);
  }

  tellPiped(attempt, complete, byteCount) {
    this.core.set(event.complete, complete ? 1 : 0);
    this.core.set(event.body_bytes, byteCount);
    this.tell(Event.upstream_piped, attempt.number);
  }

  // --- the upstream's side --------------------------------------------------------------------------------

  onHead(attempt, response) {
    if (attempt.over || this.over || this.core.dead) {
      response.body?.cancel().catch(() => {});
      return;
    }
    clearTimeout(attempt.timer);
    attempt.timer = null;
    attempt.response = response;
    const decoded = DECODED.has(response.headers.get('content-encoding'));
    let text = '';
    for (const [name, value] of response.headers)
      if (!decoded || (name !== 'content-encoding' && name !== 'content-length')) text += name + '\0' + value + '\0';
    this.guard(() => {
      const at = this.core.room(this.port, Room.head, attempt.number, 3 * text.length);
      this.core.set(event.fresh_bytes, this.core.write(text, at));
      this.core.set(event.status, response.status);
      this.tell(Event.upstream_head, attempt.number);
    });
    if (attempt.over || this.over || attempt.mode === Mode.pass) return;
    this.read(attempt);
  }

  async read(attempt) {
    const { body } = attempt.response;
    try {
      const reader = body?.getReader();
      attempt.reader = reader;
      while (reader) {
        while (this.client && this.client.desiredSize <= 0)
          await new Promise((resolve) => (this.clientTakes = resolve));
        if (attempt.over || this.over || this.core.dead) return;
        if (attempt.idleMs) this.deadlineFor(attempt, attempt.idleMs, Fault.upstream_idle_timeout);
        const { done, value } = await reader.read();
        attempt.deadline = Infinity;
        if (attempt.over || this.over || this.core.dead) return;
        if (done) break;
        if (!value.length) continue;
        if (!this.fill(Room.answer_body, attempt.number, value)) return this.onFailed(attempt, Fault.overloaded);
        attempt.held.push(value);
        this.tell(Event.upstream_body, attempt.number);
      }
    } catch (error) {
      return this.onFailed(attempt, Fault.upstream_reset);
    }
    clearTimeout(attempt.timer);
    attempt.over = true;
    this.tell(Event.upstream_end, attempt.number);
  }

  onFailed(attempt, fault) {
    if (attempt.over || this.over) return;
    attempt.over = true;
    clearTimeout(attempt.timer);
    attempt.cancel.abort();
    this.tell(Event.upstream_failed, attempt.number, fault);
  }

  // --- time -----------------------------------------------------------------------------------------------

  // One timer for many deadlines: a timer that fires before the last one is set anew.
  deadlineFor(attempt, ms, fault) {
    attempt.deadline = Date.now() + ms;
    attempt.fault = fault;
    if (attempt.timer === null) this.watch(attempt, ms);
  }

  watch(attempt, ms) {
    attempt.timer = setTimeout(() => {
      attempt.timer = null;
      if (attempt.over || this.over || attempt.deadline === Infinity) return;
      const left = attempt.deadline - Date.now();
      if (left > 0) this.watch(attempt, left);
      else this.onFailed(attempt, attempt.fault);
    }, Math.min(ms, TIMEOUT_MS_MAX));
  }

  wakeIn(ms) {
    if (ms === NEVER) {
      this.wakeAt = Infinity;
      return;
    }
    const at = this.nowMs + ms;
    this.wakeAt = at;
    if (this.wakeTimer !== null && this.wakeTimerAt <= at) return;
    clearTimeout(this.wakeTimer);
    this.wakeTimerAt = at;
    this.wakeTimer = setTimeout(() => {
      this.wakeTimer = null;
      if (this.over || this.wakeAt === Infinity) return;
      if (this.wakeAt > Date.now()) this.wakeIn(this.wakeAt - this.nowMs);
      else this.tell(Event.woken);
    }, Math.min(Math.max(0, at - Date.now()), TIMEOUT_MS_MAX));
  }

  // --- the end --------------------------------------------------------------------------------------------

  end() {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.wakeTimer);
    this.request.signal.removeEventListener('abort', this.onAbort);
    for (const number of this.attempts.keys()) this.cancelUpstream(number);
    this.service.exchanges.delete(this);
    if (this.port && !this.core.dead) this.core.call('signalbox_exchange_delete', this.port);
    this.clientTakes?.();
    this.resolveDone();
  }

  // The instance is lost, or we are: an answer that the platform carries goes on, any other ends as an error.
  collapse() {
    if (this.over) return;
    for (const attempt of this.attempts.values())
      if (attempt.mode === Mode.pass && !attempt.over && this.answered) return;
    if (!this.answered) {
      this.answered = true;
      this.respond(errorResponse(this.request, Fault.internal, ''));
    }
    const { client } = this;
    this.end();
    try {
      client?.error(new Error('the gateway has lost this exchange'));
    } catch {
      // It had ended already.
    }
  }
}

function credentialHeader(place, secret) {
  switch (place) {
    case Place.x_api_key: return ['x-api-key', secret];
    case Place.x_goog_api_key: return ['x-goog-api-key', secret];
    default: return ['authorization', 'Bearer ' + secret];
  }
}

// The platform has few words for what went wrong before an answer: a refused connection and one that breaks off are
// "Network connection lost.", names that do not resolve and bytes that are no HTTP "internal error".
function faultOf(error) {
  return /connection lost|disconnected/i.test(String(error?.message)) ? Fault.upstream_connect : Fault.upstream_protocol;
}
