// The client's faults and clocks, against a service that does as it is told. Tabs and a real service: tests/pages.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { PorticoClient } from "../dist/client.mjs";
import { PorticoError } from "../dist/index.mjs";

const code = (wanted) => (error) => error instanceof PorticoError && error.code === wanted;
const base = "https://auth.example";
const segment = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const user = { id: "1", name: "Ann", email: "ann@example.com", role: "USER", avatar: null };

let made = 0;
const token = (seconds = 900) =>
  `${segment({ alg: "HS256" })}.${segment({ exp: Math.floor(Date.now() / 1000) + seconds, n: (made += 1) })}.AAAA`;

const json = (body, init) => Response.json(body, init);

// Answers each route by its function, and remembers what was asked.
function service(routes, options = {}) {
  const asked = [];
  const fetch = async (request) => {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    asked.push({ route, bearer: request.headers.get("authorization"), body: await request.text() });
    return (routes[route] ?? (() => json({ message: "no such route" }, { status: 404 })))(request, asked);
  };
  const client = new PorticoClient({ baseUrl: base, dialect: "librechat", fetch, ...options });
  const events = [];
  for (const name of ["signed-in", "refreshed", "signed-out", "second-factor-needed"]) {
    client.on(name, (told) => events.push([name, told]));
  }
  const count = (route) => asked.filter((each) => each.route === route).length;
  return { client, asked, events, count, names: () => events.map(([name]) => name) };
}

const LOGIN = "POST /api/auth/login";
const REFRESH = "POST /api/auth/refresh";
const login = { [LOGIN]: () => json({ token: token(), user }) };
const refresh = { [REFRESH]: () => json({ token: token(), user }) };
const form = { email: "ann@example.com", password: "correct horse" };

test("signing in gives a session, told to whoever listens", async () => {
  const { client, events, asked } = service(login);
  const { status, session } = await client.signIn(form);
  assert.equal(status, "signed-in");
  assert.deepEqual(session.user, { id: "1", name: "Ann", email: "ann@example.com", role: "user", picture: null });
  assert.equal(session, client.session);
  assert.ok(session.expiresAt > Date.now() / 1000 + 890);
  assert.deepEqual(events, [["signed-in", session]]);
  assert.deepEqual(JSON.parse(asked[0].body), form);
  client.close();
});

test("a second factor is asked for before there is a session", async () => {
  const { client, names, asked } = service({
    [LOGIN]: () => json({ twoFAPending: true, tempToken: "temp" }),
    "POST /api/auth/2fa/verify-temp": () => json({ token: token(), user }),
  });
  await assert.rejects(async () => client.verifySecondFactor({ code: "123456" }), code("bad_options"));
  const { status, challenge } = await client.signIn(form);
  assert.deepEqual([status, challenge.step, client.session, client.challenge.token], ["second-factor-needed", "verify", null, "temp"]);
  await client.verifySecondFactor({ recoveryCode: "abcd" });
  assert.deepEqual(JSON.parse(asked.at(-1).body), { tempToken: "temp", backupCode: "abcd" });
  assert.deepEqual(names(), ["second-factor-needed", "signed-in"]);
  assert.equal(client.challenge, null);
  client.close();
});

test("of many requests with a spent token one refreshes, and all go on", async () => {
  let good;
  const { client, count, asked } = service({
    ...login,
    [REFRESH]: () => json({ token: (good = token()), user }),
    "GET /thing": (request) => json({}, { status: request.headers.get("authorization") === `Bearer ${good}` ? 200 : 401 }),
  });
  await client.signIn(form);
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.fetch("/thing")));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(count(REFRESH), 1);
  assert.equal(count("GET /thing"), 40, "each is asked once more, and no oftener");
  assert.equal(asked.at(-1).bearer, `Bearer ${good}`);
  client.close();
});

test("a request is repeated once, with its body, and then its answer stands", async () => {
  const { client, asked, count } = service({ ...login, ...refresh, "POST /thing": () => json({}, { status: 401 }) });
  await client.signIn(form);
  const answer = await client.fetch("/thing", { method: "POST", body: "text" });
  assert.equal(answer.status, 401);
  assert.deepEqual([count("POST /thing"), count(REFRESH)], [2, 1]);
  assert.deepEqual(asked.filter(({ route }) => route === "POST /thing").map(({ body }) => body), ["text", "text"]);
  client.close();
});

test("nobody's token goes to another origin", async () => {
  const { client, asked } = service(login);
  await client.signIn(form);
  for (const foreign of ["https://evil.example/", "http://auth.example/", "https://auth.example:444/", "//evil.example/x"]) {
    await assert.rejects(client.fetch(foreign), code("foreign_origin"), foreign);
    await assert.rejects(client.fetch(new Request(new URL(foreign, base))), code("foreign_origin"), foreign);
  }
  assert.equal(asked.length, 1);
  client.close();
});

test("a token is kept nowhere unless a place is named", async () => {
  const kept = new Map();
  const storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
  const routes = {
    ...login,
    "POST /api/v1/auths/signin": () => json({ ...user, role: "user", token: token(), expires_at: null, permissions: {} }),
    "GET /api/v1/auths/": (request) =>
      request.headers.has("authorization")
        ? json({ ...user, role: "user", token: request.headers.get("authorization").slice(7), expires_at: null, permissions: {} })
        : json({ detail: "Not authenticated" }, { status: 401 }),
    "POST /api/v1/auths/signout": () => json({ status: true, redirect_url: "https://sso.example/out" }),
  };
  const first = service(routes, { dialect: "open-webui", storage });
  await first.client.signIn(form);
  assert.deepEqual([...kept.values()], [first.client.session.token]);
  const second = service(routes, { dialect: "open-webui", storage });
  assert.equal((await second.client.start()).user.name, "Ann");
  assert.deepEqual(await second.client.signOut(), { redirect: "https://sso.example/out" });
  assert.equal(kept.size, 0);
  const third = service(routes, { dialect: "open-webui" });
  assert.equal(await third.client.start(), null);
  for (const { client } of [first, second, third]) client.close();
});

test("the next token is asked for ahead of the end of the present one", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 });
  try {
    const { client, count, names } = service({ ...login, ...refresh });
    await client.signIn(form);
    mock.timers.tick(800_000);
    assert.equal(count(REFRESH), 0, "not before 60 and at most 30 seconds for chance");
    const refreshed = new Promise((told) => client.on("refreshed", told));
    mock.timers.tick(41_000);
    await refreshed;
    assert.deepEqual([count(REFRESH), names()], [1, ["signed-in", "refreshed"]]);
    client.close();
    mock.timers.tick(10_000_000);
    assert.equal(count(REFRESH), 1, "a client that is closed asks for nothing");
  } finally {
    mock.timers.reset();
  }
});

test("a service that does not work ends no session, and is asked again later", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 });
  try {
    const failures = [
      () => Promise.reject(new TypeError("offline")),
      () => json({}, { status: 503, headers: { "retry-after": "5" } }),
      () => json({}, { status: 429 }),
    ];
    const { client, names, count } = service({ ...login, [REFRESH]: () => (failures.shift() ?? refresh[REFRESH])() });
    await client.signIn(form);
    for (const wanted of ["network_error", "unavailable", "rate_limited"]) {
      await assert.rejects(client.refresh(), code(wanted));
      assert.equal(client.session.user.name, "Ann");
    }
    const refreshed = new Promise((told) => client.on("refreshed", told));
    mock.timers.tick(60_000);
    await refreshed;
    assert.deepEqual([count(REFRESH), names()], [4, ["signed-in", "refreshed"]]);
    client.close();
  } finally {
    mock.timers.reset();
  }
});

test("a refresh that is refused ends the session, once", async () => {
  for (const [refusal, status] of [
    [() => json({ message: "no" }, { status: 403 }), 403],
    [() => new Response("Refresh token expired or not found for this user", { status: 401 }), 401],
    [() => new Response("Refresh token not provided"), undefined],
  ]) {
    const { client, events } = service({ ...login, [REFRESH]: refusal, "GET /thing": () => json({}, { status: 401 }) });
    await client.signIn(form);
    assert.equal((await client.fetch("/thing")).status, 401);
    assert.equal(client.session, null);
    assert.deepEqual(events.at(-1), ["signed-out", { reason: "ended" }]);
    await assert.rejects(client.refresh(), (error) => code("no_session")(error) && error.status === status);
    assert.equal(events.length, 2);
    client.close();
  }
});

test("whoever can not be signed out is not told so", async () => {
  const { client, names } = service({ ...login, "POST /api/auth/logout": () => json({}, { status: 503 }) });
  await client.signIn(form);
  await assert.rejects(client.signOut(), code("unavailable"));
  assert.equal(client.session.user.name, "Ann");
  assert.deepEqual(names(), ["signed-in"]);
  client.close();
});

test("a refusal carries the service's words", async () => {
  const { client } = service({
    [LOGIN]: () => json({ message: "Too many login attempts" }, { status: 429, headers: { "retry-after": "120" } }),
    "GET /api/v1/auths/sessions": () => json({ detail: "Not authenticated" }, { status: 401 }),
  });
  await assert.rejects(client.signIn(form), (error) => {
    assert.deepEqual([error.code, error.status, error.retryAfter, error.message], ["rate_limited", 429, 120, "Too many login attempts"]);
    return true;
  });
  await assert.rejects(client.call("GET /api/v1/auths/sessions"), (error) => error.message === "Not authenticated");
  await assert.rejects(client.call("DELETE /api/v1/auths/sessions/{id}", {}), code("bad_options"));
  client.close();
});

test("what comes into a path can not leave it", async () => {
  const { client, asked } = service({});
  await assert.rejects(client.call("DELETE /api/v1/auths/sessions/{id}", { path: { id: "../../x?y" } }), code("refused"));
  assert.equal(asked[0].route, "DELETE /api/v1/auths/sessions/..%2F..%2Fx%3Fy");
  for (const id of ["", ".", "..", undefined, null, 5, {}]) {
    await assert.rejects(client.call("DELETE /api/v1/auths/sessions/{id}", { path: { id } }), code("bad_options"), `${id}`);
  }
  assert.equal(asked.length, 1);
  client.close();
});

test("a service that falls silent is given up, by this side's clock", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    // Before its answer, and within it; and one that does not heed that it was given up.
    const begun = () => new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode("{")) }));
    for (const silence of [() => new Promise(() => undefined), begun]) {
      const { client } = service({ [LOGIN]: silence, [REFRESH]: silence });
      for (const waiting of [client.signIn(form), client.refresh()]) {
        const refused = assert.rejects(waiting, code("network_error"));
        await new Promise((later) => setImmediate(later));
        mock.timers.tick(15_000);
        await refused;
      }
      const closing = assert.rejects(client.signIn(form), code("network_error"));
      client.close();
      await closing;
      await assert.rejects(client.signIn(form), code("network_error"), "a client that is closed waits for nothing");
    }
  } finally {
    mock.timers.reset();
  }
});

test("an answer that breaks off, and one that says nothing, are the service's fault", async () => {
  const broken = () => new Response(new ReadableStream({ start: (body) => body.error(new TypeError("terminated")) }));
  const answers = [broken, () => json(null), () => json({}), refresh[REFRESH]];
  const { client } = service({ ...login, [REFRESH]: () => answers.shift()() });
  await client.signIn(form);
  for (const wanted of ["network_error", "unavailable", "unavailable"]) {
    await assert.rejects(client.refresh(), code(wanted));
    assert.equal(client.session.user.name, "Ann");
  }
  await client.refresh();
  client.close();
});

test("whoever waits for a refresh can give up", { timeout: 10_000 }, async () => {
  const late = held(refresh[REFRESH]);
  const { client, count } = service({ ...login, [REFRESH]: late.answer, "GET /thing": () => json({}, { status: 401 }) });
  await client.signIn(form);
  const giving = new AbortController();
  const waiting = assert.rejects(client.fetch("/thing", { signal: giving.signal }), { name: "AbortError" });
  while (count(REFRESH) === 0) await new Promise((later) => setImmediate(later));
  giving.abort();
  let goesOn = true;
  const others = client.refresh().finally(() => (goesOn = false));
  await waiting;
  assert.ok(goesOn, "the refresh is for others, too");
  late.release();
  await others;
  client.close();
});

test("a token without times of its own is taken as long as its session is", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (const claims of [{ iat: 5 }, { exp: "soon" }, { exp: null, iat: "x" }, {}]) {
      const odd = `a.${segment(claims)}.c`;
      const { client, count } = service({ [LOGIN]: () => json({ token: odd, user }), "GET /thing": () => json({}) });
      const { session } = await client.signIn(form);
      assert.equal(session.expiresAt, null, JSON.stringify(claims));
      assert.equal((await client.fetch("/thing")).status, 200);
      mock.timers.tick(60_000);
      await new Promise((later) => setImmediate(later));
      assert.equal(count(REFRESH), 0, JSON.stringify(claims));
      client.close();
    }
  } finally {
    mock.timers.reset();
  }
});

/// An answer that comes when the test lets it.
function held(answer) {
  let release;
  const open = new Promise((resolve) => (release = resolve));
  return { answer: () => open.then(answer), release };
}

const bob = { ...user, id: "2", name: "Bob", email: "bob@example.com" };

test("what happens during a refresh is not undone by its answer", async () => {
  for (const refusal of [false, true]) {
    const late = held(() => (refusal ? json({ message: "no" }, { status: 401 }) : json({ token: token(), user })));
    const people = [user, bob];
    const routes = {
      [LOGIN]: () => json({ token: token(), user: people.shift() }),
      [REFRESH]: late.answer,
      "POST /api/auth/logout": () => json({ message: "Logout successful" }),
    };
    const { client, names } = service(routes);
    await client.signIn(form);
    const refreshing = client.refresh().catch((error) => error.code);
    await client.signOut();
    late.release();
    assert.equal(await refreshing, "no_session");
    assert.deepEqual([client.session, names().at(-1)], [null, "signed-out"]);
    await Promise.all([client.refresh().catch(() => undefined), client.signIn(form)]);
    assert.deepEqual([client.session.user.name, names().at(-1)], ["Bob", "signed-in"]);
    client.close();
  }
});

test("a refusal that comes late ends nobody else's session", async () => {
  const late = held(() => json({ message: "no" }, { status: 401 }));
  const people = [user, bob];
  const { client } = service({ [LOGIN]: () => json({ token: token(), user: people.shift() }), [REFRESH]: late.answer });
  await client.signIn(form);
  const refreshing = client.refresh();
  await client.signIn(form);
  late.release();
  assert.equal((await refreshing).user.name, "Bob");
  assert.equal(client.session.user.name, "Bob");
  client.close();
});

test("nobody's request is repeated in the name of somebody else", async () => {
  const people = [user, bob];
  let client;
  const routes = {
    [LOGIN]: () => json({ token: token(), user: people.shift() }),
    [REFRESH]: () => json({ token: token(), user: bob }),
    "POST /drafts": async () => {
      if (people.length === 1) await client.signIn(form);
      return json({}, { status: 401 });
    },
  };
  const told = service(routes);
  client = told.client;
  await client.signIn(form);
  assert.equal((await client.fetch("/drafts", { method: "POST", body: "Ann's" })).status, 401);
  assert.equal(told.count("POST /drafts"), 1);
  assert.equal(client.session.user.name, "Bob");
  client.close();
});

test("a refresh that gives somebody else's session is a sign-in", async () => {
  const { client, events } = service({ ...login, [REFRESH]: () => json({ token: token(), user: bob }) });
  await client.signIn(form);
  await client.refresh();
  assert.deepEqual([events.at(-1)[0], events.at(-1)[1].user.name], ["signed-in", "Bob"]);
  client.close();
});

test("short lives and wrong clocks do not make it ask without pause", async () => {
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 });
  try {
    // A token of twenty seconds, one of a second, and one of a server whose clock is an hour behind.
    for (const [claims, most] of [[{ iat: 0, exp: 20 }, 6], [{ iat: 0, exp: 1 }, 13], [{ iat: -3_600, exp: -2_700 }, 0]]) {
      const now = Math.floor(Date.now() / 1000);
      const made = () => `a.${segment({ iat: now + claims.iat, exp: now + claims.exp, n: Math.random() })}.c`;
      const { client, count } = service({
        [LOGIN]: () => json({ token: made(), user }),
        [REFRESH]: () => json({ token: made(), user }),
      });
      await client.signIn(form);
      for (let n = 0; n < 60; n += 1) {
        mock.timers.tick(1_000);
        await new Promise((later) => setImmediate(later));
      }
      assert.ok(count(REFRESH) <= most, `${count(REFRESH)} requests in a minute, ${JSON.stringify(claims)}`);
      client.close();
    }
  } finally {
    mock.timers.reset();
  }
});

test("a listener that throws and a storage that is full disturb nothing", async () => {
  const thrown = new Promise((told) => (globalThis.reportError = told));
  const storage = {
    getItem: () => "not a token \u{1f511}",
    setItem: () => {
      throw new DOMException("full", "QuotaExceededError");
    },
    removeItem: () => {
      throw new DOMException("no", "SecurityError");
    },
  };
  const { client, names } = service({ ...login, ...refresh }, { storage });
  const off = client.on("signed-in", () => {
    throw new Error("mine");
  });
  assert.equal((await client.signIn(form)).status, "signed-in");
  assert.equal((await thrown).message, "mine");
  off();
  delete globalThis.reportError;
  await client.refresh();
  assert.deepEqual(names(), ["signed-in", "refreshed"]);
  const second = service(refresh, { storage });
  assert.equal((await second.client.start()).user.name, "Ann", "what is stored and is no token is none");
  second.client.close();
  client.close();
});

test("somebody else's page in front of the service ends no session", async () => {
  const page = (status) => () => new Response("<!doctype html><title>Checking your browser</title>", { status });
  for (const status of [200, 401, 403]) {
    const { client } = service({ ...login, [REFRESH]: page(status) });
    await client.signIn(form);
    await assert.rejects(client.refresh(), PorticoError);
    assert.equal(client.session.user.name, "Ann", String(status));
    client.close();
  }
});

test("a step that waits survives what goes on beside it", async () => {
  const answers = [{ token: token(), user }, { twoFAPending: true, tempToken: "temp" }];
  const { client } = service({
    [LOGIN]: () => json(answers.shift()),
    ...refresh,
    "POST /api/auth/2fa/verify-temp": () => json({ token: token(), user: bob }),
  });
  await client.signIn(form);
  await client.signIn(form);
  await client.refresh();
  await client.verifySecondFactor({ code: "123456" });
  assert.equal(client.session.user.name, "Bob");
  client.close();
});

test("a client that is closed stays so, whatever comes late", async () => {
  const late = held(() => json({ token: token(), user }));
  const { client, names } = service({ ...login, [REFRESH]: late.answer });
  await client.signIn(form);
  const before = client.session;
  const refreshing = client.refresh().catch(() => undefined);
  client.close();
  late.release();
  await refreshing;
  assert.deepEqual([client.session, names()], [before, ["signed-in"]]);
});

test("whoever gives a request up is told so, and cookies stay away where they are not wanted", async () => {
  let credentials;
  const { client } = service({}, {
    fetch: async (request) => {
      credentials = request.credentials;
      request.signal.throwIfAborted();
      return json({});
    },
  });
  await assert.rejects(client.fetch("/thing", { signal: AbortSignal.abort() }), { name: "AbortError" });
  await client.fetch("/thing", { credentials: "omit" });
  assert.equal(credentials, "omit");
  client.close();
});

test("a service below a path is all that gets the token", async () => {
  const { client, asked } = service({ "POST /portico/api/auth/login": () => json({ token: token(), user }) }, { baseUrl: `${base}/portico` });
  await client.signIn(form);
  await client.fetch("/api/x");
  assert.equal(asked.at(-1).route, "GET /portico/api/x");
  for (const address of [`${base}/other`, "../other", `${base}/porticoes`]) {
    await assert.rejects(client.fetch(address), code("foreign_origin"), address);
  }
  client.close();
});

test("options that make no sense are refused", () => {
  const places = ["nowhere", "ftp://x/", "https://u:p@x/", "data:,"].map((baseUrl) => ({ baseUrl }));
  for (const options of [{}, ...places, { baseUrl: base, dialect: "other" }, { baseUrl: base, refreshAhead: -1 }]) {
    assert.throws(() => new PorticoClient(options), code("bad_options"), JSON.stringify(options));
  }
});
