// Signing in by a provider of OpenID Connect, as people do it: in headless Chromium, against a running worker and the local
// provider. Usage: oauth.mjs URL ISSUER. Says `N passed, M failed` at the end.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { check, equal, finish } from "./checks.mjs";

const [base, issuer] = process.argv.slice(2);
const PASSWORD = "correct horse battery";

/// What the provider has been asked for so far.
const asked = async (path) => (await (await fetch(`${issuer}/control`)).json())[path] ?? 0;
const control = (change) => fetch(`${issuer}/control`, { method: "POST", body: JSON.stringify(change) });

const executablePath = process.env.PORTICO_CHROMIUM;
if (!existsSync(executablePath ?? "")) throw new Error("PORTICO_CHROMIUM names no browser");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

/// A browser of its own.
async function person() {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  return page;
}

/// Asks the worker as a script of its own pages would.
const ask = (page, path, method = "GET", body = undefined) =>
  page.evaluate(async ([path, method, body]) => {
    const init = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(path, { method, ...init });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text };
  }, [path, method, body]);

/// The provider's page asks who somebody is.
async function identify(page, login) {
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", "any password");
  await page.click("button[type=submit]");
}

/// The provider's page asks whether they let us in.
async function consent(page) {
  await page.waitForSelector("input[name=prompt][value=consent]", { state: "attached" });
  await page.click("button[type=submit]");
}

const home = (page) => page.waitForURL((url) => url.origin === base);
/// What the page in front says, or who the page behind it is for.
async function said(page) {
  await page.waitForSelector("[role=alert], #profile");
  if (await page.$("[role=alert]")) return page.textContent("[role=alert]");
  const { name, email, role } = (await ask(page, "/api/v1/auths/")).body;
  return `${name} (${email}), ${role}`;
}

/// A page of the worker's that goes nowhere by itself.
const quiet = (page) => page.goto(`${base}/verify`);

/// Signs in on the page, from its button to what it says in the end.
async function signIn(page, login) {
  await page.goto(`${base}/auth`);
  await page.click("text=Sign in with SSO");
  await identify(page, login);
  await consent(page);
  await home(page);
  return said(page);
}

const admin = await person();
await quiet(admin);
equal((await ask(admin, "/api/v1/auths/signup", "POST",
  { name: "Admin", email: "admin@example.com", password: PASSWORD })).status, 200, "the first account");

const ann = await person();
await check("somebody signs in by the provider, which wants PKCE", async () => {
  const sent = ann.waitForRequest((request) => request.url().startsWith(`${issuer}/auth?`));
  equal(await signIn(ann, "ann"), "Ann Lee (ann@example.com), user");
  const { searchParams } = new URL((await sent).url());
  equal([searchParams.get("code_challenge_method"), searchParams.get("state")?.length], ["S256", 43]);
  equal(await ann.evaluate(() => document.cookie), "", "what scripts see of the cookies");
});

await check("the same account in the other dialect, without being asked again", async () => {
  await ann.goto(`${base}/oauth/openid`);
  await home(ann);
  await quiet(ann);
  const refreshed = await ask(ann, "/api/auth/refresh", "POST");
  equal([refreshed.status, refreshed.body.user?.email], [200, "ann@example.com"]);
  equal(refreshed.body.user.id, (await ask(ann, "/api/v1/auths/")).body.id, "the account");
});

await check("somebody who does not let us in is told so, in either dialect", async () => {
  for (const [path, landing] of [["/oauth/oidc/login", "/auth"], ["/oauth/openid", "/login"]]) {
    const bob = await person();
    await bob.goto(`${base}${path}`);
    await identify(bob, "bob");
    await bob.waitForSelector("input[name=prompt][value=consent]", { state: "attached" });
    await bob.click("a[href$='/abort']");
    await home(bob);
    equal(new URL(bob.url()).pathname, landing);
    equal((await said(bob)).startsWith("Signing in with the provider did not work."), true, await said(bob));
    equal((await ask(bob, "/api/v1/auths/")).status, 401);
    await bob.context().close();
  }
});

await check("somebody else with the same address gets no account, least of all that one", async () => {
  const twin = await person();
  equal(await signIn(twin, "twin"), "There is an account with this address already.");
  await twin.context().close();
});

await check("roles and groups at the provider count here, once an administrator says so", async () => {
  const { body: settings } = await ask(admin, "/api/v1/auths/admin/config/oauth");
  const changed = await ask(admin, "/api/v1/auths/admin/config/oauth", "POST", {
    ...settings, ENABLE_OAUTH_ROLE_MANAGEMENT: true, OAUTH_ALLOWED_ROLES: "member",
    ENABLE_OAUTH_GROUP_MANAGEMENT: true, ENABLE_OAUTH_GROUP_CREATION: true,
  });
  equal(changed.status, 200);
  const root = await person();
  equal(await signIn(root, "root"), "Root (root@example.com), admin");
  const groups = (await ask(root, "/api/v1/users/groups")).body.map((group) => group.name).sort();
  equal(groups, ["chat", "staff"]);
  await root.context().close();
});

await check("of two who need a newer token at once one asks the provider, which wants another refresh token next", async () => {
  const get = () => ask(ann, "/api/v1/auths/oauth/sessions/oidc");
  const first = await get();
  const second = await get();
  equal([first.status, second.status, first.body.access_token === second.body.access_token], [200, 200, false]);
  const before = await asked("/token");
  // The next ones live long enough.
  await control({ seconds: 600 });
  const [one, two] = await ann.evaluate(async () => {
    const get = () => fetch("/api/v1/auths/oauth/sessions/oidc").then((answer) => answer.json());
    return Promise.all([get(), get()]);
  });
  equal([typeof one.access_token, one.access_token === two.access_token], ["string", true], "the token");
  equal(await asked("/token"), before + 1, "requests for a token");
  equal(one.access_token === second.body.access_token, false, "the token is the one before");
});

await check("signing out here signs out there", async () => {
  await ann.goto(`${base}/account`);
  equal(await said(ann), "Ann Lee (ann@example.com), user");
  await ann.click("text=Sign out");
  await ann.waitForURL((url) => url.href.startsWith(`${issuer}/session/end?`));
  await ann.click("button[name=logout]");
  await ann.waitForURL((url) => url.pathname === "/session/end/success");
  await ann.goto(`${base}/auth`);
  equal((await ask(ann, "/api/v1/auths/")).status, 401);
  await ann.click("text=Sign in with SSO");
  await ann.waitForSelector("input[name=login]");
});

await check("signing out there signs out here", async () => {
  await control({ backchannelLogoutUri: `${base}/oauth/backchannel-logout`, backchannelLogoutSessionRequired: true });
  await ann.context().clearCookies();
  equal(await signIn(ann, "ann"), "Ann Lee (ann@example.com), user");
  await ann.goto(`${issuer}/session/end`);
  await ann.click("button[name=logout]");
  await ann.waitForURL((url) => url.pathname === "/session/end/success");
  await ann.goto(`${base}/auth`);
  equal((await ask(ann, "/api/v1/auths/")).status, 401);
});

await check("a tool server is registered with, let in, and told again when it has forgotten us", async () => {
  const form = { url: `${issuer}/mcp`, client_id: "local" };
  const registered = await ask(admin, "/api/v1/configs/oauth/clients/register?type=mcp", "POST", form);
  equal(registered.status, 200, JSON.stringify(registered.body));
  const go = async () => {
    const sent = admin.waitForRequest((request) => request.url().startsWith(`${issuer}/auth?`));
    await admin.goto(`${base}/oauth/clients/mcp:local/authorize`);
    const { searchParams } = new URL((await sent).url());
    if (await admin.$("input[name=login]")) await identify(admin, "root");
    await consent(admin);
    await home(admin);
    equal(new URL(admin.url()).search, "");
    await quiet(admin);
    const token = await ask(admin, "/api/v1/auths/oauth/sessions/mcp:local");
    equal([token.status, typeof token.body.access_token], [200, "string"], "the token");
    return searchParams.get("client_id");
  };
  const first = await go();
  await control({ forget: first });
  equal((await go()) === first, false, "the client is the same");
  equal(await asked("/reg"), 2, "registrations");
});

await browser.close();
finish();
