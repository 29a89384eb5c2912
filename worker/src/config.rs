//! Variables and secrets, parsed once into types. A bad value is an error that names the variable,
//! never the value (AD-07, TK-19); nothing is guessed.

mod password_pattern;
mod session_keys;
pub mod trusted_headers;

use core::fmt;

use http::{HeaderName, Uri};
use portico_core::{
    api_key::ApiKeyPeppers,
    display_name::DisplayName,
    duration::TokenLifetime,
    email::Email,
    flow::{GroupShare, Policy, api_keys::Reveal, trusted_identity::InitialAdmin},
    jwt::KeyRing,
    password::{PasswordPattern, PasswordPolicy, PepperError, Peppers},
    seal::SealingKeys,
    secret::{RootSecret, Secret},
    session::{RefreshKeys, SessionLimits},
    settings::{SettingDefaults, Settings, StoredSettings},
    throttle::{BanPolicy, SIGN_UP_LIMIT},
    time::Lifetime,
    totp::BackupCodeKey,
};

use password_pattern::{DEFAULT_PATTERN, Pattern};
use trusted_headers::TrustedHeaders;

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
    /// Whether something is configured that no deployment should stay with (R-11).
    pub degraded: bool,
    /// The header that programs show their API key in, besides `Authorization`.
    pub api_key_header: HeaderName,
    /// Whether pictures at other addresses are redirected to.
    pub forward_profile_images: bool,
    /// Whether creating an account for somebody else answers with a token for it (R-02).
    pub token_for_added_users: bool,
    /// What the API calls persistent settings of OAuth.
    pub oauth_persistent_config: bool,
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

impl Config {
    /// Reads the configuration through `lookup`, which knows variables and secrets by name.
    ///
    /// # Errors
    /// Every problem, so that one reading of the log is enough.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigError>> {
        let mut vars = Variables { lookup, problems: Vec::new() };
        let root = vars.required_secret("PORTICO_SECRET");
        let previous_root = vars.secret("PORTICO_PREVIOUS_SECRET");
        let defaults = vars.setting_defaults();
        // A bad one has been named among the defaults.
        let public_origin = vars.text("WEBUI_URL").and_then(|text| public_origin(&text).ok());
        let lifetime = defaults
            .as_ref()
            .map(|defaults| Settings::new(defaults, &StoredSettings::default()).token_lifetime);
        let configured_keys = session_keys::configured(&mut vars, lifetime.unwrap_or(TokenLifetime::DEFAULT));
        let password = vars.password_policy();
        let breach_list = vars.parsed("PASSWORD_BREACH_LIST_URL", absolute_url);
        let peppers = vars.parsed("PASSWORD_PEPPERS", peppers);
        let same_site = vars
            .parsed("WEBUI_AUTH_COOKIE_SAME_SITE", same_site)
            .or_else(|| vars.parsed("WEBUI_SESSION_COOKIE_SAME_SITE", same_site));
        let session_cookie_secure = vars.flag("WEBUI_SESSION_COOKIE_SECURE", false);
        let cookie_secure = vars.flag("WEBUI_AUTH_COOKIE_SECURE", session_cookie_secure);
        let cors = vars.parsed("CORS_ALLOW_ORIGIN", allowed_origins);
        let signout_redirect_url = vars.parsed("WEBUI_AUTH_SIGNOUT_REDIRECT_URL", absolute_url);
        let session_limits = SessionLimits {
            idle: vars.parsed("SESSION_IDLE_LIMIT", limit).unwrap_or(SessionLimits::DEFAULT.idle),
            absolute: vars.parsed("SESSION_ABSOLUTE_LIMIT", limit).unwrap_or(SessionLimits::DEFAULT.absolute),
        };
        let revocation_cache = vars.parsed("REVOCATION_CACHE_SECONDS", revocation_cache);
        let sign_ups_per_hour = vars.parsed("SIGN_UPS_PER_HOUR", sign_ups_per_hour);
        let password_is_strict = password.refuses_guessable;
        let authentication = vars.flag("WEBUI_AUTH", true);
        let trusted_headers = TrustedHeaders::configured(&mut vars);
        let initial_admin = vars.initial_admin();
        if vars.flag("RESET_CONFIG_ON_START", false) {
            vars.refuse(
                "RESET_CONFIG_ON_START",
                "has no meaning here: a Worker never starts; see ENABLE_PERSISTENT_CONFIG",
            );
        }
        let reveal = vars.parsed("API_KEY_REVEAL", reveal);
        let api_key_header = vars.parsed("CUSTOM_API_KEY_HEADER", header_name);
        let group_share = vars.text("DEFAULT_GROUP_SHARE_PERMISSION");
        if same_site == Some(SameSite::None) && !cookie_secure {
            vars.refuse("WEBUI_AUTH_COOKIE_SAME_SITE", "`none` needs WEBUI_AUTH_COOKIE_SECURE=true");
        }
        let config = root.zip(defaults).map(|(root, defaults)| Self {
            policy: Policy {
                session_keys: configured_keys.unwrap_or_else(|| KeyRing::derived(&root)),
                issuer: vars.text("JWT_ISSUER").unwrap_or_else(|| "portico".to_string()),
                session_limits,
                refresh_keys: RefreshKeys::derived(&root),
                sign_ups_per_hour: sign_ups_per_hour.unwrap_or(SIGN_UP_LIMIT.attempts),
                ban: BanPolicy::DEFAULT,
                password,
                breach_list,
                peppers: peppers.unwrap_or_default(),
                site_name: vars.text("WEBUI_NAME").unwrap_or_else(|| "Open WebUI".to_string()),
                password_sign_in: vars.flag("ENABLE_PASSWORD_AUTH", true),
                defaults,
                sealing: SealingKeys::new(&root, previous_root.as_ref()),
                api_key_peppers: ApiKeyPeppers::new(&root, previous_root.as_ref()),
                backup_code_key: BackupCodeKey::derived(&root),
                reveal_api_keys: reveal.unwrap_or(Reveal::Always),
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
            forward_profile_images: vars.flag("ENABLE_PROFILE_IMAGE_URL_FORWARDING", true),
            token_for_added_users: vars.flag("ENABLE_TOKEN_FOR_ADDED_USERS", true),
            oauth_persistent_config: vars.flag("ENABLE_OAUTH_PERSISTENT_CONFIG", false),
            revocation_cache: revocation_cache.unwrap_or(Lifetime::from_seconds(0)),
        });
        match config {
            Some(config) if vars.problems.is_empty() => Ok(config),
            _ => Err(vars.problems),
        }
    }
}

struct Variables<L> {
    lookup: L,
    problems: Vec<ConfigError>,
}

impl<L: Fn(&str) -> Option<String>> Variables<L> {
    fn refuse(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(ConfigError { variable, problem: problem.into() });
    }

    /// A variable that is set to the empty string counts as not set: `wrangler` files keep such lines.
    fn text(&self, variable: &str) -> Option<String> {
        (self.lookup)(variable).filter(|text| !text.is_empty())
    }

    fn parsed<T>(&mut self, variable: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(variable)?;
        parse(&text).map_err(|problem| self.refuse(variable, problem)).ok()
    }

    fn optional_flag(&mut self, variable: &'static str) -> Option<bool> {
        self.parsed(variable, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be `true` or `false`".to_string()),
        })
    }

    fn flag(&mut self, variable: &'static str, default: bool) -> bool {
        self.optional_flag(variable).unwrap_or(default)
    }

    fn initial_admin(&mut self) -> Option<InitialAdmin> {
        let email =
            self.parsed("WEBUI_ADMIN_EMAIL", |text| Email::parse(text).map_err(|error| error.to_string()));
        let name = self.parsed("WEBUI_ADMIN_NAME", |text| {
            DisplayName::parse(text).map_err(|_| "must be a name to show".to_string())
        });
        let (email, password) = email.zip(self.text("WEBUI_ADMIN_PASSWORD"))?;
        let name = name.or_else(|| DisplayName::parse("Admin").ok())?;
        Some(InitialAdmin { email, name, password: Secret::new(password) })
    }

    fn password_policy(&mut self) -> PasswordPolicy {
        let mut policy = self.parsed("PASSWORD_POLICY", password_policy).unwrap_or(PasswordPolicy::DEFAULT);
        let min_length = self.parsed("PASSWORD_MIN_LENGTH", min_password_length);
        policy.min_code_points = min_length.unwrap_or(policy.min_code_points);
        let pattern = self.parsed("PASSWORD_VALIDATION_REGEX_PATTERN", password_pattern);
        if self.flag("ENABLE_PASSWORD_VALIDATION", false) {
            let pattern = pattern.or_else(|| Pattern::parse(DEFAULT_PATTERN).ok());
            policy.pattern = pattern.map(|pattern| Box::new(pattern) as Box<dyn PasswordPattern>);
        }
        policy
    }

    /// What administrators can change, as the environment has it.
    fn setting_defaults(&mut self) -> Option<SettingDefaults> {
        let mut defaults = match SettingDefaults::read(|name| self.text(name)) {
            Ok(defaults) => defaults,
            Err(problems) => {
                for (variable, problem) in problems {
                    self.refuse(variable, problem.to_string());
                }
                return None;
            }
        };
        defaults.stored_counts = self.flag("ENABLE_PERSISTENT_CONFIG", true);
        defaults.authentication = self.flag("WEBUI_AUTH", true);
        defaults.initial_admin_sign_up = self.flag("ENABLE_INITIAL_ADMIN_SIGNUP", false);
        Some(defaults)
    }

    fn secret(&mut self, variable: &'static str) -> Option<RootSecret> {
        self.parsed(variable, |text| RootSecret::parse(text).map_err(|error| error.to_string()))
    }

    fn required_secret(&mut self, variable: &'static str) -> Option<RootSecret> {
        if self.text(variable).is_none() {
            self.refuse(variable, "is not set; create one with `openssl rand -base64 48`");
            return None;
        }
        self.secret(variable)
    }
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    text.parse().map_err(|_| "must be the name of a header".to_string())
}

/// How often the owner of an API key may see it.
fn reveal(text: &str) -> Result<Reveal, String> {
    match text {
        "always" => Ok(Reveal::Always),
        "once" => Ok(Reveal::Once),
        _ => Err("must be `always` or `once`".to_string()),
    }
}

fn min_password_length(text: &str) -> Result<usize, String> {
    let floor = PasswordPolicy::DEFAULT.min_code_points;
    match text.parse() {
        Ok(min_code_points) if (floor..=128).contains(&min_code_points) => Ok(min_code_points),
        _ => Err(format!("must be a number from {floor} to 128")),
    }
}

fn password_policy(text: &str) -> Result<PasswordPolicy, String> {
    match text {
        "default" => Ok(PasswordPolicy::DEFAULT),
        "compat" => Ok(PasswordPolicy::COMPAT),
        _ => Err("must be `default` or `compat`".to_string()),
    }
}

fn password_pattern(text: &str) -> Result<Pattern, String> {
    Pattern::parse(text).map_err(|_| "must be a pattern with look-aheads at its beginning only".to_string())
}

/// A length of time of at least a minute, in the grammar of `JWT_EXPIRES_IN`.
fn limit(text: &str) -> Result<Lifetime, String> {
    match TokenLifetime::parse(text) {
        Ok(TokenLifetime::Limited(length)) if length >= Lifetime::from_minutes(1) => Ok(length),
        _ => Err("must be a length of time of at least a minute, such as `30d`".to_string()),
    }
}

fn revocation_cache(text: &str) -> Result<Lifetime, String> {
    match text.parse() {
        Ok(seconds) if seconds <= 60 => Ok(Lifetime::from_seconds(seconds)),
        _ => Err("must be a number of seconds from 0 to 60".to_string()),
    }
}

fn sign_ups_per_hour(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(attempts) if (1..=1_000).contains(&attempts) => Ok(attempts),
        _ => Err("must be a number from 1 to 1000".to_string()),
    }
}

/// `1:secret;2:secret`, oldest first: the last one is used for new hashes.
fn peppers(text: &str) -> Result<Peppers, String> {
    let mut peppers = Peppers::default();
    for pepper in text.split(';').map(str::trim).filter(|pepper| !pepper.is_empty()) {
        let (version, secret) = pepper.split_once(':').ok_or("must list peppers as `version:secret`")?;
        let secret = RootSecret::parse(secret).map_err(|error| format!("has a secret that {error}"))?;
        peppers.add(version, &secret).map_err(|error| match error {
            PepperError::Duplicate => "names a version twice".to_string(),
            PepperError::Version => "has a version that is not one to eight letters and digits".to_string(),
        })?;
    }
    Ok(peppers)
}

fn same_site(text: &str) -> Result<SameSite, String> {
    match text.to_ascii_lowercase().as_str() {
        "lax" => Ok(SameSite::Lax),
        "none" => Ok(SameSite::None),
        "strict" => Ok(SameSite::Strict),
        _ => Err("must be `lax`, `strict` or `none`".to_string()),
    }
}

/// An absolute http(s) URL without user information or fragment; http on this machine only (AD-13).
fn absolute_url(text: &str) -> Result<String, String> {
    let problem = || "must be an absolute https URL (http for localhost only)".to_string();
    let uri: Uri = text.parse().map_err(|_| problem())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(problem()) };
    let local = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    let secure = scheme == "https" || (scheme == "http" && local);
    if !secure || authority.as_str().contains('@') || text.contains('#') {
        return Err(problem());
    }
    Ok(text.to_string())
}

/// The origin of an address that was checked before.
pub(crate) fn origin(url: &str) -> Option<String> {
    url.parse().ok().map(|uri| origin_of(&uri))
}

fn public_origin(text: &str) -> Result<String, String> {
    let uri: Uri = absolute_url(text)?.parse().map_err(|_| "must be a URL".to_string())?;
    Ok(origin_of(&uri))
}

/// An origin as browsers write it: lower case, without the port that the scheme implies, no path.
pub(crate) fn origin_of(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map_or("", |authority| authority.as_str()).to_ascii_lowercase();
    let implied_port = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", authority.strip_suffix(implied_port).unwrap_or(&authority))
}

fn allowed_origins(text: &str) -> Result<AllowedOrigins, String> {
    if text == "*" {
        return Ok(AllowedOrigins::Any);
    }
    text.split(';')
        .map(str::trim)
        .filter(|origin| !origin.is_empty())
        .map(exact_origin)
        .collect::<Result<_, _>>()
        .map(AllowedOrigins::Only)
}

/// An origin exactly as browsers send it; a list entry in any other spelling would never match.
fn exact_origin(text: &str) -> Result<String, String> {
    let scheme = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    match text.parse::<Uri>() {
        Ok(uri) if scheme(&uri) && origin_of(&uri) == text && !text.contains('@') => Ok(text.to_string()),
        _ => Err("must list origins such as `https://chat.example`, separated by `;`".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_core::{
        jwt::{HmacKey, RustSignatures, UntrustedToken},
        time::UnixSeconds,
    };

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn parse(vars: &[(&str, &str)]) -> Result<Config, Vec<ConfigError>> {
        Config::parse(|name| {
            vars.iter()
                .find(|(variable, _)| *variable == name)
                .map(|(_, value)| value.to_string())
                .or_else(|| (name == "PORTICO_SECRET").then(|| SECRET.to_string()))
        })
    }

    fn refused_variables(vars: &[(&str, &str)]) -> Vec<&'static str> {
        parse(vars).unwrap_err().into_iter().map(|error| error.variable).collect()
    }

    #[test]
    fn a_deployment_without_a_usable_secret_does_not_start() {
        /* TK-19 */
        for secret in ["", "5hort", "t0p-s3cr3t", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            let errors =
                Config::parse(|name| (name == "PORTICO_SECRET").then(|| secret.to_string())).unwrap_err();
            assert_eq!(errors.len(), 1);
            assert_eq!(errors[0].variable, "PORTICO_SECRET");
            assert!(
                secret.is_empty() || !errors[0].to_string().contains(secret),
                "the value stays out of the log"
            );
        }
        assert_eq!(refused_variables(&[("WEBUI_SECRET_KEY", "short")]), ["WEBUI_SECRET_KEY"]);
    }

    #[test]
    fn every_bad_value_is_named_at_once() {
        /* AD-06, AD-07, AD-13 */
        let bad = [
            ("JWT_EXPIRES_IN", "-5m"),
            ("JWT_ALGORITHM", "none"),
            ("DEFAULT_USER_ROLE", "admin"),
            ("ENABLE_SIGNUP", "yes"),
            ("PASSWORD_MIN_LENGTH", "4"),
            ("PASSWORD_PEPPERS", "1:short"),
            ("PASSWORD_BREACH_LIST_URL", "http://list.example/range/"),
            ("WEBUI_URL", "http://portico.example"),
            ("WEBUI_AUTH_COOKIE_SAME_SITE", "none"),
            ("CORS_ALLOW_ORIGIN", "https://a.example/"),
            ("WEBUI_AUTH_SIGNOUT_REDIRECT_URL", "https://user@a.example/"),
        ];
        let mut named = refused_variables(&bad);
        let mut expected = bad.map(|(variable, _)| variable).to_vec();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected);
    }

    #[test]
    fn the_first_sign_up_closes_registration_unless_the_deployment_says_otherwise() {
        let admits = |vars: &[(&str, &str)], has_users, stored| {
            let defaults = parse(vars).unwrap().policy.defaults;
            let policy = Settings::new(&defaults, &StoredSettings::default()).sign_up;
            (policy.admits(has_users, stored), policy.closes)
        };
        assert_eq!(admits(&[], false, None), (true, true));
        assert_eq!(admits(&[], true, Some(false)), (false, true));
        assert_eq!(admits(&[("ENABLE_SIGNUP", "true")], true, None), (true, false));
        assert_eq!(
            admits(&[("ENABLE_SIGNUP", "true")], true, Some(false)),
            (false, false),
            "an administrator says no"
        );
        assert_eq!(admits(&[("ENABLE_SIGNUP", "False")], false, None), (true, false));
        assert_eq!(admits(&[("ENABLE_SIGNUP", "False")], true, None), (false, false));
        let no_form = [("ENABLE_LOGIN_FORM", "false"), ("ENABLE_SIGNUP", "true")];
        assert_eq!(admits(&no_form, false, None), (false, false));
        assert_eq!(admits(&no_form, true, Some(true)), (false, false));
        let first = [("ENABLE_LOGIN_FORM", "false"), ("ENABLE_INITIAL_ADMIN_SIGNUP", "true")];
        assert_eq!(admits(&first, false, None), (true, true));
        assert_eq!(admits(&first, true, None), (false, true));
    }

    #[test]
    fn origins_are_kept_as_browsers_write_them() {
        /* SE-08, SE-12 */
        let public = |url: &str| parse(&[("WEBUI_URL", url)]).unwrap().public_origin.unwrap();
        assert_eq!(public("https://Chat.Example:443/app"), "https://chat.example");
        assert_eq!(public("http://localhost:8080"), "http://localhost:8080");
        for other in [
            "https://Chat.example",
            "https://chat.example:443",
            "chat.example",
            "ftp://chat.example",
            "https://x@chat.example",
        ] {
            assert_eq!(refused_variables(&[("CORS_ALLOW_ORIGIN", other)]), ["CORS_ALLOW_ORIGIN"], "{other}");
        }
    }

    #[test]
    fn a_shared_secret_is_used_as_it_is_so_that_other_backends_verify_our_tokens() {
        let shared = "fedcba9876543210fedcba9876543210";
        let config = parse(&[("WEBUI_SECRET_KEY", shared)]).unwrap();
        let now = UnixSeconds::new(0);
        let claims = serde_json::json!({});
        let signing = config.policy.session_keys.sign(&claims, now, &RustSignatures);
        let token = futures_util::FutureExt::now_or_never(signing).unwrap().unwrap();
        let kid = HmacKey::new(shared.as_bytes()).kid().to_string();
        assert_eq!(UntrustedToken::parse(&token).unwrap().kid(), Some(kid.as_str()));
    }

    #[test]
    fn a_public_key_algorithm_needs_its_key_and_a_key_needs_its_algorithm() {
        const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let keys =
            parse(&[("JWT_ALGORITHM", "EdDSA"), ("JWT_PRIVATE_KEY", ED25519)]).unwrap().policy.session_keys;
        assert!(keys.is_public());
        for vars in [
            &[("JWT_ALGORITHM", "EdDSA")][..],
            &[("JWT_ALGORITHM", "ES256"), ("JWT_PRIVATE_KEY", ED25519)],
            &[("JWT_PRIVATE_KEY", ED25519)],
            &[("JWT_ALGORITHM", "EdDSA"), ("JWT_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----")],
        ] {
            assert_eq!(refused_variables(vars), ["JWT_PRIVATE_KEY"], "{vars:?}");
        }
    }

    const OLD: &str = r#"{"added_at": 1700000000, "key": "the old secret, of thirty-two bytes or more"}"#;
    const NEW: &str = r#"{"added_at": 1800000000, "key": "the new secret, of thirty-two bytes or more"}"#;

    #[test]
    fn keys_are_added_and_dropped_without_signing_anybody_out_who_need_not_be() {
        /* TK-21, TK-22 */
        let ring = |keys: &str| parse(&[("JWT_KEYS", keys)]).unwrap().policy;
        let (old, both, new) =
            (ring(&format!("[{OLD}]")), ring(&format!("[{NEW},{OLD}]")), ring(&format!("[{NEW}]")));
        let verifies = |policy: &Policy, token: &str, now: i64| {
            let (now, token) = (UnixSeconds::new(now), UntrustedToken::parse(token).unwrap());
            let expected = policy.expected_session_token();
            let verified = policy.session_keys.verify(token, &expected, now, &RustSignatures);
            pollster::block_on(verified).is_ok()
        };
        let sign = |policy: &Policy, now: i64| {
            let claims = serde_json::json!({"iss": "portico", "iat": now, "exp": now + 2_419_200});
            pollster::block_on(policy.session_keys.sign(&claims, UnixSeconds::new(now), &RustSignatures))
                .unwrap()
        };
        let added = 1_800_000_000;
        let before = sign(&old, added - 60);
        // Published: every host verifies with the new key before any signs with it.
        assert!(verifies(&old, &sign(&both, added + 299), added + 299));
        let after = sign(&both, added + 300);
        assert!(!verifies(&old, &after, added + 300));
        // Until the last token of the old key has expired.
        for now in [added, added + 300, added + 2_419_139] {
            assert!(verifies(&both, &before, now), "{now}");
        }
        // Dropped: at once.
        assert!(!verifies(&new, &before, added + 301));
        assert!(verifies(&new, &after, added + 301));
    }

    #[test]
    fn a_list_of_keys_that_makes_no_sense_does_not_start() {
        /* TK-19, TK-23 */
        let private = r#"{"added_at": 1, "key": "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"}"#;
        assert!(parse(&[("JWT_KEYS", &format!("[{private}]"))]).unwrap().policy.session_keys.is_public());
        for keys in [
            "",
            "{}",
            "[]",
            r#"[{"added_at": 1}]"#,
            r#"[{"added_at": 1, "key": "short"}]"#,
            r#"[{"added_at": "1", "key": "a secret of thirty-two bytes or more"}]"#,
            &format!("[{OLD},{OLD}]"),
            &format!("[{OLD},{private}]"),
        ] {
            let parsed = parse(&[("JWT_KEYS", keys)]);
            assert_eq!(parsed.is_ok(), keys.is_empty(), "{keys}");
        }
        for beside in ["JWT_PRIVATE_KEY", "WEBUI_SECRET_KEY", "JWT_ALGORITHM"] {
            let vars = [("JWT_KEYS", &*format!("[{OLD}]")), (beside, "a secret of thirty-two bytes or more")];
            assert!(refused_variables(&vars).contains(&"JWT_KEYS"), "{beside}");
        }
    }
}
