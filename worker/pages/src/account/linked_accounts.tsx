import { useEffect, useRef } from "preact/hooks";
import type { AccountData } from "../account";
import { client, config } from "../session";
import { date, t } from "../text";
import { Action } from "../ui";

export function LinkedAccounts({ identities, reload }: { identities: AccountData["identities"]; reload(): Promise<void> }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Back from a provider.
  useEffect(() => void (location.hash === "#linked" && heading.current?.focus()), []);
  const { providers } = config.oauth;
  const name = (provider: string) => providers[provider] ?? (provider === "ldap" ? t("directory") : provider);
  const free = Object.keys(providers).filter((provider) => !identities.some((linked) => linked.provider === provider));
  if (identities.length === 0 && free.length === 0) return null;
  const link = (provider: string) => async () => {
    const { url } = await client.call("POST /api/v1/auths/oauth/{provider}/link", { path: { provider } });
    location.assign(url);
  };
  const unlink = (provider: string) => async () => {
    await client.call("DELETE /api/v1/auths/oauth/identities/{provider}", { path: { provider } });
    await reload();
  };
  return (
    <section class="sheet" aria-labelledby="linked">
      <h2 id="linked" ref={heading} tabIndex={-1}>
        {t("linked.title")}
      </h2>
      <ul class="rows">
        {identities.map(({ provider, linked_at }) => (
          <li key={provider}>
            <div>
              <strong>{name(provider)}</strong>
              <div class="small faint">{t("linked.since", { date: date(linked_at) })}</div>
            </div>
            {Object.hasOwn(providers, provider) && (
              <Action run={unlink(provider)} label={t("linked.unlink.name", { name: name(provider) })} confirm={t("linked.unlink.text", { name: name(provider) })}>
                {t("linked.unlink")}
              </Action>
            )}
          </li>
        ))}
      </ul>
      <div class="actions">
        {free.map((provider) => (
          <Action key={provider} run={link(provider)}>
            {t("linked.link", { name: name(provider) })}
          </Action>
        ))}
      </div>
    </section>
  );
}
