// Deployments in which nobody types anything to sign in (open-webui.md §1.7), in headless Chromium over the built worker:
// one without authentication, and one behind a proxy that says who people are.
// Usage: automatic.mjs OPEN PROXIED SECRET. Says `N passed, M failed` at the end.
import { check, equal, finish } from "../clients/checks.mjs";
import { alert, ask, at, browser, person, press, title } from "./browser.mjs";

const [open, proxied, secret] = process.argv.slice(2);

/// Somebody as the proxy presents them.
const vouchedFor = (email, name) =>
  person({ extraHTTPHeaders: { "x-portico-proxy-secret": secret, "x-forwarded-email": email, "x-forwarded-user": name } });

await check("without authentication everybody is the one administrator", async () => {
  const page = await person();
  await page.goto(`${open}/admin#/users`);
  await title(page, "Users");
  equal((await ask(page, "/api/v1/auths/")).body.role, "admin");
  equal(page.context().stumbled, []);
  await page.context().close();
  const other = await person();
  await other.goto(`${open}/auth`);
  await title(other, "Your account");
  await other.context().close();
});

await check("behind a proxy people are who it says they are", async () => {
  const ada = await vouchedFor("ada@example.com", "Ada Lovelace");
  await ada.goto(`${proxied}/admin#/users`);
  await title(ada, "Users");
  await ada.getByRole("rowheader", { name: "Ada Lovelace" }).waitFor();
  // Whoever comes after the first waits.
  const bob = await vouchedFor("bob@example.com", "Bob");
  await bob.goto(`${proxied}/account`);
  await bob.getByText("An administrator has to let you in.").waitFor();
  await bob.context().close();
  // Signing out is not the end of it: the proxy still says who they are.
  await press(ada, "Sign out");
  await title(ada, "Your account");
  equal(ada.context().stumbled, []);
  await ada.context().close();
});

await check("who comes round the proxy is nobody", async () => {
  const page = await person({ extraHTTPHeaders: { "x-portico-proxy-secret": "a guess", "x-forwarded-email": "ada@example.com" } });
  await page.goto(`${proxied}/account`);
  await at(page, "/auth");
  equal((await alert(page)).startsWith("You did not come by the way that signs people in here."), true);
  await page.context().close();
});

await browser.close();
finish();
