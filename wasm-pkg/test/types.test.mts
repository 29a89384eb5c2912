// Compiled, never run: the types say what the package does.
import {
  type Claims,
  decodeUnverified,
  expiresAt,
  hasPermission,
  init,
  PorticoError,
  type PorticoErrorCode,
  type VerifiedClaims,
  verifyToken,
  verifyTokenWithSecret,
} from "portico-auth";

await init();
await init(new URL("https://cdn.example/portico_auth_bg.wasm"));

const unverified: Claims = decodeUnverified("token").claims;
// @ts-expect-error what nobody verified is not a verified token's claims
const notVerified: VerifiedClaims = unverified;
const expiry: number | null = expiresAt("token");

const jwks = { keys: [{ kty: "OKP", kid: "k1" }] };
const verified: VerifiedClaims = await verifyToken("token", jwks, { issuer: "portico", algorithms: ["EdDSA"] });
const issuer: string = verified.iss;
// @ts-expect-error the algorithms are the caller's to name
await verifyToken("token", jwks, { issuer: "portico" });
// @ts-expect-error a shared secret is not a public key
await verifyToken("token", jwks, { issuer: "portico", algorithms: ["HS256"] });
// @ts-expect-error a secret is bytes
verifyTokenWithSecret("token", "secret", { issuer: "portico" });

const granted: boolean = hasPermission({ chat: { delete: true } }, "chat.delete");

function reaction(error: PorticoError): "sign in" | "report" {
  const code: PorticoErrorCode = error.code;
  return code === "token_expired" ? "sign in" : "report";
}

export { expiry, granted, issuer, notVerified, reaction };
