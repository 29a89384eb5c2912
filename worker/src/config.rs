//! Variables and secrets, parsed once into types. A bad value is an error that names the variable,
//! never the value (AD-07, TK-19); nothing is guessed.

mod directory;
mod mail;
pub mod members;
pub mod oauth;
mod password_pattern;
mod session_keys;
pub mod trusted_headers;
mod values;
mod variables;

pub(crate) use values::{origin, origin_of};

use core::fmt;

use http::HeaderName;
use portico_core::{
    api_key::ApiKeyPeppers,
    duration::TokenLifetime,
    flow::{GroupShare, Policy, api_keys::Reveal, trusted_identity::InitialAdmin},
    id::EventId,
    image_reference::ImageRules,
    jwt::KeyRing,
    seal::SealingKeys,
    secret::{RootSecret, Secret},
    session::{RefreshKeys, SessionLimits},
    settings::{Settings, StoredSettings},
    throttle::SIGN_UP_LIMIT,
    time::Lifetime,
    totp::BackupCodeKey,
};
use subtle::ConstantTimeEq as _;

use members::{MemberPages, RouteLimits};
use oauth::OAuthPages;
use trusted_headers::TrustedHeaders;
use variables::Variables;

/// Everything the deployment decides.
#[derive(Debug)]
pub struct Config {
    /// Rules the flows follow.
    pub policy: Policy,
    /// Default language of the web page, such as `en-US`; empty for the browser's.
    pub default_locale: String,
    /// `scheme://host[:port]` of the deployment, when it says so.
    pub public_origin: Option<String>,
    /// Whether cookies are always `Secure`; they are anyway on https.
    pub cookie_secure: bool,
    /// `SameSite` of the `token` cookie.
    pub cookie_same_site: SameSite,
    /// Origins whose pages may call the API.
    pub cors: AllowedOrigins,
    /// Where the web page goes after signing out.
    pub signout_redirect_url: Option<String>,
    /// Whether the web page asks for the password twice.
    pub password_confirmation: bool,
    /// Whether the web page shows the form for changing the password.
    pub password_change_form: bool,
    /// What a refused weak password is answered with.
    pub password_hint: Option<String>,
    /// The headers in which a proxy says who somebody is, where there is one.
    pub trusted_headers: Option<TrustedHeaders>,
    /// The administrator that a deployment without anybody begins with.
    pub initial_admin: Option<InitialAdmin>,
    /// What the first sign-up has to show (AD-02).
    pub bootstrap_secret: Option<Secret<String>>,
    /// Whether something is configured that no deployment should stay with.
    pub degraded: bool,
    /// The header that programs show their API key in, besides `Authorization`.
    pub api_key_header: HeaderName,
    /// Which pictures may be stored with accounts.
    pub images: ImageRules,
    /// Whether pictures at other addresses are redirected to.
    pub forward_profile_images: bool,
    /// Whether creating an account for somebody else answers with a token for it.
    pub token_for_added_users: bool,
    /// What the API calls persistent settings of OAuth.
    pub oauth_persistent_config: bool,
    /// What pages have to know about accounts elsewhere.
    pub oauth_pages: OAuthPages,
    /// Whether LibreChat's form asks for a name instead of an address, where a directory knows people.
    pub login_by_username: bool,
    /// What LibreChat's pages are told about the deployment.
    pub pages: MemberPages,
    /// What one address may ask of LibreChat's routes.
    pub route_limits: RouteLimits,
    /// Further origins that are our own pages'.
    pub own_origins: Vec<String>,
    /// Tells the deployments apart that tell one receiver about events.
    pub instance_id: String,
    /// For how long an isolate may use a positive answer of a session authority again.
    pub revocation_cache: Lifetime,
}

/// `SameSite` of a cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SameSite {
    /// Sent on top-level navigation from other sites.
    Lax,
    /// Sent from everywhere; needs `Secure`.
    None,
    /// Sent from our own pages only.
    Strict,
}

impl SameSite {
    /// The attribute's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "lax",
            Self::None => "none",
            Self::Strict => "strict",
        }
    }
}

/// Origins whose pages may call the API (SE-12).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AllowedOrigins {
    /// Any page may read public answers; none may send credentials.
    Any,
    /// Exactly these, with credentials. Empty: only our own pages.
    Only(Vec<String>),
}

/// What is wrong with one variable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong, without the value.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.variable, self.problem)
    }
}

/// Stands for a missing secret while the other variables are read; nothing that it made is ever used.
const PLACEHOLDER: &str = "nothing is ever signed or sealed with this";

impl Config {
    /// Reads the configuration through `lookup`, which knows variables and secrets by name.
    ///
    /// # Errors
    /// Every problem, so that one reading of the log is enough.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigError>> {
        let mut vars = Variables::new(lookup);
        // Without one, the others are looked at all the same; what comes of it is thrown away.
        let root = vars.required_secret("PORTICO_SECRET").or_else(|| RootSecret::parse(PLACEHOLDER).ok());
        let previous_root = vars.secret("PORTICO_PREVIOUS_SECRET");
        let defaults = vars.setting_defaults();
        // A bad one has been named among the defaults.
        let public_origin = vars.text("WEBUI_URL").and_then(|text| values::public_origin(&text).ok());
        let lifetime = defaults
            .as_ref()
            .map(|defaults| Settings::new(defaults, &StoredSettings::default()).token_lifetime);
        let configured_keys = session_keys::configured(&mut vars, lifetime.unwrap_or(TokenLifetime::DEFAULT));
        let password = vars.password_policy();
        let breach_list = vars.parsed("PASSWORD_BREACH_LIST_URL", values::absolute_url);
        let peppers = vars.parsed("PASSWORD_PEPPERS", values::peppers);
        let same_site = vars
            .parsed("WEBUI_AUTH_COOKIE_SAME_SITE", values::same_site)
            .or_else(|| vars.parsed("WEBUI_SESSION_COOKIE_SAME_SITE", values::same_site));
        let member_cookie_secure = vars.flag("SESSION_COOKIE_SECURE", false);
        let session_cookie_secure = vars.flag("WEBUI_SESSION_COOKIE_SECURE", member_cookie_secure);
        let cookie_secure = vars.flag("WEBUI_AUTH_COOKIE_SECURE", session_cookie_secure);
        let cors = vars.parsed("CORS_ALLOW_ORIGIN", values::allowed_origins);
        let signout_redirect_url = vars.parsed("WEBUI_AUTH_SIGNOUT_REDIRECT_URL", values::absolute_url);
        let session_limits = SessionLimits {
            idle: vars.parsed("SESSION_IDLE_LIMIT", values::limit).unwrap_or(SessionLimits::DEFAULT.idle),
            absolute: vars
                .parsed("SESSION_ABSOLUTE_LIMIT", values::limit)
                .unwrap_or(SessionLimits::DEFAULT.absolute),
        };
        let revocation_cache = vars.parsed("REVOCATION_CACHE_SECONDS", values::revocation_cache);
        let sign_ups_per_hour = vars.parsed("SIGN_UPS_PER_HOUR", values::attempts);
        let password_is_strict = password.refuses_guessable;
        let authentication = vars.flag("WEBUI_AUTH", true);
        if !authentication && vars.flag("ENABLE_MFA", false) {
            vars.refuse("ENABLE_MFA", "asks for second factors where WEBUI_AUTH=false asks for none");
        }
        let trusted_headers = TrustedHeaders::configured(&mut vars);
        let initial_admin = vars.initial_admin();
        if vars.flag("RESET_CONFIG_ON_START", false) {
            vars.refuse(
                "RESET_CONFIG_ON_START",
                "has no meaning here: a Worker never starts; see ENABLE_PERSISTENT_CONFIG",
            );
        }
        let retention = vars.parsed("AUDIT_RETENTION_DAYS", values::retention);
        let reveal = vars.parsed("API_KEY_REVEAL", values::reveal);
        let api_key_header = vars.parsed("CUSTOM_API_KEY_HEADER", values::header_name);
        let group_share = vars.text("DEFAULT_GROUP_SHARE_PERMISSION");
        if same_site == Some(SameSite::None) && !cookie_secure {
            vars.refuse("WEBUI_AUTH_COOKIE_SAME_SITE", "`none` needs WEBUI_AUTH_COOKIE_SECURE=true");
        }
        let refresh_secret = vars.secret("JWT_REFRESH_SECRET");
        let site_name = vars.text("WEBUI_NAME").or_else(|| vars.text("APP_TITLE"));
        let site_name = site_name.unwrap_or_else(|| "Open WebUI".to_string());
        let link_base = vars.link_base();
        let mail = vars.mail(link_base.as_deref(), &site_name);
        let pages = vars.member_pages(link_base);
        let own_origins =
            [&pages.client, &pages.server].into_iter().flatten().filter_map(|url| origin(url)).collect();
        let (oauth, oauth_pages) = (vars.oauth(), vars.oauth_pages());
        let directory = vars.directory();
        let login_by_username = vars.flag("LDAP_LOGIN_USES_USERNAME", false);
        let ban = vars.ban_policy();
        let route_limits = vars.route_limits();
        let config = root.zip(defaults).map(|(root, defaults)| Self {
            policy: Policy {
                session_keys: configured_keys.unwrap_or_else(|| KeyRing::derived(&root)),
                issuer: vars.text("JWT_ISSUER").unwrap_or_else(|| "portico".to_string()),
                session_limits,
                refresh_keys: RefreshKeys::derived(refresh_secret.as_ref().unwrap_or(&root)),
                sign_ups_per_hour: sign_ups_per_hour.unwrap_or(SIGN_UP_LIMIT.attempts),
                ban,
                password,
                breach_list,
                peppers: peppers.unwrap_or_default(),
                site_name,
                password_sign_in: vars.flag("ENABLE_PASSWORD_AUTH", true),
                defaults,
                sealing: SealingKeys::new(&root, previous_root.as_ref()),
                api_key_peppers: ApiKeyPeppers::new(&root, previous_root.as_ref()),
                backup_code_key: BackupCodeKey::derived(&root),
                reveal_api_keys: reveal.unwrap_or(Reveal::Always),
                oauth,
                directory,
                token_exchange: vars.token_exchange(),
                webhooks: vars.webhooks(&root, previous_root.as_ref()),
                mail,
                members: vars.members(&root),
                audit_retention: retention.unwrap_or(Lifetime::from_days(365)),
                default_group_share: match group_share.as_deref() {
                    None | Some("members") => GroupShare::Members,
                    Some("true") => GroupShare::Anybody,
                    Some(_) => GroupShare::Nobody,
                },
            },
            default_locale: vars.text("DEFAULT_LOCALE").unwrap_or_default(),
            public_origin,
            cookie_secure,
            cookie_same_site: same_site.unwrap_or(SameSite::Lax),
            cors: cors.unwrap_or(AllowedOrigins::Only(Vec::new())),
            signout_redirect_url,
            password_confirmation: vars.flag("ENABLE_SIGNUP_PASSWORD_CONFIRMATION", false),
            password_change_form: vars.flag("ENABLE_PASSWORD_CHANGE_FORM", true),
            password_hint: vars.text("PASSWORD_VALIDATION_HINT"),
            degraded: !password_is_strict || !authentication,
            trusted_headers,
            initial_admin,
            bootstrap_secret: vars.text("BOOTSTRAP_SECRET").map(Secret::new),
            api_key_header: api_key_header.unwrap_or(HeaderName::from_static("x-api-key")),
            images: vars.image_rules(),
            forward_profile_images: vars.flag("ENABLE_PROFILE_IMAGE_URL_FORWARDING", true),
            token_for_added_users: vars.flag("ENABLE_TOKEN_FOR_ADDED_USERS", true),
            oauth_persistent_config: vars.flag("ENABLE_OAUTH_PERSISTENT_CONFIG", false),
            oauth_pages,
            login_by_username,
            pages,
            route_limits,
            own_origins,
            instance_id: instance_id(&root),
            revocation_cache: revocation_cache.unwrap_or(Lifetime::from_seconds(0)),
        });
        let problems = vars.into_problems();
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(problems),
        }
    }

    /// Whether somebody who shows this may create the first account (AD-02).
    pub fn admits_first(&self, shown: &str) -> bool {
        let is_shown =
            |secret: &Secret<String>| secret.expose_secret().as_bytes().ct_eq(shown.as_bytes()).into();
        self.bootstrap_secret.as_ref().is_none_or(is_shown)
    }
}

/// The same for as long as the deployment has its secret.
fn instance_id(root: &RootSecret) -> String {
    let derived = root.derive("portico/instance/v1");
    let id = derived.expose_secret().first_chunk().copied().unwrap_or_default();
    EventId::from_hash(id).to_string()
}

#[cfg(test)]
mod tests;
