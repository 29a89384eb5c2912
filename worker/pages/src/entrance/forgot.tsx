import { useState } from "preact/hooks";
import { client } from "../session";
import { t } from "../text";
import { Field, Form, Heading, type Values } from "../ui";

/** Asks for a link by mail. Whether there is such an account nobody learns here. */
export function Forgot() {
  const [link, setLink] = useState<string | null>();
  const send = async ({ email = "" }: Values) => {
    const answer = await client.call("POST /api/auth/requestPasswordReset", { body: { email } });
    setLink(answer.link ?? null);
  };
  return (
    <>
      <div class="sheet">
        <Heading moves={link !== undefined}>{t(link === undefined ? "forgot.title" : "forgot.sent.title")}</Heading>
        {link === undefined ? (
          <Form send={send} action={t("forgot.action")}>
            <p>{t("forgot.text")}</p>
            <Field label={t("email")} name="email" type="email" autocomplete="username" required />
          </Form>
        ) : (
          <p>{t("forgot.sent")}</p>
        )}
      </div>
      <p class="links">
        <a href="/auth">{t("back.signin")}</a>
      </p>
    </>
  );
}
