// Signalbox as a Cloudflare Worker: the core decides and translates, this host carries the bytes.
import { Fault } from '../../../bindings/javascript/boundary.js';
import { errorResponse } from './own_answer.js';
import { Performer } from './performer.js';
import { refreshConfig, serviceFor } from './service.js';
import { StateExchange } from './shared_state.js';

export { SignalboxState } from './shared_state.js';

export default {
  async fetch(request, env, ctx) {
    let service;
    try {
      service = await serviceFor(env);
    } catch (error) {
      console.error('signalbox: the configuration cannot be had: ' + (error?.stack ?? error));
      return errorResponse(request, Fault.no_lane,
        'The configuration cannot be had now; the next request tries again.');
    }
    const learned = new StateExchange(env, service);
    const exchange = new Performer(service, request, env, (delta) => learned.learn(delta));
    ctx.waitUntil(exchange.done.then(async () => {
      await learned.end();
      await refreshConfig(env);
      service.leaveIfLarge();
      await exchange.lease?.settled();
    }));
    return exchange.begin();
  },
};
