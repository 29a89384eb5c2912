// LibreChat's own client library, unmodified, against a running worker: first in Node, then in headless Chromium on a
// page of the worker's own origin, where the browser keeps the cookies. One journey, twice:
//   register → verify by the link of the mail → log in → refresh by the client's own answer to a 401 → set up a second
//   factor → log out → log in with a code → log in with a backup code → take the factor away → new password by the link
//   of the mail → delete the account.
// Usage: librechat.mjs URL. Says `N passed, M failed` at the end.
import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { check, equal, finish } from "./checks.mjs";

const [base] = process.argv.slice(2);
const root = path.resolve(import.meta.dirname, "../..");
const PASSWORD = "correct horse battery";

const seconds = () => Math.floor(Date.now() / 1000);

/// What an authenticator app shows (RFC 6238).
function totp(secret, at) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  const key = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30)));
  const tag = createHmac("sha1", key).update(counter).digest();
  const offset = tag.at(-1) & 15;
  return String((tag.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/// The latest mail to an address about something, as soon as it is there.
async function mail(to, subject) {
  for (let left = 200; left > 0; left -= 1) {
    const letters = await (await fetch(`${base}/dev/outbox`)).json();
    const found = letters.find((letter) => letter.to === to && letter.subject === subject);
    if (found) return found.text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no mail "${subject}" to ${to}`);
}

function link(text, name) {
  return decodeURIComponent(new RegExp(`[?&]${name}=([^&\\s]+)`).exec(text)[1]);
}

/// The journey. `client` has the library's functions; each call may run elsewhere, so everything goes and comes as JSON.
async function journey(where, client) {
  const email = `${where}@example.com`;
  const call = client.call;
  const status = async (name, ...args) => {
    const answer = await client.attempt(name, ...args);
    return answer.status ?? answer;
  };
  let user;
  let secret;
  let codes;
  const step = (name, act) => check(`${where}: ${name}`, act);

  await step("whoever never signed in has no token", async () => {
    equal((await call("request.refreshToken")).token, undefined, "token");
    const config = await call("getStartupConfig");
    equal([config.emailLoginEnabled, config.registrationEnabled, config.emailEnabled, config.passwordResetEnabled],
      [true, true, true, true], "config");
  });
  await step("register", async () => {
    const form = { name: "Ann Lee", username: "annie", email, password: PASSWORD, confirm_password: PASSWORD };
    equal(await call("register", form), { message: "Please check your email to verify your email address." });
    equal(await status("login", { email, password: PASSWORD }), 422, "an unverified login");
  });
  await step("verify by the link of the mail", async () => {
    const text = await mail(email, "Verify your email");
    equal(link(text, "email"), email);
    await call("verifyEmail", { email: link(text, "email"), token: link(text, "token") });
    equal(await status("resendVerificationEmail", { email }), { message: "Please check your email to verify your email address." });
  });
  await step("log in", async () => {
    equal(await status("login", { email, password: "wrong password" }), 404, "a wrong password");
    const answer = await call("login", { email, password: PASSWORD });
    equal([answer.user.email, answer.user.username], [email, "annie"]);
    user = answer.user;
    await client.setToken(answer.token);
    equal(await call("getUser"), user);
    equal(await call("getBanner"), "");
    equal((await call("getRole", "USER")).name, "USER");
    equal((await call("getStartupConfig")).allowAccountDeletion, true);
    equal((await call("getUserTerms")).termsAccepted, false);
    equal((await call("acceptTerms")).message, "Terms accepted successfully");
  });
  await step("the client answers a 401 by refreshing", async () => {
    const { length } = await client.events();
    await client.setToken(await client.stale());
    equal((await call("getUser")).email, email);
    const events = (await client.events()).slice(length);
    equal(events, ["authRecovery", "tokenUpdated", "authRecovery"], "events");
  });
  await step("a reloaded page goes on by its cookie", async () => {
    await client.reload();
    const answer = await call("request.refreshToken");
    equal(answer.user.email, email);
    await client.setToken(answer.token);
  });
  await step("set up a second factor", async () => {
    const staged = await call("enableTwoFactor");
    secret = /secret=([A-Z2-7]+)/.exec(staged.otpauthUrl)[1];
    codes = staged.backupCodes;
    equal(codes.length, 10);
    const token = totp(secret, seconds());
    await call("verifyTwoFactor", { token });
    await call("confirmTwoFactor", { token });
    equal((await call("getUser")).twoFactorEnabled, true);
  });
  await step("log out", async () => {
    equal(await call("logout"), { message: "Logout successful" });
    await client.setToken(undefined);
    equal(typeof (await client.attempt("request.refreshToken")), "string", "no session is left");
  });
  await step("log in with a code", async () => {
    const pending = await call("login", { email, password: PASSWORD });
    equal([pending.twoFAPending, pending.token], [true, undefined]);
    equal(await status("verifyTwoFactorTemp", { tempToken: pending.tempToken, token: "000000" }), 401);
    // The step after the one that confirmed the factor.
    const token = totp(secret, seconds() + 30);
    const answer = await call("verifyTwoFactorTemp", { tempToken: pending.tempToken, token });
    await client.setToken(answer.token);
    equal((await call("request.refreshToken")).user.email, email);
    await call("logout");
    await client.setToken(undefined);
  });
  await step("log in with a backup code", async () => {
    const { tempToken } = await call("login", { email, password: PASSWORD });
    const answer = await call("verifyTwoFactorTemp", { tempToken, backupCode: codes[0] });
    await client.setToken(answer.token);
    const again = await call("login", { email, password: PASSWORD });
    equal(await status("verifyTwoFactorTemp", { tempToken: again.tempToken, backupCode: codes[0] }), 401, "a used code");
  });
  await step("new backup codes, and no factor any more", async () => {
    const renewed = await call("regenerateBackupCodes", { backupCode: codes[1] });
    equal([renewed.backupCodes.length, renewed.backupCodesHash], [10, []]);
    equal(await status("disableTwoFactor", { backupCode: codes[2] }), 401, "a code of the old set");
    await call("disableTwoFactor", { backupCode: renewed.backupCodes[0] });
    equal((await call("getUser")).twoFactorEnabled, false);
  });
  await step("a new password by the link of the mail", async () => {
    const asked = "If an account with that email exists, a password reset link has been sent to it.";
    equal(await call("requestPasswordReset", { email }), { message: asked });
    const text = await mail(email, "Password Reset Request");
    equal(link(text, "userId"), user.id);
    const password = "another horse battery";
    const form = { userId: link(text, "userId"), token: link(text, "token"), password, confirm_password: password };
    equal(await call("resetPassword", form), { message: "Password reset was successful" });
    equal(await status("resetPassword", form), 400, "the same link again");
    await client.setToken(undefined);
    equal(await status("login", { email, password: PASSWORD }), 404, "the old password");
    await client.setToken((await call("login", { email, password })).token);
  });
  await step("delete the account", async () => {
    equal(await call("deleteUser"), { message: "User deleted" });
    await client.setToken(undefined);
    equal(await status("login", { email, password: "another horse battery" }), 404);
  });
}

/// An access token as the client sees one, which no server takes any more.
function staleToken() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part({ exp: seconds() - 60 })}.c2lnbmF0dXJl`;
}

/// The library in Node: a window as small as it needs, and a jar for cookies.
async function inNode() {
  const events = [];
  const window = Object.assign(new EventTarget(), {
    location: { origin: base, pathname: "/c/new", search: "", hash: "", href: `${base}/c/new` },
    atob,
    __librechatAuthRecovery: undefined,
  });
  for (const name of ["authRecovery", "tokenUpdated", "authRedirectStarted"]) {
    window.addEventListener(name, () => events.push(name));
  }
  globalThis.window = window;
  const axios = (await import("axios")).default;
  const library = await import("librechat-data-provider");
  axios.defaults.baseURL = base;
  const jar = new Map();
  const keep = (response) => {
    for (const line of response?.headers?.["set-cookie"] ?? []) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      if (/Max-Age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
  };
  axios.interceptors.response.use(
    (response) => (keep(response), response),
    (error) => (keep(error.response), Promise.reject(error)),
  );
  axios.interceptors.request.use((config) => {
    // What a browser says on a page of the same origin.
    config.headers.set("Origin", base);
    if (jar.size > 0) config.headers.set("Cookie", [...jar].map((pair) => pair.join("=")).join("; "));
    return config;
  });
  const find = (name) => name.split(".").reduce((from, part) => from[part], { ...library, ...library.dataService });
  const call = async (name, ...args) => find(name)(...args);
  return {
    call,
    attempt: (name, ...args) => call(name, ...args).catch((error) => ({ status: error.response?.status ?? String(error) })),
    setToken: async (token) => library.setTokenHeader(token),
    stale: async () => staleToken(),
    events: async () => events,
    reload: async () => library.setTokenHeader(undefined),
    close: async () => {},
  };
}

/// The library in a page of Chromium, bundled as an application bundles it.
async function inChromium() {
  const { chromium } = await import("playwright-core");
  // The library names two of Node's modules for parts of it that no page uses.
  const stub = (contents) => ({ name: "stub", setup(build) {
    build.onResolve({ filter: /^(url|crypto)$/ }, ({ path: name }) => ({ path: name, namespace: "stub" }));
    build.onLoad({ filter: /.*/, namespace: "stub" }, () => ({ contents }));
  } });
  const bundle = await build({
    stdin: {
      contents: `
        export { dataService, request, setTokenHeader } from "librechat-data-provider";
        export { default as axios } from "axios";`,
      resolveDir: root,
    },
    bundle: true, write: false, format: "esm", platform: "browser", logLevel: "silent",
    plugins: [stub("export const URL = globalThis.URL; export default { URL };")],
  });
  const executablePath = process.env.PORTICO_CHROMIUM;
  if (!existsSync(executablePath ?? "")) throw new Error("PORTICO_CHROMIUM names no browser");
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const page = await browser.newPage();
  await page.route(`${base}/client.js`, (route) =>
    route.fulfill({ contentType: "text/javascript", body: bundle.outputFiles[0].text }));
  // The pages that the client goes to; everything below /api/ is the worker's.
  await page.route((url) => ["/c/new", "/login"].includes(url.pathname), (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>A page</title>" }));
  const open = async () => {
    await page.goto(`${base}/c/new`);
    await page.evaluate(async () => {
      window.client = await import("/client.js");
      window.told = [];
      for (const name of ["authRecovery", "tokenUpdated", "authRedirectStarted"]) {
        window.addEventListener(name, () => window.told.push(name));
      }
    });
  };
  await open();
  const attempt = (name, ...args) =>
    page.evaluate(async ([name, args]) => {
      const { client } = window;
      const find = name.split(".").reduce((from, part) => from[part], { ...client, ...client.dataService });
      try {
        return await find(...args);
      } catch (error) {
        return { status: error.response?.status ?? String(error), failed: true };
      }
    }, [name, args]);
  return {
    attempt,
    async call(name, ...args) {
      const answer = await attempt(name, ...args);
      if (answer?.failed) throw new Error(`${name}: ${answer.status}`);
      return answer;
    },
    setToken: (token) => page.evaluate((token) => window.client.setTokenHeader(token), token),
    stale: async () => staleToken(),
    events: () => page.evaluate(() => window.told),
    reload: open,
    close: () => browser.close(),
  };
}

// The first account administrates and can not be deleted: somebody else's.
await fetch(`${base}/api/v1/auths/signup`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ name: "Admin", email: "admin@example.com", password: PASSWORD }),
});
for (const [where, start] of [["node", inNode], ["chromium", inChromium]]) {
  const client = await start();
  await journey(where, client);
  await client.close();
}
finish();
