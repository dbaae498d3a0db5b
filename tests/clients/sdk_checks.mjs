// Counted checks for the SDKs' tests in JavaScript; as tap.py.
export class Checks {
  constructor(part) {
    this.part = part;
    this.passed = this.failed = 0;
  }
  async check(name, test) {
    try {
      await test();
      this.passed++;
      console.log(`ok - ${this.part}: ${name}`);
    } catch (error) {
      this.failed++;
      console.log(`not ok - ${this.part}: ${name}`);
      for (const line of String(error?.stack ?? error).split("\n").slice(0, 6)) console.log(`#   ${line.slice(0, 600)}`);
    }
  }
  exit() {
    console.log(`# ${this.part}: ${this.passed} passed, ${this.failed} failed`);
    process.exit(this.failed ? 1 : 0);
  }
}
export function equal(seen, wanted, what = "") {
  const a = JSON.stringify(seen), b = JSON.stringify(wanted);
  if (a !== b) throw new Error(`${what}: wanted ${b.slice(0, 400)}\nseen ${a?.slice(0, 400)}`);
}
export function that(good, what) {
  if (!good) throw new Error(what);
}
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it succeeded");
}
// `value` with the members of all objects in the order of their names.
export function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}
