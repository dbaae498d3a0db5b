// How many connections to each origin the platform may be keeping for the next request, as far as this isolate can know.
// fetch takes one that it believes to be free, or else opens another, and tells nobody which.
//
// Why it matters: a connection is closed by the upstream, and workerd takes it for a free one until it has turned to it
// once more. It does so for every answer that only the connection's end delimits (in kj/compat/http.c++,
// HttpConnectionCloseEntityReader says that its message is over, which makes the connection reusable, and watchForClose
// sees the end a turn later), and, as any client does, where the upstream closes an idle one. The next request then
// fails at once, with the same error as when the upstream refuses a connection or closes one without a word. What
// tells them apart is whether there was a connection to keep: upstream_attempt.js asks again only then.
//
// Rule: never fewer than there are of this isolate's own. The platform may know the end of an answer a moment before
// whoever reads the answer does: so who has failed asks not only whether one was free as it began, but also whether more
// have been `freed` since.

// How long workerd keeps one that nobody uses (kj::HttpClientSettings::idleTimeout).
const KEPT_MS_MAX = 5000;

export class KeptConnections {
  constructor() {
    this.byOrigin = new Map();  // origins are those of configurations
  }

  // A request begins. True when it may go by a connection that was kept, and then that one is no longer free.
  take(origin) {
    const known = this.byOrigin.get(origin);
    if (!known || !known.count) return false;
    if (Date.now() - known.freeAtMs > KEPT_MS_MAX) {
      known.count = 0;
      return false;
    }
    --known.count;
    return true;
  }

  // An answer is over, and has not failed. Read to its end or not: in what nobody wants to read the end may have come already.
  free(origin) {
    let known = this.byOrigin.get(origin);
    if (!known) this.byOrigin.set(origin, (known = { count: 0, freed: 0, freeAtMs: 0 }));
    ++known.count;
    ++known.freed;
    known.freeAtMs = Date.now();
  }

  // How many answers have been over so far.
  freed(origin) {
    return this.byOrigin.get(origin)?.freed ?? 0;
  }
}
