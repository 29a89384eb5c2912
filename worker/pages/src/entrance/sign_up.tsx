import { useState } from "preact/hooks";
import { NewPassword } from "../new_password";
import { Wrong, client, config, destination, isRefusal } from "../session";
import { t } from "../text";
import { Field, Form, Heading, Told, type Values } from "../ui";
import { Pending } from "./sign_in";
import { Step, type Waiting } from "./step";
import type { Outcome } from "portico-auth";

type State = { at: "form" } | { at: "sent" } | { at: "pending" } | { at: "step"; step: Waiting };

/** Making an account: the first one, one's own, or one that somebody is invited to. */
export function SignUp() {
  const [state, show] = useState<State>({ at: "form" });
  const [about, tell] = useState({ email: "", name: "" });
  const invitation = new URLSearchParams(location.search).get("token");
  const isOpen = Boolean(config.features.enable_signup) || config.onboarding || invitation !== null;

  const proceed = (outcome: Outcome) => {
    if (outcome.status === "second-factor-needed") show({ at: "step", step: outcome.challenge });
    else if (outcome.status !== "signed-in" || outcome.session.user.role === "pending") show({ at: "pending" });
    else location.replace(destination());
  };
  const send = async ({ name = "", email = "", password = "", bootstrap_secret }: Values) => {
    // Whoever has to show that they read their address gets a mail; the first one of all is let in at once.
    if (invitation !== null || (config.emailEnabled && !config.onboarding)) {
      const body = { name, email, password, confirm_password: password, ...(invitation !== null && { token: invitation }) };
      try {
        await client.call("POST /api/auth/register", { body });
        return show({ at: "sent" });
      } catch (error) {
        // Closed in one dialect is not closed in the other.
        if (invitation !== null || !isRefusal(error, 403)) throw error;
      }
    }
    try {
      proceed(await client.signUp({ name, email, password, ...(bootstrap_secret && { bootstrap_secret }) }));
    } catch (error) {
      throw config.onboarding && isRefusal(error, 403) ? new Wrong(t("signup.secret.wrong")) : error;
    }
  };

  if (state.at === "pending") return <Pending />;
  if (state.at === "step") return <Step step={state.step} proceed={proceed} again={() => location.assign("/auth")} />;
  if (state.at === "sent") {
    const text = t(config.emailEnabled && invitation === null ? "signup.sent.mail" : "signup.sent");
    return <Told title={t("signup.sent.title")} text={text} />;
  }
  if (!isOpen) return <Told title={t("signup.closed.title")} text={t("signup.closed")} />;
  const learn = (event: { currentTarget: HTMLInputElement }) =>
    tell({ ...about, [event.currentTarget.name]: event.currentTarget.value });
  return (
    <>
      <div class="sheet">
        <Heading moves={false}>{t(config.onboarding ? "signup.first.title" : "signup.title")}</Heading>
        {config.onboarding && <p>{t("signup.first")}</p>}
        <Form send={send} action={t("signup.action")}>
          <Field label={t("name")} name="name" autocomplete="name" minLength={invitation !== null || config.emailEnabled ? 3 : 1} maxLength={80} onInput={learn} required />
          <Field label={t("email")} name="email" type="email" autocomplete="email" onInput={learn} required />
          <NewPassword label={t("password")} name="password" about={about} />
          {config.onboarding && <Field label={t("signup.secret")} name="bootstrap_secret" autocomplete="off" hint={t("signup.secret.hint")} />}
        </Form>
      </div>
      {!config.onboarding && (
        <p class="links">
          <a href="/auth">{t("signup.signin")}</a>
        </p>
      )}
    </>
  );
}
