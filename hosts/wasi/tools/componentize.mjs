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
fs.writeFileSync(component, await componentNew(embedded, []));
