// The face of the package: loads the module, speaks plain objects, throws typed errors. Everything it
// decides is decided in wasm by the code the server runs; signatures are checked by WebCrypto.
import load, * as wasm from "./portico_auth.js";

export class PorticoError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "PorticoError";
    this.code = code;
  }
}

const MESSAGES = {
  bad_options: "the options of this call are incomplete or of the wrong type",
  bad_signature: "the signature does not fit the key",
  malformed: "not a token in compact serialisation",
  malformed_claim: "a claim is missing or of the wrong type",
  not_initialized: "the module is not loaded: `await init()` first",
  token_expired: "the token has expired",
  token_not_yet_valid: "the token is not valid yet",
  unknown_kid: "no key of that kid",
  unsupported_header: "a header member that changes the meaning of the token",
  wrong_algorithm: "the algorithm is not one of the accepted ones, or not the key's",
  wrong_audience: "the token is for another audience",
  wrong_issuer: "the token is from another issuer",
};

const refuse = (code) => new PorticoError(code, MESSAGES[code]);

let loading;
let loaded = false;

export function init(source) {
  loading ??= load({ module_or_path: source ?? ownModule() }).then(
    () => {
      loaded = true;
    },
    (error) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

// Node's fetch does not read files; everything else fetches beside this file.
async function ownModule() {
  const url = new URL("./portico_auth_bg.wasm", import.meta.url);
  if (url.protocol !== "file:") return fetch(url);
  const { readFile } = await import("node:fs/promises");
  return readFile(url);
}

function call(name, ...args) {
  if (!loaded) throw refuse("not_initialized");
  try {
    return wasm[name](...args);
  } catch (code) {
    if (typeof code === "string" && Object.hasOwn(MESSAGES, code)) throw refuse(code);
    throw code;
  }
}

const text = (value) => {
  if (typeof value !== "string") throw refuse("malformed");
  return value;
};

export function decodeUnverified(token) {
  const header = JSON.parse(call("unverifiedHeader", text(token)));
  return { header, claims: JSON.parse(call("unverifiedClaims", token)) };
}

export function expiresAt(token) {
  const { exp } = decodeUnverified(token).claims;
  return typeof exp === "number" ? exp : null;
}

export function hasPermission(permissions, path) {
  return call("hasPermission", JSON.stringify(permissions) ?? "null", String(path));
}

// RFC 7518 §3.4 writes ECDSA signatures as R‖S, which is what WebCrypto takes.
const ALGORITHMS = {
  ES256: { kty: "EC", crv: "P-256", key: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
  EdDSA: { kty: "OKP", crv: "Ed25519", key: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  PS256: { kty: "RSA", key: { name: "RSA-PSS", hash: "SHA-256" }, sign: { name: "RSA-PSS", saltLength: 32 } },
  RS256: { kty: "RSA", key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, sign: { name: "RSASSA-PKCS1-v1_5" } },
};

// What a caller expects, as the arguments of the functions that check claims.
function expectation(options) {
  const { issuer, audience = null, now = Date.now() / 1000, clockTolerance = 0 } = options ?? {};
  const types = typeof issuer === "string" && (audience === null || typeof audience === "string");
  const times = Number.isFinite(now) && Number.isInteger(clockTolerance) && clockTolerance >= 0;
  if (!types || !times || clockTolerance > 86_400) throw refuse("bad_options");
  return [issuer, audience ?? undefined, Math.floor(now), clockTolerance];
}

export async function verifyToken(token, jwks, options) {
  if (!Array.isArray(options?.algorithms)) throw refuse("bad_options");
  const expected = expectation(options);
  const header = JSON.parse(call("unverifiedHeader", text(token)));
  if (!options.algorithms.includes(header.alg) || !Object.hasOwn(ALGORITHMS, header.alg)) throw refuse("wrong_algorithm");
  const key = await publicKey(jwks, header);
  const input = new TextEncoder().encode(token.slice(0, token.lastIndexOf(".")));
  const valid = await crypto.subtle.verify(ALGORITHMS[header.alg].sign, key, call("signatureOf", token), input);
  if (!valid) throw refuse("bad_signature");
  return JSON.parse(call("checkClaims", token, ...expected));
}

// One key by exact kid, of the algorithm's own type; a set that names a kid twice is no set.
async function publicKey(jwks, { alg, kid }) {
  const wanted = ALGORITHMS[alg];
  const named = (Array.isArray(jwks?.keys) ? jwks.keys : []).filter((key) => kid !== null && key?.kid === kid);
  if (named.length !== 1) throw refuse("unknown_kid");
  const { kty, crv, x, y, n, e, alg: declared, use } = named[0];
  const fits = kty === wanted.kty && (!wanted.crv || crv === wanted.crv);
  if (!fits || (declared ?? alg) !== alg || (use ?? "sig") !== "sig") throw refuse("wrong_algorithm");
  try {
    return await crypto.subtle.importKey("jwk", { kty, crv, x, y, n, e }, wanted.key, false, ["verify"]);
  } catch {
    throw refuse("unknown_kid");
  }
}

export function verifyTokenWithSecret(token, secret, options) {
  if (!(secret instanceof Uint8Array)) throw refuse("bad_options");
  return JSON.parse(call("verifyWithSecret", text(token), secret, ...expectation(options)));
}
