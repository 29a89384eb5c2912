// One's own account.
import { type Session, hasPermission, init } from "portico-auth";
import { useState } from "preact/hooks";
import { ApiKey } from "./account/api_key";
import { Deletion } from "./account/deletion";
import { LinkedAccounts } from "./account/linked_accounts";
import { PasswordChange } from "./account/password";
import { Profile } from "./account/profile";
import { SecondFactor } from "./account/second_factor";
import { Sessions } from "./account/sessions";
import { Frame } from "./frame";
import { client, config, ofProvider, readConfig, required } from "./session";
import { t } from "./text";
import { Heading, Loaded, useLoaded } from "./ui";

/** Everything that the page shows, so that it is shown at once. */
async function load() {
  const session = await required();
  // What members are told.
  await readConfig();
  const [profile, sessions, factor, identities] = await Promise.all([
    client.call("GET /api/v1/auths/"),
    client.call("GET /api/v1/auths/sessions"),
    client.call("GET /api/v1/auths/mfa/status"),
    client.call("GET /api/v1/auths/oauth/identities"),
    init(),
  ]);
  const hasKeys = profile.role === "admin" || hasPermission(profile.permissions, "features.api_keys");
  // Who came by a provider or a directory may have no password here.
  const byPassword = sessions.find(({ current }) => current)?.auth_method === "password";
  return { session, profile, sessions, factor, identities, byPassword, mayHaveKey: hasKeys && Boolean(config.features.enable_api_keys) };
}

export type AccountData = Awaited<ReturnType<typeof load>>;

export default function Account() {
  const loaded = useLoaded(load);
  return <Loaded of={loaded}>{(data) => <Page data={data} reload={loaded.reload} />}</Loaded>;
}

function Page({ data, reload }: { data: AccountData; reload(): Promise<void> }) {
  const [session] = useState<Session>(data.session);
  const { role } = session.user;
  const isMember = role !== "pending";
  const error = new URLSearchParams(location.search).get("error");
  return (
    <Frame session={session} here="/account">
      <Heading moves={false}>{t("account.title")}</Heading>
      {error !== null && (
        <p class="notice bad" role="alert">
          {ofProvider(error)}
        </p>
      )}
      {!isMember && <p class="notice">{t("pending.text")}</p>}
      <div class="two">
        {isMember && <Profile profile={data.profile} />}
        {isMember && data.byPassword && Boolean(config.features.enable_password_change_form) && <PasswordChange user={data.session.user} />}
        {isMember && <SecondFactor status={data.factor} byPassword={data.byPassword} reload={reload} />}
        <Sessions sessions={data.sessions} reload={reload} />
        <LinkedAccounts identities={data.identities} reload={reload} />
        {isMember && data.mayHaveKey && <ApiKey />}
        {isMember && config.allowAccountDeletion && <Deletion factor={data.factor} />}
      </div>
    </Frame>
  );
}
