// The same cases in workerd, in a Worker as a bundler makes it.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { build } from "esbuild";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const dist = new URL("../dist/", import.meta.url);
const WORKER = `
import * as portico from "../dist/workerd.mjs";
import { casesOf } from "./suite.mjs";
const cases = casesOf(portico);
async function byAddress({ KEYS, TOKEN }) {
  const verify = () => portico.verifyToken(TOKEN, KEYS, { issuer: "portico", audience: null, algorithms: ["EdDSA"] });
  const claims = await Promise.all([verify(), verify()]);
  if (claims[1].sub !== "ann") throw new Error(JSON.stringify(claims));
}
async function client() {
  const [spent, fresh] = ["a.e30.s", "a.e30.f"];
  const session = (token) => Response.json({ token, user: { id: "1", name: "Ann", role: "USER" } });
  const answers = {
    "/api/auth/login": () => session(spent),
    "/api/auth/refresh": () => session(fresh),
    "/thing": (bearer) => new Response(null, { status: bearer === "Bearer " + fresh ? 204 : 401 }),
  };
  const fetch = async (request) => answers[new URL(request.url).pathname](request.headers.get("authorization"));
  const ann = new portico.PorticoClient({ baseUrl: "https://auth.example", dialect: "librechat", fetch });
  await ann.signIn({ email: "ann@example.com", password: "correct horse" });
  const { status } = await ann.fetch("/thing", { signal: AbortSignal.timeout(60_000) });
  ann.close();
  if (status !== 204 || ann.session.token !== fresh) throw new Error(status + " " + ann.session.token);
}
export default {
  async fetch(request, env) {
    const failures = [];
    const all = { ...cases, "a key set by address": () => byAddress(env), "a client repeats a request after a 401": client };
    for (const [name, run] of Object.entries(all)) {
      try { await run(); } catch (error) { failures.push(name + ": " + error.message + (error.cause ? " (" + error.cause + ")" : "")); }
    }
    return Response.json({ passed: Object.keys(all).length - failures.length, failures });
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
// A server of keys for the Worker, and a token of one of them.
const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
const set = { keys: [{ ...(await exportJWK(publicKey)), kid: "k1" }] };
const TOKEN = await new SignJWT({ iss: "portico", sub: "ann" }).setProtectedHeader({ alg: "EdDSA", kid: "k1" }).sign(privateKey);
const server = createServer((_, response) => response.end(JSON.stringify(set)));
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const KEYS = `http://127.0.0.1:${server.address().port}/jwks.json`;

const options = convertV4MiniflareOptions({
  name: "package",
  modules: [
    { type: "ESModule", path: "worker.mjs", contents: outputFiles[0].text },
    await wasm("portico_auth_bg.wasm"),
    await wasm("portico_forms_bg.wasm"),
  ],
  bindings: { KEYS, TOKEN },
  compatibilityDate: "2026-10-01",
  cf: false,
});
options.enableDevRegistry = false;
const worker = new Miniflare(options);
const report = await (await worker.dispatchFetch("http://worker/")).json();
await worker.dispose();
server.close();
for (const failure of report.failures) console.log(failure);
console.log(`${report.passed} passed, ${report.failures.length} failed`);
