// What the pages say, in the language of whoever reads it. strings/en.json is the file to translate.
import en from "./strings/en.json";

export type Key = keyof typeof en;
export type Language = "de" | "en";

export const LANGUAGES: Record<Language, string> = { de: "Deutsch", en: "English" };

const KEPT = "portico-language";

let strings: Record<string, string> = en;
let language: Language = "en";

const isLanguage = (name: string | undefined | null): name is Language => !!name && Object.hasOwn(LANGUAGES, name);

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** What somebody has chosen, else what their browser asks for, else what the deployment speaks. */
export const negotiate = (ofDeployment?: string): Promise<void> =>
  speak([kept(), ...navigator.languages, ofDeployment].map((name) => name?.slice(0, 2).toLowerCase()).find(isLanguage) ?? "en");

async function speak(name: string): Promise<void> {
  strings = name === "de" ? (await import("./strings/de.json")).default : en;
  language = name === "de" ? "de" : "en";
  document.documentElement.lang = language;
}

export function choose(name: string): void {
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
  void speak(name).then(changed, () => undefined);
}

let changed = () => {};

/** Says what to do when somebody chooses another language; what they have typed stays. */
export const onChoice = (redraw: () => void): void => void (changed = redraw);

export const spoken = (): Language => language;

/** A text; `{name}` in it is replaced. */
export function t(key: Key, values: Record<string, number | string> = {}): string {
  return (strings[key] ?? en[key]).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

export const keys = (): string[] => Object.keys(strings);

/** A text that may be missing, such as one for a word of the service. */
export const maybe = (key: string): string | undefined => strings[key];

export const date = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
