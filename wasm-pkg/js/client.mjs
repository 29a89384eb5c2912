// A session with a Portico, kept fresh. Tabs of one origin share it: what one of them gets, all of them have.
// Needs no wasm: the server judges tokens, this only watches their clock.
import { Siblings } from "./siblings.mjs";
import { dialects } from "./dialects.mjs";
import { PorticoError } from "./error.mjs";

const MOST_TIMEOUT_MS = 2 ** 31 - 1;
const FIRST_PAUSE_S = 2;
const LONGEST_PAUSE_S = 60;

const clock = () => Date.now() / 1000;

export class PorticoClient {
  #base;
  #dialect;
  #fetch;
  #storage;
  #key;
  #ahead;
  #siblings;
  #listeners = new Map();
  #session = null;
  #challenge = null;
  #refreshing;
  #timer;
  #failures = 0;
  #wake = () => this.#overdue() && this.#keepFresh();

  constructor(options = {}) {
    const { baseUrl = globalThis.location?.origin, dialect = "open-webui", storage, refreshAhead = 60 } = options;
    const base = URL.canParse(baseUrl) && new URL(baseUrl);
    if (!base || !Object.hasOwn(dialects, dialect) || !(refreshAhead >= 0)) throw new PorticoError("bad_options");
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    this.#base = base;
    this.#dialect = dialects[dialect];
    this.#fetch = options.fetch ?? ((...request) => fetch(...request));
    this.#storage = storage;
    this.#key = `portico-auth ${dialect} ${base.href}`;
    this.#ahead = this.#dialect.renews ? refreshAhead : 0;
    this.#siblings = new Siblings(this.#key, {
      session: () => (this.#overdue() ? null : this.#session),
      told: (session, event, detail) => this.#become(session, event, detail),
    });
    globalThis.addEventListener?.("online", this.#wake);
    globalThis.document?.addEventListener("visibilitychange", this.#wake);
  }

  get session() {
    return this.#session;
  }

  get challenge() {
    return this.#challenge;
  }

  on(event, listener) {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all.add(listener));
    return () => void all.delete(listener);
  }

  async start() {
    const token = this.#storage?.getItem(this.#key);
    if (token) this.#session = { token, expiresAt: expiryOf(token), user: null, permissions: null };
    try {
      return await this.refresh();
    } catch (error) {
      if (error.code === "no_session") return null;
      throw error;
    }
  }

  signIn({ email, password }) {
    return this.#enter(...this.#dialect.signIn(email, password));
  }

  signInWithLdap({ user, password }) {
    return this.#enter(...this.#dialect.ldap(user, password));
  }

  signUp(form) {
    return this.#enter(...this.#dialect.signUp(form));
  }

  // A code of the app, or one of the codes for whoever has lost it.
  async verifySecondFactor({ code, recoveryCode }) {
    if (!this.#challenge) throw new PorticoError("bad_options");
    return this.#enter(...this.#dialect.verify(this.#challenge.token, code, recoveryCode));
  }

  // A step that did not begin here, such as one that came back from a provider.
  resume(answer) {
    return this.#proceed(answer);
  }

  async signOut() {
    const [route, body] = this.#dialect.signOut();
    const answer = await read(await this.#send(...this.#request(route, { body }), this.#session)).catch((error) => {
      if (error.status !== 401) throw error;
    });
    this.#tell(null, "signed-out", { reason: "asked" });
    return { redirect: this.#dialect.redirect(answer ?? {}) };
  }

  // Single-flight: in this tab by the promise, among tabs by a lock and by asking whoever was faster.
  refresh() {
    this.#refreshing ??= this.#exchange().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  // Like the platform's, for addresses of the service: with the token, and once more after a 401 with a fresh one.
  async fetch(input, init) {
    const request = new Request(typeof input === "object" && "url" in input ? input : new URL(input, this.#base), init);
    if (new URL(request.url).origin !== this.#base.origin) throw new PorticoError("foreign_origin");
    if (this.#dialect.renews && this.#session && this.#left() <= 0) await this.refresh().catch(() => undefined);
    const session = this.#session;
    const answer = await this.#send(request.clone(), undefined, session);
    if (answer.status !== 401 || !session) return answer;
    // Somebody may have refreshed meanwhile; and a session that is gone is told by refreshing.
    const fresh = this.#session !== session ? this.#session : await this.refresh().catch(() => undefined);
    return fresh && fresh.token !== session.token ? this.#send(request, undefined, fresh) : answer;
  }

  async call(route, input = {}) {
    return read(await this.fetch(...this.#request(route, input)));
  }

  close() {
    clearTimeout(this.#timer);
    this.#siblings.close();
    this.#listeners.clear();
    globalThis.removeEventListener?.("online", this.#wake);
    globalThis.document?.removeEventListener("visibilitychange", this.#wake);
  }

  async #enter(route, body) {
    return this.#proceed(await read(await this.#send(...this.#request(route, { body }))));
  }

  #proceed(answer) {
    const next = this.#dialect.next(answer);
    if (next.session) {
      this.#tell(complete(next.session), "signed-in");
      return { status: "signed-in", session: this.#session, answer };
    }
    if (next.challenge) {
      this.#challenge = next.challenge;
      this.#emit("second-factor-needed", next.challenge);
      return { status: "second-factor-needed", challenge: next.challenge, answer };
    }
    return { status: next.status, answer };
  }

  #exchange() {
    const before = this.#session;
    return this.#siblings.alone(async () => {
      if (this.#session !== before && this.#session && !this.#overdue()) return this.#session;
      const theirs = this.#dialect.renews && (await this.#siblings.ask());
      if (theirs && theirs.token !== before?.token) {
        this.#become(theirs, before ? "refreshed" : "signed-in");
        return this.#session;
      }
      const [route, body] = this.#dialect.refresh();
      try {
        const answer = await read(await this.#send(...this.#request(route, { body }), this.#session));
        const { session } = this.#dialect.next(answer);
        if (!session) throw new PorticoError("no_session");
        this.#failures = 0;
        this.#tell(complete(session), before?.user ? "refreshed" : "signed-in");
        return this.#session;
      } catch (error) {
        if (error.code !== "no_session" && error.status !== 401 && error.status !== 403) {
          this.#retryLater(error);
          throw error;
        }
        if (this.#session) this.#tell(null, "signed-out", { reason: "ended" });
        throw new PorticoError("no_session", { status: error.status, body: error.body });
      }
    });
  }

  #tell(session, event, detail) {
    this.#siblings.tell(session, event, detail?.reason && { ...detail, reason: `${detail.reason}-elsewhere` });
    this.#become(session, event, detail);
  }

  #become(session, event, detail) {
    const had = this.#session;
    this.#session = session;
    this.#challenge = null;
    if (session) this.#storage?.setItem(this.#key, session.token);
    else this.#storage?.removeItem(this.#key);
    this.#keepFresh();
    if (session || had) this.#emit(event, detail ?? session);
  }

  #emit(event, detail) {
    for (const listener of this.#listeners.get(event) ?? []) listener(detail);
  }

  #left() {
    return (this.#session?.expiresAt ?? Infinity) - clock();
  }

  #overdue() {
    return this.#session !== null && this.#left() <= this.#ahead;
  }

  // Tabs that were opened together must not ask together.
  #keepFresh() {
    clearTimeout(this.#timer);
    const seconds = this.#left() - this.#ahead - Math.random() * Math.min(this.#ahead / 2, this.#left() / 10);
    if (seconds < Infinity) this.#later(seconds);
  }

  #retryLater({ retryAfter }) {
    if (!this.#session) return;
    const pause = Math.min(FIRST_PAUSE_S * 2 ** this.#failures++, LONGEST_PAUSE_S);
    this.#later(retryAfter ?? pause * (0.5 + Math.random()));
  }

  #later(seconds) {
    clearTimeout(this.#timer);
    const wait = Math.min(Math.max(seconds, 0) * 1000, MOST_TIMEOUT_MS);
    const due = () => (wait < MOST_TIMEOUT_MS ? this.refresh().catch(() => undefined) : this.#keepFresh());
    this.#timer = setTimeout(due, wait);
    this.#timer.unref?.();
  }

  #request(route, { path = {}, query, body }) {
    const [method, template] = route.split(" ");
    const filled = template.slice(1).replace(/\{\*?(\w+)\}/g, (_, name) => {
      if (!Object.hasOwn(path, name)) throw new PorticoError("bad_options");
      return encodeURIComponent(path[name]);
    });
    const url = new URL(filled, this.#base);
    for (const [name, value] of Object.entries(query ?? {})) if (value != null) url.searchParams.set(name, value);
    const json = body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    return [url, { method, ...json }];
  }

  async #send(input, init, session) {
    const request = new Request(input, { credentials: "include", ...init });
    if (session) request.headers.set("authorization", `Bearer ${session.token}`);
    try {
      return await this.#fetch(request);
    } catch (cause) {
      throw new PorticoError("network_error", { cause });
    }
  }
}

const complete = (session) => ({ expiresAt: expiryOf(session.token), ...session });

// Only for knowing when to ask again: nothing is decided by it.
function expiryOf(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).exp ?? null;
  } catch {
    return null;
  }
}

async function read(answer) {
  const text = await answer.text();
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Some answers of the contracts are plain text.
  }
  if (answer.ok) return body;
  const { status } = answer;
  const said = body?.detail ?? body?.message;
  const retryAfter = Number(answer.headers.get("retry-after")) || undefined;
  const code = status === 429 ? "rate_limited" : status >= 500 ? "unavailable" : "refused";
  throw new PorticoError(code, { status, body, retryAfter, ...(typeof said === "string" && { message: said }) });
}
