// Settings as fields.
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
  /** As they were when the form was shown. */
  stored: Stored;
  /** Gets what has been changed: the rest may be somebody else's by now. */
  save(changes: Stored): Promise<string | void>;
}

export function SettingsForm({ settings, stored, save }: SettingsFormProps) {
  const send = (values: Values) => {
    const read = settings.map(({ name, kind }) => [name, typed(kind, stored[name], values[name])] as const);
    return save(Object.fromEntries(read.filter(([name, value]) => value !== stored[name])));
  };
  return (
    <Form send={send} action={t("save")} reset>
      {settings.map((setting) => (
        <Control key={setting.name} {...setting} value={stored[setting.name]} />
      ))}
    </Form>
  );
}

const shown = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

// Controls keep no carriage returns, and those of one line no line ends.
const asTyped = (kind: Setting["kind"], text: string): string =>
  kind === "wide" ? text.replace(/\r\n?/g, "\n") : text.replace(/[\r\n]/g, "");

// An empty field may stand for `null`, and no value for a flag that is off.
function typed(kind: Setting["kind"], before: unknown, value: string | undefined): unknown {
  if (kind === "flag") {
    const isOn = value !== undefined;
    return isOn === (before === true) ? before : isOn;
  }
  if (value !== undefined && asTyped(kind, value) === asTyped(kind, shown(before))) return before;
  if (kind === "number") return value ? Number(value) : null;
  return value ?? "";
}

function Control({ name, label, hint, kind = "text", choices = [], required, value }: Setting & { value: unknown }) {
  const about = { name, label: t(label), ...(hint && { hint: t(hint) }), required: required ?? false };
  const text = shown(value);
  switch (kind) {
    case "flag":
      return <Check name={name} label={t(label)} initial={value === true} />;
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
      return <Password {...about} initial={text} autocomplete="new-password" />;
    case "wide":
      return <Field {...about} type="textarea" initial={text} />;
    case "number":
    case "text":
      return <Field {...about} type={kind} initial={text} autocomplete="off" />;
  }
}
