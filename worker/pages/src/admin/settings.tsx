import { client } from "../session";
import { t } from "../text";
import { Loaded, useLoaded } from "../ui";
import { type Setting, SettingsForm, type Stored } from "./settings_form";

const SETTINGS: Setting[] = [
  { name: "WEBUI_URL", label: "settings.url", hint: "settings.url.hint" },
  { name: "ENABLE_SIGNUP", label: "settings.signup", kind: "flag" },
  { name: "ENABLE_LOGIN_FORM", label: "settings.form", kind: "flag" },
  {
    name: "DEFAULT_USER_ROLE",
    label: "settings.role",
    kind: "list",
    choices: [
      ["pending", "role.pending"],
      ["user", "role.user"],
    ],
  },
  { name: "JWT_EXPIRES_IN", label: "settings.lifetime", hint: "settings.lifetime.hint", required: true },
  { name: "ENABLE_MFA", label: "settings.mfa", kind: "flag" },
  { name: "ENABLE_API_KEYS", label: "settings.keys", kind: "flag" },
  { name: "ENABLE_API_KEYS_ENDPOINT_RESTRICTIONS", label: "settings.keys.restricted", kind: "flag" },
  { name: "API_KEYS_ALLOWED_ENDPOINTS", label: "settings.keys.endpoints", hint: "settings.keys.endpoints.hint" },
  { name: "SHOW_ADMIN_DETAILS", label: "settings.details", kind: "flag" },
  { name: "ADMIN_EMAIL", label: "settings.email" },
  { name: "PENDING_USER_OVERLAY_TITLE", label: "settings.pending.title" },
  { name: "PENDING_USER_OVERLAY_CONTENT", label: "settings.pending.text", kind: "wide" },
];

const load = (): Promise<Stored> => client.call("GET /api/v1/auths/admin/config");

export function Settings() {
  const stored = useLoaded(load);
  const save = async (changes: Stored) => {
    const body = { ...(await load()), ...changes };
    const now = await client.call("POST /api/v1/auths/admin/config", { body });
    stored.replace(now);
    return t(now.sessions_revoked ? "settings.saved.ended" : "saved");
  };
  return (
    <div class="sheet">
      <Loaded of={stored}>{(value) => <SettingsForm settings={SETTINGS} stored={value} save={save} />}</Loaded>
    </div>
  );
}
