// What the pages for people who are signed in have around them.
import type { Session } from "portico-auth";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { client } from "./session";
import { t } from "./text";
import { Action, Brand, Languages } from "./ui";

export function Frame({ session, here, children }: { session: Session; here: "/account" | "/admin"; children: ComponentChildren }) {
  // Here, in another tab, or because the session was ended elsewhere.
  useEffect(() => client.on("signed-out", () => location.replace("/auth")), []);
  // Somebody else signs in in another tab: what is shown here is not theirs.
  useEffect(() => client.on("signed-in", ({ user }) => user.id !== session.user.id && location.reload()), []);
  const signOut = async () => {
    const { redirect } = await client.signOut();
    location.replace(redirect ?? "/auth");
  };
  const link = (path: typeof here, text: string) => (
    <a href={path} aria-current={here === path ? "page" : undefined}>
      {text}
    </a>
  );
  return (
    <>
      <a class="skip" href="#content">
        {t("skip")}
      </a>
      <header class="top">
        <div>
          <Brand />
          {session.user.role === "admin" && (
            <nav aria-label={t("nav")}>
              {link("/account", t("account.title"))}
              {link("/admin", t("admin.title"))}
            </nav>
          )}
          <Languages />
          <Action run={signOut}>{t("signout")}</Action>
        </div>
      </header>
      <main class="inside" id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
