// Performs what one exchange asks for: one function per effect. Tells it every event in order, and never one while
// another is being answered.
//
// The bodies: what the client sends goes into the core's memory, since the core reads it; what an upstream answers
// is shown there too, and the client gets the upstream's own chunks as far as the core lets them go. A step of a body
// makes at most one new array and no other object. In pass mode the platform's pipe carries the answer and nobody here
// sees a byte.
import { Effect, effect, Ending, event, Event, Fault, Level, Mode, Peer, piece, Place, ReleaseTo, Room, step } from
  '../../../bindings/javascript/boundary.js';
import { ClientAnswer } from './client_answer.js';
import { Deadline } from './deadline.js';
import { headText } from './own_answer.js';
import { PlaceLease } from './place_lease.js';
import { credentialHeader, UpstreamAttempt } from './upstream_attempt.js';

const LENGTH_MAX = 0x7fffffff;
const NEVER = 0xffffffff;
// As in the native host (http1/parser.h): no honest answer has as many headers. The platform joins those of one name.
const HEADERS_MAX = 128;
const HEADER_MARKS = ': \r\n'.length;
// What the platform's fetch has decoded by the time we see it.
const DECODED = new Set(['gzip', 'br', 'deflate']);

// A turn's number; exact to 2^53, and they are counted up from 1.
const turnOf = (words, at) => words[at + effect.turn_0] + words[at + effect.turn_1] * 0x100000000;

export class Performer {
  // `service` is the instance with its configuration, `share` takes deltas for other isolates.
  constructor(service, request, env, share) {
    this.service = service;
    this.core = service.core;
    this.request = request;
    this.env = env;
    this.share = share;
    this.port = 0;
    this.nowMs = 0;          // when the last event was told
    this.attempts = new Map();
    this.waiting = [];       // events that came while another was being told
    this.telling = false;
    this.over = false;       // Finish has been performed
    this.ending = null;
    this.client = new ClientAnswer(request, () => this.tell(Event.client_gone));
    this.clientPieces = 0;   // of this step
    this.asksTaking = false; // this step awaits that the client takes more
    this.chunk = null;       // what this step has for the client, where it is an upstream's own
    this.body = null;        // reads the client's
    this.bodyLate = new Deadline(() => this.tell(Event.client_failed, 0, Fault.request_timeout));
    this.wake = new Deadline(() => this.tell(Event.woken));
    this.done = new Promise((resolve) => (this.resolveDone = resolve));
    this.lease = null;       // of places that all isolates share, once it was asked for
    this.turn = 0;           // that is awaited, by which another exchange finds this one; 0: none
    // Another request's trap ends this exchange too, but what it holds may be touched in its own context only, and
    // that is where what waits for a promise goes on.
    new Promise((resolve) => (this.lose = resolve)).then(() => this.collapse());
  }

  // Begins; the response comes when there is one.
  begin() {
    this.service.take(this);
    this.onAbort = () => this.tell(Event.client_gone);
    this.request.signal.addEventListener('abort', this.onAbort);
    try {
      this.port = this.core.call('signalbox_exchange_new', this.service.gateway) >>> 0;
      this.tellHead();
    } catch (error) {
      this.caught(error);
    }
    if (!this.over) this.readBody();
    return this.client.response;
  }

  // --- events ---------------------------------------------------------------------------------------------

  tellHead() {
    const { core, request } = this;
    const announced = request.headers.get('content-length');
    const text = headText(request);
    const at = core.room(this.port, Room.head, 0, 3 * text.length);
    core.set(event.fresh_bytes, core.write(text, at));
    core.set(event.body_bytes, request.body ? (announced === null ? -1 : Math.min(Number(announced), LENGTH_MAX)) : 0);
    core.set(event.peer, Peer.unknown);
    const random = (core.eventAt >> 2) + event.random_0;
    crypto.getRandomValues(core.words.subarray(random, random + 4));
    this.tell(Event.client_head);
  }

  async readBody() {
    const { body, headers } = this.request;
    try {
      if (body) {
        this.body = body.getReader();
        const announced = Number(headers.get('content-length') ?? 0);
        // One place for all of it, so that it need not be moved as it grows.
        if (announced > 0 && !this.core.dead && !this.core.room(this.port, Room.request_body, 0, announced))
          return this.tell(Event.client_failed, 0, Fault.overloaded);
        const endMs = Date.now() + this.service.requestBodyMs;
        for (;;) {
          this.bodyLate.setIn(Math.min(this.service.requestBodyIdleMs, endMs - Date.now()));
          const { done, value } = await this.body.read();
          this.bodyLate.clear();
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
    }
    this.core.set(event.fresh_bytes, 0);
    this.core.set(event.last, 1);
    this.tell(Event.client_body);
  }

  onHead(attempt, response) {
    if (this.core.dead) return;
    const decoded = DECODED.has(response.headers.get('content-encoding'));
    let text = '';
    let count = 0;
    let byteCount = 0;
    for (const [name, value] of response.headers) {
      byteCount += name.length + value.length + HEADER_MARKS;
      if (++count > HEADERS_MAX || byteCount > this.service.answerHeadBytes)
        return attempt.failed(Fault.upstream_head_too_large);
      if (!decoded || (name !== 'content-encoding' && name !== 'content-length')) text += name + '\0' + value + '\0';
    }
    try {
      const at = this.core.room(this.port, Room.head, attempt.number, 3 * text.length);
      this.core.set(event.fresh_bytes, this.core.write(text, at));
      this.core.set(event.status, response.status);
      this.tell(Event.upstream_head, attempt.number);
    } catch (error) {
      this.caught(error);
    }
  }

  // False when there is no memory for the chunk.
  onBody(attempt, chunk) {
    if (this.core.dead) return true;
    if (!this.fill(Room.answer_body, attempt.number, chunk)) return false;
    this.tell(Event.upstream_body, attempt.number);
    return true;
  }

  onEnd(attempt) {
    this.tell(Event.upstream_end, attempt.number);
  }

  onFailed(attempt, fault) {
    this.tell(Event.upstream_failed, attempt.number, fault);
  }

  onPiped(attempt, { complete, byteCount }) {
    if (this.core.dead) return this.end();
    if (attempt.over) return;
    attempt.end();
    if (this.request.signal.aborted) return this.tell(Event.client_gone);
    this.core.set(event.complete, complete ? 1 : 0);
    this.core.set(event.body_bytes, byteCount);
    this.tell(Event.upstream_piped, attempt.number);
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
    this.telling = true;
    this.nowMs = Math.max(this.nowMs, Date.now());
    try {
      this.step(kind, attempt, fault);
      while (this.waiting.length && !this.over) this.step(...this.waiting.shift());
    } catch (error) {
      this.caught(error);
    }
    this.telling = false;
  }

  step(kind, attempt, fault) {
    this.core.set(event.attempt, attempt);
    this.core.set(event.fault, fault);
    this.perform(this.core.handle(this.port, kind, this.nowMs) >> 2);
  }

  // A trap has ended all exchanges of the instance, this one included; anything else is our own fault, and ends it alone.
  caught(error) {
    if (this.core.dead) return;
    console.error('signalbox: ' + (error?.stack ?? error));
    this.collapse();
  }

  // --- effects --------------------------------------------------------------------------------------------

  perform(at) {
    const { core } = this;
    const { words } = core;  // no effect makes the memory grow
    const count = words[at + step.effect_count];
    const first = words[at + step.effects] >> 2;
    this.clientPieces = words[at + step.client_pieces];
    this.chunk = null;
    this.asksTaking = false;
    for (let i = 0; i < count; ++i) {
      const each = first + i * effect.words;
      switch (words[each + effect.kind]) {
        case Effect.open_upstream: this.openUpstream(words, each); break;
        case Effect.cancel_upstream: this.cancelUpstream(words, each); break;
        case Effect.send_client_head: this.sendClientHead(words, each); break;
        case Effect.send_client_body: break;  // the step has all that goes to the client in one place
        case Effect.release_body: this.releaseBody(words, each); break;
        case Effect.release_request: break;  // the core's memory holds it, and lets it go itself
        case Effect.share_state: this.shareState(words, each); break;
        case Effect.await_turn: this.awaitTurn(words, each); break;
        case Effect.give_turn: this.service.awaiting.get(turnOf(words, each))?.giveTurn(); break;
        case Effect.await_taking: this.asksTaking = true; break;
        case Effect.set_pace: this.attempts.get(words[each + effect.attempt])?.setPace(words[each + effect.pace]); break;
        case Effect.ask_place: this.askPlace(words, each); break;
        case Effect.finish: this.finish(words, each); break;
        default: throw new Error('effect ' + words[each + effect.kind] + ' is none that this host can perform');
      }
    }
    if (!this.chunk && this.clientPieces) this.chunk = core.copy(words[at + step.client_data], words[at + step.client_bytes]);
    if (this.ending === null) {
      this.client.send(this.chunk);
      if (this.asksTaking) this.awaitTaking();
      this.wakeIn(words[at + step.wake_in_ms]);
    } else {
      this.end();
      this.client.end(this.chunk, this.ending === Ending.complete);
    }
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
    const attempt = new UpstreamAttempt(this, this.client, this.service.kept, number, words[at + effect.idle_ms]);
    this.attempts.set(number, attempt);
    attempt.open(method, url, headers, body, words[at + effect.first_byte_ms]);
    // Nothing of the core's memory is needed any more.
    this.waiting.push([Event.upstream_sent, number, 0]);
  }

  cancelUpstream(words, at) {
    this.attempts.get(words[at + effect.attempt])?.cancel();
  }

  sendClientHead(words, at) {
    const fields = this.core.fields(words[at + effect.text], words[at + effect.text_bytes]);
    const headers = new Headers();
    for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i], fields[i + 1]);
    this.client.head = { status: words[at + effect.status], headers };
    const attempt = this.attempts.get(words[at + effect.attempt]);
    if (!attempt) return;
    attempt.mode = words[at + effect.mode];
    if (attempt.mode === Mode.pass)
      this.client.pass(attempt.response, words[at + effect.body_bytes] | 0).then((how) => this.onPiped(attempt, how));
  }

  // The step has these bytes too, but an upstream's own chunk need not be copied.
  releaseBody(words, at) {
    const attempt = this.attempts.get(words[at + effect.attempt]);
    const byteCount = words[at + effect.data_bytes];
    if (!byteCount) return;
    if (words[at + effect.to] === ReleaseTo.client && this.clientPieces === 1) this.chunk = attempt.oldest(byteCount);
    attempt.heldBytes -= byteCount;
  }

  shareState(words, at) {
    this.share(this.core.copy(words[at + effect.data], words[at + effect.data_bytes]));
  }

  awaitTurn(words, at) {
    this.forgetTurn();
    this.turn = turnOf(words, at);
    this.service.awaiting.set(this.turn, this);
    this.hearTurn();
  }

  // Who gives a turn does so in another request's context, which may touch nothing of this one's: it resolves a promise,
  // and what follows runs here.
  hearTurn() {
    new Promise((resolve) => (this.giveTurn = resolve)).then(() => {
      if (this.over || this.core.dead) return;
      this.hearTurn();
      this.tell(Event.woken);
    });
  }

  forgetTurn() {
    if (this.turn) this.service.awaiting.delete(this.turn);
    this.turn = 0;
  }

  // The wait may also have ended because the upstream is not to wait for the client any more.
  awaitTaking() {
    const wait = this.client.waits();
    if (!wait) this.waiting.push([Event.client_taking, 0, 0]);
    else wait.then(() => this.client.waits() ? this.awaitTaking() : this.tell(Event.client_taking));
  }

  // What is held goes back first.
  askPlace(words, at) {
    const count = words[at + effect.piece_count];
    if (!count) return this.lease?.giveBack();
    const [queue, waitingMax, waitMs, ...bounds] = this.core.fields(words[at + effect.text], words[at + effect.text_bytes]);
    const options = Array.from({ length: count }, () => []);
    for (let i = 0; i + 2 < bounds.length; i += 3) options[bounds[i]].push([bounds[i + 1], Number(bounds[i + 2])]);
    this.lease ??= new PlaceLease(this.env, (option) => this.tell(Event.place_told, option));
    this.lease.ask({ options, queue, waitingMax: Number(waitingMax), waitMs: Number(waitMs) });
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

  wakeIn(ms) {
    if (ms === NEVER) this.wake.clear();
    else this.wake.setIn(ms);
  }

  // --- the end --------------------------------------------------------------------------------------------

  end() {
    if (this.over) return;
    this.over = true;
    this.wake.end();
    this.bodyLate.end();
    this.request.signal.removeEventListener('abort', this.onAbort);
    for (const attempt of this.attempts.values()) attempt.cancel();
    this.body?.cancel().catch(() => {});
    this.lease?.giveBack();
    this.resolveDone();
    this.leaveCore();
  }

  // The platform has killed the request without a word. What it held of the platform's is not ours to touch; should it live
  // all the same, it tells the core nothing more.
  abandon() {
    this.over = true;
    for (const attempt of this.attempts.values()) attempt.abandon();
    this.lease?.abandon();
    this.leaveCore();
  }

  leaveCore() {
    this.service.exchanges.delete(this);
    this.forgetTurn();
    if (!this.port || this.core.dead) return;
    try {
      this.core.call('signalbox_exchange_delete', this.port);
    } catch {
      // A trap: the core has told its service, and this exchange is over.
    }
  }

  // The instance is lost, or we are: an answer that the platform carries goes on, any other ends as an error.
  collapse() {
    if (this.over) return;
    for (const attempt of this.attempts.values())
      if (attempt.mode === Mode.pass && !attempt.over && this.client.begun) return;
    this.end();
    this.client.fail();
  }
}
