import { useState } from "preact/hooks";
import { NewPassword } from "../new_password";
import { client } from "../session";
import { t } from "../text";
import { Form, Heading, Told, type Values } from "../ui";

/** Behind the link of a mail: a new password. */
export function Reset() {
  const [done, setDone] = useState(false);
  const query = new URLSearchParams(location.search);
  const [token, userId] = [query.get("token") ?? "", query.get("userId") ?? ""];
  const send = async ({ password = "" }: Values) => {
    await client.call("POST /api/auth/resetPassword", { body: { token, userId, password } });
    setDone(true);
  };
  if (done) return <Told title={t("reset.done.title")} text={t("reset.done")} />;
  return (
    <div class="sheet">
      <Heading moves={false}>{t("reset.title")}</Heading>
      <Form send={send} action={t("reset.action")}>
        <NewPassword label={t("password.new")} name="password" />
      </Form>
    </div>
  );
}
