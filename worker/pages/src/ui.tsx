// What pages are made of. Everything can be reached by keyboard and has a name for screen readers.
import { type ComponentChildren, h } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
import { config, explain } from "./session";
import { LANGUAGES, choose, spoken, t } from "./text";

export type Values = Record<string, string>;

export function Field({ label, hint, kind, initial, children, ...input }: FieldProps) {
  const id = useId();
  const described = hint === undefined ? {} : { "aria-describedby": `${id}-hint` };
  const Control = children ? "select" : input.type === "textarea" ? "textarea" : "input";
  // Drawing anew must not take away what somebody has typed.
  const typed = initial === undefined ? {} : { defaultValue: initial };
  const control = h(Control, { ...(input as object), ...typed, id, ...described }, children);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {control}
      {hint !== undefined && (
        <p class={`hint ${kind ?? ""}`} id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
interface FieldProps {
  label: string;
  name: string;
  hint?: string;
  kind?: "bad" | "good" | undefined;
  /** Of a field with a list to choose from. */
  children?: ComponentChildren;
  /** Of an input, or `textarea`. */
  type?: string;
  /** Where the page follows what is typed. */
  value?: string;
  /** Where it does not. */
  initial?: string;
  autocomplete?: string;
  autocapitalize?: string;
  inputMode?: string;
  spellcheck?: boolean;
  required?: boolean;
  minLength?: number;
  maxLength?: number;
  onInput?(event: { currentTarget: HTMLInputElement }): void;
}

/** A password, which can be looked at while it is typed. */
export function Password({ label, hint, kind, initial, ...input }: Omit<FieldProps, "children">) {
  const id = useId();
  const [shown, show] = useState(false);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="password">
        {h("input", {
          ...(input as object),
          ...(initial === undefined ? {} : { defaultValue: initial }),
          id,
          type: shown ? "text" : "password",
          "aria-describedby": hint === undefined ? undefined : `${id}-hint`,
          autocapitalize: "none",
          spellcheck: false,
        })}
        <button type="button" aria-pressed={shown} aria-controls={id} onClick={() => show(!shown)}>
          {t(shown ? "password.hide" : "password.show")}
          <span class="unseen"> ({label})</span>
        </button>
      </div>
      {hint !== undefined && (
        <p class={`hint ${kind ?? ""}`} id={`${id}-hint`} aria-live="polite">
          {hint}
        </p>
      )}
    </div>
  );
}

export function Check({ label, name, initial }: { label: string; name: string; initial: boolean }) {
  const id = useId();
  return (
    <div class="check">
      <input name={name} defaultChecked={initial} id={id} type="checkbox" />
      <label for={id}>{label}</label>
    </div>
  );
}

/**
 * A form that sends its values once at a time, and says below the button what came of it. `send` gives a text for
 * success, or nothing.
 */
export function Form({ send, action, kind = "main", children, more, reset }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [said, say] = useState<{ kind: "bad" | "good"; text: string }>();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const form = event.currentTarget as HTMLFormElement;
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    setBusy(true);
    say(undefined);
    try {
      const text = await send(values);
      if (text) say({ kind: "good", text });
      if (text && reset) form.reset();
    } catch (error) {
      say({ kind: "bad", text: explain(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} aria-busy={busy}>
      {children}
      <div class="actions">
        <button class={kind} aria-disabled={busy}>
          {action}
        </button>
        {more}
      </div>
      <div class="said" aria-live="polite">
        {said && (
          <p class={`notice ${said.kind}`} role={said.kind === "bad" ? "alert" : undefined}>
            {said.text}
          </p>
        )}
      </div>
    </form>
  );
}
interface FormProps {
  send(values: Values): Promise<string | undefined | void>;
  action: string;
  kind?: string;
  children?: ComponentChildren;
  more?: ComponentChildren;
  /** Whether the fields go back to what they began with after success. */
  reset?: boolean;
}

/** A button that does something, and says what went wrong if it did not. */
export function Action({ run, children, kind = "", confirm, label }: ActionProps) {
  const [busy, setBusy] = useState(false);
  const [asking, ask] = useState(false);
  const [wrong, setWrong] = useState("");
  const act = async () => {
    ask(false);
    if (busy) return;
    setBusy(true);
    setWrong("");
    try {
      await run();
    } catch (error) {
      setWrong(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" class={kind} aria-disabled={busy} aria-label={label} onClick={() => (confirm ? ask(true) : act())}>
        {children}
      </button>
      {wrong && (
        <p class="notice bad" role="alert">
          {wrong}
        </p>
      )}
      {asking && (
        <Dialog role="alertdialog" title={t("confirm.title")} close={() => ask(false)}>
          <p>{confirm}</p>
          <div class="actions">
            <button type="button" class="danger" onClick={act}>
              {children}
            </button>
            <button type="button" onClick={() => ask(false)}>
              {t("cancel")}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
interface ActionProps {
  run(): Promise<unknown>;
  children: ComponentChildren;
  kind?: string;
  confirm?: string;
  label?: string;
}

export function Dialog({ title, close, role, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const gone = useRef(false);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    // What is typed first, or what it is about; not the button that closes it.
    const first = dialog.current?.querySelector<HTMLElement>("input") ?? dialog.current?.querySelector("h2");
    first?.focus();
    return () => {
      gone.current = true;
      dialog.current?.close();
      const back = opener instanceof HTMLElement && opener.isConnected ? opener : document.querySelector("h1");
      back?.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} role={role} aria-labelledby={id} onClose={() => gone.current || close()}>
      <div class="head">
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="plain" aria-label={t("close")} onClick={close}>
          ✕
        </button>
      </div>
      {children}
    </dialog>
  );
}
interface DialogProps {
  title: string;
  close(): void;
  /** Of a question that something waits for. */
  role?: "alertdialog";
  children: ComponentChildren;
}

/** Something that has to be asked for: nothing is shown before it is there, so nothing moves. */
export function useLoaded<T>(load: () => Promise<T>, depends: unknown[] = []) {
  const [state, setState] = useState<{ value?: T; wrong?: string }>({});
  const turn = useRef(0);
  // Whoever asks again asks what is asked now, however old they are.
  const latest = useRef(load);
  latest.current = load;
  const reload = useCallback(async () => {
    const mine = (turn.current += 1);
    // What comes late is not shown in the place of what was asked for after it.
    const show = (state: { value?: T; wrong?: string }) => mine === turn.current && setState(state);
    try {
      show({ value: await latest.current() });
    } catch (error) {
      show({ wrong: explain(error) });
    }
  }, []);
  useEffect(() => void reload(), depends);
  return { ...state, reload, replace: (value: T) => setState({ value }) };
}

export function Loaded<T>({ of, children }: { of: ReturnType<typeof useLoaded<T>>; children(value: T): ComponentChildren }) {
  if (of.wrong !== undefined) {
    return (
      <div class="notice bad" role="alert">
        <p>{of.wrong}</p>
        <button type="button" onClick={of.reload}>
          {t("again")}
        </button>
      </div>
    );
  }
  return of.value === undefined ? <p class="unseen" role="status">{t("loading")}</p> : <>{children(of.value)}</>;
}

/** The heading of what is shown now; takes the focus when one view follows another. */
export function Heading({ children, moves = true }: { children: string; moves?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = children;
    if (moves) heading.current?.focus();
  }, [children]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** A page that has nothing left to do, but for going on to sign in. */
export function Told({ title, text }: { title: string; text: string }) {
  return (
    <div class="sheet">
      <Heading>{title}</Heading>
      <p>{text}</p>
      <a href="/auth">{t("back.signin")}</a>
    </div>
  );
}

export function Brand() {
  return (
    <div class="brand">
      <img src="/icon.svg" alt="" width="28" height="28" />
      <span>{config.name}</span>
    </div>
  );
}

/** A text that people copy. */
export function Copied({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
  };
  // A browser that does not let pages copy lets people do so.
  return (
    <div class="stack">
      <code class="secret">{text}</code>
      <div>
        <button type="button" onClick={() => copy().catch(() => undefined)}>
          {t("copy")}
        </button>{" "}
        <span role="status">{done && t("copied")}</span>
      </div>
    </div>
  );
}

export function Languages() {
  const id = useId();
  return (
    <div class="actions">
      <label class="unseen" for={id}>
        {t("language")}
      </label>
      <select id={id} value={spoken()} onChange={(event) => choose(event.currentTarget.value)}>
        {Object.entries(LANGUAGES).map(([name, title]) => (
          <option key={name} value={name} lang={name} selected={name === spoken()}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
