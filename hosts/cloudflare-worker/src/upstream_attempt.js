// One attempt of an upstream: fetch, its deadlines, and the answer's chunks, one after the other and only as fast as the
// client takes them.
import { Fault, Mode, Pace, Place } from '../../../bindings/javascript/boundary.js';
import { Deadline } from './deadline.js';

export class UpstreamAttempt {
  // `exchange` hears of what happens: onHead, onBody (false when there is no room), onEnd, onFailed; `client` is its
  // ClientAnswer.
  constructor(exchange, client, number, idleMs) {
    this.exchange = exchange;
    this.client = client;
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
    this.deadline = new Deadline(() => this.failed(this.fault));
  }

  // The platform tells nothing of connecting, which is part of `firstByteMs`.
  open(method, url, headers, body, firstByteMs) {
    if (firstByteMs) this.deadline.setIn(firstByteMs);
    let asked;
    try {
      asked = fetch(url, { method, headers, body, redirect: 'manual', signal: this.abort.signal });
    } catch (error) {
      asked = Promise.reject(error);
    }
    // The platform has the same words for a name that does not resolve, a refused connection, a failed handshake, and
    // bytes that are no HTTP. What is known is that no answer has come.
    asked.then((response) => this.answered(response), () => this.failed(Fault.upstream_connect));
  }

  answered(response) {
    if (this.over) {
      response.body?.cancel().catch(() => {});
      return;
    }
    this.deadline.clear();
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
    this.over = true;
    this.deadline.end();
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
