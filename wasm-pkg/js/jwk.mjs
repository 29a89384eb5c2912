// Which JSON Web Keys are keys (RFC 7517, RFC 7518 §6, RFC 8037), as the server reads them (TK-18, TK-23): hosts differ
// in what they import. Points that are on no curve are left to the host: nothing verifies with them.
const SECRETS = ["k", "d", "p", "q", "dp", "dq", "qi", "oth"];
const ALGORITHMS = { "EC P-256": ["ES256"], "OKP Ed25519": ["EdDSA"], "RSA ": ["PS256", "RS256"] };

// What is known of a key, as long as it says the same.
const known = new WeakMap();

export function about(key) {
  const text = JSON.stringify(key);
  let found = known.get(key);
  if (found?.text !== text) known.set(key, (found = { text, isOurs: isOurs(key), imported: {} }));
  return found;
}

// One key that is none spoils the set, and so does a name that two keys have.
export function isKeySet(set) {
  if (!Array.isArray(set?.keys)) return false;
  const names = set.keys.map((key) => key?.kid).filter((name) => name !== undefined);
  const isKey = (key) => typeof key === "object" && key && about(key).isOurs !== null;
  return new Set(names).size === names.length && set.keys.every(isKey);
}

// Whether a key verifies signatures that are known here; null for one that contradicts itself, or is a secret.
function isOurs(key) {
  const { kty, crv = "", kid, alg, use = "sig", key_ops: operations = [] } = key;
  const texts = [kty, crv, kid ?? "", alg ?? "", use].every((text) => typeof text === "string");
  if (!texts || kid === null || alg === null || kty === "oct" || SECRETS.some((name) => name in key)) return null;
  if (use === "enc" && /^(RSA-OAEP|ECDH-ES|RSA1_5$)/.test(alg)) return false;
  const verifies = Array.isArray(operations) && operations.length < 2 && operations.every((name) => name === "verify");
  // The other curves have algorithms of their own (RFC 7518 §3.4).
  const isCrossed = crv === "P-256" && /^ES(384|512)$/.test(alg);
  if (use !== "sig" || !verifies || isCrossed || /^(HS|[Nn][Oo][Nn][Ee]$)/.test(alg)) return null;
  const algorithms = ALGORITHMS[`${kty} ${crv}`];
  const isOthers = alg === undefined ? !algorithms && kty !== "RSA" : !/^(ES256|EdDSA|[PR]S256)$/.test(alg);
  if (isOthers) return false;
  return algorithms?.includes(alg ?? algorithms[0]) && kid && isSound(key) ? true : null;
}

// The points of small order, for which anybody can sign, and those in a second spelling.
const WEAK =
  /^(0[01]0{60}[08]0|(e[c-f]|f.)f{60}[7f]f|c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03[7f]a|26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc[08]5)$/;

function isSound({ kty, x, y, n, e }) {
  const is32 = (text) => hex(text).length === 64;
  if (kty !== "RSA") return is32(x) && (kty === "EC" ? is32(y) : !WEAK.test(hex(x)));
  const [modulus, exponent] = [odd(n), odd(e)];
  const bits = modulus.toString(2).length;
  return bits >= 2_048 && bits <= 8_192 && exponent > 1n && exponent < 2n ** 32n;
}

// An odd number without a zero in front, or 0.
function odd(text) {
  const digits = hex(text);
  return digits && !digits.startsWith("00") && /[13579bdf]$/.test(digits) ? BigInt(`0x${digits}`) : 0n;
}

// The bytes of canonical base64url, or nothing.
function hex(text) {
  if (typeof text !== "string" || !/^[\w-]+$/.test(text) || text.length % 4 === 1) return "";
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (base64url(bytes) !== text) return "";
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

export const base64url = (bytes) => btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
