// One attempt of an upstream: fetch, its deadlines, and the answer's chunks, one after the other and only as fast as the
// client takes them.
//
// Sending again. A connection that the platform kept may have been closed by the upstream already (kept_connections.js).
// As in the native host, such a request is sent once more, a POST too: RFC 9112 section 9.3.1 lets a client do so when it
// knows that it was not acted on, and who closes an idle connection has not read it. The platform says less than a
// socket does, so that all of this has to hold: the error is that of a connection that was lost; a connection may have
// been kept; and it failed at once. It does not hold for an upstream that refuses connections or closes new ones without
// a word, for anything that came and was no HTTP, nor for an upstream that takes its time before it breaks off: each of
// these is asked once. What cannot be told apart is half a head that breaks off at once on a kept connection; such a
// request is sent again as well.
import { Fault, Mode, Pace, Place } from '../../../bindings/javascript/boundary.js';
import { Deadline } from './deadline.js';

// How often one attempt may be sent.
const TRIES_MAX = 2;
// How soon a request fails whose connection was closed before: as soon as it is written, or one way to the upstream and
// back later; 88 ms were seen in a busy isolate. Whoever closes later than that took the request first: as natively
// (attempt_clock.h).
const LOST_MS_MAX = 1000;

export class UpstreamAttempt {
  // `exchange` hears of what happens: onHead, onBody (false when there is no room), onEnd, onFailed; `client` is its
  // ClientAnswer, `kept` the isolate's KeptConnections.
  constructor(exchange, client, kept, number, idleMs) {
    this.exchange = exchange;
    this.client = client;
    this.kept = kept;
    this.number = number;
    this.idleMs = idleMs;
    this.mode = Mode.rewrite;
    this.free = false;    // it is not its client's pace that counts
    this.over = false;    // nothing of it is told any more
    this.response = null;
    this.reader = null;
    this.fresh = null;    // the chunk that came last
    this.heldBytes = 0;   // how much of what has come the core has not let go of
    this.abort = new AbortController();
    this.fault = Fault.upstream_first_byte_timeout;
    this.deadline = new Deadline(() => this.late());
    this.origin = '';
    this.request = null;  // { url, init }, while it may be sent again; it holds a secret and the whole body
    this.tries = 0;
    this.keptOne = false;  // the platform may have taken a connection that it kept
    this.freed = 0;        // connections, by then
    this.lateAtMs = Infinity;
  }

  // The platform tells nothing of connecting, which is part of `firstByteMs`; so are all tries.
  open(method, url, headers, body, firstByteMs) {
    const path = url.indexOf('/', 'https://'.length);
    this.origin = path < 0 ? url : url.slice(0, path);
    this.request = { url, init: { method, headers, body, redirect: 'manual', signal: this.abort.signal } };
    if (firstByteMs) this.lateAtMs = Date.now() + firstByteMs;
    this.send();
  }

  send() {
    const { url, init } = this.request;
    this.keptOne = this.kept.take(this.origin);
    this.freed = this.kept.freed(this.origin);
    if (++this.tries < TRIES_MAX) this.deadline.setIn(Math.min(LOST_MS_MAX, this.lateAtMs - Date.now()));
    else this.forgetRequest();
    let asked;
    try {
      asked = fetch(url, init);
    } catch (error) {
      asked = Promise.reject(error);
    }
    asked.then((response) => this.answered(response), (error) => this.refused(error));
  }

  // It will not be sent again.
  forgetRequest() {
    this.request = null;
    if (this.lateAtMs !== Infinity) this.deadline.setIn(this.lateAtMs - Date.now());
  }

  late() {
    if (this.request && Date.now() < this.lateAtMs) this.forgetRequest();
    else this.failed(this.fault);
  }

  // The platform has the same words for a refused connection and for one that was lost, and others, the same again, for a
  // name that does not resolve, a failed handshake, and bytes that are no HTTP. What is known is that no answer has come.
  refused(error) {
    if (this.over) return;
    const lost = this.request && error.retryable === true;
    if (!lost || !(this.keptOne || this.kept.freed(this.origin) > this.freed)) return this.failed(Fault.upstream_connect);
    // A turn later the platform has seen which other connections of its own are closed: without that one of ten that are
    // sent again was lost again (46 of 497), with it 1 of 361.
    setTimeout(() => this.sendAgain(), 0);
  }

  sendAgain() {
    if (this.over) return;
    if (this.request) this.send();
    else this.failed(Fault.upstream_connect);
  }

  answered(response) {
    if (this.over) {
      response.body?.cancel().catch(() => {});
      return;
    }
    this.deadline.clear();
    this.request = null;
    this.response = response;
    this.exchange.onHead(this, response);
    if (!this.over && this.mode !== Mode.pass) this.read();
  }

  async read() {
    const { body } = this.response;
    this.fault = Fault.upstream_idle_timeout;
    try {
      this.reader = body?.getReader();
      while (this.reader) {
        for (let wait; !this.over && !this.free && (wait = this.client.waits()); ) await wait;
        if (this.over) return;
        if (this.idleMs) this.deadline.setIn(this.idleMs);
        const { done, value } = await this.reader.read();
        this.deadline.clear();
        if (this.over) return;
        if (done) break;
        if (!value.length) continue;
        this.fresh = value;
        this.heldBytes += value.length;
        if (!this.exchange.onBody(this, value)) return this.failed(Fault.overloaded);
      }
    } catch {
      return this.failed(Fault.upstream_reset);
    }
    if (this.over) return;
    this.end();
    this.exchange.onEnd(this);
  }

  // The oldest `byteCount` bytes that are held, where they are all of the chunk that came last: itself or a view of it.
  // Null where only the core has them in one piece.
  oldest(byteCount) {
    const begin = this.fresh.length - this.heldBytes;
    if (begin < 0) return null;
    return byteCount === this.fresh.length ? this.fresh : this.fresh.subarray(begin, begin + byteCount);
  }

  setPace(pace) {
    this.free = pace === Pace.free;
    if (this.free) this.client.takes?.();
  }

  failed(fault) {
    if (this.over) return;
    this.response = null;  // its connection has broken off, or is closed now
    this.cancel();
    this.exchange.onFailed(this, fault);
  }

  cancel() {
    if (this.over) return;
    this.end();
    this.abort.abort();
    this.reader?.cancel().catch(() => {});
  }

  end() {
    this.abandon();
    this.deadline.end();
  }

  // As `end`, and touches nothing of the platform's.
  abandon() {
    if (this.over) return;
    this.over = true;
    this.request = null;
    if (this.response) this.kept.free(this.origin);
  }
}

// The header that carries a secret.
export function credentialHeader(place, secret) {
  switch (place) {
    case Place.x_api_key: return ['x-api-key', secret];
    case Place.x_goog_api_key: return ['x-goog-api-key', secret];
    case Place.api_key: return ['api-key', secret];
    default: return ['authorization', 'Bearer ' + secret];
  }
}
