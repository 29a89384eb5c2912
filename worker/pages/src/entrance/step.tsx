// The step between the password and the session: showing the second factor, setting one up, or being helped out.
import { type Challenge, type Outcome, totp } from "portico-auth";
import { useState } from "preact/hooks";
import { client, explain, isOver } from "../session";
import { t } from "../text";
import { BackupCodes } from "../backup_codes";
import { Field, Form, Heading, Loaded, type Values, useLoaded } from "../ui";

export type Waiting = Challenge;

interface StepProps {
  step: Waiting;
  proceed(outcome: Outcome): void;
  /** Back to the beginning, with a reason. */
  again(said: string): void;
}

export function Step(props: StepProps) {
  const [step, setStep] = useState(props.step);
  if (step.step === "enroll") return <Enrol {...props} step={step} />;
  const helped = (next: Outcome) => next.status === "second-factor-needed" && setStep(next.challenge);
  return step.step === "recover" ? <Recover {...props} step={step} helped={helped} /> : <Verify {...props} step={step} />;
}

function Verify({ step, proceed, again }: StepProps) {
  const [recovers, recover] = useState(false);
  const send = async ({ code = "" }: Values) => {
    try {
      const shown = { challenge_token: step.token, code: recovers ? code.trim() : (totp.normalizeCode(code) ?? code) };
      const body = recovers ? { ...shown, recovery: true } : shown;
      proceed(client.resume(await client.call("POST /api/v1/auths/mfa/verify", { body })));
    } catch (error) {
      expired(error, again);
    }
  };
  return (
    <div class="sheet" key={String(recovers)}>
      <Heading>{t("step.title")}</Heading>
      <Form
        send={send}
        action={t("continue")}
        more={
          <button type="button" class="plain" onClick={() => recover(!recovers)}>
            {t(recovers ? "step.app" : "step.recovery")}
          </button>
        }
      >
        {recovers ? (
          <Field label={t("step.recovery.label")} name="code" autocomplete="off" autocapitalize="none" spellcheck={false} hint={t("step.recovery.hint")} required />
        ) : (
          <Field label={t("step.code")} name="code" inputMode="numeric" autocomplete="one-time-code" maxLength={12} hint={t("step.hint")} required />
        )}
      </Form>
      <Back />
    </div>
  );
}

// What is over begins anew; everything else is said below the form.
function expired(error: unknown, again: (said: string) => void) {
  if (isOver(error)) return again(explain(error));
  throw error;
}

function Back() {
  return (
    <p class="links">
      <a href="/auth">{t("back.signin")}</a>
    </p>
  );
}

function Enrol({ step, proceed, again }: StepProps) {
  const [enrolled, setEnrolled] = useState<{ codes: string[]; outcome: Outcome }>();
  const setup = useLoaded(async () => {
    const begun = client.call("POST /api/v1/auths/mfa/enroll/start", { body: { challenge_token: step.token } });
    return begun.catch((error) => {
      expired(error, again);
      throw error;
    });
  });
  const send = async ({ code = "" }: Values) => {
    const body = { challenge_token: step.token, code: totp.normalizeCode(code) ?? code };
    try {
      const answer = await client.call("POST /api/v1/auths/mfa/enroll/confirm", { body });
      setEnrolled({ codes: answer.recovery_codes, outcome: client.resume(answer) });
    } catch (error) {
      expired(error, again);
    }
  };
  if (enrolled) {
    return (
      <div class="sheet">
        <Heading>{t("codes.title")}</Heading>
        <BackupCodes codes={enrolled.codes} done={() => proceed(enrolled.outcome)} />
      </div>
    );
  }
  return (
    <div class="sheet">
      <Heading>{t("enrol.title")}</Heading>
      <p>{t("enrol.required")}</p>
      <Loaded of={setup}>
        {({ qr_code, manual_key }) => <Setup picture={qr_code} secret={manual_key} send={send} />}
      </Loaded>
      <Back />
    </div>
  );
}

/** What an authenticator app reads, and its first code. */
export function Setup({ picture, secret, send }: { picture: string; secret: string; send(values: Values): Promise<void> }) {
  return (
    <>
      <div class="setup">
        <img class="qr" src={picture} alt={t("enrol.qr")} width="192" height="192" />
        <div>
          <p>{t("enrol.scan")}</p>
          <code class="secret">{secret.match(/.{1,4}/g)?.join(" ")}</code>
        </div>
      </div>
      <Form send={send} action={t("enrol.confirm")}>
        <Field label={t("enrol.code")} name="code" inputMode="numeric" autocomplete="one-time-code" maxLength={12} hint={t("step.hint")} required />
      </Form>
    </>
  );
}

function Recover({ step, helped, again }: StepProps & { helped(next: Outcome): void }) {
  const send = async ({ token = "" }: Values) => {
    try {
      const body = { challenge_token: step.token, reset_token: token.trim() };
      helped(client.resume(await client.call("POST /api/v1/auths/mfa/recover", { body })));
    } catch (error) {
      expired(error, again);
    }
  };
  return (
    <div class="sheet">
      <Heading>{t("recover.title")}</Heading>
      <p>{t("recover.text")}</p>
      <Form send={send} action={t("continue")}>
        <Field label={t("recover.token")} name="token" autocomplete="off" autocapitalize="none" spellcheck={false} required />
      </Form>
      <Back />
    </div>
  );
}
