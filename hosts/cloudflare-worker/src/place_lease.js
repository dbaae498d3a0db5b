// What one exchange has of the places that all isolates share: asked of the one object that owns them (place_owner.js),
// said again while it is held, and given back. Where the object cannot be had the isolate goes by itself.
//
// Rules: everything here runs in the context of the exchange's own request. `told` hears of each `ask` once, unless what
// was asked for has been given back in the meantime.
import { within } from './deadline.js';
import { ALONE, WAITS } from './place_owner.js';
import { leaseMs, stateMsMax } from './settings.js';

// How long an exchange waits for an object's first word; with less it may wake up on another continent.
export const FIRST_WORD_MS = 2_000;

let missed = false;  // said in the log once, until the object answers again

export class PlaceLease {
  // `told` hears the option, FULL or ALONE.
  constructor(env, told) {
    this.env = env;
    this.told = told;
    this.id = null;      // of what is asked for or held
    this.stub = null;    // that has served until now
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
    const { id } = this;
    if (!id) return;
    clearInterval(this.renewal);
    this.id = null;
    this.call((owner) => owner.freePlaces(id, stateMsMax(this.env)));
  }

  // Nobody of this request may be called any more: what it has comes free by itself.
  abandon() {
    this.id = null;
  }

  // Resolves when the object has heard all that it was told; of one that is silent, after a while.
  async settled() {
    await within(FIRST_WORD_MS, Promise.allSettled(this.underWay)).catch(() => {});
  }

  // --- inside -----------------------------------------------------------------------------------------------

  // An object that begins anew fails those who ask or wait there: they ask it once more, for what is left of their time. One
  // that is silent is not asked again.
  async answer(id, question) {
    const turnByMs = Date.now() + (question.waitingMax > 0 ? question.waitMs : 0);
    const leftMs = () => turnByMs - Date.now();
    let problem;
    for (let tries = 0; tries < 2 && this.id === id && !problem?.late; ++tries) {
      try {
        const asked = this.by((owner) => owner.takePlace(id, { ...question, waitMs: Math.max(leftMs(), 0) }));
        let option = await within(Math.min(FIRST_WORD_MS, leftMs() + FIRST_WORD_MS), asked);
        if (option === WAITS) option = await within(leftMs() + FIRST_WORD_MS, this.by((owner) => owner.placeTurn(id)));
        missed = false;
        return option;
      } catch (error) {
        problem = error;
      }
    }
    if (this.id !== id) return ALONE;
    if (!missed) console.warn('signalbox: bounds hold for each isolate by itself: who has which place could not be asked: ' + problem);
    missed = true;
    // Behind what it may still answer, so by the same stub.
    this.call((owner) => owner.freePlaces(id, 0));
    this.stub = null;
    return ALONE;
  }

  keep(id, names) {
    if (!names.length) return;
    // Once it is given back nothing is said of it, the second time neither.
    const renew = (owner) => this.id === id && owner.renewPlaces(id, names);
    this.renewal = setInterval(() => this.id === id && this.call(renew), leaseMs(this.env) / 3);
  }

  // What has failed is said once more: an object that has begun anew knows nothing of it.
  call(what) {
    this.underWay.push(this.by(what).catch(() => this.by(what)).catch(() => {}));
  }

  // Calls by one stub arrive in their order. One that has failed fails for ever, and the next call makes another.
  async by(what) {
    const { SIGNALBOX_STATE } = this.env;
    const stub = (this.stub ??= SIGNALBOX_STATE.get(SIGNALBOX_STATE.idFromName('places')));
    try {
      return await what(stub);
    } catch (error) {
      if (this.stub === stub) this.stub = null;
      throw error;
    }
  }
}
