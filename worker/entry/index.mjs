// Where requests come in. The Rust half decides everything; this half spares it the conversion of the
// runtime's objects, which costs more than most answers (ARCHITECTURE.md, "The way in").
import Portico, {
  EventDispatcher as Dispatcher,
  SessionAuthority as Authority,
  ThrottleBucket as Bucket,
} from "./build/index.js";

// The headers that routes of the short way look at. `HOT_HEADERS` in worker/src/lib.rs is the same list.
const HEADERS = ["authorization", "cookie", "origin", "cf-ray", "if-none-match"];

const { enter, resume, tidy } = Portico.prototype;

export default {
  fetch(request, env, ctx) {
    if (request.method === "GET" && request.body === null) {
      const answer = shortWay(request, env, ctx);
      if (answer !== undefined) return answer;
    }
    return longWay(request, env, ctx);
  },

  scheduled(event, env) {
    return tidy(env);
  },
};

// Strings in, a string out. `undefined` where the request has to go the long way: the route is none of the
// hot ones, or the Rust half has to be started anew, which only the long way does.
function shortWay(request, env, ctx) {
  let head = request.url;
  for (const name of HEADERS) {
    const value = request.headers.get(name);
    if (value !== null) head += `\n${name}: ${value}`;
  }
  try {
    const answer = enter(head, env);
    if (typeof answer !== "string") return answer?.then(response, () => longWay(request, env, ctx));
    return answer.startsWith("?") ? ask(answer, request, env, ctx) : response(answer);
  } catch {
    return undefined;
  }
}

// The Rust half wants to know something from a Durable Object: `?ticket`, binding, name, address.
async function ask(question, request, env, ctx) {
  const [ticket, binding, name, url] = question.split("\n");
  let text, fault;
  try {
    const answer = await env[binding].getByName(name).fetch(url);
    if (answer.status === 200) text = answer.headers.get("x-answer") ?? (await answer.text());
    else fault = `${binding} answered ${answer.status}`;
  } catch (error) {
    fault = `${binding}: ${error}`;
  }
  try {
    const answer = await resume(ticket.slice(1), text, fault);
    if (answer?.startsWith("?")) return ask(answer, request, env, ctx);
    if (answer !== undefined) return response(answer);
  } catch {
    // The Rust half has to be started anew.
  }
  return longWay(request, env, ctx);
}

async function longWay(request, env, ctx) {
  let giveUp;
  const over = new Promise((_, reject) => (giveUp = reject));
  waiting.add(giveUp);
  try {
    return await Promise.race([new Portico(ctx, env).fetch(request), over]);
  } catch (error) {
    console.error(error);
    return new Response('{"detail":"Internal Server Error"}', { status: 500, headers: LAST_RESORT });
  } finally {
    waiting.delete(giveUp);
  }
}

// A panic ends the Rust half with all requests that are in it, and their promises are never settled.
const waiting = new Set();
addEventListener("error", (event) => {
  for (const giveUp of waiting) giveUp(event.error);
});

// What every answer carries, also when the Rust half has given none: http/answer.rs has the same list.
const LAST_RESORT = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

// What answers have in common: a status and the headers that hardly ever differ, made once and kept, because
// making them costs as much as all the rest of an answer. Bounded; what does not fit is made each time.
const steady = new Map();
const MOST_STEADY = 100;

// Status and steady headers, an empty line, the other headers, an empty line, the body.
function response(text) {
  const first = text.indexOf("\n\n");
  const second = text.indexOf("\n\n", first + 2);
  const body = text.slice(second + 2);
  const answer = new Response(body === "" ? null : body, common(text.slice(0, first)));
  for (const [name, value] of pairs(text.slice(first + 2, second))) answer.headers.append(name, value);
  return answer;
}

function common(text) {
  const known = steady.get(text);
  if (known) return known;
  const end = text.indexOf("\n");
  const made = { status: Number(text.slice(0, end)), headers: new Headers(pairs(text.slice(end + 1))) };
  if (steady.size < MOST_STEADY) steady.set(text, made);
  return made;
}

function pairs(lines) {
  if (lines === "") return [];
  return lines.split("\n").map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}

// A Durable Object around one of Rust's. What is asked most comes in the address, everything else in a body;
// the answer goes into a header where it is short and plain.
function durable(Rust) {
  return class {
    constructor(state, env) {
      this.object = new Rust(state, env);
    }

    fetch(request) {
      if (request.method === "POST") return this.answer(request);
      const answer = this.object.check(request.url);
      return typeof answer === "string" ? reply(answer) : answer.then(reply);
    }

    async answer(request) {
      return reply(await this.object.answer(await request.text()));
    }

    alarm() {
      return this.object.alarm();
    }
  };
}

function reply(answer) {
  const plain = answer.length <= 4096 && /^[\x20-\x7e]*$/.test(answer);
  return plain ? new Response(null, { headers: { "x-answer": answer } }) : new Response(answer);
}

export const EventDispatcher = durable(Dispatcher);
export const SessionAuthority = durable(Authority);
export const ThrottleBucket = durable(Bucket);
