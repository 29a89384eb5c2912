// The npm package beside jose, in whichever runtime this is: `measure` gives the seconds that each of them takes for an
// operation, in turns.
import { createLocalJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";

const ALGORITHMS = ["EdDSA", "ES256", "RS256"];

export async function measure(portico, rounds, seconds) {
  await portico.init();
  const operations = {};
  for (const alg of ALGORITHMS) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg, use: "sig" }] };
    const claims = { iss: "portico", aud: "web", sub: "ann", id: crypto.randomUUID(), name: "Ann Example", role: "user" };
    const signer = new SignJWT(claims).setIssuedAt().setExpirationTime("1h");
    const token = await signer.setProtectedHeader({ alg, kid: "k", typ: "JWT" }).sign(privateKey);
    const local = createLocalJWKSet(jwks);
    const expected = { issuer: "portico", audience: "web", algorithms: [alg] };
    operations[`verify ${alg}`] = {
      portico: () => portico.verifyToken(token, jwks, expected),
      jose: () => jwtVerify(token, local, expected),
    };
    if (alg === ALGORITHMS[0]) {
      operations.decode = { portico: () => portico.decodeUnverified(token), jose: () => decodeJwt(token) };
    }
  }
  const rows = [];
  for (const [operation, sides] of Object.entries(operations)) {
    const row = { operation, portico: [], jose: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const [side, run] of Object.entries(sides)) row[side].push(await timed(run, seconds));
    }
    rows.push(row);
  }
  return rows;
}

// Seconds for one operation, of as many as there is time for.
async function timed(run, seconds) {
  for (let n = 0; n < 50; n += 1) await run();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < seconds * 1000) {
    for (let n = 0; n < 20; n += 1) await run();
    count += 20;
  }
  return (performance.now() - start) / 1000 / count;
}
