// The product's own entry with bindings that count what is asked of them, and fail when they are told to.
//   POST /__meddle {"kind": "fail" | "drop" | null, "nth": N}   plans one fault from now on, counts from zero
//   GET  /__meddle                        what was asked since then, how many rows that read, whether it failed
// `fail`: the call does not reach the other side. `drop`: it has its effect, and the reply is lost.
import portico, { SessionAuthority as Authority, ThrottleBucket as Bucket } from "./index.mjs";

// Nobody waits for what it does.
export { EventDispatcher } from "./index.mjs";

let counts, plan;

function reset(next) {
  counts = { durable: 0, d1: 0, kv: 0, fetch: 0, rows: 0 };
  plan = { kind: null, nth: 0, made: 0, done: false, ...next };
}
reset({});

async function call(what, act) {
  counts[what] += 1;
  plan.made += 1;
  const meddled = plan.kind !== null && plan.made === plan.nth;
  if (!meddled) return act();
  plan.done = true;
  if (plan.kind === "drop") await act();
  throw new Error(`${what} was meddled with`);
}

// An object whose methods of these names are calls, and whose methods of those names give another such object.
function counted(target, what, calls, makers = {}) {
  return new Proxy(target, {
    get(_, name) {
      const value = target[name];
      if (typeof value !== "function" || name === "constructor") return value;
      if (name in makers) return (...args) => makers[name](value.apply(target, args));
      if (!calls.includes(name)) return value.bind(target);
      return (...args) => call(what, async () => counting(name, target, await value.apply(target, args.map(bare))));
    },
  });
}

// `first` tells nothing about rows, so they are counted with the same statement once more.
async function counting(name, target, answer) {
  const meta = name === "first" ? [(await target.all()).meta] : [answer].flat().map((result) => result?.meta);
  for (const one of meta) counts.rows += one?.rows_read ?? 0;
  return answer;
}

const bareOf = new WeakMap();
const bare = (value) => (Array.isArray(value) ? value.map(bare) : (bareOf.get(value) ?? value));

function statement(target) {
  const made = counted(target, "d1", ["first", "run", "all", "raw"], { bind: statement });
  bareOf.set(made, target);
  return made;
}

const wrapped = new WeakMap();
function meddled(env) {
  if (!wrapped.has(env)) {
    const stub = (target) => counted(target, "durable", ["fetch"]);
    wrapped.set(env, {
      ...env,
      DB: counted(env.DB, "d1", ["batch", "exec"], { prepare: statement }),
      CACHE: counted(env.CACHE, "kv", ["get", "getWithMetadata", "put", "delete", "list"]),
      SESSIONS: counted(env.SESSIONS, "durable", [], { getByName: stub }),
      THROTTLES: counted(env.THROTTLES, "durable", [], { getByName: stub }),
    });
  }
  return wrapped.get(env);
}

const fetched = globalThis.fetch;
globalThis.fetch = (...args) => call("fetch", () => fetched(...args));

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/__meddle") return portico.fetch(request, meddled(env), ctx);
    if (request.method === "POST") reset(await request.json());
    return Response.json({ ...counts, done: plan.done });
  },
};

export class SessionAuthority extends Authority {
  constructor(state, env) {
    super(state, meddled(env));
  }
}

export class ThrottleBucket extends Bucket {
  constructor(state, env) {
    super(state, meddled(env));
  }
}
