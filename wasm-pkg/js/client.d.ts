import type { PermissionTree } from "./permissions.js";
import type { Routes } from "./routes.js";

export type { Routes } from "./routes.js";

/** Somebody's session. */
export interface Session {
  /** For `Authorization: Bearer`. */
  readonly token: string;
  /** Unix seconds; `null` for a token that does not expire. */
  readonly expiresAt: number | null;
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly email: string;
    readonly role: "admin" | "pending" | "user";
    readonly picture: string | null;
  };
  /** What they may do; `null` in the dialect of LibreChat, which does not say. */
  readonly permissions: PermissionTree | null;
}

/** A step between the password and the session. */
export interface Challenge {
  readonly token: string;
  /** `verify`: a code is asked for. `enroll`: a factor has to be set up. `recover`: an operator's word is needed. */
  readonly step: "enroll" | "recover" | "verify";
  /** Seconds. */
  readonly expiresIn: number;
}

/** What became of an attempt to sign in or up. `answer` is the service's own. */
export type Outcome =
  | { readonly status: "signed-in"; readonly session: Session; readonly answer: unknown }
  | { readonly status: "second-factor-needed"; readonly challenge: Challenge; readonly answer: unknown }
  | { readonly status: "pending" | "nothing"; readonly answer: unknown };

/** Why a session is over. */
export type SignOutReason = "asked" | "asked-elsewhere" | "ended" | "ended-elsewhere";

/** What a client tells, and with what. */
export interface PorticoEvents {
  /** Somebody signed in, here or in another tab, or was signed in already when the client started. */
  readonly "signed-in": Session;
  /** The session goes on with a fresh token, or with fresh permissions. */
  readonly refreshed: Session;
  readonly "signed-out": { readonly reason: SignOutReason };
  readonly "second-factor-needed": Challenge;
}

/** What a client asks of `sessionStorage`, or of something like it. */
export interface TokenStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** How a client works. */
export interface ClientOptions {
  /** Where the service is; the page's own origin when absent. */
  readonly baseUrl?: string | URL;
  /** Whose routes to use; `open-webui` when absent. */
  readonly dialect?: "librechat" | "open-webui";
  /** Where to keep the token over reloads: whatever runs on the page can read it there. Nowhere when absent: the service's cookie, which scripts can not read, does that. */
  readonly storage?: TokenStorage;
  /** Seconds before the end of a token at which the next one is asked for; 60 when absent. */
  readonly refreshAhead?: number;
  /** Instead of the platform's. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

type Input<R extends keyof Routes> = Routes[R]["input"];
type Answer<R extends keyof Routes> = Routes[R]["answer"];

/**
 * A session that stays fresh by itself and is one for all tabs of an origin. Needs no `init()`.
 *
 * @example
 * import { PorticoClient } from "portico-auth/client";
 *
 * const client = new PorticoClient({ dialect: "librechat" });
 * client.on("signed-out", () => location.assign("/login"));
 * if ((await client.start()) === null) {
 *   await client.signIn({ email: "ann@example.com", password: "correct horse" });
 * }
 * const chats = await (await client.fetch("/api/convos")).json();
 */
export class PorticoClient {
  constructor(options?: ClientOptions);

  /** The session, or `null`. */
  readonly session: Session | null;
  /** The step that waits, or `null`. */
  readonly challenge: Challenge | null;

  /** Listens; gives a function that stops listening. */
  on<E extends keyof PorticoEvents>(event: E, listener: (told: PorticoEvents[E]) => void): () => void;

  /** Takes up the session that the browser or the storage has, if there is one. */
  start(): Promise<Session | null>;

  /** Signs in with a password. */
  signIn(form: { readonly email: string; readonly password: string }): Promise<Outcome>;

  /** Signs in with the directory. */
  signInWithLdap(form: { readonly user: string; readonly password: string }): Promise<Outcome>;

  /** Makes an account; the fields are those of the dialect's route. */
  signUp(form: Record<string, unknown>): Promise<Outcome>;

  /** Shows the second factor: a code of the app, or one of the codes for whoever has lost it. */
  verifySecondFactor(shown: { readonly code: string } | { readonly recoveryCode: string }): Promise<Outcome>;

  /** Takes up a step that began elsewhere: an answer of `POST /api/v1/auths/mfa/…`. */
  resume(answer: unknown): Outcome;

  /** Signs out, in all tabs; `redirect` says where a provider wants the browser to go. Throws while nobody is signed out. */
  signOut(): Promise<{ readonly redirect: string | null }>;

  /** Asks for a fresh token now; all callers of all tabs share one request. */
  refresh(): Promise<Session>;

  /**
   * Like the platform's `fetch`, relative to `baseUrl`, with the token; after a 401 once more, with a fresh one. Throws `foreign_origin` for
   * addresses that are not below `baseUrl`. Nobody's request is repeated in the name of somebody else.
   */
  fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>;

  /**
   * Calls a route of the service and reads the answer.
   *
   * @example
   * const sessions = await client.call("GET /api/v1/auths/sessions");
   * await client.call("DELETE /api/v1/auths/sessions/{id}", { path: { id: sessions[0].id } });
   */
  call<R extends keyof Routes>(
    route: R,
    ...input: object extends Input<R> ? [input?: Input<R>] : [input: Input<R>]
  ): Promise<Answer<R>>;

  /** Stops refreshing and listening. The session itself goes on. */
  close(): void;
}
