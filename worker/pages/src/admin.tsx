// For administrators. Each view has an address of its own behind the `#`.
import type { Session } from "portico-auth";
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Audit } from "./admin/audit";
import { Directory } from "./admin/directory";
import { Groups } from "./admin/groups";
import { Providers } from "./admin/providers";
import { Settings } from "./admin/settings";
import { Users } from "./admin/users";
import { Frame } from "./frame";
import { required } from "./session";
import { type Key, t } from "./text";
import { Heading, Loaded, useLoaded } from "./ui";

const VIEWS: [string, Key, FunctionComponent][] = [
  ["users", "users.title", Users],
  ["groups", "groups.title", Groups],
  ["settings", "settings.title", Settings],
  ["directory", "ldap.title", Directory],
  ["providers", "oauth.title", Providers],
  ["audit", "audit.title", Audit],
];

const named = () => VIEWS.find(([name]) => name === location.hash.replace(/^#\/?/, "")) ?? VIEWS[0]!;

export default function Admin() {
  const loaded = useLoaded(required);
  return <Loaded of={loaded}>{(session) => <Page session={session} />}</Loaded>;
}

function Page({ session }: { session: Session }) {
  const [[current, title, View], show] = useState(named);
  const [moved, move] = useState(false);
  useEffect(() => {
    const change = () => {
      // The skip link is no view.
      if (location.hash === "#content") return;
      move(true);
      show(named());
    };
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  if (session.user.role !== "admin") {
    return (
      <Frame session={session} here="/account">
        <Heading>{t("admin.title")}</Heading>
        <p class="notice bad">{t("admin.refused")}</p>
        <a href="/account">{t("account.title")}</a>
      </Frame>
    );
  }
  return (
    <Frame session={session} here="/admin">
      <nav aria-label={t("admin.title")}>
        <ul class="tabs">
          {VIEWS.map(([name, title]) => (
            <li key={name}>
              <a href={`#/${name}`} aria-current={name === current ? "page" : undefined}>
                {t(title)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <Heading moves={moved}>{t(title)}</Heading>
      <View key={current} />
    </Frame>
  );
}
