//! The settings: names and defaults of open-webui.md §1.4, §7.3, §9.1 and §12.

use super::kind::Kind;

/// One setting.
#[derive(Debug)]
pub struct Spec {
    /// Its name: the key under which it is stored, and the environment variable that gives its default.
    pub name: &'static str,
    /// An older name of the variable; empty when there is none.
    pub alias: &'static str,
    /// Its name on the wire.
    pub field: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// What a form says by leaving it out.
    pub omitted: Omitted,
    /// JSON of the default when the environment has none.
    pub default: &'static str,
}

/// What leaving a setting out of a form means. A form written by an older client loses nothing (AD-09).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Omitted {
    /// It stays.
    Kept,
    /// It stays, and null means the same.
    KeptAsNull,
    /// The form is refused.
    Refused,
}

use Kind::{
    CommaList, Count, Flag, Group, JsonList, Lifetime, Object, OneOf, OptionalText, Permissions, Port,
    PositiveCount, Role, Secret, Share, StrictFlag, Text, Translations, Url,
};
use Omitted::{Kept, KeptAsNull, Refused};

macro_rules! specs {
    ($($name:literal $(or $alias:literal)? $(as $field:literal)?, $kind:expr, $omitted:expr, $default:literal;)*) => {
        &[$(Spec {
            name: $name,
            alias: specs!(@first "" $($alias)?),
            field: specs!(@first $name $($field)?),
            kind: $kind,
            omitted: $omitted,
            default: $default,
        }),*]
    };
    (@first $fallback:literal) => { $fallback };
    (@first $fallback:literal $given:literal) => { $given };
}

/// `admin/config`.
pub const ADMIN: &[Spec] = specs![
    "ENABLE_MFA", StrictFlag, Kept, "false";
    "MFA_ALLOW_OAUTH_BYPASS", StrictFlag, Kept, "false";
    "MFA_ALLOW_TRUSTED_HEADER_BYPASS", StrictFlag, Kept, "false";
    "SHOW_ADMIN_DETAILS", Flag, Refused, "true";
    "ADMIN_EMAIL", OptionalText, Kept, "null";
    "WEBUI_URL", Url, Refused, r#""""#;
    "ENABLE_LOGIN_FORM", Flag, Kept, "true";
    "ENABLE_SIGNUP", Flag, Refused, "true";
    "ENABLE_API_KEYS", Flag, Refused, "false";
    "ENABLE_API_KEYS_ENDPOINT_RESTRICTIONS" or "ENABLE_API_KEY_ENDPOINT_RESTRICTIONS", Flag, Refused, "false";
    "API_KEYS_ALLOWED_ENDPOINTS" or "API_KEY_ALLOWED_ENDPOINTS", Text, Refused, r#""""#;
    "DEFAULT_USER_ROLE", Role, Refused, r#""pending""#;
    "DEFAULT_GROUP_ID", Group, Refused, r#""""#;
    "DEFAULT_INTERFACE_SETTINGS", Object, Kept, "{}";
    "I18N", Translations, Kept, "{}";
    "JWT_EXPIRES_IN", Lifetime, Refused, r#""4w""#;
    "ENABLE_COMMUNITY_SHARING", Flag, Refused, "true";
    "ENABLE_MESSAGE_RATING", Flag, Refused, "true";
    "ENABLE_FOLDERS", Flag, Refused, "true";
    "FOLDER_MAX_FILE_COUNT", Count, Kept, r#""""#;
    "AUTOMATION_MAX_COUNT", Count, Kept, r#""""#;
    "AUTOMATION_MIN_INTERVAL", Count, Kept, r#""""#;
    "ENABLE_AUTOMATIONS", Flag, Refused, "true";
    "ENABLE_CHANNELS", Flag, Refused, "false";
    "ENABLE_ENCRYPTED_CHANNELS", Flag, Kept, "false";
    "ENABLE_APPS", Flag, Kept, "false";
    "CHANNEL_MODEL_RESPONSE_MODE", OneOf(&["thread", "channel"]), Kept, r#""thread""#;
    "ENABLE_CALENDAR", Flag, Refused, "true";
    "ENABLE_MEMORIES", Flag, Refused, "true";
    "ENABLE_MEMORY_SYSTEM_CONTEXT", Flag, Refused, "true";
    "ENABLE_SKILL_LAZY_LOADING", Flag, Kept, "false";
    "SKILL_CONTENT_MAX_CHARS", PositiveCount, Kept, "null";
    "SKILL_PREVIEW_MAX_CHARS", PositiveCount, Kept, "null";
    "ENABLE_NOTES", Flag, Refused, "true";
    "ENABLE_USER_WEBHOOKS", Flag, Refused, "false";
    "ENABLE_USER_STATUS", Flag, Refused, "true";
    "PENDING_USER_OVERLAY_TITLE", OptionalText, Kept, r#""""#;
    "PENDING_USER_OVERLAY_CONTENT", OptionalText, Kept, r#""""#;
    "RESPONSE_WATERMARK", OptionalText, Kept, r#""""#;
];

/// `admin/config/ldap`.
pub const LDAP_SWITCH: &[Spec] = specs!["ENABLE_LDAP" as "enable_ldap", Flag, KeptAsNull, "false";];

/// `admin/config/ldap/server`.
pub const LDAP: &[Spec] = specs![
    "LDAP_SERVER_LABEL" as "label", Text, Refused, r#""LDAP Server""#;
    "LDAP_SERVER_HOST" as "host", Text, Refused, r#""localhost""#;
    "LDAP_SERVER_PORT" as "port", Port, Kept, "389";
    "LDAP_ATTRIBUTE_FOR_MAIL" as "attribute_for_mail", Text, Kept, r#""mail""#;
    "LDAP_DEFAULT_EMAIL_DOMAIN" as "default_email_domain", Text, KeptAsNull, r#""""#;
    "LDAP_ATTRIBUTE_FOR_USERNAME" as "attribute_for_username", Text, Kept, r#""uid""#;
    "LDAP_APP_DN" as "app_dn", Text, Refused, r#""""#;
    "LDAP_APP_PASSWORD" as "app_dn_password", Secret, Refused, r#""""#;
    "LDAP_SEARCH_BASE" as "search_base", Text, Refused, r#""""#;
    "LDAP_SEARCH_FILTER" or "LDAP_SEARCH_FILTERS" as "search_filters", Text, KeptAsNull, r#""""#;
    "LDAP_USE_TLS" as "use_tls", Flag, Kept, "true";
    "LDAP_CA_CERT_FILE" as "certificate_path", OptionalText, Kept, r#""""#;
    "LDAP_VALIDATE_CERT" as "validate_cert", Flag, Kept, "true";
    "LDAP_CIPHERS" as "ciphers", OptionalText, Kept, r#""ALL""#;
    "ENABLE_LDAP_GROUP_MANAGEMENT" as "enable_group_management", Flag, Kept, "false";
    "ENABLE_LDAP_GROUP_CREATION" as "enable_group_creation", Flag, Kept, "false";
    "LDAP_ATTRIBUTE_FOR_GROUPS" as "attribute_for_groups", Text, Kept, r#""memberOf""#;
    "LDAP_STARTTLS" as "use_starttls", Flag, Kept, "false";
    "LDAP_ATTRIBUTE_FOR_ID" or "LDAP_ID" as "attribute_for_id", Text, KeptAsNull, r#""""#;
    "LDAP_GROUP_SEARCH_BASE" as "group_search_base", Text, KeptAsNull, r#""""#;
    "LDAP_GROUP_SEARCH_FILTER" as "group_search_filter", Text, KeptAsNull, r#""""#;
];

/// `admin/config/oauth`.
pub const OAUTH: &[Spec] = specs![
    "ENABLE_OAUTH", Flag, KeptAsNull, "true";
    "ENABLE_OAUTH_SIGNUP", Flag, KeptAsNull, "false";
    "OAUTH_MERGE_ACCOUNTS_BY_EMAIL", Flag, KeptAsNull, "false";
    "OAUTH_AUTO_REDIRECT" or "OPENID_AUTO_REDIRECT", Flag, KeptAsNull, "false";
    "OAUTH_ALLOWED_DOMAINS", CommaList, KeptAsNull, r#""*""#;
    "OAUTH_BLOCKED_GROUPS", JsonList, KeptAsNull, r#""[]""#;
    "ENABLE_OAUTH_ROLE_MANAGEMENT", Flag, KeptAsNull, "false";
    "OAUTH_ROLES_CLAIM", OptionalText, KeptAsNull, r#""roles""#;
    "OAUTH_ADMIN_ROLES", CommaList, KeptAsNull, r#""admin""#;
    "OAUTH_ALLOWED_ROLES", CommaList, KeptAsNull, r#""user,admin""#;
    "ENABLE_OAUTH_GROUP_MANAGEMENT", Flag, KeptAsNull, "false";
    "ENABLE_OAUTH_GROUP_CREATION", Flag, KeptAsNull, "false";
    "OAUTH_GROUP_CLAIM" or "OAUTH_GROUPS_CLAIM", OptionalText, KeptAsNull, r#""groups""#;
    "OAUTH_GROUP_DEFAULT_SHARE", Share, KeptAsNull, "true";
    "OAUTH_PROVIDER_NAME", OptionalText, KeptAsNull, r#""SSO""#;
    "OPENID_PROVIDER_URL" or "OPENID_ISSUER", Url, KeptAsNull, r#""""#;
    "OAUTH_CLIENT_ID" or "OPENID_CLIENT_ID", OptionalText, KeptAsNull, r#""""#;
    "OAUTH_CLIENT_SECRET" or "OPENID_CLIENT_SECRET", Secret, KeptAsNull, r#""""#;
    "OPENID_REDIRECT_URI", Url, KeptAsNull, r#""""#;
    "OAUTH_SCOPES" or "OPENID_SCOPE", OptionalText, KeptAsNull, r#""openid email profile""#;
    "OAUTH_CODE_CHALLENGE_METHOD", OneOf(&["", "S256"]), KeptAsNull, "null";
    "OAUTH_TOKEN_ENDPOINT_AUTH_METHOD", OneOf(&["", "client_secret_basic", "client_secret_post", "none"]), KeptAsNull, "null";
    "OPENID_END_SESSION_ENDPOINT", Url, KeptAsNull, r#""""#;
    "OAUTH_TIMEOUT", Count, KeptAsNull, r#""""#;
    "OAUTH_CLIENT_TIMEOUT", Count, KeptAsNull, r#""""#;
    "OAUTH_EMAIL_CLAIM" or "OPENID_EMAIL_CLAIM", OptionalText, KeptAsNull, r#""email""#;
    "OAUTH_USERNAME_CLAIM" or "OPENID_NAME_CLAIM", OptionalText, KeptAsNull, r#""name""#;
    "OAUTH_PICTURE_CLAIM", OptionalText, KeptAsNull, r#""picture""#;
    "OAUTH_SUB_CLAIM", OptionalText, KeptAsNull, "null";
    "OAUTH_AUDIENCE" or "OPENID_AUDIENCE", OptionalText, KeptAsNull, r#""""#;
    "OAUTH_UPDATE_EMAIL_ON_LOGIN", Flag, KeptAsNull, "false";
    "OAUTH_UPDATE_NAME_ON_LOGIN", Flag, KeptAsNull, "false";
    "OAUTH_UPDATE_PICTURE_ON_LOGIN", Flag, KeptAsNull, "false";
    "OAUTH_REFRESH_TOKEN_INCLUDE_SCOPE", Flag, KeptAsNull, "false";
];

/// What everybody may do: `users/default/permissions`. The environment has a variable for each leaf instead.
pub const PERMISSIONS: &[Spec] = specs!["USER_PERMISSIONS", Permissions, Refused, "{}";];

/// All settings.
pub const ALL: [&[Spec]; 5] = [ADMIN, LDAP_SWITCH, LDAP, OAUTH, PERMISSIONS];

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_default_is_a_value_that_its_setting_accepts_and_every_name_is_one_settings() {
        let mut names = BTreeSet::new();
        for spec in ALL.into_iter().flatten() {
            let default: serde_json::Value = serde_json::from_str(spec.default).unwrap();
            assert_eq!(spec.kind.accept(default.clone()).as_ref(), Ok(&default), "{}", spec.name);
            assert!(
                names.insert(spec.name) && (spec.alias.is_empty() || names.insert(spec.alias)),
                "{}",
                spec.name
            );
        }
        assert_eq!(ADMIN.len(), 39);
    }
}
