// Where requests come in. The Rust half decides everything; this half spares it the conversion of the
// runtime's objects, which costs more than most answers (ARCHITECTURE.md, "The way in").
import Portico, { SessionAuthority as Authority, ThrottleBucket as Bucket } from "./build/index.js";

// The headers that routes of the short way look at. `HOT_HEADERS` in worker/src/lib.rs is the same list.
const HEADERS = ["authorization", "cookie", "origin", "cf-connecting-ip", "user-agent", "cf-ray", "if-none-match"];

const enter = Portico.prototype.enter;

export default {
  fetch(request, env, ctx) {
    if (request.method === "GET" && request.body === null) {
      const answer = shortWay(request, env, ctx);
      if (answer !== undefined) return answer;
    }
    return longWay(request, env, ctx);
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
    if (typeof answer === "string") return response(answer);
    return answer?.then(response, () => longWay(request, env, ctx));
  } catch {
    return undefined;
  }
}

function longWay(request, env, ctx) {
  return new Portico(ctx, env).fetch(request);
}

// `status`, a line for each header, an empty line, the body.
function response(text) {
  const end = text.indexOf("\n\n");
  const [status, ...lines] = text.slice(0, end).split("\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  const body = text.slice(end + 2);
  return new Response(body === "" ? null : body, { status: Number(status), headers });
}

// A Durable Object around one of Rust's: a question in the address, the answer in a header where it is short
// and plain, else in the body.
function durable(Rust) {
  return class {
    constructor(state, env) {
      this.object = new Rust(state, env);
    }

    fetch(request) {
      const answer = this.object.answer(request.url);
      return typeof answer === "string" ? reply(answer) : answer.then(reply);
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

export const SessionAuthority = durable(Authority);
export const ThrottleBucket = durable(Bucket);
