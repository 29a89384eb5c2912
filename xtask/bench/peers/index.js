// What others need for the same, in the same runtime: jose for tokens, hash-wasm for argon2id.
import { base64url, importJWK, jwtVerify, SignJWT } from "jose";
import { argon2id } from "hash-wasm";
import argon2 from "./argon2.wasm";
import blake2b from "./blake2b.wasm";

// hash-wasm compiles its modules from bytes, which Workers may not: it gets them compiled, by length.
const compiled = { 7148: argon2, 7449: blake2b };
WebAssembly.compile = async (bytes) => compiled[bytes.byteLength];

const claims = {
  iss: "https://auth.example.com", aud: "portico", sub: "usr_01HZY3F8QW7Z8R",
  sid: "ses_01HZY3F8QW7Z8RX4K2", role: "authenticated", iat: 1_790_000_000, exp: 4_000_000_000,
};
const keys = {
  hs256: { alg: "HS256", jwk: { kty: "oct", k: base64url.encode("0123456789abcdef0123456789abcdef") } },
  eddsa: {
    alg: "EdDSA",
    jwk: { kty: "OKP", crv: "Ed25519", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
  },
  es256: {
    alg: "ES256",
    jwk: {
      kty: "EC", crv: "P-256", d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
      x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    },
  },
};

async function tokens(name, act, times) {
  const { alg, jwk } = keys[name];
  const { d, ...rest } = jwk;
  const signing = await importJWK(jwk, alg);
  const verifying = alg === "HS256" ? signing : await importJWK(rest, alg);
  const sign = () => new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT", kid: "k" }).sign(signing);
  const token = await sign();
  const options = { issuer: claims.iss, audience: claims.aud, algorithms: [alg] };
  for (let i = 0; i < times; i++) await (act === "sign" ? sign() : jwtVerify(token, verifying, options));
}

async function hash(times) {
  const salt = new TextEncoder().encode("saltsaltsaltsalt");
  const cost = { parallelism: 1, iterations: 2, memorySize: 19_456, hashLength: 32 };
  for (let i = 0; i < times; i++) await argon2id({ password: "password", salt, ...cost, outputType: "binary" });
}

export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const times = Number(searchParams.get("n"));
    const [name, act] = pathname.slice(1).split("-");
    await (name === "argon2id" ? hash(times) : tokens(name, act, times));
    return new Response("done");
  },
};
