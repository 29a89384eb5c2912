// Key sets by address, kept for a while: a new key is published for five minutes before it signs, so a set that is
// five minutes old knows every key in use, except after an emergency. Then an unknown kid asks again.
import { PorticoError } from "./error.mjs";

const FRESH_MS = 300_000;
// Tokens of made-up kids must not become requests.
const PAUSE_MS = 30_000;
const PATIENCE_MS = 5_000;
const MOST_BYTES = 1 << 18;

const sets = new Map();

// The set at an address; asked for anew when it is old, or lacks what is `needed`. When that fails, the last set goes
// on serving: an outage of the key set must not sign anybody out.
export async function publicKeys(address, needed) {
  const { href, origin, protocol, hostname } = new URL(address, globalThis.location?.href);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname) || origin === globalThis.location?.origin;
  if (protocol !== "https:" && !local) throw new PorticoError("bad_options");
  const known = sets.get(href) ?? { asked: -Infinity };
  sets.set(href, known);
  const age = performance.now() - known.asked;
  const wanted = known.set === undefined || age > FRESH_MS || !needed(known.set);
  if (wanted && (known.asking || known.set === undefined || age > PAUSE_MS)) await ask(known, href);
  if (known.set === undefined) throw new PorticoError("keys_unavailable");
  return known.set;
}

function ask(known, href) {
  known.asking ??= load(href)
    .then(
      (set) => (known.set = set),
      () => undefined,
    )
    .finally(() => {
      known.asked = performance.now();
      known.asking = undefined;
    });
  return known.asking;
}

async function load(href) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(href, { credentials: "omit", redirect: "error", signal });
  const text = await answer.text();
  const set = JSON.parse(text);
  if (!answer.ok || text.length > MOST_BYTES || !Array.isArray(set.keys)) throw new Error();
  return set;
}
