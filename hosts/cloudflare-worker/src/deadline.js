// A moment at which something is due, moved often and reached seldom: a timer that fires too early is set anew, so that
// moving the moment further away costs no timer.
const TIMEOUT_MS_MAX = 0x7fffffff;

export class Deadline {
  // `due` is called when the moment has come.
  constructor(due) {
    this.due = due;
    this.atMs = Infinity;
    this.timer = null;
    this.timerAtMs = Infinity;
  }

  // Takes the place of the moment before.
  setIn(ms) {
    const nowMs = Date.now();
    this.atMs = nowMs + ms;
    if (this.timer !== null && this.timerAtMs <= this.atMs) return;
    this.arm(ms);
  }

  // A function of its own, since V8 makes an object for what a closure sees as soon as the function around it is called.
  arm(ms) {
    clearTimeout(this.timer);
    this.timerAtMs = this.atMs;
    this.timer = setTimeout(() => this.fire(), Math.min(ms, TIMEOUT_MS_MAX));
  }

  // Nothing is due any more. The timer stays for the next moment.
  clear() {
    this.atMs = Infinity;
  }

  // For good.
  end() {
    this.clear();
    clearTimeout(this.timer);
    this.timer = null;
  }

  fire() {
    this.timer = null;
    if (this.atMs === Infinity) return;
    const leftMs = this.atMs - Date.now();
    if (leftMs > 0) return this.setIn(leftMs);
    this.clear();
    this.due();
  }
}

// What comes of `promise`; an error with `late` set where that takes longer than `ms`.
export async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(Object.assign(new Error('no answer in ' + ms + ' ms'), { late: true })), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch?.(() => {});
  }
}
