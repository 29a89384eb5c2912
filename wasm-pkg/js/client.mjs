// A session with a Portico, kept fresh. Tabs of one origin share it: what one of them gets, all of them have.
// Needs no wasm: the server judges tokens, this only watches their clock.
import { dialects } from "./dialects.mjs";
import { PorticoError } from "./error.mjs";
import { Siblings } from "./siblings.mjs";

const MOST_TIMEOUT_MS = 2 ** 31 - 1;
/// How long the service may take for an answer about the session itself.
const PATIENCE_MS = 15_000;
/// Never sooner than that after the last time, whatever clocks and lifetimes say.
const LEAST_PAUSE_S = 5;
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
  // When the session's token ends, by the clock of this machine: the server's may differ.
  #ends = Infinity;
  // Counts who signs in and out: what was asked before that is not believed any more.
  #epoch = 0;
  #stored;
  #challenge = null;
  #refreshing;
  #timer;
  #notBefore = 0;
  #failures = 0;
  #closed = new AbortController();
  #wake = () => globalThis.document?.visibilityState !== "hidden" && this.#left() <= this.#ahead && this.#keepFresh();

  constructor(options = {}) {
    const { baseUrl = globalThis.location?.origin, dialect = "open-webui", storage, refreshAhead = 60 } = options;
    const base = URL.canParse(baseUrl) && new URL(baseUrl);
    const isWeb = base && /^https?:$/.test(base.protocol) && !base.username && !base.password;
    if (!isWeb || !Object.hasOwn(dialects, dialect) || !(refreshAhead >= 0)) throw new PorticoError("bad_options");
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    this.#base = base;
    this.#dialect = dialects[dialect];
    this.#fetch = options.fetch ?? ((request) => fetch(request));
    this.#storage = storage;
    this.#key = `portico-auth ${dialect} ${base.href}`;
    this.#ahead = this.#dialect.renews ? refreshAhead : 0;
    this.#siblings = new Siblings(this.#key, {
      session: () => (this.#session && this.#left() > this.#ahead ? { session: this.#session, ends: this.#ends } : null),
      told: (told) => this.#hear(told),
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
    const token = this.#keep("getItem");
    this.#stored = /^[\w.~+/=-]+$/.test(token) ? token : undefined;
    try {
      return await this.refresh();
    } catch (error) {
      if (error.code === "no_session") return null;
      throw error;
    }
  }

  async signIn({ email, password }) {
    return this.#enter(...this.#dialect.signIn(email, password));
  }

  async signInWithLdap({ user, password }) {
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
    const next = this.#dialect.next(answer ?? {});
    if (next.session) {
      this.#begin(next.session);
      return { status: "signed-in", session: this.#session, answer };
    }
    if (next.challenge) {
      this.#challenge = next.challenge;
      this.#emit("second-factor-needed", next.challenge);
      return { status: "second-factor-needed", challenge: next.challenge, answer };
    }
    return { status: next.status, answer };
  }

  signOut() {
    return this.#siblings.alone(async () => {
      const session = this.#session;
      const [route, body] = this.#dialect.signOut();
      const answer = await this.#ask(route, body, session?.token).catch((error) => {
        if (error.status !== 401) throw error;
      });
      // Unless somebody else has signed in meanwhile.
      if (this.#session?.user.id === session?.user.id) this.#end("asked");
      return { redirect: this.#dialect.redirect(answer ?? {}) };
    });
  }

  // Single-flight: in this tab by the promise, among tabs by a lock and by asking whoever was faster.
  refresh() {
    this.#refreshing ??= this.#exchange().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  // Like the platform's, for addresses of the service: with the token, and once more after a 401 with a fresh one.
  async fetch(input, init) {
    const isRequest = typeof input === "object" && "url" in input;
    const request = isRequest
      ? new Request(input, init)
      : new Request(this.#within(String(input)), { credentials: "include", ...init });
    const { origin, pathname } = new URL(request.url);
    if (origin !== this.#base.origin || !pathname.startsWith(this.#base.pathname)) throw new PorticoError("foreign_origin");
    const { signal } = request;
    const refreshed = () => sooner(signal, this.refresh()).catch(() => signal.throwIfAborted());
    if (this.#dialect.renews && this.#session && this.#left() <= 0) await refreshed();
    const session = this.#session;
    const answer = await this.#send(request.clone(), session?.token);
    if (answer.status !== 401 || !session) return answer;
    // Somebody may have refreshed meanwhile; and a session that is gone is told by refreshing.
    const fresh = this.#session !== session ? this.#session : await refreshed();
    // Nobody's request is repeated in the name of somebody else.
    const goesOn = fresh && fresh.token !== session.token && fresh.user.id === session.user.id;
    return goesOn ? this.#send(request, fresh.token) : answer;
  }

  async call(route, { path = {}, query, body } = {}) {
    return read(await this.fetch(...this.#request(route, path, query, body)));
  }

  close() {
    this.#closed.abort();
    clearTimeout(this.#timer);
    this.#siblings.close();
    this.#listeners.clear();
    globalThis.removeEventListener?.("online", this.#wake);
    globalThis.document?.removeEventListener("visibilitychange", this.#wake);
  }

  // Beside no refresh, of whichever tab: cookies must not come in another order than answers.
  #enter(route, body) {
    return this.#siblings.alone(async () => this.resume(await this.#ask(route, body)));
  }

  #exchange() {
    const [before, epoch] = [this.#session, this.#epoch];
    const current = () => {
      if (this.#session) return this.#session;
      throw new PorticoError("no_session");
    };
    return this.#siblings.alone(async () => {
      if (this.#epoch !== epoch || this.#session !== before) return current();
      const theirs = this.#dialect.renews && (await this.#siblings.ask());
      if (theirs && theirs.session.token !== before?.token) {
        this.#hear({ ...theirs, event: before ? "refreshed" : "signed-in" });
        return current();
      }
      const [route, body] = this.#dialect.refresh();
      let answer;
      try {
        answer = await this.#ask(route, body, before?.token ?? this.#stored);
      } catch (error) {
        if (this.#epoch !== epoch) return current();
        // A page of somebody else's that stands in front says nothing about the session.
        const isPage = typeof error.body === "string" && error.body.trimStart().startsWith("<");
        if ((error.status === 401 || error.status === 403) && !isPage) return this.#over(error);
        this.#retryLater(error);
        throw error;
      }
      if (this.#epoch !== epoch) return current();
      const { session } = this.#dialect.next(answer ?? {});
      if (session) this.#begin(session, before?.user.id === session.user.id);
      else if (answer !== this.#dialect.nobody) {
        this.#retryLater({});
        throw new PorticoError("unavailable", { status: 200, body: answer });
      } else this.#over({});
      return this.#session;
    });
  }

  // Nobody is signed in any more, or was.
  #over({ status, body }) {
    if (this.#session) this.#end("ended");
    else this.#keep("removeItem");
    throw new PorticoError("no_session", { status, body });
  }

  #begin(session, goesOn = false) {
    const { exp, iat } = claimsOf(session.token);
    const whole = { ...session, expiresAt: session.expiresAt ?? exp ?? null };
    // A token that is new here lives as long as it was made for, whatever the clocks say.
    const life = this.#dialect.renews && exp && iat ? exp - iat : (whole.expiresAt ?? Infinity) - clock();
    const ends = clock() + life;
    const event = goesOn ? "refreshed" : "signed-in";
    this.#siblings.tell({ session: whole, ends, event });
    this.#become(whole, ends, event, whole);
  }

  #end(reason) {
    const user = this.#session?.user.id;
    this.#siblings.tell({ session: null, user, event: "signed-out", reason: `${reason}-elsewhere` });
    this.#become(null, Infinity, "signed-out", { reason });
  }

  // What another tab says.
  #hear({ session, ends, user, event, reason }) {
    if (session) {
      const same = session.user.id === this.#session?.user.id;
      this.#become(session, ends, same && event === "refreshed" ? event : "signed-in", session);
    } else if (user === this.#session?.user.id) this.#become(null, Infinity, event, { reason });
  }

  #become(session, ends, event, detail) {
    if (this.#closed.signal.aborted) return;
    const had = this.#session;
    this.#session = session;
    this.#ends = ends;
    this.#stored = undefined;
    this.#failures = 0;
    if (event !== "refreshed") {
      this.#epoch += 1;
      this.#challenge = null;
    }
    this.#keep(session ? "setItem" : "removeItem", session?.token);
    this.#notBefore = clock() + LEAST_PAUSE_S;
    this.#keepFresh();
    if (session || had) this.#emit(event, detail);
  }

  // What listens must not disturb what it listens to.
  #emit(event, detail) {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        (globalThis.reportError ?? console.error)(error);
      }
    }
  }

  // A storage that is full or forbidden is none.
  #keep(how, token) {
    try {
      return this.#storage?.[how](this.#key, token);
    } catch {
      return undefined;
    }
  }

  #left() {
    return this.#ends - clock();
  }

  // Tabs that were opened together must not ask together; a short life must not be spent on asking.
  #keepFresh() {
    if (!this.#session || this.#ends === Infinity) return clearTimeout(this.#timer);
    const left = Math.max(this.#left(), 0);
    const ahead = Math.min(this.#ahead, left / 3);
    this.#later(left - ahead - Math.random() * Math.min(ahead / 2, left / 10));
  }

  #retryLater({ retryAfter }) {
    if (!this.#session) return;
    const pause = Math.min(LEAST_PAUSE_S * 2 ** this.#failures++, LONGEST_PAUSE_S) * (1 - Math.random() / 2);
    this.#notBefore = clock() + (retryAfter ?? pause);
    this.#later(0);
  }

  #later(seconds) {
    clearTimeout(this.#timer);
    if (this.#closed.signal.aborted) return;
    const wait = Math.min(Math.max(seconds, this.#notBefore - clock(), 0) * 1000, MOST_TIMEOUT_MS);
    const due = () => (wait < MOST_TIMEOUT_MS ? this.refresh().catch(() => undefined) : this.#keepFresh());
    this.#timer = setTimeout(due, wait);
    this.#timer.unref?.();
  }

  #within(address) {
    return new URL(address.replace(/^\/(?!\/)/, ""), this.#base);
  }

  #request(route, path, query, body) {
    const [method, template] = route.split(" ");
    const filled = template.replace(/\{\*?(\w+)\}/g, (_, name) => {
      // Dots would be steps of the path, and nothing another route.
      if (typeof path[name] !== "string" || /^\.{0,2}$/.test(path[name])) throw new PorticoError("bad_options");
      return encodeURIComponent(path[name]);
    });
    const url = this.#within(filled);
    for (const [name, value] of Object.entries(query ?? {})) if (value != null) url.searchParams.set(name, value);
    const json = body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    return [url, { method, ...json }];
  }

  // About the session itself: no redirects, and no waiting for ever, because others wait for this.
  async #ask(route, body, token) {
    const [url, init] = this.#request(route, {}, undefined, body);
    const patience = new AbortController();
    const giveUp = () => patience.abort(new PorticoError("network_error"));
    const timer = setTimeout(giveUp, PATIENCE_MS);
    this.#closed.signal.addEventListener("abort", giveUp);
    if (this.#closed.signal.aborted) giveUp();
    const { signal } = patience;
    const request = new Request(url, { credentials: "include", redirect: "manual", signal, ...init });
    try {
      // Not every runtime tells a request for sure that it was given up.
      return await sooner(signal, this.#send(request, token).then(read));
    } finally {
      clearTimeout(timer);
      this.#closed.signal.removeEventListener("abort", giveUp);
    }
  }

  async #send(request, token) {
    if (token) request.headers.set("authorization", `Bearer ${token}`);
    try {
      return await this.#fetch(request);
    } catch (cause) {
      // Whoever gives up is told so as by the platform.
      if (request.signal.aborted) throw cause;
      throw new PorticoError("network_error", { cause });
    }
  }
}

// What comes of something, unless a signal says first that nobody waits for it.
function sooner(signal, promise) {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}

// Only for knowing when to ask again: nothing is decided by it.
function claimsOf(token) {
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    const [exp, iat] = [claims.exp, claims.iat].map((time) => (Number.isFinite(time) ? time : undefined));
    return { exp, iat };
  } catch {
    return {};
  }
}

async function read(answer) {
  const text = await answer.text().catch((cause) => {
    throw new PorticoError("network_error", { cause });
  });
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Some answers of the contracts are plain text.
  }
  if (answer.ok) return body;
  const { status } = answer;
  const said = body?.detail ?? body?.message;
  const seconds = Number(answer.headers.get("retry-after"));
  const retryAfter = seconds >= 1 ? seconds : undefined;
  const code = status === 429 ? "rate_limited" : status >= 500 || status === 0 ? "unavailable" : "refused";
  throw new PorticoError(code, { status, body, retryAfter, ...(typeof said === "string" && { message: said }) });
}
