// What forms need. The module is one of its own, because its list of common passwords is as large as all the rest.
import start, { qrSvg, refusal } from "#portico_forms";
import { PorticoError } from "./error.mjs";
import { loader } from "./module.mjs";

export const forms = /* @__PURE__ */ loader(start, { qrSvg, refusal }, () => new URL("./portico_forms_bg.wasm", import.meta.url));

const MOST_BYTES = 1_024;

// Wasm does not ask what it is given.
function text(value) {
  if (typeof value !== "string") throw new PorticoError("bad_options");
  return value;
}

export async function passwordPolicy(rules = {}) {
  const { minLength = 8, maxBytes = MOST_BYTES, refusesGuessable = true, pattern, site = "", ...others } = rules;
  // A rule that is not heeded would be worse than none.
  const valid = [minLength, maxBytes].every((count) => count >>> 0 === count) && Object.keys(others).length === 0;
  if (!valid || (pattern !== undefined && !(pattern instanceof RegExp))) throw new PorticoError("bad_options");
  text(site);
  await forms.load();
  return {
    check(password, about) {
      const normalized = text(password).normalize("NFC");
      const [email, name] = [text(about?.email ?? ""), text(about?.name ?? "")];
      const refused = (guessable) =>
        forms.call("refusal", password, normalized, minLength, maxBytes, guessable, email, name, site);
      // In the server's order: length and characters, the pattern, what is easily guessed.
      const first = refused(false);
      if (first) return first;
      // From the start, as the server does.
      if (pattern && normalized.search(pattern) !== 0) return "pattern";
      return (refusesGuessable && refused(true)) || null;
    },
  };
}

const STEP_SECONDS = 30;

export const totp = {
  // What an enrolment shows, out of the address that an authenticator app reads.
  parse(uri) {
    const url = URL.canParse(uri) && new URL(uri);
    const secret = url && url.searchParams.get("secret");
    const [label] = /[^/]*$/.exec(url.pathname ?? "");
    // An escape that is none would throw.
    if (url.protocol !== "otpauth:" || !secret || /%(?![\da-f]{2})/i.test(label)) throw new PorticoError("bad_options");
    const account = new URLSearchParams(`a=${label.replaceAll("+", "%2B")}`).get("a").replace(/^[^:]*:\s*/, "");
    return { issuer: url.searchParams.get("issuer") ?? "", account, secret, groups: secret.match(/.{1,4}/g).join(" ") };
  },

  async qrCode(uri) {
    await forms.load();
    const svg = forms.call("qrSvg", String(uri));
    if (!svg) throw new PorticoError("bad_options");
    return svg;
  },

  secondsLeft: (now = Date.now() / 1000) => STEP_SECONDS - (Math.floor(now) % STEP_SECONDS),

  // What people type, as the server takes it: six digits, whatever spaces are between them; null for anything else.
  normalizeCode: (typed) => /^\d{6}$/.exec(String(typed).replace(/\s/g, ""))?.[0] ?? null,
};
