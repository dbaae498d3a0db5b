// What the drivers of the JavaScript SDKs share: the tables, the prompts, and one printed line for each answer. Started by pairs.py,
// which sets PAIR_URLS, {upstream: base URL}, PAIR_KEY and PAIR_TABLE, the tables of pair_answers.py, and checks what is printed.
import { createRequire } from "node:module";
import { that } from "./sdk_checks.mjs";

export const require = createRequire(process.env.SIGNALBOX_NODE_MODULES + "/x.js");
export const key = process.env.PAIR_KEY;
export const table = JSON.parse(process.env.PAIR_TABLE);
export const schemas = Object.fromEntries(table.tools.map(([name, , members]) => [name, { type: "object",
  properties: Object.fromEntries(Object.entries(members).map(([member, type]) => [member, { type }])), required: Object.keys(members) }]));
export const descriptions = Object.fromEntries(table.tools.map(([name, text]) => [name, text]));
// The calls that the SDKs ran, with their arguments: the upstream's are read and count.
export const run = (name) => async () => table.results[name];
export const joined = (entries, member) => entries.map((entry) => entry[member] ?? "").join("");

// Each of `kinds`, member -> type ("string?" may be null), must be in `value` as the SDK's types say; JavaScript's SDKs do not look.
export function typed(value, place, kinds) {
  for (const [member, kind] of Object.entries(kinds)) {
    const is = value?.[member], may = kind.endsWith("?");
    const type = Array.isArray(is) ? "array" : typeof is;
    that(is === null ? may : type === kind.replace("?", ""), `${place}.${member} is ${JSON.stringify(is)}, not ${kind}`);
  }
}

async function say(asked, client, work) {
  let out;
  try {
    out = { seen: await work() };
  } catch (error) {
    const raised = client.raised(error);
    out = raised ? { raised: { class: error.constructor.name, message: String(error.message).slice(0, 400), ...raised } } : { broke: String(error?.stack ?? error).slice(0, 900) };
  }
  console.log(JSON.stringify({ ...asked, ...out }));
}

// `make(url)` gives a client: answer(prompt, form), loop(prompt, form), structured(prompt), raised(error) and, where the SDK has them, count() and models().
export async function drive(name, make) {
  for (const [upstream, url] of Object.entries(JSON.parse(process.env.PAIR_URLS))) {
    const client = make(url);
    for (const form of ["whole", "streamed"]) {
      const prompt = (script, tag) => `Please play ${script} for ${name}/${tag ?? script}/${form}.`;
      for (const script of [...table.answers, ...table.errors, ...(form === "streamed" ? table.broken : [])])
        await say({ upstream, form, script }, client, () => client.answer(prompt(script), form));
      await say({ upstream, form, script: "loop" }, client, () => client.loop(prompt("two-calls", "loop"), form));
    }
    await say({ upstream, form: "whole", script: "structured" }, client, () => client.structured(`Please play structured for ${name}/structured/whole.`));
    for (const operation of ["count", "models"]) if (client[operation]) await say({ upstream, form: "whole", script: operation }, client, () => client[operation]());
  }
  process.exit(0);
}
