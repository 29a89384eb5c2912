// Settings as fields. What is not among them is sent back as it came.
import type { ComponentChildren } from "preact";
import { type Key, t } from "../text";
import { Check, Field, Form, Password, type Values } from "../ui";

export type Stored = Record<string, unknown>;

export interface Setting {
  name: string;
  label: Key;
  hint?: Key;
  kind?: "flag" | "list" | "number" | "secret" | "text" | "wide";
  /** Of a list: what there is to choose, and how it is called. */
  choices?: readonly (readonly [string, Key])[];
  required?: boolean;
}

interface SettingsFormProps {
  settings: readonly Setting[];
  stored: Stored;
  save(stored: Stored): Promise<string | void>;
  more?: ComponentChildren;
}

export function SettingsForm({ settings, stored, save, more }: SettingsFormProps) {
  const send = (values: Values) => {
    const changed = settings.map(({ name, kind }) => [name, read(kind, values[name])]);
    return save({ ...stored, ...Object.fromEntries(changed) });
  };
  return (
    <Form send={send} action={t("save")} more={more}>
      {settings.map((setting) => (
        <Control key={setting.name} {...setting} value={stored[setting.name]} />
      ))}
    </Form>
  );
}

function read(kind: Setting["kind"], value: string | undefined): unknown {
  if (kind === "flag") return value !== undefined;
  if (kind === "number") return value ? Number(value) : null;
  return value ?? "";
}

function Control({ name, label, hint, kind = "text", choices = [], required, value }: Setting & { value: unknown }) {
  const about = { name, label: t(label), ...(hint && { hint: t(hint) }), required: required ?? false };
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  switch (kind) {
    case "flag":
      return <Check name={name} label={t(label)} checked={value === true} />;
    case "list":
      return (
        <Field {...about}>
          {choices.map(([choice, title]) => (
            <option key={choice} value={choice} selected={choice === text}>
              {t(title)}
            </option>
          ))}
        </Field>
      );
    case "secret":
      return <Password {...about} value={text} autocomplete="off" />;
    case "wide":
      return <Field {...about} type="textarea" value={text} />;
    case "number":
    case "text":
      return <Field {...about} type={kind} value={text} autocomplete="off" />;
  }
}
