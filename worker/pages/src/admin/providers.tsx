import { client } from "../session";
import { t } from "../text";
import { Loaded, useLoaded } from "../ui";
import { type Setting, SettingsForm, type Stored } from "./settings_form";
import { Trial } from "./trial";

const SETTINGS: Setting[] = [
  { name: "ENABLE_OAUTH", label: "oauth.on", kind: "flag" },
  { name: "ENABLE_OAUTH_SIGNUP", label: "oauth.signup", kind: "flag" },
  { name: "OAUTH_AUTO_REDIRECT", label: "oauth.redirect", kind: "flag" },
  { name: "OAUTH_PROVIDER_NAME", label: "oauth.name" },
  { name: "OPENID_PROVIDER_URL", label: "oauth.url", hint: "oauth.url.hint" },
  { name: "OAUTH_CLIENT_ID", label: "oauth.id" },
  { name: "OAUTH_CLIENT_SECRET", label: "oauth.secret", kind: "secret" },
  { name: "OPENID_REDIRECT_URI", label: "oauth.callback", hint: "oauth.callback.hint" },
  { name: "OAUTH_SCOPES", label: "oauth.scopes" },
  {
    name: "OAUTH_TOKEN_ENDPOINT_AUTH_METHOD",
    label: "oauth.method",
    kind: "list",
    choices: [
      ["", "oauth.method.default"],
      ["client_secret_basic", "oauth.method.basic"],
      ["client_secret_post", "oauth.method.post"],
      ["none", "oauth.method.none"],
    ],
  },
  { name: "OAUTH_ALLOWED_DOMAINS", label: "oauth.domains", hint: "oauth.domains.hint" },
  { name: "OAUTH_MERGE_ACCOUNTS_BY_EMAIL", label: "oauth.merge", kind: "flag" },
  { name: "ENABLE_OAUTH_ROLE_MANAGEMENT", label: "oauth.roles", kind: "flag" },
  { name: "OAUTH_ROLES_CLAIM", label: "oauth.roles.claim" },
  { name: "OAUTH_ALLOWED_ROLES", label: "oauth.roles.allowed" },
  { name: "OAUTH_ADMIN_ROLES", label: "oauth.roles.admin" },
  { name: "ENABLE_OAUTH_GROUP_MANAGEMENT", label: "oauth.groups", kind: "flag" },
  { name: "ENABLE_OAUTH_GROUP_CREATION", label: "oauth.groups.create", kind: "flag" },
  { name: "OAUTH_GROUP_CLAIM", label: "oauth.groups.claim" },
];

export function Providers() {
  const stored = useLoaded<Stored>(() => client.call("GET /api/v1/auths/admin/config/oauth"));
  const save = async (body: Stored) => {
    // Everything is optional here.
    stored.replace(await client.call("POST /api/v1/auths/admin/config/oauth", { body }));
    return t("saved");
  };
  return (
    <Loaded of={stored}>
      {(value) => (
        <div class="two">
          <div class="sheet">
            <SettingsForm settings={SETTINGS} stored={value} save={save} />
          </div>
          <Trial run={() => client.call("POST /api/v1/auths/admin/config/oauth/test")} />
        </div>
      )}
    </Loaded>
  );
}
