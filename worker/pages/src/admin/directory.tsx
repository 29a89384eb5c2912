import { client } from "../session";
import { t } from "../text";
import { Action, Field, Loaded, useLoaded } from "../ui";
import { type Setting, SettingsForm, type Stored } from "./settings_form";
import { Trial } from "./trial";

const SETTINGS: Setting[] = [
  { name: "label", label: "ldap.label", required: true },
  { name: "host", label: "ldap.host", hint: "ldap.host.hint", required: true },
  { name: "port", label: "ldap.port", kind: "number" },
  { name: "use_tls", label: "ldap.tls", kind: "flag" },
  { name: "use_starttls", label: "ldap.starttls", kind: "flag" },
  { name: "certificate_path", label: "ldap.ca", hint: "ldap.ca.hint", kind: "wide" },
  { name: "app_dn", label: "ldap.dn", hint: "ldap.dn.hint" },
  { name: "app_dn_password", label: "ldap.password", kind: "secret" },
  { name: "search_base", label: "ldap.base", required: true },
  { name: "search_filters", label: "ldap.filter" },
  { name: "attribute_for_username", label: "ldap.username", required: true },
  { name: "attribute_for_mail", label: "ldap.mail", required: true },
  { name: "default_email_domain", label: "ldap.domain", hint: "ldap.domain.hint" },
  { name: "attribute_for_id", label: "ldap.id", hint: "ldap.id.hint" },
  { name: "enable_group_management", label: "ldap.groups", kind: "flag" },
  { name: "enable_group_creation", label: "ldap.groups.create", kind: "flag" },
  { name: "attribute_for_groups", label: "ldap.groups.attribute" },
  { name: "group_search_base", label: "ldap.groups.base" },
  { name: "group_search_filter", label: "ldap.groups.filter" },
];

async function load() {
  const [{ ENABLE_LDAP: isOn }, stored] = await Promise.all([
    client.call("GET /api/v1/auths/admin/config/ldap"),
    client.call("GET /api/v1/auths/admin/config/ldap/server"),
  ]);
  return { isOn, stored };
}

export function Directory() {
  const loaded = useLoaded(load);
  const save = async (changes: Stored) => {
    const now = await load();
    const body = { ...now.stored, ...changes };
    loaded.replace({ ...now, stored: await client.call("POST /api/v1/auths/admin/config/ldap/server", { body }) });
    return t("saved");
  };
  const turn = async (enable_ldap: boolean) => {
    await client.call("POST /api/v1/auths/admin/config/ldap", { body: { enable_ldap } });
    await loaded.reload();
  };
  return (
    <Loaded of={loaded}>
      {({ isOn, stored }) => (
        <>
          <div class="sheet">
            <p>
              <span class="badge">{t(isOn ? "ldap.on" : "ldap.off")}</span>
            </p>
            <Action run={() => turn(!isOn)}>{t(isOn ? "ldap.turn.off" : "ldap.turn.on")}</Action>
          </div>
          <div class="two">
            <div class="sheet">
              <SettingsForm settings={SETTINGS} stored={stored} save={save} />
            </div>
            <Trial run={({ user = "" }) => client.call("POST /api/v1/auths/admin/config/ldap/test", { body: { user: user || null } })}>
              <Field label={t("ldap.trial.user")} name="user" hint={t("ldap.trial.hint")} autocomplete="off" />
            </Trial>
          </div>
        </>
      )}
    </Loaded>
  );
}
