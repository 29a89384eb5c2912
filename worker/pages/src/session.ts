// The one session of these pages, and what the deployment says about itself.
import { PorticoClient, PorticoError, type Routes, type Session } from "portico-auth";
import { keys, maybe, t } from "./text";

export type PublicConfig = Routes["GET /api/config"]["answer"];

export const client = new PorticoClient();

export let config: PublicConfig;

export async function readConfig(): Promise<PublicConfig> {
  config = await client.call("GET /api/config");
  return config;
}

/** Who is signed in; leaves for the page to sign in on when nobody is. */
export async function required(): Promise<Session> {
  const session = client.session ?? (await client.start());
  if (session) return session;
  location.replace(`/auth?redirect=${encodeURIComponent(location.pathname + location.hash)}`);
  return new Promise(() => undefined);
}

/** Whether nobody types anything to sign in here (open-webui.md §1.7). */
export const isAutomatic = (): boolean => config.features.auth === false || config.features.auth_trusted_header === true;

/** Where somebody goes once they are signed in: a path of this site, or their account. */
export function destination(): string {
  const wanted = new URLSearchParams(location.search).get("redirect") ?? "";
  const url = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : undefined;
  // A whole address: a path such as `/.//evil.example` would become one of somebody else's.
  return wanted.startsWith("/") && url?.origin === location.origin ? url.href : "/account";
}

/** Something that a page itself finds wrong, in its words. */
export class Wrong extends Error {}

/** What went wrong, in words for whoever it happened to. */
export function explain(error: unknown): string {
  if (error instanceof Wrong) return error.message;
  if (!(error instanceof PorticoError)) return t("error.unknown");
  if (error.code === "network_error") return t("error.offline");
  if (error.code === "rate_limited") {
    const minutes = Math.ceil((error.retryAfter ?? 60) / 60);
    return t(minutes > 1 ? "error.wait.minutes" : "error.wait", { minutes });
  }
  if (error.code === "unavailable") return t("error.unavailable");
  const said = words(error.body) ?? error.message;
  return maybe(`said.${said}`) ?? beginning(said) ?? said;
}

// Some of the service's texts end in something particular.
function beginning(said: string): string | undefined {
  const known = keys().filter((key) => key.startsWith("said.") && said.startsWith(key.slice(5)));
  const longest = known.sort((a, b) => b.length - a.length)[0];
  return longest && maybe(longest);
}

/** What a provider's answer says: anybody can write an address, so it is shown only if it is something that we say. */
export function ofProvider(error: string): string {
  return maybe(`provider.${error}`) ?? maybe(`said.${error}`) ?? t("provider.failed");
}

/** Whether a step has to begin anew. */
export function isOver(error: unknown): boolean {
  const texts = ["This authentication step expired.", "Authentication changed in another request.", "MFA is disabled."];
  return error instanceof PorticoError && texts.some((text) => words(error.body)?.startsWith(text));
}

// Both dialects' ways of saying what is wrong.
function words(body: unknown): string | undefined {
  const { detail, message } = (body ?? {}) as { detail?: unknown; message?: unknown };
  if (Array.isArray(detail)) return detail.map((issue) => issue?.msg).filter(Boolean).join(" ");
  for (const text of [detail, message, body]) if (typeof text === "string" && text !== "") return text;
  return undefined;
}

export const isRefusal = (error: unknown, status: number): boolean =>
  error instanceof PorticoError && error.status === status;
