// What one exchange has of the places that all isolates share: asked of the one object that owns them (place_owner.js),
// said again while it is held, and given back. Where the object cannot be had the isolate goes by itself.
//
// Rules: everything here runs in the context of the exchange's own request. `told` hears of each `ask` once, unless what
// was asked for has been given back in the meantime.
import { ALONE, LEASE_MS, WAITS } from './place_owner.js';
import { stateMsMax } from './shared_state.js';

// How long an exchange waits for the object's first word; with less it may wake up on another continent.
const FIRST_WORD_MS = 2_000;

let missed = false;  // said in the log once, until the object answers again

export class PlaceLease {
  // `told` hears the option, FULL or ALONE.
  constructor(env, told) {
    this.env = env;
    this.told = told;
    this.id = null;      // of what is asked for or held
    this.owner = null;
    this.renewal = null;
    this.underWay = [];  // calls that nobody waits for, but for the end of the request
  }

  async ask(question) {
    this.giveBack();
    const id = (this.id = crypto.randomUUID());
    const option = await this.answer(id, question);
    // Who has left meanwhile keeps nothing.
    if (this.id !== id) return void (option >= 0 && this.call((owner) => owner.freePlaces(id, 0)));
    if (option >= 0) this.keep(id, question.options[option].map(([name]) => name));
    else this.id = null;
    this.told(option);
  }

  giveBack() {
    if (!this.id) return;
    clearInterval(this.renewal);
    this.call((owner, id) => owner.freePlaces(id, stateMsMax(this.env)));
    this.id = null;
  }

  // Nobody of this request may be called any more: what it has comes free by itself.
  abandon() {
    this.id = null;
  }

  // Resolves when the object has heard all that it was told.
  async settled() {
    await Promise.allSettled(this.underWay);
  }

  // --- inside -----------------------------------------------------------------------------------------------

  // An object that begins anew fails those who ask or wait there: they ask it once more. One that is silent is not asked again.
  async answer(id, question) {
    let problem;
    for (let tries = 0; tries < 2 && this.id === id && !problem?.late; ++tries) {
      try {
        const { SIGNALBOX_STATE } = this.env;
        this.owner = SIGNALBOX_STATE.get(SIGNALBOX_STATE.idFromName('places'));
        let option = await within(FIRST_WORD_MS, this.owner.takePlace(id, question));
        if (option === WAITS) option = await within(question.waitMs + FIRST_WORD_MS, this.owner.placeTurn(id));
        missed = false;
        return option;
      } catch (error) {
        problem = error;
      }
    }
    if (this.id !== id) return ALONE;
    if (!missed) console.warn('signalbox: bounds hold for each isolate by itself: who has which place could not be asked: ' + problem);
    missed = true;
    this.call((owner, asked) => owner.freePlaces(asked, 0), id);
    return ALONE;
  }

  keep(id, names) {
    if (!names.length) return;
    const everyMs = Number(this.env.SIGNALBOX_LEASE_MS ?? LEASE_MS) / 3;
    this.renewal = setInterval(() => this.id && this.call((owner) => owner.renewPlaces(id, names)), everyMs);
  }

  call(what, id = this.id) {
    this.underWay.push((async () => what(this.owner, id))().catch(() => {}));
  }
}

async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(Object.assign(new Error('no answer in ' + ms + ' ms'), { late: true })), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch?.(() => {});
  }
}
