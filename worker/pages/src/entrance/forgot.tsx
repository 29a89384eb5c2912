import { useState } from "preact/hooks";
import { client } from "../session";
import { t } from "../text";
import { Field, Form, Heading, Told, type Values } from "../ui";

/** Asks for a link by mail. Whether there is such an account nobody learns here. */
export function Forgot() {
  const [sent, setSent] = useState(false);
  const send = async ({ email = "" }: Values) => {
    await client.call("POST /api/auth/requestPasswordReset", { body: { email } });
    setSent(true);
  };
  if (sent) return <Told title={t("forgot.sent.title")} text={t("forgot.sent")} />;
  return (
    <>
      <div class="sheet">
        <Heading moves={false}>{t("forgot.title")}</Heading>
        <Form send={send} action={t("forgot.action")}>
          <p>{t("forgot.text")}</p>
          <Field label={t("email")} name="email" type="email" autocomplete="username" required />
        </Form>
      </div>
      <p class="links">
        <a href="/auth">{t("back.signin")}</a>
      </p>
    </>
  );
}
