// The one session of these pages, and what the deployment says about itself.
import { PorticoClient, PorticoError, type Routes, type Session } from "portico-auth";
import { maybe, t } from "./text";

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

/** Where somebody goes once they are signed in: a path of this site, or their account. */
export function destination(): string {
  const wanted = new URLSearchParams(location.search).get("redirect") ?? "";
  const url = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : undefined;
  const isOurs = url?.origin === location.origin && /^\/(?![/\\])/.test(wanted);
  return isOurs ? url.pathname + url.search + url.hash : "/account";
}

/** What went wrong, in words for whoever it happened to. */
export function explain(error: unknown): string {
  if (!(error instanceof PorticoError)) return t("error.unknown");
  if (error.code === "network_error") return t("error.offline");
  if (error.code === "rate_limited") {
    const minutes = Math.ceil((error.retryAfter ?? 60) / 60);
    return t(minutes > 1 ? "error.wait.minutes" : "error.wait", { minutes });
  }
  if (error.code === "unavailable") return t("error.unavailable");
  const said = words(error.body) ?? error.message;
  return maybe(`said.${said}`) ?? said;
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
