use portico_core::{
    display_name::DisplayName,
    email::Email,
    flow::{trusted_identity::InitialAdmin, webhooks::WebhookPolicy},
    image_reference::ImageRules,
    oauth::client::TokenExchangePolicy,
    outbound_url::Reach,
    password::{PasswordPattern, PasswordPolicy},
    secret::{RootSecret, Secret},
    settings::SettingDefaults,
    throttle::Limit,
    time::Lifetime,
    webhook::WebhookKeys,
};

use super::{
    ConfigError,
    password_pattern::{DEFAULT_PATTERN, Pattern},
    values,
};

/// Variables and secrets by name, and what was wrong with those that were read.
pub(super) struct Variables<L> {
    lookup: L,
    problems: Vec<ConfigError>,
}

impl<L: Fn(&str) -> Option<String>> Variables<L> {
    pub(super) const fn new(lookup: L) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// What has been wrong so far.
    pub(super) fn into_problems(self) -> Vec<ConfigError> {
        self.problems
    }

    pub(super) fn refuse(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(ConfigError { variable, problem: problem.into() });
    }

    /// A variable that is set to the empty string counts as not set: `wrangler` files keep such lines.
    pub(super) fn text(&self, variable: &str) -> Option<String> {
        (self.lookup)(variable).filter(|text| !text.is_empty())
    }

    pub(super) fn parsed<T>(
        &mut self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(variable)?;
        parse(&text).map_err(|problem| self.refuse(variable, problem)).ok()
    }

    pub(super) fn optional_flag(&mut self, variable: &'static str) -> Option<bool> {
        self.parsed(variable, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be `true` or `false`".to_string()),
        })
    }

    pub(super) fn flag(&mut self, variable: &'static str, default: bool) -> bool {
        self.optional_flag(variable).unwrap_or(default)
    }

    /// The pictures that may be stored with accounts.
    pub(super) fn image_rules(&mut self) -> ImageRules {
        let default = ImageRules::default();
        ImageRules {
            media_types: self
                .parsed("PROFILE_IMAGE_ALLOWED_MIME_TYPES", values::media_types)
                .unwrap_or(default.media_types),
            max_data_uri_bytes: self
                .parsed("PROFILE_IMAGE_MAX_DATA_URI_SIZE", values::bytes)
                .unwrap_or(default.max_data_uri_bytes),
        }
    }

    /// Whether providers' tokens are taken for sessions.
    pub(super) fn token_exchange(&mut self) -> TokenExchangePolicy {
        let attempts = self.parsed("OAUTH_TOKEN_EXCHANGE_RATE_LIMIT", values::attempts);
        let window = self.parsed("OAUTH_TOKEN_EXCHANGE_RATE_LIMIT_WINDOW", values::window);
        let window = window.unwrap_or(Lifetime::from_minutes(3));
        TokenExchangePolicy {
            enabled: self.flag("ENABLE_OAUTH_TOKEN_EXCHANGE", false),
            limit: attempts.map(|attempts| Limit { attempts, window }),
            trusted_clients: self
                .text("OAUTH_TOKEN_EXCHANGE_TRUSTED_CLIENT_IDS")
                .map(|text| comma_list(&text))
                .unwrap_or_default(),
        }
    }

    /// How far addresses may reach that the variable is about.
    pub(super) fn reach(&mut self, variable: &'static str) -> Reach {
        if self.flag(variable, false) { Reach::Loopback } else { Reach::Public }
    }

    /// What is said about webhooks.
    pub(super) fn webhooks(&mut self, root: &RootSecret, previous: Option<&RootSecret>) -> WebhookPolicy {
        let mut policy = WebhookPolicy {
            keys: WebhookKeys::new(root, previous),
            default_url: None,
            reach: self.reach("WEBHOOK_ALLOW_LOOPBACK"),
        };
        let url = self.parsed("WEBHOOK_URL", |url| match policy.check(url) {
            Ok(()) => Ok(Secret::new(url.to_string())),
            Err(error) => Err(error.to_string()),
        });
        policy.default_url = url;
        policy
    }

    pub(super) fn initial_admin(&mut self) -> Option<InitialAdmin> {
        let email =
            self.parsed("WEBUI_ADMIN_EMAIL", |text| Email::parse(text).map_err(|error| error.to_string()));
        let name = self.parsed("WEBUI_ADMIN_NAME", |text| {
            DisplayName::parse(text).map_err(|_| "must be a name to show".to_string())
        });
        let (email, password) = email.zip(self.text("WEBUI_ADMIN_PASSWORD"))?;
        let name = name.or_else(|| DisplayName::parse("Admin").ok())?;
        Some(InitialAdmin { email, name, password: Secret::new(password) })
    }

    pub(super) fn password_policy(&mut self) -> PasswordPolicy {
        let mut policy =
            self.parsed("PASSWORD_POLICY", values::password_policy).unwrap_or(PasswordPolicy::DEFAULT);
        let min_length = self
            .parsed("PASSWORD_MIN_LENGTH", values::min_password_length)
            .or_else(|| self.parsed("MIN_PASSWORD_LENGTH", values::min_password_length));
        policy.min_code_points = min_length.unwrap_or(policy.min_code_points);
        if self.flag("ENABLE_PASSWORD_VALIDATION", false) {
            let pattern = self.parsed("PASSWORD_VALIDATION_REGEX_PATTERN", values::password_pattern);
            let pattern = pattern.or_else(|| Pattern::parse(DEFAULT_PATTERN).ok());
            policy.pattern = pattern.map(|pattern| Box::new(pattern) as Box<dyn PasswordPattern>);
        }
        policy
    }

    /// What administrators can change, as the environment has it.
    pub(super) fn setting_defaults(&mut self) -> Option<SettingDefaults> {
        let mut defaults = match SettingDefaults::read(|name| self.default_of(name)) {
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

    /// The variable of a setting, or what a variable of LibreChat's says in its place.
    fn default_of(&self, name: &str) -> Option<String> {
        let is_public = || self.text("OPENID_USE_PKCE").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        match (name, self.text(name)) {
            // A client without a secret: the verifier has to do (librechat.md §6.3).
            ("OAUTH_CODE_CHALLENGE_METHOD", None) if is_public() => Some("S256".to_string()),
            (_, text) => text,
        }
    }

    pub(super) fn secret(&mut self, variable: &'static str) -> Option<RootSecret> {
        self.parsed(variable, |text| RootSecret::parse(text).map_err(|error| error.to_string()))
    }

    pub(super) fn required_secret(&mut self, variable: &'static str) -> Option<RootSecret> {
        if self.text(variable).is_none() {
            self.refuse(variable, "is not set; create one with `openssl rand -base64 48`");
            return None;
        }
        self.secret(variable)
    }
}

fn comma_list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(ToString::to_string).collect()
}
