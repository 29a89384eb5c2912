// What trying something out came to.
import type { Routes } from "portico-auth";
import { useState } from "preact/hooks";
import { maybe, t } from "../text";
import { Form, type Values } from "../ui";
import type { ComponentChildren } from "preact";

type Came = Routes["POST /api/v1/auths/admin/config/ldap/test"]["answer"];

export function Trial({ run, children }: { run(values: Values): Promise<Came>; children?: ComponentChildren }) {
  const [came, setCame] = useState<Came>();
  const send = async (values: Values) => {
    setCame(undefined);
    setCame(await run(values));
  };
  return (
    <section class="sheet" aria-labelledby="trial">
      <h2 id="trial">{t("trial.title")}</h2>
      <p class="faint">{t("trial.text")}</p>
      <Form send={send} action={t("trial.action")} kind="">
        {children}
      </Form>
      <div aria-live="polite">
        {came && (
          <>
            <p class={`notice ${came.ok ? "good" : "bad"}`}>{t(came.ok ? "trial.good" : "trial.bad")}</p>
            <ol class="steps">
              {came.steps.map(({ step, ok, detail }) => (
                <li key={step}>
                  <strong>
                    {maybe(`trial.step.${step}`) ?? step}: {t(ok ? "trial.works" : "trial.fails")}
                  </strong>
                  {/* The service speaks English to administrators: it names settings. */}
                  <div lang="en">{detail}</div>
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
    </section>
  );
}
