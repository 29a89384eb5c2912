// The second factor: setting one up, new codes for whoever loses the app, and doing without.
import { totp } from "portico-auth";
import { useState } from "preact/hooks";
import type { AccountData } from "../account";
import { BackupCodes } from "../backup_codes";
import { Setup } from "../entrance/step";
import { client } from "../session";
import { t } from "../text";
import { Dialog, Field, Form, Password, type Values } from "../ui";

type Doing =
  | { what: "begin" | "disable" | "renew" }
  | { what: "setup"; picture: string; secret: string; codes: string[] }
  | { what: "codes"; codes: string[] };

/** What somebody typed: the app's six digits, or one of the other codes. */
function proof(typed: string): { token: string } | { backupCode: string } {
  const code = totp.normalizeCode(typed);
  return code ? { token: code } : { backupCode: typed.trim() };
}

interface SecondFactorProps {
  status: AccountData["factor"];
  /** Whether somebody signed in with a password, which can be asked for again. */
  byPassword: boolean;
  reload(): Promise<void>;
}

export function SecondFactor({ status, byPassword, reload }: SecondFactorProps) {
  const [doing, act] = useState<Doing>();
  const close = () => {
    act(undefined);
    void reload();
  };
  return (
    <section class="sheet" aria-labelledby="factor">
      <h2 id="factor">{t("factor.title")}</h2>
      <p>
        <span class="badge">{t(status.enabled ? "factor.on" : "factor.off")}</span>{" "}
        {status.enabled && t("factor.codes.left", { count: status.recovery_codes_remaining })}
      </p>
      <p class="faint">{t("factor.text")}</p>
      <div class="actions">
        <button type="button" class={status.enabled ? "" : "main"} onClick={() => act({ what: "begin" })}>
          {t(status.enabled ? "factor.replace" : "factor.begin")}
        </button>
        {status.enabled && (
          <button type="button" onClick={() => act({ what: "renew" })}>
            {t("factor.renew")}
          </button>
        )}
        {status.enabled && !status.required && (
          <button type="button" class="danger" onClick={() => act({ what: "disable" })}>
            {t("factor.disable")}
          </button>
        )}
      </div>
      {doing && <Doings doing={doing} has={status.enabled} byPassword={byPassword} act={act} close={close} />}
    </section>
  );
}

interface DoingsProps {
  doing: Doing;
  has: boolean;
  byPassword: boolean;
  act(doing: Doing): void;
  close(): void;
}

function Doings({ doing, has, byPassword, act, close }: DoingsProps) {
  const begin = async ({ shown = "", password = "" }: Values) => {
    const body = has ? proof(shown) : { password };
    const staged = await client.call("POST /api/auth/2fa/enable", { body });
    act({ what: "setup", picture: staged.qrCode, secret: staged.secret, codes: staged.backupCodes });
  };
  const confirm = (codes: string[]) => async ({ code = "" }: Values) => {
    await client.call("POST /api/auth/2fa/confirm", { body: { token: totp.normalizeCode(code) ?? code } });
    act({ what: "codes", codes });
  };
  const renew = async ({ shown = "" }: Values) => {
    const { backupCodes } = await client.call("POST /api/auth/2fa/backup/regenerate", { body: proof(shown) });
    act({ what: "codes", codes: backupCodes });
  };
  const disable = async ({ shown = "" }: Values) => {
    await client.call("POST /api/auth/2fa/disable", { body: proof(shown) });
    close();
  };
  const shown = <Field label={t("factor.shown")} name="shown" autocomplete="one-time-code" autocapitalize="none" spellcheck={false} hint={t("factor.shown.hint")} required />;
  switch (doing.what) {
    case "begin":
      return (
        <Dialog title={t(has ? "factor.replace" : "factor.begin")} close={close}>
          <Form send={begin} action={t("continue")}>
            {has && shown}
            {!has && byPassword && <Password label={t("password.current")} name="password" autocomplete="current-password" hint={t("factor.password.hint")} />}
            {!has && !byPassword && <p>{t("factor.fresh")}</p>}
          </Form>
        </Dialog>
      );
    case "setup":
      return (
        <Dialog key="setup" title={t("enrol.title")} close={close}>
          <Setup picture={doing.picture} secret={doing.secret} send={confirm(doing.codes)} />
        </Dialog>
      );
    case "codes":
      return (
        <Dialog key="codes" title={t("codes.title")} close={close}>
          <BackupCodes codes={doing.codes} done={close} />
        </Dialog>
      );
    case "renew":
      return (
        <Dialog title={t("factor.renew")} close={close}>
          <p>{t("factor.renew.text")}</p>
          <Form send={renew} action={t("factor.renew")}>
            {shown}
          </Form>
        </Dialog>
      );
    case "disable":
      return (
        <Dialog title={t("factor.disable")} close={close}>
          <p>{t("factor.disable.text")}</p>
          <Form send={disable} action={t("factor.disable")} kind="danger">
            {shown}
          </Form>
        </Dialog>
      );
  }
}
