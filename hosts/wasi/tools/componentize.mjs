// componentize.mjs MODULES WIT MODULE.wasm COMPONENT.wasm: makes the component. MODULES is the folder with
// node_modules. The WIT is given as text, because the wasm-tools inside jco see no files.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, wit, module, component] = process.argv.slice(2);
const tools = path.resolve(modules, 'node_modules/@bytecodealliance/jco-transpile/dist/wasm-tools.js');
const { componentEmbed, componentNew } = await import(pathToFileURL(tools).href);
const embedded = await componentEmbed({
  binary: fs.readFileSync(module),
  witSource: fs.readFileSync(wit, 'utf8'),
  world: 'signalbox:wasi/gateway',
  stringEncoding: 'utf8',
});
fs.writeFileSync(component, withoutNames(await componentNew(embedded, [])));

// Without the custom sections: names for a debugger, of types and imports that have names beside them. Every section is its
// kind, its length (LEB128) and its bytes, behind 8 bytes of magic and version.
function withoutNames(binary) {
  const kept = [binary.subarray(0, 8)];
  for (let at = 8; at < binary.length;) {
    const begin = at++;
    let length = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      more = binary[at] >= 0x80;
      length += (binary[at++] & 0x7f) * 2 ** shift;
    }
    at += length;
    if (binary[begin] !== 0) kept.push(binary.subarray(begin, at));
  }
  return Buffer.concat(kept);
}
