import { useState } from "preact/hooks";
import { client } from "../session";
import { t } from "../text";
import { Form, Heading, Told } from "../ui";

/** Behind the link of a mail. The button does it: programs that scan mails open links (RS-14). */
export function Verify() {
  const [done, setDone] = useState(false);
  const [asked, setAsked] = useState(false);
  const query = new URLSearchParams(location.search);
  const [token, email] = [query.get("token") ?? "", query.get("email") ?? ""];
  const send = async () => {
    await client.call("POST /api/user/verify", { body: { token, email } });
    setDone(true);
  };
  const resend = async () => {
    await client.call("POST /api/user/verify/resend", { body: { email } });
    setAsked(true);
    return t("verify.resent");
  };
  if (done) return <Told title={t("verify.done.title")} text={t("verify.done")} />;
  return (
    <div class="sheet">
      <Heading moves={false}>{t("verify.title")}</Heading>
      <Form send={send} action={t("verify.action")}>
        <p>{t("verify.text", { email })}</p>
      </Form>
      {email !== "" && <Form send={resend} action={t("verify.resend")} kind={asked ? "" : "plain"} />}
    </div>
  );
}
