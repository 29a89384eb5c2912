// Logs people of a directory in with LibreChat's own client library, unmodified, against a running worker that has one.
// Usage: directory.mjs URL. Says `N passed, M failed` at the end.
import { check, equal, finish } from "./checks.mjs";

const [base] = process.argv.slice(2);
// A window as small as the library needs.
globalThis.window = Object.assign(new EventTarget(), {
  location: { origin: base, pathname: "/login", search: "", hash: "", href: `${base}/login` },
  atob,
});
const { default: axios } = await import("axios");
const { dataService, setTokenHeader } = await import("librechat-data-provider");
axios.defaults.baseURL = base;
const status = (promise) => promise.then(() => 200, (error) => error.response?.status ?? String(error));

await check("the page knows of the directory", async () => {
  const config = await dataService.getStartupConfig();
  equal([config.ldap.enabled, config.registrationEnabled], [true, false]);
});
for (const name of ["jane", "Jane@Example.com"]) {
  await check(`${name} logs in`, async () => {
    const { token, user } = await dataService.login({ email: name, password: "jane-password" });
    equal([user.provider, user.email, user.name], ["ldap", "jane@example.com", "Jane Doe"]);
    setTokenHeader(token);
    equal((await dataService.getUser()).id, user.id);
  });
}
await check("a wrong password and an unknown name are one answer", async () => {
  equal(await status(dataService.login({ email: "jane", password: "wrong-password" })), 404);
  equal(await status(dataService.login({ email: "nobody", password: "wrong-password" })), 404);
});
finish();
