// Makes keys.json: key sets that the server and the npm package have to judge alike. Run it from the repository's root
// after changing it: `node tests/vectors/keys.mjs > tests/vectors/keys.json`. Its keys are new each time. Points of
// Ed25519 that are on no curve are not among them: the package leaves those to the host, which verifies nothing with them.
import { generateKeyPairSync } from "node:crypto";

const kid = "k";
const jwk = (type, options) => generateKeyPairSync(type, options).publicKey.export({ format: "jwk" });
const okp = jwk("ed25519");
const ec = jwk("ec", { namedCurve: "P-256" });
const rsa = jwk("rsa", { modulusLength: 2048 });
const small = jwk("rsa", { modulusLength: 1024 });

const vectors = [];
const set = (name, alg, keys, is_key) => vectors.push({ name, alg, jwks: { keys }, is_key });
const key = (name, alg, members, is_key) => set(name, alg, [{ kid, ...members }], is_key);
const base64url = (hex) => Buffer.from(hex, "hex").toString("base64url");

for (const [alg, members] of [["EdDSA", okp], ["ES256", ec], ["RS256", rsa], ["PS256", rsa]]) {
  key(`${alg}`, alg, members, true);
  key(`${alg}, declared`, alg, { ...members, alg, use: "sig", key_ops: ["verify"] }, true);
  key(`${alg}, for no operation in particular`, alg, { ...members, key_ops: [] }, true);
  for (const key_ops of [["sign"], ["verify", "sign"], ["verify", "verify"], ["encrypt"], [["verify"]], "verify", 5, null]) {
    key(`${alg} for ${JSON.stringify(key_ops)}`, alg, { ...members, key_ops }, false);
  }
  for (const name of ["alg", "use"]) {
    for (const value of [null, "", 5, "none", "HS256"]) key(`${alg}, ${name} ${JSON.stringify(value)}`, alg, { ...members, [name]: value }, false);
  }
  for (const name of ["k", "d", "p", "oth"]) key(`${alg} with ${name}`, alg, { ...members, [name]: "AAAA" }, false);
  set(`${alg} beside a secret`, alg, [{ kid, ...members }, { kty: "oct", kid: "s", k: "AAAA" }], false);
  set(`${alg} beside nothing`, alg, [{ kid, ...members }, null], false);
  for (const [what, neighbour] of [
    ["an empty key", {}],
    ["a list", []],
    ["a key with a number for a name", { ...members, kid: 5 }],
    ["a small key", { ...small, kid: "n" }],
    ["a key that signs", { ...members, kid: "n", key_ops: ["sign"] }],
    ["a key for encryption without an algorithm", { ...members, kid: "n", use: "enc" }],
    ["a key of ours without a name", ec],
    ["a key of another curve that claims ours", { ...ec, kid: "n", alg: "ES512" }],
  ]) {
    set(`${alg} beside ${what}`, alg, [{ kid, ...members }, neighbour], false);
  }
  const n = { kid: "n" };
  set(`${alg} beside two of another name`, alg, [{ kid, ...members }, { ...members, ...n }, { ...members, ...n }], false);
  for (const [what, neighbour] of [
    ["its like", { ...members, ...n }],
    ["a key for encryption", { ...rsa, ...n, use: "enc", alg: "RSA-OAEP-256" }],
    ["a key of another curve", { kty: "EC", crv: "P-384", x: "AA", y: "AA", ...n, alg: "ES384" }],
    ["a key of another curve for anything", { kty: "OKP", crv: "X25519", x: "AA" }],
    ["a key of a type that nobody knows, for its own algorithm", { kty: "AKP", alg: "ML-DSA-44", ...n }],
  ]) {
    set(`${alg} beside ${what}`, alg, [{ kid, ...members }, neighbour], true);
  }
  set(`${alg} beside another of its name`, alg, [{ kid, ...members }, { kid, ...members }], false);
  key(`${alg} with another type`, alg, { ...members, kty: members.kty === "EC" ? "OKP" : "EC" }, false);
}
key("RS256, the key declared for PS256", "RS256", { ...rsa, alg: "PS256" }, false);
key("PS256, the key declared for RS256", "PS256", { ...rsa, alg: "RS256" }, false);
key("RSA with a curve", "RS256", { ...rsa, crv: "P-256" }, false);
for (const [name, members] of [["x", okp], ["x", ec], ["y", ec], ["n", rsa], ["e", rsa]]) {
  const alg = { OKP: "EdDSA", EC: "ES256", RSA: "RS256" }[members.kty];
  const { [name]: value, ...others } = members;
  const about = `${members.kty}, ${name}`;
  key(`${about} missing`, alg, others, false);
  for (const [how, other] of [
    ["a list", [value]],
    ["a number", 65537],
    ["empty", ""],
    ["padded", `${value}=`],
    ["with a blank", ` ${value}`],
    ["in the other alphabet", `${value.slice(0, -4)}++//`],
    ["a character too long", `${value}A`],
  ]) {
    key(`${about} ${how}`, alg, { ...members, [name]: other }, false);
  }
}
// 43 characters are 258 bits.
const last = okp.x.at(-1);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
key("OKP, x with bits left over", "EdDSA", { ...okp, x: okp.x.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1] }, false);
key("EC, a point off the curve", "ES256", { ...ec, y: ec.x }, false);
for (const hex of [
  "00".repeat(32),
  `${"00".repeat(31)}80`,
  `01${"00".repeat(31)}`,
  `01${"00".repeat(30)}80`,
  `ec${"ff".repeat(30)}7f`,
  "ff".repeat(32).replace("ff", "ec"),
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}ff`,
  `f0${"ff".repeat(30)}7f`,
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
]) {
  key(`OKP, the point ${hex}`, "EdDSA", { ...okp, x: base64url(hex) }, false);
}
const n = Buffer.from(rsa.n, "base64url").toString("hex");
for (const [name, members] of [
  ["1,024 bits", small],
  ["2,047 bits", { ...rsa, n: base64url(`7${n.slice(1)}`) }],
  ["8,193 bits", { ...rsa, n: base64url(`01${"f".repeat(2048)}`) }],
  ["a zero in front", { ...rsa, n: base64url(`00${n}`) }],
  ["an even modulus", { ...rsa, n: base64url(`${n.slice(0, -1)}0`) }],
  ["the exponent 1", { ...rsa, e: "AQ" }],
  ["the exponent 2", { ...rsa, e: "Ag" }],
  ["an exponent with a zero in front", { ...rsa, e: base64url("00010001") }],
  ["an exponent beyond 32 bits", { ...rsa, e: base64url("0100000001") }],
]) {
  key(`RSA, ${name}`, "RS256", members, false);
}
key("RSA, the exponent 3", "RS256", { ...rsa, e: "Aw" }, true);
key("RSA, 4,096 bits", "RS256", jwk("rsa", { modulusLength: 4096 }), true);

process.stdout.write(`[\n${vectors.map((each) => JSON.stringify(each)).join(",\n")}\n]\n`);
