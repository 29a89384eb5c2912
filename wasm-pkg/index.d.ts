/** Why a call was refused; closed, so that a `switch` over it is checked. */
export type PorticoErrorCode =
  | "bad_options"
  | "bad_signature"
  | "malformed"
  | "malformed_claim"
  | "not_initialized"
  | "token_expired"
  | "token_not_yet_valid"
  | "unknown_kid"
  | "unsupported_header"
  | "wrong_algorithm"
  | "wrong_audience"
  | "wrong_issuer";

/** What every function of this package throws when it refuses. */
export class PorticoError extends Error {
  private constructor(code: PorticoErrorCode, message: string);
  readonly code: PorticoErrorCode;
}

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

/** A verified token's claims; only verification makes them. */
export interface VerifiedClaims extends Claims {
  readonly iss: string;
}

/** What somebody wrote into a token. Nobody has verified any of it. */
export interface UnverifiedToken {
  readonly header: { readonly alg: string; readonly kid: string | null };
  readonly claims: Claims;
}

/** A JSON Web Key Set (RFC 7517), such as `/.well-known/jwks.json`. */
export interface Jwks {
  readonly keys: readonly JsonWebKey[];
}

/** What a verifier expects. */
export interface Expected {
  /** Must equal `iss` exactly. */
  readonly issuer: string;
  /** Must be named by `aud`; without it, tokens that carry `aud` are refused. */
  readonly audience?: string;
  /** Unix seconds; the clock when absent. */
  readonly now?: number;
  /** Seconds of tolerance for `exp`, `nbf` and `iat`; 0 when absent. */
  readonly clockTolerance?: number;
}

/**
 * Loads the module; call it once and wait for it. Browsers, Node and Deno find it beside this file;
 * Workers and bundlers that compile wasm themselves pass their `WebAssembly.Module`, its bytes or its address.
 *
 * @example
 * import { init } from "portico-auth";
 * await init();
 */
export function init(source?: WebAssembly.Module | BufferSource | Response | URL | string): Promise<void>;

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
 * server does.
 *
 * @example
 * const jwks = await (await fetch("https://auth.example/.well-known/jwks.json")).json();
 * const claims = await verifyToken(token, jwks, { issuer: "portico", audience: "web", algorithms: ["EdDSA"] });
 */
export function verifyToken(
  token: string,
  jwks: Jwks,
  options: Expected & { readonly algorithms: readonly Algorithm[] },
): Promise<VerifiedClaims>;

/**
 * Verifies an HS256 token with the shared secret (`WEBUI_SECRET_KEY`). For servers: a secret has no
 * place in a browser.
 *
 * @example
 * const secret = new TextEncoder().encode(process.env.WEBUI_SECRET_KEY);
 * const claims = verifyTokenWithSecret(token, secret, { issuer: "portico" });
 */
export function verifyTokenWithSecret(token: string, secret: Uint8Array, expected: Expected): VerifiedClaims;

/** Permissions as the API sends them, in two levels: section and name. */
export type PermissionTree = { readonly [section: string]: { readonly [name: string]: boolean } };

/**
 * Whether permissions grant a path such as `chat.delete`. A missing path is not granted. Administrators
 * are not bound by permissions; their tree is the plain one.
 *
 * @example
 * if (session.role === "admin" || hasPermission(session.permissions, "chat.delete")) showDelete();
 */
export function hasPermission(permissions: PermissionTree | null | undefined, path: string): boolean;
