// Reads {verify: […], now} or {sign: {secret, kid}, now}; prints the subjects, or tokens with their keys.
import { createLocalJWKSet, base64url, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
import { readFileSync } from "node:fs";

const { verify, sign, now } = JSON.parse(readFileSync(0, "utf8"));
const options = { issuer: "portico", audience: "web", currentDate: new Date(now * 1000) };

if (verify) {
  const subjects = [];
  for (const { token, secret, jwks, alg } of verify) {
    const key = secret ? base64url.decode(secret) : createLocalJWKSet(jwks);
    const { payload } = await jwtVerify(token, key, { ...options, algorithms: [alg] });
    subjects.push(payload.id);
  }
  console.log(JSON.stringify({ subjects }));
} else {
  const claims = { iss: "portico", aud: ["web", "api"], iat: now, exp: now + 60, id: "ann" };
  const signed = [];
  for (const alg of ["EdDSA", "ES256", "RS256", "PS256"]) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: alg, alg, use: "sig" };
    const token = await new SignJWT(claims).setProtectedHeader({ alg, kid: alg }).sign(privateKey);
    signed.push({ alg, token, jwk });
  }
  const shared = new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: sign.kid, typ: "JWT" });
  signed.push({ alg: "HS256", token: await shared.sign(base64url.decode(sign.secret)) });
  console.log(JSON.stringify({ signed }));
}
