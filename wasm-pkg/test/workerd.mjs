// The same cases in workerd, in a Worker as a bundler makes it.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const dist = new URL("../dist/", import.meta.url);
const WORKER = `
import * as portico from "../dist/workerd.mjs";
import { casesOf } from "./suite.mjs";
const cases = casesOf(portico);
export default {
  async fetch() {
    const failures = [];
    for (const [name, run] of Object.entries(cases)) {
      try { await run(); } catch (error) { failures.push(name + ": " + error.message); }
    }
    return Response.json({ passed: Object.keys(cases).length - failures.length, failures });
  },
};`;
const { outputFiles } = await build({
  stdin: { contents: WORKER, resolveDir: new URL(".", import.meta.url).pathname },
  bundle: true,
  format: "esm",
  external: ["*.wasm"],
  write: false,
});
const wasm = async (name) => ({ type: "CompiledWasm", path: name, contents: await readFile(new URL(name, dist)) });
const options = convertV4MiniflareOptions({
  name: "package",
  modules: [
    { type: "ESModule", path: "worker.mjs", contents: outputFiles[0].text },
    await wasm("portico_auth_bg.wasm"),
    await wasm("portico_forms_bg.wasm"),
  ],
  compatibilityDate: "2026-10-01",
  cf: false,
});
options.enableDevRegistry = false;
const worker = new Miniflare(options);
const report = await (await worker.dispatchFetch("http://worker/")).json();
await worker.dispose();
for (const failure of report.failures) console.log(failure);
console.log(`${report.passed} passed, ${report.failures.length} failed`);
