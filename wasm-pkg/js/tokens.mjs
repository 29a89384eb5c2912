// Everything that is decided about a token is decided in wasm by the code that the server runs, which keys count in
// jwk.mjs; signatures are checked by WebCrypto.
import { core } from "./core.mjs";
import { parse, PorticoError } from "./error.mjs";
import { about, base64url, isKeySet } from "./jwk.mjs";
import { publicKeys } from "./keys.mjs";

export { init } from "./core.mjs";

const refuse = (code) => new PorticoError(code);
const utf8 = new TextEncoder();

// Eight times what the reader takes: nothing huge is copied for it.
const MOST_CHARACTERS = 1 << 16;

const text = (value) => {
  if (typeof value !== "string" || value.length > MOST_CHARACTERS) throw refuse("malformed");
  return value;
};

// Pages that did not come over TLS have no signatures.
function subtle() {
  if (!crypto.subtle) throw refuse("insecure_context");
  return crypto.subtle;
}

// One look at a token: what it says, and the claim that does not hold, if one does not. Nothing of it is verified.
function examine(token, expected = ["", undefined, 0, 0]) {
  const told = core.call("examine", text(token), ...expected);
  const [first, second] = [told.indexOf("\n"), told.indexOf("\n", told.indexOf("\n") + 1)];
  const third = told.indexOf("\n", second + 1);
  return {
    header: { alg: told.slice(0, first), kid: JSON.parse(told.slice(first + 1, second)) },
    wrong: told.slice(second + 1, third),
    claims: told.slice(third + 1),
  };
}

export function decodeUnverified(token) {
  const { header, claims } = examine(token);
  return { header, claims: parse(claims) };
}

export function expiresAt(token) {
  const { exp } = parse(examine(token).claims);
  return typeof exp === "number" ? exp : null;
}

// RFC 7518 §3.4 writes ECDSA signatures as R‖S, which is what WebCrypto takes.
const SHA256 = "SHA-256";
const ALGORITHMS = {
  ES256: { kty: "EC", key: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: SHA256 } },
  EdDSA: { kty: "OKP", key: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  PS256: { kty: "RSA", key: { name: "RSA-PSS", hash: SHA256 }, sign: { name: "RSA-PSS", saltLength: 32 } },
  RS256: { kty: "RSA", key: { name: "RSASSA-PKCS1-v1_5", hash: SHA256 }, sign: { name: "RSASSA-PKCS1-v1_5" } },
};

export async function verifyToken(token, keys, options) {
  if (!Array.isArray(options?.algorithms)) throw refuse("bad_options");
  const examined = examine(token, expectation(options));
  const { alg, kid } = examined.header;
  const key = await keyNamed(kid, keys);
  const wanted = Object.hasOwn(ALGORITHMS, alg) && options.algorithms.includes(alg) && ALGORITHMS[alg];
  if (!wanted || wanted.kty !== key.kty || (key.alg ?? alg) !== alg) throw refuse("wrong_algorithm");
  return checked(token, examined, await imported(key, alg, wanted.key), wanted.sign);
}

// A shared secret is known by a digest of it, as the server names it (HKDF-SHA256).
export async function verifyTokenWithSecret(token, secret, options) {
  if (!(secret instanceof Uint8Array && secret.length)) throw refuse("bad_options");
  const examined = examine(token, expectation(options));
  const { alg, kid } = examined.header;
  if (alg !== "HS256") throw refuse("wrong_algorithm");
  const info = utf8.encode("portico/kid/v1");
  const root = await subtle().importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const name = await subtle().deriveBits({ name: "HKDF", hash: SHA256, salt: new Uint8Array(), info }, root, 72);
  if (kid !== base64url(String.fromCharCode(...new Uint8Array(name)))) throw refuse("unknown_kid");
  const hmac = { name: "HMAC", hash: SHA256 };
  return checked(token, examined, await subtle().importKey("raw", secret, hmac, false, ["verify"]), hmac);
}

// The signature first: nobody learns from a forgery which claims would hold, and nothing leaves unverified.
async function checked(token, { wrong, claims }, key, algorithm) {
  const at = token.lastIndexOf(".");
  // The reader has found the segment to be canonical base64url.
  const signature = atob(token.slice(at + 1).replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(signature, (character) => character.charCodeAt(0));
  const input = utf8.encode(token.slice(0, at));
  // Some runtimes throw for a signature of another length.
  const valid = await subtle().verify(algorithm, key, bytes, input).catch(() => false);
  if (!valid) throw refuse("bad_signature");
  if (wrong) throw refuse(wrong);
  return parse(claims);
}

// What a caller expects, as the arguments of the function that checks claims.
function expectation(options) {
  const { issuer, audience, now = Date.now() / 1000, clockTolerance = 0 } = options ?? {};
  // Somebody who expects no audience says so.
  const types = typeof issuer === "string" && (audience === null || typeof audience === "string");
  const times = Number.isFinite(now) && Number.isInteger(clockTolerance) && clockTolerance >= 0;
  if (!types || !times || clockTolerance > 86_400) throw refuse("bad_options");
  return [issuer, audience ?? undefined, Math.floor(now), clockTolerance];
}

// One key by exact kid.
async function keyNamed(kid, keys) {
  const named = (set) => (isKeySet(set) ? set.keys.find((key) => kid !== null && key.kid === kid && about(key).isOurs) : null);
  const isRemote = typeof keys === "string" || keys instanceof URL;
  const found = named(isRemote ? await publicKeys(keys, named) : keys);
  if (!found) throw refuse("unknown_kid");
  return found;
}

// Importing a key costs as much as a verification.
async function imported(key, alg, algorithm) {
  const { kty, crv, x, y, n, e } = key;
  const { imported } = about(key);
  imported[alg] ??= await subtle().importKey("jwk", { kty, crv, x, y, n, e }, algorithm, false, ["verify"]).catch(() => null);
  if (!imported[alg]) throw refuse("unknown_kid");
  return imported[alg];
}
