/** Algorithms a public key can be of. */
export type Algorithm = "ES256" | "EdDSA" | "PS256" | "RS256";

/** Claims of a token. Times are Unix seconds. */
export interface Claims {
  /** Issuer. */
  readonly iss?: string;
  /** When the token expires. */
  readonly exp?: number;
  /** When it was issued. */
  readonly iat?: number;
  /** When it becomes valid. */
  readonly nbf?: number;
  /** For whom it is. */
  readonly aud?: string | readonly string[];
  /** The token itself. */
  readonly jti?: string;
  readonly [claim: string]: unknown;
}

declare const verified: unique symbol;

/** A verified token's claims; only verification makes them. */
export interface VerifiedClaims extends Claims {
  readonly iss: string;
  /** Of the types only: no claims that somebody wrote down become verified ones. */
  readonly [verified]: true;
}

/** What somebody wrote into a token. Nobody has verified any of it. */
export interface UnverifiedToken {
  readonly header: { readonly alg: string; readonly kid: string | null };
  readonly claims: Claims;
}

/** A public key of a set (RFC 7517). */
export interface Jwk {
  readonly kty?: string;
  readonly kid?: string;
  readonly [member: string]: unknown;
}

/** A JSON Web Key Set (RFC 7517), such as `/.well-known/jwks.json`. */
export interface Jwks {
  readonly keys: readonly Jwk[];
}

/** What a verifier expects. */
export interface Expected {
  /** Must equal `iss` exactly. */
  readonly issuer: string;
  /** Must be named by `aud`; `null` for tokens that have none. */
  readonly audience: string | null;
  /** Unix seconds; the clock when absent. */
  readonly now?: number | undefined;
  /** Seconds of tolerance for `exp`, `nbf` and `iat`, at most a day; 0 when absent. */
  readonly clockTolerance?: number | undefined;
}

/**
 * Loads the module; call it once and wait for it. Browsers, Node, Deno and bundlers find it beside this file, Workers
 * bring it along; for anything else pass a `WebAssembly.Module`, its bytes or its address.
 *
 * @example
 * import { init } from "portico-auth";
 * await init();
 */
export function init(source?: URL | object | string): Promise<void>;

/**
 * Reads a token **without verifying it**: for showing a name or an expiry, never for deciding.
 * To decide, use {@link verifyToken}.
 *
 * @example
 * const { claims } = decodeUnverified(token);
 */
export function decodeUnverified(token: string): UnverifiedToken;

/**
 * When a token says it expires, in Unix seconds, or `null` for never: tells when to sign in again.
 *
 * @example
 * const secondsLeft = (expiresAt(token) ?? Infinity) - Date.now() / 1000;
 */
export function expiresAt(token: string): number | null;

/**
 * Verifies a token with a public key of the set, chosen by exact `kid`, and checks its claims as the
 * server does. As for the server, one key that contradicts itself, is too weak, has a name twice or is a secret spoils
 * the set.
 *
 * The set is given, or the address of one. By address it is kept for five minutes, asked for again when a token names
 * a key that it lacks (then not for thirty seconds), and goes on serving for an hour when its address does not answer.
 *
 * @example
 * const claims = await verifyToken(token, "https://auth.example/.well-known/jwks.json", {
 *   issuer: "portico",
 *   audience: "web",
 *   algorithms: ["EdDSA"],
 * });
 */
export function verifyToken(
  token: string,
  keys: Jwks | URL | string,
  options: Expected & { readonly algorithms: readonly Algorithm[] },
): Promise<VerifiedClaims>;

/**
 * Verifies an HS256 token with the shared secret (`WEBUI_SECRET_KEY`). For servers: a secret has no
 * place in a browser.
 *
 * @example
 * const secret = new TextEncoder().encode(process.env.WEBUI_SECRET_KEY);
 * const claims = await verifyTokenWithSecret(token, secret, { issuer: "portico", audience: null });
 */
export function verifyTokenWithSecret(token: string, secret: Uint8Array, expected: Expected): Promise<VerifiedClaims>;
