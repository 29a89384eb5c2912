// A new password, checked while it is typed by the server's own code.
import { type PasswordPolicy, type PasswordRefusal, passwordPolicy } from "portico-auth";
import { useEffect, useState } from "preact/hooks";
import { client } from "./session";
import { t } from "./text";
import { Password } from "./ui";

interface Rules {
  policy: PasswordPolicy;
  least: number;
  hint: string | null;
  hasPattern: boolean;
}

async function load(): Promise<Rules> {
  const rules = await client.call("GET /api/v1/auths/password/policy");
  const policy = await passwordPolicy({
    minLength: rules.min_length,
    maxBytes: rules.max_bytes,
    refusesGuessable: rules.refuses_guessable,
    site: rules.site,
  });
  return { policy, least: rules.min_length, hint: rules.hint, hasPattern: rules.has_pattern };
}

/** The field; `about` is what everybody knows about whoever it is for. */
export function NewPassword({ label, name, about }: { label: string; name: string; about?: { email?: string; name?: string } }) {
  const [rules, setRules] = useState<Rules>();
  const [typed, type] = useState("");
  // Without the rules the server says what is wrong.
  useEffect(() => void load().then(setRules, () => undefined), []);
  // No pattern is given to it, so none is broken.
  const refusal = rules && typed !== "" ? (rules.policy.check(typed, about ?? {}) as Exclude<PasswordRefusal, "pattern"> | null) : undefined;
  const least = rules?.least ?? 8;
  // Whether a pattern is matched the server alone can tell.
  const isGood = refusal === null && !rules?.hasPattern;
  const said = refusal ? t(`policy.${refusal}`, { least }) : isGood ? t("policy.good") : (rules?.hint ?? t("policy.hint", { least }));
  return (
    <Password
      label={label}
      name={name}
      autocomplete="new-password"
      required
      value={typed}
      onInput={(event) => type(event.currentTarget.value)}
      hint={said}
      kind={refusal ? "bad" : isGood ? "good" : undefined}
    />
  );
}
