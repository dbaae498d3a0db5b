// The client's answer: a head, then what the core has for it, in a stream with a bound, or by the platform's pipe.
import { Fault } from '../../../bindings/javascript/boundary.js';
import { errorResponse } from './own_answer.js';

// What may wait for a slow client before its upstream is no longer read.
const UNSENT_BYTES_MAX = 64 << 10;
const NO_BODY = new Set([101, 204, 205, 304]);

export class ClientAnswer {
  // `onLeft` is called when the client reads no more.
  constructor(request, onLeft) {
    this.request = request;
    this.onLeft = onLeft;
    this.head = null;        // { status, headers }, which go with the first bytes or with the end
    this.begun = false;
    this.controller = null;  // of the stream, while there is one
    this.taken = null;       // a promise that the client takes more, one for all who wait
    this.takes = null;       // resolves it
    this.response = new Promise((resolve) => (this.respond = resolve));
  }

  // Bytes that come next, or null: the head goes out all the same.
  send(chunk) {
    if (this.head && !this.begun) this.begin(this.stream());
    if (chunk) this.controller?.enqueue(chunk);
  }

  // The last bytes, or null. An answer that is complete at once gets its length; one that is cut breaks off.
  end(chunk, complete) {
    if (this.head && !this.begun && complete) return this.begin(chunk ?? '');
    this.send(chunk);
    if (complete) this.close((controller) => controller.close());
    else this.breakOff('the answer was cut');
  }

  // The platform carries all of the upstream's body. Resolves when that is over: { complete, byteCount }.
  async pass({ body }, bodyBytes) {
    if (!body || NO_BODY.has(this.head.status) || this.request.method === 'HEAD') {
      this.begin(null);
      return { complete: true, byteCount: 0 };
    }
    const { readable, writable } = bodyBytes >= 0 ? new FixedLengthStream(bodyBytes) : new IdentityTransformStream();
    const piped = body.pipeTo(writable);
    this.begin(readable);
    try {
      await piped;
      return { complete: true, byteCount: Math.max(0, bodyBytes) };
    } catch {
      return { complete: false, byteCount: 0 };
    }
  }

  // The exchange is lost: an error of its own, or the end of what has begun.
  fail() {
    if (this.begun) return this.breakOff('the gateway has lost this exchange');
    this.begun = true;
    this.respond(errorResponse(this.request, Fault.internal, ''));
  }

  // Null while the client takes what comes, else a promise of that.
  waits() {
    return !this.controller || this.controller.desiredSize > 0 ? null : this.untilTaken();
  }

  untilTaken() {
    return (this.taken ??= new Promise((resolve) => {
      this.takes = () => {
        this.taken = this.takes = null;
        resolve();
      };
    }));
  }

  begin(body) {
    this.begun = true;
    const { status, headers } = this.head;
    // What is whole says its length to HEAD too, and the platform leaves it out.
    const none = NO_BODY.has(status) || (this.request.method === 'HEAD' && body instanceof ReadableStream);
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
        start: (controller) => void (this.controller = controller),
        pull: () => this.takes?.(),
        cancel: () => {
          this.controller = null;
          this.takes?.();
          this.onLeft();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: UNSENT_BYTES_MAX }),
    );
  }

  breakOff(reason) {
    this.close((controller) => controller.error(new Error(reason)));
  }

  close(how) {
    try {
      if (this.controller) how(this.controller);
    } catch {
      // The client has left in the meantime.
    }
    this.controller = null;
    this.takes?.();
  }
}
