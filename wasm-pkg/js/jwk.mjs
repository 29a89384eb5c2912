// Which JSON Web Keys are keys (RFC 7517, RFC 7518 §6, RFC 8037), as the server reads them (TK-18, TK-23): hosts differ
// in what they import.
const SECRETS = ["k", "d", "p", "q", "dp", "dq", "qi", "oth"];

// A set that somebody's secret is published in is none.
export const isKeySet = (set) =>
  Array.isArray(set?.keys) &&
  set.keys.every((key) => typeof key === "object" && key && key.kty !== "oct" && !SECRETS.some((name) => name in key));

// A key without `alg`, `use` or `key_ops` is for whatever its type can do.
export function isFor(alg, { kty, crv }, jwk) {
  const { alg: declared = alg, use = "sig", key_ops: operations = [] } = jwk;
  const verifies = Array.isArray(operations) && operations.length < 2 && operations.every((name) => name === "verify");
  return kty === jwk.kty && crv === jwk.crv && declared === alg && use === "sig" && verifies;
}

// The points of small order, for which anybody can sign, and those in a second spelling.
const WEAK =
  /^(0[01]0{60}[08]0|(e[c-f]|f.)f{60}[7f]f|c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03[7f]a|26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc[08]5)$/;

export function isSound({ kty, x, y, n, e }) {
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
