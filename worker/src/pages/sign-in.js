// The page that people sign in on where the application has none of its own: by a password, by a provider, and with the
// code of a second factor.
const AUTHS = "/api/v1/auths";
const said = document.querySelector("output");
const query = new URLSearchParams(location.search);
const [password, code, out] = ["password", "code", "out"].map((id) => document.getElementById(id));
let challenge;

async function ask(path, body) {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) };
  const answer = await fetch(AUTHS + path, path === "/" ? {} : init);
  const said = await answer.json().catch(() => ({}));
  return { ok: answer.ok, ...said };
}

function tell(text) {
  said.textContent = text;
}

function show(form) {
  for (const each of [password, code, out]) each.hidden = each !== form;
  document.getElementById("providers").hidden = form !== password;
}

function proceed(answer) {
  if (answer.next_step === "verify") {
    challenge = answer.challenge_token;
    show(code);
    tell("");
  } else if (answer.next_step) {
    tell("Go on in your application: it has a step left for you.");
  } else if (answer.ok && answer.email) {
    show(out);
    tell(`Signed in as ${answer.name} (${answer.email}), ${answer.role}.`);
  } else {
    tell(typeof answer.detail === "string" ? answer.detail : "That did not work.");
  }
}

function on(form, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell("…");
    try {
      proceed(await act(Object.fromEntries(new FormData(form))));
    } catch {
      tell("The service can not be reached. Please try again.");
    }
  });
}

on(password, (fields) => ask("/signin", fields));
on(code, (fields) => ask("/mfa/verify", { challenge_token: challenge, ...fields }));
on(out, async () => {
  const { redirect_url: away } = await ask("/signout");
  location.assign(away ?? location.pathname);
  return { detail: "Signed out." };
});

const config = await (await fetch("/api/config")).json();
for (const [key, name] of Object.entries(config.oauth?.providers ?? {})) {
  const link = document.createElement("a");
  link.href = `/oauth/${encodeURIComponent(key)}/login`;
  link.textContent = `Sign in with ${name}`;
  document.getElementById("providers").append(link, " ");
}
password.hidden = !config.features.enable_login_form;
if (query.has("mfa")) {
  proceed(await ask("/mfa/challenge"));
} else {
  const session = await ask("/");
  if (session.ok) proceed(session);
}
if (query.has("pending")) tell("Your account waits for approval.");
// Anybody can write an address: what it says is shown only if it is something that we say.
const OURS = [
  "Sign-in with your identity provider failed.",
  "Uh-oh! This email is already registered.",
  "You do not have permission to access this resource.",
  "That account belongs to somebody else here,",
  "Your session has expired or the token is invalid.",
  "Your account has been temporarily banned",
  "API rate limit exceeded",
  "Authentication is temporarily unavailable.",
];
const error = query.get("error");
if (error !== null) tell(OURS.find((text) => error.startsWith(text)) ?? OURS[0]);
