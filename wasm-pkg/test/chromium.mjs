// The same cases in Chromium: plain modules from a folder, without a bundler.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const dist = new URL("../dist/", import.meta.url);
const { outputFiles } = await build({
  entryPoints: [new URL("suite.mjs", import.meta.url).pathname],
  bundle: true,
  format: "esm",
  write: false,
});

const PAGE = `<!doctype html>
<script type="module">
import * as portico from "/index.mjs";
import { casesOf } from "/suite.mjs";
const cases = casesOf(portico);
const failures = [];
for (const [name, run] of Object.entries(cases)) {
  try { await run(); } catch (error) { failures.push(name + ": " + error.message); }
}
globalThis.report = { passed: Object.keys(cases).length - failures.length, failures };
</script>`;

const TYPES = { wasm: "application/wasm", mjs: "text/javascript" };
const server = createServer(async (request, response) => {
  const name = request.url.slice(1);
  const type = TYPES[name.split(".").at(-1)] ?? "text/html";
  try {
    const body = name === "" ? PAGE : name === "suite.mjs" ? outputFiles[0].contents : await readFile(new URL(name, dist));
    response.writeHead(200, { "content-type": type }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const browser = await chromium.launch({ executablePath: process.env.PORTICO_CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
page.on("pageerror", (error) => console.log(error));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
const report = await (await page.waitForFunction(() => globalThis.report)).jsonValue();
await browser.close();
server.close();
for (const failure of report.failures) console.log(failure);
console.log(`${report.passed} passed, ${report.failures.length} failed`);
