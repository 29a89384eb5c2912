//! From the environment's defaults and what is stored to what holds now.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    catalog::{ALL, Spec},
    kind::{SettingError, comma_list},
};
use crate::{
    duration::TokenLifetime,
    id::GroupId,
    permission::{Feature, PartialTree, PermissionSet},
    seal::{OpenError, Place, SealingKeys},
    secret::Secret,
    user::{Role, SignUpPolicy},
};

/// The stored row whose version counts the changes of groups and memberships. It has no value of its own.
pub const DIRECTORY: &str = "DIRECTORY";

/// The stored row whose version counts how often all sessions were ended at once.
pub const SESSION_EPOCH: &str = "SESSION_EPOCH";

/// What stands for a secret that is set. A form that sends it back leaves the secret alone (R-07).
pub const SECRET_SENTINEL: &str = "********";

/// One stored setting.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StoredSetting {
    /// JSON.
    pub value: String,
    /// Counts its changes.
    pub version: u32,
}

/// Everything that is stored, as of one moment.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct StoredSettings {
    /// The settings by name.
    pub rows: BTreeMap<String, StoredSetting>,
    /// Whether any account exists.
    pub has_users: bool,
    /// Whether anybody wants to be told about events.
    #[serde(default)]
    pub has_webhooks: bool,
    /// Whether the webhook that the environment may name was ever stored.
    #[serde(default)]
    pub knows_default_webhook: bool,
}

impl StoredSettings {
    /// How often the settings were changed. A change is accepted only by somebody who has seen all before it.
    pub fn version(&self) -> u32 {
        let counted =
            |(name, row): (&String, &StoredSetting)| if name == DIRECTORY { 0 } else { row.version };
        self.rows.iter().map(counted).fold(0, u32::saturating_add)
    }

    fn generation(&self, name: &str) -> u32 {
        self.rows.get(name).map_or(0, |row| row.version)
    }
}

/// What sessions and copies of accounts are held against, besides their own record.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Generations {
    /// Counts the changes of groups and memberships: a copy of an account that was made before the last is old.
    pub directory: u32,
    /// Counts how often all sessions were ended at once: a session that was opened before the last is over.
    pub sessions: u32,
}

/// The defaults of a deployment, from its environment.
#[derive(Clone)]
pub struct SettingDefaults {
    values: BTreeMap<&'static str, Value>,
    /// What everybody may do where nobody has stored anything else.
    pub permissions: PermissionSet<Feature>,
    /// Whether what is stored counts (`ENABLE_PERSISTENT_CONFIG`).
    pub stored_counts: bool,
    /// Whether the first account may be made without the login form (`ENABLE_INITIAL_ADMIN_SIGNUP`).
    pub initial_admin_sign_up: bool,
    /// Whether people have to sign in (`WEBUI_AUTH`).
    pub authentication: bool,
    /// Whether the environment says something about registration.
    sign_up_is_explicit: bool,
}

impl SettingDefaults {
    /// Reads the environment through `lookup`; empty variables count as not set.
    ///
    /// # Errors
    /// Every variable with a value that its setting does not accept.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<(&'static str, SettingError)>> {
        let (mut values, mut problems) = (BTreeMap::new(), Vec::new());
        let text =
            |name: &str| (!name.is_empty()).then(|| lookup(name)).flatten().filter(|text| !text.is_empty());
        for spec in ALL.into_iter().flatten() {
            let default = || serde_json::from_str(spec.default).unwrap_or(Value::Null);
            let value = match text(spec.name).or_else(|| text(spec.alias)) {
                Some(text) => spec.kind.read(&text).unwrap_or_else(|problem| {
                    problems.push((spec.name, problem));
                    Value::Null
                }),
                None => default(),
            };
            values.insert(spec.name, value);
        }
        let permissions = PermissionSet::defaults(|permission: Feature| {
            use crate::permission::Permission as _;
            lookup(&alloc::format!("USER_PERMISSIONS_{}", permission.setting()))
                .map(|text| text.eq_ignore_ascii_case("true"))
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            values,
            permissions,
            stored_counts: true,
            initial_admin_sign_up: false,
            authentication: true,
            sign_up_is_explicit: text("ENABLE_SIGNUP").is_some(),
        })
    }
}

/// The settings that hold now.
#[derive(Clone)]
pub struct Settings {
    values: BTreeMap<&'static str, Value>,
    /// How long session tokens live.
    pub token_lifetime: TokenLifetime,
    /// Role of new accounts after the first.
    pub default_role: Role,
    /// The group that new accounts join.
    pub default_group: Option<GroupId>,
    /// Who may create an account.
    pub sign_up: SignUpPolicy,
    /// Whether and where API keys work.
    pub api_keys: ApiKeyRules,
    /// What everybody may do.
    pub default_permissions: PermissionSet<Feature>,
    /// What sessions and copies of accounts are held against.
    pub generations: Generations,
    /// Whether any account exists.
    pub has_users: bool,
    /// Whether anybody wants to be told about events.
    pub has_webhooks: bool,
    /// Whether the webhook that the environment may name was ever stored.
    pub knows_default_webhook: bool,
}

/// Whether and where API keys work (open-webui.md §3.6).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ApiKeyRules {
    /// Whether there are any.
    pub enabled: bool,
    /// The only paths they open, if there is such a list; an empty one opens nothing.
    pub only: Option<Vec<String>>,
}

impl Settings {
    /// What `stored` makes of the defaults.
    pub fn new(defaults: &SettingDefaults, stored: &StoredSettings) -> Self {
        let mut values = defaults.values.clone();
        if defaults.stored_counts {
            for spec in ALL.into_iter().flatten() {
                // A row that this version can not read is one that it does not have.
                let row = stored.rows.get(spec.name).and_then(|row| serde_json::from_str(&row.value).ok());
                if let Some(value) = row {
                    values.insert(spec.name, value);
                }
            }
        } else if let Some(row) = stored.rows.get("ENABLE_SIGNUP").filter(|_| !defaults.sign_up_is_explicit) {
            // Not an administrator's word: the first sign-up has closed registration.
            values.insert("ENABLE_SIGNUP", Value::Bool(row.value == "true"));
        }
        if !defaults.authentication {
            // Whoever asks nobody who they are asks nobody twice.
            values.extend(["ENABLE_SIGNUP", "ENABLE_MFA"].map(|name| (name, Value::Bool(false))));
        }
        let flag = |name| values.get(name) == Some(&Value::Bool(true));
        let text = |name| values.get(name).and_then(Value::as_str).unwrap_or_default();
        let tree = values.get("USER_PERMISSIONS").map(Value::to_string).unwrap_or_default();
        let login_form = flag("ENABLE_LOGIN_FORM");
        let restricted = flag("ENABLE_API_KEYS_ENDPOINT_RESTRICTIONS");
        Self {
            token_lifetime: TokenLifetime::parse(text("JWT_EXPIRES_IN")).unwrap_or(TokenLifetime::DEFAULT),
            default_role: Role::parse(text("DEFAULT_USER_ROLE")).unwrap_or(Role::Pending),
            default_group: GroupId::parse(text("DEFAULT_GROUP_ID")).ok(),
            sign_up: SignUpPolicy {
                first: login_form || defaults.initial_admin_sign_up,
                others: login_form && defaults.authentication,
                unless_stored: flag("ENABLE_SIGNUP"),
                stored_counts: defaults.stored_counts || !defaults.sign_up_is_explicit,
                closes: !defaults.sign_up_is_explicit,
            },
            api_keys: ApiKeyRules {
                enabled: flag("ENABLE_API_KEYS"),
                only: restricted.then(|| comma_list(text("API_KEYS_ALLOWED_ENDPOINTS"))),
            },
            default_permissions: PartialTree::parse(&tree)
                .map_or(defaults.permissions, |tree| tree.filled(defaults.permissions)),
            generations: Generations {
                directory: stored.generation(DIRECTORY),
                sessions: stored.generation(SESSION_EPOCH),
            },
            has_users: stored.has_users,
            has_webhooks: stored.has_webhooks,
            knows_default_webhook: stored.knows_default_webhook,
            values,
        }
    }

    /// The value of a setting of the catalogue.
    pub fn value(&self, spec: &Spec) -> &Value {
        self.named(spec.name)
    }

    /// The value as it may be shown: never a secret (R-07).
    pub fn shown(&self, spec: &Spec) -> Value {
        match self.value(spec) {
            Value::String(text) if spec.kind.is_secret() && !text.is_empty() => SECRET_SENTINEL.into(),
            value => value.clone(),
        }
    }

    /// The value of a setting by its name; null for a name that the catalogue does not have.
    pub fn named(&self, name: &str) -> &Value {
        self.values.get(name).unwrap_or(&Value::Null)
    }

    /// Whether a setting is switched on.
    pub fn is_on(&self, name: &str) -> bool {
        self.named(name) == &Value::Bool(true)
    }

    /// The text of a setting; `None` where it has none or an empty one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.named(name).as_str().filter(|text| !text.is_empty())
    }

    /// A secret: one that an administrator has stored is in its envelope, the environment's is not.
    ///
    /// # Errors
    /// When there is an envelope that can not be opened.
    pub fn secret(&self, name: &str, sealing: &SealingKeys) -> Result<Option<Secret<String>>, OpenError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match sealing.open(text, &Place { table: "settings", column: "value", row: name }) {
            Ok(opened) => {
                let text = core::str::from_utf8(opened.expose_secret()).map_err(|_| OpenError::Malformed)?;
                Ok(Some(Secret::new(text.to_string())))
            }
            Err(OpenError::Malformed) => Ok(Some(Secret::new(text.to_string()))),
            Err(error) => Err(error),
        }
    }

    /// These settings with other values for some, as long as those are not stored.
    #[must_use]
    pub fn with<'v>(&self, changes: impl IntoIterator<Item = (&'static str, &'v Value)>) -> Self {
        let mut settings = self.clone();
        settings.values.extend(changes.into_iter().map(|(name, value)| (name, value.clone())));
        settings
    }

    /// Whether a provider of one's own is configured as far as it has to be (open-webui.md §8.1).
    pub fn has_openid_provider(&self) -> bool {
        let has = |name: &str| self.text(name).is_some();
        has("OAUTH_CLIENT_ID")
            && has("OPENID_PROVIDER_URL")
            && (has("OAUTH_CLIENT_SECRET") || has("OAUTH_CODE_CHALLENGE_METHOD"))
    }
}

/// Without the values: there are secrets among them.
impl core::fmt::Debug for SettingDefaults {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("SettingDefaults").finish_non_exhaustive()
    }
}

/// Without the values: there are secrets among them.
impl core::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Settings").field("generations", &self.generations).finish_non_exhaustive()
    }
}

impl ApiKeyRules {
    /// Whether a key opens a path, compared in its normal form and whole segments (AK-08).
    pub fn open(&self, path: &str) -> bool {
        let Some(only) = &self.only else { return true };
        let Some(path) = normal(path) else { return false };
        only.iter().any(|entry| {
            let entry = entry.to_lowercase();
            let entry = entry.trim_end_matches('/');
            !entry.is_empty()
                && path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// A path without anything that could make it look like another; `None` when it has such a thing. The router
/// takes paths as they come, so nothing is decoded here: what would need it leads nowhere.
fn normal(path: &str) -> Option<String> {
    let odd = path.contains("//") || path.split('/').any(|segment| matches!(segment, "." | ".."));
    (!odd && !path.contains(['%', ';', '\\'])).then(|| path.to_lowercase())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn defaults(vars: &[(&str, &str)]) -> SettingDefaults {
        SettingDefaults::read(|name| {
            vars.iter().find(|(variable, _)| *variable == name).map(|(_, text)| (*text).to_string())
        })
        .unwrap()
    }

    fn stored(rows: &[(&str, &str)]) -> StoredSettings {
        let row = |(name, value): &(&str, &str)| {
            ((*name).to_string(), StoredSetting { value: (*value).to_string(), version: 1 })
        };
        StoredSettings { rows: rows.iter().map(row).collect(), has_users: true, ..StoredSettings::default() }
    }

    #[test]
    fn what_is_stored_wins_over_the_environment_which_wins_over_the_default() {
        /* AD-08 */
        let env = defaults(&[("JWT_EXPIRES_IN", "1h"), ("ENABLE_API_KEYS", "true")]);
        let none = Settings::new(&env, &StoredSettings::default());
        assert_eq!(none.token_lifetime, TokenLifetime::parse("1h").unwrap());
        assert!(none.api_keys.enabled && none.is_on("ENABLE_NOTES"));
        let some = stored(&[("JWT_EXPIRES_IN", r#""2h""#), ("ENABLE_API_KEYS", "false")]);
        let settings = Settings::new(&env, &some);
        assert_eq!(settings.token_lifetime, TokenLifetime::parse("2h").unwrap());
        assert!(!settings.api_keys.enabled);
        let settings = Settings::new(&SettingDefaults { stored_counts: false, ..env }, &some);
        assert_eq!(settings.token_lifetime, TokenLifetime::parse("1h").unwrap());
    }

    #[test]
    fn a_bad_variable_is_named() {
        /* AD-07 */
        let read = SettingDefaults::read(|name| (name == "JWT_EXPIRES_IN").then(|| "90".to_string()));
        assert_eq!(read.unwrap_err().first().map(|(name, _)| *name), Some("JWT_EXPIRES_IN"));
    }

    #[test]
    fn an_older_name_of_a_variable_is_read_where_the_newer_is_missing() {
        let env = defaults(&[
            ("API_KEY_ALLOWED_ENDPOINTS", "/a"),
            ("ENABLE_API_KEY_ENDPOINT_RESTRICTIONS", "true"),
        ]);
        let settings = Settings::new(&env, &StoredSettings::default());
        assert_eq!(settings.api_keys.only.as_deref(), Some(&["/a".to_string()][..]));
    }

    #[test]
    fn a_restricted_key_opens_whole_segments_of_plain_paths() {
        /* AK-08 */
        let rules = ApiKeyRules {
            enabled: true,
            only: Some(alloc::vec!["/api/v1/users".into(), "/API/models/".into()]),
        };
        for open in ["/api/v1/users", "/api/v1/users/", "/api/v1/users/x", "/API/V1/USERS", "/api/models"] {
            assert!(rules.open(open), "{open}");
        }
        for shut in [
            "/api/v1/users2",
            "/api/v1/user",
            "/api/v1/groups",
            "/api/v1/users/../groups/",
            "/api/v1/users/./x",
            "/api/v1//users",
            "/api/v1/users%2f..",
            "/api/v1/users;x",
            "/x/api/v1/users",
            "",
        ] {
            assert!(!rules.open(shut), "{shut}");
        }
        let nothing = ApiKeyRules { enabled: true, only: Some(Vec::new()) };
        assert!(!nothing.open("/api/v1/users") && !nothing.open(""));
    }
}
