import type { Session } from "portico-auth";
import { NewPassword } from "../new_password";
import { client } from "../session";
import { t } from "../text";
import { Form, Password, type Values } from "../ui";

export function PasswordChange({ user }: { user: Session["user"] }) {
  const send = async ({ password = "", new_password = "" }: Values) => {
    await client.call("POST /api/v1/auths/update/password", { body: { password, new_password } });
    // The change has ended every session, this one too.
    location.replace("/auth?changed=1");
  };
  return (
    <section class="sheet" aria-labelledby="password">
      <h2 id="password">{t("password.change")}</h2>
      <Form send={send} action={t("password.change.action")}>
        <Password label={t("password.current")} name="password" autocomplete="current-password" required />
        <NewPassword label={t("password.new")} name="new_password" about={user} />
        <p class="small faint">{t("password.change.note")}</p>
      </Form>
    </section>
  );
}
