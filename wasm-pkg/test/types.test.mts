// Compiled, never run: the types say what the package does.
import { expectTypeOf } from "expect-type";
import {
  type Challenge,
  type Claims,
  type Outcome,
  type PasswordRefusal,
  type PermissionTree,
  PorticoClient,
  PorticoError,
  type PorticoErrorCode,
  type Session,
  type SignOutReason,
  type UnverifiedToken,
  type VerifiedClaims,
  decodeUnverified,
  effectivePermissions,
  expiresAt,
  hasPermission,
  init,
  passwordPolicy,
  totp,
  verifyToken,
  verifyTokenWithSecret,
} from "portico-auth";
import { PorticoClient as ClientAlone } from "portico-auth/client";
import { passwordPolicy as policyAlone } from "portico-auth/forms";

expectTypeOf(init).returns.resolves.toBeVoid();
await init(new URL("https://cdn.example/portico_auth_bg.wasm"));

// TK-28: what nobody has verified is no verified token's.
expectTypeOf(decodeUnverified("token")).toEqualTypeOf<UnverifiedToken>();
expectTypeOf(decodeUnverified("token").claims).toEqualTypeOf<Claims>();
// @ts-expect-error claims that somebody wrote down are not verified
const notVerified: VerifiedClaims = { iss: "portico" };
expectTypeOf<Claims>().not.toExtend<VerifiedClaims>();
expectTypeOf<VerifiedClaims>().toExtend<Claims>();
expectTypeOf(expiresAt("token")).toEqualTypeOf<number | null>();

const jwks = { keys: [{ kty: "OKP", kid: "k1" }] };
const options = { issuer: "portico", audience: "web", algorithms: ["EdDSA"] } as const;
expectTypeOf(verifyToken("token", jwks, options)).resolves.toEqualTypeOf<VerifiedClaims>();
expectTypeOf(verifyToken).toBeCallableWith("token", new URL("https://auth.example/jwks.json"), options);
expectTypeOf(verifyToken).toBeCallableWith("token", "https://auth.example/jwks.json", options);
// @ts-expect-error the algorithms are the caller's to name
await verifyToken("token", jwks, { issuer: "portico", audience: "web" });
// @ts-expect-error and so is the issuer
await verifyToken("token", jwks, { audience: "web", algorithms: ["EdDSA"] });
// @ts-expect-error somebody who expects no audience says so
await verifyToken("token", jwks, { issuer: "portico", algorithms: ["EdDSA"] });
await verifyToken("token", { keys: [{ kty: "OKP", kid: "k1", crv: "Ed25519", x: "AAAA" }] }, options);
// @ts-expect-error a shared secret is not a public key
await verifyToken("token", jwks, { issuer: "portico", audience: "web", algorithms: ["HS256"] });
expectTypeOf(verifyTokenWithSecret("token", new Uint8Array(), { issuer: "portico", audience: null })).resolves.toEqualTypeOf<VerifiedClaims>();
// @ts-expect-error a secret is bytes
await verifyTokenWithSecret("token", "secret", { issuer: "portico", audience: null });

expectTypeOf(hasPermission({ chat: { delete: true } }, "chat.delete")).toBeBoolean();
expectTypeOf(effectivePermissions({ groups: [{ id: "g" }], memberOf: ["g"] })).toEqualTypeOf<PermissionTree>();

const policy = await passwordPolicy({ minLength: 10 });
expectTypeOf(policy.check("password", { email: "ann@example.com" })).toEqualTypeOf<PasswordRefusal | null>();
expectTypeOf(policyAlone).toEqualTypeOf(passwordPolicy);
expectTypeOf(totp.qrCode("otpauth://totp/x")).resolves.toBeString();
expectTypeOf(totp.normalizeCode("123456")).toEqualTypeOf<string | null>();

expectTypeOf(PorticoClient).toEqualTypeOf(ClientAlone);
const client = new PorticoClient({ dialect: "librechat", storage: sessionStorage });
// @ts-expect-error there are two dialects
new PorticoClient({ dialect: "other" });
expectTypeOf(client.start()).resolves.toEqualTypeOf<Session | null>();
expectTypeOf(client.signIn({ email: "a", password: "b" })).resolves.toEqualTypeOf<Outcome>();
client.on("signed-in", (session) => expectTypeOf(session).toEqualTypeOf<Session>());
client.on("second-factor-needed", (challenge) => expectTypeOf(challenge).toEqualTypeOf<Challenge>());
client.on("signed-out", ({ reason }) => expectTypeOf(reason).toEqualTypeOf<SignOutReason>());
// @ts-expect-error there is no such event
client.on("signed-up", () => {});
// @ts-expect-error either of the two
await client.verifySecondFactor({});

const sessions = await client.call("GET /api/v1/auths/sessions");
expectTypeOf(sessions[0]!.current).toBeBoolean();
await client.call("DELETE /api/v1/auths/sessions/{id}", { path: { id: "x" } });
// @ts-expect-error the path has a parameter
await client.call("DELETE /api/v1/auths/sessions/{id}");
// @ts-expect-error there is no such route
await client.call("GET /api/v1/nowhere");
// @ts-expect-error the body is the route's
await client.call("POST /api/v1/auths/signin", { body: { email: "ann@example.com" } });

// The compiler knows the codes: a case that is none would not compile.
function reaction(error: PorticoError): "report" | "sign in" | "wait" {
  const code: PorticoErrorCode = error.code;
  switch (code) {
    case "no_session":
    case "token_expired":
      return "sign in";
    case "rate_limited":
    case "unavailable":
      return "wait";
    default:
      return "report";
  }
}

export { notVerified, reaction };
