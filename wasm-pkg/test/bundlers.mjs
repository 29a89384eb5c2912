// The tarball in projects of Vite and webpack, built and served, in Chromium; and the example, compiled and built.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { chromium } from "playwright-core";
import * as vite from "vite";
import webpack from "webpack";

const [tarball] = process.argv.slice(2);
const root = path.resolve(import.meta.dirname, "../..");
const place = path.join(root, "target/npm/projects");
rmSync(place, { recursive: true, force: true });

const PAGE = `<!doctype html><script type="module" src="./main.js"></script>`;
const MAIN = `
import { decodeUnverified, hasPermission, init, passwordPolicy, PorticoClient, totp } from "portico-auth";
await init();
const policy = await passwordPolicy();
globalThis.report = [
  hasPermission({ chat: { delete: true } }, "chat.delete"),
  decodeUnverified("eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjV9.AAAA").claims.exp,
  policy.check("password"),
  (await totp.qrCode("otpauth://totp/x?secret=A")).length > 100,
  new PorticoClient().session,
];
`;
const WANTED = JSON.stringify([true, 5, "common", true, null]);

function project(name, files) {
  const dir = path.join(place, name);
  mkdirSync(dir, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(dir, file), text);
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", "--omit=dev", tarball], { cwd: dir });
  return dir;
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const served = (dir) =>
  new Promise((listening) => {
    const server = createServer((request, response) => {
      const file = path.join(dir, request.url === "/" ? "index.html" : request.url);
      try {
        response.setHeader("content-type", TYPES[path.extname(file)] ?? "text/plain");
        response.end(readFileSync(file));
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, "127.0.0.1", () => listening({ url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }));
  });

let failed = 0;
let passed = 0;
const browser = await chromium.launch({ executablePath: process.env.PORTICO_CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
async function check(name, start) {
  try {
    const { url, close } = await start();
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(url);
    const report = await page.waitForFunction(() => globalThis.report, null, { timeout: 30_000 }).catch(() => undefined);
    const said = JSON.stringify((await report?.jsonValue()) ?? errors);
    await page.close();
    await close();
    if (said !== WANTED) throw new Error(said);
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`${name}: ${error.stack}`);
  }
}

const plain = { "package.json": '{"private":true,"type":"module"}', "index.html": PAGE, "main.js": MAIN };
const quiet = { configFile: false, logLevel: "error" };
await check("Vite, while developing", async () => {
  const dir = project("vite", plain);
  const server = await vite.createServer({ ...quiet, root: dir, server: { host: "127.0.0.1", port: 0, ws: false } });
  await server.listen();
  return { url: `http://127.0.0.1:${server.httpServer.address().port}/`, close: () => server.close() };
});
await check("Vite, built", async () => {
  const dir = path.join(place, "vite");
  await vite.build({ ...quiet, root: dir });
  return served(path.join(dir, "dist"));
});
await check("webpack", async () => {
  const dir = project("webpack", plain);
  const options = { mode: "production", context: dir, entry: "./main.js", output: { path: path.join(dir, "dist"), filename: "main.js" } };
  const stats = await new Promise((done, fail) => webpack(options, (error, stats) => (error ? fail(error) : done(stats))));
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString("errors-warnings"));
  writeFileSync(path.join(dir, "dist/index.html"), PAGE);
  return served(path.join(dir, "dist"));
});
await browser.close();

const example = path.join(place, "example");
cpSync(path.join(root, "wasm-pkg/examples/vite"), example, { recursive: true, filter: (file) => !/node_modules|dist$/.test(file) });
try {
  project("example", {});
  execFileSync(path.join(root, "node_modules/.bin/tsc"), [], { cwd: example, stdio: "inherit" });
  await vite.build({ root: example, logLevel: "error" });
  passed += 1;
} catch (error) {
  failed += 1;
  console.log(`the example: ${error.stack}`);
}
console.log(`${passed} passed, ${failed} failed`);
