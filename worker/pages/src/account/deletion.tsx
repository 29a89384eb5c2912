import { totp } from "portico-auth";
import { useState } from "preact/hooks";
import type { AccountData } from "../account";
import { client } from "../session";
import { t } from "../text";
import { Dialog, Field, Form, type Values } from "../ui";

export function Deletion({ factor }: { factor: AccountData["factor"] }) {
  const [asking, ask] = useState(false);
  const send = async ({ shown = "" }: Values) => {
    const code = totp.normalizeCode(shown);
    const proof = code ? { token: code } : { backupCode: shown.trim() };
    await client.call("DELETE /api/user/delete", { body: factor.enabled ? proof : {} });
    location.replace("/auth");
  };
  return (
    <section class="sheet" aria-labelledby="deletion">
      <h2 id="deletion">{t("deletion.title")}</h2>
      <p class="faint">{t("deletion.text")}</p>
      <button type="button" class="danger" onClick={() => ask(true)}>
        {t("deletion.title")}
      </button>
      {asking && (
        <Dialog title={t("deletion.title")} close={() => ask(false)}>
          <p>{t("deletion.sure")}</p>
          <Form send={send} action={t("deletion.action")} kind="danger">
            {factor.enabled && <Field label={t("factor.shown")} name="shown" autocomplete="one-time-code" hint={t("factor.shown.hint")} required />}
          </Form>
        </Dialog>
      )}
    </section>
  );
}
