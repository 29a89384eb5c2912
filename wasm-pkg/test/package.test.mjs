// The package as people get it: wasm-pkg/dist, in Node.
import assert from "node:assert/strict";
import { hkdfSync } from "node:crypto";
import { test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import * as portico from "../dist/index.mjs";

const NOW = 1_800_000_000;
const EXPECTED = { issuer: "portico", audience: "web", now: NOW };
const code = (wanted) => (error) => error instanceof portico.PorticoError && error.code === wanted;

test("calls before init name the missing call", () => {
  assert.throws(() => portico.decodeUnverified("a.b.c"), code("not_initialized"));
  assert.throws(() => portico.hasPermission({}, "chat.delete"), /await init\(\)/);
});

test("init may be called twice", async () => {
  await Promise.all([portico.init(), portico.init()]);
});

async function signed(alg, change = {}, header = {}) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg, use: "sig" };
  const claims = { iss: "portico", aud: "web", sub: "ann", iat: NOW, exp: NOW + 60, ...change };
  const token = await new SignJWT(claims).setProtectedHeader({ alg, kid: "k1", ...header }).sign(privateKey);
  return { token, jwks: { keys: [jwk] } };
}

for (const alg of ["ES256", "EdDSA", "PS256", "RS256"]) {
  test(`a token that jose signed with ${alg} verifies`, async () => {
    const { token, jwks } = await signed(alg);
    const claims = await portico.verifyToken(token, jwks, { ...EXPECTED, algorithms: [alg] });
    assert.equal(claims.sub, "ann");
    const other = await signed(alg);
    await assert.rejects(portico.verifyToken(token, other.jwks, { ...EXPECTED, algorithms: [alg] }), code("bad_signature"));
  });
}

test("the caller's list of algorithms decides, not the token", async () => {
  const { token, jwks } = await signed("ES256");
  await assert.rejects(portico.verifyToken(token, jwks, { ...EXPECTED, algorithms: ["EdDSA"] }), code("wrong_algorithm"));
  await assert.rejects(portico.verifyToken(token, jwks, { ...EXPECTED, algorithms: ["HS256"] }), code("wrong_algorithm"));
  await assert.rejects(portico.verifyToken(token, jwks, EXPECTED), code("bad_options"));
});

test("a key is chosen by exact kid and must be of the algorithm's type", async () => {
  const { token, jwks } = await signed("EdDSA");
  const [key] = jwks.keys;
  const verify = (keys) => portico.verifyToken(token, { keys }, { ...EXPECTED, algorithms: ["EdDSA"] });
  await assert.rejects(verify([]), code("unknown_kid"));
  await assert.rejects(verify([{ ...key, kid: "k" }]), code("unknown_kid"));
  await assert.rejects(verify([key, key]), code("unknown_kid"));
  await assert.rejects(verify([{ ...key, use: "enc" }]), code("wrong_algorithm"));
  await assert.rejects(verify([{ kty: "oct", k: "AAAA", kid: "k1" }]), code("wrong_algorithm"));
});

test("claims are checked as the server checks them", async () => {
  for (const [change, wanted] of [
    [{ exp: NOW }, "token_expired"],
    [{ exp: "1900000000" }, "malformed_claim"],
    [{ nbf: NOW + 1 }, "token_not_yet_valid"],
    [{ iss: "portico/" }, "wrong_issuer"],
    [{ aud: "other" }, "wrong_audience"],
  ]) {
    const { token, jwks } = await signed("EdDSA", change);
    await assert.rejects(portico.verifyToken(token, jwks, { ...EXPECTED, algorithms: ["EdDSA"] }), code(wanted), wanted);
  }
});

test("headers that change a token's meaning are refused", async () => {
  const { token, jwks } = await signed("EdDSA", {}, { typ: "at+jwt" });
  await assert.rejects(portico.verifyToken(token, jwks, { ...EXPECTED, algorithms: ["EdDSA"] }), code("unsupported_header"));
});

test("an HS256 token that jose signed verifies with the shared secret only", async () => {
  const secret = new TextEncoder().encode("test-webui-0123456789abcdef0123456789abcdef");
  // The server names a secret by HKDF-SHA256 of it.
  const kid = Buffer.from(hkdfSync("sha256", secret, "", "portico/kid/v1", 9)).toString("base64url");
  const sign = (key, kid) =>
    new SignJWT({ iss: "portico", aud: "web", sub: "ann", exp: NOW + 60 }).setProtectedHeader({ alg: "HS256", kid }).sign(key);
  const other = new TextEncoder().encode("another secret, as long as it has to be");
  assert.equal(portico.verifyTokenWithSecret(await sign(secret, kid), secret, EXPECTED).sub, "ann");
  const forged = await sign(other, kid);
  assert.throws(() => portico.verifyTokenWithSecret(forged, secret, EXPECTED), code("bad_signature"));
  assert.throws(() => portico.verifyTokenWithSecret(forged, other, EXPECTED), code("unknown_kid"));
  assert.throws(() => portico.verifyTokenWithSecret(forged, secret, null), code("bad_options"));
  assert.throws(
    () => portico.verifyTokenWithSecret("eyJhbGciOiJIUzI1NiJ9.e30.AAAA", secret, EXPECTED),
    code("unknown_kid"),
  );
  assert.throws(() => portico.verifyTokenWithSecret("a.b.c", "text", EXPECTED), code("bad_options"));
});

test("decoding verifies nothing and keeps odd names ordinary", () => {
  const segment = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = `${segment({ alg: "HS256", kid: "k" })}.${Buffer.from('{"__proto__":{"admin":true},"exp":5}').toString("base64url")}.AAAA`;
  const { header, claims } = portico.decodeUnverified(token);
  assert.deepEqual(header, { alg: "HS256", kid: "k" });
  assert.equal(claims.admin, undefined, "no prototype was planted");
  assert.ok(Object.hasOwn(claims, "__proto__"));
  assert.equal(portico.expiresAt(token), 5);
  assert.equal(portico.expiresAt(`${segment({ alg: "HS256" })}.${segment({})}.AAAA`), null);
  for (const text of ["", "a.b", "a.b.c", `${segment({ alg: "none" })}.${segment({})}.`, null, undefined, 5, {}]) {
    assert.throws(() => portico.decodeUnverified(text), portico.PorticoError, String(text));
  }
});

test("permissions are granted by a true leaf only", () => {
  const tree = { chat: { delete: true, edit: false } };
  assert.equal(portico.hasPermission(tree, "chat.delete"), true);
  for (const path of ["chat.edit", "chat.none", "chat", "", "toString", "__proto__.x"]) {
    assert.equal(portico.hasPermission(tree, path), false, path);
  }
  assert.equal(portico.hasPermission(null, "chat.delete"), false);
  assert.equal(portico.hasPermission(undefined, "chat.delete"), false);
});
