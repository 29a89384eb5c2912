// The package in Node, as people get it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import * as portico from "../dist/index.mjs";
import { casesOf } from "./suite.mjs";

const code = (wanted) => (error) => error instanceof portico.PorticoError && error.code === wanted;

test("calls before init name the missing call", () => {
  assert.throws(() => portico.decodeUnverified("a.b.c"), code("not_initialized"));
  assert.throws(() => portico.hasPermission({}, "chat.delete"), /await init\(\)/);
});

for (const [name, run] of Object.entries(casesOf(portico))) test(name, run);

// A server of key sets, which answers as it is told and counts.
async function keyServer() {
  const server = createServer((_, response) => {
    said.asked += 1;
    response.writeHead(said.status, { "content-type": "application/json", ...said.headers });
    response.end(typeof said.set === "string" ? said.set : JSON.stringify(said.set));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const said = { asked: 0, status: 200, set: { keys: [] }, headers: {} };
  const url = `http://127.0.0.1:${server.address().port}/jwks.json`;
  return { said, url, close: () => server.close() };
}

async function issuer(kid) {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const claims = () => new SignJWT({ iss: "portico" }).setExpirationTime("1m");
  return {
    jwk: { ...(await exportJWK(publicKey)), kid },
    token: await claims().setProtectedHeader({ alg: "EdDSA", kid }).sign(privateKey),
  };
}

const verify = (token, keys) => portico.verifyToken(token, keys, { issuer: "portico", audience: null, algorithms: ["EdDSA"] });

// The clock of key sets, moved by hand.
async function withClock(run) {
  const real = performance.now.bind(performance);
  let ahead = 0;
  performance.now = () => real() + ahead;
  try {
    await run((seconds) => (ahead += seconds * 1000));
  } finally {
    performance.now = real;
  }
}

test("a key set is asked for once, by however many tokens, and kept for five minutes", () =>
  withClock(async (forward) => {
    const { said, url, close } = await keyServer();
    const { jwk, token } = await issuer("k1");
    said.set = { keys: [jwk] };
    await Promise.all(Array.from({ length: 20 }, () => verify(token, url)));
    await verify(token, new URL(url));
    assert.equal(said.asked, 1);
    forward(299);
    await verify(token, url);
    assert.equal(said.asked, 1);
    forward(2);
    await verify(token, url);
    assert.equal(said.asked, 2);
    close();
  }));

test("an unknown kid asks again, but not for every made-up one", () =>
  withClock(async (forward) => {
    const { said, url, close } = await keyServer();
    const [old, fresh] = [await issuer("old"), await issuer("fresh")];
    said.set = { keys: [old.jwk] };
    await verify(old.token, url);
    // Right after the set was loaded.
    said.set = { keys: [old.jwk, fresh.jwk] };
    await Promise.all([1, 2, 3].map(() => verify(fresh.token, url)));
    assert.equal(said.asked, 2);
    const stranger = await issuer("stranger");
    for (let n = 0; n < 5; n += 1) await assert.rejects(verify(stranger.token, url), code("unknown_kid"));
    assert.equal(said.asked, 2, "within the pause");
    forward(31);
    await assert.rejects(verify(stranger.token, url), code("unknown_kid"));
    assert.equal(said.asked, 3);
    close();
  }));

test("what is too long for a key set, or has a secret in it, is none", async () => {
  for (const spoil of [(key) => ({ keys: [key], more: "x".repeat(300_000) }), (key) => ({ keys: [key, { kty: "oct", kid: "s" }] })]) {
    const { said, url, close } = await keyServer();
    const { jwk, token } = await issuer("k1");
    said.set = spoil(jwk);
    await assert.rejects(verify(token, url), code("keys_unavailable"));
    close();
  }
});

test("where signatures can not be verified, that is what is said", async () => {
  const { jwk, token } = await issuer("k1");
  const { subtle } = crypto;
  // As on a page that did not come over TLS.
  Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
  try {
    await assert.rejects(verify(token, { keys: [jwk] }), code("insecure_context"));
    const expected = { issuer: "portico", audience: null };
    const shared = `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.e30.AAAA`;
    await assert.rejects(portico.verifyTokenWithSecret(shared, new Uint8Array(32), expected), code("insecure_context"));
  } finally {
    delete crypto.subtle;
  }
  assert.equal(crypto.subtle, subtle);
});

test("a key set that does not answer any more goes on serving", () =>
  withClock(async (forward) => {
    const { said, url, close } = await keyServer();
    const { jwk, token } = await issuer("k1");
    said.set = { keys: [jwk] };
    await verify(token, url);
    for (const failure of [{ status: 500 }, { status: 200, set: "no JSON" }, { set: {} }, { status: 302, headers: { location: "/x" } }]) {
      Object.assign(said, failure);
      forward(301);
      await verify(token, url);
    }
    close();
    forward(301);
    await verify(token, url);
    forward(3_000);
    await assert.rejects(verify(token, url), code("keys_unavailable"), "but not for ever");
  }));

test("a key set that never answered is a refusal of its own", async () => {
  const { said, url, close } = await keyServer();
  const { token } = await issuer("k1");
  said.status = 503;
  await assert.rejects(verify(token, url), code("keys_unavailable"));
  for (let n = 0; n < 20; n += 1) await assert.rejects(verify(token, url), code("keys_unavailable"));
  assert.equal(said.asked, 1, "an outage is not made worse");
  close();
  for (const address of ["http://auth.example/jwks.json", "data:application/json,{}", "/jwks.json", ""]) {
    await assert.rejects(verify(token, address), code("bad_options"), address);
  }
});
