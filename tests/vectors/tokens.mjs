// Makes tokens.json: tokens that the server and the npm package have to judge alike. Run it from the repository's root
// after changing it: `node tests/vectors/tokens.mjs > tests/vectors/tokens.json`. Keys and RSA-PSS and ECDSA signatures
// are new each time, so the file changes as a whole.
import { hkdfSync } from "node:crypto";
import { base64url, exportJWK, generateKeyPair, SignJWT } from "jose";

const NOW = 1_800_000_000;
const SECRET = new TextEncoder().encode("vector-0123456789abcdef-0123456789abcdef");
const SECRET_KID = Buffer.from(hkdfSync("sha256", SECRET, "", "portico/kid/v1", 9)).toString("base64url");
const CLAIMS = { iss: "portico", aud: "web", sub: "ann", iat: NOW, exp: NOW + 60 };

const vectors = [];
const keys = {};
for (const alg of ["ES256", "EdDSA", "PS256", "RS256"]) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  keys[alg] = { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: alg, alg, use: "sig" } };
}
const jwks = { keys: Object.values(keys).map(({ jwk }) => jwk) };
const everything = Object.keys(keys);

const segment = (value) => base64url.encode(typeof value === "string" ? value : JSON.stringify(value));
const signed = (alg, claims = {}, header = {}) =>
  new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ alg, kid: alg, ...header }).sign(keys[alg].privateKey);
// The same over segments that a signer would not write.
async function raw(header, claims) {
  const input = `${segment(header)}.${segment(claims)}`;
  const { privateKey } = keys.EdDSA;
  const signature = await crypto.subtle.sign({ name: "Ed25519" }, privateKey, new TextEncoder().encode(input));
  return `${input}.${base64url.encode(new Uint8Array(signature))}`;
}

function vector(name, token, outcome, more = {}) {
  const expected = { issuer: "portico", audience: "web", now: NOW, leeway: 0 };
  vectors.push({ name, token, algorithms: everything, jwks: null, secret: null, ...expected, ...more, outcome });
}
const whole = (name, token, outcome, more) => vector(name, token, outcome, { jwks, ...more });

for (const alg of everything) {
  const token = await signed(alg);
  whole(`${alg}`, token, "ok");
  whole(`${alg}, which is not accepted`, token, "wrong_algorithm", { algorithms: everything.filter((other) => other !== alg) });
  whole(`${alg}, a key of another name`, await signed(alg, {}, { kid: "other" }), "unknown_kid");
  const wrong = everything.find((other) => other !== alg && keys[other].jwk.kty !== keys[alg].jwk.kty);
  whole(`${alg} with the key of ${wrong}`, await signed(alg, {}, { kid: wrong }), "wrong_algorithm");
  const [head, body, tail] = token.split(".");
  const [, , others] = (await signed(alg, { sub: "eve" })).split(".");
  whole(`${alg}, the signature of another token`, `${head}.${body}.${others}`, "bad_signature");
  whole(`${alg}, no signature`, `${head}.${body}.`, "bad_signature");
  whole(`${alg}, changed claims`, `${head}.${segment({ ...CLAIMS, sub: "eve" })}.${tail}`, "bad_signature");
}

const HEADER = { alg: "EdDSA", kid: "EdDSA" };
for (const [name, claims, outcome, more] of [
  ["expires now", { exp: NOW }, "token_expired"],
  ["expires in a second", { exp: NOW + 1 }, "ok"],
  ["expired within the tolerance", { exp: NOW - 9 }, "ok", { leeway: 10 }],
  ["expired at the end of the tolerance", { exp: NOW - 10 }, "token_expired", { leeway: 10 }],
  ["valid from a second ahead", { nbf: NOW + 1 }, "token_not_yet_valid"],
  ["valid from now", { nbf: NOW }, "ok"],
  ["issued in the future", { iat: NOW + 1 }, "token_not_yet_valid"],
  ["issued in the future, within the tolerance", { iat: NOW + 9 }, "ok", { leeway: 10 }],
  ["an expiry that is a text", { exp: `${NOW + 60}` }, "malformed_claim"],
  ["an expiry that is null", { exp: null }, "malformed_claim"],
  ["an expiry with a fraction", { exp: NOW + 0.5 }, "ok"],
  ["an issuer with a slash", { iss: "portico/" }, "wrong_issuer"],
  ["an issuer in capitals", { iss: "Portico" }, "wrong_issuer"],
  ["no issuer", { iss: undefined }, "wrong_issuer"],
  ["an issuer that is a list", { iss: ["portico"] }, "wrong_issuer"],
  ["another audience", { aud: "other" }, "wrong_audience"],
  ["the audience among others", { aud: ["other", "web"] }, "ok"],
  ["a list of other audiences", { aud: ["other"] }, "wrong_audience"],
  ["no audience", { aud: undefined }, "wrong_audience"],
  ["an audience where none is expected", {}, "wrong_audience", { audience: null }],
  ["no audience where none is expected", { aud: undefined }, "ok", { audience: null }],
  ["a claim named __proto__", { ["__proto__x"]: { admin: true } }, "ok"],
]) {
  whole(name, await raw(HEADER, JSON.stringify({ ...CLAIMS, ...claims }).replace("__proto__x", "__proto__")), outcome, more);
}

for (const [name, header, outcome] of [
  ["another type", { typ: "at+jwt" }, "unsupported_header"],
  ["the type in small letters", { typ: "jwt" }, "ok"],
  ["critical members", { crit: ["exp"] }, "unsupported_header"],
  ["a payload that is not encoded", { b64: false }, "unsupported_header"],
  ["a compressed payload", { zip: "DEF" }, "unsupported_header"],
  ["a key that came along", { jwk: keys.EdDSA.jwk }, "unsupported_header"],
  ["the address of a key", { jku: "https://evil.example/jwks" }, "unsupported_header"],
  ["a certificate's address", { x5u: "https://evil.example/" }, "unsupported_header"],
  ["no algorithm", { alg: "none" }, "wrong_algorithm"],
  ["an algorithm in small letters", { alg: "eddsa" }, "wrong_algorithm"],
  ["HS256 with a public key", { alg: "HS256" }, "wrong_algorithm"],
  ["an algorithm that is a list", { alg: ["EdDSA"] }, "malformed"],
  ["no name of a key", { kid: undefined }, "unknown_kid"],
  ["a name that is a number", { kid: 1 }, "malformed"],
  ["a name of 129 bytes", { kid: "k".repeat(129) }, "malformed"],
]) {
  whole(name, await raw({ ...HEADER, ...header }, CLAIMS), outcome);
}

const token = await signed("EdDSA");
const [head, body, tail] = token.split(".");
for (const [name, text] of [
  ["nothing", ""],
  ["two segments", `${head}.${body}`],
  ["four segments", `${token}.AAAA`],
  ["padding", `${token}==`],
  ["a blank", `${head}.${body}. ${tail}`],
  ["the other alphabet", `${head}.${body}.${tail.slice(0, -2)}+/`],
  ["bits left over", `${head}.${body}.AB`],
  ["claims that are a list", await raw(HEADER, "[]")],
  ["a claim twice", await raw(HEADER, `{"iss":"portico","iss":"portico"}`)],
  ["a header member twice", await raw(`{"alg":"EdDSA","alg":"EdDSA","kid":"EdDSA"}`, CLAIMS)],
  ["half of a surrogate pair", await raw(HEADER, `{"iss":"portico","x":"\\ud800"}`)],
  ["a token of 8,193 bytes", await raw(HEADER, { ...CLAIMS, x: "x".repeat(6_200) })],
  ["claims nested nine deep", await raw(HEADER, `{"iss":"portico","x":${"[".repeat(8)}${"]".repeat(8)}}`)],
]) {
  whole(name, text, "malformed");
}

const { alg, use, ...plain } = keys.EdDSA.jwk;
whole("an empty set", token, "unknown_kid", { jwks: { keys: [] } });
whole("a key without algorithm and use", token, "ok", { jwks: { keys: [plain] } });

const shared = (claims, header, secret = SECRET) =>
  new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ alg: "HS256", kid: SECRET_KID, ...header }).sign(secret);
const secret = base64url.encode(SECRET);
const other = new TextEncoder().encode("another secret, as long as it has to be");
vector("HS256", await shared(), "ok", { secret });
vector("HS256, expired", await shared({ exp: NOW }), "token_expired", { secret });
vector("HS256, never expires", await shared({ exp: undefined }), "ok", { secret });
vector("HS256, another secret", await shared({}, {}, other), "bad_signature", { secret });
vector("HS256, another name", await shared({}, { kid: "other" }), "unknown_kid", { secret });
vector("HS256, no name", await shared({}, { kid: undefined }), "unknown_kid", { secret });
vector("EdDSA for a shared secret", await signed("EdDSA", {}, { kid: SECRET_KID }), "wrong_algorithm", { secret });

process.stdout.write(`[\n${vectors.map((each) => JSON.stringify(each)).join(",\n")}\n]\n`);
