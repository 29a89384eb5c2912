import type { Outcome } from "portico-auth";
import { useEffect, useState } from "preact/hooks";
import { client, config, destination, explain, isAutomatic, ofProvider } from "../session";
import { t } from "../text";
import { Field, Form, Heading, Password, Told, type Values } from "../ui";
import { Step, type Waiting } from "./step";

const query = new URLSearchParams(location.search);

type State =
  | { at: "checking" }
  | { at: "form"; said?: string | undefined }
  | { at: "step"; step: Waiting }
  | { at: "pending" };

export function SignIn() {
  const [state, show] = useState<State>({ at: "checking" });

  const proceed = (outcome: Outcome) => {
    if (outcome.status === "signed-in") location.replace(destination());
    else if (outcome.status === "second-factor-needed") show({ at: "step", step: outcome.challenge });
    else if (outcome.status === "pending") show({ at: "pending" });
    else show({ at: "form", said: t("error.unknown") });
  };

  useEffect(() => {
    void arrive(proceed, show);
  }, []);

  switch (state.at) {
    case "checking":
      return <p class="unseen" role="status">{t("loading")}</p>;
    case "pending":
      return <Pending />;
    case "step":
      return <Step step={state.step} proceed={proceed} again={(said) => show({ at: "form", said })} />;
    case "form":
      return <Ways said={state.said} proceed={proceed} />;
  }
}

// Where browsers arrive: from nowhere, or from a provider, with or without success.
async function arrive(proceed: (outcome: Outcome) => void, show: (state: State) => void) {
  if (query.has("pending")) return show({ at: "pending" });
  try {
    const temporary = query.get("tempToken");
    if (temporary) return show({ at: "step", step: { token: temporary, step: "verify", expiresIn: 300 } });
    if (query.has("mfa")) return proceed(client.resume(await client.call("POST /api/v1/auths/mfa/challenge")));
    const error = query.get("error");
    const session = await client.start();
    if (session === null && error !== null) return show({ at: "form", said: ofProvider(error) });
    // Linking an account elsewhere may have worked, or not.
    if (session && error !== null) return location.replace(`/account?error=${encodeURIComponent(error)}#linked`);
    if (session && query.has("linked")) return location.replace("/account#linked");
    if (session) return location.replace(destination());
    // A proxy says who somebody is, or nobody is asked.
    if (isAutomatic()) return proceed(await client.signIn({ email: "", password: "" }));
  } catch (error) {
    return show({ at: "form", said: explain(error) });
  }
  const [only, ...others] = Object.keys(config.oauth.providers);
  const { enable_login_form: form, enable_ldap: ldap } = config.features;
  const leaves = config.oauth.auto_redirect && only && others.length === 0 && !form && !ldap && !query.has("form");
  if (leaves) location.replace(loginUrl(only));
  else show({ at: "form" });
}

const loginUrl = (provider: string) => `/oauth/${encodeURIComponent(provider)}/login`;

type Way = "directory" | "password";

function Ways({ said, proceed }: { said: string | undefined; proceed(outcome: Outcome): void }) {
  const { enable_ldap: hasDirectory, enable_signup: hasSignUp } = config.features;
  // `?form` is for administrators whose provider is down.
  const hasForm = Boolean(config.features.enable_login_form) || query.has("form");
  const [way, choose] = useState<Way>(hasDirectory && !hasForm ? "directory" : "password");
  const providers = Object.entries(config.oauth.providers);
  // Somebody signs in in another tab.
  useEffect(() => client.on("signed-in", () => location.replace(destination())), []);
  return (
    <>
      <div class="sheet">
        <Heading moves={false}>{t("signin.title")}</Heading>
        {query.has("changed") && !said && <p class="notice good">{t("signin.changed")}</p>}
        {said && (
          <p class="notice bad" role="alert">
            {said}
          </p>
        )}
        {hasForm && Boolean(hasDirectory) && (
          <div class="choices" role="group" aria-label={t("signin.with")}>
            {(["password", "directory"] as const).map((each) => (
              <button key={each} type="button" aria-pressed={way === each} onClick={() => choose(each)}>
                {t(`signin.with.${each}`)}
              </button>
            ))}
          </div>
        )}
        {way === "directory" ? <Directory proceed={proceed} /> : hasForm && <WithPassword proceed={proceed} />}
        {providers.length > 0 && (
          <>
            {(hasForm || Boolean(hasDirectory)) && <div class="or">{t("or")}</div>}
            <div class="stack">
              {providers.map(([provider, name]) => (
                <a key={provider} class="button" href={loginUrl(provider)}>
                  {t("signin.with.provider", { name })}
                </a>
              ))}
            </div>
          </>
        )}
      </div>
      <p class="links">
        {Boolean(hasSignUp) && <a href="/register">{t("signin.signup")}</a>}
        {config.passwordResetEnabled && config.emailEnabled && hasForm && <a href="/forgot-password">{t("signin.forgot")}</a>}
      </p>
    </>
  );
}

function WithPassword({ proceed }: { proceed(outcome: Outcome): void }) {
  const send = async ({ email = "", password = "" }: Values) => proceed(await client.signIn({ email, password }));
  return (
    <Form key="password" send={send} action={t("signin.action")}>
      <Field label={t("email")} name="email" type="email" autocomplete="username" required />
      <Password label={t("password")} name="password" autocomplete="current-password" required />
    </Form>
  );
}

function Directory({ proceed }: { proceed(outcome: Outcome): void }) {
  const send = async ({ user = "", password = "" }: Values) => proceed(await client.signInWithLdap({ user, password }));
  return (
    <Form key="directory" send={send} action={t("signin.action")}>
      <Field label={t("directory.name")} name="user" autocomplete="username" autocapitalize="none" required />
      <Password label={t("password")} name="password" autocomplete="current-password" required />
    </Form>
  );
}

export const Pending = () => <Told title={t("pending.title")} text={t("pending.text")} />;
