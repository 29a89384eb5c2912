// Key sets by address, kept for a while: a new key is published for five minutes before it signs, so a set that is
// five minutes old knows every key in use, except after an emergency. Then an unknown kid asks again.
import { PorticoError } from "./error.mjs";
import { isKeySet } from "./jwk.mjs";

const FRESH_MS = 300_000;
// Tokens of made-up kids must not become requests.
const PAUSE_MS = 30_000;
const FIRST_PAUSE_MS = 1_000;
const PATIENCE_MS = 5_000;
// A key that was withdrawn does not live on because somebody keeps its set out of reach.
const LONGEST_MS = 3_600_000;
const MOST_BYTES = 1 << 18;
const MOST_SETS = 16;

const sets = new Map();
// A Worker's request may end while others wait for what it has asked.
const shares = globalThis.navigator?.userAgent !== "Cloudflare-Workers";

// The set at an address; asked for anew when it is old, or lacks what is `needed`. When that fails, the last set goes
// on serving for an hour: an outage of the key set must not sign anybody out.
export async function publicKeys(address, needed) {
  const here = globalThis.location?.href;
  if (!URL.canParse(address, here)) throw new PorticoError("bad_options");
  const { origin, protocol, hostname, pathname, search } = new URL(address, here);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname) || origin === globalThis.location?.origin;
  if (protocol !== "https:" && !(protocol === "http:" && local)) throw new PorticoError("bad_options");
  const known = entry(origin + pathname + search);
  const now = performance.now();
  if (now - known.loaded > LONGEST_MS) known.set = undefined;
  const isOld = now - known.loaded > FRESH_MS;
  // The first one may have come just before the key that is needed.
  const lacks = !isOld && !needed(known.set);
  const age = now - (lacks ? known.lacked : known.asked);
  if ((isOld || lacks) && (known.asking || age > (known.set ? PAUSE_MS : FIRST_PAUSE_MS))) {
    await ask(known);
    if (lacks) known.lacked = performance.now();
  }
  if (known.set === undefined) throw new PorticoError("keys_unavailable", { cause: known.fault });
  return known.set;
}

function entry(url) {
  const known = sets.get(url) ?? { url, asked: -Infinity, lacked: -Infinity, loaded: -Infinity };
  sets.delete(url);
  sets.set(url, known);
  if (sets.size > MOST_SETS) sets.delete(sets.keys().next().value);
  return known;
}

function ask(known) {
  if (!shares) return refreshed(known);
  known.asking ??= refreshed(known).finally(() => (known.asking = undefined));
  return known.asking;
}

async function refreshed(known) {
  try {
    known.set = await load(known.url);
    known.loaded = performance.now();
  } catch (fault) {
    known.fault = fault;
  }
  known.asked = performance.now();
}

async function load(url) {
  // Not every runtime knows `redirect: "error"`.
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(url, { credentials: "omit", redirect: "manual", signal });
  const set = answer.ok ? JSON.parse(await short(answer)) : void answer.body?.cancel().catch(() => undefined);
  if (!isKeySet(set)) throw new Error(`no key set, status ${answer.status}`);
  return set;
}

async function short({ body }) {
  const decoder = new TextDecoder();
  let [text, left] = ["", MOST_BYTES];
  for (const reader = body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    left -= value.length;
    if (left < 0) {
      await reader.cancel();
      throw new Error("no key set, too long");
    }
    text += decoder.decode(value, { stream: true });
  }
}
