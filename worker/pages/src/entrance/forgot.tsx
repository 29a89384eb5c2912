import { useState } from "preact/hooks";
import { client } from "../session";
import { t } from "../text";
import { Field, Form, Heading, type Values } from "../ui";

/** Asks for a link by mail. Whether there is such an account nobody learns here. */
export function Forgot() {
  const [sent, setSent] = useState(false);
  const send = async ({ email = "" }: Values) => {
    await client.call("POST /api/auth/requestPasswordReset", { body: { email } });
    setSent(true);
  };
  return (
    <>
      <div class="sheet">
        <Heading moves={sent}>{t(sent ? "forgot.sent.title" : "forgot.title")}</Heading>
        {sent ? (
          <p>{t("forgot.sent")}</p>
        ) : (
          <Form send={send} action={t("forgot.action")}>
            <p>{t("forgot.text")}</p>
            <Field label={t("email")} name="email" type="email" autocomplete="username" required />
          </Form>
        )}
      </div>
      <p class="links">
        <a href="/auth">{t("back.signin")}</a>
      </p>
    </>
  );
}
