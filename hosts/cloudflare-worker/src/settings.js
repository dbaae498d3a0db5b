// What whoever deploys may set by variables beside the configuration: durations, in milliseconds.

// What an isolate that says nothing any more had comes free after so long.
export const LEASE_MS = 30_000;
// How old another isolate's word may be before it is asked for again.
const STATE_MS_MAX = 2_000;

// An isolate says three times in it that it lives, and each time is a call.
const LEASE_MS_MIN = 300;
const MS_MAX = 3_600_000;

const refused = new Set();  // variables of which the log has it already

export const leaseMs = (env) => millisecondsOf(env, 'SIGNALBOX_LEASE_MS', LEASE_MS_MIN, LEASE_MS);
export const stateMsMax = (env) => millisecondsOf(env, 'SIGNALBOX_STATE_MS_MAX', 0, STATE_MS_MAX);

// `otherwise` where the variable is not set, and where it is anything but a whole number from `least` to an hour.
function millisecondsOf(env, name, least, otherwise) {
  const text = String(env[name] ?? '');
  if (text === '') return otherwise;
  const ms = /^\d+$/.test(text) ? Number(text) : NaN;
  if (ms >= least && ms <= MS_MAX) return ms;
  if (!refused.has(name)) console.warn(`signalbox: ${name} has to be a whole number of milliseconds from ${least} to ${MS_MAX}; ${otherwise} is taken instead`);
  refused.add(name);
  return otherwise;
}
