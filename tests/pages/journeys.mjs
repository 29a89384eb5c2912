// Every journey through the pages, in headless Chromium, over the built worker with mail, a directory and a provider.
// Usage: journeys.mjs URL ISSUER. Says `N passed, M failed` at the end. A check goes on where the one before it ended.
import { readFileSync } from "node:fs";
import path from "node:path";
import { check, equal, finish } from "../clients/checks.mjs";
import { authenticator } from "./authenticator.mjs";
import { alert, ask, at, browser, field, person, press, screen, steady, title } from "./browser.mjs";

const [base, issuer] = process.argv.slice(2);
const PASSWORD = "correct horse battery";
const ADMIN = "ada@example.com";
/** What the deployment wants to hear from its first account. */
const SECRET = "first come, first served";

const open = (page, path) => page.goto(`${base}${path}`);

async function signIn(page, email, password = PASSWORD) {
  await open(page, "/auth");
  await field(page, "Email").fill(email);
  await field(page, "Password").fill(password);
  await press(page, "Sign in");
}

/// The link in the last mail to somebody.
async function link(page, to, subject) {
  for (let left = 100; left > 0; left -= 1) {
    const letters = await (await fetch(`${base}/dev/outbox`)).json();
    const letter = letters.find((letter) => letter.to === to && letter.subject === subject);
    if (letter) return /https?:\S+/.exec(letter.text)[0];
    await page.waitForTimeout(100);
  }
  throw new Error(`no mail ${subject} to ${to}`);
}

const ada = await person();

/// Changes settings behind the page's back.
const settings = async (change) => {
  const { body } = await ask(ada, "/api/v1/auths/admin/config");
  equal((await ask(ada, "/api/v1/auths/admin/config", "POST", { ...body, ...change })).status, 200);
};

await check("the first page is light, and says what it runs under", async () => {
  /* SE-13 */
  const visitor = await person();
  const loading = [];
  visitor.on("requestfinished", (request) => !request.url().endsWith(".wasm") && loading.push(request.sizes()));
  const answer = await open(visitor, "/auth");
  await title(visitor, "Welcome");
  const headers = answer.headers();
  const policy = headers["content-security-policy"];
  for (const part of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'", "base-uri 'none'"]) {
    equal(policy.includes(part), true, `${part} in ${policy}`);
  }
  equal(/unsafe-inline|'unsafe-eval'/.test(policy), false, policy);
  equal([headers["x-content-type-options"], headers["referrer-policy"]], ["nosniff", "no-referrer"]);
  equal(headers["cross-origin-resource-policy"], "same-origin");
  equal(headers["strict-transport-security"].startsWith("max-age=31536000"), true);
  await visitor.waitForLoadState("networkidle");
  const sizes = await Promise.all(loading);
  equal(sizes.length >= 5, true, `${sizes.length} files: the page, its style and scripts, and what it asks for`);
  const total = sizes.reduce((sum, { responseBodySize, responseHeadersSize }) => sum + responseBodySize + responseHeadersSize, 0);
  equal(total > 10_000 && total < 100_000, true, `${total} bytes below 100 KB`);
  await visitor.context().close();
});

await check("the first account is made, under a policy that is told while it is typed", async () => {
  await open(ada, "/auth");
  await title(ada, "Welcome");
  await field(ada, "Name").fill("Ada Lovelace");
  await field(ada, "Email").fill(ADMIN);
  for (const [typed, said] of [
    ["short", "At least 8 characters."],
    ["password", "One of the most common passwords: too easy to guess."],
    ["Ada Lovelace", "This is your name or address, or the name of this site: too easy to guess."],
    [PASSWORD, "That will do."],
  ]) {
    await field(ada, "Password").fill(typed);
    await ada.getByText(said, { exact: true }).waitFor();
  }
  await screen(ada, "sign-up");
  await press(ada, "Create account");
  equal((await alert(ada)).startsWith("The bootstrap secret is missing or wrong"), true);
  await field(ada, "Bootstrap secret").fill(SECRET);
  await press(ada, "Create account");
  await at(ada, "/account");
  await title(ada, "Your account");
});

await check("cookies of a session are not for scripts, and strangers get none", async () => {
  /* SE-01 */
  const cookies = await ada.context().cookies();
  const token = cookies.find(({ name }) => name === "token");
  equal([token.httpOnly, token.sameSite, token.path, token.domain], [true, "Lax", "/", new URL(base).hostname]);
  equal(await ada.evaluate(() => [document.cookie, Object.values(localStorage), Object.values(sessionStorage)]), ["", [], []]);
});

await check("a page of somebody else's can do nothing with a session", async () => {
  /* SE-06, SE-07, SE-12 */
  const page = await ada.context().newPage();
  // Another site, which Chromium lets talk to this machine.
  const evil = "http://localhost:9/";
  await page.route(evil, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Evil</title>" }));
  await page.goto(evil);
  const tried = await page.evaluate(async ([base, email, password]) => {
    const attempt = (path, init) =>
      fetch(base + path, { credentials: "include", ...init }).then((answer) => answer.type, () => "refused");
    const json = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email, password }) };
    return Promise.all([
      attempt("/api/v1/auths/"),
      attempt("/api/v1/auths/signin", json),
      attempt("/api/v1/auths/signout", { method: "POST" }),
      attempt("/api/v1/auths/signout", { method: "POST", mode: "no-cors", body: "{}" }),
      attempt("/api/v1/auths/api_key", { method: "POST", mode: "no-cors" }),
    ]);
  }, [base, ADMIN, PASSWORD]);
  equal(tried, Array(5).fill("refused"));
  await page.setContent(`<form method="post" action="${base}/api/v1/auths/signout"></form>`);
  await page.evaluate(() => document.forms[0].submit());
  await page.waitForURL(`${base}/**`);
  await page.close();
  // Chromium says what it has blocked.
  ada.context().stumbled.length = 0;
  equal((await ask(ada, "/api/v1/auths/")).status, 200, "the session goes on");
});

await check("somebody without a session is sent to sign in, and comes back", async () => {
  const page = await person();
  await open(page, "/admin#/audit");
  await at(page, "/auth");
  await screen(page, "sign-in");
  await field(page, "Email").fill(ADMIN);
  await field(page, "Password").fill("wrong password");
  await press(page, "Sign in");
  equal(await alert(page), "Email or password is wrong.");
  await page.getByRole("button", { name: "Show (Password)" }).click();
  equal(await field(page, "Password").getAttribute("type"), "text");
  await field(page, "Password").fill(PASSWORD);
  await press(page, "Sign in");
  await at(page, "/admin");
  await title(page, "Audit log");
  await page.context().close();
});

await check("nobody is sent to a place that is not ours", async () => {
  const page = await person();
  for (const redirect of ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/.//evil.example", "/a/..//evil.example"]) {
    await page.context().clearCookies();
    await open(page, `/auth?redirect=${encodeURIComponent(redirect)}`);
    await field(page, "Email").fill(ADMIN);
    await field(page, "Password").fill(PASSWORD);
    await press(page, "Sign in");
    await page.waitForURL((url) => url.pathname !== "/auth");
    equal(new URL(page.url()).origin, base, redirect);
  }
  await page.context().close();
});

await check("the keyboard is enough", async () => {
  const page = await person();
  await open(page, "/auth");
  await title(page, "Sign in");
  await field(page, "Email").focus();
  await page.keyboard.type(ADMIN);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await at(page, "/account");
  await title(page, "Your account");
  await page.keyboard.press("Tab");
  equal(await page.evaluate(() => document.activeElement.textContent), "To the content");
  await page.keyboard.press("Enter");
  equal(await page.evaluate(() => document.activeElement.id), "content");
  await page.context().close();
});

await check("the pages speak German to whoever wants it", async () => {
  const page = await person({ locale: "de-AT" });
  await open(page, "/auth");
  await title(page, "Anmelden");
  equal(await page.evaluate(() => document.documentElement.lang), "de");
  await field(page, "E-Mail").fill(ADMIN);
  await field(page, "Passwort").fill("falsches Passwort");
  await press(page, "Anmelden");
  equal(await alert(page), "E-Mail oder Passwort ist falsch.");
  await screen(page, "sign-in-de");
  await field(page, "Sprache").selectOption("en");
  await title(page, "Sign in");
  await page.context().close();
});

await check("administrators change settings", async () => {
  await open(ada, "/admin#/settings");
  await title(ada, "Settings");
  await field(ada, "New accounts are").selectOption("user");
  for (const label of ["Anybody may make an account", "People may have API keys"]) await field(ada, label).check();
  await screen(ada, "admin-settings");
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
  await ada.reload();
  await title(ada, "Settings");
  equal([await field(ada, "New accounts are").inputValue(), await field(ada, "People may have API keys").isChecked()], ["user", true]);
  // What has no field here has kept its value.
  const { body } = await ask(ada, "/api/v1/auths/admin/config");
  equal([body.ENABLE_FOLDERS, body.ENABLE_SIGNUP], [true, true]);
  await field(ada, "How long a sign-in lasts").fill("a while");
  await press(ada, "Save");
  equal((await alert(ada)).startsWith("JWT_EXPIRES_IN is no length of time"), true);
  equal((await ask(ada, "/api/v1/auths/admin/config")).body.JWT_EXPIRES_IN, "4w", "what makes no sense changes nothing");
  // Line ends of another system are not changed by whoever saves something else.
  await settings({ PENDING_USER_OVERLAY_CONTENT: "one\r\ntwo" });
  await ada.reload();
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
  equal((await ask(ada, "/api/v1/auths/admin/config")).body.PENDING_USER_OVERLAY_CONTENT, "one\r\ntwo");
  await settings({ PENDING_USER_OVERLAY_CONTENT: "" });
  await ada.reload();
  await field(ada, "How long a sign-in lasts").waitFor();
  // Somebody else changes something while the page shows what was.
  await settings({ ADMIN_EMAIL: "help@example.com", ENABLE_FOLDERS: false });
  await field(ada, "How long a sign-in lasts").fill("5w");
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
  const { body: both } = await ask(ada, "/api/v1/auths/admin/config");
  equal([both.ADMIN_EMAIL, both.ENABLE_FOLDERS, both.JWT_EXPIRES_IN], ["help@example.com", false, "5w"]);
});

const bob = await person();
const BOB = "bob.builder@example.com";

await check("somebody makes an account, shows that they read their address, and signs in", async () => {
  await open(bob, "/auth");
  await bob.getByRole("link", { name: "Create an account" }).click();
  await title(bob, "Create an account");
  await field(bob, "Name").fill("Bob Builder");
  await field(bob, "Email").fill(BOB);
  await field(bob, "Password").fill(PASSWORD);
  await press(bob, "Create account");
  await title(bob, "Almost done");
  await screen(bob, "sign-up-sent");
  await bob.goto(await link(bob, BOB, "Verify your email"));
  await title(bob, "Verify your address");
  await screen(bob, "verify");
  /* RS-14: what opens links only looks */
  equal((await ask(bob, "/api/auth/login", "POST", { email: BOB, password: PASSWORD })).status, 422, "before the button");
  await press(bob, "Verify my address");
  await title(bob, "Your address is verified");
  await signIn(bob, BOB);
  await title(bob, "Your account");
});

await check("a link that does not work any more says so, and another one can be had", async () => {
  const page = await person();
  await open(page, `/verify?token=nonsense&email=${BOB}`);
  await press(page, "Verify my address");
  equal(await alert(page), "The link does not work any more. Ask for another one.");
  await press(page, "Send me another link");
  await page.getByText("If it is needed, a mail is on its way.").waitFor();
  await page.context().close();
});

await check("a forgotten password is chosen anew, and ends every session", async () => {
  const page = await person();
  await open(page, "/auth");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await title(page, "Forgot your password?");
  await screen(page, "forgot-password");
  await field(page, "Email").fill(BOB);
  await press(page, "Send me a link");
  await title(page, "Look into your mailbox");
  const reset = await link(page, BOB, "Password Reset Request");
  await page.goto(reset);
  await title(page, "Choose a new password");
  await field(page, "New password").fill("another horse battery");
  await screen(page, "reset-password");
  await press(page, "Save");
  await title(page, "Done");
  await page.goto(reset);
  await field(page, "New password").fill("a third horse battery");
  await press(page, "Save");
  equal(await alert(page), "The link does not work any more. Ask for another one.");
  await page.context().close();
  await open(bob, "/account");
  await at(bob, "/auth");
  await signIn(bob, BOB, "another horse battery");
  await title(bob, "Your account");
});

await check("a profile is changed", async () => {
  await screen(bob, "account");
  await field(bob, "Name").fill("Bob B.");
  await field(bob, "About you").fill("I can fix it.");
  await bob.getByRole("region", { name: "Profile" }).getByRole("button", { name: "Save" }).click();
  await bob.getByText("Saved.").waitFor();
  await bob.reload();
  await title(bob, "Your account");
  equal([await field(bob, "Name").inputValue(), await field(bob, "About you").inputValue()], ["Bob B.", "I can fix it."]);
});

await check("a password is changed, which signs out everywhere", async () => {
  await field(bob, "Your present password").fill("wrong password");
  await field(bob, "New password").fill(PASSWORD);
  await press(bob, "Change password");
  equal(await alert(bob), "The password is wrong.");
  await field(bob, "Your present password").fill("another horse battery");
  await press(bob, "Change password");
  await at(bob, "/auth");
  await bob.getByText("Your password is changed. Please sign in with it.").waitFor();
  await signIn(bob, BOB);
  await title(bob, "Your account");
});

let app;
let codes;
const factor = (page) => page.getByRole("region", { name: "Second factor" });
const dialog = (page) => page.getByRole("dialog");
const sure = (page) => page.getByRole("alertdialog");

await check("a dialog gives the focus back to whatever opened it", async () => {
  const opener = factor(bob).getByRole("button", { name: "Set up a second factor" });
  for (const close of [() => bob.keyboard.press("Escape"), () => press(dialog(bob), "Close")]) {
    await opener.click();
    await dialog(bob).waitFor();
    await close();
    await dialog(bob).waitFor({ state: "detached" });
    equal(await opener.evaluate((button) => document.activeElement === button), true);
  }
});

await check("a second factor is set up with an app, and backup codes are taken along", async () => {
  /* MF-08, MF-10 */
  await press(factor(bob), "Set up a second factor");
  await press(dialog(bob), "Continue");
  await dialog(bob).getByAltText("QR code for your authenticator app; the text beside it says the same").waitFor();
  await screen(bob, "second-factor-setup");
  app = authenticator(await dialog(bob).locator("code.secret").textContent());
  await field(bob, "Code that the app shows").fill("000 000");
  await press(dialog(bob), "Confirm");
  equal(await alert(bob), "The code is wrong. Is your phone's clock right?");
  await field(bob, "Code that the app shows").fill((await app()).replace(/^.../, "$& "));
  await press(dialog(bob), "Confirm");
  await dialog(bob).getByText("Your backup codes").waitFor();
  const download = bob.waitForEvent("download");
  await dialog(bob).getByRole("link", { name: "Download" }).click();
  const file = await download;
  equal(file.suggestedFilename(), "backup-codes.txt");
  codes = readFileSync(await file.path(), "utf8").trim().split("\n").slice(2);
  equal([codes.length, await dialog(bob).locator(".codes li").allTextContents()], [10, codes]);
  await screen(bob, "backup-codes");
  await press(dialog(bob), "I have kept them");
  await factor(bob).getByText("On", { exact: true }).waitFor();
});

await check("signing in asks for it", async () => {
  const page = await person();
  await signIn(page, BOB);
  await title(page, "Second factor");
  await screen(page, "second-factor");
  await field(page, "Code of your authenticator app").fill("000000");
  await press(page, "Continue");
  equal(await alert(page), "The code is wrong, or was used already.");
  await field(page, "Code of your authenticator app").fill(await app());
  await press(page, "Continue");
  await title(page, "Your account");
  await page.context().close();
});

await check("a backup code does instead, once", async () => {
  /* MF-11 */
  const page = await person();
  await signIn(page, BOB);
  await press(page, "Use a backup code");
  await field(page, "Backup code").fill(codes[0].toUpperCase());
  await press(page, "Continue");
  await title(page, "Your account");
  await page.context().clearCookies();
  await signIn(page, BOB);
  await press(page, "Use a backup code");
  await field(page, "Backup code").fill(codes[0]);
  await press(page, "Continue");
  equal(await alert(page), "The code is wrong, or was used already.");
  await press(page, "Use the app");
  await field(page, "Code of your authenticator app").waitFor();
  await page.context().close();
});

await check("new backup codes take the place of the old ones", async () => {
  await bob.reload();
  await factor(bob).getByText("9 backup codes are left.").waitFor();
  await press(factor(bob), "New backup codes");
  await field(bob, "Code").fill(codes[1]);
  await press(dialog(bob), "New backup codes");
  await dialog(bob).getByText("Your backup codes").waitFor();
  codes = await dialog(bob).locator(".codes li").allTextContents();
  await press(dialog(bob), "I have kept them");
  await factor(bob).getByText("10 backup codes are left.").waitFor();
});

await check("whoever has lost everything is helped out by an administrator", async () => {
  /* MF-14 */
  await open(ada, "/admin#/users");
  await title(ada, "Users");
  await field(ada, "Search by name or email").fill("bob");
  await press(ada, "More about Bob B.");
  await press(dialog(ada), "Take away the second factor");
  await press(sure(ada), "Take away the second factor");
  const token = await dialog(ada).locator("code.secret").textContent();
  await signIn(bob, BOB);
  await title(bob, "Set up a new factor");
  await screen(bob, "recover");
  await field(bob, "Token").fill("nonsense that is long enough");
  await press(bob, "Continue");
  equal(await alert(bob), "The token is wrong, or does not work any more.");
  await field(bob, "Token").fill(token);
  await press(bob, "Continue");
  await title(bob, "Set up your app");
  await bob.getByAltText(/QR code/).waitFor();
  await screen(bob, "enrol");
  app = authenticator(await bob.locator("code.secret").textContent(), app);
  await field(bob, "Code that the app shows").fill(await app());
  await press(bob, "Confirm");
  await title(bob, "Your backup codes");
  codes = await bob.locator(".codes li").allTextContents();
  await press(bob, "I have kept them");
  await title(bob, "Your account");
});

await check("a second factor is given up with a code", async () => {
  /* MF-09 */
  await press(factor(bob), "Do without");
  await field(bob, "Code").fill(codes[0]);
  await press(dialog(bob), "Do without");
  await factor(bob).getByText("Off", { exact: true }).waitFor();
});

await check("a session elsewhere is ended, and its page says so on the next step", async () => {
  /* SE-19 */
  const elsewhere = await person({ userAgent: "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0" });
  await signIn(elsewhere, BOB);
  await title(elsewhere, "Your account");
  await bob.reload();
  await press(bob, "End the session: Firefox, Windows");
  await bob.getByText("Firefox, Windows").waitFor({ state: "detached" });
  await elsewhere.getByRole("region", { name: "Profile" }).getByRole("button", { name: "Save" }).click();
  await at(elsewhere, "/auth");
  await elsewhere.context().close();
});

await check("an API key is made, shown and dropped", async () => {
  equal(await bob.getByRole("region", { name: "API key" }).count(), 0, "for whoever may not have one");
  await open(ada, "/account");
  const key = ada.getByRole("region", { name: "API key" });
  await press(key, "Show");
  await key.getByText("You have no key.").waitFor();
  await press(key, "Make a key");
  const secret = await key.locator("code.secret").textContent();
  equal(secret.startsWith("sk-"), true);
  await press(key, "Delete key");
  await press(sure(ada), "Delete key");
  await key.getByText("You have no key.").waitFor();
  const answer = await fetch(`${base}/api/v1/auths/`, { headers: { authorization: `Bearer ${secret}` } });
  equal(answer.status, 401);
});

/// The provider's pages: who somebody is, and whether they let us in.
async function identify(page, login) {
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", "any password");
  await page.click("button[type=submit]");
  await page.waitForSelector("input[name=prompt][value=consent]", { state: "attached" });
  await page.click("button[type=submit]");
}

await check("somebody signs in with a provider", async () => {
  const page = await person();
  await open(page, "/auth");
  await page.getByRole("link", { name: "Sign in with SSO" }).click();
  await identify(page, "ann");
  await title(page, "Your account");
  await page.getByRole("region", { name: "Linked accounts" }).getByText("SSO").waitFor();
  await page.context().close();
});

await check("an account at a provider is linked, and unlinked", async () => {
  const linked = bob.getByRole("region", { name: "Linked accounts" });
  await press(linked, "Link SSO");
  await identify(bob, "bob");
  await at(bob, "/account");
  await bob.waitForFunction(() => document.activeElement.id === "linked");
  await press(linked, "Unlink SSO");
  await press(sure(bob), "Unlink");
  await linked.getByRole("button", { name: "Link SSO" }).waitFor();
});

await check("what a provider's answer says is shown only where it is ours", async () => {
  const page = await person();
  await open(page, `/auth?error=${encodeURIComponent("Call 555-EVIL to unlock your account")}`);
  equal(await alert(page), "Signing in with the provider did not work. Please ask whoever runs this site.");
  await open(page, "/auth?pending=1");
  await title(page, "Your account waits for approval");
  await screen(page, "pending");
  await page.context().close();
});

await check("a directory is set up, tried out, and signed in with", async () => {
  await open(ada, "/admin#/directory");
  await title(ada, "Directory (LDAP)");
  await screen(ada, "admin-directory");
  await field(ada, "User name to look for").fill("jane");
  await press(ada, "Try it");
  await ada.getByText("It works.").waitFor();
  await ada.getByText("Found ").waitFor();
  const { body: kept } = await ask(ada, "/api/v1/auths/admin/config/ldap/server");
  // What is typed stays when it is looked at, and a wrong password is what is saved then.
  await field(ada, "Its password").fill("not the password");
  await ada.getByRole("button", { name: "Show (Its password)" }).click();
  equal(await field(ada, "Its password").inputValue(), "not the password");
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
  await press(ada, "Try it");
  await ada.getByText("It does not work yet.").waitFor();
  await field(ada, "Its password").fill("the directory's secret");
  await press(ada, "Save");
  // The form begins anew with what is stored: nothing is typed before.
  await ada.getByText("Saved.").waitFor();
  await ada.waitForFunction(async () => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    return (await (await fetch("/api/v1/auths/admin/config/ldap/test", init)).json()).ok;
  });
  await field(ada, "Search base").fill("ou=nowhere,dc=example,dc=com");
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
  await press(ada, "Try it");
  await ada.getByText("It does not work yet.").waitFor();
  await field(ada, "Search base").fill(kept.search_base);
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
  equal((await ask(ada, "/api/v1/auths/admin/config/ldap/server")).body, kept);
  const jane = await person();
  await open(jane, "/auth");
  await press(jane, "Directory");
  await screen(jane, "sign-in-directory");
  await field(jane, "User name").fill("jane");
  await field(jane, "Password").fill("wrong password");
  await press(jane, "Sign in");
  equal(await alert(jane), "User name or password is wrong.");
  await field(jane, "Password").fill("jane-password");
  await press(jane, "Sign in");
  await title(jane, "Your account");
  await jane.context().close();
});

await check("a provider is tried out", async () => {
  await open(ada, "/admin#/providers");
  await title(ada, "Single sign-on");
  await press(ada, "Try it");
  await ada.getByText("It works.").waitFor();
  await ada.getByText(`The provider says that it is ${issuer}`).waitFor();
  await screen(ada, "admin-providers");
  const { body: kept } = await ask(ada, "/api/v1/auths/admin/config/oauth");
  await field(ada, "Scopes").fill("openid nonsense");
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
  await press(ada, "Try it");
  await ada.getByText("It does not work yet.").waitFor();
  await ada.getByText("The provider does not know nonsense.").waitFor();
  await field(ada, "Scopes").fill(kept.OAUTH_SCOPES);
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
});

await check("accounts are searched, paged, made and given roles", async () => {
  await open(ada, "/admin#/users");
  await title(ada, "Users");
  for (let n = 1; n <= 32; n += 1) {
    const number = String(n).padStart(2, "0");
    const form = { name: `Person ${number}`, email: `person${number}@example.com`, password: PASSWORD, role: "user" };
    equal((await ask(ada, "/api/v1/auths/add", "POST", form)).status, 200);
  }
  await ada.reload();
  await ada.getByText("Page 1 of 2").waitFor();
  await screen(ada, "admin-users");
  await press(ada, "Next");
  await ada.getByText("Page 2 of 2").waitFor();
  await field(ada, "Search by name or email").fill("person 07");
  await ada.getByText("Accounts: 1").waitFor();
  await field(ada, "Role of Person 07").selectOption("pending");
  await press(sure(ada), "Change role");
  await sure(ada).waitFor({ state: "detached" });
  equal((await ask(ada, "/api/v1/users/?query=person07")).body.users[0].role, "pending");
  await field(ada, "Search by name or email").fill("ada");
  await ada.getByText("Accounts: 1").waitFor();
  await field(ada, "Role of Ada Lovelace").selectOption("user");
  await press(sure(ada), "Change role");
  equal(await alert(ada), "This is not allowed, for safety.");
  await press(sure(ada), "Cancel");
  equal(await field(ada, "Role of Ada Lovelace").inputValue(), "admin");
  await press(ada, "New account");
  const added = dialog(ada);
  await field(added, "Name").fill("Grace Hopper");
  await field(added, "Email").fill("grace@example.com");
  await field(added, "Password").fill(PASSWORD);
  await press(added, "Create");
  await added.getByText("Grace Hopper has an account.").waitFor();
  await press(added, "Close");
});

await check("somebody is invited, and registers", async () => {
  await press(ada, "Invitations");
  const invitations = dialog(ada);
  await field(invitations, "Email").fill("linus@example.com");
  await press(invitations, "Invite");
  await invitations.getByText("linus@example.com gets a mail.").waitFor();
  const linus = await person();
  await linus.goto(await link(linus, "linus@example.com", "Invite to join Open WebUI!"));
  await title(linus, "Create an account");
  await field(linus, "Name").fill("Linus");
  await field(linus, "Email").fill("other@example.com");
  await field(linus, "Password").fill(PASSWORD);
  await press(linus, "Create account");
  equal(await alert(linus), "The invitation does not work any more, or it is for another address.");
  await field(linus, "Email").fill("linus@example.com");
  await press(linus, "Create account");
  await title(linus, "Almost done");
  await signIn(linus, "linus@example.com");
  await title(linus, "Your account");
  await linus.context().close();
  await field(invitations, "Email").fill("nobody@example.com");
  await press(invitations, "Invite");
  await press(invitations, "Take back the invitation of nobody@example.com");
  await invitations.getByRole("button", { name: /nobody@/ }).waitFor({ state: "detached" });
  await screen(ada, "admin-invitations");
  await press(invitations, "Close");
});

await check("somebody is helped, shut out and let in again, and deleted", async () => {
  await field(ada, "Search by name or email").fill("grace");
  await press(ada, "More about Grace Hopper");
  await screen(ada, "admin-user");
  const more = dialog(ada).first();
  await press(more, "Link for a new password");
  const reset = await more.locator("code.secret").textContent();
  const grace = await person();
  await grace.goto(reset);
  await field(grace, "New password").fill("grace's own battery");
  await press(grace, "Save");
  await title(grace, "Done");
  await press(more, "1 d");
  await more.getByText("Banned until ").waitFor();
  await signIn(grace, "grace@example.com", "grace's own battery");
  equal(await alert(grace), "Your account is banned for a while.");
  await press(more, "Lift");
  await more.getByText("No ban any more.").waitFor();
  await press(grace, "Sign in");
  await title(grace, "Your account");
  await press(more, "Sign out everywhere");
  await more.getByText("All sessions are ended.").waitFor();
  await grace.reload();
  await at(grace, "/auth");
  await grace.context().close();
  await press(more, "Delete account");
  await press(sure(ada), "Delete account");
  await ada.getByText("Accounts: 0").waitFor();
});

await check("groups have members, and permit what the matrix says", async () => {
  await open(ada, "/admin#/groups");
  await title(ada, "Groups");
  for (const [name, parent] of [["Staff", undefined], ["Editors", "Staff"]]) {
    await press(ada, "New group");
    await field(dialog(ada), "Name").fill(name);
    if (parent) await field(dialog(ada), "Belongs to").selectOption({ label: parent });
    await press(dialog(ada), "Save");
    await press(ada, `Edit ${name}`);
    await press(dialog(ada), "Close");
  }
  await press(ada, "Edit Editors");
  await field(dialog(ada), "Name or email").fill(BOB);
  await press(dialog(ada), "Add");
  await dialog(ada).getByText("Bob B. is a member now.").waitFor();
  await press(dialog(ada), "Close");
  await ada.getByText("Members: 1").waitFor();
  const cell = (group) => ada.getByRole("checkbox", { name: new RegExp(`^${group}, features: api keys`) });
  equal([await cell("Everybody").isChecked(), await cell("Staff").isChecked()], [false, false]);
  await cell("Staff").check();
  await ada.getByRole("checkbox", { name: /^Editors, features: api keys \(given already/ }).waitFor();
  await screen(ada, "admin-groups");
  await press(ada, "Save");
  await ada.getByText("Saved.").waitFor();
  const { body } = await ask(bob, "/api/v1/users/permissions");
  equal(body.features.api_keys, true, "what somebody two groups below may do");
  await press(ada, "Edit Editors");
  await press(dialog(ada), "Delete group");
  await press(sure(ada), "Delete group");
  await ada.getByText("Editors").first().waitFor({ state: "detached" });
});

await check("the audit log tells, and goes back", async () => {
  await ada.getByRole("link", { name: "Audit log" }).click();
  await title(ada, "Audit log");
  await ada.getByRole("rowheader", { name: "Group deleted" }).first().waitFor();
  await screen(ada, "admin-audit");
  const before = await ada.getByRole("rowheader").count();
  await press(ada, "Older events");
  await ada.waitForFunction((before) => document.querySelectorAll("tbody tr").length > before, before);
});

await check("nothing moves while a page comes up", async () => {
  for (const path of ["/account", ...["users", "groups", "settings", "directory", "providers", "audit"].map((view) => `/admin#/${view}`)]) {
    await steady(ada, base + path);
  }
  const visitor = await person();
  for (const path of ["/auth", "/register", "/forgot-password", "/reset-password", "/verify?email=a@example.com"]) {
    await steady(visitor, base + path);
  }
  await visitor.context().close();
});

await check("administration is for administrators", async () => {
  await open(bob, "/admin");
  await bob.getByText("These pages are for administrators.").waitFor();
  await screen(bob, "admin-refused");
});

await check("signing out in one tab signs out in the other", async () => {
  await open(bob, "/account");
  await title(bob, "Your account");
  const tab = await bob.context().newPage();
  await tab.goto(`${base}/account`);
  await title(tab, "Your account");
  await press(tab, "Sign out");
  await at(tab, "/auth");
  await at(bob, "/auth");
  // And signing in in one of them signs in in both.
  await signIn(tab, BOB);
  await title(tab, "Your account");
  await at(bob, "/account");
  await tab.close();
});

await check("a page that is offline says so, keeps what was typed, and goes on", async () => {
  await title(bob, "Your account");
  await bob.context().setOffline(true);
  await field(bob, "About you").fill("Written in a tunnel.");
  await bob.getByRole("region", { name: "Profile" }).getByRole("button", { name: "Save" }).click();
  equal(await alert(bob), "The service can not be reached. Please check your connection.");
  equal(await field(bob, "About you").inputValue(), "Written in a tunnel.");
  await bob.context().setOffline(false);
  bob.context().stumbled.length = 0;
  await bob.getByRole("region", { name: "Profile" }).getByRole("button", { name: "Save" }).click();
  await bob.getByText("Saved.").waitFor();
});

await check("a service that does not work is said to be, and asked again", async () => {
  const page = await person();
  await page.route("**/api/v1/auths/signin", (route) => route.fulfill({ status: 503, json: { detail: "down" } }), { times: 1 });
  await page.route("**/api/config", (route) => route.fulfill({ status: 503, json: { detail: "down" } }), { times: 1 });
  await open(page, "/auth");
  await press(page, "Try again");
  await title(page, "Sign in");
  await field(page, "Email").fill(BOB);
  await field(page, "Password").fill(PASSWORD);
  await press(page, "Sign in");
  equal(await alert(page), "The service does not work at the moment. Please try again soon.");
  await press(page, "Sign in");
  await title(page, "Your account");
  await page.context().close();
});

await check("whoever tries too often is told how long to wait", async () => {
  const page = await person();
  const refusal = { status: 429, headers: { "retry-after": "170" }, json: { detail: "API rate limit exceeded" } };
  await page.route("**/api/v1/auths/signin", (route) => route.fulfill(refusal));
  await signIn(page, BOB);
  equal(await alert(page), "Too many attempts. Please try again in 3 minutes.");
  await page.context().close();
});

await check("closed registration says so", async () => {
  await settings({ ENABLE_SIGNUP: false });
  const page = await person();
  await open(page, "/register");
  await title(page, "Registration is closed");
  await page.context().close();
});

await check("where one provider is the only way in, people are taken there, but for administrators who ask", async () => {
  const directory = (enable_ldap) => ask(ada, "/api/v1/auths/admin/config/ldap", "POST", { enable_ldap });
  const oauth = (body) => ask(ada, "/api/v1/auths/admin/config/oauth", "POST", body);
  await settings({ ENABLE_LOGIN_FORM: false });
  const page = await person();
  await open(page, "/auth");
  await field(page, "User name").waitFor();
  equal(await field(page, "Email").count(), 0, "fields for an address, where passwords are switched off");
  equal([(await directory(false)).status, (await oauth({ OAUTH_AUTO_REDIRECT: true })).status], [200, 200]);
  await open(page, "/auth");
  await identify(page, "ann");
  await title(page, "Your account");
  await page.context().clearCookies();
  // An address without the form would lead away.
  await open(page, "/auth?form");
  await field(page, "Email").waitFor();
  await page.getByRole("link", { name: "Sign in with SSO" }).waitFor();
  await page.context().close();
  await settings({ ENABLE_LOGIN_FORM: true });
  equal([(await directory(true)).status, (await oauth({ OAUTH_AUTO_REDIRECT: false })).status], [200, 200]);
});

await check("somebody deletes their account", async () => {
  await open(bob, "/account");
  await title(bob, "Your account");
  await press(factor(bob), "Set up a second factor");
  await press(dialog(bob), "Continue");
  app = authenticator(await dialog(bob).locator("code.secret").textContent(), app);
  await field(bob, "Code that the app shows").fill(await app());
  await press(dialog(bob), "Confirm");
  await press(dialog(bob), "I have kept them");
  await press(bob, "Delete account");
  await screen(bob, "delete-account");
  await field(bob, "Code").fill("AAAA-AAAA");
  await press(dialog(bob), "Delete my account for good");
  equal(await alert(bob), "The code is wrong, or was used already.");
  await field(bob, "Code").fill(await app());
  await press(dialog(bob), "Delete my account for good");
  await at(bob, "/auth");
  await signIn(bob, BOB);
  equal(await alert(bob), "Email or password is wrong.");
});

// Two tabs of an application that uses the npm package, with tokens of fifteen minutes.
await check("of two tabs whose token is spent, one refreshes for both", async () => {
  const context = (await person()).context();
  const dist = path.resolve(import.meta.dirname, "../../wasm-pkg/dist");
  await context.route("**/portico-auth/*", (route) => {
    const name = new URL(route.request().url()).pathname.split("/").at(-1);
    return route.fulfill({ path: path.join(dist, name), contentType: "text/javascript" });
  });
  const refreshes = [];
  context.on("request", (request) => request.url().endsWith("/api/auth/refresh") && refreshes.push(request));
  const tab = async () => {
    const page = await context.newPage();
    await page.goto(`${base}/verify`);
    await page.evaluate(async () => {
      const { PorticoClient } = await import("/portico-auth/client.mjs");
      window.client = new PorticoClient({ dialect: "librechat" });
      window.told = [];
      for (const event of ["signed-in", "refreshed", "signed-out"]) window.client.on(event, () => window.told.push(event));
    });
    return page;
  };
  const [one, two] = [await tab(), await tab()];
  equal(await one.evaluate(() => client.start()), null);
  refreshes.length = 0;
  await one.evaluate(([email, password]) => client.signIn({ email, password }), ["person01@example.com", PASSWORD]);
  await two.waitForFunction(() => client.session !== null);
  equal(await two.evaluate(() => client.session.user.name), "Person 01", "told by the other tab");
  // A third tab asks its siblings first.
  const three = await tab();
  equal((await three.evaluate(() => client.start())).user.name, "Person 01");
  equal(refreshes.length, 0, "requests so far");
  const before = await one.evaluate(() => client.session.token);
  const tokens = await Promise.all([one, two, three].map((page) => page.evaluate(async () => (await client.refresh()).token)));
  equal([refreshes.length, new Set(tokens).size, tokens[0] === before], [1, 1, false], "requests, tokens, the same as before");
  const told = await Promise.all([one, two, three].map((page) => page.evaluate(() => told.at(-1))));
  equal(told, ["refreshed", "refreshed", "refreshed"]);
  await two.evaluate(() => client.signOut());
  await one.waitForFunction(() => client.session === null);
  equal(await three.evaluate(() => told.at(-1)), "signed-out");
  // A tab that sleeps does not keep the others waiting.
  await context.close();
});

await check("where everybody needs a second factor, people set one up on their way in, whichever way that is", async () => {
  /* MF-07 */
  await open(ada, "/admin#/settings");
  await field(ada, "Everybody needs a second factor").check();
  await press(ada, "Save");
  await ada.getByText("Saved. Everybody has to sign in again.").waitFor();
  const setUp = async (page) => {
    await title(page, "Set up your app");
    await page.getByAltText(/QR code/).waitFor();
    const app = authenticator(await page.locator("code.secret").textContent());
    await field(page, "Code that the app shows").fill(await app());
    await press(page, "Confirm");
    await title(page, "Your backup codes");
    await press(page, "I have kept them");
    await title(page, "Your account");
    return app;
  };
  const page = await person();
  await signIn(page, "person02@example.com");
  await setUp(page);
  await page.context().clearCookies();
  await open(page, "/auth");
  await page.getByRole("link", { name: "Sign in with SSO" }).click();
  await identify(page, "ann");
  const ann = await setUp(page);
  // The other dialect's way in comes to a page of its own.
  await open(page, "/oauth/openid");
  await at(page, "/login/2fa");
  await field(page, "Code of your authenticator app").fill(await ann());
  await press(page, "Continue");
  await title(page, "Your account");
  await page.context().close();
});

await check("whoever waits for approval sees nothing but that", async () => {
  const page = await person();
  await signIn(page, "person07@example.com");
  await title(page, "Your account waits for approval");
  await page.context().close();
});

await check("a page is asked for, not posted to", async () => {
  for (const [method, status] of [["HEAD", 200], ["POST", 405]]) {
    equal((await fetch(`${base}/auth`, { method })).status, status, method);
  }
  equal(new URL((await fetch(`${base}/`)).url).pathname, "/account");
  equal((await fetch(`${base}/nowhere`)).status, 404);
});

await browser.close();
finish();
