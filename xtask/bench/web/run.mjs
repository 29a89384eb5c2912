// Measures in Node, then in Chromium; prints `{"node": rows, "chromium": rows}`. Usage: run.mjs ROUNDS SECONDS
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import * as portico from "../../../wasm-pkg/dist/index.mjs";
import { measure } from "./measure.mjs";

const [rounds, seconds] = process.argv.slice(2).map(Number);
const dist = path.resolve(import.meta.dirname, "../../../wasm-pkg/dist");
const node = await measure(portico, rounds, seconds);

const entry = path.join(import.meta.dirname, "measure.mjs");
const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", write: false });
const TYPES = { mjs: "text/javascript", wasm: "application/wasm" };
const server = createServer(async (request, response) => {
  const name = request.url.slice(1);
  response.setHeader("content-type", TYPES[name.split(".").at(-1)] ?? "text/html");
  if (name === "") response.end("<!doctype html>");
  else if (name === "measure.mjs") response.end(outputFiles[0].contents);
  else readFile(path.join(dist, name)).then((file) => response.end(file), () => response.writeHead(404).end());
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const args = ["--no-sandbox", "--disable-gpu"];
const browser = await chromium.launch({ executablePath: process.env.PORTICO_CHROMIUM, args });
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);
const inChromium = await page.evaluate(async ([rounds, seconds]) => {
  const [{ measure }, portico] = await Promise.all([import("/measure.mjs"), import("/index.mjs")]);
  return measure(portico, rounds, seconds);
}, [rounds, seconds]);
await browser.close();
server.close();
console.log(JSON.stringify({ node, chromium: inChromium }));
